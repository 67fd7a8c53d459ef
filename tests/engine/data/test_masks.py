"""Mask files to labels: every way in which a class can be spelled in a file, and what is no class."""

import io
import time

import numpy as np
import pytest
from helpers import png, shared_data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from workbench.engine.data.masks import (
    IGNORED,
    STRAY,
    decode_mask,
    encode_mask,
    file_colours,
    label_colours,
    label_counts,
    mask_facts,
    paint_mask,
)
from workbench.engine.data.source import Palette
from workbench.engine.data.sources.class_dict import parse_class_dict
from workbench.engine.errors import UserError

COLOURS = ((60, 16, 152), (132, 41, 246), (9, 9, 9))
COLOUR = Palette(classes=("building", "land", "grey"), colours=COLOURS, coding="colour")
INDEX = Palette(classes=("a", "b", "c"), colours=COLOURS, coding="index")
CORNERS = Palette(classes=("sky", "grass", "none"), colours=((0, 255, 255), (0, 255, 0), (0, 0, 0)), coding="threshold")
LABELS = np.array([[0, 1, 2, 0], [2, 2, 1, STRAY]], np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def of_array(array: list | np.ndarray, dtype: type = np.uint8, kind: str = "PNG", **options: object) -> bytes:
    return saved(Image.fromarray(np.array(array, dtype)), kind, **options)


def read(content: bytes, palette: Palette) -> list[list[int]]:
    labels = decode_mask(content, palette, where="it")
    assert labels.dtype == np.uint8
    return labels.tolist()


def palette_file(indices: list[list[int]], colours: list[tuple[int, int, int]], **options: object) -> bytes:
    image = Image.frombytes("P", (len(indices[0]), len(indices)), np.array(indices, np.uint8).tobytes())
    image.putpalette([value for colour in colours for value in colour])
    return saved(image, **options)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_colours_are_classes(kind: str) -> None:
    table = np.array([*COLOURS, (1, 2, 3)], np.uint8)
    pixels = table[np.where(LABELS == STRAY, 3, LABELS)]
    assert read(of_array(pixels, kind=kind), COLOUR) == LABELS.tolist()


def test_a_neighbouring_colour_is_stray() -> None:
    near = [[(60, 16, 152), (61, 16, 152), (60, 17, 152), (60, 16, 153), (152, 16, 60)]]
    assert read(of_array(near), COLOUR) == [[0, STRAY, STRAY, STRAY, STRAY]]


def test_transparent_pixels_are_ignored() -> None:
    alpha = [[(60, 16, 152, 255), (60, 16, 152, 128), (60, 16, 152, 127), (132, 41, 246, 0), (1, 1, 1, 255)]]
    assert read(of_array(alpha), COLOUR) == [[0, 0, IGNORED, IGNORED, STRAY]]
    assert read(of_array([[(9, 255), (9, 0), (8, 200)]]), COLOUR) == [[2, IGNORED, STRAY]]
    assert read(of_array([[9, 8]], transparency=8), COLOUR) == [[2, IGNORED]]
    assert read(of_array([[COLOURS[0], COLOURS[1]]], transparency=COLOURS[1]), COLOUR) == [[0, IGNORED]]


def test_palette_files_are_looked_at_through_their_palette() -> None:
    colours = [COLOURS[1], (7, 7, 7), COLOURS[0]]
    content = palette_file([[0, 1, 2, 2]], colours)
    assert read(content, COLOUR) == [[1, STRAY, 0, 0]]
    assert read(palette_file([[0, 1, 2, 2]], colours, transparency=0), COLOUR) == [[IGNORED, STRAY, 0, 0]]
    assert read(palette_file([[0, 1, 2, 2]], colours, transparency=b"\xff\x00\x10"), COLOUR) == [[1] + [IGNORED] * 3]
    assert file_colours(content, where="it")[:3] == tuple(colours)


def test_palette_files_give_their_indices_where_those_are_labels() -> None:
    colours = [(1, 1, 1)] * 256
    assert read(palette_file([[0, 1, 2, 3, 255, 254]], colours), INDEX) == [[0, 1, 2, STRAY, IGNORED, STRAY]]
    assert read(palette_file([[0, 1, 2]], colours, transparency=0), INDEX) == [[0, 1, 2]]
    assert read(palette_file([[0, 1], [1, 0]], colours[:2], bits=1), INDEX) == [[0, 1], [1, 0]]
    assert read(palette_file([[0, 1, 2]], colours[:3], bits=2), INDEX) == [[0, 1, 2]]


def test_grey_files_are_colours_or_indices() -> None:
    assert read(of_array([[9, 10, 0]]), COLOUR) == [[2, STRAY, STRAY]]
    assert read(of_array([[0, 1, 2, 3, 255]]), INDEX) == [[0, 1, 2, STRAY, IGNORED]]
    assert read(of_array([[(1, 255), (2, 0)]]), INDEX) == [[1, IGNORED]]
    assert read(of_array([[(1, 1, 1), (2, 2, 2), (1, 1, 2), (255, 255, 255)]]), INDEX) == [[1, 2, STRAY, IGNORED]]
    assert read(of_array([[(1, 1, 1, 255), (2, 2, 2, 9)]]), INDEX) == [[1, IGNORED]]


def test_sixteen_bits_and_one() -> None:
    assert read(of_array([[0, 2, 3, 255, 256, 65535]], np.uint16), INDEX) == [[0, 2, STRAY, IGNORED, STRAY, STRAY]]
    assert read(of_array([[0, 2, 70_000]], np.int32, "TIFF"), INDEX) == [[0, 2, STRAY]]
    assert read(of_array([[9 * 257, 1]], np.uint16), COLOUR) == [[2, STRAY]]
    bits = of_array([[True, False]], bool)
    assert read(bits, INDEX) == [[1, 0]]
    black_white = Palette(classes=("no", "yes"), colours=((0, 0, 0), (255, 255, 255)), coding="colour")
    assert read(bits, black_white) == [[1, 0]]


@pytest.mark.parametrize(("bits", "packed", "values"), [(2, 0b00011011, [0, 1, 2, 3]), (4, 0x2F, [2, 15])])
def test_grey_files_of_few_bits_keep_their_values(bits: int, packed: int, values: list[int]) -> None:
    """Pillow stretches such files to 0..255, which would make a 1 an 85."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 8 // bits, 1, bits, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes([0, packed])))
    content += chunk(b"IEND", b"")
    many = Palette(classes=tuple(map(str, range(16))), colours=label_colours(16), coding="index")
    assert read(content, many) == [values]
    assert read(content, INDEX) == [[value if value < 3 else STRAY for value in values]]


def test_threshold_rounds_each_channel() -> None:
    pixels = [[(0, 255, 255), (127, 128, 250), (3, 200, 4), (127, 127, 127), (255, 255, 255), (130, 0, 0)]]
    assert read(of_array(pixels), CORNERS) == [[0, 0, 1, 2, STRAY, STRAY]]
    assert read(of_array([[100, 200]]), CORNERS) == [[2, STRAY]]
    assert read(palette_file([[0, 1]], [(10, 250, 20), (200, 0, 0)]), CORNERS) == [[1, STRAY]]
    assert read(of_array([[(0, 0, 0, 255), (0, 0, 0, 0)]]), CORNERS) == [[2, IGNORED]]


def test_lossy_masks_are_read_and_their_noise_is_stray() -> None:
    pixels = np.array(COLOURS, np.uint8)[np.indices((32, 32)).sum(axis=0) % 3]
    facts = mask_facts(of_array(pixels, kind="JPEG", quality=60), COLOUR, "it")
    assert facts.stray > 500
    assert facts.counts.sum() + facts.stray == 32 * 32


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read(of_array([[0, 1], [0, 2], [0, 0]], exif=exif), INDEX) == [[0, 0, 0], [0, 2, 1]]
    exif[0x0112] = 3
    indices = palette_file([[0, 1, 2]], list(COLOURS), exif=exif)
    assert read(indices, INDEX) == [[2, 1, 0]]
    assert read(indices, COLOUR) == [[2, 1, 0]]


def test_what_is_no_mask() -> None:
    with pytest.raises(UserError, match="floating-point numbers: place 7"):
        decode_mask(of_array([[1.5]], np.float32, "TIFF"), INDEX, where="place 7")
    with pytest.raises(UserError, match=r"cannot be read as an image.*place 7"):
        decode_mask(b"no", INDEX, where="place 7")
    with pytest.raises(UserError, match="more than 10 pixels"):
        decode_mask(png(1), INDEX, where="place 7", limit_pixels=10)


def test_facts_count_every_pixel_once() -> None:
    pixels = np.array([*[(*c, 255) for c in COLOURS], (1, 2, 3, 255), (0, 0, 0, 0)], np.uint8)
    facts = mask_facts(of_array(pixels[[[0, 0, 1], [3, 4, 0]]]), COLOUR, "it")
    assert (facts.width, facts.height, facts.mode) == (3, 2, "RGBA")
    assert facts.counts.tolist() == [3, 1, 0]
    assert facts.counts.dtype == np.int64
    assert (facts.ignored, facts.stray) == (1, 1)
    assert mask_facts(palette_file([[0]], [COLOURS[0]]), COLOUR, "it").mode == "P"


@given(st.data(), st.sampled_from(["colour", "threshold", "index"]))
def test_written_masks_come_back(data: st.DataObject, coding: str) -> None:
    palette = {"colour": COLOUR, "threshold": CORNERS, "index": INDEX}[coding]
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    values = st.sampled_from([0, 1, 2, STRAY, IGNORED])
    labels = data.draw(st.lists(values, min_size=height * width, max_size=height * width))
    array = np.array(labels, np.uint8).reshape(height, width)
    np.testing.assert_array_equal(decode_mask(encode_mask(array, palette), palette, where="it"), array)
    assert label_counts(array).tolist() == np.bincount(labels, minlength=256).tolist()


def test_as_many_classes_as_there_can_be() -> None:
    colours = label_colours(254)
    assert len(set(colours)) == 254
    assert colours[:3] == ((0, 0, 0), (128, 0, 0), (0, 128, 0))  # as PASCAL VOC has them
    assert colours[15] == (192, 128, 128)
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for coding in ("colour", "index"):
        palette = Palette(classes=tuple(map(str, range(254))), colours=colours, coding=coding)
        np.testing.assert_array_equal(decode_mask(encode_mask(labels, palette), palette, where="it"), labels)


def test_of_two_classes_of_one_colour_the_first_is_meant() -> None:
    twice = Palette(classes=("a", "b"), colours=((1, 2, 3), (1, 2, 3)), coding="colour")
    assert read(of_array([[(1, 2, 3)]]), twice) == [[0]]


def test_painting() -> None:
    labels = np.full((16, 16), STRAY, np.uint8)
    labels[0, :3] = [0, 1, IGNORED]
    painted = paint_mask(labels, COLOURS, opacity=0.5)
    assert painted.shape == (16, 16, 4)
    assert painted[0, 0].tolist() == [60, 16, 152, 128]
    assert painted[0, 1].tolist() == [132, 41, 246, 128]
    assert painted[0, 2, 3] == 0
    stray = painted[labels == STRAY]
    assert {tuple(pixel) for pixel in stray.tolist()} == {(255, 0, 255, 255), (0, 0, 0, 255)}
    assert 0.4 < (stray[:, 0] == 255).mean() < 0.6
    assert not paint_mask(np.zeros((2, 2), np.uint8), COLOURS, opacity=0)[..., 3].any()


def test_a_large_mask_is_read_in_a_blink() -> None:
    labels = np.kron(np.random.default_rng(0).integers(0, 3, (72, 72), np.uint8), np.ones((34, 34), np.uint8))
    content = encode_mask(labels, COLOUR)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        decoded = decode_mask(content, COLOUR, where="it")
        seconds.append(time.perf_counter() - start)
    np.testing.assert_array_equal(decoded, labels)
    assert min(seconds) < 1.0  # 0.05 s on a free machine


def test_the_black_pixels_of_dubai() -> None:
    folder = shared_data("landcover", "dubai_full")
    where = folder / "class_dict.csv"
    classes, colours = parse_class_dict(where.read_bytes(), where=str(where))
    palette = Palette(classes=classes, colours=colours, coding="colour")
    masks = sorted(folder.glob("train/*_mask.png"))
    facts = [mask_facts(path.read_bytes(), palette, path.name) for path in masks]
    assert len(facts) == 72
    assert sum(fact.mode == "P" for fact in facts) == 18
    assert sum(fact.stray for fact in facts) == 552_156
    assert sum(fact.ignored for fact in facts) == 0
    black = [path for path, fact in zip(masks, facts, strict=True) if fact.stray]
    dark = 0
    for path in black:
        with Image.open(path) as image:
            dark += int((np.asarray(image.convert("RGB")) == 0).all(axis=2).sum())
    assert dark == 552_156

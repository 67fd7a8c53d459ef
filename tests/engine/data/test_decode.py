"""Encoded files to pixels: every mode and depth that turns up, and nothing but a UserError for the rest."""

import io
import struct
import threading
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.engine.data.decode import decode, encode_png, fit
from workbench.engine.errors import UserError

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = RGB[..., 0].copy()


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(content: bytes, mode: str = "RGB") -> np.ndarray:
    image = decode(content, mode=mode, where="it")
    assert image.mode == mode
    return np.asarray(image)


def refusal(content: bytes, **options: int) -> str:
    with pytest.raises(UserError) as caught:
        decode(content, mode="RGB", where="photo 7", **options)
    assert "photo 7" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("array", [RGB, GREY], ids=["rgb", "grey"])
def test_lossless_files_come_back_exactly(kind: str, array: np.ndarray) -> None:
    content = encoded(Image.fromarray(array), kind)
    np.testing.assert_array_equal(pixels(content, "RGB" if array.ndim == 3 else "L"), array)


@pytest.mark.parametrize("array", [RGB, GREY, RGB[:1, :1], GREY[:, :1], RGB[::2, ::-1]], ids=lambda a: str(a.shape))
def test_our_png_is_a_png(array: np.ndarray) -> None:
    with Image.open(io.BytesIO(encode_png(array))) as image:
        image.verify()
    np.testing.assert_array_equal(pixels(encode_png(array), "RGB" if array.ndim == 3 else "L"), array)


def test_modes_convert() -> None:
    grey = Image.fromarray(RGB).convert("L")
    np.testing.assert_array_equal(pixels(encoded(Image.fromarray(RGB)), "L"), np.asarray(grey))
    np.testing.assert_array_equal(pixels(encoded(Image.fromarray(GREY))), np.repeat(GREY[..., None], 3, axis=2))
    bits = Image.fromarray(GREY > 127)
    np.testing.assert_array_equal(pixels(encoded(bits), "L"), np.where(GREY > 127, 255, 0))
    cmyk = encoded(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG", quality=95)
    assert np.abs(pixels(cmyk).astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied(kind: str, orientation: int) -> None:
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :8], upright[8:, 24:] = (255, 0, 0), (0, 0, 255)  # each of the eight turns shows a different picture
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.swapaxes(0, 1), 6: np.rot90(upright),
        7: np.rot90(upright, 2).swapaxes(0, 1), 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
    content = encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options)
    assert np.abs(pixels(content).astype(int) - upright).max() <= (8 if kind == "JPEG" else 0)


def test_a_damaged_exif_block_does_not_cost_the_image() -> None:
    content = encoded(Image.fromarray(RGB), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(pixels(content), RGB)


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (2, 2), (10, 20, 30, 0))
    assert pixels(encoded(clear)).tolist() == np.full((2, 2, 3), 255).tolist()
    half = Image.new("RGBA", (1, 1), (0, 0, 0, 51))
    assert pixels(encoded(half)).tolist() == [[[204, 204, 204]]]
    grey = Image.new("LA", (1, 1), (0, 51))
    assert pixels(encoded(grey), "L").tolist() == [[204]]
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([9, 9, 9, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    for kind in ("PNG", "GIF"):
        assert pixels(encoded(palette, kind, transparency=0)).tolist() == [[[255, 255, 255], [200, 100, 50]]]
    key = encoded(Image.fromarray(np.array([[5, 6]], np.uint8)), transparency=5)
    assert pixels(key, "L").tolist() == [[255, 6]]


def test_sixteen_bits_scale_to_eight() -> None:
    values = np.array([[0, 128, 129, 257, 32768, 65534, 65535]], np.uint16)
    expected = np.round(values / 257).astype(np.uint8)
    pgm = b"P5 7 1 65535\n" + values.astype(">u2").tobytes()
    for content in (encoded(Image.fromarray(values)), encoded(Image.fromarray(values), "TIFF"), pgm):
        assert pixels(content, "L").tolist() == expected.tolist()
        assert pixels(content)[..., 1].tolist() == expected.tolist()


def test_depths_without_a_known_range_are_refused() -> None:
    assert "floating-point" in refusal(encoded(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF"))
    assert "16 bits" in refusal(encoded(Image.fromarray(np.full((2, 2), 70_000, np.int32)), "TIFF"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_truncated_files_are_refused(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    for keep in (8, len(content) // 3, len(content) - 600):
        assert "cannot be read as an image" in refusal(content[:keep])


def test_what_is_no_image() -> None:
    assert "the file is empty" in refusal(b"")
    assert "cannot be read as an image" in refusal(b"hello, this is text")
    assert "cannot be read as an image" in refusal(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_huge_images_are_refused_before_they_are_decoded() -> None:
    assert "more than 400,000,000 pixels" in refusal(bomb(20_001, 20_000))
    assert "more than 400,000,000 pixels" in refusal(bomb(2**31 - 1, 1_000_000))
    assert "more than 10 pixels" in refusal(encoded(Image.fromarray(RGB)), limit_pixels=10)
    assert "cannot be read" in refusal(bomb(10_000, 10_000))  # above Pillow's own limit, below ours: it has no pixels


def test_threads_decode_alike() -> None:
    contents = [encoded(Image.fromarray(np.roll(RGB, shift, axis=0))) for shift in range(5)]
    expected = [pixels(content) for content in contents]
    wrong: list[int] = []

    def work() -> None:
        wrong.extend(i for _ in range(20) for i in range(5) if not np.array_equal(pixels(contents[i]), expected[i]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


SAMPLES = [encoded(Image.fromarray(RGB), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM")]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it can still read
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_gives_an_image_or_a_user_error(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    change = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for position, value in data.draw(st.lists(change, max_size=5)):
        content[position] = value
    try:
        image = decode(bytes(content), mode="RGB", where="it", limit_pixels=1_000_000)
    except UserError:
        return
    assert np.asarray(image).dtype == np.uint8


def test_fit_without_a_size_only_turns_the_axes() -> None:
    whole = fit(Image.fromarray(RGB), size=0, how="crop")
    assert whole.flags.c_contiguous
    assert whole.flags.writeable
    np.testing.assert_array_equal(whole, RGB.transpose(2, 0, 1))
    np.testing.assert_array_equal(fit(Image.fromarray(GREY), size=0, how="squash"), GREY[None])


@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (64, 64), (300, 20), (20, 300), (1, 900)])
@pytest.mark.parametrize("how", ["crop", "squash"])
@pytest.mark.parametrize("size", [1, 6, 32])
def test_fit_fills_the_square(shape: tuple[int, int], how: str, size: int) -> None:
    image = Image.fromarray(np.full((*shape, 3), 77, np.uint8))
    fitted = fit(image, size=size, how=how)
    assert fitted.shape == (3, size, size)
    assert (fitted == 77).all()


@pytest.mark.parametrize("wide", [True, False])
def test_crop_keeps_the_centre(wide: bool) -> None:
    stripes = np.zeros((20, 60), np.uint8)
    stripes[:, 20:40] = 200
    fitted = fit(Image.fromarray(stripes if wide else stripes.T), size=20, how="crop")
    assert (fitted == 200).all()
    squashed = fit(Image.fromarray(stripes), size=20, how="squash")
    assert squashed[0, 10, [1, 10, 18]].tolist() == [0, 200, 0]


@pytest.mark.parametrize("size", [(333, 500), (500, 375), (256, 256), (100, 640)])
def test_crop_is_the_usual_resize_and_centre_crop(size: tuple[int, int]) -> None:
    from torchvision.transforms import v2

    noise = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    usual = np.asarray(v2.Compose([v2.Resize(224), v2.CenterCrop(224)])(image)).transpose(2, 0, 1)
    ours = fit(image, size=224, how="crop")
    if max(size) <= 3 * min(size):
        np.testing.assert_array_equal(ours, usual)
    assert ours.shape == usual.shape


def test_shrinking_is_antialiased() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    fitted = fit(Image.fromarray(checks.astype(np.uint8)), size=8, how="squash")
    assert np.abs(fitted.astype(int) - 127).max() <= 2

"""Facts about items against values worked out by hand, and how they are had: in order, in time, closable."""

import contextlib
import dataclasses
import hashlib
import io
import threading
import time
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers import png
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.engine.data.lint.examine import examine
from workbench.engine.data.lint.facts import Facts
from workbench.engine.data.source import Answer, Item, Listing, Palette, Question, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress

PALETTE = Palette(classes=("a", "b"), colours=((0, 0, 0), (255, 255, 255)), coding="colour")


def listing_of(items: list[Item]) -> Listing:
    question = isinstance(items[0], Question)
    masks = isinstance(items[0], Record) and items[0].mask is not None
    return Listing(
        kind="made",
        name="made",
        label_sets={"label": ("x",)},
        total=len(items),
        records=lambda: iter(items),
        content="questions" if question else "masks" if masks else "images",
        palette=PALETTE if masks else None,
    )


def image_of(content: bytes, *, name: str = "x", mask: bytes | None = None) -> Record:
    return Record(image=content, labels=(0,), split="", name=name, mask=mask)


def examined(*items: Item, **options: int) -> Facts:
    work = examine(listing_of(list(items)), **options)
    while True:
        try:
            next(work)
        except StopIteration as end:
            facts: Facts = end.value
            return facts


def encoded(array: np.ndarray, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format, **options)
    return buffer.getvalue()


def test_facts_of_an_image() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, 18, 3), np.uint8)
    content = encoded(pixels)
    facts = examined(image_of(content))
    assert (facts.width[0], facts.height[0], facts.bytes[0]) == (18, 16, len(content))
    assert (facts.format[0], facts.mode[0], facts.alpha[0], facts.faults[0]) == ("PNG", "RGB", False, "")
    assert facts.mean[0] == pytest.approx(pixels.mean((0, 1)) / 255, abs=1e-6)
    assert facts.deviation[0] == pytest.approx(pixels.std((0, 1)) / 255, abs=1e-6)
    assert facts.digests[0].tobytes() == hashlib.sha256(b"18 16 " + pixels.tobytes()).digest()[:16]
    # 18 x 16 pixels become 9 x 8 as means of 2 x 2, so the miniature can be worked out.
    small = pixels.reshape(8, 2, 9, 2, 3).mean((1, 3))
    grey = small @ (0.299, 0.587, 0.114)
    assert np.abs(facts.miniatures[0] - grey).max() <= 1.5
    bits = "".join(str(int(left < right)) for row in facts.miniatures[0] for left, right in pairwise(row))
    assert int(facts.perceptual[0]) == int(bits, 2)


def test_facts_are_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = examined(image_of(encoded(np.zeros((10, 20, 3), np.uint8), "JPEG", exif=exif)))
    assert (facts.width[0], facts.height[0]) == (10, 20)


def test_alpha_is_what_shows_through() -> None:
    solid = np.full((4, 4, 4), 255, np.uint8)
    hole = solid.copy()
    hole[0, 0, 3] = 254
    facts = examined(image_of(encoded(solid)), image_of(encoded(hole)))
    assert facts.alpha.tolist() == [False, True]


def test_facts_of_a_mask() -> None:
    pixels = np.zeros((4, 5, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[0, :, :3] = 255
    pixels[1, :2] = (9, 9, 9, 255)
    pixels[3, 4, 3] = 0
    facts = examined(image_of(png(1), mask=encoded(pixels)), image_of(png(2), mask=b"?"))
    assert facts.mask_counts.tolist() == [[12, 5], [0, 0]]
    assert (facts.mask_stray.tolist(), facts.mask_ignored.tolist()) == ([2, 0], [1, 0])
    assert (facts.mask_width.tolist(), facts.mask_height.tolist()) == ([5, 0], [4, 0])
    assert facts.mask_mode.tolist() == ["RGBA", ""]
    assert facts.mask_colours == {0: "2 pixels of (9, 9, 9)"}
    assert list(facts.mask_errors) == [1]


def test_facts_of_questions() -> None:
    def asked(context: str, question: str, *answers: Answer) -> Question:
        return Question(context=context, question=question, answers=answers, split="", name="n", impossible=not answers)

    text = " one two two "
    facts = examined(
        asked(text, "How many? ", Answer("one", 1), Answer("one", 2), Answer("two", 6)),
        asked(text, " how  MANY"),
        asked("other", "", Answer(" ", 0)),
    )
    assert facts.answers.tolist() == [3, 0, 1]
    assert facts.wrong_answers.tolist() == [2, 0, 1]
    assert facts.movable_answers.tolist() == [1, 0, 0]
    assert facts.empty_answers.tolist() == [0, 0, 1]
    assert facts.context_length.tolist() == [11, 11, 5]
    assert facts.question_length.tolist() == [9, 8, 0]
    assert facts.impossible.tolist() == [False, True, False]
    assert facts.perceptual[0] == facts.perceptual[1] != facts.perceptual[2]
    assert (facts.digests[0] == facts.digests[1]).all()
    assert (facts.digests[0] != facts.digests[2]).any()
    assert len(facts.width) == len(facts.faults) == len(facts.mean) == 0


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_file_that_is_cut_short_is_called_so(format: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    whole = encoded(pixels, format)
    facts = examined(*(image_of(whole[: len(whole) * part // 10]) for part in (5, 8)), image_of(whole))
    assert facts.faults.tolist() == ["truncated", "truncated", ""]


def test_faults() -> None:
    large = png(7, side=30)
    facts = examined(image_of(b""), image_of(b"text"), image_of(large), image_of(png(1)), limit_pixels=100)
    assert facts.faults.tolist() == ["empty-file", "unreadable", "too-large", ""]
    assert facts.width.tolist() == [0, 0, 30, 4]
    assert set(facts.errors) == {0, 1, 2}
    assert not facts.digests[:3].any()


def test_the_limit_keeps_large_images_from_being_decoded() -> None:
    """Its header says 30,000 x 30,000 pixels; its content is a few bytes."""
    header = bytearray(png(0))
    header[16:24] = (30_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    started = time.monotonic()
    assert examined(image_of(bytes(header))).faults.tolist() == ["too-large"]
    assert time.monotonic() - started < 2


@settings(max_examples=300)
@given(data=st.data())
def test_no_broken_file_breaks_the_examination(data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"]))
    content = bytearray(encoded(np.arange(192, dtype=np.uint8).reshape(8, 8, 3), format))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    broken = bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content)
    facts = examined(image_of(broken, mask=broken), limit_pixels=10_000, workers=1)
    assert facts.faults[0] in ("", "empty-file", "unreadable", "truncated", "too-large")
    assert (facts.faults[0] == "") == (0 not in facts.errors)
    assert (facts.mask_width[0] > 0) == (0 not in facts.mask_errors)


def test_order_is_that_of_the_listing_whatever_takes_longer() -> None:
    sides = [300 if number % 50 == 0 else 3 + number % 7 for number in range(500)]
    facts = examined(*(image_of(png(number, side=side)) for number, side in enumerate(sides)), workers=4)
    assert facts.width.tolist() == sides


def test_progress_comes_in_time_and_ends_with_the_total() -> None:
    items = [image_of(png(number, side=64)) for number in range(3000)]
    work = examine(listing_of(list(items)))
    moments, events = [time.monotonic()], []
    for event in work:
        moments.append(time.monotonic())
        events.append(event)
    assert events[0] == Progress(stage="checking", done=0, total=3000)
    assert events[-1] == Progress(stage="checking", done=3000, total=3000)
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert np.median(np.diff(moments)) < 0.2


def test_only_so_much_is_read_ahead_and_closing_reads_no_more() -> None:
    taken = 0

    def records() -> Iterator[Record]:
        nonlocal taken
        while True:
            taken += 1
            yield image_of(png(taken))

    work = examine(dataclasses.replace(listing_of([image_of(png(0))]), records=records, total=0), workers=2)
    while next(work).done < 500:
        pass
    work.close()
    before = taken
    assert before < 500 + 6 * 64 + 2000  # what a twentieth of a second reads besides
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("examine")]
    assert taken == before


def test_a_source_that_breaks_off_ends_the_examination() -> None:
    def records() -> Iterator[Record]:
        yield image_of(png(0))
        raise UserError("the archive is cut short")

    work = examine(dataclasses.replace(listing_of([image_of(png(0))]), records=records))
    with pytest.raises(UserError, match="cut short"):
        list(work)


# Keeping facts


def _some() -> Facts:
    return examined(
        *(image_of(png(number), mask=png(number * 255)) for number in range(3)), image_of(b"", mask=png(7)),
        image_of(png(3), mask=b""),
    )  # fmt: skip


def assert_same(left: Facts, right: Facts) -> None:
    for field in dataclasses.fields(Facts):
        one, other = getattr(left, field.name), getattr(right, field.name)
        if isinstance(one, np.ndarray):
            assert one.shape == other.shape
            assert (one == other).all(), field.name
        else:
            assert one == other, field.name


def test_facts_come_back_from_the_disk(tmp_path: Path) -> None:
    facts = _some()
    assert facts.errors
    assert facts.mask_errors
    assert facts.mask_colours
    facts.save(tmp_path / "facts.npz")
    assert_same(Facts.load(tmp_path / "facts.npz"), facts)
    assert [path.name for path in tmp_path.iterdir()] == ["facts.npz"]


def test_facts_of_nothing_come_back_too(tmp_path: Path) -> None:
    for content in ("images", "masks", "questions"):
        Facts.blank(0, content=content, classes=2).save(tmp_path / "f.npz")
        assert Facts.load(tmp_path / "f.npz").content == content


def test_facts_of_some_items() -> None:
    facts = _some()
    some = facts.of(np.array([4, 3]))
    assert len(some) == 2
    assert (some.faults.tolist(), list(some.errors), list(some.mask_errors)) == (["", "empty-file"], [1], [0])
    assert_same(Facts.joined([facts.of(np.array([0, 1])), facts.of(np.array([2, 3, 4]))]), facts)


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_facts_are_a_mistake_and_nothing_worse(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    Facts.blank(3).save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    with contextlib.suppress(UserError):
        assert len(Facts.load(path)) == 3


def test_missing_facts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        Facts.load(tmp_path / "none.npz")

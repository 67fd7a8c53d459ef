"""Small pictures: the wanted ones only, within a bound of memory, with their masks, and from the disk."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import PALETTE, File, HeldPictures, Pictures, encoded, gradient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from workbench.engine.data.masks import IGNORED, STRAY, encode_mask
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnail_making import shrunk
from workbench.gui.thumbnails import Thumbnailer, make_thumbnail
from workbench.gui.widgets.images.overlay import colour_table
from workbench.gui.workspace import Workspace

IN_FLIGHT = 5  # at most so many are being decoded at a time


def test_stale_requests_are_dropped(qtbot: QtBot, workspace: Workspace) -> None:
    pictures = HeldPictures(2000)
    thumbnails = Thumbnailer(workspace.jobs)
    thumbnails.show(pictures)
    thumbnails.want(range(1000), side=64)
    thumbnails.want(range(1990, 2000), side=64)
    pictures.gate.set()
    qtbot.waitUntil(lambda: thumbnails.idle)
    assert all(thumbnails.get(item) for item in range(1990, 2000))
    assert len(pictures.asked) <= 10 + IN_FLIGHT


def test_another_set_takes_nothing_over(qtbot: QtBot, workspace: Workspace) -> None:
    thumbnails = Thumbnailer(workspace.jobs)
    heard: list[int] = []
    thumbnails.ready.connect(heard.extend)
    thumbnails.show(Pictures(100))
    thumbnails.want(range(100), side=64)
    thumbnails.show(Pictures(100, broken=frozenset({1})))
    thumbnails.want([1], side=64)
    qtbot.waitUntil(lambda: thumbnails.idle)
    assert heard == [1]
    assert "cannot be read" in (thumbnails.get(1) or pytest.fail("there is none")).error


def test_too_large_an_image_is_not_decoded(qtbot: QtBot, workspace: Workspace) -> None:
    thumbnails = Thumbnailer(workspace.jobs)
    thumbnails.show(Pictures(3, side=8))
    thumbnails.want([1], side=64)
    qtbot.waitUntil(lambda: thumbnails.idle)
    assert not (thumbnails.get(1) or pytest.fail("there is none")).error
    thumbnails.set_limit(63)
    thumbnails.want([1], side=64)
    qtbot.waitUntil(lambda: thumbnails.idle)
    assert "more than 63 pixels" in (thumbnails.get(1) or pytest.fail("there is none")).error


def test_memory_is_bounded(qtbot: QtBot, workspace: Workspace) -> None:
    limit = 40 * 4 * 100 * 100
    thumbnails = Thumbnailer(workspace.jobs, limit_bytes=limit)
    thumbnails.show(Pictures(300, side=200))
    for first in range(0, 300, 15):
        thumbnails.want(range(first, first + 15), ahead=range(first + 15, 300), side=100)
        qtbot.waitUntil(lambda: thumbnails.idle)
        assert thumbnails.bytes <= limit
        assert all(thumbnails.get(item) for item in range(first, first + 15)), "what is ahead drove out what is seen"
    assert thumbnails.get(0) is None


def test_a_large_image_is_made_smaller_in_proportion(workspace: Workspace) -> None:
    class One(Pictures):
        def encoded(self, index: int) -> bytes:
            file = io.BytesIO()
            Image.new("RGB", (600, 300), "red").save(file, "JPEG")
            return file.getvalue()

    thumbnail = make_thumbnail(One(1), 0, side=100)
    assert thumbnail.image
    assert (thumbnail.image.width(), thumbnail.image.height()) == (100, 50)
    assert (thumbnail.width, thumbnail.height, thumbnail.format) == (600, 300, "JPEG")
    assert thumbnail.image.pixelColor(50, 25).red() > 240
    assert thumbnail.image.pixelColor(50, 25).blue() < 20


def test_a_project_that_closes_ends_the_decoding(qtbot: QtBot, workspace: Workspace) -> None:
    pictures = HeldPictures(2000)
    thumbnails = Thumbnailer(workspace.jobs)
    thumbnails.show(pictures)
    thumbnails.want(range(1000), side=64)
    workspace.close_project()
    pictures.gate.set()
    qtbot.waitUntil(lambda: thumbnails.idle)
    assert not workspace.jobs.running()
    assert len(pictures.asked) <= IN_FLIGHT


def labels_of(image: QImage) -> np.ndarray:
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def test_a_mask_comes_with_its_picture() -> None:
    labels = np.zeros((300, 600), np.uint8)
    labels[:, 300:] = 1
    labels[:150, 300:] = IGNORED
    labels[299, 0] = STRAY
    images = File(encoded(gradient(600, 300), "JPEG"), mask=encode_mask(labels, PALETTE))
    thumbnail = make_thumbnail(images, 0, side=100, masks=PALETTE)
    assert thumbnail.image
    assert thumbnail.labels
    assert thumbnail.labels.size() == thumbnail.image.size()
    small = labels_of(thumbnail.labels)
    assert small.shape == (50, 100)
    assert set(small[:, :50].ravel().tolist()) == {0, STRAY}
    assert small[49, 0] == STRAY, "a single stray pixel must not vanish"
    assert (small[:25, 50:] == IGNORED).all()
    assert (small[25:, 50:] == 1).all()
    assert make_thumbnail(images, 0, side=100).labels is None


def test_an_unreadable_mask_leaves_the_picture() -> None:
    thumbnail = make_thumbnail(File(encoded(gradient(30, 20)), mask=b"no mask"), 0, side=100, masks=PALETTE)
    assert thumbnail.image
    assert thumbnail.labels is None
    assert "cannot be read" in thumbnail.mask_error


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_no_label_is_made_up(height: int, width: int, rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    some = np.array([0, 1, 7, STRAY, IGNORED], np.uint8)
    labels = random.choice(some, size=(height, width), p=[0.3, 0.3, 0.2, 0.1, 0.1])
    small = shrunk(labels, (columns, rows))
    assert small.shape == (rows, columns)
    assert set(small.ravel().tolist()) <= set(labels.ravel().tolist())
    if rows <= height and columns <= width:
        assert (STRAY in small) == (STRAY in labels)


def test_masks_are_decoded_when_they_are_wanted(qtbot: QtBot, workspace: Workspace) -> None:
    images = File(encoded(gradient(60, 40)), mask=encode_mask(np.ones((40, 60), np.uint8), PALETTE))
    thumbnails = Thumbnailer(workspace.jobs)
    thumbnails.show(images, palette=PALETTE)
    thumbnails.want([0], side=100)
    qtbot.waitUntil(lambda: thumbnails.idle)
    first = thumbnails.get(0)
    assert first
    assert thumbnails.overlay(first) is None
    thumbnails.show_masks(colour_table(PALETTE.colours, 0.5))
    thumbnails.want([0], side=100)
    qtbot.waitUntil(lambda: thumbnails.idle)
    second = thumbnails.get(0)
    assert second
    overlay = thumbnails.overlay(second)
    assert overlay
    assert overlay.pixelColor(5, 5).getRgb() == (0, 0, 255, 128)
    thumbnails.show_masks(colour_table([(9, 9, 9), (7, 8, 9)], 1.0))
    recoloured = thumbnails.overlay(second)
    assert recoloured
    assert recoloured.pixelColor(5, 5).getRgb() == (7, 8, 9, 255)
    thumbnails.show_masks(None)
    assert thumbnails.overlay(second) is None
    thumbnails.show(None)


def test_the_disk_spares_decoding(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    def look() -> tuple[File, QImage, np.ndarray]:
        labels = np.tile(np.array([0, 1], np.uint8), (400, 300))
        images = File(encoded(gradient(600, 400), "JPEG", quality=95), mask=encode_mask(labels, PALETTE))
        thumbnails = Thumbnailer(workspace.jobs, cache=ThumbnailCache(tmp_path))
        thumbnails.show(images, fingerprint="f", palette=PALETTE)
        thumbnails.show_masks(colour_table(PALETTE.colours, 0.5))
        thumbnails.want([0], side=112)
        qtbot.waitUntil(lambda: thumbnails.idle)
        thumbnail = thumbnails.get(0)
        assert thumbnail
        assert (thumbnail.width, thumbnail.height, thumbnail.format) == (600, 400, "JPEG")
        assert thumbnail.image
        assert thumbnail.labels
        thumbnails.show(None)
        return images, thumbnail.image, labels_of(thumbnail.labels)

    decoded, first, labels = look()
    found, second, again = look()
    assert (decoded.asked, found.asked) == ([0], [])
    assert first.size() == second.size()
    assert (first.width(), first.height()) == (112, 75)
    points = [(x, y) for x in range(0, 112, 9) for y in range(0, 75, 9)]
    apart = [abs(first.pixelColor(*at).red() - second.pixelColor(*at).red()) for at in points]
    assert max(apart) < 12
    assert np.array_equal(labels, again)


def test_small_images_are_not_worth_the_disk(tmp_path: Path) -> None:
    shelf = ThumbnailCache(tmp_path).open("f")
    assert shelf
    make_thumbnail(File(encoded(gradient(160, 120), "JPEG")), 0, side=100, shelf=shelf)
    assert shelf.waiting == 0
    shelf.close()


def test_what_is_wrong_on_the_disk_is_decoded_anew(tmp_path: Path) -> None:
    from workbench.gui.thumbnail_cache import Kept

    shelf = ThumbnailCache(tmp_path).open("f")
    assert shelf
    shelf.put(0, Kept(content=zlib.compress(b"not a JPEG"), width=600, height=400), side=128)
    images = File(encoded(gradient(600, 400), "JPEG"))
    thumbnail = make_thumbnail(images, 0, side=112, shelf=shelf)
    assert images.asked == [0]
    assert thumbnail.image
    assert not thumbnail.error
    shelf.close()

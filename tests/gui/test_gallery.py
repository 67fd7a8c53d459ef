"""The gallery: what a row says, how tiles look, that only what is seen is decoded, and how items are selected."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import CLASSES, Pictures, catalogue, flags, turn
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.engine.data.decode import encode_png
from workbench.engine.data.lint.finding import Finding
from workbench.gui.models.gallery import GalleryModel, Role
from workbench.gui.theme import Theme
from workbench.gui.thumbnails import CRISP, Thumbnailer
from workbench.gui.widgets.images.gallery import LARGEST, SMALLEST, STEP, ImageGallery
from workbench.gui.widgets.images.tile import picture_rect
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def model(workspace: Workspace) -> Iterator[GalleryModel]:
    thumbnails = Thumbnailer(workspace.jobs)
    model = GalleryModel(thumbnails)
    yield model
    thumbnails.show(None)


@pytest.fixture
def gallery(qtbot: QtBot, model: GalleryModel, theme: Theme) -> ImageGallery:
    gallery = ImageGallery(model, theme)
    qtbot.addWidget(gallery)
    gallery.resize(800, 600)
    return gallery


def seen(gallery: ImageGallery, model: GalleryModel) -> Callable[[], bool]:
    rows = gallery.rows_in_view
    return lambda: (
        len(rows()) > 0 and all(model.thumbnails.get(item) for item in model.items(rows().start, rows().stop))
    )


def test_a_row_says_what_its_item_is(model: GalleryModel) -> None:
    model.show(catalogue(Pictures(10)))
    said = [
        [model.index(row).data(role) for role in (Role.NAME, Role.CLASS, Role.LABEL, Role.SPLIT, Role.ITEM)]
        for row in (0, 1, 8)
    ]
    assert said == [
        ["item-0", "unknown", -1, "train", 0],
        ["item-1", "ant", 0, "train", 1],
        ["item-8", "bee", 1, "no split", 8],
    ]


def test_a_selection_is_shown_in_its_order(model: GalleryModel) -> None:
    whole = catalogue(Pictures(30))
    model.show(whole)
    model.select(whole.matching(label=1, split="train"))
    assert [model.index(row).data(Role.ITEM) for row in range(model.rowCount())] == [2, 5, 8, 11, 14]
    assert [model.row(8), model.row(9), model.row(29)] == [2, -1, -1]


def test_only_what_is_near_is_decoded(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    pictures = Pictures(10_000)
    model.show(catalogue(pictures))
    gallery.show()
    qtbot.waitUntil(seen(gallery, model))
    qtbot.waitUntil(lambda: not gallery.busy)
    screen = len(gallery.rows_in_view())
    assert 0 < screen < 100
    assert set(pictures.asked) <= set(range(2 * screen))
    assert len(pictures.asked) == len(set(pictures.asked))


def test_what_scrolled_away_is_not_decoded(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    pictures = Pictures(50_000)
    model.show(catalogue(pictures))
    gallery.show()
    qtbot.waitUntil(lambda: not gallery.busy)
    pictures.asked.clear()
    bar = gallery.verticalScrollBar()
    for part in range(1, 51):
        bar.setValue(bar.maximum() * part // 50)
    qtbot.waitUntil(seen(gallery, model))
    qtbot.waitUntil(lambda: not gallery.busy)
    assert min(pictures.asked) > 40_000  # nothing on the way there
    assert model.thumbnails.get(49_999)


def test_an_unreadable_image_says_so(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(20, broken=frozenset({4}))))
    gallery.show()
    qtbot.waitUntil(seen(gallery, model))
    index = model.index(4)
    assert index.data(Role.THUMBNAIL) is None
    assert "cannot be read as an image" in index.data(Role.ERROR)
    assert "cannot be read as an image" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(5).data(Role.ERROR) == ""
    broken, whole = (gallery.grab(gallery.visualRect(model.index(row))).toImage() for row in (4, 10))
    assert broken != whole


def test_the_tool_tip_names_the_size(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(5)))
    gallery.show()
    qtbot.waitUntil(seen(gallery, model))
    assert model.index(1).data(Qt.ItemDataRole.ToolTipRole) == (
        "item-1\nClass: ant\nSplit: train\n8 \N{MULTIPLICATION SIGN} 8 pixels, PNG"
    )


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("side", [8, 28, 32, CRISP])
def test_small_images_grow_by_whole_pixels(side: int, ratio: float) -> None:
    rect = picture_rect(QSize(side, side), QRectF(10, 10, 128, 128), ratio=ratio)
    factor = rect.width() * ratio / side
    assert factor == pytest.approx(round(factor))
    assert 64 < rect.width() <= 128
    assert QRectF(10, 10, 128, 128).contains(rect)
    assert (rect.left() * ratio) == pytest.approx(round(rect.left() * ratio))


def test_enlarged_pixels_stay_crisp(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    class Chequered(Pictures):
        def encoded(self, index: int) -> bytes:
            return encode_png(((np.indices((8, 8)).sum(0) % 2) * 255).astype(np.uint8))

    model.show(catalogue(Chequered(1)))
    gallery.set_tile(128)
    gallery.show()
    qtbot.waitUntil(seen(gallery, model))
    painted: QImage = gallery.grab(gallery.visualRect(model.index(0))).toImage()
    middle = painted.width() // 2
    column = {painted.pixelColor(middle + 5, y).name() for y in range(20, 120)}
    assert column == {"#000000", "#ffffff"}


def test_keys_walk_and_open(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(200)))
    gallery.show()
    gallery.setFocus()
    qtbot.keyClick(gallery, Qt.Key.Key_Right)
    assert gallery.currentIndex().row() == 0
    qtbot.keyClick(gallery, Qt.Key.Key_Right)
    qtbot.keyClick(gallery, Qt.Key.Key_Down)
    below = gallery.currentIndex().row()
    columns = below - 1
    assert columns == gallery.columns == gallery.viewport().width() // gallery.cell.width()
    with qtbot.waitSignal(gallery.opened) as opened:
        qtbot.keyClick(gallery, Qt.Key.Key_Return)
    assert opened.args is not None
    assert opened.args[0].row() == below
    qtbot.keyClick(gallery, Qt.Key.Key_End)
    assert gallery.currentIndex().row() == 199


def test_rows_in_view_are_those_that_are_painted(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(500)))
    gallery.show()
    for width, value in ((800, 0), (777, 333), (530, 1000), (641, 2000)):
        gallery.resize(width, 600)
        gallery.verticalScrollBar().setValue(value)
        window = gallery.viewport().rect()
        painted = [row for row in range(500) if gallery.visualRect(model.index(row)).intersects(window)]
        assert painted == list(gallery.rows_in_view())


def test_tiles_have_bounds_and_keep_the_place(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(2000)))
    gallery.show()
    gallery.setCurrentIndex(model.index(900))
    gallery.setFocus()
    for side, expected in ((10_000, LARGEST), (0, SMALLEST), (100, 100)):
        gallery.set_tile(side)
        assert gallery.tile == expected
        assert 900 in gallery.rows_in_view()
    gallery.resize(433, 300)
    assert 900 in gallery.rows_in_view()


def test_a_click_selects(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(50)))
    gallery.show()
    for row, keys in ((2, Qt.KeyboardModifier.NoModifier), (5, Qt.KeyboardModifier.ShiftModifier)):
        place: QPoint = gallery.visualRect(model.index(row)).center()
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, keys, place)
    assert sorted(index.row() for index in gallery.selectedIndexes()) == [2, 3, 4, 5]


def test_a_rectangle_selects_what_it_touches(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(3)))
    gallery.show()
    port, size = gallery.viewport(), gallery.cell
    inside = gallery.visualRect(model.index(1)).center()
    outside = QPoint(inside.x(), size.height() + 60)
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=outside)
    for place in (inside + QPoint(0, 40), inside, inside + QPoint(size.width(), 0)):
        qtbot.mouseMove(port, place)
        drag = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(place), QPointF(port.mapToGlobal(place)), Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(port, drag)
    assert sorted(index.row() for index in gallery.selectedIndexes()) == [1, 2]
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=inside)


def test_control_and_the_wheel_change_the_tiles(gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(500)))
    gallery.show()
    before = gallery.tile
    turn(gallery.viewport(), 120, keys=Qt.KeyboardModifier.ControlModifier)
    assert gallery.tile == before + STEP
    turn(gallery.viewport(), -120, keys=Qt.KeyboardModifier.ControlModifier)
    assert gallery.tile == before
    turn(gallery.viewport(), -120)
    assert gallery.tile == before
    assert gallery.rows_in_view().start == gallery.columns  # a notch is a line of tiles


def test_the_module_loads_nothing_heavy(tmp_path: Path) -> None:
    import subprocess
    import sys

    heavy = ("torch", "pyarrow", "PIL", "pyqtgraph")
    program = f"import sys, workbench.gui.panels.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rows_follow_any_order(model: GalleryModel) -> None:
    model.show(catalogue(Pictures(6)))
    assert model.select(np.array([4, 0, 5]))
    assert [model.index(row).data(Role.NAME) for row in range(3)] == ["item-4", "item-0", "item-5"]
    assert [model.row(item) for item in (0, 4, 3, -1, 99)] == [1, 0, -1, -1, -1]
    assert model.rows(np.array([5, 3, 4])).tolist() == [0, 2]
    assert not model.select(np.array([4, 0, 5])), "the same rows need no reset"


def test_excluded_items_are_hidden_at_first(model: GalleryModel) -> None:
    model.show(catalogue(Pictures(6), excluded=flags(6, 1, 2)))
    assert model.shown.tolist() == [0, 3, 4, 5]


def test_signs_are_told_in_words_and_seen(
    qtbot: QtBot, gallery: ImageGallery, model: GalleryModel, theme: Theme
) -> None:
    plain, edited = catalogue(Pictures(4)), {"excluded": flags(4, 1), "relabelled": flags(4, 2)}
    model.show(plain)
    gallery.show()
    qtbot.waitUntil(seen(gallery, model))
    looks = [gallery.grab(gallery.visualRect(model.index(row))).toImage() for row in range(4)]
    model.update(catalogue(model.catalogue.images, **edited), label_set="label")  # type: ignore[union-attr, arg-type]
    model.set_findings([
        Finding(code="x", title="Broken", severity="error", count=1, unit="images", items=np.array([3]),
                details={3: "cut short"}),
        Finding(code="y", title="Odd", severity="info", count=1, unit="images", items=np.array([0])),
    ])  # fmt: skip
    now = [gallery.grab(gallery.visualRect(model.index(row))).toImage() for row in range(4)]
    assert [before == after for before, after in zip(looks, now, strict=True)] == [True, False, False, False]
    told = [str(model.index(row).data(Qt.ItemDataRole.ToolTipRole)) for row in range(4)]
    assert "Excluded" in told[1]
    assert "by hand" in told[2]
    assert "cut short" in told[3]
    assert "Odd" not in told[0]


def test_a_chosen_colour_is_on_the_chip(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(3), colours={"label": {0: "#12ab34"}}))
    gallery.show()
    qtbot.waitUntil(seen(gallery, model))
    painted = gallery.grab(gallery.visualRect(model.index(1))).toImage()
    colours = {painted.pixelColor(x, y).name() for x in range(painted.width()) for y in range(120, painted.height())}
    assert CLASSES[0] == "ant"
    assert "#12ab34" in colours


def test_everything_is_selected_at_once(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(100_000)))
    gallery.show()
    gallery.setFocus()
    started = time.perf_counter()
    qtbot.keyClick(gallery, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    rows = gallery.selected_rows()
    assert rows.tolist() == list(range(100_000))
    assert time.perf_counter() - started < 1.0


def test_single_rows_are_added_and_taken_away(qtbot: QtBot, gallery: ImageGallery, model: GalleryModel) -> None:
    model.show(catalogue(Pictures(50)))
    gallery.show()
    control = Qt.KeyboardModifier.ControlModifier
    for row, keys in ((2, Qt.KeyboardModifier.NoModifier), (5, control), (9, control), (5, control)):
        place = gallery.visualRect(model.index(row)).center()
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, keys, place)
    assert gallery.selected_rows().tolist() == [2, 9]
    with qtbot.waitSignal(gallery.picked):
        gallery.select_rows(np.array([1, 2, 3, 30]))
    assert gallery.selected_rows().tolist() == [1, 2, 3, 30]


def test_a_menu_is_asked_for_where_something_is_selected(
    qtbot: QtBot, gallery: ImageGallery, model: GalleryModel
) -> None:
    model.show(catalogue(Pictures(50)))
    gallery.show()
    asked: list[QPoint] = []
    gallery.menu_asked.connect(asked.append)
    by_key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
    QApplication.sendEvent(gallery.viewport(), by_key)
    assert not asked
    gallery.setCurrentIndex(model.index(3))
    QApplication.sendEvent(gallery.viewport(), by_key)
    middle = gallery.visualRect(model.index(3)).center()
    assert [gallery.viewport().mapFromGlobal(place) for place in asked] == [middle]
    qtbot.mousePress(gallery.viewport(), Qt.MouseButton.RightButton, pos=gallery.visualRect(model.index(7)).center())
    assert gallery.selected_rows().tolist() == [7]

"""The gallery: what a row says, that only what is seen is decoded, and that memory has a bound."""

import dataclasses
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data.decode import encode_png
from workbench.gui.models.gallery import Catalogue, GalleryModel, Role
from workbench.gui.theme import Theme
from workbench.gui.thumbnails import CRISP, Thumbnailer, make_thumbnail
from workbench.gui.widgets.images.browser import ImageBrowser
from workbench.gui.widgets.images.gallery import LARGEST, SMALLEST, STEP, ImageGallery
from workbench.gui.widgets.images.tile import picture_rect
from workbench.gui.widgets.images.view import ImageView, Picture
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
CLASSES = ("ant", "bee")
IN_FLIGHT = 5  # at most so many are being decoded at a time


class Pictures:
    """Stands in for an image set: what was decoded is counted."""

    def __init__(self, count: int, *, side: int = 8, broken: frozenset[int] = frozenset()) -> None:
        self.count, self.broken = count, broken
        self.asked: list[int] = []
        self._file = encode_png(np.full((side, side), 200, np.uint8))

    def name(self, index: int) -> str:
        return f"item-{index}"

    def encoded(self, index: int) -> bytes:
        self.asked.append(index)
        return b"no image" if index in self.broken else self._file


class HeldPictures(Pictures):
    """Hands nothing out before its gate is open."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.gate = threading.Event()

    def encoded(self, index: int) -> bytes:
        self.gate.wait()
        return super().encoded(index)


def catalogue(pictures: Pictures) -> Catalogue:
    """Every third item is unknown; the first half is for training, the rest in no split."""
    count = pictures.count
    names = [pictures.name(item) for item in range(count)]
    return Catalogue(
        images=pictures,
        names=names,
        folded=names,
        splits=np.where(np.arange(count) < count // 2, "train", ""),
        labels={"label": np.arange(count) % 3 - 1},
        label_sets={"label": CLASSES},
    )


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


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"label": -1}, [0, 3, 6, 9]),
        ({"split": ""}, [5, 6, 7, 8, 9]),
        ({"text": "ITEM-7"}, [7]),
        ({"label": 0, "split": "", "text": "7"}, [7]),
        ({"text": "nothing like it"}, []),
    ],
)
def test_filters(choice: dict[str, object], expected: list[int]) -> None:
    assert catalogue(Pictures(10)).matching(**choice).tolist() == expected  # type: ignore[arg-type]


def test_another_label_set_has_other_classes(qtbot: QtBot, workspace: Workspace, theme: Theme) -> None:
    whole = catalogue(Pictures(12))
    labels = dict(whole.labels) | {"sting": np.array([0, 1, 2] * 4)}
    browser = ImageBrowser(workspace.jobs, theme)
    qtbot.addWidget(browser)
    browser.show_catalogue(
        dataclasses.replace(whole, labels=labels, label_sets={"label": CLASSES, "sting": ("no", "yes", "who knows")})
    )
    label_set = browser.findChild(QComboBox, "data.label-set")
    classes = browser.findChild(QComboBox, "data.class")
    assert [classes.itemText(row) for row in range(classes.count())] == [
        "All classes", "ant (4)", "bee (4)", "unknown (4)",
    ]  # fmt: skip
    label_set.setCurrentIndex(1)
    classes.setCurrentIndex(classes.findText("who knows (4)"))
    assert [browser.model.index(row).data(Role.CLASS) for row in range(browser.model.rowCount())] == ["who knows"] * 4
    browser.show_catalogue(whole)
    assert label_set.isHidden()
    assert browser.model.rowCount() == 12
    browser.show_catalogue(None)


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


def test_the_wheel_zooms_where_it_points(qtbot: QtBot, theme: Theme) -> None:
    view = ImageView(theme, name="data.large")
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    picture = QImage(800, 600, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    for x in range(400):
        for y in range(600):
            picture.setPixelColor(x, y, QColor("blue"))
    view.show_picture(Picture(item=0, levels=(picture,), format="PNG", file_bytes=1))
    assert view.zoom == pytest.approx(min(384 / 800, 284 / 600))
    for _ in range(30):
        turn(view, 120, at=QPointF(120, 150))
    assert view.zoom == 64.0
    shown = view.grab().toImage()
    assert {shown.pixelColor(x, 150).name() for x in range(10, 390, 20)} == {"#0000ff"}
    for _ in range(60):
        turn(view, -120)
    assert view.zoom == pytest.approx(min(384 / 800, 284 / 600))


def turn(
    widget: QWidget,
    angle: int,
    *,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    at: QPointF | None = None,
) -> None:
    """Turn the wheel over ``widget``."""
    place = at or QPointF(40, 40)
    event = QWheelEvent(
        place, widget.mapToGlobal(place), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


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


def test_the_module_loads_nothing_heavy(tmp_path: Path) -> None:
    import subprocess
    import sys

    heavy = ("torch", "pyarrow", "PIL", "pyqtgraph")
    program = f"import sys, workbench.gui.panels.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""One item large: zoom, its mask and the legend, what the file holds under the mouse, and odd files."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from gallery_samples import PALETTE, File, catalogue, encoded, gradient, masked_catalogue, turn
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.engine.data.masks import IGNORED, STRAY, encode_mask
from workbench.gui.models.catalogue import Catalogue
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.inspector import ImageInspector
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.legend import MaskLegend, share_text
from workbench.gui.widgets.images.picture import halved
from workbench.gui.widgets.images.view import ImageView, Picture
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def inspector(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[ImageInspector]:
    inspector = ImageInspector(workspace.jobs, theme)
    qtbot.addWidget(inspector)
    inspector.resize(500, 700)
    inspector.show()
    yield inspector
    inspector.clear()


def look_at(qtbot: QtBot, inspector: ImageInspector, whole: Catalogue) -> None:
    inspector.show_item(whole, 0, class_name="")
    qtbot.waitUntil(lambda: inspector.view.has_image)


def point_at(inspector: ImageInspector, x: float, y: float) -> str:
    """Move the mouse over a pixel of the image; returns what is told about it."""
    view = inspector.view
    corner = QPointF(view.width() / 2, view.height() / 2) - view._centre * view._scale()
    place = corner + QPointF(x + 0.5, y + 0.5) * view._scale()
    nothing = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, view.mapToGlobal(place), nothing, nothing, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, event)
    told = inspector.findChild(ElidedLabel, "data.pixel")
    assert told
    return str(told.whole)


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


def test_deep_grey_is_shown_and_read_as_stored(qtbot: QtBot, inspector: ImageInspector) -> None:
    values = np.linspace(12, 4012, 20 * 10).reshape(10, 20).astype(np.uint16)
    look_at(qtbot, inspector, catalogue(File(encoded(values))))
    assert "16-bit grey" in inspector.facts
    assert "Values 12 to 4,012; 4,095 is shown as white" in inspector.facts
    assert point_at(inspector, 19, 9).endswith("16-bit grey 4,012")
    shown = inspector.view.grab().toImage()
    middle = inspector.view.rect().center()
    assert 90 < shown.pixelColor(middle).red() < 170, "dark as the file is, a middle value is a middle grey"


def test_an_image_stands_upright(qtbot: QtBot, inspector: ImageInspector) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6
    look_at(qtbot, inspector, catalogue(File(encoded(pixels, "JPEG", exif=exif, quality=95))))
    assert "20 \N{MULTIPLICATION SIGN} 40 pixels" in inspector.facts
    assert "EXIF orientation 6" in inspector.facts
    assert point_at(inspector, 10, 2) == "x 10, y 2 \N{MIDDLE DOT} RGB 254, 0, 0"
    assert "RGB 0, 0, 0" in point_at(inspector, 10, 37)


def test_a_palette_is_read_as_colours(qtbot: QtBot, inspector: ImageInspector) -> None:
    image = Image.new("P", (6, 4))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((5, 3), 1)
    file = io.BytesIO()
    image.save(file, "PNG")
    look_at(qtbot, inspector, catalogue(File(file.getvalue())))
    assert point_at(inspector, 5, 3) == "x 5, y 3 \N{MIDDLE DOT} palette 200, 100, 50"
    assert point_at(inspector, 5, -30) == "", "outside of the image there is nothing to tell"


def test_the_mask_is_drawn_and_explained(qtbot: QtBot, inspector: ImageInspector) -> None:
    labels = np.zeros((40, 60), np.uint8)
    labels[:, 15:] = 1
    labels[:4, 15:] = IGNORED
    labels[30:, 50:] = STRAY
    inspector.show_masks(1.0)
    grey = encoded(np.full((40, 60, 3), 77, np.uint8))
    look_at(qtbot, inspector, masked_catalogue(grey, encode_mask(labels, PALETTE)))
    legend = inspector.findChild(MaskLegend, "data.legend")
    assert legend.isVisible()
    lines = [legend.topLevelItem(row) for row in range(legend.topLevelItemCount())]
    assert [(line.text(0), line.text(1)) for line in lines] == [
        ("No class", "4.2 %"), ("land", "25.0 %"), ("sea", "63.3 %"), ("Ignored", "7.5 %"),
    ]  # fmt: skip
    assert point_at(inspector, 40, 20).endswith("77, 77, 77 \N{MIDDLE DOT} sea")
    assert point_at(inspector, 40, 1).endswith("ignored")
    assert point_at(inspector, 55, 35).endswith("no class")

    def colour(x: int, y: int) -> str:
        view = inspector.view
        corner = QPointF(view.width() / 2, view.height() / 2) - view._centre * view._scale()
        return view.grab().toImage().pixelColor((corner + QPointF(x + 0.5, y + 0.5) * view._scale()).toPoint()).name()

    assert (colour(5, 20), colour(40, 20), colour(40, 1)) == ("#00a000", "#0000ff", "#4d4d4d")
    assert {colour(x, 35) for x in range(51, 59)} <= {"#ff00ff", "#000000"}
    lines[2].setCheckState(0, Qt.CheckState.Unchecked)
    assert (colour(5, 20), colour(40, 20)) == ("#00a000", "#4d4d4d")
    inspector.show_masks(0.0)
    assert colour(5, 20) == "#4d4d4d"


def test_an_unreadable_mask_is_told(qtbot: QtBot, inspector: ImageInspector) -> None:
    inspector.show_masks(0.5)
    look_at(qtbot, inspector, masked_catalogue(encoded(gradient(60, 40)), b"no mask"))
    assert "Mask: this cannot be read" in inspector.facts.replace("item-0: ", "")
    assert inspector.legend.isHidden()


def test_a_mask_of_another_size_is_stretched(qtbot: QtBot, inspector: ImageInspector) -> None:
    labels = np.array([[0, 1]], np.uint8).repeat(4, 0)
    look_at(qtbot, inspector, masked_catalogue(encoded(gradient(60, 40)), encode_mask(labels, PALETTE)))
    assert point_at(inspector, 10, 39).endswith("land")
    assert point_at(inspector, 45, 0).endswith("sea")


def test_halving_keeps_what_is_stray() -> None:
    labels = np.zeros((5, 7), np.uint8)
    labels[4, 6] = labels[1, 3] = STRAY
    fewer = halved(labels)
    assert fewer.shape == (3, 4)
    assert np.argwhere(fewer == STRAY).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("pixels", "text"), [(0, "0.0 %"), (1, "< 0.1 %"), (500, "50.0 %"), (999_999, "> 99.9 %"), (1_000_000, "100.0 %")]
)
def test_shares_never_round_to_nothing_or_everything(pixels: int, text: str) -> None:
    assert share_text(pixels, 1_000_000 if pixels != 500 else 1000) == text

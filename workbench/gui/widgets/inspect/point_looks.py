"""What points are painted like: a colour and a form for each group, a colour between two for a number."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QLinearGradient, QPainter, QPixmap

from workbench.gui.models.colouring import Groups, Measure
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.rasterise import PLAIN, SHAPES, Canvas, border_for, ink_of

_LEVELS = 256
_SIZE = 14  # logical pixels of a sample


def group_looks(theme: Theme, groups: Groups) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """uint32[G] colours (0xRRGGBB) and uint8[G] forms. Ten colours come back with another form; forms of groups next to
    one another differ as well, so that a class is told by either. What is not known is grey and a cross.
    """
    count = len(groups.names)
    numbers, colours = np.arange(count), len(theme.colours.series)
    palette = np.array([int(colour[1:], 16) for colour in theme.colours.series], np.uint32)
    inks = palette[numbers % colours]
    forms = ((numbers + numbers // colours) % (len(SHAPES) - 1)).astype(np.uint8)
    if groups.none >= 0:
        inks[groups.none] = int(theme.colours.muted[1:], 16)
        forms[groups.none] = SHAPES.index("cross")
    return inks, forms


def ramp(theme: Theme) -> NDArray[np.uint32]:
    """uint32[256], 0xRRGGBB, from the lowest to the highest: orange, grey, blue, all seen on the ground, and told apart
    by colour-blind eyes.
    """
    stops = (theme.series_colour(1), theme.colours.muted, theme.series_colour(0))
    parts = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops], np.float64)
    places = np.linspace(0, 2, _LEVELS)
    red, green, blue = (np.rint(np.interp(places, (0, 1, 2), parts[:, i])).astype(np.uint32) for i in range(3))
    levels: NDArray[np.uint32] = (red << np.uint32(16)) | (green << np.uint32(8)) | blue
    return levels


def measure_looks(theme: Theme, measure: Measure) -> NDArray[np.uint32]:
    """uint32[M], 0xRRGGBB; grey for what is no number."""
    places = (measure.values - measure.low) / (measure.high - measure.low)
    known = np.isfinite(places)
    levels = np.where(known, np.clip(places, 0, 1), 0.5) * (_LEVELS - 1)
    colours: NDArray[np.uint32] = ramp(theme)[np.rint(levels).astype(np.int64)]
    return colours


def sample(theme: Theme, colour: int, form: int, *, ratio: float) -> QIcon:
    """One point, large, for a legend."""
    side = round(_SIZE * ratio)
    radius = side / 3
    canvas = Canvas(side, side, border=border_for(radius))
    ground = int(theme.colours.surface[1:], 16)
    ink = ink_of(
        np.array([colour], np.uint32), shapes=np.array([form], np.uint8), layers=np.array([PLAIN], np.uint8),
        ground=ground, outline=ground,
    )  # fmt: skip
    canvas.paint(np.array([[side / 2, side / 2]]), ink=ink, radius=radius)
    pixels = canvas.pixels
    pixels[pixels == pixels[0, 0]] = 0  # a chosen line of the list has another ground
    image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_ARGB32)
    pixmap = QPixmap.fromImage(image.copy(canvas.border, canvas.border, side, side))
    pixmap.setDevicePixelRatio(ratio)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def sample_size() -> QSize:
    return QSize(_SIZE, _SIZE)


def paint_ramp(painter: QPainter, room: QRectF, theme: Theme) -> None:
    """The scale from left to right."""
    gradient = QLinearGradient(room.topLeft(), room.topRight())
    for place, colour in ((0.0, theme.series_colour(1)), (0.5, theme.colours.muted), (1.0, theme.series_colour(0))):
        gradient.setColorAt(place, QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(room, 3, 3)

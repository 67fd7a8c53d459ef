"""One sample large, with its score and the training images that are nearest to it."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.jobs import Job
from workbench.gui.models.sample_looks import SampleLook, is_suspicious, verdict
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.latent.filmstrip import paint_picture, to_image

if TYPE_CHECKING:
    from workbench.engine.latent.explorer import Explorer

_WIDTH = 44  # characters
_LARGE, _SMALL = 18 * GAP, 7 * GAP
_LEAST_SCALE = 0.75  # of its place that a picture of whole pixels has to fill
_KEEP = Qt.AspectRatioMode.KeepAspectRatio
_HINT = (
    "Choose a sample to see it large, how the network scores it, and whether the training data has an image like it."
)
_LOOKING = "Looking for the nearest training images."
_NO_RUN = "The training images of this network are not at hand."


class SampleCard(QWidget):
    """Says what to do until :meth:`show_sample`.

    Signals:
        walk_wanted: From the sample.
        walk_to_wanted: From the sample to its nearest training image: the image's id.
        place_wanted: The sample in the plane.
    """

    walk_wanted = Signal()
    walk_to_wanted = Signal(int)
    place_wanted = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self._look: SampleLook | None = None
        self.title = WrappedLabel(_HINT)
        self.picture = _Picture(theme, side=_LARGE, name=f"{name}-picture", text="The sample, large")
        self.score = WrappedLabel()
        self.heading = QLabel("Nearest training images")
        self.heading.setProperty("role", "heading")
        self.neighbours = _Neighbours(theme, name=f"{name}-neighbours")
        self.verdict = WrappedLabel()
        named(self.verdict, f"{name}-verdict", "Whether the sample is memorised")
        self.progress = ProgressLine(theme, name=f"{name}-progress")
        self.walk = named(QPushButton("Walk from here"), f"{name}-walk", "Walk from this sample")
        self.walk_to = named(QPushButton("Walk to nearest"), f"{name}-walk-to", "Walk to its nearest image")
        self.place = named(QPushButton("Show in plane"), f"{name}-place", "Show this sample in the plane")
        self.walk.setToolTip("Make it a place on the walk")
        self.walk_to.setToolTip("Walk from this sample to the training image that is nearest to it")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(GAP, 0, GAP, GAP)
        column.setSpacing(GAP)
        beside = QVBoxLayout()
        beside.setSpacing(GAP // 2)
        for widget in (self.score, self.walk, self.walk_to, self.place):
            beside.addWidget(widget)
        beside.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.picture)
        top.addLayout(beside, 1)
        column.addWidget(self.title)
        column.addLayout(top)
        for below in (self.heading, self.neighbours, self.verdict, self.progress):
            column.addWidget(below)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(area)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * _WIDTH)
        self.walk.clicked.connect(self.walk_wanted)
        self.walk_to.clicked.connect(self._on_walk_to_clicked)
        self.place.clicked.connect(self.place_wanted)
        self.clear()

    def clear(self) -> None:
        """Say what to do."""
        self._look = None
        self.progress.release()
        self.title.setText(_HINT)
        self.title.setProperty("role", "muted")
        self._restyle(self.title)
        parts = (self.picture, self.score, self.heading, self.neighbours, self.verdict)
        for widget in (*parts, self.walk, self.walk_to, self.place):
            widget.hide()

    def show_sample(
        self, picture: NDArray[np.uint8], *, title: str, has_code: bool, comparable: bool, plane: bool
    ) -> None:
        """Show a sample whose score and neighbours are not known yet.

        Args:
            has_code: Whether one can walk from it.
            comparable: Whether there are training images to compare with.
            plane: Whether it can be shown in the plane.
        """
        self._look = None
        self.title.setText(title)
        self.title.setProperty("role", "")
        self._restyle(self.title)
        self.picture.set_image(to_image(picture))
        self.picture.show()
        self.score.hide()
        self.heading.show()
        self.neighbours.hide()
        self.verdict.show()
        self._say(_LOOKING if comparable else _NO_RUN, bad=False)
        self.walk.setVisible(has_code)
        self.place.setVisible(has_code and plane)
        self.walk_to.setVisible(has_code)
        self.walk_to.setEnabled(False)

    def follow(self, job: Job) -> None:
        """Show how far the comparison is."""
        self.progress.follow(job)

    def show_score(self, value: float, explorer: "Explorer") -> None:
        """Say how the network scores it."""
        self.score.setVisible(math.isfinite(value))
        unit = f" {explorer.score_unit}" if explorer.score_unit else ""
        self.score.setText(f"{explorer.score_name}: {value:,.2f}{unit}".replace("-", "\N{MINUS SIGN}"))

    def show_look(self, look: SampleLook) -> None:
        """Show its neighbours, and what they say."""
        self._look = look
        self.neighbours.set_neighbours([to_image(one) for one in look.pictures], look.distances.tolist())
        self.neighbours.show()
        self._say(verdict(look), bad=is_suspicious(look))
        self.walk_to.setEnabled(len(look.items) > 0)

    def show_problem(self, text: str) -> None:
        """Say why there is nothing to compare with."""
        self._say(text, bad=False)

    def _say(self, text: str, *, bad: bool) -> None:
        self.verdict.setText(f"\N{WARNING SIGN} {text}" if bad else text)
        self.verdict.setProperty("role", "" if bad else "muted")
        self._restyle(self.verdict)

    def _restyle(self, widget: QWidget) -> None:
        widget.style().unpolish(widget)
        widget.style().polish(widget)

    def _on_walk_to_clicked(self) -> None:
        if self._look is not None:
            self.walk_to_wanted.emit(int(self._look.items[0]))


def _fills(image: QImage, square: QRectF, *, ratio: float) -> bool:
    """Whether a picture in whole pixels takes most of its place."""
    room, own = square.width() * ratio, max(image.width(), image.height())
    return own > room or own * int(room / own) >= _LEAST_SCALE * room


class _Picture(QWidget):
    """One picture, pixel by pixel if it is small."""

    def __init__(self, theme: Theme, *, side: int, name: str, text: str) -> None:
        super().__init__()
        named(self, name, text)
        self._theme, self._image = theme, QImage()
        self.setFixedSize(side, side)

    def set_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._image.isNull():
            painter = QPainter(self)
            side = float(min(self.width(), self.height())) - 2
            paint_picture(painter, QRectF((self.width() - side) / 2, 1, side, side), self._image, theme=self._theme)


class _Neighbours(QWidget):
    """Pictures in a row, the distance below each."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "The nearest training images")
        self._theme = theme
        self._images: list[QImage] = []
        self._distances: list[float] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_neighbours(self, images: list[QImage], distances: list[float]) -> None:
        self._images, self._distances = images, distances
        words = ", ".join(f"{distance:.3f}" for distance in distances)
        self.setAccessibleDescription(f"{len(images)} images, at distances {words}")
        self.setToolTip(f"Distances: {words}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(4 * _SMALL, _SMALL + self.fontMetrics().height() + GAP // 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _SMALL, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._images:
            return
        painter = QPainter(self)
        cell = self.width() / len(self._images)
        side = min(cell - 1, _SMALL + 2.0)
        for number, (image, distance) in enumerate(zip(self._images, self._distances, strict=True)):
            left = number * cell
            square = QRectF(left + 1, 1, side - 2, side - 2)
            if not _fills(image, square, ratio=self.devicePixelRatioF()):  # better smooth than a stamp
                size = (square.size() * self.devicePixelRatioF()).toSize()
                image = image.scaled(size, _KEEP, Qt.TransformationMode.SmoothTransformation)
                image.setDevicePixelRatio(1.0)
            paint_picture(painter, square, image, theme=self._theme)
            painter.setPen(self.palette().text().color())
            words = QRectF(left, side, side, self.fontMetrics().height() + GAP // 2)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter), f"{distance:.2f}")

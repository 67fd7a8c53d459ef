"""A row of sample images: as many of them as there is room for, spread over all there are."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.engine.data.source import Record
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.thumbnails import CRISP
from workbench.gui.widgets.images.tile import picture_rect

_LINES = 7  # side of a picture, in lines of text


class SampleStrip(QWidget):
    """Pictures with the names of their classes below."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        named(self, "data.import-samples", "Samples")
        self._theme = theme
        self._samples: list[Record] = []
        self._classes: tuple[str, ...] = ()
        self._pictures: dict[int, QImage | None] = {}
        self._errors: dict[int, str] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_samples(self, samples: Sequence[Record], *, classes: tuple[str, ...]) -> None:
        """Turn to other samples, whose pictures are still to come."""
        self._samples, self._classes = list(samples), classes
        self._pictures.clear()
        self._errors.clear()
        self.setAccessibleDescription(", ".join(self._caption(number) for number in range(len(self._samples))))
        self.updateGeometry()
        self.update()

    def show_picture(self, number: int, image: QImage | None, *, error: str = "") -> None:
        """A sample's picture is there, or there is none, for a reason."""
        self._pictures[number] = image
        if error:
            self._errors[number] = error
        self.update()

    @property
    def pictures(self) -> int:
        """Samples that have a picture."""
        return sum(image is not None for image in self._pictures.values())

    @property
    def side(self) -> int:
        """Logical pixels of a picture's square."""
        return _LINES * self.fontMetrics().height()

    def sizeHint(self) -> QSize:
        caption = self.fontMetrics().height() + GAP // 2 if self._classes else 0
        return QSize(4 * self.side, self.side + caption)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.side, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _places(self) -> list[tuple[int, QRect]]:
        """Which samples are shown, and where."""
        room = max(1, (self.width() + GAP) // (self.side + GAP))
        count = min(room, len(self._samples))
        last = len(self._samples) - 1
        shown = [round(number * last / max(1, count - 1)) for number in range(count)]
        return [
            (sample, QRect(place * (self.side + GAP), 0, self.side, self.side)) for place, sample in enumerate(shown)
        ]

    def _caption(self, number: int) -> str:
        labels = self._samples[number].labels
        label = labels[0] if labels else -1
        return self._classes[label] if 0 <= label < len(self._classes) else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for number, square in self._places():
            if number in self._errors:
                self._paint_unreadable(painter, square)
            else:
                self._paint_picture(painter, square, self._pictures.get(number))
            self._paint_caption(painter, square, number)

    def _paint_picture(self, painter: QPainter, square: QRect, image: QImage | None) -> None:
        colours = self._theme.colours
        painter.fillRect(square, QColor(colours.raised))
        if image is None:
            return
        target = picture_rect(image.size(), QRectF(square), ratio=painter.device().devicePixelRatioF())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(image.width(), image.height()) > CRISP)
        painter.drawImage(target, image)

    def _paint_unreadable(self, painter: QPainter, square: QRect) -> None:
        colours = self._theme.colours
        painter.fillRect(square, QColor(colours.raised))
        painter.setPen(QPen(QColor(colours.bad), 1, Qt.PenStyle.DashLine))
        painter.drawRect(square.adjusted(0, 0, -1, -1))
        middle = square.center()
        where = QRect(middle.x() - ICON // 2, middle.y() - ICON - GAP // 2, ICON, ICON)
        self._theme.icon("error", colour=colours.bad).paint(painter, where)
        painter.setPen(QColor(colours.bad))
        below = square.adjusted(0, square.height() // 2, 0, 0)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), "cannot be read")

    def _paint_caption(self, painter: QPainter, square: QRect, number: int) -> None:
        caption = self._caption(number)
        if not caption:
            return
        line = QRect(square.left(), square.bottom() + GAP // 2, square.width(), self.fontMetrics().height())
        text = self.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, line.width())
        painter.setPen(QColor(self._theme.colours.muted))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), text)

    def _sample_at(self, place: QPoint) -> int | None:
        return next((number for number, square in self._places() if square.contains(place)), None)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self._sample_at(event.pos())
            words = "" if number is None else self._errors.get(number) or self._samples[number].name
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

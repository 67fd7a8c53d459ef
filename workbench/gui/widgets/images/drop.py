"""What was dropped on a widget, as things to import, and the frame that says that it may be dropped there."""

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.gui.theme import GAP, Theme

_MOST = 100  # things in one drop; more is a slip of the hand
_LONGEST = 4096  # characters of a path or an identifier


def targets_of(mime: QMimeData) -> list[str]:
    """Paths of local files and folders, else each line of a text; empty where there is nothing to import."""
    paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
    lines = [] if paths else [line.strip() for line in mime.text().splitlines()]
    found = [target for target in (*paths, *lines) if target and len(target) <= _LONGEST]
    return list(dict.fromkeys(found))[:_MOST]


class DropHighlight(QWidget):
    """Lies over ``host``, hidden until something is dragged over it; the mouse goes through."""

    def __init__(self, host: QWidget, theme: Theme, *, text: str) -> None:
        super().__init__(host)
        self._host = host
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme, self._text = theme, text
        host.installEventFilter(self)
        self.hide()

    def appear(self) -> None:
        self.resize(self._host.size())
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.resize(self._host.size())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colours.window)
        veil.setAlphaF(0.9)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(GAP, GAP, -GAP, -GAP)
        fill = QColor(colours.accent)
        fill.setAlphaF(0.12)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(colours.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, GAP, GAP)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        inside = frame.adjusted(GAP, GAP, -GAP, -GAP)
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._text)

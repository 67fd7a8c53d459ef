"""A small window to choose one class of many: type a part of its name, take it with Enter or a click."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON

_LABEL = Qt.ItemDataRole.UserRole
_WIDTH, _ROWS = 30, 12  # characters and rows that are seen
_MOST_CHIPS = 400  # classes that are marked with their colour


class ClassPicker(QFrame):
    """Closes when something else is clicked, or with Escape.

    Signals:
        picked: The label; -1 for unknown.
    """

    picked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("card", True)
        self.line = named(QLineEdit(), "data.pick-line", "Part of the class's name")
        self.line.setPlaceholderText("Find a class")
        self.list = named(QListWidget(), "data.pick-list", "Classes")
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setIconSize(QSize(ICON, ICON))
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._on_text_changed)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(self._on_item_clicked)

    def ask(self, names: Sequence[str], colours: Sequence[str], *, at: QPoint) -> None:
        """Offer these classes, and "unknown", with the corner at a place of the screen."""
        self.list.clear()
        for label, name in enumerate(names):
            item = QListWidgetItem(name)
            if label < _MOST_CHIPS:
                item.setIcon(self._chip(colours[label]))
            item.setData(_LABEL, label)
            self.list.addItem(item)
        unknown = QListWidgetItem("unknown")
        unknown.setData(_LABEL, -1)
        self.list.addItem(unknown)
        self.line.clear()
        self._on_text_changed("")
        metrics = self.fontMetrics()
        rows = min(_ROWS, self.list.count())
        self.list.setFixedHeight(rows * max(1, self.list.sizeHintForRow(0)) + GAP)
        self.setFixedWidth(_WIDTH * metrics.averageCharWidth())
        self.adjustSize()
        room = self.screen().availableGeometry()
        left = min(at.x(), room.right() - self.width())
        top = at.y() if at.y() + self.height() <= room.bottom() else at.y() - self.height()
        self.move(max(room.left(), left), max(room.top(), top))
        self.show()
        self.line.setFocus()

    def _chip(self, colour: str) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(ICON * ratio), round(ICON * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(3, 3, ICON - 6, ICON - 6, 3, 3)
        painter.end()
        return QIcon(pixmap)

    def _on_text_changed(self, text: str) -> None:
        wanted = text.strip().casefold()
        first = -1
        for row in range(self.list.count()):
            item = self.list.item(row)
            hidden = wanted not in item.text().casefold()
            item.setHidden(hidden)
            if not hidden and first < 0:
                first = row
        self.list.setCurrentRow(first)

    def _on_item_clicked(self, item: QListWidgetItem) -> None:
        self._take(item)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None and not item.isHidden():
            self.hide()
            self.picked.emit(int(item.data(_LABEL)))

    def _step(self, step: int) -> None:
        row = self.list.currentRow() + step
        while 0 <= row < self.list.count():
            if not self.list.item(row).isHidden():
                self.list.setCurrentRow(row)
                return
            row += step

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.list.currentItem())
                return True
        return False

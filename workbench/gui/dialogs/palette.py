"""The command palette: type a few letters of what you want, press Enter."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.actions import Action, Actions, current_text, shortcut_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

_WIDTH, _ROWS = 60, 12  # characters and lines


class CommandPalette(QDialog):
    """Every command that makes sense now, filtered by words in any order."""

    def __init__(self, actions: Actions, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions, self._theme = actions, theme
        self._query = named(QLineEdit(placeholderText="What do you want to do?"), "palette.query", "Find a command")
        self._query.installEventFilter(self)
        self._query.textChanged.connect(self._on_query_changed)
        self._list = named(QListWidget(), "palette.commands", "Commands")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(self._on_item_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self._query)
        column.addWidget(self._list)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * _WIDTH, metrics.lineSpacing() * 2 * _ROWS)
        above = parent.mapToGlobal(parent.rect().topLeft())
        self.move(above.x() + (parent.width() - self.width()) // 2, above.y() + parent.height() // 8)
        self._fill("")

    def _fill(self, query: str) -> None:
        self._list.clear()
        words = query.lower().split()
        found = [
            (rank, action)
            for action in self._actions.all()
            if action.enabled() and (rank := _rank(action, words)) is not None
        ]
        for _, action in sorted(found, key=lambda pair: pair[0]):
            keys = shortcut_text(action)
            item = QListWidgetItem(f"{current_text(action).rstrip('…')}{f'    {keys}' if keys else ''}")
            item.setData(Qt.ItemDataRole.UserRole, action.id)
            item.setIcon(self._theme.icon(action.icon or "chevron-right"))
            self._list.addItem(item)
        self._list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
            if event.key() in step and self._list.count():
                row = self._list.currentRow() + step[Qt.Key(event.key())]
                self._list.setCurrentRow(max(0, min(self._list.count() - 1, row)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if item := self._list.currentItem():
                    self._on_item_chosen(item)
                return True
        return super().eventFilter(watched, event)

    def _on_query_changed(self, text: str) -> None:
        self._fill(text)

    def _on_item_chosen(self, item: QListWidgetItem) -> None:
        id = item.data(Qt.ItemDataRole.UserRole)
        self.close()
        self._actions.trigger(id)


def _rank(action: Action, words: list[str]) -> int | None:
    """Where the first word stands in the text; ``None`` unless all words occur in text or id."""
    text = f"{current_text(action)} {action.menu} {action.id}".lower()
    if not all(word in text for word in words):
        return None
    return text.find(words[0]) if words else 0

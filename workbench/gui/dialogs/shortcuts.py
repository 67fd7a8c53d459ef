"""The sheet of shortcuts: what the keys do here and everywhere."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.actions import EVERYWHERE, Actions, shortcut_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP


class ShortcutSheet(QDialog):
    """Lists the shortcuts of one panel and those that work everywhere.

    Args:
        panel: The id of the panel in view; ``title`` what it is called.
    """

    def __init__(self, actions: Actions, *, panel: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        grid = QGridLayout()
        grid.setHorizontalSpacing(4 * GAP)
        grid.setVerticalSpacing(GAP // 2)
        grid.setColumnStretch(1, 1)
        row = 0
        for where, heading in ({panel: title} | {EVERYWHERE: "Everywhere"}).items():
            rows = [(shortcut_text(one), one.text) for one in actions.all() if one.panel == where and one.shortcut]
            if not rows:
                continue
            label = QLabel(heading)
            label.setProperty("role", "heading")
            grid.addWidget(label, row, 0, 1, 2)
            row += 1
            for keys, text in rows:
                tag = QLabel(keys)
                tag.setProperty("role", "badge")
                grid.addWidget(tag, row, 0, Qt.AlignmentFlag.AlignLeft)
                grid.addWidget(QLabel(text.rstrip("…")), row, 1)
                row += 1
            grid.setRowMinimumHeight(row, GAP)
            row += 1
        grid.setRowStretch(row, 1)
        body = QWidget()
        body.setLayout(grid)
        area = named(QScrollArea(widgetResizable=True), "shortcuts.list", "Keyboard shortcuts")
        area.setWidget(body)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        named(buttons.button(QDialogButtonBox.StandardButton.Close), "shortcuts.close", "Close")
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(area, 1)
        column.addWidget(buttons)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 64, min(metrics.lineSpacing() * 36, parent.height()))

"""Buttons for what the mouse does on a scatter: move, lasso, rectangle; and one to see all points again."""

from functools import partial

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.scatter import Scatter, Tool

_WORDS = {
    Tool.LASSO: ("Lasso", "Drag around points to select them. Shift adds to the selection, Alt takes away."),
    Tool.RECTANGLE: ("Rectangle", "Drag a rectangle to select points. Shift adds to the selection, Alt takes away."),
    Tool.MOVE: ("Move", "Drag the points about; with the right button that always works. The wheel zooms."),
}


class ScatterTools(QWidget):
    """Follows its scatter.

    Args:
        name: First part of its buttons' names, ``panel.thing``.
    """

    def __init__(self, scatter: Scatter, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._scatter = scatter
        self._buttons: dict[Tool, QToolButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 4)
        for tool, (text, about) in _WORDS.items():
            button = named(QToolButton(), f"{name}-{tool.value}", text)
            button.setText(text)
            button.setToolTip(about)
            button.setCheckable(True)
            button.clicked.connect(partial(scatter.set_tool, tool))
            group.addButton(button)
            self._buttons[tool] = button
            row.addWidget(button)
        fit = named(QToolButton(), f"{name}-fit", "Show all points")
        fit.setIcon(theme.icon("zoom-fit"))
        fit.setToolTip("Show all points (double click, or 0)")
        fit.clicked.connect(scatter.fit)
        row.addWidget(fit)
        for button in (*self._buttons.values(), fit):
            button.setFocusPolicy(button.focusPolicy().StrongFocus)
        scatter.tool_changed.connect(self._on_tool_changed)
        self._on_tool_changed()

    def _on_tool_changed(self) -> None:
        self._buttons[self._scatter.tool].setChecked(True)

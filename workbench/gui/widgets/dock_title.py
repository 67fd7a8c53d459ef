"""The title bar of a dock: its name, and buttons that tear it off and close it."""

from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme


class DockTitle(QWidget):
    """Dragging it moves the dock, as with any title bar.

    Args:
        name: First part of its buttons' names, e.g. ``"train"`` for ``train.tear-off`` and ``train.close``.
    """

    def __init__(self, dock: QDockWidget, theme: Theme, *, name: str) -> None:
        super().__init__(dock)
        self.setObjectName("titlebar")
        self._dock, self._theme = dock, theme
        text = dock.windowTitle()
        title = QLabel(text)
        title.setProperty("role", "heading")
        self._tear = named(QToolButton(), f"{name}.tear-off", f"Tear off {text}")
        self._close = named(QToolButton(), f"{name}.close", f"Close {text}")
        self._close.setToolTip(f"Close {text}")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP, GAP // 4, GAP // 2, GAP // 4)
        row.setSpacing(GAP // 2)
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(self._tear)
        row.addWidget(self._close)
        self._tear.clicked.connect(self._on_tear_clicked)
        self._close.clicked.connect(dock.close)
        dock.topLevelChanged.connect(self._on_place_changed)
        theme.changed.connect(self._on_place_changed)
        self._on_place_changed()

    def set_closable(self, closable: bool) -> None:
        self._close.setVisible(closable)

    def _on_tear_clicked(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())
        self._dock.show()

    def _on_place_changed(self) -> None:
        floating = self._dock.isFloating()
        words = f"Put {self._dock.windowTitle()} back" if floating else f"Tear off {self._dock.windowTitle()}"
        self._tear.setIcon(self._theme.icon("dock-back" if floating else "tear-off"))
        self._close.setIcon(self._theme.icon("close"))
        self._tear.setToolTip(words)
        self._tear.setAccessibleName(words)

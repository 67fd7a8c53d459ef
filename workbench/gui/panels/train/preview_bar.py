"""Which kind of preview is in view, and its ways out of the program. What they hold is the owner's."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from workbench.engine.project.previews import DRAWN, MANIFOLD, PREDICTIONS, RECONSTRUCTIONS, SAMPLES
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme

TITLES = {
    PREDICTIONS: "Predictions",
    SAMPLES: "Samples",
    DRAWN: "Drawn pixels",
    RECONSTRUCTIONS: "Reconstructions",
    MANIFOLD: "Manifold",
}
"""Kinds of previews in the order of the switch."""
ABOUT = {
    PREDICTIONS: "",
    SAMPLES: "Made of the same random codes at every step.",
    DRAWN: "The same samples with every pixel drawn at random, as the network says how likely each value is.",
    RECONSTRUCTIONS: "Validation images, and below each what became of it.",
    MANIFOLD: "The whole plane of codes, at equal steps of the prior's probability.",
}
IMAGE, FILM = "image", "film"


class PreviewBar(QWidget):
    """A switch with a button a kind, a sentence on the one that is chosen, and the export menu.

    Signals:
        chosen: A person chose this kind.
        export_asked: Write :data:`IMAGE` or :data:`FILM`, and the path where to.
    """

    chosen = Signal(str)
    export_asked = Signal(str, object)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._theme, self._name = theme, name
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for kind, title in TITLES.items():
            button = named(QToolButton(), f"{name}.kind-{kind}", title)
            button.setText(title)
            button.setToolTip(ABOUT[kind])
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(self._on_button_clicked)
            button.hide()
            self._group.addButton(button)
            self._buttons[kind] = button
            row.addWidget(button)
        self._about = QLabel()
        self._about.setProperty("role", "muted")
        self._about.setContentsMargins(GAP, 0, GAP, 0)
        self._about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._about, 1)
        self._export = named(QToolButton(), f"{name}.export", "Export previews")
        self._export.setText("Export")
        self._export.setIconSize(QSize(ICON, ICON))
        self._export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._export.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(self._export)
        self._image = self._action(menu, "Image of this preview (PNG)…", IMAGE)
        self._film = self._action(menu, "Save as GIF, all steps…", FILM)
        self._export.setMenu(menu)
        row.addWidget(self._export)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _action(self, menu: QMenu, text: str, what: str) -> QAction:
        action = QAction(text, menu)
        action.setObjectName(f"{self._name}.export-{what}")
        action.setData(what)
        action.triggered.connect(self._on_export_triggered)
        menu.addAction(action)
        return action

    @property
    def kinds(self) -> tuple[str, ...]:
        """What there is to choose from; nothing is offered where there is no choice."""
        return tuple(kind for kind, button in self._buttons.items() if not button.isHidden())

    def show_kinds(self, kinds: Sequence[str], *, chosen: str) -> None:
        """Offer these, in the order of :data:`TITLES`, with ``chosen`` pressed."""
        for kind, button in self._buttons.items():
            button.setVisible(kind in kinds and (len(kinds) > 1 or kind != PREDICTIONS))
            if kind == chosen:
                button.setChecked(True)
        self._about.setText(ABOUT.get(chosen, ""))
        self._about.setToolTip(ABOUT.get(chosen, ""))
        self._image.setEnabled(bool(kinds))
        self._film.setEnabled(bool(kinds) and chosen != PREDICTIONS)
        self.setVisible(bool(kinds))

    def _on_button_clicked(self) -> None:
        pressed = self.sender()
        self.chosen.emit(next(kind for kind, button in self._buttons.items() if button is pressed))

    def _on_export_triggered(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        film = action.data() == FILM
        dialog = QFileDialog(self, "Export", "", "Animated pictures (*.gif)" if film else "PNG (*.png)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("gif" if film else "png")
        dialog.selectFile(next((kind for kind, button in self._buttons.items() if button.isChecked()), "preview"))
        dialog.setObjectName(f"{self._name}.save-{action.data()}")
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        self.export_asked.emit(self.sender().objectName().rpartition("-")[2], Path(path))

    def _on_theme_changed(self) -> None:
        self._export.setIcon(self._theme.icon("export"))

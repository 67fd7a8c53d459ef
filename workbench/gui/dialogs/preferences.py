"""Preferences: a form over :class:`~workbench.engine.preferences.Preferences`, stored when it is closed with Save."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.engine.preferences import Preferences
from workbench.gui.form import ParamsForm
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme


class PreferencesDialog(QDialog):
    """Signals: ``wanted`` with the new :class:`Preferences`. Whoever stores them closes it, or says why not."""

    wanted = Signal(object)

    def __init__(self, preferences: Preferences, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle("Preferences")
        self._form = ParamsForm(preferences, theme=theme, name="preferences.form", baseline=Preferences())
        self._problem = QLabel(wordWrap=True)
        self._problem.setProperty("role", "error")
        self._problem.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "preferences.cancel", "Cancel")
        self._save = named(QPushButton("Save"), "preferences.save", "Save the preferences")
        self._save.setProperty("primary", True)
        buttons.addButton(self._save, QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addWidget(self._form, 1)
        column.addWidget(self._problem)
        column.addWidget(buttons)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 70, metrics.lineSpacing() * 32)
        self._save.setDefault(True)
        self._form.validity_changed.connect(self._on_validity_changed)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)

    def show_problem(self, sentence: str) -> None:
        """Say why they cannot be stored."""
        self._problem.setText(sentence)
        self._problem.show()

    def _on_validity_changed(self) -> None:
        self._save.setEnabled(self._form.valid)

    def _on_accepted(self) -> None:
        self.wanted.emit(self._form.params)

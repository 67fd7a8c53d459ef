"""Preferences: a form over :class:`~workbench.engine.preferences.Preferences`, stored when it is closed with Save."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

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
        self._folder = preferences.cache
        self._cached = QLabel()
        self._cached.setProperty("role", "muted")
        self._clear = named(QPushButton("Empty the cache"), "preferences.clear-cache", "Empty the cache")
        self._clear.setAutoDefault(False)
        self._clear.clicked.connect(self._on_clear_clicked)
        cache = QHBoxLayout()
        cache.addWidget(self._cached, 1)
        cache.addWidget(self._clear)
        self._show_cached()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "preferences.cancel", "Cancel")
        self._save = named(QPushButton("Save"), "preferences.save", "Save the preferences")
        self._save.setProperty("primary", True)
        buttons.addButton(self._save, QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addWidget(self._form, 1)
        column.addLayout(cache)
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

    def _show_cached(self) -> None:
        from workbench.engine.data.pixel_cache import cache_report

        report = cache_report(self._folder)
        count = len(report.sets)
        sets = "1 set" if count == 1 else f"{count:,} sets"
        self._cached.setText(f"Decoded images in the cache: {report.bytes / 2**20:,.0f} MiB in {sets}")
        self._clear.setEnabled(any(not one.busy for one in report.sets))

    def _on_clear_clicked(self) -> None:
        from workbench.engine.data.pixel_cache import evict

        evict(self._folder)
        self._show_cached()

    def _on_validity_changed(self) -> None:
        self._save.setEnabled(self._form.valid)

    def _on_accepted(self) -> None:
        self.wanted.emit(self._form.params)

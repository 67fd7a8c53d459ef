"""What a dataset is, above its gallery: name, counts, where it comes from."""

import time

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.engine.project.project import DatasetRow
from workbench.gui.theme import GAP
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.set_list import DOT, facts, split_facts

_FINGERPRINT = 8  # characters of it that tell two sets apart for a person


class ImageSetHeader(QWidget):
    """Three lines of text."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._counts, self._origin = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self._name.setProperty("role", "title")
        self._origin.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 4)
        for label in (self._name, self._counts, self._origin):
            column.addWidget(label)

    def show_row(self, row: DatasetRow) -> None:
        self._name.show_text(row.name)
        self._counts.show_text(f"{facts(row)}{DOT}{split_facts(row)}")
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
        fingerprint = row.fingerprint[:_FINGERPRINT]
        self._origin.show_text(f"Imported {moment}{DOT}fingerprint {fingerprint}{DOT}from {row.origin}")

    @property
    def text(self) -> str:
        """All three lines."""
        return "\n".join(label.whole for label in (self._name, self._counts, self._origin))

"""What a dataset is, above its pages: name, counts, where it comes from, and what was changed of it since."""

import time
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.engine.project.project import DatasetRow
from workbench.gui.models.statistics import splits_of
from workbench.gui.theme import GAP
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.set_list import DOT, facts, split_facts, splits_text

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

_FINGERPRINT = 8  # characters of it that tell two sets apart for a person


class ImageSetHeader(QWidget):
    """Three lines of text, and a fourth where the import mended something."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._counts, self._origin, self._repairs = (ElidedLabel() for _ in range(4))
        self._name.setProperty("role", "title")
        self._origin.setProperty("role", "muted")
        self._repairs.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 4)
        for label in (self._name, self._counts, self._origin, self._repairs):
            column.addWidget(label)

    def show_row(self, row: DatasetRow) -> None:
        """The dataset as it was imported."""
        self._name.show_text(row.name)
        self._counts.show_text(f"{facts(row)}{DOT}{split_facts(row)}")
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
        fingerprint = row.fingerprint[:_FINGERPRINT]
        self._origin.show_text(f"Imported {moment}{DOT}fingerprint {fingerprint}{DOT}from {row.origin}")
        self._repairs.show_text(f"Repaired: {'; '.join(row.repairs)}" if row.repairs else "")
        self._repairs.setVisible(bool(row.repairs))

    def show_dataset(self, dataset: "Dataset") -> None:
        """The same as it is now."""
        state = dataset.state
        kept = state.splits[~state.excluded]
        parts = [facts(dataset.row), splits_text({split: int((kept == split).sum()) for split in splits_of(kept)})]
        for number, word in (
            (len(state) - len(kept), "excluded"),
            (int(state.relabelled.sum()), "relabelled"),
        ):
            if number:
                parts.append(f"{number:,} {word}")
        self._counts.show_text(DOT.join(parts))

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(label.whole for label in (self._name, self._counts, self._origin, self._repairs)).strip()

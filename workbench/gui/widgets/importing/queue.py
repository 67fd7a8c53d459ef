"""Several things dropped at once: what comes after the one that is shown."""

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from workbench.gui.naming import named
from workbench.gui.theme import GAP
from workbench.gui.widgets.images.label import ElidedLabel


class TargetQueue(QFrame):
    """Hidden while nothing waits.

    Signals:
        all_wanted: Import what is shown and all that wait, without looking at each.
    """

    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("data.import-queue")
        self.setProperty("card", True)
        self._targets: list[str] = []
        self._text = ElidedLabel()
        self._all = named(QPushButton("Import all"), "data.import-all", "Import all of them without looking at each")
        self._drop = named(QPushButton("Only this one"), "data.import-only", "Forget the others")
        for button in (self._all, self._drop):
            button.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP, GAP // 2, GAP // 2, GAP // 2)
        row.setSpacing(GAP)
        row.addWidget(self._text, 1)
        row.addWidget(self._drop)
        row.addWidget(self._all)
        self._all.clicked.connect(self.all_wanted)
        self._drop.clicked.connect(self.clear)
        self.hide()

    def put(self, targets: Sequence[str]) -> None:
        """Let these wait, and nothing else."""
        self._targets = list(targets)
        count = len(self._targets)
        names = ", ".join(PurePath(target).name or target for target in self._targets)
        self._text.show_text(f"{count:,} more to come, one after another: {names}")
        self._all.setText(f"Import all {count + 1:,}")
        self.setVisible(bool(self._targets))

    def take(self) -> str:
        """The next one, which no longer waits; empty if there is none."""
        target = self._targets[0] if self._targets else ""
        self.put(self._targets[1:])
        return target

    def take_all(self) -> list[str]:
        targets = self._targets
        self.put(())
        return targets

    def clear(self) -> None:
        self.put(())

    @property
    def text(self) -> str:
        return self._text.whole if self._targets else ""

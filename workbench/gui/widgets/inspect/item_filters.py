"""What narrows the items of an inspection down, and in what order they come."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QWidget

from workbench.engine.inspection.ranking import RANKINGS
from workbench.gui.models.catalogue import ANY
from workbench.gui.models.inspected_items import Verdict
from workbench.gui.models.item_list import LISTED, Choice
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.chip import Chip
from workbench.gui.widgets.images.wrapping import WrapLayout

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection

USUAL_RANKING, WITHOUT_LABELS = "worst", "least-confident"
_BY_LABELS = (USUAL_RANKING, "confidently-wrong")
_PAUSE_MILLISECONDS = 120  # after a letter was typed
_CHOSEN, _NAMED, _LONGEST = 9, 12, 26  # characters of a combo box, of the name, and of either at most
_CHIP = 48  # characters of the chip at most
_VERDICTS = {
    None: "Right and wrong",
    Verdict.RIGHT: "Right",
    Verdict.WRONG: "Wrong",
    Verdict.NO_LABEL: "No label",
}


class ItemFilters(QWidget):
    """One row, or two where it is narrow.

    Signals:
        changed: Other items are wanted; see :meth:`choice`.
        ranked: Another order is wanted; see :attr:`ranking`.
        widened: Everything is wanted again that is not filtered: the chip was removed.
    """

    changed = Signal()
    ranked = Signal()
    widened = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.chip = Chip(theme, name="inspect.widen")
        self._ranking = named(QComboBox(), "inspect.ranking", "Order of the items")
        self._truth = named(QComboBox(), "inspect.truth", "True class")
        self._predicted = named(QComboBox(), "inspect.predicted", "Predicted class")
        self._verdict = named(QComboBox(), "inspect.verdict", "Right or wrong")
        longest = self.fontMetrics().averageCharWidth() * _LONGEST
        for combo in (self._truth, self._predicted, self._verdict):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(_CHOSEN)
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            combo.setMaximumWidth(longest)
        self._text = named(QLineEdit(), "inspect.text", "Part of the name")
        self._text.setPlaceholderText("Name contains")
        self._text.setClearButtonEnabled(True)
        self._text.setAcceptDrops(False)  # what is dropped on the panel is classified
        self._text.setMinimumWidth(self.fontMetrics().averageCharWidth() * _NAMED)
        self._text.setMaximumWidth(longest)
        row = WrapLayout(self)
        combos = (self._ranking, self._truth, self._predicted, self._verdict)
        for widget in (self.chip, *combos, self._text):
            row.addWidget(widget)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._fill_rankings(listed=False)
        for verdict, text in _VERDICTS.items():
            self._verdict.addItem(text, verdict)
        self._typing = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._typing.timeout.connect(self._on_changed)
        self._text.textChanged.connect(self._typing.start)
        for combo in combos[1:]:
            combo.currentIndexChanged.connect(self._on_changed)
        self._ranking.currentIndexChanged.connect(self._on_ranking_chosen)
        self.chip.removed.connect(self.widened)
        self.fill(None)

    def fill(self, inspection: "Inspection | None", *, keep: bool = False) -> None:
        """Offer the classes of an inspection; no signal says so.

        Args:
            keep: What was chosen stays; else nothing is narrowed down any more.
        """
        if not keep:
            self.clear()
        for combo, title in ((self._truth, "Any true class"), (self._predicted, "Any prediction")):
            blocked, chosen = QSignalBlocker(combo), combo.currentData()
            combo.clear()
            combo.addItem(title, ANY)
            if inspection is not None:
                labels = inspection.labels if combo is self._truth else inspection.predicted
                known = labels[labels >= 0]
                counts = np.bincount(known, minlength=len(inspection.classes)).tolist()
                for label, name in enumerate(inspection.classes):
                    combo.addItem(f"{name} ({counts[label]:,})", label)
                if len(known) < len(labels):
                    combo.addItem(f"no label ({len(labels) - len(known):,})", -1)
            _choose(combo, chosen)
            blocked.unblock()
        self.suit(inspection)
        self.setEnabled(inspection is not None)

    def suit(self, inspection: "Inspection | None") -> None:
        """Where no item has a label, an order that needs labels gives way, without a signal."""
        if inspection is not None and not inspection.known.any() and self.ranking in _BY_LABELS:
            self.set_ranking(WITHOUT_LABELS)

    def clear(self) -> None:
        """Nothing is narrowed down any more; no signal says so."""
        widgets = (self._truth, self._predicted, self._verdict, self._text)
        blocked = [QSignalBlocker(widget) for widget in widgets]
        for combo in widgets[:3]:
            combo.setCurrentIndex(0)
        self._text.clear()
        self._typing.stop()
        for blocker in blocked:
            blocker.unblock()
        self._tell()

    def restrict(self, title: str) -> None:
        """Say on the chip what is shown only; empty for no such thing. No signal says so."""
        self.chip.show_text(title)
        metrics = self.fontMetrics()
        wide = min(metrics.horizontalAdvance(title), _CHIP * metrics.averageCharWidth())
        self.chip.setMinimumWidth(wide + ICON + 4 * GAP if title else 0)
        chosen = self.ranking
        self._fill_rankings(listed=bool(title))
        self.set_ranking(LISTED if title else USUAL_RANKING if chosen == LISTED else chosen)
        self._tell()

    def set_ranking(self, name: str) -> None:
        """Choose an order, without a signal."""
        blocked = QSignalBlocker(self._ranking)
        _choose(self._ranking, name)
        blocked.unblock()

    @property
    def ranking(self) -> str:
        """Name of the order that is wanted."""
        return str(self._ranking.currentData())

    def choice(self) -> Choice:
        """What is wanted."""
        truth, predicted = self._truth.currentData(), self._predicted.currentData()
        return Choice(
            truth=ANY if truth is None else int(truth),
            predicted=ANY if predicted is None else int(predicted),
            verdict=self._verdict.currentData(),
            text=self._text.text(),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return self.choice() != Choice() or bool(self.chip.text)

    def _fill_rankings(self, *, listed: bool) -> None:
        blocked = QSignalBlocker(self._ranking)
        self._ranking.clear()
        if listed:
            self._ranking.addItem("As given", LISTED)
            self._ranking.setItemData(0, "In the order in which they were asked for", Qt.ItemDataRole.ToolTipRole)
        for name in RANKINGS:
            self._ranking.addItem(RANKINGS[name].title, name)
            row = self._ranking.count() - 1
            self._ranking.setItemData(row, RANKINGS[name].help, Qt.ItemDataRole.ToolTipRole)
        blocked.unblock()

    def _tell(self) -> None:
        ranking = self.ranking
        self._ranking.setToolTip(RANKINGS[ranking].help if ranking in RANKINGS else "")

    def _on_changed(self) -> None:
        self._tell()
        self.changed.emit()

    def _on_ranking_chosen(self) -> None:
        self._tell()
        self.ranked.emit()


def _choose(combo: QComboBox, data: object) -> None:
    """The entry with these data; the first one where there is none."""
    combo.setCurrentIndex(max(0, combo.findData(data)))

"""When to say "I don't know": scores of known and unknown items, a threshold between them, and what it does.

The page holds the threshold. Scores are the model's (:mod:`workbench.gui.models.knownness`); histogram, bar, sentences
and grids show what follows from them. Numbers follow the hand at once, pictures when it rests.
"""

import math

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.knownness import KNOWN, USUAL_SCORE, USUAL_SHARE, Knownness, Sample, Threshold
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.inspect.histograms import Group, Histograms
from workbench.gui.widgets.inspect.score_scale import scale_of
from workbench.gui.widgets.inspect.threshold import ThresholdBar
from workbench.gui.widgets.inspect.unknown_items import DividedItems
from workbench.gui.widgets.inspect.unknown_sets import UnknownSets
from workbench.gui.widgets.inspect.unknown_table import ScoreTable
from workbench.gui.widgets.inspect.verdict_view import VerdictView, effect_of

_PAUSE = 150  # milliseconds after which a hand is at rest
_PURPOSE = "A classifier always picks one of its classes. Below a threshold it may say: I don\u2019t know."
_NO_RUN = "Choose a run above to see how sure it is of what it knows."
_WORKING = "Looking at the items\N{HORIZONTAL ELLIPSIS}"
_NO_KNOWN = "None of these items has a label, so there is nothing known to set a threshold by."
_HINT = (
    "There are no unknown items yet. What would be rejected is shown all the same; add a dataset of other things to "
    "see how many of them are caught, and which score does best."
)


class UnknownPage(QWidget):
    """Sets the model's threshold, when the hand rests."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self.knownness = Knownness(model, self)
        self._share, self._wanted_score = USUAL_SHARE, USUAL_SCORE
        self._threshold = 0.0
        self._shown: tuple[int, ...] = ()  # what the histogram was made of
        self.errors = ErrorBar(theme, name="inspect.unknown-error")
        self.score = named(QComboBox(), "inspect.unknown-score", "Score")
        self.score.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.sets = UnknownSets(model, theme)
        self.histograms = Histograms(theme, name="inspect.unknown-histograms")
        self.bar = ThresholdBar(name="inspect.unknown-threshold")
        self.verdicts = VerdictView(theme, name="inspect.unknown-verdicts")
        self.items = DividedItems(model.workspace, theme)
        self.table = ScoreTable(theme, errors=self.errors)
        self._hint = WrappedLabel(_HINT)
        self._hint.setProperty("role", "muted")
        self._protocol = QLabel()
        self._protocol.setProperty("role", "muted")
        self._rest = QTimer(self, singleShot=True, interval=_PAUSE)
        self._lay_out()
        self.first = self.histograms
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        purpose = WrappedLabel(_PURPOSE)
        label = QLabel("&Score")
        label.setBuddy(self.score)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(label)
        head.addWidget(self.score)
        head.addSpacing(2 * GAP)
        head.addWidget(self.sets, 1)
        plot = QVBoxLayout()
        plot.setSpacing(GAP // 2)
        plot.addWidget(self.histograms, 1)
        plot.addWidget(self.bar)
        effects = QScrollArea(widgetResizable=True)
        named(effects, "inspect.unknown-effects", "What the threshold does")
        effects.setFrameShape(QFrame.Shape.NoFrame)
        effects.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        effects.setWidget(self.verdicts)
        words = QVBoxLayout()
        words.setSpacing(GAP)
        words.addWidget(effects, 1)
        words.addWidget(self._hint)
        words.addWidget(self._protocol)
        upper = QWidget()
        both = QHBoxLayout(upper)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(3 * GAP)
        both.addLayout(plot, 3)
        both.addLayout(words, 2)
        self.tabs = named(QTabBar(), "inspect.unknown-tabs", "Items or scores")
        self.tabs.setExpanding(False)
        self.tabs.addTab("What is rejected and accepted")
        self.tabs.addTab("Scores compared")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.items)
        self._stack.addWidget(self.table)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self.items.head)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(lower)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(self.errors)
        whole.addWidget(purpose)
        whole.addLayout(head)
        whole.addWidget(self.splitter, 1)
        self.setTabOrder(self.tabs, self.items.choice)
        self.setTabOrder(self.items.choice, self.items.rejected.gallery)
        self.setTabOrder(self.items.rejected.gallery, self.items.accepted.gallery)

    def _connect(self) -> None:
        self._model.changed.connect(self._on_model_changed)
        self._model.training_changed.connect(self._on_model_changed)
        self._model.unknowns_changed.connect(self._on_model_changed)
        self._model.working.connect(self._refresh)
        self.knownness.changed.connect(self._refresh)
        self.score.currentIndexChanged.connect(self._on_score_chosen)
        self.histograms.moved.connect(self._on_threshold_moved)
        self.bar.moved.connect(self._on_threshold_moved)
        self.bar.share_wanted.connect(self._on_share_wanted)
        self.items.set_chosen.connect(self._show_items)
        self.items.opened.connect(self._model.open_item)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self._rest.timeout.connect(self._on_hand_rested)

    def _on_tab_changed(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self.items.head.setVisible(self._stack.currentWidget() is self.items)

    # What it offers

    @property
    def threshold(self) -> Threshold | None:
        """What holds now; ``None`` while there is nothing to set one by."""
        known = self._known
        return Threshold(score=str(self.score.currentData()), value=self._threshold) if known else None

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as a picture, by title."""
        return {"Known and unknown": self.histograms} if self._known else {}

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return {"score": self.score.currentData(), "share": self._share}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        share, score = state.get("share"), state.get("score")
        if isinstance(share, float) and 0 < share <= 1:
            self._share = share
        if isinstance(score, str):
            self._wanted_score = score
            self._refresh()

    # Following the model

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_model_changed()

    def _on_model_changed(self) -> None:
        """Out of view nothing is scored, and nobody is asked to look at more items."""
        if self.isVisible() and self._model.inspection is not None:
            self._model.want_training()
            self._model.want_unknowns()
        if self.isVisible() or self._model.inspection is None:
            self.knownness.refresh()
        self._refresh()

    def _refresh(self) -> None:
        """Bring everything in line with what is scored."""
        scored = self.knownness.scored
        present = [self.score.itemData(row) for row in range(self.score.count())]
        if present != list(scored):
            self.score.blockSignals(True)
            self.score.clear()
            for id, one in scored.items():
                self.score.addItem(one.score.title, id)
                self.score.setItemData(self.score.count() - 1, one.score.help, Qt.ItemDataRole.ToolTipRole)
            self.score.setCurrentIndex(max(0, self.score.findData(self._wanted_score)))
            self.score.blockSignals(False)
        self._show_score()

    @property
    def _samples(self) -> tuple[Sample, ...]:
        scored = self.knownness.scored.get(str(self.score.currentData()))
        return scored.samples if scored else ()

    @property
    def _known(self) -> Sample | None:
        samples = self._samples
        return samples[0] if samples and len(samples[0]) else None

    def _show_score(self) -> None:
        samples, known = self._samples, self._known
        shown = tuple(map(id, samples))
        if shown != self._shown:
            self._shown = shown
            share = self._share
            self._show_histograms(samples)
            self._share = share  # the bar moves its old threshold into its new range, which is nobody's wish
            if known:
                self._threshold = _threshold_for(known, self._share)
        scored = self.knownness.scored
        one = scored.get(str(self.score.currentData()))
        self.score.setToolTip(one.score.help if one else "")
        for widget in (self.score, self.bar, self.verdicts):
            widget.setEnabled(known is not None)
        self.histograms.set_text(self._reason())
        inspection = self._model.inspection
        self._protocol.setText(f"{inspection.protocol} \N{MIDDLE DOT} {inspection.split}" if inspection else "")
        self._hint.setVisible(known is not None and len(samples) == 1 and not self._model.unknown_names)
        self.items.offer([sample.name for sample in samples[1:]])
        of = self.knownness.of
        rows = [row for entry in scored.values() for row in entry.rows]
        own = of.classes[of.catch_all] if of is not None and of.catch_all >= 0 else ""
        self.table.set_empty_text(_HINT if known else self._reason())
        self.table.show_rows(rows, titles={id: entry.score.title for id, entry in scored.items()}, catch_all=own)
        self._show_threshold()
        self._on_hand_rested()

    def _reason(self) -> str:
        """Why there is nothing to see."""
        if self._samples:
            return _NO_KNOWN
        if self.knownness.busy or (self._model.job is not None):
            return _WORKING
        return _NO_RUN if self._model.inspection is None else _WORKING

    def _show_histograms(self, samples: tuple[Sample, ...]) -> None:
        groups = []
        for one in samples:
            if one.name == KNOWN:
                groups += [
                    Group(title="Known, right", values=one.scores[one.right]),
                    Group(title="Known, wrong", values=one.scores[~one.right]),
                ]
            else:
                groups.append(Group(title=f"Unknown: {one.name}", values=one.scores))
        scale = scale_of(str(self.score.currentData()))
        self.histograms.show_groups(groups, title=self.score.currentText(), scale=scale)
        self.bar.set_range(self.histograms.low, self.histograms.high, scale=scale)

    # The threshold

    def _on_score_chosen(self) -> None:
        self._wanted_score = str(self.score.currentData())
        self._show_score()

    def _on_threshold_moved(self, threshold: float) -> None:
        known = self._known
        if known:
            self._threshold = threshold
            self._share = 1 - known.rejected(threshold) / len(known)
            self._show_threshold()
            self._rest.start()

    def _on_share_wanted(self, share: float) -> None:
        known = self._known
        if known:
            self._share, self._threshold = share, _threshold_for(known, share)
            self._show_threshold()
            self._rest.start()

    def _show_threshold(self) -> None:
        known = self._known
        if known is None:
            self.verdicts.show_effects(())
            return
        self.histograms.set_threshold(self._threshold)
        self.bar.show_threshold(self._threshold, share=1 - known.rejected(self._threshold) / len(known))
        self.verdicts.show_effects([effect_of(one, self._threshold) for one in self._samples])

    def _on_hand_rested(self) -> None:
        self.verdicts.tell()
        self._show_items()
        if self.threshold and self.knownness.of is self._model.inspection:  # out of view it may be of another one
            self._model.set_threshold(self.threshold)

    def _show_items(self) -> None:
        chosen = self.items.chosen
        scored = self.knownness.scored.get(str(self.score.currentData()))
        one = next((sample for sample in self._samples if sample.name == chosen), None)
        if one is None or scored is None or not self._known:
            self.items.clear(self._reason())
            return
        model, inspection = self._model, scored.inspections[chosen]
        if inspection is model.inspection:
            dataset = model.dataset
        else:
            dataset = model.dataset_of(chosen) if inspection is model.unknowns.get(chosen) else None
        self.items.show_divided(one, self._threshold, inspection=inspection, dataset=dataset)


def _threshold_for(known: Sample, share: float) -> float:
    """The highest threshold that accepts a share of the known items; finite where none is to be accepted, too."""
    threshold = known.threshold_for(share)
    return float(math.nextafter(known.scores[-1], math.inf)) if math.isinf(threshold) else threshold

"""What narrows a gallery down: class, split, state, a finding, a part of the name, or what somebody else picked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QWidget

from workbench.engine.project.edits import MASK
from workbench.gui.models.catalogue import ANY, NO_SPLIT_TEXT, UNKNOWN_CLASS, Catalogue, State
from workbench.gui.naming import named
from workbench.gui.theme import ICON, Theme
from workbench.gui.widgets.images.chip import Chip
from workbench.gui.widgets.images.tile import paint_chip
from workbench.gui.widgets.images.wrapping import WrapLayout

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding

_PAUSE_MILLISECONDS = 120  # after a letter was typed
_NAMED, _CHOSEN, _LONGEST = 12, 5, 30  # characters of the name, of a combo box, and of either at most
_MOST_CHIPS = 256  # classes that are marked with their colour in the list
_STATES = {
    State.IN_USE: "Any state",
    State.LABELLED: "Labelled",
    State.UNLABELLED: "Not labelled",
    State.BY_HAND: "Labelled by hand",
    State.EXCLUDED: "Excluded",
    State.ALL: "Also excluded",
}
_UNCHECKED = "Which classes a mask holds is known once the data were checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is wanted.

    Attributes:
        label: A class's number, -1 for the unknown one, :data:`~workbench.gui.models.catalogue.ANY` for all.
        split: ``""`` for items without one, ``None`` for all.
        state: Excluded items are left out where nobody asks for them.
        finding: Which of the findings, by its code; empty for any or none.
        text: A part of the name.
    """

    label: int = ANY
    split: str | None = None
    state: State = State.IN_USE
    finding: str = ""
    text: str = ""


class ImageFilters(QWidget):
    """The row above the gallery, or two where it is narrow.

    Signals:
        changed: Other items are wanted; see :meth:`choice`.
        label_set_changed: Name of the label set that is meant from now on.
        widened: The chip that says why only some items are shown was removed.
    """

    changed = Signal()
    label_set_changed = Signal(str)
    widened = Signal()

    def __init__(self, theme: Theme, *, panel: str = "data") -> None:
        super().__init__()
        self._theme = theme
        self._catalogue: Catalogue | None = None
        self._findings: tuple[Finding, ...] = ()
        self.chip = Chip(theme, name=f"{panel}.widen")
        self._label_set = named(QComboBox(), f"{panel}.label-set", "Which labels")
        self._class = named(QComboBox(), f"{panel}.class", "Class")
        self._split = named(QComboBox(), f"{panel}.split", "Split")
        self._state = named(QComboBox(), f"{panel}.state", "Labelled or excluded")
        self._finding = named(QComboBox(), f"{panel}.finding", "Finding")
        longest = self.fontMetrics().averageCharWidth() * _LONGEST
        for combo in self._combos():
            # Otherwise it measures each of its entries, and a set may have 20,000 classes.
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(_CHOSEN)
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            combo.setMaximumWidth(longest)
        self._text = named(QLineEdit(), f"{panel}.text", "Part of the name")
        self._text.setPlaceholderText("Name contains")
        self._text.setClearButtonEnabled(True)
        self._text.setAcceptDrops(False)  # what is dropped anywhere on the panel is imported
        self._text.setMinimumWidth(self.fontMetrics().averageCharWidth() * _NAMED)
        self._text.setMaximumWidth(longest)
        row = WrapLayout(self)
        for widget in (self.chip, *self._combos(), self._text):
            row.addWidget(widget)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._typing = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._typing.timeout.connect(self.changed)
        self._text.textChanged.connect(self._typing.start)
        for combo in (self._class, self._split, self._state, self._finding):
            combo.currentIndexChanged.connect(self.changed)
        self._label_set.currentIndexChanged.connect(self._on_label_set_chosen)
        self.chip.removed.connect(self.widened)
        theme.changed.connect(self._paint_chips)

    def _combos(self) -> tuple[QComboBox, ...]:
        return self._label_set, self._class, self._split, self._state, self._finding

    def fill(self, catalogue: Catalogue | None, *, keep: bool = False) -> None:
        """Offer what this set has; no signal says so.

        Args:
            keep: What was chosen stays, where it is still offered; else nothing is narrowed down any more.
        """
        self._catalogue = catalogue
        widgets = (*self._combos(), self._text)
        blocked = [QSignalBlocker(widget) for widget in widgets]
        chosen = [combo.currentData() for combo in self._combos()]
        if not keep:
            self._typing.stop()
            self._text.clear()
            self._findings = ()
            self.chip.show_text("")
        self._fill_label_sets()
        _choose(self._label_set, chosen[0] if keep else None)
        self._fill_classes()
        self._fill_splits()
        self._fill_states()
        self._fill_findings()
        if keep:
            for combo, data in zip(self._combos(), chosen, strict=True):
                _choose(combo, data)
        for blocker in blocked:
            blocker.unblock()

    def set_findings(self, findings: "Sequence[Finding]") -> None:
        """Offer these, as far as they are about items; the chosen one stays if it is among them."""
        chosen = self._finding.currentData()
        blocked = QSignalBlocker(self._finding)
        self._findings = tuple(findings)
        self._fill_findings()
        _choose(self._finding, chosen)
        blocked.unblock()

    def choose_finding(self, code: str) -> None:
        """Let only the items of the finding with this code through."""
        _choose(self._finding, code)

    def choice(self) -> Choice:
        """What is wanted; label and split are those of the chosen :attr:`label_set`."""
        label = self._class.currentData()
        return Choice(
            label=ANY if label is None else int(label),
            split=self._split.currentData(),
            state=State(self._state.currentData() or State.IN_USE),
            finding=self._finding.currentData() or "",
            text=self._text.text(),
        )

    def finding(self) -> "Finding | None":
        """The one that is chosen."""
        code = self._finding.currentData()
        return next((finding for finding in self._findings if finding.code == code), None)

    @property
    def label_set(self) -> str:
        """Empty where the items have no classes."""
        return str(self._label_set.currentData() or "")

    @property
    def narrowed(self) -> bool:
        return self.choice() != Choice()

    def clear(self, *, state: State = State.IN_USE) -> None:
        """Let everything through again, or everything in one state, without a signal."""
        blocked = [QSignalBlocker(widget) for widget in (*self._combos(), self._text)]
        self._text.clear()
        for combo in (self._class, self._split, self._finding):
            combo.setCurrentIndex(0)
        _choose(self._state, state)
        self._typing.stop()
        for blocker in blocked:
            blocker.unblock()

    def focus_text(self) -> None:
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._text.selectAll()

    def _fill_label_sets(self) -> None:
        self._label_set.clear()
        for key in self._catalogue.class_sets if self._catalogue else ():
            self._label_set.addItem("Masks" if key == MASK else key, key)
        self._label_set.setVisible(self._label_set.count() > 1)

    def _fill_classes(self) -> None:
        self._class.clear()
        self._class.addItem("All classes", ANY)
        self._class.setEnabled(bool(self.label_set))
        self._class.setToolTip(_UNCHECKED if self._catalogue and not self.label_set else "Class")
        if self._catalogue is None or not self.label_set:
            return
        counts = self._catalogue.class_counts(self.label_set).tolist()
        for label, name in enumerate(self._catalogue.class_sets[self.label_set]):
            self._class.addItem(f"{name} ({counts[label]:,})", label)
        if counts[-1]:
            self._class.addItem(f"{UNKNOWN_CLASS} ({counts[-1]:,})", -1)
        self._paint_chips()

    def _fill_splits(self) -> None:
        self._split.clear()
        self._split.addItem("All splits", None)
        for split, count in (self._catalogue.split_counts() if self._catalogue else {}).items():
            self._split.addItem(f"{split or NO_SPLIT_TEXT} ({count:,})", split)
        self._split.setEnabled(self._split.count() > 2)

    def _fill_states(self) -> None:
        self._state.clear()
        counts = self._catalogue.state_counts(self.label_set) if self._catalogue else {State.IN_USE: 0}
        for state, count in counts.items():
            text = _STATES[state]
            self._state.addItem(text if state in (State.IN_USE, State.ALL) else f"{text} ({count:,})", state)
        hidden = counts.get(State.EXCLUDED, 0)
        self._state.setToolTip(f"{hidden:,} excluded, hidden unless asked for" if hidden else "Labelled or excluded")

    def _fill_findings(self) -> None:
        self._finding.clear()
        self._finding.addItem("Any finding", "")
        for finding in self._findings:
            if len(finding.items):
                self._finding.addItem(f"{finding.title} ({len(finding.items):,})", finding.code)
                if finding.severity != "info":
                    colours = self._theme.colours
                    colour = colours.bad if finding.severity == "error" else colours.warning
                    icon = self._theme.icon(finding.severity, colour=colour)
                    self._finding.setItemIcon(self._finding.count() - 1, icon)
        self._finding.setVisible(self._finding.count() > 1)

    def _paint_chips(self) -> None:
        for row in range(1, min(self._class.count(), _MOST_CHIPS)):
            self._class.setItemIcon(row, self._chip(self._class.itemData(row)))

    def _chip(self, label: int) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(round(ICON * ratio), round(ICON * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        inside = pixmap.deviceIndependentSize().toSize()
        rect = pixmap.rect()
        rect.setSize(inside)
        colour = self._catalogue.colour(self.label_set, label) if self._catalogue else ""
        paint_chip(painter, rect.adjusted(4, 4, -4, -4), label, theme=self._theme, colour=colour)
        painter.end()
        return QIcon(pixmap)

    def _on_label_set_chosen(self) -> None:
        blocked = [QSignalBlocker(combo) for combo in (self._class, self._state)]
        state = self._state.currentData()
        self._fill_classes()
        self._fill_states()
        _choose(self._state, state)
        for blocker in blocked:
            blocker.unblock()
        self.label_set_changed.emit(self.label_set)
        self.changed.emit()


def _choose(combo: QComboBox, data: object) -> None:
    """The entry with these data; the first one where there is none."""
    rows = (row for row in range(combo.count()) if combo.itemData(row) == data)
    combo.setCurrentIndex(next(rows, 0))

"""The settings of new splits: a protocol and what it needs, nothing that it does not."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workbench.engine.project.splits.groups import FOLDER, SOURCE
from workbench.gui.models.splitting import DRAWN, Plan, protocol_help, protocols_for
from workbench.gui.naming import named
from workbench.gui.theme import GAP
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

_PAUSE = 200  # milliseconds after the last change
_PATTERN, _NONE = "\0pattern", ""  # no rule begins like that
_GROUPS = (
    ("None", _NONE),
    ("As the source says", SOURCE),
    ("Same folder", FOLDER),
    ("Pattern in the name", _PATTERN),
)
_MOST_SEED = 2**31 - 1


class SplitForm(QWidget):
    """Signals:
    changed: The plan is different, a moment ago.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._offered = ""  # id of the dataset that the form is about
        self.protocol = named(QComboBox(), "data.split-protocol", "Protocol")
        self._help = WrappedLabel()
        self._help.setProperty("role", "muted")
        self.validation = self._share("data.split-validation", "Share for validation")
        self.test = self._share("data.split-test", "Share for test")
        self.seed = named(QSpinBox(), "data.split-seed", "Seed of the draw")
        self.seed.setRange(0, _MOST_SEED)
        self._another = named(QPushButton("Another"), "data.split-another", "Draw with another seed")
        self._another.setFlat(True)
        self.folds = named(QSpinBox(), "data.split-folds", "Number of folds")
        self.folds.setRange(2, 100)
        self.fold = named(QSpinBox(), "data.split-fold", "Fold to validate on")
        self.fold.setRange(1, 5)
        self.labels = named(QComboBox(), "data.split-labels", "Labels to spread evenly")
        self.groups = named(QComboBox(), "data.split-groups", "What stays together")
        for title, rule in _GROUPS:
            self.groups.addItem(title, rule)
        self.pattern = named(QLineEdit(), "data.split-pattern", "Pattern in the name")
        self.pattern.setPlaceholderText(r"^(\d) or patient(\d+)")
        self._found = WrappedLabel()
        self._found.setProperty("role", "muted")
        seed = self._beside(self.seed, self._another)
        self._fold_row = self._beside(self.fold, QLabel("of"), self.folds)
        groups = QWidget()
        column = QVBoxLayout(groups)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        for widget in (self.groups, self.pattern, self._found):
            column.addWidget(widget)
        protocol = QWidget()
        column = QVBoxLayout(protocol)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.protocol)
        column.addWidget(self._help)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(2 * GAP)
        self._form.setVerticalSpacing(GAP)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows: dict[str, QWidget] = {
            "protocol": protocol, "validation": self._beside(self.validation), "test": self._beside(self.test),
            "fold": self._fold_row, "seed": seed, "labels": self.labels, "groups": groups,
        }  # fmt: skip
        titles = ("Protocol", "Validation", "Test", "Validate on fold", "Seed", "Spread evenly", "Keep together")
        for title, row in zip(titles, self._rows.values(), strict=True):
            self._form.addRow(title, row)
        self._typing = QTimer(self, singleShot=True, interval=_PAUSE)
        self._typing.timeout.connect(self.changed)
        for box in (self.protocol, self.labels, self.groups):
            box.currentIndexChanged.connect(self._on_changed)
        for number in (self.validation, self.test, self.seed, self.fold, self.folds):
            number.valueChanged.connect(self._on_changed)
        self.pattern.textChanged.connect(self._on_changed)
        self.pattern.returnPressed.connect(self._on_returned)
        self._another.clicked.connect(self._on_another_clicked)
        self._show_what_is_needed()

    def _share(self, name: str, about: str) -> QDoubleSpinBox:
        box = named(QDoubleSpinBox(), name, about)
        box.setRange(0.0, 90.0)
        box.setDecimals(1)
        box.setSingleStep(5.0)
        box.setSuffix(" %")
        box.setValue(15.0)
        return box

    def _beside(self, *widgets: QWidget) -> QWidget:
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for widget in widgets:
            row.addWidget(widget)
        row.addStretch(1)
        return whole

    def offer(self, dataset: "Dataset") -> None:
        """The protocols and labels of a dataset; what was chosen stays where it can.

        Of another dataset, what its source says belongs together is kept together until a person says otherwise.
        """
        protocols, before = protocols_for(dataset), self.protocol.currentText()
        self._refill(self.protocol, protocols, before)
        self._refill(self.labels, list(dataset.items.label_sets), self.labels.currentText())
        if dataset.row.id != self._offered:
            self._offered = dataset.row.id
            blocked = self.groups.blockSignals(True)
            given = bool((dataset.items.groups() != "").any())
            self.groups.setCurrentIndex([rule for _, rule in _GROUPS].index(SOURCE if given else _NONE))
            self.groups.blockSignals(blocked)
        self._show_what_is_needed()

    def _refill(self, box: QComboBox, names: list[str], before: str) -> None:
        if [box.itemText(i) for i in range(box.count())] != names:
            blocked = box.blockSignals(True)
            box.clear()
            box.addItems(names)
            box.setCurrentIndex(max(0, box.findText(before)))
            box.blockSignals(blocked)

    def plan(self) -> Plan:
        """What is set now."""
        rule = str(self.groups.currentData())
        return Plan(
            protocol=self.protocol.currentText(),
            seed=self.seed.value(),
            validation=round(self.validation.value() / 100, 4),
            test=round(self.test.value() / 100, 4),
            label_set=self.labels.currentText(),
            groups=self.pattern.text() if rule == _PATTERN else rule,
            folds=self.folds.value(),
            fold=self.fold.value(),
        )

    def set_plan(self, plan: Plan) -> None:
        """Take these settings."""
        plan = replace(plan, fold=min(plan.fold, plan.folds))
        self.protocol.setCurrentText(plan.protocol)
        self.seed.setValue(plan.seed)
        self.validation.setValue(100 * plan.validation)
        self.test.setValue(100 * plan.test)
        self.labels.setCurrentText(plan.label_set)
        self.folds.setValue(plan.folds)
        self.fold.setValue(plan.fold)
        rules = [rule for _, rule in _GROUPS]
        known = plan.groups in rules and plan.groups != _PATTERN
        self.groups.setCurrentIndex(rules.index(plan.groups if known else _PATTERN))
        self.pattern.setText("" if known else plan.groups)

    def show_groups(self, text: str) -> None:
        """What the rule finds, in words."""
        self._found.setText(text)
        self._found.setVisible(bool(text))

    @property
    def groups_text(self) -> str:
        return self._found.text()

    def _show_what_is_needed(self) -> None:
        protocol = self.protocol.currentText()
        if protocol:
            self._help.setText(protocol_help(protocol))
        drawn = protocol in DRAWN
        shown = {
            "validation": drawn and protocol != "k-fold",
            "test": protocol in ("random", "grouped"),
            "fold": protocol == "k-fold",
            "seed": drawn,
            "labels": drawn and self.labels.count() > 1,
            "groups": drawn,
        }
        for name, visible in shown.items():
            self._form.setRowVisible(self._rows[name], visible)
        self.fold.setMaximum(self.folds.value())
        self.pattern.setVisible(self.groups.currentData() == _PATTERN)
        if self.groups.currentData() == _NONE:
            self.show_groups("")

    def _on_changed(self) -> None:
        self._show_what_is_needed()
        self._typing.start()

    def _on_returned(self) -> None:
        self._typing.stop()
        self.changed.emit()

    def _on_another_clicked(self) -> None:
        self.seed.setValue((self.seed.value() + 1) % _MOST_SEED)

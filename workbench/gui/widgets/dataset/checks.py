"""What is wrong or remarkable in a dataset: one card a finding, the worst first, and what to do about each."""

import json
import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.gui.jobs import Job
from workbench.gui.models.dataset_edits import counted_items, excluded, leaks, noun, spare
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.dataset.card import Card, CardPage
from workbench.gui.widgets.dataset.finding_card import SEVERITIES, FindingCard, count_text
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding
    from workbench.engine.data.opened import Dataset

_MOST_CARDS = 60
_CHECKED = {
    "images": "Every file was decoded and compared: readable, whole, sizes and colours, copies within and across "
    "splits, labels of copies, classes without items.",
    "masks": "Every image and mask was decoded and compared: readable, of one size, mask colours against the classes, "
    "copies within and across splits.",
    "questions": "Every question was read: answers against their texts, copies, texts shared between splits.",
}


class ChecksPage(QWidget):
    """Signals:
    examination_wanted: The dataset shall be looked at.
    finding_picked: A :class:`~workbench.engine.data.lint.finding.Finding` whose items are wanted.
    wanted: An :class:`~workbench.engine.project.edits.Edit` to do.
    repair_wanted: Name of the repair that a copy shall be made with.
    """

    examination_wanted = Signal()
    finding_picked = Signal(object)
    wanted = Signal(object)
    repair_wanted = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._dataset: Dataset | None = None
        self._findings: tuple[Finding, ...] = ()
        self._known = False
        self._moment = 0.0
        self._examining = False
        self._sign = QLabel()
        self._summary = QLabel()
        self._summary.setProperty("role", "heading")
        self._about = WrappedLabel()
        self._about.setProperty("role", "muted")
        self._check = named(QPushButton("Check this data"), "data.check", "Check this data")
        self._check.setProperty("primary", True)
        self._check.clicked.connect(self.examination_wanted)
        self._copy_text = named(QPushButton("Copy as text"), "data.checks-copy", "Copy the findings as text")
        self._copy_json = named(QPushButton("Copy as JSON"), "data.checks-copy-json", "Copy the findings as JSON")
        for button in (self._copy_text, self._copy_json):
            button.setIcon(theme.icon("copy"))
            button.setFlat(True)
        self._copy_text.clicked.connect(self._on_copy_text_clicked)
        self._copy_json.clicked.connect(self._on_copy_json_clicked)
        self.progress = ProgressLine(theme, name="data.examination")
        head = QHBoxLayout()
        head.setSpacing(GAP)
        top = Qt.AlignmentFlag.AlignTop
        words = QVBoxLayout()
        words.setSpacing(GAP // 4)
        words.addWidget(self._summary)
        words.addWidget(self._about)
        words.addStretch(1)
        head.addWidget(self._sign, 0, top)
        head.addLayout(words, 1)
        for widget in (self._copy_text, self._copy_json, self._check):
            head.addWidget(widget, 0, top)
        self._page = CardPage()
        self.cards: list[FindingCard] = []
        self._rest = Card("More")
        self._rest.hide()
        self._page.column.addWidget(self._rest)
        self._page.column.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(head)
        column.addWidget(self.progress)
        column.addWidget(self._page, 1)
        theme.changed.connect(self._summarise)
        self._summarise()

    # What is shown

    def show_dataset(self, dataset: "Dataset | None") -> None:
        """Another dataset, or the same after an edit; findings stay until others come for the same one."""
        same = dataset is not None and self._dataset is not None and dataset.row.id == self._dataset.row.id
        self._dataset = dataset
        if not same:
            self._examining = False
            self.progress.release()
            self.show_findings((), known=False)

    def follow(self, job: Job) -> None:
        """The dataset is being examined by ``job``."""
        self._examining = True
        self.progress.follow(job)
        self._summarise()

    def show_findings(self, findings: "tuple[Finding, ...]", *, known: bool, moment: float = 0.0) -> None:
        """What was found by an examination at ``moment``; not ``known`` where there was none, or it was stopped."""
        self._examining = False
        self._findings, self._known, self._moment = findings, known, moment
        place = self._page.verticalScrollBar().value()
        focused = QApplication.focusWidget()
        if focused and any(card.isAncestorOf(focused) for card in self.cards):
            self._page.setFocus()  # or the keyboard, and with it Undo, would leave the panel together with the card
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards.clear()
        for number, finding in enumerate(findings[:_MOST_CARDS]):
            card = self._card(number, finding)
            self._page.column.insertWidget(number, card)
            self.cards.append(card)
        left = len(findings) - len(self.cards)
        self._rest.setVisible(left > 0)
        self._rest.explain(f"{left:,} more findings: copy them as text or JSON.")
        self._summarise()
        self._page.verticalScrollBar().setValue(place)

    def _card(self, number: int, finding: "Finding") -> FindingCard:
        from workbench.engine.data.repairs import REPAIRS

        assert self._dataset
        card = FindingCard(
            finding,
            self._theme,
            number=number,
            noun=noun(self._dataset),
            details=[self._detail(item, text) for item, text in finding.details.items()],
            repairs=[(name, REPAIRS[name].title) for name in finding.repairs],
            leaks=len(leaks(self._dataset, finding.clusters)),
        )
        card.acted.connect(partial(self._on_acted, number))
        return card

    def _detail(self, item: int, text: str) -> str:
        assert self._dataset
        return f"{self._dataset.items.name(item)}: {text}" if item >= 0 else text

    @property
    def badge(self) -> int:
        """Errors and warnings."""
        return sum(finding.severity != "info" for finding in self._findings)

    @property
    def summary(self) -> str:
        """The sentences above the cards."""
        return f"{self._summary.text()}\n{self._about.text()}".strip()

    def _summarise(self) -> None:
        colours = self._theme.colours
        icon, colour = "info", colours.muted
        summary = about = ""
        if self._dataset is None:
            pass
        elif self._examining:
            summary = f"Checking {counted_items(self._dataset, len(self._dataset.items))}"
            about = "You can go on working meanwhile."
        elif not self._known:
            summary = "This data has not been checked yet"
            about = (
                f"Checking looks into all {counted_items(self._dataset, len(self._dataset.items))} once, in the "
                "background. What it finds out is kept."
            )
        else:
            total = counted_items(self._dataset, int((~self._dataset.state.excluded).sum()))
            worst = self._findings[0].severity if self._findings else ""
            moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(self._moment))
            about = f"{_CHECKED[self._dataset.items.content]} Checked on {moment}."
            if not self._findings:
                summary, icon, colour = f"No findings in {total}", "check", colours.good
            else:
                summary = f"{self._counts()} in {total}"
                icon, name, _ = SEVERITIES[worst]
                colour = getattr(colours, name)
            left_out = int(self._dataset.state.excluded.sum())
            if left_out:
                about += f" {left_out:,} excluded ones are left out."
        self._sign.setPixmap(self._theme.icon(icon, colour=colour).pixmap(ICON, ICON))
        self._sign.setVisible(bool(summary))
        self._summary.setText(summary)
        self._about.setText(about)
        self._check.setVisible(self._dataset is not None and not self._known and not self._examining)
        for button in (self._copy_text, self._copy_json):
            button.setVisible(self._known)

    def _counts(self) -> str:
        parts = []
        for severity, (one, many) in {
            "error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes"),
        }.items():  # fmt: skip
            count = sum(finding.severity == severity for finding in self._findings)
            if count:
                parts.append(f"{count} {one if count == 1 else many}")
        return ", ".join(parts)

    # What a person does

    def _on_acted(self, number: int, act: str) -> None:
        assert self._dataset
        finding = self._findings[number]
        if act == "show":
            self.finding_picked.emit(finding)
        elif act.startswith("repair:"):
            self.repair_wanted.emit(act.removeprefix("repair:"))
        else:
            items = {
                "exclude": finding.items,
                "exclude-duplicates": spare(self._dataset, finding.clusters),
                "exclude-leaks": leaks(self._dataset, finding.clusters),
            }[act]
            edit = excluded(self._dataset, items)
            if edit:
                self.wanted.emit(edit)

    def as_text(self) -> str:
        """All findings in plain words."""
        if self._dataset is None:
            return ""
        word = noun(self._dataset)
        lines = [f"{self._dataset.row.name}: {self._summary.text()}"]
        for finding in self._findings:
            lines += ["", f"{SEVERITIES[finding.severity][2]}: {finding.title} ({count_text(finding, noun=word)})"]
            lines += [f"  {self._detail(item, text)}" for item, text in finding.details.items()]
            if finding.remedy:
                lines.append(f"  {finding.remedy}")
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        """All findings with the names of their items."""
        assert self._dataset
        name = self._dataset.items.name
        findings = [
            {
                "code": finding.code,
                "severity": finding.severity,
                "title": finding.title,
                "count": finding.count,
                "unit": finding.unit,
                "items": [name(item) for item in finding.items.tolist()],
                "details": [self._detail(item, text) for item, text in finding.details.items()],
                "remedy": finding.remedy,
                "repairs": list(finding.repairs),
                "clusters": [[name(item) for item in cluster] for cluster in finding.clusters],
            }
            for finding in self._findings
        ]
        whole = {"dataset": self._dataset.row.name, "fingerprint": self._dataset.row.fingerprint, "findings": findings}
        return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"

    def _on_copy_text_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.as_text())

    def _on_copy_json_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.as_json())

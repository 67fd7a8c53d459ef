"""The checks before an import: how far they are, what they found, and which repairs the person wants.

They are an offer and no gate. Only what a format could not read at all has to be mended before an import.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from workbench.engine.data.source import Problem
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.images.set_list import counted
from workbench.gui.widgets.importing.finding import FindingRow
from workbench.gui.widgets.importing.repairs import known_repairs

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding
    from workbench.engine.data.lint.report import LintReport
    from workbench.engine.data.source import Content

_GRAVITY = ("error", "warning", "info")


class ChecksCard(QFrame):
    """Follows the job of the checks, then shows its report.

    Signals:
        changed: Other repairs are chosen, or may be chosen.
        wanted: The person wants the checks after all.
    """

    changed = Signal()
    wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        named(self, "data.import-checks", "Checks before importing")
        self.setProperty("card", True)
        self._theme = theme
        self._job: Job | None = None
        self._rows: list[FindingRow] = []
        self._noticed: list[Finding] = []  # by the format, before the checks
        self._content: Content = "images"
        self._sign, self._signed = QLabel(), "info"
        heading = QLabel("Checks before importing")
        heading.setProperty("role", "heading")
        self._sentence = WrappedLabel()
        self._all = named(QPushButton("Choose all repairs"), "data.import-repair-all", "Choose all repairs")
        self._again = named(QPushButton("Check it"), "data.import-check", "Check it before importing")
        self._progress = ProgressLine(theme, name="data.import-checking", stop="Skip")
        for button in (self._all, self._again):
            button.setAutoDefault(False)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(heading, 1)
        head.addWidget(self._again)
        head.addWidget(self._all)
        verdict = QHBoxLayout()
        verdict.setSpacing(GAP)
        verdict.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self._sentence, 1)
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP + GAP // 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP + GAP // 2, 2 * GAP, GAP + GAP // 2)
        column.setSpacing(GAP)
        column.addLayout(head)
        column.addWidget(self._progress)
        column.addLayout(verdict)
        column.addLayout(self._list)
        self._all.clicked.connect(self._on_all_clicked)
        self._again.clicked.connect(self.wanted)
        theme.changed.connect(self._paint_sign)
        self.clear()

    def clear(self) -> None:
        """Follow nothing, show nothing."""
        self._progress.release()
        self._job = None
        self._noticed = []
        self._show_findings(())
        self._say("", "info")
        self._again.hide()

    def show_problems(self, problems: Sequence[Problem], *, content: "Content") -> None:
        """Show what the format noticed while it was opened; the checks have not begun."""
        self.clear()
        self._content = content
        self._noticed = _findings(problems, content=content)
        self._show_findings(self._noticed)

    def follow(self, job: Job) -> None:
        """Show how far the checks are, and then what they found."""
        self._job = job
        self._again.hide()
        self._say("", "info")
        self._progress.follow(job)
        job.ended.connect(self._on_job_ended)

    @property
    def text(self) -> str:
        """All that is said."""
        return "\n".join([self._sentence.text(), *(row.text for row in self._rows)]).strip()

    @property
    def offered(self) -> set[str]:
        """Names of the repairs that may be chosen."""
        return {name for row in self._rows for name in row.choices.names}

    def chosen(self) -> list[str]:
        """Names of the repairs that the person chose, in the order in which they are to be done."""
        return [name for row in self._rows for name in row.choices.chosen()]

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._show_report(ending.result)
        elif ending.state == FAILED:
            self._say(f"The checks failed: {ending.error}", "error")
        else:
            self._say("The checks were skipped. They can be made in the Data panel at any time.", "info")
            self._again.show()

    def _show_report(self, report: "LintReport") -> None:
        told = {finding.code for finding in report.findings}
        findings = [*report.findings, *(finding for finding in self._noticed if finding.code not in told)]
        self._show_findings(findings, names=report.names)
        what = counted(report.items, "question" if report.content == "questions" else "image")
        grave = sum(finding.severity != "info" for finding in findings)
        if not findings:
            self._say(f"Nothing wrong was found in {what}.", "check")
        elif not grave:
            self._say(f"Nothing wrong was found in {what}. Worth knowing:", "check")
        else:
            self._say(f"{counted(grave, 'thing')} to look at in {what}.", "")

    def _show_findings(self, findings: Iterable["Finding"], *, names: Sequence[str] = ()) -> None:
        for row in self._rows:
            self._list.removeWidget(row)
            row.hide()
            row.setParent(None)  # nobody is to find its boxes here until it is gone
            row.deleteLater()
        self._rows.clear()
        offered: set[str] = set()
        for finding in sorted(findings, key=lambda finding: _GRAVITY.index(finding.severity)):
            usable = _usable(finding.repairs, content=self._content)
            new = {name: title for name, title in usable.items() if name not in offered}
            offered.update(new)
            row = FindingRow(finding, self._theme, repairs=new, names=names, mended_above=bool(usable) and not new)
            row.choices.changed.connect(self.changed)
            self._list.addWidget(row)
            self._rows.append(row)
        self._all.setVisible(sum(bool(row.choices.names) for row in self._rows) > 1)
        self.changed.emit()

    def _on_all_clicked(self) -> None:
        for row in self._rows:
            row.choices.choose_all()

    def _say(self, sentence: str, sign: str) -> None:
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self._sign.setVisible(bool(sentence and sign))
        self._signed = sign
        self._paint_sign()

    def _paint_sign(self) -> None:
        if not self._signed:
            return
        colours = self._theme.colours
        colour = {"check": colours.good, "error": colours.bad, "warning": colours.warning, "info": colours.muted}
        icon = self._theme.icon(self._signed, colour=colour[self._signed])
        self._sign.setPixmap(icon.pixmap(ICON, ICON))


def unmended(problems: Iterable[Problem], repairs: Iterable[str]) -> list[Problem]:
    """What keeps a source from being imported even if ``repairs`` are done."""
    known = known_repairs()
    chosen = [known[name] for name in repairs]
    grave = (problem for problem in problems if problem.severity == "error")
    return [problem for problem in grave if not any(repair.takes(problem) for repair in chosen)]


def _usable(names: Sequence[str], *, content: str) -> dict[str, str]:
    """Repair to title, of those that are for this content."""
    if not names:
        return {}
    known = known_repairs()
    return {name: known[name].title for name in names if name in known and content in known[name].contents}


def _findings(problems: Sequence[Problem], *, content: "Content") -> list["Finding"]:
    """Problems as findings, one a kind."""
    if not problems:
        return []
    from workbench.engine.data.lint.checks.parts import problem_findings

    return list(problem_findings(problems, content=content))

"""One finding before an import: how grave, what, how often; more on demand; and what can be done about it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.importing.repairs import RepairChoices

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding

WORDS = {"error": "Error", "warning": "Warning", "info": "Note"}
_MOST_DETAILS = 8
_LEAVE = "Leave as they are"


class FindingRow(QWidget):
    """Shows one :class:`~workbench.engine.data.lint.finding.Finding`.

    Args:
        repairs: Names of the repairs that are offered here, with what each of them does.
        names: The items' names, by id, as far as they are known.
        mended_above: Whether a repair that is offered with another finding mends this one, too.
    """

    def __init__(
        self,
        finding: "Finding",
        theme: Theme,
        *,
        repairs: Mapping[str, str],
        names: Sequence[str] = (),
        mended_above: bool = False,
    ) -> None:
        super().__init__()
        self.finding, self._theme = finding, theme
        self.setObjectName(f"data.finding-{finding.code}")
        self._icon = QLabel()
        self._icon.setFixedWidth(ICON)
        self._icon.setToolTip(WORDS[finding.severity])
        title = WrappedLabel(f"{finding.title}: {_count(finding)}")
        title.setAccessibleName(f"{WORDS[finding.severity]}: {title.text()}")
        grave = QLabel(WORDS[finding.severity])
        grave.setProperty("role", "heading")
        bold = grave.font()
        bold.setBold(True)
        grave.setMinimumWidth(max(QFontMetrics(bold).horizontalAdvance(word) for word in WORDS.values()))
        self._more = named(QToolButton(), f"data.details-{finding.code}", f"Details of: {finding.title}")
        self._more.setText("Details")
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setCheckable(True)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(grave, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(title, 1)
        head.addWidget(self._more, 0, Qt.AlignmentFlag.AlignVCenter)
        self._details = WrappedLabel(_details(finding, names))
        self._details.setProperty("role", "muted")
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details.setContentsMargins(ICON + GAP, 0, 0, 0)
        self._details.hide()
        self._more.setVisible(bool(self._details.text()))
        self.choices = RepairChoices(list(repairs), list(repairs.values()), leave=_LEAVE)
        self.choices.setVisible(bool(repairs))
        above = WrappedLabel("The repair above mends this, too.")
        above.setProperty("role", "muted")
        above.setContentsMargins(ICON + GAP, 0, 0, 0)
        above.setVisible(mended_above)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addLayout(head)
        column.addWidget(self._details)
        column.addWidget(self.choices)
        column.addWidget(above)
        self._more.toggled.connect(self._details.setVisible)
        self._more.toggled.connect(self._on_theme_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @property
    def text(self) -> str:
        """What is said, details and all."""
        return f"{WORDS[self.finding.severity]}: {self.finding.title}: {_count(self.finding)}\n{self._details.text()}"

    def _on_theme_changed(self) -> None:
        colours, severity = self._theme.colours, self.finding.severity
        colour = {"error": colours.bad, "warning": colours.warning, "info": colours.muted}[severity]
        self._icon.setPixmap(self._theme.icon(severity, colour=colour).pixmap(ICON, ICON))
        self._more.setIcon(self._theme.icon("chevron-up" if self._more.isChecked() else "chevron-down"))


def _count(finding: "Finding") -> str:
    unit = finding.unit if finding.count != 1 else finding.unit.removesuffix("s")
    words = f"{finding.count:,} {unit}"
    concerned = len(finding.items)
    if not concerned or concerned == finding.count:
        return words
    noun = "question" if finding.unit == "answers" else "image"
    return f"{words} in {concerned:,} {noun}{'' if concerned == 1 else 's'}"


def _details(finding: "Finding", names: Sequence[str]) -> str:
    told = sorted(finding.details.items())
    lines = [f"{names[item]}: {words}" if 0 <= item < len(names) else words for item, words in told]
    shown = lines[:_MOST_DETAILS]
    about_items = sum(item >= 0 for item, _ in told)
    more = len(lines) - len(shown) + (max(0, len(finding.items) - about_items) if about_items else 0)
    if more:
        shown.append(f"and {more:,} more")
    return "\n".join(line for line in (finding.remedy, *shown) if line)

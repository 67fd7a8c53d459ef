"""The repairs that a finding offers, to be chosen by a person. Nothing is chosen beforehand."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QCheckBox, QRadioButton, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON

if TYPE_CHECKING:
    from workbench.engine.data.repairs import Repair
    from workbench.engine.registry import Registry

_CHARACTERS = 76  # on a line; Qt does not break the lines of a check box


def known_repairs() -> "Registry[Repair]":
    """All repairs; each registers itself where it is imported."""
    import workbench.engine.data.repairs.answers
    import workbench.engine.data.repairs.leave_out
    import workbench.engine.data.repairs.off_palette  # noqa: F401
    from workbench.engine.data.repairs import REPAIRS

    return REPAIRS


class RepairChoices(QWidget):
    """A check box a repair; radio buttons, the first of which leaves all as it is, where only one can be done.

    Signals:
        changed: Others are chosen now.

    Args:
        names: Repairs, the gentlest first.
        titles: What each does, for a person.
        leave: What becomes of the trouble if it is left as it is.
    """

    changed = Signal()

    def __init__(self, names: Sequence[str], titles: Sequence[str], *, leave: str) -> None:
        super().__init__()
        self._buttons: dict[str, QAbstractButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(ICON + GAP, 0, 0, 0)
        column.setSpacing(GAP // 4)
        choices = {known_repairs()[name].choice for name in names}
        exclusive = len(names) > 1 and len(choices) == 1 and "" not in choices
        if exclusive:
            as_it_is = named(QRadioButton(leave), f"data.leave-{names[0]}", leave)
            as_it_is.setChecked(True)
            self._group.addButton(as_it_is)
            column.addWidget(as_it_is, 0, Qt.AlignmentFlag.AlignLeft)
        for name, title in zip(names, titles, strict=True):
            text = "\n".join(wrap(title, _CHARACTERS))
            button = named(QRadioButton(text) if exclusive else QCheckBox(text), f"data.repair-{name}", title)
            if exclusive:
                self._group.addButton(button)
            button.toggled.connect(self.changed)
            self._buttons[name] = button
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def names(self) -> list[str]:
        """What is offered."""
        return list(self._buttons)

    def chosen(self) -> list[str]:
        """Names of the repairs that are chosen, the gentlest first."""
        return [name for name, button in self._buttons.items() if button.isChecked()]

    def choose_all(self) -> None:
        """Choose every repair, and the gentlest where only one can be done."""
        for name, button in self._buttons.items():
            if not isinstance(button, QRadioButton) or name == next(iter(self._buttons)):
                button.setChecked(True)

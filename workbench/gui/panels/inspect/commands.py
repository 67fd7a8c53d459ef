"""What the Inspect panel can be told to do, from menus, shortcuts and the palette."""

from functools import partial
from typing import TYPE_CHECKING

from workbench.gui.actions import Action
from workbench.gui.panels.inspect.pages import LOOKS

if TYPE_CHECKING:
    from workbench.gui.panels.inspect.panel import InspectPanel

_MENU, _DOTS = "Run", "\N{HORIZONTAL ELLIPSIS}"


def commands_of(panel: "InspectPanel") -> list[Action]:
    """The entries for the table of actions."""
    model, exports = panel.model, panel.exports

    def has_inspection() -> bool:
        return model.inspection is not None

    def can_look() -> bool:
        return panel.can_look

    def can_snapshot() -> bool:
        return panel.can_snapshot

    looks = [
        Action(
            id=f"inspect.look-{look.id}",
            text=f"{look.title} of the run",
            handler=partial(panel.pages.turn_to, look.id),
            shortcut=f"Alt+{number}",
            panel=panel.id,
            enabled=has_inspection,
        )
        for number, look in enumerate(LOOKS, start=1)
    ]
    return [
        Action(
            id="inspect.look", text="Look at the newest checkpoint", handler=panel.look, shortcut="F5", icon="reset",
            menu=f"{_MENU}/Inspect", panel=panel.id, enabled=can_look,
        ),
        Action(
            id="inspect.snapshot", text="Take a snapshot of the run that trains", handler=panel.take_snapshot,
            icon="single", menu=f"{_MENU}/Inspect", enabled=can_snapshot,
        ),
        *(
            Action(
                id=f"inspect.export-{kind.id}", text=f"Export {kind.title}{_DOTS}", icon="export",
                handler=partial(exports.ask_for_predictions, kind.id), menu=f"{_MENU}/Inspect", enabled=has_inspection,
            )
            for kind in exports.kinds
        ),
        *looks,
    ]  # fmt: skip

"""What the Latent panel can be told to do, from menus, shortcuts and the palette."""

from functools import partial
from typing import TYPE_CHECKING

from workbench.gui.actions import Action
from workbench.gui.panels.latent.pages import LOOKS

if TYPE_CHECKING:
    from workbench.gui.panels.latent.panel import LatentPanel

_MENU, _DOTS = "Run/Latent", "\N{HORIZONTAL ELLIPSIS}"


def commands_of(panel: "LatentPanel") -> list[Action]:
    """The entries for the table of actions."""
    model, exports = panel.model, panel.exports

    def has_explorer() -> bool:
        return model.explorer is not None

    def has_codes() -> bool:
        return model.encodes

    def can_look() -> bool:
        return panel.can_look

    def can_snapshot() -> bool:
        return panel.can_snapshot

    def can_try() -> bool:
        return panel.can_try

    pages = [
        Action(
            id=f"latent.page-{look.id}",
            text=f"{look.title} of the latent space",
            handler=partial(panel.pages.turn_to, look.id),
            shortcut=f"Alt+{number}",
            panel=panel.id,
            enabled=has_explorer,
        )
        for number, look in enumerate(LOOKS, start=1)
    ]
    return [
        Action(
            id="latent.look", text="Explore the newest checkpoint", handler=panel.look, shortcut="F5", icon="reset",
            menu=_MENU, panel=panel.id, enabled=can_look,
        ),
        Action(
            id="latent.snapshot", text="Take a snapshot of the network that learns", handler=panel.take_snapshot,
            icon="single", menu=_MENU, enabled=can_snapshot,
        ),
        Action(
            id="latent.try", text="Train a small latent space of digits", handler=panel.try_digits, icon="demo",
            menu=_MENU, enabled=can_try,
        ),
        *(
            Action(
                id=f"latent.export-codes-{suffix}", text=f"Export the codes of the data ({title}){_DOTS}",
                icon="export", handler=partial(exports.ask_for_codes, suffix), menu=_MENU, enabled=has_codes,
            )
            for suffix, title in (("csv", "CSV"), ("npz", "npz"))
        ),
        *pages,
    ]  # fmt: skip

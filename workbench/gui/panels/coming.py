"""Panels that this version does not have yet: each says what it will be for."""

from functools import partial

from workbench.gui.actions import Trigger
from workbench.gui.panels.panel import Empty, Panel
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace


class ComingPanel(Panel):
    """Nothing but the page that says what it is for."""

    def __init__(self, id: str, title: str, text: str, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__(id, workspace=workspace, theme=theme, trigger=trigger)
        self.show_empty(Empty(icon=id, title=title, text=f"{text} This panel is not in this version yet."))


masks = partial(
    ComingPanel,
    "masks",
    "Compare masks",
    "Image, truth, prediction and error over one another, with the overlap of every class.",
)
label = partial(
    ComingPanel,
    "label",
    "Label what matters most",
    "A strategy picks the items from which a network would learn most, and asks you about them one by one.",
)

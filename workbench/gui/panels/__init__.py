"""The seven panels. Each is imported when it is first shown; none imports another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A panel: its id, its title, and what makes it, imported when the panel is first shown."""

    id: str
    title: str
    path: str


PANELS = (
    Kind("data", "Data", "workbench.gui.panels.data:DataPanel"),
    Kind("train", "Train", "workbench.gui.panels.train.panel:TrainPanel"),
    Kind("inspect", "Inspect", "workbench.gui.panels.inspect.panel:InspectPanel"),
    Kind("masks", "Masks", "workbench.gui.panels.coming:masks"),
    Kind("latent", "Latent", "workbench.gui.panels.latent.panel:LatentPanel"),
    Kind("label", "Label", "workbench.gui.panels.coming:label"),
    Kind("runs", "Runs", "workbench.gui.panels.runs.panel:RunsPanel"),
)

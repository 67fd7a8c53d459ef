"""Which looks at a network that makes images there are."""

from workbench.gui.models.latent import ARITHMETIC, MANIFOLD, PLANE, SAMPLES, WALK, LatentModel
from workbench.gui.panels.look_pages import Look, LookPages
from workbench.gui.theme import Theme

LOOKS = (
    Look(PLANE, "Plane", "workbench.gui.widgets.latent.plane:PlanePage"),
    Look(MANIFOLD, "Manifold", "workbench.gui.widgets.latent.manifold:ManifoldPage"),
    Look(WALK, "Walk", "workbench.gui.widgets.latent.walk:WalkPage"),
    Look(ARITHMETIC, "Arithmetic", "workbench.gui.widgets.latent.arithmetic:ArithmeticPage"),
    Look(SAMPLES, "Samples", "workbench.gui.widgets.latent.samples:SamplesPage"),
)


class LatentPages(LookPages):
    """The pages of the Latent panel."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__(model, theme, looks=LOOKS, name="latent.pages", about="Looks at what the network learned")

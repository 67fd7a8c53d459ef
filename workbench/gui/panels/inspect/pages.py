"""Which looks at a trained classifier there are."""

from workbench.gui.models.inspection import ITEMS_PAGE, InspectionModel
from workbench.gui.panels.look_pages import Look, LookPages
from workbench.gui.theme import Theme

SCORE, ITEMS, TRY = "score", ITEMS_PAGE, "try"
LOOKS = (
    Look(SCORE, "Score", "workbench.gui.widgets.inspect.score:ScorePage"),
    Look("confusion", "Confusion", "workbench.gui.widgets.inspect.confusion:ConfusionPage"),
    Look(ITEMS, "Items", "workbench.gui.widgets.inspect.items:ItemsPage"),
    Look("unknown", "Unknown", "workbench.gui.widgets.inspect.unknown:UnknownPage"),
    Look("embedding", "Embedding", "workbench.gui.widgets.inspect.embedding:EmbeddingPage"),
    Look(TRY, "Try", "workbench.gui.widgets.inspect.try_out:TryPage"),
    Look("compare", "Compare", "workbench.gui.widgets.inspect.compare:ComparePage"),
)


class InspectPages(LookPages):
    """The pages of the Inspect panel."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__(model, theme, looks=LOOKS, name="inspect.pages", about="Looks at the run")

"""One item of the inspection closely, beside the grid of all."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.close_card import CloseCard
from workbench.gui.widgets.inspect.closely import Subject

if TYPE_CHECKING:
    from workbench.engine.data.image_set import ImageSet


class ItemCard(QWidget):
    """Follows ``model``: what it shows is of the inspection that is there."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self._shown: tuple[object, int] | None = None
        self.card = CloseCard(model, theme, name="inspect.card")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        model.changed.connect(self._on_model_changed)

    def show_item(self, item: int) -> None:
        """Look closely at an item of the model's inspection."""
        inspection, dataset = self._model.inspection, self._model.dataset
        if inspection is None or dataset is None or self._shown == (id(inspection), item):
            return
        self._shown = (id(inspection), item)
        row = int(inspection.rows(inspection.items[inspection.items == item])[0])
        one = slice(row, row + 1)
        answer = replace(
            inspection,
            items=inspection.items[one],
            labels=inspection.labels[one],
            logits=inspection.logits[one],
            features=inspection.features[one],
        )
        images = cast("ImageSet", dataset.items)  # only images are classified
        self.card.show_subject(Subject(name=images.name(item), read=partial(images.encoded, item), answer=answer))

    def _on_model_changed(self) -> None:
        self._shown = None
        if self._model.inspection is None:
            self.card.show_subject(None)

"""Previews of a run: what the network made of the same few items at one step, for a person to leaf through."""

from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.engine.errors import UserError
from workbench.engine.files import read_json, write_json

PREDICTIONS = "predictions"
MOST_ITEMS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedItem:
    """One item's place in a preview.

    Attributes:
        item: Its id in the run's dataset.
        label: Its true class.
        classes, probabilities: The most likely classes, best first, with their shares of 1.
    """

    item: int
    label: int
    classes: tuple[int, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """A preview of kind ``"predictions"``: validation items with what the network takes them for at ``step``."""

    step: int
    items: tuple[PredictedItem, ...]

    @property
    def kind(self) -> str:
        return PREDICTIONS

    def save(self, path: Path) -> None:
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> "Predictions":
        """The preview in ``path``; :class:`UserError` if there is none or it is damaged."""
        values = read_json(path)
        try:
            return cls(
                step=int(values["step"]),
                items=tuple(
                    PredictedItem(
                        item=int(one["item"]),
                        label=int(one["label"]),
                        classes=tuple(map(int, one["classes"])),
                        probabilities=tuple(map(float, one["probabilities"])),
                    )
                    for one in values["items"]
                ),
            )
        except (KeyError, TypeError, ValueError):
            raise UserError("this is no preview", where=str(path)) from None

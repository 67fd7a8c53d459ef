"""Previews of a run: what the network made of the same few items at one step, for a person to leaf through."""

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.engine.errors import UserError
from workbench.engine.files import read_json, write_bytes, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREDICTIONS = "predictions"
SAMPLES, DRAWN, RECONSTRUCTIONS, MANIFOLD = "samples", "drawn", "reconstructions", "manifold"
MOST_ITEMS = 24
_LAYOUT = "workbench"  # the text chunk of a sheet that says how it is laid out


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

    @property
    def suffix(self) -> str:
        return ".json"

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """A preview that is made of pictures of one size, in rows.

    Attributes:
        kind: ``"samples"``, ``"drawn"`` (samples with the noise of the likelihood), ``"reconstructions"`` (a row of
            images, and below it a row of what became of them, and so on) or ``"manifold"``.
        pictures: uint8 [N, H, W], or [N, H, W, 3] in colour, row by row.
        columns: Pictures in a row; N is a multiple of it.
        items: Ids of the images that were reconstructed.
    """

    kind: str
    step: int
    pictures: "NDArray[np.uint8]"
    columns: int
    items: tuple[int, ...] = ()

    @property
    def suffix(self) -> str:
        return ".png"

    def save(self, path: Path) -> None:
        """Write a PNG of all pictures, side by side without a gap, whole or not at all."""
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        count, height, width = self.pictures.shape[:3]
        assert count % self.columns == 0
        rows = self.pictures.reshape(count // self.columns, self.columns, height, width, -1)
        canvas = rows.swapaxes(1, 2).reshape(count // self.columns * height, self.columns * width, -1)
        text = PngInfo()
        layout = {"kind": self.kind, "step": self.step, "columns": self.columns, "height": height, "width": width}
        text.add_text(_LAYOUT, json.dumps({**layout, "items": list(self.items)}))
        file = io.BytesIO()
        Image.fromarray(canvas[..., 0] if canvas.shape[-1] == 1 else canvas).save(file, "PNG", pnginfo=text)
        write_bytes(path, file.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Sheet":
        """The sheet in ``path``; :class:`UserError` if there is none or it is damaged."""
        import numpy as np
        from PIL import Image

        try:
            with Image.open(path) as image:
                image.load()
                layout = json.loads(image.text[_LAYOUT])  # type: ignore[attr-defined]
                canvas = np.asarray(image)
            columns, height, width = (int(layout[key]) for key in ("columns", "height", "width"))
            rows = canvas.reshape(canvas.shape[0] // height, height, columns, width, -1).swapaxes(1, 2)
            pictures = rows.reshape(-1, height, width, rows.shape[-1])
            return cls(
                kind=str(layout["kind"]),
                step=int(layout["step"]),
                pictures=pictures[..., 0] if pictures.shape[-1] == 1 else pictures,
                columns=columns,
                items=tuple(map(int, layout["items"])),
            )
        except FileNotFoundError:
            raise UserError("the file is gone", where=str(path)) from None
        except (OSError, KeyError, TypeError, ValueError, AttributeError, SyntaxError):
            raise UserError("this is no preview", where=str(path)) from None

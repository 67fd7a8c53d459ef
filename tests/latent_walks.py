"""A generative network that needs no training, and a model of the Latent panel that shows it."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gallery_samples import encoded
from sklearn.datasets import load_digits

from workbench.engine.data.arrow import ITEMS, write_arrow
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset
from workbench.engine.data.source import Listing, Record
from workbench.engine.errors import UserError
from workbench.engine.latent.codes import Codes
from workbench.engine.project.edits import as_imported
from workbench.engine.project.project import DatasetRow
from workbench.gui.models.latent import LatentModel
from workbench.gui.workspace import Workspace

CLASSES = tuple(str(digit) for digit in range(10))
COUNT, DIMS = 120, 8


@dataclass
class LinearExplorer:
    """Principal components of the digits: decodes and encodes as a network would, at once.

    ``score`` is the negative squared distance to what can be decoded, on the scale of an ELBO.
    """

    mean: Any
    axes: Any
    scale: Any
    encodes: str = "posterior"
    step: int = 1200
    run: str = "r"
    family: str = "vae"
    dims: int = DIMS
    shape: tuple[int, int, int] = (1, 8, 8)
    score_name: str = "ELBO"
    score_unit: str = "nats"
    protocol: str = "random 70/20/10 · split 3f9c"
    scored: int = 0

    def decode(self, codes: Any) -> Any:
        flat = self.mean + (codes * self.scale) @ self.axes
        return np.clip(np.round(flat), 0, 255).astype(np.uint8).reshape(-1, 8, 8)

    def encode(self, pixels: Any) -> tuple[Any, Any]:
        if self.encodes == "no":
            raise UserError("no codes")
        flat = pixels.reshape(len(pixels), -1).astype(np.float32)
        codes = ((flat - self.mean) @ self.axes.T / self.scale).astype(np.float32)
        return codes, np.full_like(codes, 0.1)

    def score(self, pixels: Any, *, seed: int = 0) -> Any:
        self.scored += 1
        flat = pixels.reshape(len(pixels), -1).astype(np.float32)
        back = self.mean + ((flat - self.mean) @ self.axes.T) @ self.axes
        codes = (flat - self.mean) @ self.axes.T / self.scale
        return (-20 - ((flat - back) ** 2).mean(1) / 4 - (codes**2).sum(1) / 2).astype(np.float32)

    def pictures_of(self, pixels: Any) -> Any:
        return pixels[:, 0]

    def pixels_of(self, pictures: Any) -> Any:
        return pictures[:, None]


@dataclass(frozen=True)
class Digits:
    """The first digits of scikit-learn: pixels uint8[N, 1, 8, 8], and the same as a dataset."""

    pixels: Any
    labels: Any
    dataset: Dataset

    def explorer(self, **changes: Any) -> Any:
        flat = self.pixels.reshape(len(self.pixels), -1).astype(np.float32)
        mean = flat.mean(0)
        _, sizes, axes = np.linalg.svd(flat - mean, full_matrices=False)
        scale = (sizes[:DIMS] / np.sqrt(len(flat))).astype(np.float32)
        return LinearExplorer(mean, axes[:DIMS], scale, **changes)

    def codes(self, explorer: Any) -> Codes:
        mean, deviation = explorer.encode(self.pixels)
        return Codes(
            run="r", step=explorer.step, split="validation", protocol=explorer.protocol, classes=CLASSES,
            items=np.arange(len(self.labels)), labels=self.labels, mean=mean, deviation=deviation,
        )  # fmt: skip


def digits(folder: Path) -> Digits:
    """As a dataset, all in the validation split."""
    whole = load_digits()
    pixels = np.round(whole.images[:COUNT] * (255 / 16)).astype(np.uint8)
    labels = whole.target[:COUNT].astype(np.int64)
    records = [
        Record(image=encoded(picture), labels=(int(label),), split="validation", name=f"digit-{index}.png", mask=None,
               group="")
        for index, (picture, label) in enumerate(zip(pixels, labels, strict=True))
    ]  # fmt: skip
    listing = Listing(
        kind="test", name="digits", label_sets={"label": CLASSES}, total=len(records), records=lambda: iter(records)
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for _ in write_arrow(listing, folder):
        pass
    items = ImageSet(folder / ITEMS)
    row = DatasetRow(
        id="d", name="digits", kind="test", origin="", signature="", fingerprint="e" * 64, items=len(records),
        label_sets={"label": CLASSES}, splits={}, created=0.0,
    )  # fmt: skip
    state = as_imported(
        labels={"label": items.labels("label")}, classes={"label": CLASSES}, splits=items.splits()
    )  # fmt: skip
    return Digits(pixels[:, None], labels, Dataset(row=row, items=items, state=state))


class ShownModel(LatentModel):
    """A model whose run is made up."""

    made_up: Any = None

    @property
    def run(self) -> Any:
        return self.made_up


def shown_model(workspace: Workspace, data: Digits, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> ShownModel:
    """A model that shows the digits' explorer (``changes`` to it), with codes where that encodes."""

    def item_pixels(*args: Any, **options: Any) -> Generator[Any, None, Any]:
        yield from ()
        return data.pixels[args[3]]

    monkeypatch.setattr("workbench.engine.latent.originals.item_pixels", item_pixels)
    explorer = data.explorer(**changes)
    model = ShownModel(workspace)
    codes = data.codes(explorer) if explorer.encodes != "no" else None
    model.show(explorer, codes=codes, dataset=data.dataset)
    stored = SimpleNamespace(items={"validation": np.arange(len(data.labels))})
    monkeypatch.setattr(workspace.opened(), "split", lambda name: stored)
    model.made_up = SimpleNamespace(id="r", folder=Path(), status=lambda: SimpleNamespace(split="s"))
    return model

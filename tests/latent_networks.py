"""A generative network small enough to know by heart, and explorers of it."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.engine.data.pixels import Geometry
from workbench.engine.latent.explorer import Explorer, explorer_of
from workbench.engine.models.generative import Posterior
from workbench.engine.train.checkpoint import Meta
from workbench.engine.train.feed import Preprocessing
from workbench.engine.train.job import Job
from workbench.engine.train.trained import Trained

GREY = Preprocessing(geometry=Geometry(size=4, how="crop", mode="L"), mean=(0.0,), deviation=(1.0,))
HALF = Preprocessing(geometry=Geometry(size=4, how="crop", mode="L"), mean=(0.5,), deviation=(0.5,))
BGR = Preprocessing(geometry=Geometry(size=4, how="crop", mode="BGR"), mean=(0.4, 0.5, 0.6), deviation=(0.2, 0.3, 0.25))


class Linear(nn.Module):
    """Pictures are grey in the middle of a code space and change evenly from there; codes are found exactly."""

    score_name, score_unit = "closeness", "nats"

    def __init__(self, shape: tuple[int, int, int], dims: int, *, encodes: str = "posterior") -> None:
        super().__init__()
        self.shape, self.dims, self.encodes = shape, dims, encodes
        self.calls: list[int] = []
        numbers = shape[0] * shape[1] * shape[2]
        basis, _ = torch.linalg.qr(torch.randn(numbers, dims, generator=torch.Generator().manual_seed(1)))
        self.decoder = nn.Linear(dims, numbers)
        self.decoder.weight.data = 0.5 * basis
        self.decoder.bias.data = torch.full((numbers,), 0.5)

    def forward(self, images: Tensor) -> Tensor:
        return self.decoder(self.encode(images).mean)

    def decode(self, codes: Tensor) -> Tensor:
        self.calls.append(len(codes))
        images: Tensor = self.decoder(codes).reshape(-1, *self.shape)
        return images

    def draw(self, codes: Tensor, noise: torch.Generator) -> Tensor:
        images = self.decode(codes)
        return images + 0.2 * torch.randn(images.shape, generator=noise)

    def encode(self, images: Tensor) -> Posterior:
        mean = 4 * (images.flatten(1) - self.decoder.bias) @ self.decoder.weight
        spread = 0.0 if self.encodes == "exact" else 0.25
        return Posterior(mean, torch.full_like(mean, spread))

    def score(self, images: Tensor, noise: torch.Generator) -> Tensor:
        return -images.flatten(1).square().sum(1) + 0.01 * torch.rand(len(images), generator=noise)


def trained(model: nn.Module, preprocessing: Preprocessing, **data: Any) -> Trained:
    """``model`` as if it had been loaded from a checkpoint of step 7."""
    job = Job.from_dict({"model": {"name": "vae"}, "data": data}, name="hand-made")
    meta = Meta(
        step=7, job=job.to_dict(), classes=(), preprocessing=preprocessing.to_dict(),
        shape=preprocessing.geometry.shape, protocol="hand-made", split="", fingerprint="",
    )  # fmt: skip
    return Trained(
        checkpoint=Path("run/checkpoints/step-7"), meta=meta, job=job, model=model.eval(), task=None,  # type: ignore[arg-type]
        device=torch.device("cpu"),
    )  # fmt: skip


def explorer(
    preprocessing: Preprocessing = GREY, *, dims: int = 2, encodes: str = "posterior", run: str = "run", **data: Any
) -> Explorer:
    """An explorer of a :class:`Linear` network."""
    model = Linear(preprocessing.geometry.shape, dims, encodes=encodes)
    return explorer_of(trained(model, preprocessing, **data), run=run)

"""The one way to ask a generative run: what a code looks like, where an image lies, and how well it is accounted for.

Loads torch when a run is opened and not before. Shapes: N codes or images, D dimensions, C channels, H = W pixels.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.binarise import Binarisation
from workbench.engine.data.pixels import Bytes, Geometry
from workbench.engine.errors import UserError
from workbench.engine.models import MODELS
from workbench.engine.preferences import Preferences
from workbench.engine.project.runs import Run

if TYPE_CHECKING:
    from workbench.engine.latent.network import Network
    from workbench.engine.train.trained import Trained

Singles = NDArray[np.float32]
POSTERIOR, EXACT, NO = "posterior", "exact", "no"  # what ``encodes`` can be


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explorer:
    """A checkpoint of a generative run. Every method may be called from any thread.

    Attributes:
        run, step: Whose weights, and the steps behind them.
        family: Name of the model.
        dims: D.
        shape: C, H and W.
        encodes: ``"posterior"``, ``"exact"`` or ``"no"``, see :class:`workbench.engine.models.generative.Generative`.
        score_name, score_unit: What :meth:`score` says.
        protocol: What it was trained on, as stands beside every number.
        geometry: What an image file becomes.
        binarisation: What becomes of grey levels before the network sees them.
        network: What is asked.
    """

    run: str
    step: int
    family: str
    dims: int
    shape: tuple[int, int, int]
    encodes: str
    score_name: str
    score_unit: str
    protocol: str
    geometry: Geometry
    binarisation: Binarisation = field(default_factory=Binarisation)
    network: "Network" = field(repr=False)

    def decode(self, codes: Singles) -> Bytes:
        """Pictures uint8[N, H, W] or [N, H, W, 3] of codes float32[N, D], without noise."""
        assert codes.ndim == 2
        assert codes.shape[1] == self.dims
        return self.network.decode(_singles(codes))

    def draw(self, codes: Singles, *, seed: int) -> Bytes:
        """As :meth:`decode`, with the noise of the likelihood; equal seeds give equal pictures."""
        assert codes.shape[1:] == (self.dims,)
        return self.network.draw(_singles(codes), seed=seed)

    def encode(self, pixels: Bytes) -> tuple[Singles, Singles]:
        """Where images lie: means and deviations, float32[N, D] each; deviations of 0 where codes are exact.

        Args:
            pixels: uint8[N, C, H, W], in the order of channels that the network sees.

        Raises:
            UserError: The network gives images no codes.
        """
        self.check_encodes()
        assert pixels.shape[1:] == self.shape
        return self.network.encode(pixels)

    def check_encodes(self) -> None:
        """Raise :class:`UserError` where the network gives images no codes."""
        if self.encodes == NO:
            raise UserError(
                f"a network of the kind {self.family!r} gives images no codes",
                remedy="walk between images or reconstruct them: their codes are searched for",
            )

    def score(self, pixels: Bytes, *, seed: int = 0) -> Singles:
        """How well the network accounts for each image, float32[N], in :attr:`score_unit`.

        Args:
            pixels: uint8[N, C, H, W], as the network would see them: grey levels are scored as they are.
            seed: Of what the estimate draws.
        """
        assert pixels.shape[1:] == self.shape
        return self.network.score(pixels, seed=seed)

    def pictures_of(self, pixels: Bytes) -> Bytes:
        """Pixels uint8[N, C, H, W] for people: [N, H, W], or [N, H, W, 3], red before blue."""
        if pixels.shape[1] == 1:
            return pixels[:, 0]
        turned = pixels[:, ::-1] if self.geometry.mode == "BGR" else pixels
        return np.ascontiguousarray(turned.transpose(0, 2, 3, 1))

    def pixels_of(self, pictures: Bytes) -> Bytes:
        """The inverse of :meth:`pictures_of`."""
        if pictures.ndim == 3:
            return pictures[:, None]
        pixels = pictures.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pixels[:, ::-1] if self.geometry.mode == "BGR" else pixels)


def open_explorer(run: Run, *, checkpoint: str, preferences: Preferences) -> Explorer:
    """Load a checkpoint of a run, ``"best"``, ``"last"`` or that of a step. Takes seconds the first time.

    Raises:
        UserError: The run's network makes no images, or there is no such checkpoint.
    """
    name = str(run.job().get("model", {}).get("name", ""))
    if name in MODELS and MODELS[name].task == "classify":
        raise not_generative(name)
    from workbench.engine.train.trained import load_trained

    return explorer_of(load_trained(run, checkpoint=checkpoint, preferences=preferences), run=run.id)


def explorer_of(trained: "Trained", *, run: str) -> Explorer:
    """An explorer of a checkpoint that is loaded already, whose weights get no gradients any more.

    Raises:
        UserError: It makes no images.
    """
    from workbench.engine.latent.network import Network

    network = Network(trained)
    return Explorer(
        run=run,
        step=trained.meta.step,
        family=trained.job.model,
        dims=network.model.dims,
        shape=trained.meta.shape,
        encodes=network.model.encodes,
        score_name=network.model.score_name,
        score_unit=network.model.score_unit,
        protocol=trained.meta.protocol,
        geometry=trained.preprocessing.geometry,
        binarisation=trained.job.data.binarisation,
        network=network,
    )


def not_generative(model: str) -> UserError:
    """What to say of a run whose network makes no images."""
    return UserError(
        "this run's network makes no images", where=model, remedy="choose a run of an autoencoder, a GAN or a flow"
    )


def _singles(codes: Singles) -> Singles:
    return np.asarray(codes, np.float32)

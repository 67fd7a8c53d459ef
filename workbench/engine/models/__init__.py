"""Model families: one folder each, all of one shape.

``<family>/params.py`` holds the options and imports no torch, so that a form or a check of a job file costs nothing;
``<family>/model.py`` holds ``build(params, *, shape, classes)``, imported when a network is really built.
To add a family: write the folder and add a line to :data:`MODELS`.

Every network takes a float tensor [B, C, H, W], already preprocessed (usually pixels / 255). A classifier returns
logits [B, classes]; what makes images is :class:`workbench.engine.models.generative.Generative` and returns what its
task needs. A network with a method ``prepare(images)`` wants it called once, before the first step, with some
preprocessed training images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from workbench.engine.models.cnn.params import CnnParams
from workbench.engine.models.cnn_deep.params import CnnDeepParams
from workbench.engine.models.fastnet.params import FastNetParams
from workbench.engine.models.flow.params import FlowParams
from workbench.engine.models.flow_multiscale.params import FlowMultiscaleParams
from workbench.engine.models.fnn.params import FnnParams
from workbench.engine.models.gan.params import GanParams
from workbench.engine.models.gan_conv.params import GanConvParams
from workbench.engine.models.kan.params import KanParams
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.models.vae.params import VaeParams
from workbench.engine.models.vae_conv.params import VaeConvParams
from workbench.engine.params import Params
from workbench.engine.registry import Registry

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily:
    """One architecture with options.

    Attributes:
        title: One line for a person.
        folder: Name of the package under this one.
        params: The class of its options.
        spatial: Whether its layers are convolutions, which prefer the memory layout with channels last.
        pretrained: Whether it can begin with weights that others trained; see :func:`wanted_input`.
        task: Name of the task it serves.
        normalize: What ``data.normalize = auto`` means for it where it was not trained before.
    """

    title: str
    folder: str
    params: type[Params]
    spatial: bool = True
    pretrained: bool = False
    task: str = "classify"
    normalize: str = "unit"


@runtime_checkable
class BeginsWithOthers(Protocol):
    """Options of a network that can begin with weights that others trained."""

    def settled(self, run: Callable[[str], str]) -> Params:
        """The same options with those weights named so that the name means the same later and elsewhere.

        Args:
            run: The id of a run, given a name of it.

        Raises:
            UserError: There is nothing of that name.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a network wants to be shown, because it was trained with it.

    Attributes:
        size: Height and width in pixels.
        interpolation, share: See :class:`workbench.engine.data.pixels.Geometry`.
        bgr: Whether the channels come in the order blue, green, red. ``mean`` and ``deviation`` are in that order.
        mean, deviation: Per channel, subtracted from and dividing pixels in 0..1.
    """

    size: int
    interpolation: str
    share: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    bgr: bool = False


def wanted_input(name: str, params: Params) -> Wanted | None:
    """What a network of the family ``name`` wants to be shown; ``None`` where it takes what it gets.

    A family says so with a function ``wanted(params)`` in its module. Loads torch for one that does.
    """
    if not MODELS[name].pretrained:
        return None
    module = import_module(f"{__name__}.{MODELS[name].folder}.model")
    return cast("Wanted | None", module.wanted(params))


MODELS: Registry[ModelFamily] = Registry("model")
MODELS.add(
    "fnn", ModelFamily(title="Dense network with residual layers", folder="fnn", params=FnnParams, spatial=False)
)
MODELS.add("cnn", ModelFamily(title="Three convolutions and a dense stack", folder="cnn", params=CnnParams))
MODELS.add("cnn-deep", ModelFamily(title="Six convolutions with dropout", folder="cnn_deep", params=CnnDeepParams))
MODELS.add(
    "kan", ModelFamily(title="Kolmogorov-Arnold network of splines", folder="kan", params=KanParams, spatial=False)
)
MODELS.add("fastnet", ModelFamily(title="Whitened convolutions for speed", folder="fastnet", params=FastNetParams))
MODELS.add(
    "transfer",
    ModelFamily(
        title="A trained network with a new last layer", folder="transfer", params=TransferParams, pretrained=True
    ),
)
MODELS.add(
    "vae",
    ModelFamily(
        title="Dense variational autoencoder", folder="vae", params=VaeParams, spatial=False, task="autoencode"
    ),
)
MODELS.add(
    "vae-conv",
    ModelFamily(
        title="Convolutional variational autoencoder", folder="vae_conv", params=VaeConvParams, task="autoencode"
    ),
)
MODELS.add(
    "gan",
    ModelFamily(
        title="Dense generator and discriminator",
        folder="gan",
        params=GanParams,
        spatial=False,
        task="adversarial",
        normalize="half",
    ),
)
MODELS.add(
    "gan-conv",
    ModelFamily(
        title="Convolutional generator and discriminator",
        folder="gan_conv",
        params=GanConvParams,
        task="adversarial",
        normalize="half",
    ),
)
MODELS.add(
    "flow",
    ModelFamily(
        title="Normalising flow of dense couplings", folder="flow", params=FlowParams, spatial=False, task="density"
    ),
)
MODELS.add(
    "flow-multiscale",
    ModelFamily(
        title="Multi-scale normalising flow of convolutions",
        folder="flow_multiscale",
        params=FlowMultiscaleParams,
        task="density",
    ),
)


def build(
    name: str, params: Params, *, shape: tuple[int, int, int], classes: int, generator: "torch.Generator"
) -> "nn.Module":
    """A network of the family ``name`` on the CPU, its weights drawn from ``generator`` alone.

    Args:
        name: A name in :data:`MODELS`.
        params: The options, of that family's class.
        shape: Channels, height and width of one image.
        classes: Number of logits; 0 where the data has no classes and the network learns none.
        generator: A generator on the CPU; equal states give equal weights, and the global state is left as it was.

    Raises:
        UserError: There is no such family, or its options do not suit ``shape``.
    """
    import torch

    from workbench.engine.models.layers import initialise

    family = MODELS[name]
    assert isinstance(params, family.params), f"{name} takes {family.params.__name__}, not {type(params).__name__}"
    assert generator.device.type == "cpu"
    assert min(shape) > 0 <= classes
    module = import_module(f"{__name__}.{family.folder}.model")
    # Constructors of torch draw weights from the global state. Ours replace them, so the draw is undone; those of a
    # network that initialises itself are kept, so the state is made to follow from the generator, which is not moved.
    seed = int(torch.randint(2**62, (), generator=torch.Generator().set_state(generator.get_state())))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = cast("nn.Module", module.build(params, shape=shape, classes=classes))
    initialise(model, generator)
    return model


def sketch(name: str, params: Params, *, shape: tuple[int, int, int], classes: int) -> "nn.Module":
    """A network as :func:`build` makes it, to be counted and listed and not to be used.

    One that can begin with weights that others trained may be large: it has no memory for them, on the meta device.
    """
    import torch

    if not MODELS[name].pretrained:
        return build(name, params, shape=shape, classes=classes, generator=torch.Generator().manual_seed(0))
    module = import_module(f"{__name__}.{MODELS[name].folder}.model")
    return cast("nn.Module", module.sketch(params, shape=shape, classes=classes))

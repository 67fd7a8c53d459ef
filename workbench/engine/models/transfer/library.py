"""Networks of torchvision and of timm, built alike: no weights fetched, no classifier, randomness from our generator.

The rest of the family asks this module and neither library; what the two call differently is evened out here.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import timm
import torch
import torchvision
from timm.layers.drop import DropPath as TimmDropPath
from timm.layers.patch_embed import PatchEmbed
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision.ops import StochasticDepth

from workbench.engine.errors import UserError
from workbench.engine.models import Wanted
from workbench.engine.models.layers import Dropout, DropPath
from workbench.engine.models.transfer.backbones import TORCHVISION, Choice
from workbench.engine.registry import suggest

T = TypeVar("T")
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")
_OLD = ("googlenet", "inception_v3")  # of torchvision; they bring outputs for training and a scaling of their own


class NoMemory(TorchFunctionMode):
    """Within this context layers are made without memory for their weights.

    Only for this thread, unlike Accelerate's switch. ``torch.device("meta")`` would also take away the numbers with
    which some constructors reckon.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A backbone without its classifier.

    Attributes:
        choice: Which one it is.
        module: Images [B, 3, H, W] to features [B, D], pooled as the network itself does.
        classifier: Names of the modules that were taken away, as in published weights.
        channels_last: Whether its maps are [B, H, W, C] where shapes do not tell.
        token: Whether a sequence is summed up by its class token, if it has one.
        prefix: Tokens before those of the image, once they are there.
    """

    choice: Choice
    module: nn.Module
    classifier: tuple[str, ...]
    channels_last: bool
    token: bool
    prefix: int


def create(choice: Choice, *, size: tuple[int, int], drop_path: float = 0.0) -> Network:
    """Build a backbone with random weights, drawn from torch's global state.

    Args:
        choice: Which one.
        size: Height and width of the images.
        drop_path: Share of images that skip the last residual block in training.

    Raises:
        UserError: There is no such network, or it cannot be built so.
    """
    _check_known(choice)
    try:
        network = (_torchvision if choice.library == TORCHVISION else _timm)(choice, size, drop_path)
    except UserError:
        raise
    except Exception as error:  # constructors raise whatever they trip over; sizes that do not divide, mostly
        raise _refused(choice, size, error) from error
    replaced = _replace_random(network.module, drop_path)
    if drop_path and not replaced:
        raise UserError(f"{choice} has no blocks that can be skipped", remedy="set model.drop_path = 0")
    return network


def without_memory(choice: Choice, *, size: tuple[int, int], drop_path: float = 0.0) -> Network:
    """As :func:`create`, on the meta device: shapes and names alone, in a fraction of the time."""
    _check_known(choice)
    network = unallocated(lambda: create(choice, size=size, drop_path=drop_path))
    network.module.to("meta")
    return network


def unallocated(make: Callable[[], T]) -> T:
    """What ``make`` builds, without memory for its weights; some of its tensors may have memory all the same."""
    try:
        with NoMemory():
            return make()
    except Exception:  # a few constructors send an image through what they have made so far
        with torch.device("meta"):
            return make()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One module's part in a forward pass.

    Attributes:
        shape: Of the tensor that it returned, with the batch axis; empty where it returned something else.
        start, end: When it began for the first time and ended for the last, counted in such events.
    """

    shape: tuple[int, ...]
    start: int
    end: int


def run_through(network: Network, *, size: tuple[int, int], batch: int = 2) -> dict[str, Ran]:
    """What each submodule of a network on the meta device does to ``batch`` images, in the order of running.

    The network itself stands under the empty name. Modules that do not run are left out.

    Raises:
        UserError: Images of this size do not pass.
    """
    module, choice = network.module, network.choice
    starts: dict[str, int] = {}
    found: dict[str, Ran] = {}
    clock = itertools.count()

    def before(name: str) -> Any:
        def record(module: nn.Module, inputs: Any) -> None:
            starts.setdefault(name, next(clock))

        return record

    def after(name: str) -> Any:
        def record(module: nn.Module, inputs: Any, output: object) -> None:
            shape = tuple(output.shape) if isinstance(output, Tensor) else ()
            found[name] = Ran(shape=shape, start=starts[name], end=next(clock))

        return record

    handles = [handle for name, part in module.named_modules() for handle in (
        part.register_forward_pre_hook(before(name)), part.register_forward_hook(after(name)))]  # fmt: skip
    training = module.training
    try:
        with torch.no_grad():
            module.eval()(torch.empty(batch, 3, *size, device="meta"))
    except Exception as error:  # a map of no pixels, a side that does not divide: each layer says it in its own way
        raise _refused(choice, size, error) from error
    finally:
        module.train(training)
        for handle in handles:
            handle.remove()
    return {name: found[name] for name in starts}


def _check_patches(choice: Choice, size: tuple[int, int], side: int) -> None:
    """Raise :class:`UserError` where patches of ``side`` pixels would cover only a part of images of ``size``.

    timm leaves out the rest at the right and the bottom without a word; torchvision does not say what would fit.
    """
    if not any(one % side for one in size):
        return
    height, width = size
    near = sorted({max(side, height // side * side), -(-height // side) * side})
    raise UserError(
        f"{choice} sees an image as patches of {side} x {side} pixels, and {width} x {height} pixels are no whole "
        "number of them",
        remedy=f"set data.size = {' or '.join(map(str, near))}",
    )


def _refused(choice: Choice, size: tuple[int, int], error: BaseException) -> UserError:
    height, width = size
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    usual = wanted_by(choice).size
    return UserError(
        f"{choice} does not take images of {width} x {height} pixels ({reason})",
        remedy="choose another backbone" if size == (usual, usual) else f"set data.size = {usual}",
    )


def wanted_by(choice: Choice) -> Wanted:
    """What a backbone was shown when it was trained, by its library's own account."""
    _check_known(choice)
    if choice.library == TORCHVISION:
        return _wanted_by_torchvision(choice)
    config = timm_config(choice)
    height = int(config["input_size"][1])
    interpolation = str(config["interpolation"])
    mean, deviation = config["mean"], config["std"]
    return Wanted(
        size=height,
        interpolation=interpolation if interpolation in _INTERPOLATIONS else "bicubic",
        share=min(1.0, float(config["crop_pct"])),
        mean=(float(mean[0]), float(mean[1]), float(mean[2])),
        deviation=(float(deviation[0]), float(deviation[1]), float(deviation[2])),
    )


def _wanted_by_torchvision(choice: Choice) -> Wanted:
    weights = torchvision_weights(choice)
    if weights is None:  # never published: what all the others of the library want
        return Wanted(
            size=224, interpolation="bilinear", share=0.875,
            mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225),
        )  # fmt: skip
    transform = weights.transforms()
    crop, scaled = int(transform.crop_size[0]), int(transform.resize_size[0])
    share = crop / scaled
    while math.floor(crop / share) < scaled:  # a rounding error would scale to one pixel less
        share = math.nextafter(share, 0.0)
    mean, deviation = transform.mean, transform.std
    return Wanted(
        size=crop,
        interpolation=str(transform.interpolation.value),
        share=min(1.0, share),
        mean=(float(mean[0]), float(mean[1]), float(mean[2])),
        deviation=(float(deviation[0]), float(deviation[1]), float(deviation[2])),
    )


def torchvision_weights(choice: Choice) -> Any:
    """The member of torchvision's table of weights that ``choice`` means; ``None`` where there is none at all."""
    table: Any = torchvision.models.get_model_weights(choice.name)
    members = {member.name: member for member in table}
    if choice.tag:
        if choice.tag not in members:
            raise UserError(
                f"torchvision has no weights {choice.tag} for {choice.name}",
                remedy=suggest(choice.tag, list(members)),
            )
        return members[choice.tag]
    return table.DEFAULT if members else None


def timm_config(choice: Choice) -> Mapping[str, Any]:
    """What timm knows of a network's published weights and of the images that they were made with."""
    config: Any = timm.models.get_pretrained_cfg(choice.full) or timm.models.PretrainedCfg()
    values: dict[str, Any] = config.to_dict(remove_null=False)
    return values


def library_names(library: str) -> list[str]:
    """All classifiers that the installed version of a library can build."""
    if library == TORCHVISION:
        return [str(name) for name in torchvision.models.list_models(module=torchvision.models)]
    return [str(name) for name in timm.list_models()]


def _check_known(choice: Choice) -> None:
    if choice.library == TORCHVISION:
        known, version = choice.name in library_names(TORCHVISION), torchvision.__version__
    else:
        known, version = bool(timm.is_model(choice.name)), timm.__version__
    if not known:
        raise UserError(
            f"{choice.library} {version} has no network called {choice.name!r}",
            remedy=suggest(choice.name, library_names(choice.library)),
        )
    if choice.library == TORCHVISION:
        torchvision_weights(choice)
    elif choice.tag:
        tags = list(timm.models.get_arch_pretrained_cfgs(choice.name))
        tags = [tag.partition(".")[2] for tag in tags]
        if choice.tag not in tags:
            raise UserError(
                f"timm has no weights {choice.tag} for {choice.name}", remedy=suggest(choice.tag, sorted(tags))
            )


def _timm(choice: Choice, size: tuple[int, int], drop_path: float) -> Network:
    config = timm_config(choice)
    options: dict[str, Any] = {"num_classes": 0}
    if config["fixed_input_size"] and size != tuple(config["input_size"][1:]):
        options["img_size"] = size
    if drop_path:
        options["drop_path_rate"] = drop_path
    try:
        module: Any = timm.create_model(choice.full, pretrained=False, **options)
    except TypeError as error:
        if "drop_path_rate" in str(error):
            raise UserError(f"{choice} has no blocks that can be skipped", remedy="set model.drop_path = 0") from error
        raise
    for part in module.modules():
        if isinstance(part, PatchEmbed) and not part.dynamic_img_pad:
            _check_patches(choice, size, part.patch_size[0])
    if hasattr(module, "drop_rate"):
        module.drop_rate = 0.0  # dropout before the classifier is the head's affair
    classifier = config["classifier"] or ()
    return Network(
        choice=choice,
        module=module,
        classifier=(classifier,) if isinstance(classifier, str) else tuple(classifier),
        channels_last=str(getattr(module, "output_fmt", "NCHW")).endswith("NHWC"),
        token=str(getattr(module, "global_pool", "")) == "token",
        prefix=int(getattr(module, "num_prefix_tokens", 1)),
    )


def _torchvision(choice: Choice, size: tuple[int, int], drop_path: float) -> Network:
    options: dict[str, Any] = {}
    if choice.name in _OLD:
        options = {"aux_logits": False, "init_weights": True, "transform_input": True}
    elif choice.name.startswith("vit_"):
        if size[0] != size[1]:
            raise ValueError("they are not square")
        _check_patches(choice, size, int(choice.name.rpartition("_")[2]))
        options = {"image_size": size[0]}
    elif choice.name.startswith("maxvit"):
        options = {"input_size": size}
    module = torchvision.models.get_model(choice.name, weights=None, **options)
    classifier = _take_classifier(module)
    depths = [part for part in module.modules() if isinstance(part, StochasticDepth)]
    most = max((part.p for part in depths), default=0.0)
    for part in depths:
        part.p = drop_path * part.p / most if most else 0.0
    return Network(
        choice=choice,
        module=module,
        classifier=(classifier,),
        channels_last="swin" in choice.name,
        token=choice.name.startswith("vit_"),
        prefix=1,
    )


def _take_classifier(module: nn.Module) -> str:
    """Take the last layer out of a torchvision network, and the dropout before it, which belongs to a head."""
    layers: list[tuple[str, nn.Module]] = [
        (name, part) for name, part in module.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)
    ]
    name, layer = layers[-1]
    path, _, last = name.rpartition(".")
    parent = module.get_submodule(path)
    if isinstance(layer, nn.Conv2d):  # SqueezeNet: a convolution to 1000 maps that are pooled
        module.add_module(path, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        return name
    parent.add_module(last, nn.Identity())
    if isinstance(parent, nn.Sequential):
        names = list(parent._modules)
        before = names[names.index(last) - 1] if names.index(last) else ""
        if before and isinstance(parent.get_submodule(before), nn.Dropout):
            parent.add_module(before, nn.Identity())
    elif isinstance(getattr(module, "dropout", None), nn.Dropout):
        module.add_module("dropout", nn.Identity())
    return name


def _replace_random(module: nn.Module, drop_path: float) -> bool:
    """Let dropout and skipped blocks draw from a run's generator; whether any block can be skipped."""
    skips = False
    for parent, name, part in list(_children(module)):
        if isinstance(part, nn.Dropout):
            parent.add_module(name, Dropout(part.p))
        elif isinstance(part, StochasticDepth | TimmDropPath):
            share = part.p if isinstance(part, StochasticDepth) else float(part.drop_prob or 0.0)
            parent.add_module(name, DropPath(share))
            skips = skips or share > 0
    return skips


def _children(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    for parent in module.modules():
        for name, part in parent.named_children():
            yield parent, name, part

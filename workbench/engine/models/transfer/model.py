"""The network: a part that stays as it is, a part that learns, and a new last layer."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, fx, nn

from workbench.engine.errors import UserError
from workbench.engine.models import Wanted
from workbench.engine.models.layers import Dropout, reset_kernel
from workbench.engine.models.transfer import library
from workbench.engine.models.transfer.backbones import Choice, choose
from workbench.engine.models.transfer.graph import Traced, blocks, part, trace
from workbench.engine.models.transfer.library import Network, Ran
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.params import Params

# What the libraries call the parameters that are put before the tokens of an image
_CLASS_TOKENS, _REGISTERS = ("cls_token", "class_token"), ("reg_token",)


class Pool(nn.Module):
    """Whatever a layer returns to features [B, D].

    Args:
        how: ``"map"`` averages [B, D, H, W], ``"map-last"`` [B, H, W, D], ``"mean"`` the tokens of [B, N, D] behind the
            first ``skip``, ``"token"`` takes the first of them, ``"none"`` gives [B, D] back.
    """

    def __init__(self, how: str, *, skip: int = 0) -> None:
        super().__init__()
        self.how, self.skip = how, skip

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "map":
            return x.mean((2, 3))
        if self.how == "map-last":
            return x.mean((1, 2))
        if self.how == "mean":
            return x[:, self.skip :].mean(1)
        return x[:, 0] if self.how == "token" else x

    def extra_repr(self) -> str:
        return self.how


class TransferNet(nn.Module):
    """Images [B, 3, H, W], or grey ones [B, 1, H, W], to logits [B, classes].

    Args:
        frozen: Runs without gradients and in evaluation mode, whatever mode the network is in.
        tail: What is trained of the backbone.
        pool: Its output to features [B, ``features``].
        features, classes, dropout: Of the head.
        size: Height and width of the images that it is built for.
        blocks: The number of the block of each parameter of the backbone, by the backbone's own names.
        backbone_rate, layer_decay: See :class:`TransferParams`.
        keeps_statistics: Whether the batch norms of ``tail`` go on with the means and variances that they have.
    """

    def __init__(
        self,
        *,
        frozen: nn.Module,
        tail: nn.Module,
        pool: Pool,
        features: int,
        classes: int,
        dropout: float,
        size: tuple[int, int],
        blocks: Mapping[str, int],
        backbone_rate: float,
        layer_decay: float,
        keeps_statistics: bool,
    ) -> None:
        super().__init__()
        self.frozen, self.tail, self.pool = frozen, tail, pool
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(features, classes)
        self.size = size
        self._blocks, self._backbone_rate, self._layer_decay = dict(blocks), backbone_rate, layer_decay
        self._keeps_statistics = keeps_statistics
        self.frozen.requires_grad_(False)
        self.frozen.eval()

    @property
    def has_frozen(self) -> bool:
        """Whether any layer stays as it is, so that :meth:`stem` is worth keeping."""
        return not isinstance(self.frozen, nn.Identity)

    @property
    def all_frozen(self) -> bool:
        """Whether only the head learns: :meth:`stem` gives features then, otherwise a layer's output."""
        return self.has_frozen and isinstance(self.tail, nn.Identity)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.frozen.eval()
        if self._keeps_statistics:
            for module in self.tail.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def stem(self, x: Tensor) -> Tensor:
        """What the frozen part makes of images; it depends on nothing that is learned.

        Its weights take no gradients, so none are computed, unless the images themselves ask for theirs.
        """
        if x.shape[1] == 1:
            x = x.expand(-1, 3, -1, -1)
        if not self.has_frozen:
            return x
        x = self.frozen(x)
        return self.pool(x) if self.all_frozen else x

    def features(self, stem: Tensor) -> Tensor:
        """What the last layer sees [B, D], from the output of :meth:`stem`."""
        return stem if self.all_frozen else self.pool(self.tail(stem))

    def classify(self, features: Tensor) -> Tensor:
        """Logits [B, classes] of features [B, D]."""
        logits: Tensor = self.head(self.dropout(features))
        return logits

    def rest(self, stem: Tensor) -> Tensor:
        """Logits from the output of :meth:`stem`, which is left as it is."""
        return self.classify(self.features(stem))

    def embed(self, x: Tensor) -> Tensor:
        """What the last layer sees of images: [B, D]."""
        return self.features(self.stem(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.embed(x))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the head; the backbone has drawn itself when it was built."""
        reset_kernel(self.head, generator)

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """What is trained, by its share of the learning rate; the head, at 1, comes last, equal shares together."""
        own = [(self._blocks[name], weight) for name, weight in self.tail.named_parameters() if weight.requires_grad]
        last = max((block for block, _ in own), default=0)
        groups: dict[float, list[nn.Parameter]] = {}
        for block, weight in own:
            groups.setdefault(self._backbone_rate * self._layer_decay ** (last - block), []).append(weight)
        head = [*groups.pop(1.0, []), *self.head.parameters()]
        return [*groups.items(), (1.0, head)]

    def backbone_state(self) -> dict[str, Tensor]:
        """The weights and statistics of the layers that are kept, by the backbone's own names; not copies."""
        return {**self.frozen.state_dict(), **self.tail.state_dict()}

    @torch.no_grad()
    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Take the backbone's weights from ``state``, which holds all of :meth:`backbone_state` and maybe more."""
        for name, own in self.backbone_state().items():
            own.copy_(state[name])


def build(params: TransferParams, *, shape: tuple[int, int, int], classes: int) -> TransferNet:
    """The network with random weights: :mod:`.weights` loads those of others.

    Raises:
        UserError: There is no such network or layer, or images of this size do not pass through.
    """
    choice, size = choose(params.backbone), (shape[1], shape[2])
    ran = library.run_through(library.without_memory(choice, size=size), size=size)
    network = library.create(choice, size=size, drop_path=params.drop_path)
    return _assembled(params, network, ran, size=size, classes=classes)


def sketch(params: TransferParams, *, shape: tuple[int, int, int], classes: int) -> TransferNet:
    """As :func:`build`, on the meta device: to be counted and listed, in no time and no memory."""
    size = (shape[1], shape[2])
    network = library.without_memory(choose(params.backbone), size=size, drop_path=params.drop_path)
    ran = library.run_through(network, size=size)
    return _assembled(params, network, ran, size=size, classes=classes).to("meta")


def _assembled(
    params: TransferParams, network: Network, ran: Mapping[str, Ran], *, size: tuple[int, int], classes: int
) -> TransferNet:
    module = network.module
    numbers = blocks(module)
    frozen: nn.Module = nn.Identity()
    tail: nn.Module = module
    kept, how = ran[""].shape, pooling(network, None, None, ran[""].shape, size)
    if params.reuse == "none" and not params.cut:
        frozen, tail = module, nn.Identity()
    elif params.cut or params.reuse == "upto":
        traced = trace(module, ran)
        places = place(params, traced, network.choice)
        assert traced is not None
        end = traced.boundaries[places.cut] if places.cut else traced.output
        if places.cut:
            kept = ran[places.cut].shape
            how = pooling(network, traced, end, kept, size)
        start = end if params.reuse == "none" else traced.boundaries.get(places.frozen)
        if start is not None:
            frozen = part(module, traced, start=None, end=start)
        tail = nn.Identity() if start is end else part(module, traced, start=start, end=end)
    return TransferNet(
        frozen=frozen,
        tail=tail,
        pool=how,
        features=kept[1] if how.how == "map" else kept[-1],
        classes=classes,
        dropout=params.dropout,
        size=size,
        blocks=numbers,
        backbone_rate=params.backbone_rate,
        layer_decay=params.layer_decay,
        keeps_statistics=params.statistics == "keep",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a network ends and how far it is frozen: names of boundaries; empty for its end, and for its beginning."""

    cut: str = ""
    frozen: str = ""


def place(params: TransferParams, traced: Traced | None, choice: Choice) -> Places:
    """The boundaries that ``params`` name.

    Raises:
        UserError: A name is no boundary of this network, or the frozen part would reach beyond the cut.
    """
    upto = params.reuse == "upto"
    if not params.cut and not upto:
        return Places()
    if traced is None or not traced.boundaries:
        raise UserError(
            f"{choice} cannot be cut: its layers do not follow one another in a way that can be read",
            remedy="reuse all of it, or freeze all of it with reuse = none",
        )
    if upto and not params.frozen:
        raise UserError("no layer is chosen up to which the network stays as it is", remedy="set model.frozen")
    names = list(traced.boundaries)
    for key, name in (("cut", params.cut), ("frozen", params.frozen if upto else "")):
        if name and name not in traced.boundaries:
            coarse = [known for known in names if "." not in known] or names[:12]
            raise UserError(
                f"{choice} cannot be divided after a layer called {name!r}",
                remedy=f"for model.{key} choose one in the list of layers, such as {', '.join(coarse)}",
            )
    if params.cut and upto and names.index(params.frozen) > names.index(params.cut):
        raise UserError(
            f"the layer {params.frozen!r} comes after the cut at {params.cut!r}, so nothing would be left to train of",
            remedy="freeze up to an earlier layer, or cut later",
        )
    return Places(cut=params.cut, frozen=params.frozen if upto else "")


def pooling(
    network: Network, traced: Traced | None, end: fx.Node | None, shape: tuple[int, ...], size: tuple[int, int]
) -> Pool:
    """How a layer's output of ``shape`` (with the batch axis) for images of ``size`` becomes features.

    Maps are averaged, sequences summed up as the backbone itself does it.
    """
    if len(shape) == 2:
        return Pool("none")
    if len(shape) == 4:
        aspect = math.log(size[0] / size[1])
        first, last = (abs(math.log(one / other) - aspect) for one, other in (shape[2:], shape[1:3]))
        behind = network.channels_last if math.isclose(first, last) else last < first
        return Pool("map-last" if behind else "map")
    if traced is None or end is None:
        return Pool("mean")
    if network.token and traced.depends_on(end, _CLASS_TOKENS):
        return Pool("token")
    return Pool("mean", skip=network.prefix if traced.depends_on(end, _CLASS_TOKENS + _REGISTERS) else 0)


def wanted(params: Params) -> Wanted:
    """What the backbone was shown when it was trained, whatever weights it begins with here."""
    assert isinstance(params, TransferParams)
    return library.wanted_by(choose(params.backbone))

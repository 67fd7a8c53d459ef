"""The layers of a backbone as a person chooses among them: where it can be cut, and how far it can stay as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from torch import nn

from workbench.engine.errors import UserError
from workbench.engine.models.layers import Dropout
from workbench.engine.models.transfer import library
from workbench.engine.models.transfer.backbones import choose
from workbench.engine.models.transfer.graph import Traced, trace
from workbench.engine.models.transfer.library import Network, Ran
from workbench.engine.models.transfer.model import Places, place, pooling
from workbench.engine.models.transfer.params import TransferParams

FROZEN, TRAINED, LEFT_OUT = "frozen", "trained", "left out"
NEW_HEAD = "new head"  # no path: backbones have heads of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """One layer, or a group of them.

    Attributes:
        name: Dotted path in the backbone: what ``model.cut`` and ``model.frozen`` take.
        kind: Class of the module.
        depth: Groups that it lies in; the rows of a group follow it.
        shape: Of what it returns for one image, without the batch axis; empty where that is no tensor.
        parameters: Its own and those of what lies in it.
        may_cut: Whether the network can be cut, or frozen up to, here.
        part: ``"frozen"``, ``"trained"``, or ``"left out"`` where the cut is before it.
    """

    name: str
    kind: str
    depth: int
    shape: tuple[int, ...]
    parameters: int
    may_cut: bool
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """A network as the options say, layer by layer.

    Attributes:
        rows: In the order of running, the new head last.
        cut, frozen: Names of the rows after which it is cut and up to which it is frozen; empty where it is not.
        size: Height and width of the images that the shapes are for.
        features: What the head sees of an image.
        problem: Why the options cannot be followed; the rows are then those of the whole network, trained.
        divisible: Whether any row may be cut.
    """

    rows: tuple[TreeRow, ...]
    cut: str
    frozen: str
    size: tuple[int, int]
    features: int
    problem: str
    divisible: bool


def layer_tree(params: TransferParams, *, classes: int, size: tuple[int, int] | None = None) -> Layers:
    """The layers of ``params.backbone``, without making memory for its weights. Takes a second or two at most.

    Args:
        params: The options.
        classes: Outputs of the new head.
        size: Height and width of the images; what the backbone wants where ``None``.

    Raises:
        UserError: There is no such backbone, or images of this size do not pass through.
    """
    choice = choose(params.backbone)
    if size is None:
        side = library.wanted_by(choice).size
        size = (side, side)
    network = library.without_memory(choice, size=size)
    ran = library.run_through(network, size=size)
    traced = trace(network.module, ran)
    problem, places = "", Places()
    try:
        places = place(params, traced, choice)
    except UserError as error:
        problem = str(error)
    pool = pooling(
        network, traced, traced.boundaries[places.cut] if traced and places.cut else None, ran[places.cut].shape, size
    )
    features = ran[places.cut].shape[1 if pool.how == "map" else -1]
    end = ran[places.cut].end
    still = -1.0 if not places.frozen else ran[places.frozen].end
    if params.reuse == "none" and not problem:
        still = inf
    rows = _rows(network, ran, traced, end=end, still=still)
    head = TreeRow(
        name=NEW_HEAD, kind="Linear", depth=0, shape=(classes,), parameters=(features + 1) * classes, may_cut=False,
        part=TRAINED,
    )  # fmt: skip
    return Layers(
        rows=(*rows, head),
        cut=places.cut,
        frozen=places.frozen,
        size=size,
        features=features,
        problem=problem,
        divisible=bool(traced and traced.boundaries),
    )


def _rows(
    network: Network, ran: Mapping[str, Ran], traced: Traced | None, *, end: float, still: float
) -> list[TreeRow]:
    """One row for each module that does something, parents before children, children in the order of running."""
    whole = _with_containers(network.module, ran)
    rows: list[TreeRow] = []

    def visit(path: str, module: nn.Module, depth: int) -> None:
        prefix = f"{path}." if path else ""
        children = [(f"{prefix}{name}", part) for name, part in module.named_children()]
        for name, part in sorted((one for one in children if one[0] in whole), key=lambda one: whole[one[0]].start):
            if isinstance(part, nn.Identity) or (isinstance(part, Dropout) and not part.p):
                continue
            here = whole[name]
            rows.append(
                TreeRow(
                    name=name,
                    kind=type(part).__name__,
                    depth=depth,
                    shape=here.shape[1:],
                    parameters=sum(weight.numel() for weight in part.parameters()),
                    may_cut=traced is not None and name in traced.boundaries,
                    part=LEFT_OUT if here.start > end else FROZEN if here.end <= still else TRAINED,
                )
            )
            visit(name, part, depth + 1)

    visit("", network.module, 0)
    return rows


def _with_containers(module: nn.Module, ran: Mapping[str, Ran]) -> dict[str, Ran]:
    """``ran``, and the containers that are never called themselves: they run from their first part to their last."""
    found = dict(ran)
    for name, part in reversed(list(module.named_modules())):
        if name in found:
            continue
        inside = [found[path] for child, _ in part.named_children() if (path := f"{name}.{child}") in found]
        if inside:
            last = max(inside, key=lambda one: one.end)
            found[name] = Ran(shape=last.shape, start=min(one.start for one in inside), end=last.end)
    return found

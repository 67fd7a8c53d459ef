"""Taking a network apart: after which of its layers it can be cut, and the parts on either side.

A network is traced with ``torch.fx`` as timm's and torchvision's feature extraction do it, except that blocks stay
whole: only containers and what holds a stack of blocks are looked into, so that each block runs its own code in its own
mode. A layer is a boundary if it returns one tensor and everything after it depends on the image through that tensor
alone.
"""

import inspect
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torchvision
from timm import layers as timm_layers
from torch import fx, nn

from workbench.engine.models.transfer.library import Ran

_CONSTANT = re.compile(r"(?<=_tensor_constant)\d+")  # numbered on through all traces of a network
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
# While torch.fx traces, the call of every module of the process goes through its patches: one trace at a time.
_ONE_AT_A_TIME = threading.Lock()


def is_stack(module: nn.Module) -> bool:
    """Whether a module holds several blocks of one class, in a row."""
    children = list(module.children())
    return (
        isinstance(module, _CONTAINERS)
        and len(children) > 1
        and len({type(child) for child in children}) == 1
        and not type(children[0]).__module__.startswith("torch.nn.")
        and all(_kernels(child) > 1 for child in children)
    )


def _kernels(module: nn.Module) -> int:
    """How many weights multiply inputs; a convolution with its normalisation has one, a block more."""
    return sum(parameter.ndim > 1 for parameter in module.parameters())


def holds_stack(module: nn.Module) -> bool:
    """Whether it is a stack of blocks, or there is one anywhere inside."""
    return any(is_stack(part) for part in module.modules())


class _Tracer(fx.Tracer):
    """Records which node each module's output is."""

    def __init__(self) -> None:
        timm_helpers: Any = timm_layers
        super().__init__(
            autowrap_modules=(math, torchvision.ops),
            autowrap_functions=tuple(timm_helpers.get_notrace_functions()),
        )
        self._whole: tuple[type[nn.Module], ...] = tuple(timm_helpers.get_notrace_modules())
        self._thread = threading.get_ident()
        self.outputs: dict[str, list[fx.Node | None]] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if isinstance(m, self._whole):
            return True
        return not (isinstance(m, nn.Sequential) or holds_stack(m))

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if threading.get_ident() != self._thread:  # a network that another thread is running
            return forward(*args, **kwargs)
        output = super().call_module(m, forward, args, kwargs)
        node = output.node if isinstance(output, fx.Proxy) else None
        self.outputs.setdefault(self.path_of_module(m), []).append(node)
        return output

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, fx.Proxy]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A network as a graph.

    Attributes:
        graph: Its nodes in the order of running.
        boundaries: Names of the modules after which it can be cut, and the nodes of their outputs, in that order.
    """

    graph: fx.Graph
    boundaries: Mapping[str, fx.Node]

    @property
    def output(self) -> fx.Node:
        """The node whose value the network returns."""
        (returned,) = (node for node in self.graph.nodes if node.op == "output")
        value: fx.Node = returned.all_input_nodes[0]
        return value

    def depends_on(self, node: fx.Node, names: tuple[str, ...]) -> bool:
        """Whether a parameter whose own name is one of ``names`` went into ``node``."""
        return any(
            one.op == "get_attr" and str(one.target).rpartition(".")[2] in names for one in _ancestors(node, None)
        )


def trace(module: nn.Module, ran: Mapping[str, Ran], *, batch: int = 2) -> Traced | None:
    """The graph of a network; ``None`` where it has none, or one for training and another for evaluation.

    Args:
        module: The network; its mode is left as it was.
        ran: What :func:`.library.run_through` says of it, for ``batch`` images.
    """
    training = module.training
    try:
        graph, outputs = _graph(module.eval())
        other, _ = _graph(module.train())
    except Exception:  # what cannot be traced raises whatever its code raises on being given a stand-in for a tensor
        return None
    finally:
        module.train(training)
    if _text(graph) != _text(other):
        return None
    at_boundary = _boundaries(module, graph)
    fits = {name for name, one in ran.items() if one.shape[:1] == (batch,) and 2 <= len(one.shape) <= 4}
    places = {node: number for number, node in enumerate(graph.nodes)}
    found = {
        name: nodes[0] for name, nodes in outputs.items()
        if name and name in fits and len(nodes) == 1 and nodes[0] is not None and nodes[0] in at_boundary
    }  # fmt: skip
    return Traced(graph=graph, boundaries=dict(sorted(found.items(), key=lambda entry: places[entry[1]])))


def _graph(module: nn.Module) -> tuple[fx.Graph, dict[str, list[fx.Node | None]]]:
    options = list(inspect.signature(module.forward).parameters.values())[1:]
    usual = {option.name: option.default for option in options if option.default is not option.empty}
    with _ONE_AT_A_TIME:
        tracer = _Tracer()
        return tracer.trace(module, concrete_args=usual), tracer.outputs


def _text(graph: fx.Graph) -> list[tuple[str, ...]]:
    return [
        (node.op, *(_CONSTANT.sub("", str(part)) for part in (node.target, node.args, node.kwargs)))
        for node in graph.nodes
    ]


def _ancestors(end: fx.Node, start: fx.Node | None) -> set[fx.Node]:
    """``end`` and all that goes into it, not looking behind ``start``."""
    found: set[fx.Node] = set()
    waiting = [end]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            if node is not start:
                waiting += node.all_input_nodes
    return found


def _boundaries(module: nn.Module, graph: fx.Graph) -> set[fx.Node]:
    """The nodes through which alone the image reaches the output, with no weights used on both sides."""
    nodes = list(graph.nodes)
    image = next(node for node in nodes if node.op == "placeholder")
    needed = _ancestors(nodes[-1], None)
    used = [node for node in nodes if node in needed]
    of_image: set[fx.Node] = set()
    for node in used:
        if node is image or any(before in of_image for before in node.all_input_nodes):
            of_image.add(node)
    place = {node: number for number, node in enumerate(used)}
    shared: dict[str, list[int]] = {}
    state = module.state_dict()
    for node in used:
        if node.op in ("call_module", "get_attr"):
            target = str(node.target)
            if target in state or any(name.startswith(f"{target}.") for name in state):
                shared.setdefault(target, []).append(place[node])
    found: set[fx.Node] = set()
    reach = 0
    for number, node in enumerate(used):
        if node in of_image:
            if reach <= number and not any(ends[0] <= number < ends[-1] for ends in shared.values()):
                found.add(node)
            reach = max(reach, *(place[user] for user in node.users if user in place), 0)
    return found


def part(module: nn.Module, traced: Traced, *, start: fx.Node | None, end: fx.Node) -> nn.Module:
    """What lies behind ``start`` (``None``: the image) up to and including ``end``, on the network's own layers.

    Its weights keep the names that they have in ``module``. What it is given is not changed in place.
    """
    needed = _ancestors(end, start)
    image = next(node for node in traced.graph.nodes if node.op == "placeholder")
    graph = fx.Graph()
    given = image if start is None else start
    copies = {given: graph.placeholder("x")}
    for node in traced.graph.nodes:
        if node in needed and node is not given:
            copies[node] = graph.node_copy(node, lambda other: copies[other])
            if given in node.all_input_nodes:
                _keep_input(module, copies[node])
    graph.output(copies[end])
    found = fx.GraphModule(module, graph)
    _forget_temporaries(module, found)
    return found


def _keep_input(module: nn.Module, node: fx.Node) -> None:
    if node.op == "call_module":
        layer = module.get_submodule(str(node.target))
        if hasattr(layer, "inplace"):
            setattr(layer, "inplace", False)  # noqa: B010  what a module has is not known to its type
    elif "inplace" in node.kwargs:
        node.kwargs = {**node.kwargs, "inplace": False}


def _forget_temporaries(module: nn.Module, found: nn.Module) -> None:
    """torch.fx makes buffers lasting that are not; they would be strange names among the weights."""
    lasting = module.state_dict().keys()
    for path, owner in found.named_modules():
        for name in owner._buffers:
            if (f"{path}.{name}" if path else name) not in lasting:
                owner._non_persistent_buffers_set.add(name)


def blocks(module: nn.Module) -> dict[str, int]:
    """The number of the block, from the input on, to which each parameter belongs.

    A block is what stands in a container of the network and holds no stack of blocks itself. A normalisation between
    blocks belongs to the one before it; what belongs to no layer (a class token, positions) to the first.
    """
    numbers: dict[str, int] = {}
    of_path: dict[str, int] = {}
    newest = -1
    for name, _ in module.named_parameters():
        path = _block(module, name.split(".")[:-1])
        if path and path not in of_path:
            newest += newest < 0 or _kernels(module.get_submodule(path)) > 0
            of_path[path] = newest
        numbers[name] = of_path[path] if path else 0
    return numbers


def _block(module: nn.Module, names: list[str]) -> str:
    """The path of the block in which a parameter lies, given the names of the modules around it."""
    current = module
    for depth, name in enumerate(names):
        current = current.get_submodule(name)
        if type(current) not in _CONTAINERS and not holds_stack(current):
            return ".".join(names[: depth + 1])
    return ""

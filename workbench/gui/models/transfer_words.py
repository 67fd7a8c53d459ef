"""What the settings of a reused network come to, in sentences."""

from workbench.engine.train.job import Job
from workbench.gui.models.layer_tree import FROZEN, LEFT_OUT, TRAINED, Layer, Tree, short
from workbench.gui.models.layers import rounded

_MOST_NAMED = 3
_EXACT = 10_000  # smaller numbers are written in full


def outcome(tree: Tree) -> str:
    """``"Frozen up to layer3; layer4 and a new head for 2 classes learn: 8.39 M of 11.2 M parameters."``"""
    if not tree.layers:
        return ""
    learning, kept = parameters(tree)
    head = f"a new head for {tree.classes:,} classes" if tree.classes else "a new head"
    frozen = any(layer.part == FROZEN for layer in tree.layers)
    numbers = f"{_count(learning)} of {_count(kept)} parameters" if frozen else f"{_count(kept)} parameters"
    learners, whole = _names(_tops(tree, TRAINED)), "All that is kept" if tree.cut else "All of it"
    if not frozen:
        said = f"{whole} and {head} learn: {numbers}."
    elif not learners:
        said = f"{whole} stays as it is and only {head} learns: {numbers}."
    else:
        start = f"Frozen up to {short(tree.frozen)}; " if tree.frozen else ""
        said = f"{start}{_listed(learners)} and {head} learn: {numbers}."
    if not tree.cut:
        return said
    gone = _names(_tops(tree, LEFT_OUT))
    return f"Cut after {short(tree.cut)}{f' (left out: {_listed(gone)})' if gone else ''}. {said}"


def parameters(tree: Tree) -> tuple[int, int]:
    """How many numbers learn, and how many there are, without what is left out."""
    learning = kept = 0
    for number, layer in enumerate(tree.layers):
        inside = [tree.layers[child] for child in _children(tree, number)]
        own = layer.parameters - sum(child.parameters for child in inside)
        # What a group has itself (positions, a class token) is used where the group begins.
        part = _first(tree, number).part
        kept += own if part != LEFT_OUT else 0
        learning += own if part == TRAINED else 0
    return learning, kept


def caching(job: Job, tree: Tree) -> str:
    """Whether what the frozen part makes of the images is computed once, or why not; empty where nothing is frozen."""
    if tree.problem or not any(layer.part == FROZEN for layer in tree.layers):
        return ""
    if job.augment.active:
        return "Augmentation is on: every epoch runs the whole network. Without it the frozen part runs once only."
    if getattr(job.task_params, "mirror", False):
        return "Mirrored evaluation is on: every epoch runs the whole network. Without it the frozen part runs once."
    return "What the frozen part makes of the images is computed once and kept, so epochs are quick."


def _children(tree: Tree, number: int) -> list[int]:
    depth = tree.layers[number].depth
    return [child for child in range(number + 1, tree.end(number) + 1) if tree.layers[child].depth == depth + 1]


def _first(tree: Tree, number: int) -> Layer:
    """The innermost layer that runs first of those in the layer at ``number``."""
    last = len(tree.layers) - 1
    while number < last and tree.layers[number + 1].depth > tree.layers[number].depth:
        number += 1
    return tree.layers[number]


def _tops(tree: Tree, part: str) -> list[Layer]:
    """The largest groups that are of this part as a whole, the head aside."""
    found: list[Layer] = []
    number, head = 0, len(tree.layers) - 1
    while number < head:
        end = tree.end(number)
        if all(layer.part == part for layer in tree.layers[number : end + 1]):
            found.append(tree.layers[number])
            number = end + 1
        else:
            number += 1
    return found


def _names(layers: list[Layer]) -> list[str]:
    return [short(layer.name) for layer in layers if layer.parameters]


def _count(number: int) -> str:
    return f"{number:,}" if number < _EXACT else rounded(number)


def _listed(names: list[str]) -> str:
    """``"a, b, c"``, or how it goes on where that would be too many."""
    if len(names) > _MOST_NAMED:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)

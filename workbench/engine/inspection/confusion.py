"""Which class is taken for which: the matrix, orders in which it can be read, and the items of a cell.

Shapes: K classes; rows are the truth, columns what the run said.
"""

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Floats, Inspection
from workbench.engine.project.splits import Items
from workbench.engine.registry import suggest

ORDERS = ("name", "support", "recall", "confused", "similar")


def confusion(labels: Items, predicted: Items, classes: int) -> Items:
    """int64[K, K], how many items of each class were said to be of each.

    Args:
        labels, predicted: int64[M] below ``classes``; items with a label below 0 are left out.
    """
    known = labels >= 0
    cells = labels[known] * classes + predicted[known]
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def normalised(matrix: Items, *, by: str = "truth") -> Floats:
    """float64[K, K], shares of each row (``by="truth"``) or of each column (``"prediction"``), 0 where it is empty."""
    assert by in ("truth", "prediction")
    sums = matrix.sum(1 if by == "truth" else 0, keepdims=True)
    shares: Floats = matrix / np.maximum(sums, 1)
    return shares


def order(matrix: Items, by: str = "name") -> Items:
    """int64[K], the classes in the order in which to show them. Equals stay in label order.

    ``name`` is label order, in which names are sorted; ``support`` puts most items first; ``recall`` the worst first
    and classes without items last; ``confused`` first what most errors have a part in; ``similar`` puts classes side
    by side that are taken for each other, groups of most errors first.

    Raises:
        UserError: There is no such order.
    """
    support = matrix.sum(1)
    right = matrix.diagonal()
    match by:
        case "name":
            return np.arange(len(matrix))
        case "support":
            return np.argsort(-support, kind="stable")
        case "recall":
            return np.argsort(np.where(support > 0, right / np.maximum(support, 1), np.inf), kind="stable")
        case "confused":
            return np.argsort(-_errors(matrix), kind="stable")
        case "similar":
            return _by_similarity(matrix)
    raise UserError(f"a confusion matrix cannot be ordered by {by!r}", remedy=suggest(by, list(ORDERS)))


def most_confused(matrix: Items, *, most: int = 10) -> list[tuple[int, int, int]]:
    """The greatest cells beside the diagonal as (truth, predicted, items), at most ``most``, none of them empty."""
    errors = matrix - np.diag(matrix.diagonal())
    cells = np.argsort(-errors, axis=None, kind="stable")[:most]
    rows, columns = np.unravel_index(cells, errors.shape)
    return [(int(i), int(j), int(errors[i, j])) for i, j in zip(rows, columns, strict=True) if errors[i, j]]


def cell_items(inspection: Inspection, truth: int, predicted: int) -> Items:
    """int64, ids of the items of class ``truth`` (-1: without a label) that were said to be ``predicted``."""
    items: Items = inspection.items[(inspection.labels == truth) & (inspection.predicted == predicted)]
    return items


def _errors(matrix: Items) -> Items:
    """int64[K], errors that each class has a part in, as the truth or as what was said."""
    errors: Items = matrix.sum(1) + matrix.sum(0) - 2 * matrix.diagonal()
    return errors


def _by_similarity(matrix: Items) -> Items:
    """Average-linkage clustering of the classes by how often they are taken for each other; groups are joined at the
    ends that are most alike (Gruvaeus and Wainer 1972), so that neighbours across a joint belong together too.
    """
    shares = normalised(matrix)
    alike = (shares + shares.T) / 2
    np.fill_diagonal(alike, 0.0)
    between = alike.copy()  # mean similarity of two groups, in the row and column of each group's first class
    np.fill_diagonal(between, -1.0)
    groups: dict[int, list[int]] = {label: [label] for label in range(len(matrix))}
    nearest, closeness = between.argmax(1), between.max(1)
    while True:
        one = int(closeness.argmax())
        if closeness[one] <= 0:
            break
        one, other = sorted((one, int(nearest[one])))
        sizes = len(groups[one]), len(groups[other])
        groups[one] = _join(groups[one], groups.pop(other), alike)
        joint = (sizes[0] * between[one] + sizes[1] * between[other]) / sum(sizes)
        joint[between[one] < 0] = -1.0
        joint[[one, other]] = -1.0
        between[one], between[:, one] = joint, joint
        between[other], between[:, other] = -1.0, -1.0
        closeness[other] = -1.0
        for stale in np.flatnonzero((nearest == one) | (nearest == other) | (np.arange(len(matrix)) == one)):
            if closeness[stale] >= 0:
                nearest[stale], closeness[stale] = between[stale].argmax(), between[stale].max()
        # Averaging never brings a group nearer than its nearest was, so nobody else has a new nearest.
    errors = _errors(matrix)
    ordered = sorted(groups.values(), key=lambda group: (len(group) == 1, -errors[group].sum(), min(group)))
    return np.array([label for group in ordered for label in group], np.int64)


def _join(left: list[int], right: list[int], alike: NDArray[np.float64]) -> list[int]:
    """Both lists in a row, each turned round if that brings more similar ends together."""
    joints = [(alike[a[-1], b[0]], a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    _, first, second = max(joints, key=lambda joint: joint[0])
    return first + second

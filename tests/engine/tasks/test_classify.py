"""The loss of classification: weights of classes, smoothing and mixed targets, against torch and formulas."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.tasks import make_task
from workbench.engine.tasks.classify.params import ClassifyParams
from workbench.engine.tasks.classify.task import Classify, balanced_weights
from workbench.engine.tasks.task import Moment, Setting, Task

COUNTS = (90, 10, 25, 3)
CLASSES = len(COUNTS)


def logits(rows: int = 9) -> Tensor:
    return torch.randn(rows, CLASSES, generator=torch.Generator().manual_seed(1)) * 3


NOW = Moment(step=0, epoch=0.0, noise=torch.Generator())


def labels(rows: int = 9) -> Tensor:
    return torch.arange(rows) * 7 % CLASSES


def shares(rows: int = 9) -> Tensor:
    return torch.rand(rows, CLASSES, generator=torch.Generator().manual_seed(2)).softmax(-1)


def evaluated(task: Task) -> dict[str, float]:
    evaluation = task.evaluation(split="test", step=1, items=np.arange(9), noise=torch.Generator())
    evaluation.add(nn.Identity(), logits(), labels())
    return evaluation.metrics()


def test_a_catch_all_class_is_measured_by_itself() -> None:
    metrics = evaluated(Classify(ClassifyParams(), Setting(classes=CLASSES, catch_all=CLASSES - 1)))
    right = (logits().argmax(-1) == labels()).double()
    other = labels() == CLASSES - 1
    assert metrics["unknown_recall"] == pytest.approx(float(right[other].mean()))
    assert metrics["known_accuracy"] == pytest.approx(float(right[~other].mean()))
    assert "unknown_recall" not in evaluated(Classify(ClassifyParams(), Setting(classes=CLASSES)))


def loss(targets: Tensor, **options: object) -> float:
    task = make_task("classify", ClassifyParams.from_dict(options), Setting(classes=CLASSES, counts=COUNTS))
    value, output = task.step(nn.Identity(), logits(), targets, NOW, part=0)
    assert torch.equal(output, logits())
    assert not output.requires_grad
    return float(value)


def test_balanced_weights_are_scikit_learns() -> None:
    repeated = [label for label, count in enumerate(COUNTS) for _ in range(count)]
    wanted = compute_class_weight("balanced", classes=np.arange(CLASSES), y=repeated)
    torch.testing.assert_close(balanced_weights(COUNTS).double(), torch.from_numpy(wanted), atol=1e-6, rtol=1e-6)


def test_a_class_without_items_has_no_weight_and_changes_no_other() -> None:
    assert balanced_weights((4, 0, 12)).tolist() == pytest.approx([2.0, 0.0, 16 / 24])
    assert balanced_weights((0, 0)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_plain_targets(smoothing: float) -> None:
    weights = balanced_weights(COUNTS)
    found = loss(labels(), label_smoothing=smoothing, class_weights="balanced")
    assert found == float(F.cross_entropy(logits(), labels(), weight=weights, label_smoothing=smoothing))
    found = loss(labels(), label_smoothing=smoothing)
    assert found == float(F.cross_entropy(logits(), labels(), label_smoothing=smoothing))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_mixed_targets_without_weights_are_torchs(smoothing: float) -> None:
    wanted = float(F.cross_entropy(logits(), shares() * (1 - smoothing) + smoothing / CLASSES))
    assert loss(shares(), label_smoothing=smoothing) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("weights", ["none", "balanced"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_shares_that_are_one_class_are_its_label(smoothing: float, weights: str) -> None:
    one_hot = F.one_hot(labels(), CLASSES).float()
    options = {"label_smoothing": smoothing, "class_weights": weights}
    assert loss(one_hot, **options) == pytest.approx(loss(labels(), **options), rel=1e-6)


def test_weighed_mixed_targets_follow_the_formula() -> None:
    smoothing, weights = 0.1, balanced_weights(COUNTS).double()
    target = shares().double()
    smoothed = target * (1 - smoothing) + smoothing / CLASSES
    wanted = -(weights * smoothed * logits().double().log_softmax(-1)).sum() / (weights * target).sum()
    found = loss(shares(), label_smoothing=smoothing, class_weights="balanced")
    assert found == pytest.approx(float(wanted), rel=1e-6)


def test_a_blend_of_two_labels_is_the_blend_of_their_terms() -> None:
    """As papers write it, share * loss(a) + (1 - share) * loss(b), where all classes weigh the same."""
    first, second, share = labels(), labels().roll(1), 0.3
    target = share * F.one_hot(first, CLASSES) + (1 - share) * F.one_hot(second, CLASSES)
    assert loss(target) == pytest.approx(share * loss(first) + (1 - share) * loss(second), rel=1e-6)


def test_evaluation_neither_weighs_nor_smooths() -> None:
    setting = Setting(classes=CLASSES, counts=COUNTS)
    plain = Classify(ClassifyParams(), setting)
    other = Classify(ClassifyParams(label_smoothing=0.2, class_weights="balanced"), setting)
    one, two = (evaluated(task) for task in (plain, other))
    assert one == two
    assert one["loss"] == pytest.approx(float(F.cross_entropy(logits(), labels())), rel=1e-6)


def test_weights_need_counts_only_where_something_is_trained() -> None:
    task = make_task("classify", ClassifyParams(class_weights="balanced"), Setting(classes=CLASSES))
    assert evaluated(task)["accuracy"] >= 0
    with pytest.raises(AssertionError, match="counts"):
        task.step(nn.Identity(), logits(), labels(), NOW, part=0)

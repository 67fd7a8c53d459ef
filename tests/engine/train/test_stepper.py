"""Steps by themselves: the averaged network, mixed batches, and going on where another stepper stopped."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.data.pixels import ArrayPixels, Geometry
from workbench.engine.tasks import make_task
from workbench.engine.tasks.task import Setting
from workbench.engine.train.feed import Feed, Order, Preprocessing, Scale
from workbench.engine.train.job import Job
from workbench.engine.train.stepper import Stepper, Taken

CPU = torch.device("cpu")
ITEMS, CLASSES = 40, 4
BASE = {
    "model": {"name": "fnn"},
    "train": {"batch_size": 8, "learning_rate": 0.01, "optimizer": "sgd"},
}


def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(216, CLASSES))


def stepper(model: nn.Module, *settings: str) -> Stepper:
    job = Job.from_dict(BASE, name="steps").with_settings(settings)
    array = np.random.default_rng(0).integers(0, 256, (ITEMS, 3, 8, 8), dtype=np.uint8)
    labels = np.arange(ITEMS) % CLASSES
    geometry = Geometry(size=8, how="crop", mode="RGB")
    scale = Scale(Preprocessing(geometry=geometry, mean=(0.5,) * 3, deviation=(0.5,) * 3), CPU, channels_last=False)
    return Stepper(
        model,
        job,
        make_task(job.task, job.task_params, Setting(classes=CLASSES, counts=np.bincount(labels).tolist())),
        feed=Feed(ArrayPixels(array, rows=None, unreadable={}), labels, device=CPU, scale=scale),
        order=Order(np.arange(ITEMS), batch=job.train.batch_size, drop_last=True, seed=job.train.seed),
        device=CPU,
        classes=CLASSES,
    )


def take(one: Stepper, first: int, last: int) -> list[Taken]:
    return [taken for step in range(first, last) for taken in one.take(step, 0.05)]


def copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def stored(state: dict[str, Any]) -> dict[str, Any]:
    """Through a file, as a checkpoint's."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


AVERAGED = ("train.ema=0.9",)
EVERYTHING = (
    "train.ema=0.8",
    "train.optimizer=adamw",
    "train.accumulate=2",
    "task.class_weights=balanced",
    "task.label_smoothing=0.1",
    "augment.flip=true",
    "augment.crop=0.5",
    "augment.rotate=10",
    "augment.colour=0.2",
    "augment.randaugment=2",
    "augment.erase=0.3",
    "augment.mixup=0.3",
    "augment.cutmix=1",
)


def test_without_an_average_the_network_itself_is_shown() -> None:
    model = network()
    plain = stepper(model)
    assert plain.shown is model
    assert "weights" not in plain.state()


def test_the_average_is_shown_and_training_does_not_feel_it() -> None:
    model, twin = network(), network()
    averaged, plain = stepper(model, *AVERAGED), stepper(twin)
    wanted = {name: tensor.double() for name, tensor in model.state_dict().items()}
    for step in range(12):
        ours, theirs = averaged.take(step, 0.05), plain.take(step, 0.05)
        for (loss, (output,), labels), (its, (their,), others) in zip(ours, theirs, strict=True):
            assert torch.equal(loss, its)
            assert torch.equal(output, their)
            assert torch.equal(labels, others)
        share = min(0.9, (1 + step) / (10 + step))
        for name, tensor in model.state_dict().items():
            wanted[name] = tensor.double() if "tracked" in name else share * wanted[name] + (1 - share) * tensor
    assert equal(copied(model), copied(twin))
    assert averaged.shown is not model
    for name, tensor in averaged.shown.state_dict().items():
        torch.testing.assert_close(tensor.double(), wanted[name], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("settings", [(), AVERAGED, EVERYTHING])
@pytest.mark.parametrize("stop", [1, 4])
def test_another_stepper_goes_on_bit_for_bit(settings: tuple[str, ...], stop: int) -> None:
    model, halted = network(), network()
    whole, first = stepper(model, *settings), stepper(halted, *settings)
    wanted = take(whole, 0, 8)
    found = take(first, 0, stop)
    weights, state = copied(first.shown), stored(first.state())
    resumed = network()
    resumed.load_state_dict(weights)
    second = stepper(resumed, *settings)
    second.load_state(state)
    assert equal(copied(second.shown), weights)
    found += take(second, stop, 8)
    assert [loss.item() for loss, _, _ in found] == [loss.item() for loss, _, _ in wanted]
    assert equal(copied(resumed), copied(model))
    assert equal(copied(second.shown), copied(whole.shown))


def test_an_average_that_is_given_up_leaves_the_weights_that_were_trained() -> None:
    model = network()
    averaged = stepper(model, *AVERAGED)
    take(averaged, 0, 4)
    weights, state = copied(averaged.shown), stored(averaged.state())
    resumed = network()
    resumed.load_state_dict(weights)
    plain = stepper(resumed)
    plain.load_state(state)
    assert plain.shown is resumed
    assert equal(copied(resumed), copied(model))


def test_an_average_that_is_taken_up_starts_where_training_stands() -> None:
    model = network()
    plain = stepper(model)
    take(plain, 0, 4)
    state, resumed = stored(plain.state()), network()
    resumed.load_state_dict(copied(model))
    averaged = stepper(resumed, *AVERAGED)
    averaged.load_state(state)
    assert equal(copied(averaged.shown), copied(model))


def test_what_is_frozen_is_neither_copied_nor_stored() -> None:
    model = network()
    model[0].requires_grad_(False)
    averaged = stepper(model, *AVERAGED)
    assert not {"0.weight", "0.bias"} & averaged.state()["weights"].keys()
    assert averaged.shown[0].weight.data_ptr() == model[0].weight.data_ptr()  # type: ignore[index,union-attr]
    before = copied(model)
    take(averaged, 0, 3)
    assert torch.equal(model[0].weight, before["0.weight"])
    assert not torch.equal(averaged.shown.state_dict()["4.weight"], before["4.weight"])


class Seen(nn.Module):
    """A network that remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()
        self.images: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.images.append(images.clone())
        logits: Tensor = self.inner(images)
        return logits


def test_mixed_batches_train_on_shares_and_are_counted_by_their_larger_part() -> None:
    plain, mixed = Seen(), Seen()
    [(_, _, labels)] = stepper(plain, "train.learning_rate=0").take(0, 0.0)
    [(loss, (output,), counted)] = stepper(mixed, "augment.mixup=1").take(0, 0.0)
    images, blended = plain.images[0], mixed.images[0]
    partner = images.roll(1, 0)
    share = float(((blended - partner) * (images - partner)).sum() / (images - partner).square().sum())
    assert 0 < share < 1
    torch.testing.assert_close(blended, share * images + (1 - share) * partner, atol=1e-5, rtol=0)
    one_hot = F.one_hot(labels, CLASSES).float()
    wanted = F.cross_entropy(output, share * one_hot + (1 - share) * one_hot.roll(1, 0))
    assert float(loss) == pytest.approx(float(wanted), rel=1e-5)
    assert torch.equal(counted, labels if share >= 0.5 else labels.roll(1, 0))
    assert counted.dtype == torch.int64


def test_mixing_is_drawn_anew_for_each_batch_of_each_step() -> None:
    model = Seen()
    take(stepper(model, "augment.mixup=1", "train.accumulate=2", "train.batch_size=40"), 0, 3)
    extents = {round(float(images.std()), 6) for images in model.images}  # every batch holds all items
    assert len(extents) == 6


def test_augmentation_depends_on_the_step_alone() -> None:
    settings = ("augment.randaugment=2", "augment.crop=0.3", "augment.mixup=0.5", "augment.cutmix=0.5")
    whole, late = Seen(), Seen()
    take(stepper(whole, *settings), 0, 4)
    state = torch.get_rng_state()
    take(stepper(late, *settings), 3, 4)
    assert torch.equal(late.images[0], whole.images[3])
    assert torch.equal(torch.get_rng_state(), state)


class TwoSpeeds(nn.Module):
    """A network whose body learns at a tenth of the rate."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.inner(images)
        return logits

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        body = [*self.inner[0].parameters(), *self.inner[1].parameters()]
        return [(0.1, body), (1.0, list(self.inner[4].parameters()))]


def test_parts_learn_at_their_share_of_the_rate() -> None:
    """A first step of SGD moves each weight by its own rate times the same gradient."""
    slow, even, start = TwoSpeeds(), network(), network().state_dict()
    stepper(slow, "train.momentum=0").take(0, 0.05)
    stepper(even, "train.momentum=0").take(0, 0.05)
    for name, share in (("0.weight", 0.1), ("1.bias", 0.1), ("4.weight", 1.0)):
        moved = slow.inner.state_dict()[name] - start[name]
        torch.testing.assert_close(moved, share * (even.state_dict()[name] - start[name]), atol=1e-7, rtol=1e-3)

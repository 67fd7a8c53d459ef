"""What the presets of transfer learning promise in their comments."""

import numpy as np
import pytest
import torch
from torch import nn

from workbench.engine.tasks import make_task
from workbench.engine.tasks.task import Moment, Setting
from workbench.engine.train.feed import Order
from workbench.engine.train.job import preset, presets
from workbench.engine.train.optimisers import Regulariser, make_optimiser, set_rate
from workbench.engine.train.schedules import learning_rate

TRANSFER = [name for name in presets() if "transfer" in name]
CNTK = ("flowers102-transfer", "animals-transfer")


def test_the_presets_are_there() -> None:
    assert {*CNTK, "transfer-modern", "transfer-head"} <= set(TRANSFER)


@pytest.mark.parametrize("name", CNTK)
def test_the_rule_is_that_of_cntk(name: str) -> None:
    """Its momentum has unit gain and its L2 is added to the gradient; ours has to move the weights alike."""
    train, per_epoch = preset(name).train, 3
    rates = [0.2] * 10 + [0.1]
    ours = nn.Linear(5, 3, bias=False)
    theirs, velocity = ours.weight.detach().double().clone(), torch.zeros(3, 5, dtype=torch.float64)
    ours.double()
    optimiser, regulariser = make_optimiser(ours, train), Regulariser(ours, train)
    rate = learning_rate(train, total=12 * per_epoch, steps_per_epoch=per_epoch)
    for step in range(12 * per_epoch):
        x = torch.randn(4, 5, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        gradient = torch.autograd.functional.jacobian(lambda w, x=x: (x @ w.T).square().mean(), theirs)
        velocity = 0.9 * velocity + (1 - 0.9) * (gradient + 5e-4 * theirs)
        theirs = theirs - rates[min(step // per_epoch, len(rates) - 1)] * velocity
        ours(x).square().mean().backward()
        set_rate(optimiser, rate(step))
        regulariser.apply(rate(step))
        optimiser.step()
        optimiser.zero_grad()
    torch.testing.assert_close(ours.weight.detach(), theirs, atol=1e-12, rtol=1e-9)


def test_flowers_take_the_steps_of_cntk() -> None:
    job = preset("flowers102-transfer")
    order = Order(np.arange(6149), batch=job.train.batch_size, drop_last=job.train.drop_last, seed=0)
    assert order.per_epoch == 123
    assert job.train.evaluate_every == 123
    assert job.train.epochs == 20
    assert job.data.protocol == "CNTK swapped 6149/1020"
    assert not job.augment.active


def test_animals_take_a_step_an_epoch() -> None:
    train = preset("animals-transfer").train
    assert Order(np.arange(30), batch=train.batch_size, drop_last=train.drop_last, seed=0).per_epoch == 1
    assert train.epochs == 30


def test_the_head_alone_learns_from_features_that_can_be_kept() -> None:
    job = preset("transfer-head")
    assert job.model_params.to_dict()["reuse"] == "none"
    assert not job.augment.active


@pytest.mark.parametrize("name", TRANSFER)
def test_a_warm_up_leaves_something_to_train(name: str) -> None:
    """The highest rate is reached, and is what the preset says; also on little data."""
    train = preset(name).train
    total = int(train.epochs * 2)
    rate = learning_rate(train, total=total, steps_per_epoch=2)
    assert max(map(rate, range(total))) == pytest.approx(max(train.learning_rates or (train.learning_rate,)), rel=0.1)


@pytest.mark.parametrize("name", TRANSFER)
def test_their_tasks_can_be_made(name: str) -> None:
    job = preset(name)
    task = make_task(job.task, job.task_params, Setting(classes=2, counts=[15, 15]))
    moment = Moment(step=0, epoch=0.0, noise=torch.Generator())
    loss, _ = task.step(nn.Identity(), torch.zeros(4, 2), torch.tensor([0, 1, 0, 1]), moment, part=0)
    assert float(loss) == pytest.approx(np.log(2), rel=1e-5)

"""Groups that learn at their own rates, against loops of one optimiser a group and against closed forms."""

import pytest
import torch
from torch import Tensor, nn

from workbench.engine.train.optimisers import Regulariser, load_optimiser, make_optimiser, set_rate, weight_groups
from workbench.engine.train.params import OPTIMISERS, TrainParams

RATE = 0.05


class TwoSpeeds(nn.Module):
    """A body that learns slowly, a head that does not, and a layer that stays as it is."""

    def __init__(self, share: float = 0.25) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.still, self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.still.requires_grad_(False)
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(self.still(x)).tanh())
        return logits

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        return [(self.share, list(self.body.parameters())), (1.0, list(self.head.parameters())), (0.5, [])]


def loss(model: nn.Module, step: int) -> Tensor:
    return model(torch.randn(6, 4, generator=torch.Generator().manual_seed(step))).square().mean()


def params(**options: object) -> TrainParams:
    return TrainParams.from_dict({"learning_rate": RATE, **options})


def ours(model: nn.Module, options: TrainParams, rates: list[float]) -> None:
    optimiser, regulariser = make_optimiser(model, options), Regulariser(model, options)
    for step, rate in enumerate(rates):
        loss(model, step).backward()
        set_rate(optimiser, rate)
        regulariser.apply(rate)
        optimiser.step()
        optimiser.zero_grad()


RATES = [0.05, 0.04, 0.02, 0.06]


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop"])
def test_each_group_is_trained_as_by_an_optimiser_of_its_own(name: str) -> None:
    decay, l2, share = 0.3, 0.02, 0.25
    model, twin = TwoSpeeds(share), TwoSpeeds(share)
    ours(model, params(optimizer=name, weight_decay=decay, l2=l2), RATES)
    makers = {
        "sgd": lambda w: torch.optim.SGD(w, RATE, momentum=0.9),
        "adam": lambda w: torch.optim.Adam(w, RATE),
        "adamw": lambda w: torch.optim.Adam(w, RATE),
        "rmsprop": lambda w: torch.optim.RMSprop(w, RATE, momentum=0.9),
    }
    alone = [
        (share, twin.body, makers[name](twin.body.parameters())),
        (1, twin.head, makers[name](twin.head.parameters())),
    ]
    for step, rate in enumerate(RATES):
        penalty = l2 * sum(layer.weight.square().sum() for _, layer, _ in alone)
        (loss(twin, step) + penalty).backward()
        for part, layer, optimiser in alone:
            optimiser.param_groups[0]["lr"] = rate * part
            with torch.no_grad():
                for weight in layer.parameters():
                    weight.mul_(1 - rate * part * decay)
            optimiser.step()
            optimiser.zero_grad()
    for (key, found), wanted in zip(model.state_dict().items(), twin.state_dict().values(), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-5, msg=lambda text, key=key: f"{key}: {text}")
    assert torch.equal(model.still.weight, TwoSpeeds().still.weight)


def test_decay_shrinks_each_group_by_its_own_rate() -> None:
    """Without gradients a step of decoupled decay is a multiplication by 1 - rate * share * decay."""
    for name in ("sgd", "adamw"):
        model, before = TwoSpeeds(0.25), TwoSpeeds(0.25)
        options = params(optimizer=name, weight_decay=2.0)
        optimiser, regulariser = make_optimiser(model, options), Regulariser(model, options)
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight) if weight.requires_grad else None
        set_rate(optimiser, 0.1)
        regulariser.apply(0.1)
        optimiser.step()
        torch.testing.assert_close(model.body.weight, before.body.weight * (1 - 0.1 * 0.25 * 2))
        torch.testing.assert_close(model.head.bias, before.head.bias * (1 - 0.1 * 2))


def test_a_network_without_groups_is_one_group() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[0].bias.requires_grad_(False)
    [(share, weights)] = weight_groups(model)
    assert share == 1
    assert list(map(id, weights)) == [id(model[0].weight), id(model[1].weight), id(model[1].bias)]


def test_groups_must_hold_every_trainable_parameter_once() -> None:
    class Forgetful(TwoSpeeds):
        def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
            return super().parameter_groups()[1:]

    class Double(TwoSpeeds):
        def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
            return [*super().parameter_groups(), (1.0, [self.head.bias])]

    for wrong in (Forgetful(), Double()):
        with pytest.raises(AssertionError, match="each trainable parameter once"):
            make_optimiser(wrong, params())


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_takes_groups(name: str) -> None:
    model = TwoSpeeds()
    optimiser = make_optimiser(model, params(optimizer=name))
    assert [group["lr"] for group in optimiser.param_groups] == [RATE * 0.25, RATE]
    set_rate(optimiser, 1.0)
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 1.0]
    fused = name in ("sgd", "adam", "adamw", "adagrad")
    assert all(bool(group.get("fused")) == fused for group in optimiser.param_groups)


def test_the_state_of_earlier_versions_knew_no_shares() -> None:
    model = nn.Linear(3, 1)
    optimiser = make_optimiser(model, params())
    state = optimiser.state_dict()
    for group in state["param_groups"]:
        del group["share"]
    fresh = make_optimiser(model, params())
    load_optimiser(fresh, state)
    set_rate(fresh, 0.5)
    assert [group["lr"] for group in fresh.param_groups] == [0.5]

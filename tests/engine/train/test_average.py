"""The moving average of a network against its definition, written out."""

import copy

import pytest
import torch
from torch import Tensor, nn

from workbench.engine.train.average import WeightAverage


def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))


def steps(model: nn.Module, count: int) -> list[dict[str, Tensor]]:
    """Some training, and the state after each step; the generator of the average is asked in between."""
    optimiser = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.1)
    states = []
    for step in range(count):
        model(torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(step))).square().mean().backward()
        optimiser.step()
        optimiser.zero_grad()
        states.append(copy.deepcopy(model.state_dict()))
    return states


@pytest.mark.parametrize("decay", [0.3, 0.9])
def test_the_average_follows_its_definition(decay: float) -> None:
    model, twin = network(), network()
    average = WeightAverage(model, decay=decay)
    wanted = {name: tensor.double() for name, tensor in network().state_dict().items()}
    states = steps(twin, 12)
    for step, state in enumerate(states):
        model.load_state_dict(state)
        average.follow(step)
        share = min(decay, (1 + step) / (10 + step))
        for name, value in state.items():
            counter = "num_batches" in name
            wanted[name] = value.double() if counter else share * wanted[name] + (1 - share) * value.double()
    for name, value in average.model.state_dict().items():
        torch.testing.assert_close(value.double(), wanted[name], atol=1e-6, rtol=1e-5)
    assert not torch.equal(average.model[0].weight, model[0].weight)
    assert not torch.equal(average.model[1].running_mean, model[1].running_mean)


def test_the_average_is_another_network_in_evaluation_and_without_gradients() -> None:
    model = network()
    average = WeightAverage(model, decay=0.5)
    assert not any(module.training for module in average.model.modules())
    assert all(module.training for module in model.modules())
    assert not any(weight.requires_grad for weight in average.model.parameters())
    assert all(weight.requires_grad for weight in model.parameters())
    before = {name: tensor.clone() for name, tensor in average.model.state_dict().items()}
    steps(model, 2)
    assert all(torch.equal(before[name], tensor) for name, tensor in average.model.state_dict().items())


def test_what_is_frozen_is_shared_and_not_kept_twice() -> None:
    model = network()
    model[0].requires_grad_(False)
    model[1].requires_grad_(False)
    average = WeightAverage(model, decay=0.5)
    own = dict(average.model.named_parameters()) | dict(average.model.named_buffers())
    shared = {
        name
        for name, tensor in (dict(model.named_parameters()) | dict(model.named_buffers())).items()
        if tensor.data_ptr() == own[name].data_ptr()
    }
    assert shared == {name for name in own if name.startswith(("0.", "1."))}
    assert set(average.weights()) == {"4.weight", "4.bias"}
    steps(model, 3)
    average.follow(0)
    assert not torch.equal(average.model[4].weight, model[4].weight)


def test_restarting_takes_the_weights_as_they_are() -> None:
    model = network()
    average = WeightAverage(model, decay=0.9)
    steps(model, 3)
    average.restart()
    ours, theirs = average.model.state_dict(), model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)

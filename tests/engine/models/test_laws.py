"""What holds for every family: a new one is tested by being registered."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import workbench
from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, build
from workbench.engine.models.layers import attach_generator, count, kernels, summary
from workbench.engine.params import Params

SHAPES = [(3, 32, 32), (1, 8, 8)]
CLASSES = 10
CLASSIFIERS = [name for name in MODELS if MODELS[name].task == "classify"]  # the others have laws of their own
EVERY = pytest.mark.parametrize(("name", "shape"), [(name, shape) for name in CLASSIFIERS for shape in SHAPES])


def suitable(name: str, shape: tuple[int, int, int]) -> Params:
    """Options under which the family takes the shape, with dropout wherever it has some."""
    # A network that others trained begins like any other when it is built: their weights are loaded afterwards.
    values = {"dropout": 0.2, "padding": "same" if shape[1] < 22 else "valid", "frozen": "layer1"}
    known = MODELS[name].params.meanings()
    return MODELS[name].params.from_dict({key: value for key, value in values.items() if key in known})


def network(name: str, shape: tuple[int, int, int], number: int = 1, params: Params | None = None) -> nn.Module:
    model = build(
        name,
        params or suitable(name, shape),
        shape=shape,
        classes=CLASSES,
        generator=torch.Generator().manual_seed(number),
    )
    attach_generator(model, torch.Generator().manual_seed(number))
    return model


def images(shape: tuple[int, int, int], number: int = 0) -> Tensor:
    return torch.rand(6, *shape, generator=torch.Generator().manual_seed(number))


def equal(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@EVERY
def test_logits_are_finite_and_of_the_right_shape(name: str, shape: tuple[int, int, int]) -> None:
    logits = network(name, shape)(images(shape))
    assert logits.shape == (6, CLASSES)
    assert logits.isfinite().all()
    assert logits.std() > 1e-3


@EVERY
def test_every_trainable_parameter_receives_a_gradient(name: str, shape: tuple[int, int, int]) -> None:
    model = network(name, shape)
    loss = nn.functional.cross_entropy(model(images(shape)), torch.arange(6) % CLASSES)
    loss.backward()
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key
        else:
            assert parameter.grad is None, key
    # A bias may have none: the normalisation behind it takes it away again.
    assert all(kernel.grad is not None and kernel.grad.abs().max() > 0 for kernel in kernels(model))


@EVERY
def test_the_generator_alone_decides_the_weights(name: str, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    model = network(name, shape, 1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert equal(model, network(name, shape, 1))
    other = network(name, shape, 2)
    for index in (0, -1):  # some in between may start as the identity
        assert not torch.equal(kernels(model)[index], kernels(other)[index])


@EVERY
def test_evaluation_is_deterministic_and_leaves_the_state(name: str, shape: tuple[int, int, int]) -> None:
    model = network(name, shape)
    model(images(shape))
    model.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    first, second = model(images(shape)), model(images(shape))
    assert torch.equal(first, second)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@EVERY
def test_masks_come_from_the_attached_generator(name: str, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    model = network(name, shape)
    first = model(images(shape))
    torch.manual_seed(2)
    attach_generator(model, torch.Generator().manual_seed(1))
    assert torch.equal(model(images(shape)), first)
    if "dropout" in MODELS[name].params.meanings():
        assert not torch.equal(model(images(shape)), first)


@EVERY
def test_a_saved_state_gives_the_same_network(name: str, shape: tuple[int, int, int]) -> None:
    model, other = network(name, shape, 1), network(name, shape, 2)
    model(images(shape))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(images(shape)), other.eval()(images(shape)))


@EVERY
def test_dropout_does_not_change_the_names_of_the_weights(name: str, shape: tuple[int, int, int]) -> None:
    params = suitable(name, shape)
    if "dropout" in params.to_dict():
        without = network(name, shape, params=params.replace(dropout=0.0))
        assert list(without.state_dict()) == list(network(name, shape).state_dict())


@EVERY
def test_memory_format_does_not_change_the_logits(name: str, shape: tuple[int, int, int]) -> None:
    model = network(name, shape).eval()
    expected = model(images(shape))
    model = model.to(memory_format=torch.channels_last)
    actual = model(images(shape).to(memory_format=torch.channels_last))
    torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-4)


@EVERY
def test_summary_accounts_for_every_parameter_and_restores_the_modes(name: str, shape: tuple[int, int, int]) -> None:
    model = network(name, shape)
    next(model.children()).eval()
    modes = [module.training for module in model.modules()]
    rows = summary(model, shape)
    assert sum(row.parameters for row in rows) == count(model).parameters
    assert rows[-1].output_shape == (CLASSES,)
    assert sum(row.macs for row in rows) > 0
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None for parameter in model.parameters())
    model(images(shape))
    assert len(rows) == len(summary(model, shape))


@EVERY
def test_kernels_are_distinct_trainable_and_no_vectors(name: str, shape: tuple[int, int, int]) -> None:
    model = network(name, shape)
    found = kernels(model)
    assert len({id(kernel) for kernel in found}) == len(found) > 0
    assert all(kernel.ndim >= 2 and kernel.requires_grad for kernel in found)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_choice_builds(name: str) -> None:
    shape = (1, 8, 8)
    for key, meaning in MODELS[name].params.meanings().items():
        for choice in meaning.choices:
            params = suitable(name, shape).replace(**{key: choice})
            if key == "padding" and choice == "valid":
                continue  # test_layers has the sizes that it needs
            assert network(name, shape, params=params)(images(shape)).isfinite().all()


@pytest.mark.parametrize("name", MODELS.names())
def test_options_are_checked_and_say_what_they_mean(name: str) -> None:
    kind = MODELS[name].params
    with pytest.raises(UserError, match=r"no setting model\.nonsense"):
        kind.from_dict({"nonsense": 1}, section="model")
    for key, meaning in kind.meanings().items():
        assert meaning.help.endswith("."), key
        with pytest.raises(UserError, match=key):
            kind.from_dict({key: None})
        if meaning.low is not None:
            with pytest.raises(UserError, match="too small"):
                kind.from_dict({key: type(getattr(kind(), key))(meaning.low - 1)})


def test_an_unknown_family_is_a_user_error() -> None:
    with pytest.raises(UserError, match="Did you mean 'cnn'"):
        build("cnm", suitable("cnn", (3, 32, 32)), shape=(3, 32, 32), classes=2, generator=torch.Generator())


def test_options_of_another_family_are_a_mistake() -> None:
    with pytest.raises(AssertionError, match="fnn takes FnnParams"):
        build("fnn", suitable("cnn", (3, 32, 32)), shape=(3, 32, 32), classes=2, generator=torch.Generator())


def test_the_order_of_the_families() -> None:
    assert CLASSIFIERS == ["fnn", "cnn", "cnn-deep", "kan", "fastnet", "transfer"]
    makers = ["vae", "vae-conv", "gan", "gan-conv", "flow", "flow-multiscale"]
    assert MODELS.names() == CLASSIFIERS + makers


def test_the_registry_loads_no_torch() -> None:
    code = "import sys, workbench.engine.models; print(sorted({'torch', 'numpy', 'scipy'} & set(sys.modules)))"
    root = Path(workbench.__file__).parents[1]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"

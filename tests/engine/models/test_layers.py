"""Shared layers against formulas, and networks against counts made by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, build
from workbench.engine.models.layers import (
    EPSILON,
    Counts,
    DenseStack,
    Dropout,
    ImageCentring,
    activation,
    answers,
    attach_generator,
    count,
    initialise,
    kernels,
    last_dense,
    summary,
)


def generator(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def network(name: str, shape: tuple[int, int, int] = (3, 32, 32), **values: object) -> nn.Module:
    return build(name, MODELS[name].params.from_dict(values), shape=shape, classes=10, generator=generator())


def dropout(p: float, number: int = 0) -> Dropout:
    layer = Dropout(p)
    attach_generator(layer, generator(number))
    return layer


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.95])
def test_dropout_keeps_its_share_and_the_mean(p: float) -> None:
    x = torch.ones(400_001)
    y = dropout(p)(x)
    dropped = (y == 0).double()
    deviation = math.sqrt(p * (1 - p) / x.numel())
    assert abs(dropped.mean().item() - p) < 4.5 * deviation
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / (1 - p)]), rtol=1e-3, atol=0)
    for lag in (1, 2, 3, 4):
        pairs = (dropped[lag:] * dropped[:-lag]).mean().item()
        assert abs(pairs - p * p) < 6 * deviation * max(p, 0.1)


def test_dropout_sets_the_gradient_to_its_mask() -> None:
    x = torch.ones(1000, requires_grad=True)
    y = dropout(0.4)(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_dropout_follows_its_generator_and_goes_on() -> None:
    layer, x = dropout(0.5), torch.ones(7, 9)
    first, second = layer(x), layer(x)
    assert not torch.equal(first, second)
    again = dropout(0.5)
    assert torch.equal(again(x), first)
    assert torch.equal(again(x), second)
    assert not torch.equal(dropout(0.5, number=1)(x), first)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_dropout_keeps_type_and_memory_format(kind: torch.dtype) -> None:
    x = torch.ones(8, 5, 7, 3, dtype=kind).to(memory_format=torch.channels_last)
    y = dropout(0.5)(x)
    assert y.dtype == kind
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert 300 < (y == 0).sum() < 540
    assert dropout(0.5)(x[:, :, ::2]).shape == (8, 5, 4, 3)
    assert dropout(0.5)(x[:0]).shape == (0, 5, 7, 3)


def test_dropout_is_the_identity_in_evaluation_and_for_zero() -> None:
    x = torch.ones(3)
    assert dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x


def test_dropout_without_a_generator_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="attach_generator"):
        Dropout(0.5)(torch.ones(3))


@pytest.mark.parametrize("layer", [nn.Linear(300, 200), nn.Conv2d(40, 30, 3), nn.Conv2d(40, 80, 3, groups=4)])
def test_initialise_draws_from_the_distribution_that_torch_uses(layer: nn.Linear | nn.Conv2d) -> None:
    initial = {key: value.clone() for key, value in layer.state_dict().items()}
    initialise(layer, generator())
    bound = 1 / math.sqrt(layer.weight[0].numel())  # torch's documentation of Linear and Conv2d
    for key, value in layer.state_dict().items():
        assert not torch.equal(value, initial[key])
        assert value.abs().max().item() == pytest.approx(bound, rel=0.1)
        assert value.abs().max() <= bound
        assert value.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02 if value.ndim > 1 else 0.3)


def test_initialise_resets_norms_and_refuses_what_it_does_not_know() -> None:
    norm = nn.BatchNorm2d(3)
    for value in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        value.data.fill_(7.0)
    initialise(nn.Sequential(norm), generator())
    assert norm.weight.tolist() == norm.running_var.tolist() == [1.0] * 3
    assert norm.bias.tolist() == norm.running_mean.tolist() == [0.0] * 3
    with pytest.raises(AssertionError, match="nobody initialises Bilinear"):
        initialise(nn.Sequential(nn.Bilinear(2, 2, 2)), generator())


def test_a_module_may_initialise_itself_and_its_children() -> None:
    class Zero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Linear(2, 2)

        def initialise(self, generator: torch.Generator) -> None:
            nn.init.zeros_(self.dense.weight)

    model = nn.Sequential(Zero())
    initialise(model, generator())
    assert model[0].dense.weight.abs().max() == 0


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("normalization", ["none", "layer", "batch"])
def test_dense_stack_is_its_formula(normalization: str, residual: bool) -> None:
    stack = DenseStack(
        features=12,
        classes=3,
        hidden_layers=3,
        nodes=8,
        activation_name="sigmoid",
        normalization=normalization,
        dropout=0.0,
        residual=residual,
    )
    state = stack.state_dict()

    def dense(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ state[f"{name}.dense.weight"].T + state[f"{name}.dense.bias"]

    def norm(x: torch.Tensor) -> torch.Tensor:
        if normalization == "none":
            return x
        axis = 1 if normalization == "layer" else 0
        centred = x - x.mean(axis, keepdim=True)
        return centred / (centred.square().mean(axis, keepdim=True) + EPSILON).sqrt()

    x = torch.randn(20, 12, generator=generator())
    h = norm(dense(x, "first"))
    for index in range(2):
        step = norm(dense(torch.sigmoid(h), f"further.{index}"))
        h = h + step if residual else step
    torch.testing.assert_close(stack(x), dense(torch.sigmoid(h), "last"), rtol=1e-4, atol=1e-5)


def test_dense_stack_drops_after_the_activations_but_the_last() -> None:
    stack = DenseStack(
        features=4,
        classes=2,
        hidden_layers=3,
        nodes=8,
        activation_name="relu",
        normalization="none",
        dropout=0.5,
    )
    names = [name for name, module in stack.named_modules() if isinstance(module, Dropout)]
    assert names == ["further.0.dropout", "further.1.dropout"]
    assert [type(module) for module in stack.further[0]] == [nn.ReLU, Dropout, nn.Linear]


def test_image_centring_is_its_formula() -> None:
    layer = ImageCentring(4, 5)
    nn.init.normal_(layer.weight, generator=generator())
    nn.init.normal_(layer.bias, generator=generator())
    x = torch.randn(2, 3, 4, 5, generator=generator())
    expected = (x - x.mean((2, 3), keepdim=True)) * layer.weight[None, None] + layer.bias[None, None]
    torch.testing.assert_close(layer(x), expected)


def test_activations_by_name() -> None:
    x = torch.linspace(-3, 3, 50)
    expected = {
        "sigmoid": torch.sigmoid(x),
        "relu": x.clamp(min=0),
        "swish": x * torch.sigmoid(x),
        "tanh": torch.tanh(x),
        "gelu": x * 0.5 * (1 + torch.erf(x / math.sqrt(2))),
        "leaky_relu": torch.where(x > 0, x, 0.01 * x),
    }
    assert tuple(expected) == MODELS["fnn"].params.meanings()["activation"].choices
    for name, values in expected.items():
        torch.testing.assert_close(activation(name)(x), values, rtol=1e-4, atol=1e-6)


DENSE_8 = 7 * (128 * 128 + 128) + 8 * 2 * 128 + (128 * 10 + 10)


def test_counts_by_hand() -> None:
    assert count(network("fnn")) == Counts(parameters=3072 * 128 + 128 + DENSE_8, tensors=2 * 9 + 2 * 8)
    convolutions = (27 * 32 + 32) + (288 * 64 + 64) + (576 * 64 + 64)
    centring = 2 * (30 * 30 + 13 * 13 + 4 * 4)
    dense = 1024 * 128 + 128 + DENSE_8
    assert count(network("cnn")) == Counts(parameters=convolutions + centring + dense, tensors=2 * 6 + 2 * 9 + 2 * 8)
    batch = 2 * (32 + 64 + 64)
    assert count(network("cnn", normalization="batch")).parameters == convolutions + batch + dense
    # Without normalisation this is the well-known network of the Keras examples, with 550 570 parameters.
    assert count(network("cnn-deep", normalization="none")).parameters == 550_570
    assert count(network("cnn-deep")).parameters == 550_570 + 4 * (32 + 64 + 128) + 2 * 128
    assert count(network("kan")).parameters == 12 * (3072 * 64 + 3 * 64 * 64 + 64 * 10)
    assert count(network("fastnet")).parameters == (
        24 + 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256) + 2 * (64 + 256 + 256) + 2560
    )


def test_macs_by_hand() -> None:
    def macs(name: str) -> int:
        return sum(row.macs for row in summary(network(name), (3, 32, 32)))

    dense_8 = 7 * 128 * 128 + 1280
    assert macs("fnn") == 3072 * 128 + dense_8
    assert macs("cnn") == 900 * 32 * 27 + 169 * 64 * 288 + 16 * 64 * 576 + 1024 * 128 + dense_8
    assert macs("kan") == 11 * (3072 * 64 + 3 * 64 * 64 + 640)
    assert macs("fastnet") == (
        961 * 24 * 12
        + 9 * (961 * 24 * 64 + 225 * 64 * 64 + 225 * 64 * 256 + 49 * 256 * 256 + 49 * 256 * 256 + 9 * 256 * 256)
        + 2560
    )


def test_summary_names_layers_in_the_order_they_run() -> None:
    rows = summary(network("cnn", hidden_layers=2, dropout=0.1), (3, 32, 32))
    assert [(row.name, row.kind, row.output_shape) for row in rows[:5]] == [
        ("conv_0", "Conv2d", (32, 30, 30)),
        ("norm_0", "ImageCentring", (32, 30, 30)),
        ("activation_0", "ReLU", (32, 30, 30)),
        ("pool_0", "MaxPool2d", (32, 15, 15)),
        ("conv_1", "Conv2d", (64, 13, 13)),
    ]
    assert [row.kind for row in rows[-6:]] == ["ReLU", "Dropout", "Linear", "LayerNorm", "ReLU", "Linear"]
    assert "flatten" in [row.name for row in rows]
    assert [row.parameters for row in rows if row.name == "norm_0"] == [2 * 30 * 30]


def test_kernels_leave_out_biases_gains_and_frozen_weights() -> None:
    assert [tuple(kernel.shape) for kernel in kernels(network("fnn", hidden_layers=2))] == [
        (128, 3072),
        (128, 128),
        (10, 128),
    ]
    assert [tuple(kernel.shape) for kernel in kernels(network("kan", hidden_layers=0))] == [
        (10, 3072),
        (10, 3072),
        (10, 3072, 10),
    ]
    assert len(kernels(network("fastnet"))) == 7
    assert len(kernels(network("fastnet", whitening=False))) == 8


@pytest.mark.parametrize(
    ("padding", "normalization", "least"),
    [("valid", "layer", 22), ("valid", "batch", 18), ("same", "layer", 8), ("same", "none", 4)],
)
def test_cnn_names_the_least_size_and_takes_it(padding: str, normalization: str, least: int) -> None:
    values = {"padding": padding, "normalization": normalization, "hidden_layers": 1}
    x = torch.rand(4, 1, least, least, generator=generator())
    assert network("cnn", (1, least, least), **values)(x).std() > 0
    with pytest.raises(UserError, match=f"{least - 1} x {least - 1}.*at least {least} x {least}") as caught:
        network("cnn", (1, least - 1, least - 1), **values)
    assert ('padding to "same"' in str(caught.value)) == (padding == "valid")


@pytest.mark.parametrize(("name", "least"), [("cnn-deep", 8), ("fastnet", 4)])
def test_too_small_an_image_is_a_user_error_with_a_remedy(name: str, least: int) -> None:
    assert network(name, (1, least, least + 1)).eval()(torch.rand(2, 1, least, least + 1)).shape == (2, 10)
    with pytest.raises(UserError, match=f"Enlarge the images to at least {least} x {least}"):
        network(name, (1, least - 1, 40))


def test_a_wide_image_keeps_its_aspect() -> None:
    x = torch.rand(2, 3, 24, 40, generator=generator())
    for name in (name for name in MODELS if MODELS[name].task == "classify"):
        assert network(name, (3, 24, 40)).eval()(x).shape == (2, 10)


class Detour(nn.Module):
    """Dense layers that run in another order than they are listed in."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.first = nn.Linear(5, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.first(x).relu())
        return logits


def test_only_the_last_dense_layer_need_be_listened_to() -> None:
    model, x = Detour(), torch.rand(2, 4)
    last = last_dense(model, x)
    assert last is model.head
    for one, other in zip(answers(model, x), answers(model, x, last=last), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(answers(model, x, last=last)[1], model.first(x).relu())
    assert not any(part._forward_pre_hooks for part in model.modules())

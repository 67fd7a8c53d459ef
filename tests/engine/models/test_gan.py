"""The adversarial pairs: what the laws of classifiers say, said of them, and spectral norms against torch's."""

import pytest
import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, build
from workbench.engine.models.gan.pair import AdversarialPair
from workbench.engine.models.gan_conv.spectral import SpectralConv2d, SpectralLinear
from workbench.engine.models.generative import Generative
from workbench.engine.models.layers import attach_generator, count, kernels, summary
from workbench.engine.train.average import WeightAverage

SMALL = {
    "gan": {"latent": 6, "hidden": 8},
    "gan-conv": {"latent": 6, "generator_channels": 4, "discriminator_channels": 4, "dropout": 0.2},
}
SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 25, 25)]
EVERY = pytest.mark.parametrize(("name", "shape"), [(name, shape) for name in SMALL for shape in SHAPES])


def pair(name: str, shape: tuple[int, int, int], number: int = 1, **options: object) -> AdversarialPair:
    params = MODELS[name].params.from_dict({**SMALL[name], **options})
    model = build(name, params, shape=shape, classes=0, generator=torch.Generator().manual_seed(number))
    attach_generator(model, torch.Generator().manual_seed(number))
    assert isinstance(model, AdversarialPair)
    return model


def codes(rows: int = 5, number: int = 0) -> Tensor:
    return torch.randn(rows, 6, generator=torch.Generator().manual_seed(number))


def images(shape: tuple[int, int, int], rows: int = 5) -> Tensor:
    return torch.rand(rows, *shape, generator=torch.Generator().manual_seed(3)) * 2 - 1


@EVERY
def test_a_pair_is_a_generative_network_that_gives_no_codes(name: str, shape: tuple[int, int, int]) -> None:
    model = pair(name, shape).eval()
    assert isinstance(model, Generative)
    assert (model.dims, model.encodes) == (6, "no")
    made = model.decode(codes())
    assert made.shape == (5, *shape)
    assert made.abs().max() <= 1
    assert made.std(0).max() > 1e-4, "codes make no difference"
    assert torch.equal(model.draw(codes(), torch.Generator()), made)
    logits = model(made)
    assert logits.shape == (5,)
    torch.testing.assert_close(model.score(made, torch.Generator()), 1 / (1 + torch.exp(-logits)))
    with pytest.raises(UserError, match="no codes"):
        model.encode(made)


@EVERY
def test_every_parameter_receives_a_gradient(name: str, shape: tuple[int, int, int]) -> None:
    model = pair(name, shape, dropout=0.0)
    (model(images(shape)).square().sum() - model(model.decode(codes())).sum()).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())
    assert all(kernel.grad is not None and kernel.grad.abs().max() > 0 for kernel in kernels(model))


@EVERY
def test_the_generator_handed_in_alone_decides_the_weights(name: str, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    model = pair(name, shape)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    same, other = pair(name, shape).state_dict(), pair(name, shape, 2).state_dict()
    assert all(torch.equal(value, same[key]) for key, value in model.state_dict().items())
    assert not torch.equal(kernels(model)[0], other[next(iter(other))])


@EVERY
def test_a_saved_state_gives_the_same_pair(name: str, shape: tuple[int, int, int]) -> None:
    model, other = pair(name, shape, 1), pair(name, shape, 2)
    model(model.decode(codes()))
    other.load_state_dict(model.state_dict())
    one, two = model.eval().decode(codes()), other.eval().decode(codes())
    assert torch.equal(one, two)
    assert torch.equal(model(one), other(two))


@EVERY
def test_summary_accounts_for_both_networks(name: str, shape: tuple[int, int, int]) -> None:
    model = pair(name, shape)
    rows = summary(model, shape)
    assert sum(row.parameters for row in rows) == count(model).parameters
    assert rows[-1].output_shape == (1,)
    assert {row.name.partition(".")[0] for row in rows} == {"generator", "discriminator"}


@EVERY
def test_evaluation_is_deterministic_and_leaves_the_state(name: str, shape: tuple[int, int, int]) -> None:
    model = pair(name, shape).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert torch.equal(model(model.decode(codes())), model(model.decode(codes())))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_the_dense_pair_has_the_layers_of_the_report() -> None:
    params = MODELS["gan"].params()
    model = build("gan", params, shape=(1, 28, 28), classes=10, generator=torch.Generator())
    assert isinstance(model, AdversarialPair)
    widths = [(layer.in_features, layer.out_features) for layer in model.generator if isinstance(layer, nn.Linear)]
    assert widths == [(100, 128), (128, 256), (256, 512), (512, 1024), (1024, 784)]
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in model.generator) == 3
    widths = [(layer.in_features, layer.out_features) for layer in model.discriminator if isinstance(layer, nn.Linear)]
    assert widths == [(784, 512), (512, 256), (256, 1)]
    assert {layer.negative_slope for layer in model.modules() if isinstance(layer, nn.LeakyReLU)} == {0.2}


def test_the_multiply_adds_of_a_transposed_convolution_are_those_of_its_definition() -> None:
    rows = {row.name: row for row in summary(pair("gan-conv", (1, 28, 28)), (1, 28, 28))}
    first, last = rows["generator.double_0"], rows["generator.last"]
    assert first.output_shape == (4, 14, 14)
    assert first.macs == 7 * 7 * 8 * 4 * 16  # each input position meets the whole kernel
    assert last.macs == 14 * 14 * 4 * 1 * 16


def test_images_smaller_than_the_convolutions_need_are_refused() -> None:
    with pytest.raises(UserError, match="too small for gan-conv"):
        pair("gan-conv", (1, 7, 7))


@pytest.mark.parametrize("option", ["normalization", "spectral_norm"])
def test_what_is_left_out_leaves_no_trace(option: str) -> None:
    without = pair("gan-conv", (1, 28, 28), **{option: "none" if option == "normalization" else False})
    kind = nn.BatchNorm2d if option == "normalization" else SpectralConv2d
    assert not any(isinstance(module, kind) for module in without.modules())
    assert any(isinstance(module, kind) for module in pair("gan-conv", (1, 28, 28)).modules())


def test_spectral_layers_are_divided_by_their_largest_singular_value() -> None:
    model = pair("gan-conv", (3, 32, 32))
    layers = [layer for layer in model.modules() if isinstance(layer, SpectralConv2d | SpectralLinear)]
    assert len(layers) == 4
    for layer in layers:
        for _ in range(200):
            layer.scaled()
        exact = layer.weight.flatten(1) / torch.linalg.svdvals(layer.weight.flatten(1))[0]
        torch.testing.assert_close(layer.scaled().flatten(1), exact, rtol=1e-4, atol=1e-5)


def test_a_spectral_layer_is_torchs_parametrisation_with_the_same_directions() -> None:
    ours = SpectralConv2d(3, 5, 4, stride=2, padding=1)
    ours.initialise(torch.Generator().manual_seed(0))
    theirs = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 5, 4, stride=2, padding=1))
    with torch.no_grad():
        theirs.parametrizations.weight.original.copy_(ours.weight)
        theirs.bias.copy_(ours.bias)
        theirs.parametrizations.weight[0]._u.copy_(ours.left)
        theirs.parametrizations.weight[0]._v.copy_(ours.right)
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    # Within a step one iterates left first and the other right first; in evaluation neither does.
    ours.eval()
    theirs.eval()
    torch.testing.assert_close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.parametrizations.weight.original.grad)


def test_the_discriminator_cannot_stretch_a_difference() -> None:
    """With leaky ReLU of slope at most 1 its steepness is bounded by how often stride-2 kernels overlap."""
    model = pair("gan-conv", (1, 28, 28), dropout=0.0)
    for _ in range(100):
        model(images((1, 28, 28)))
    model.eval()
    one, other = images((1, 28, 28)), images((1, 28, 28)) + 0.01 * torch.randn(5, 1, 28, 28)
    stretch = (model(one) - model(other)).abs() / (one - other).flatten(1).norm(dim=1)
    assert stretch.max() < 2.0**2 * 1.5  # a position meets four patches of 4 x 4 and up to four of 3 x 3


def test_passes_of_a_step_do_not_disturb_each_others_gradients() -> None:
    model = pair("gan-conv", (1, 8, 8), dropout=0.0)
    real = model(images((1, 8, 8)))
    fake = model(-images((1, 8, 8)))  # moves the directions that the first pass was divided by
    (fake - real).sum().backward()
    assert all(weight.grad is not None for weight in model.discriminator.parameters())


@pytest.mark.parametrize("name", ["gan", "gan-conv"])
def test_an_average_is_of_the_generator_alone(name: str) -> None:
    model = pair(name, (1, 8, 8))
    average = WeightAverage(model, decay=0.5)
    shown = average.model
    assert isinstance(shown, AdversarialPair)
    assert all(weight.requires_grad for weight in model.parameters())
    assert not any(weight.requires_grad for weight in shown.generator.parameters())
    assert all(key.startswith("generator.") for key in average.weights())
    assert set(average.weights()) == {f"generator.{key}" for key in model.generator.state_dict()}
    start = {key: value.clone() for key, value in shown.state_dict().items()}
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    model(model.decode(codes()))  # moves statistics and directions
    average.follow(0)
    share = 1 / 10
    for key, value in shown.state_dict().items():
        live = model.state_dict()[key]
        if key.startswith("generator.") and value.is_floating_point():
            torch.testing.assert_close(value, share * start[key] + (1 - share) * live, rtol=1e-4, atol=1e-5)
        else:
            assert torch.equal(value, live), key

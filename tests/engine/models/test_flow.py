"""The laws of flows: inverses, determinants, densities, dequantisation; for both families."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian

from workbench.engine.errors import UserError
from workbench.engine.models.flow import model as dense
from workbench.engine.models.flow.base import LEVELS, Flow, Terms, levels_of
from workbench.engine.models.flow.couplings import ConvCoupling
from workbench.engine.models.flow.dequantise import Dequantiser, Gaussian, Uniform, Variational
from workbench.engine.models.flow.model import DenseCoupling
from workbench.engine.models.flow.params import DEQUANTISATIONS, FlowParams
from workbench.engine.models.flow_multiscale import model as multiscale
from workbench.engine.models.flow_multiscale.layers import ActNorm, InvertibleConv, Reverse
from workbench.engine.models.flow_multiscale.model import MultiscaleFlow
from workbench.engine.models.flow_multiscale.params import FlowMultiscaleParams
from workbench.engine.models.generative import Generative
from workbench.engine.models.layers import count, initialise
from workbench.engine.params import Params

Shape = tuple[int, int, int]
SMALL = FlowParams(couplings=4, nodes=16, dequantisation_width=8)
SMALL_SCALES = FlowMultiscaleParams(
    steps=2, further_steps=2, width=8, further_width=8, dequantisation_width=8, dequantisation="uniform"
)


def made(params: Params, shape: Shape, *, number: int = 1, stirred: bool = True) -> Flow:
    """A flow, by default no longer the identity that it starts as."""
    model: nn.Module
    if isinstance(params, FlowParams):
        model = dense.build(params, shape=shape, classes=0)
    else:
        assert isinstance(params, FlowMultiscaleParams)
        model = multiscale.build(params, shape=shape, classes=0)
    initialise(model, torch.Generator().manual_seed(number))
    assert isinstance(model, Flow)
    if stirred:
        stir(model)
    return model


def stir(module: nn.Module) -> None:
    """Move every parameter a little."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)


def random_images(shape: Shape, count: int = 6, *, number: int = 0) -> Tensor:
    levels = torch.randint(0, 256, (count, *shape), generator=torch.Generator().manual_seed(number))
    return levels.float() / 255


def points(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def log_volume(jacobian_of: Tensor) -> Tensor:
    size = math.isqrt(jacobian_of.numel())
    return torch.linalg.slogdet(jacobian_of.reshape(size, size)).logabsdet


FLOWS = [
    pytest.param(SMALL, (1, 4, 4), id="dense"),
    pytest.param(SMALL.replace(couplings=3), (3, 3, 2), id="dense-odd-colour"),
    pytest.param(SMALL_SCALES, (1, 4, 4), id="multiscale"),
    pytest.param(SMALL_SCALES.replace(mixing="reverse", actnorm=False), (3, 4, 4), id="multiscale-reverse-colour"),
    pytest.param(SMALL_SCALES.replace(scales=1), (1, 2, 4), id="one-scale"),
]
EVERY = pytest.mark.parametrize(("params", "shape"), FLOWS)


@EVERY
def test_decoding_undoes_encoding(params: Params, shape: Shape) -> None:
    images = random_images(shape)
    model = made(params, shape)
    codes = model.encode(images)
    assert codes.mean.shape == codes.deviation.shape == (len(images), math.prod(shape))
    assert not codes.deviation.any()
    assert (model.decode(codes.mean) - images).abs().max() < 1e-4
    precise, exact = model.double(), (images.double() * 255).round() / 255
    assert (precise.pixels(precise.encode(exact).mean) - exact).abs().max() < 1e-9


@EVERY
def test_the_transform_and_its_inverse_agree(params: Params, shape: Shape) -> None:
    model, x = made(params, shape).double(), points(5, *shape)
    codes, _ = model.transform(x)
    assert (model.restore(codes) - x).abs().max() < 1e-9
    drawn = points(5, math.prod(shape))
    assert (model.transform(model.restore(drawn))[0] - drawn).abs().max() < 1e-9


@EVERY
def test_the_determinant_of_the_whole_is_the_jacobians(params: Params, shape: Shape) -> None:
    model, x = made(params, shape).double(), points(1, *shape)
    _, log_det = model.transform(x)
    expected = log_volume(jacobian(lambda x: model.transform(x)[0], x))
    assert log_det.abs() > 1e-3
    torch.testing.assert_close(log_det[0], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "layer",
    [
        ActNorm(3),
        InvertibleConv(3),
        Reverse(),
        ConvCoupling(kept=[0, 2], changed=[1], width=4, blocks=1),
        ConvCoupling(kept=[1], changed=[2, 0], width=4, blocks=0),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_the_determinant_of_each_layer_is_its_jacobians(layer: nn.Module) -> None:
    initialise(layer, torch.Generator().manual_seed(0))
    stir(layer)
    layer, x = layer.double(), points(1, 3, 2, 2)
    y, log_det = layer(x)
    expected = log_volume(jacobian(lambda x: layer(x)[0], x))
    torch.testing.assert_close(log_det.reshape(()), expected, rtol=1e-9, atol=1e-9)
    assert (layer.inverse(y) - x).abs().max() < 1e-9


def test_the_determinant_of_a_dense_coupling_is_its_jacobians() -> None:
    layer = DenseCoupling(given=3, changed=4, nodes=8, hidden_layers=2, fan_in=7)
    initialise(layer, torch.Generator().manual_seed(0))
    stir(layer)
    layer, x, given = layer.double(), points(1, 4), points(1, 3)
    y, log_det = layer(x, given)
    torch.testing.assert_close(log_det[0], log_volume(jacobian(lambda x: layer(x, given)[0], x)))
    assert (layer.inverse(y, given) - x).abs().max() < 1e-9


def test_the_determinant_of_the_logit_is_its_jacobians() -> None:
    model = made(SMALL.replace(alpha=0.01), (1, 2, 2))
    x = torch.tensor([0.0, 255.999, 100.5, 3.25], dtype=torch.float64).reshape(1, 1, 2, 2)
    _, log_det = model.to_reals(x)
    torch.testing.assert_close(log_det[0], log_volume(jacobian(lambda x: model.to_reals(x)[0], x)))


@EVERY
def test_a_fresh_flow_scales_nothing(params: Params, shape: Shape) -> None:
    _, log_det = made(params, shape, stirred=False).transform(points(4, *shape).float())
    torch.testing.assert_close(log_det, torch.zeros(4), rtol=0, atol=1e-4)


def test_checkerboards_are_the_masks_of_the_usual_way_of_writing_it() -> None:
    """Each coupling as a network over all pixels with masks would do it, with the very weights in their columns."""
    model = made(SMALL.replace(couplings=2), (1, 4, 4)).double()
    board = (torch.arange(4)[:, None] + torch.arange(4)).flatten() % 2
    x = points(3, 16)
    expected, log_det = x, torch.zeros(3, dtype=torch.float64)
    for index, coupling in enumerate(model.couplings):
        mask = (board == index % 2).double()
        first, middle, last = (layer for layer in coupling.network if isinstance(layer, nn.Linear))
        wide = torch.full((16, 16), 7.0, dtype=torch.float64)  # 7 where the mask hides what it is multiplied by
        wide[:, mask == 1] = first.weight
        hidden = torch.relu(middle(torch.relu((expected * mask) @ wide.T + first.bias)))
        raw, shift = last(hidden).chunk(2, 1)
        log_scale, moved = torch.zeros(3, 16).double(), torch.zeros(3, 16).double()
        log_scale[:, mask == 0], moved[:, mask == 0] = coupling.factor * raw.tanh(), shift
        expected = mask * expected + (1 - mask) * (expected * log_scale.exp() + moved)
        log_det = log_det + log_scale.sum(1)
    codes, its = model.transform(x.reshape(3, 1, 4, 4))
    torch.testing.assert_close(codes, expected)
    torch.testing.assert_close(its, log_det)


def test_first_weights_follow_from_all_pixels() -> None:
    model = made(FlowParams(couplings=1, nodes=400), (1, 8, 8), stirred=False)
    coupling = model.couplings[0]
    assert isinstance(coupling, DenseCoupling)
    first, second, last = (layer for layer in coupling.network if isinstance(layer, nn.Linear))
    assert first.weight.shape == (400, 32)
    assert float(first.weight.detach().abs().max()) == pytest.approx(1 / 8, rel=0.01)  # 64 inputs, not 32
    assert float(second.weight.detach().abs().max()) == pytest.approx(1 / 20, rel=0.01)
    assert not last.weight.any()
    assert not last.bias.any()


def test_half_of_the_outer_layers_is_left_out() -> None:
    def masked(nodes: int) -> int:
        return 8 * (784 * nodes + nodes + nodes**2 + nodes + (nodes + 1) * 2 * 784)

    def gathered(nodes: int) -> int:
        factors = 8 * 392
        return masked(nodes) - 8 * (392 * nodes + (nodes + 1) * 2 * 392) + factors

    assert count(made(FlowParams(nodes=8), (1, 28, 28))).parameters == gathered(8)
    assert (gathered(1024), masked(1024)) == (18_048_192, 27_685_120)  # as the module says


@EVERY
@pytest.mark.parametrize("dequantisation", ["uniform", "gaussian"])
def test_the_terms_add_up(params: Params, shape: Shape, dequantisation: str) -> None:
    model, images = made(params.replace(dequantisation=dequantisation), shape), random_images(shape)
    terms = model(images, torch.Generator().manual_seed(0))
    assert isinstance(terms, Terms)
    assert all(term.shape == (len(images),) for term in terms)
    torch.testing.assert_close(model.log_prob(images, torch.Generator().manual_seed(0)), sum(terms))
    score = model.score(images, torch.Generator().manual_seed(0))
    torch.testing.assert_close(score * math.prod(shape) * math.log(2), -terms.log_prob())


def places_within(count: int) -> Tensor:
    """Places within a level that stand for all of it."""
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


@pytest.mark.parametrize("params", [SMALL, SMALL_SCALES.replace(scales=1)], ids=["dense", "multiscale"])
def test_the_density_of_a_flow_integrates_to_one(params: Params) -> None:
    """Over the reals of four pixels, by draws from a wide normal distribution."""
    model = made(params, (1, 2, 2)).double()
    x = 2.0 * torch.randn(100_000, 1, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        codes, log_det = model.transform(x)
    flat = x.flatten(1)
    proposal = (-0.5 * (flat / 2).square() - math.log(2 * math.sqrt(2 * math.pi))).sum(1)
    density = (-0.5 * codes.square() - 0.5 * math.log(2 * math.pi)).sum(1) + log_det
    weights = (density - proposal).exp()
    error = float(weights.std()) / math.sqrt(len(weights))
    assert error < 0.05
    assert abs(float(weights.mean()) - 1) < 4 * error


def test_two_pixels_have_probabilities_that_add_up_to_one() -> None:
    """All 65,536 images of two pixels, each over a grid within its levels: the bound is the whole of it, as a sum."""
    model = made(SMALL, (1, 1, 2)).double()
    grid = places_within(3)
    places = (torch.arange(LEVELS)[:, None] + grid).flatten()
    total = 0.0
    with torch.no_grad():
        for rows in places.split(64):
            x = torch.cartesian_prod(rows, places).reshape(-1, 1, 1, 2)
            reals, logit = model.to_reals(x)
            codes, log_det = model.transform(reals)
            log_density = (-0.5 * codes.square() - 0.5 * math.log(2 * math.pi)).sum(1) + log_det + logit
            total += float(log_density.exp().sum()) / len(grid) ** 2
    # What alpha cuts off, and what lies beyond the last point of the grid, is missing
    assert total == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("dequantisation", DEQUANTISATIONS)
def test_the_bound_is_below_the_probability_and_near_it_where_the_noise_suits(dequantisation: str) -> None:
    params = SMALL_SCALES.replace(scales=1, dequantisation=dequantisation, dequantisation_variance=0.1)
    model = made(params, (1, 2, 2)).double()
    levels = torch.tensor([0, 255, 30, 31], dtype=torch.float64).reshape(1, 1, 2, 2)
    grid = places_within(14)
    within = torch.cartesian_prod(grid, grid, grid, grid).reshape(-1, 1, 2, 2)
    with torch.no_grad():
        reals, logit = model.to_reals(levels + within)
        codes, log_det = model.transform(reals)
        density = (-0.5 * codes.square() - 0.5 * math.log(2 * math.pi)).sum(1) + log_det + logit
        exact = float(density.logsumexp(0)) - math.log(len(within))
        many = (levels / 255).expand(20_000, -1, -1, -1)
        bound = model.log_prob(many, torch.Generator().manual_seed(0))
        weighted = float(bound.logsumexp(0)) - math.log(len(bound))
    assert bound.mean() < exact + 0.01
    assert weighted == pytest.approx(exact, abs=0.1)  # importance weights: the noise's density is the right one


@pytest.mark.parametrize("dequantiser", [Uniform(), Gaussian(variance=0.04), Gaussian(variance=1.0)], ids=str)
def test_noise_stays_within_a_level_and_without_a_generator_is_its_median(dequantiser: Dequantiser) -> None:
    levels = torch.zeros(500, 1, 4, 4)
    noise, _ = dequantiser(levels, torch.Generator().manual_seed(0))
    assert noise.min() >= 0
    assert noise.max() <= 1
    assert noise.mean() == pytest.approx(0.5, abs=0.01)
    assert torch.equal(dequantiser(levels, None)[0], torch.full_like(levels, 0.5))


@pytest.mark.parametrize("variance", [1e-4, 0.01, 0.09, 1.0, 1e4])
def test_gaussian_noise_has_the_entropy_of_a_truncated_normal(variance: float) -> None:
    dequantiser = Gaussian(variance=variance)
    noise, surprise = dequantiser(torch.zeros(100_000, 1, 1, 1).double(), torch.Generator().manual_seed(0))
    error = float(surprise.std()) / math.sqrt(len(surprise))
    assert float(surprise.mean()) == pytest.approx(dequantiser.entropy(), abs=max(4 * error, 1e-9))
    deviation = math.sqrt(variance)
    normal = torch.distributions.Normal(0.5, deviation)
    inside = float(normal.cdf(torch.tensor(1.0).double()) - normal.cdf(torch.tensor(0.0).double()))
    expected = -(normal.log_prob(noise.flatten()) - math.log(inside))
    torch.testing.assert_close(surprise, expected, rtol=1e-5, atol=1e-5)
    edges = torch.linspace(0, 1, 11)
    shares = torch.histc(noise, 10, 0, 1).double() / len(noise)
    exact = (normal.cdf(edges[1:].double()) - normal.cdf(edges[:-1].double())) / inside
    assert (shares - exact).abs().max() < 0.01
    assert dequantiser.entropy() <= 1e-12


def test_variational_noise_starts_uniform() -> None:
    dequantiser = Variational(shape=(1, 4, 4), width=4)
    initialise(dequantiser, torch.Generator().manual_seed(0))
    levels = levels_of(random_images((1, 4, 4), 300))
    noise, surprise = dequantiser(levels, torch.Generator().manual_seed(0))
    torch.testing.assert_close(surprise, torch.zeros(300), rtol=0, atol=1e-3)
    uniform, _ = Uniform()(levels, torch.Generator().manual_seed(0))
    torch.testing.assert_close(noise, uniform, rtol=0, atol=1e-5)


def test_variational_noise_has_the_density_that_its_jacobian_says(monkeypatch: pytest.MonkeyPatch) -> None:
    dequantiser = Variational(shape=(2, 2, 2), width=4)
    initialise(dequantiser, torch.Generator().manual_seed(0))
    stir(dequantiser)
    dequantiser.double()
    levels = levels_of(random_images((2, 2, 2), 1)).double()
    shares = torch.rand(1, 2, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def noise_of(shares: Tensor) -> tuple[Tensor, Tensor]:
        module = "workbench.engine.models.flow.dequantise._shares"
        monkeypatch.setattr(module, lambda like, noise: shares)
        noise: tuple[Tensor, Tensor] = dequantiser(levels, torch.Generator())
        return noise

    noise, surprise = noise_of(shares)
    expected = log_volume(jacobian(lambda shares: noise_of(shares)[0], shares))
    assert surprise.abs() > 1e-3
    torch.testing.assert_close(surprise[0], expected)
    assert (noise > 0).all()
    assert (noise < 1).all()


def test_variational_noise_and_scales_say_which_sides_they_take() -> None:
    with pytest.raises(UserError, match="even sides"):
        made(SMALL.replace(dequantisation="variational"), (1, 5, 4))
    with pytest.raises(UserError, match="6 x 4 pixels cannot be halved 2 times"):
        made(SMALL_SCALES, (1, 4, 6))
    with pytest.raises(UserError, match="two pixels"):
        made(SMALL, (1, 1, 1))


def test_actnorm_gives_the_first_images_mean_0_and_deviation_1() -> None:
    x = points(50, 3, 4, 4) * torch.tensor([0.1, 5.0, 0.0]).reshape(3, 1, 1) + torch.tensor([9.0, -1, 4]).reshape(
        3, 1, 1
    )
    layer = ActNorm(3).double()
    layer.fit(x)
    y, _ = layer(x)
    torch.testing.assert_close(y.mean((0, 2, 3)), torch.zeros(3).double(), rtol=0, atol=1e-9)
    torch.testing.assert_close(y.std((0, 2, 3), correction=0), torch.tensor([1.0, 1, 0]).double())  # one is constant


def test_a_prepared_flow_has_every_actnorm_fitted_to_what_reaches_it() -> None:
    model = made(SMALL_SCALES, (1, 8, 8), stirred=False)
    images = random_images((1, 8, 8), 400) * 0.3
    model.prepare(images)
    heard: list[Tensor] = []
    norms = [module for module in model.modules() if isinstance(module, ActNorm)]
    for norm in norms:
        norm.register_forward_hook(lambda module, inputs, output: heard.append(output[0]))
    model(images, torch.Generator().manual_seed(0))
    assert len(heard) == len(norms) == 4
    for output in heard:
        assert output.mean((0, 2, 3)).abs().max() < 1e-3
        assert (output.std((0, 2, 3)) - 1).abs().max() < 1e-2
    state = {key: value.clone() for key, value in model.state_dict().items()}
    model.prepare(images)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


@EVERY
def test_a_flow_refuses_what_is_not_in_0_to_1(params: Params, shape: Shape) -> None:
    model = made(params, shape)
    model.prepare(random_images(shape))
    with pytest.raises(UserError, match=r"0\.\.1"):
        model.prepare(random_images(shape) * 2 - 1)


def test_a_scale_splits_half_of_the_channels_off_and_codes_begin_with_the_coarsest() -> None:
    model = made(SMALL_SCALES.replace(scales=3), (3, 16, 8))
    assert isinstance(model, MultiscaleFlow)
    parts = model._parts(torch.arange(3 * 16 * 8).float().expand(2, -1))
    assert [tuple(part.shape) for part in parts] == [(2, 6, 8, 4), (2, 12, 4, 2), (2, 48, 2, 1)]
    assert parts[-1][0, 0, 0, 0] == 0
    x = points(2, 3, 16, 8)
    assert (model.double().restore(model.transform(x)[0]) - x).abs().max() < 1e-7  # random weights in 12 layers


@EVERY
@pytest.mark.parametrize("dequantisation", DEQUANTISATIONS)
def test_every_parameter_receives_a_gradient(params: Params, shape: Shape, dequantisation: str) -> None:
    if dequantisation == "variational" and (shape[1] % 2 or shape[2] % 2):
        pytest.skip("odd sides")
    model = made(params.replace(dequantisation=dequantisation), shape)
    model.log_prob(random_images(shape), torch.Generator().manual_seed(0)).mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@EVERY
def test_generators_alone_decide(params: Params, shape: Shape) -> None:
    images = random_images(shape)
    one, same, other = (made(params, shape, number=number) for number in (1, 1, 2))
    first = one.score(images, torch.Generator().manual_seed(0))
    assert first.dtype == torch.float32
    assert torch.equal(same.score(images, torch.Generator().manual_seed(0)), first)
    assert not torch.equal(one.score(images, torch.Generator().manual_seed(1)), first)
    assert not torch.equal(other.score(images, torch.Generator().manual_seed(0)), first)
    assert torch.equal(one.log_prob(images), one.log_prob(images))


@EVERY
def test_saved_weights_give_the_same_flow(params: Params, shape: Shape) -> None:
    one, other = made(params, shape, number=1), made(params, shape, number=2)
    other.load_state_dict(one.state_dict())
    images = random_images(shape)
    assert torch.equal(one.log_prob(images), other.log_prob(images))
    codes = one.encode(images).mean
    assert torch.equal(one.decode(codes), other.decode(codes))


@EVERY
def test_flows_are_generative(params: Params, shape: Shape) -> None:
    model = made(params, shape)
    assert isinstance(model, Generative)
    assert model.dims == math.prod(shape)
    codes = torch.randn(7, model.dims, generator=torch.Generator().manual_seed(0)) * 3
    pictures = model.decode(codes)
    assert pictures.shape == (7, *shape)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert torch.equal(model.draw(codes, torch.Generator()), pictures)


def test_every_level_comes_back_as_itself() -> None:
    images = torch.arange(256.0).reshape(1, 1, 16, 16) / 255
    for params in (SMALL, SMALL_SCALES):
        model = made(params, (1, 16, 16))
        decoded = model.decode(model.encode(images).mean)
        assert torch.equal((decoded * 255).round(), images * 255)
        assert torch.equal(levels_of(decoded), levels_of(images))


def test_reversals_and_convolutions_move_every_channel() -> None:
    """With two steps a scale every channel is changed by a coupling."""
    for mixing, actnorm in itertools.product(("lu", "reverse"), (True, False)):
        model = made(SMALL_SCALES.replace(scales=1, mixing=mixing, actnorm=actnorm), (1, 4, 4)).double()
        x = points(1, 1, 4, 4)
        changes = jacobian(lambda x: model.transform(x)[0], x).reshape(16, 16)  # noqa: B023  asked at once
        assert (changes.abs() > 1e-12).sum(1).min() > 4


@EVERY
def test_half_precision_is_the_networks_affair(params: Params, shape: Shape) -> None:
    """Codes and images are as in full precision; the bound differs by what the networks lose."""
    model, images = made(params, shape), random_images(shape)
    expected, bound = model.encode(images).mean, model.score(images, torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        codes, pixels = model.encode(images).mean, model.pixels(expected)
        rough = model.score(images, torch.Generator().manual_seed(0))
    assert torch.equal(codes, expected)
    assert torch.equal(pixels, model.pixels(expected))
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, bound)
    torch.testing.assert_close(rough, bound, rtol=0.1, atol=0.1)

"""Variational autoencoders against what can be known exactly."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, build
from workbench.engine.models.gaussian import kl_of_deviation, kl_standard, log_ratio, log_standard, quantile_grid
from workbench.engine.models.likelihoods import (
    LEVELS,
    LIKELIHOODS,
    Bernoulli,
    DiscretisedLogistic,
    Gaussian,
    make_likelihood,
)
from workbench.engine.models.vae.autoencoder import Autoencoder
from workbench.engine.models.vae.params import VaeParams
from workbench.engine.models.vae_conv.params import VaeConvParams
from workbench.engine.train.job import preset


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vae(shape: tuple[int, int, int] = (1, 8, 8), **options: object) -> Autoencoder:
    params = VaeParams.from_dict({"latent": 3, "nodes": 16, **options})
    model = build("vae", params, shape=shape, classes=1, generator=seeded(1))
    assert isinstance(model, Autoencoder)
    return model


def images(*shape: int) -> Tensor:
    return torch.randint(2, shape, generator=seeded(2)).float()


def double(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


# Normal distributions


@pytest.mark.parametrize(
    ("mean", "deviation", "expected"),
    [(1 + 1e5, 1e5, 1.0000099998487e10), (1e-5, 1 + 1e-5, 1.499996667e-10), (0.0, 1.0, 0.0), (3.0, 1.0, 4.5)],
)
def test_the_divergence_is_exact_however_large_or_small(mean: float, deviation: float, expected: float) -> None:
    found = float(kl_of_deviation(double(mean), double(deviation)))
    assert found == pytest.approx(expected, rel=1e-6, abs=0)
    log_variance = 2 * torch.log1p(double(deviation) - 1)
    assert float(kl_standard(double(mean), log_variance)) == pytest.approx(expected, rel=1e-6, abs=0)


def test_the_divergence_is_that_of_torch_and_of_monte_carlo() -> None:
    mean = torch.randn(4, generator=seeded(), dtype=torch.float64)
    deviation = torch.rand(4, generator=seeded(1), dtype=torch.float64) + 0.2
    posterior = torch.distributions.Normal(mean, deviation)
    found = kl_of_deviation(mean, deviation)
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    torch.testing.assert_close(found, torch.distributions.kl_divergence(posterior, prior))
    codes = mean + deviation * torch.randn(200_000, 4, generator=seeded(2), dtype=torch.float64)
    ratios = posterior.log_prob(codes) - prior.log_prob(codes)
    error = ratios.std(0) / math.sqrt(len(codes))
    assert ((ratios.mean(0) - found).abs() < 5 * error).all()


def test_densities_and_their_ratio_are_those_of_torch() -> None:
    codes, mean, log_variance = (torch.randn(*size, generator=seeded(3)) for size in ((5, 2, 4), (2, 4), (2, 4)))
    prior = torch.distributions.Normal(torch.zeros(4), torch.ones(4))
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    torch.testing.assert_close(log_standard(codes), prior.log_prob(codes).sum(-1))
    expected = (prior.log_prob(codes) - posterior.log_prob(codes)).sum(-1)
    torch.testing.assert_close(log_ratio(codes, mean, log_variance), expected)


def test_the_grid_of_a_plane_is_symmetric_and_has_equal_shares_of_the_prior() -> None:
    grid = quantile_grid(15)
    assert grid.shape == (225, 2)
    torch.testing.assert_close(grid, -grid.flip(0))
    assert torch.equal(grid[7 * 15 + 7], torch.zeros(2))
    shares = stats.norm.cdf(grid[:15, 0].numpy())
    np.testing.assert_allclose(shares, (np.arange(15) + 0.5) / 15, atol=1e-6)
    assert grid[0, 1] == grid[:, 1].max()


# Likelihoods


def parameters(name: str, channels: int = 2) -> Tensor:
    likelihood = make_likelihood(name)
    planes = channels * likelihood.per_channel
    return torch.randn(3, planes, 4, 5, generator=seeded(4))


@pytest.mark.parametrize("name", LIKELIHOODS.names())
def test_probabilities_add_over_pixels_and_axes_in_front_broadcast(name: str) -> None:
    likelihood, of = make_likelihood(name), parameters(name)
    some = images(3, 2, 4, 5)
    found = likelihood.log_prob(of, some)
    assert found.shape == (3,)
    many = likelihood.log_prob(of.unsqueeze(1), some)
    assert many.shape == (3, 3)
    torch.testing.assert_close(many.diagonal(), found)
    assert likelihood.mean(of).shape == likelihood.draw(of, seeded()).shape == some.shape


def test_a_bernoulli_is_that_of_torch() -> None:
    logits, some = 30 * parameters("bernoulli"), images(3, 2, 4, 5)
    expected = torch.distributions.Bernoulli(logits=logits.double()).log_prob(some.double()).sum((1, 2, 3))
    torch.testing.assert_close(Bernoulli().log_prob(logits, some).double(), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("deviation", [0.0, 0.3])
def test_a_gaussian_is_that_of_torch(deviation: float) -> None:
    likelihood, means = Gaussian(deviation), parameters("gaussian")
    some = torch.rand(3, 2, 4, 5, generator=seeded(5))
    expected = torch.distributions.Normal(means, deviation or 0.1).log_prob(some).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.log_prob(means, some), expected, rtol=1e-4, atol=1e-3)
    assert likelihood.log_deviation.requires_grad == (not deviation)


def test_a_learned_deviation_finds_that_of_the_data() -> None:
    likelihood = Gaussian()
    some = 0.25 * torch.randn(50, 1, 8, 8, generator=seeded())
    optimiser = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(150):
        loss = -likelihood.log_prob(torch.zeros_like(some), some).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(likelihood.log_deviation.detach().exp()) == pytest.approx(float(some.square().mean().sqrt()), rel=0.01)


@pytest.mark.parametrize("mean", [-0.5, 0.0, 0.3, 1.0, 1.4])
@pytest.mark.parametrize("log_scale", [-9.0, -4.0, -1.0, 0.0, 2.0])
def test_the_levels_of_a_discretised_logistic_sum_to_one(mean: float, log_scale: float) -> None:
    likelihood = DiscretisedLogistic()
    of = torch.tensor([mean, log_scale + 2]).view(1, 2, 1, 1).expand(LEVELS, -1, -1, -1)
    levels = (torch.arange(LEVELS) / (LEVELS - 1)).view(-1, 1, 1, 1)
    found = likelihood.log_prob(of, levels)
    assert found.isfinite().all()
    assert float(found.double().exp().sum()) == pytest.approx(1, abs=2e-4)
    scale = math.exp(max(log_scale, -7.0))
    edges = stats.logistic.cdf((np.arange(LEVELS + 1) - 0.5) / (LEVELS - 1), loc=mean, scale=scale)
    edges[0], edges[-1] = 0.0, 1.0
    expected = np.diff(edges)
    clear = expected > 1e-6
    np.testing.assert_allclose(found.double().exp().numpy()[clear], expected[clear], rtol=5e-3)


@pytest.mark.parametrize("name", LIKELIHOODS.names())
def test_draws_have_the_mean_and_are_not_turned_round(name: str) -> None:
    likelihood = make_likelihood(name, deviation=0.2)
    of = torch.tensor([0.8, 0.2]) if name != "bernoulli" else torch.tensor([2.0, -2.0])
    of = of.view(1, 1, 1, 2).expand(20_000, -1, -1, -1)
    if name == "logistic":
        of = torch.cat((of, torch.full_like(of, -2.0)), 1)
    drawn = likelihood.draw(of, seeded())
    torch.testing.assert_close(drawn.mean(0), likelihood.mean(of)[0], atol=0.015, rtol=0)
    if name == "bernoulli":
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
    if name == "logistic":
        assert torch.equal((drawn * 255).round() / 255, drawn)


# Bounds


def linear(
    *, exact: bool, dims: int = 2, pixels: int = 6
) -> tuple[Autoencoder, Tensor, torch.distributions.Distribution]:
    """A linear decoder with Gaussian noise, whose marginal is known, and an encoder that is its posterior or is not."""
    weight, _ = torch.linalg.qr(torch.randn(pixels, dims, generator=seeded(6)))
    weight = weight * torch.tensor([1.5, 0.7])  # columns at right angles: the posterior's dimensions are independent
    offset, deviation = torch.randn(pixels, generator=seeded(7)), 0.5
    decoder = nn.Sequential(nn.Linear(dims, pixels), nn.Unflatten(1, (1, 1, pixels)))
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 2 * dims))
    precision = weight.square().sum(0) / deviation**2 + 1
    gain = weight.T / deviation**2 / precision[:, None]
    with torch.no_grad():
        decoder[0].weight.copy_(weight)  # type: ignore[operator]
        decoder[0].bias.copy_(offset)  # type: ignore[operator]
        encoder[1].weight.copy_(torch.cat((gain * (1 if exact else 0.8), torch.zeros_like(gain))))  # type: ignore[operator]
        spread = -precision.log() + (0 if exact else 0.5)
        encoder[1].bias.copy_(torch.cat((-gain @ offset, spread)))  # type: ignore[operator]
    model = Autoencoder(
        encoder=encoder, decoder=decoder, likelihood=Gaussian(deviation), dims=dims, variational=True
    ).requires_grad_(False)
    covariance = weight @ weight.T + deviation**2 * torch.eye(pixels)
    marginal = torch.distributions.MultivariateNormal(offset, covariance)
    noise = torch.randn(8, dims, generator=seeded(8)) @ weight.T + deviation * torch.randn(
        8, pixels, generator=seeded(9)
    )
    return model, (offset + noise).view(8, 1, 1, pixels), marginal


def weights(model: Autoencoder, some: Tensor, samples: int, seed: int = 0) -> Tensor:
    terms = model(some, seeded(seed), samples)
    return terms.log_likelihood + terms.log_ratio


def test_with_the_true_posterior_every_weight_is_the_marginal_likelihood() -> None:
    model, some, marginal = linear(exact=True)
    expected = marginal.log_prob(some.flatten(1))
    torch.testing.assert_close(weights(model, some, 5), expected.expand(5, -1), atol=2e-4, rtol=1e-4)
    kl = model(some).kl.sum(1)
    many = model(some, seeded(), 20_000)
    torch.testing.assert_close(many.log_likelihood.mean(0) - kl, expected, atol=0.05, rtol=0)


def test_with_another_the_bound_is_below_and_many_samples_find_it() -> None:
    model, some, marginal = linear(exact=False)
    expected = marginal.log_prob(some.flatten(1))
    found = weights(model, some, 20_000)
    estimate = found.logsumexp(0) - math.log(len(found))
    torch.testing.assert_close(estimate, expected, atol=0.03, rtol=0)
    assert (found.mean(0) < expected - 0.05).all()


def test_the_bound_tightens_with_the_samples() -> None:
    model, some, _ = linear(exact=False)
    found = weights(model, some, 64_000)
    bounds, errors = [], []
    for samples in (1, 5, 50):
        each = found.view(-1, samples, len(some)).logsumexp(1) - math.log(samples)
        bounds.append(float(each.mean()))
        errors.append(float(each.mean(1).std() / math.sqrt(len(each))))
    assert bounds[0] < bounds[1] - 3 * errors[0]
    assert bounds[1] < bounds[2] - 3 * errors[1]
    terms = model(some, seeded(1), 20_000)
    closed = float((terms.log_likelihood.mean(0) - terms.kl.sum(1)).mean())
    assert closed == pytest.approx(bounds[0], abs=5 * errors[0] + 0.01)


def test_codes_have_the_posterior_that_is_told() -> None:
    model = vae()
    some = images(1, 1, 8, 8)
    seen: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    model(some, seeded(), 50_000)
    mean, deviation = model.encode(some)
    torch.testing.assert_close(seen[0].mean(0), mean[0].detach(), atol=0.02, rtol=0)
    torch.testing.assert_close(seen[0].std(0), deviation[0].detach(), atol=0.02, rtol=0.02)


def test_the_log_ratio_is_left_out_where_nobody_needs_it() -> None:
    assert vae()(images(2, 1, 8, 8), seeded()).log_ratio is None


def test_the_encoder_alone_sees_what_is_spoilt() -> None:
    model = vae().requires_grad_(False)
    some, spoilt = images(4, 1, 8, 8), torch.zeros(4, 1, 8, 8)
    terms = model(some, shown_BCHW=spoilt)
    assert torch.equal(terms.mean, model.encode(spoilt).mean)
    expected = model.likelihood.log_prob(model.decoder(terms.mean), some)
    torch.testing.assert_close(terms.log_likelihood[0], expected)


def test_a_plain_autoencoder_has_points_for_codes() -> None:
    model = vae(code="point").requires_grad_(False)
    some = images(4, 1, 8, 8)
    terms = model(some, seeded(), 3)
    assert model.encodes == "exact"
    assert (model.encode(some).deviation == 0).all()
    assert (terms.kl == 0).all()
    assert terms.log_likelihood.shape == (3, 4)
    torch.testing.assert_close(model.score(some, seeded()), terms.log_likelihood[0])


# Networks


def test_the_known_network_has_its_known_size() -> None:
    job = preset("mnist-vae-20")
    model = build(job.model, job.model_params, shape=(1, 28, 28), classes=10, generator=seeded())
    expected = 784 * 500 + 500 + 500 * 40 + 40 + 20 * 500 + 500 + 500 * 784 + 784
    assert sum(weight.numel() for weight in model.parameters()) == expected
    assert (job.train.optimizer, job.train.learning_rate, job.train.batch_size) == ("adam", 1e-3, 128)
    assert (job.data.binarize, job.data.protocol) == ("once", "MNIST 50000+10000/10000")
    assert preset("mnist-vae-2").model_params.to_dict() == {**job.model_params.to_dict(), "latent": 2}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 27, 30), (1, 8, 8)])
@pytest.mark.parametrize("likelihood", LIKELIHOODS.names())
@torch.no_grad()
def test_the_convolutional_one_takes_any_size(shape: tuple[int, int, int], likelihood: str) -> None:
    options = {"channels": 4, "hidden": 8, "latent": 5, "wide_blocks": 1, "likelihood": likelihood}
    for normalization in ("none", "group"):
        params = VaeConvParams.from_dict({**options, "normalization": normalization})
        model = build("vae-conv", params, shape=shape, classes=1, generator=seeded())
        assert isinstance(model, Autoencoder)
        assert model.decode(torch.randn(2, 5, generator=seeded())).shape == (2, *shape)
        terms = model(images(2, *shape), seeded(), 3)
        assert terms.log_likelihood.shape == (3, 2)
        assert terms.kl.shape == (2, 5)


@pytest.mark.parametrize("name", ["vae", "vae-conv"])
def test_half_precision_gives_likelihoods_in_single_precision(name: str) -> None:
    model = build(name, MODELS[name].params(), shape=(1, 16, 16), classes=1, generator=seeded())
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        terms = model(images(4, 1, 16, 16), seeded(), 2)
    assert terms.log_likelihood.dtype == terms.kl.dtype == torch.float32


def test_it_says_when_images_are_not_on_its_scale() -> None:
    with pytest.raises(UserError, match="scale 0"):
        vae().prepare(2 * images(2, 1, 8, 8) - 1)
    vae().prepare(images(2, 1, 8, 8))

"""Estimates of log p(x) against what is known exactly, and of a run as a whole."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import finish
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.latent.likelihood import (
    Estimate,
    bootstrap,
    estimate_likelihood,
    importance_weights,
    prior_weights,
)
from workbench.engine.models.likelihoods import Gaussian
from workbench.engine.models.vae.autoencoder import Autoencoder
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.train import session
from workbench.engine.train.job import Job

PREFERENCES = Preferences(device="cpu")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(pixels: int, deviation: float) -> tuple[Autoencoder, Tensor, Tensor]:
    """One latent dimension, a linear decoder: the network, images, and their exact log p(x)."""
    weight = torch.ones(pixels, 1)
    precision = pixels / deviation**2 + 1
    decoder = nn.Sequential(nn.Linear(1, pixels), nn.Unflatten(1, (1, 1, pixels)))
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 2))
    with torch.no_grad():
        decoder[0].weight.copy_(weight)  # type: ignore[operator]
        decoder[0].bias.zero_()  # type: ignore[operator]
        encoder[1].weight.copy_(torch.cat((weight.T / deviation**2 / precision, torch.zeros(1, pixels))))  # type: ignore[operator]
        encoder[1].bias.copy_(torch.tensor([0.0, 0.4 - np.log(precision)]))  # type: ignore[operator]
    model = Autoencoder(encoder=encoder, decoder=decoder, likelihood=Gaussian(deviation), dims=1, variational=True)
    codes = torch.randn(10, 1, generator=seeded(1))
    some = codes @ weight.T + deviation * torch.randn(10, pixels, generator=seeded(2))
    covariance = weight @ weight.T + deviation**2 * torch.eye(pixels)
    exact = torch.distributions.MultivariateNormal(torch.zeros(pixels), covariance).log_prob(some)
    return model.requires_grad_(False), some.view(10, 1, 1, pixels), exact


def logmean(weights: Tensor) -> Tensor:
    return weights.logsumexp(0) - np.log(len(weights))


def test_both_find_what_is_easy() -> None:
    model, some, exact = linear(2, 1.0)
    for weights in (importance_weights, prior_weights):
        torch.testing.assert_close(logmean(weights(model, some, 50_000, seeded())), exact, atol=0.05, rtol=0)


def test_draws_of_the_prior_fail_where_codes_are_sharp() -> None:
    model, some, exact = linear(64, 0.05)
    torch.testing.assert_close(logmean(importance_weights(model, some, 2000, seeded())), exact, atol=0.1, rtol=0)
    short = exact - logmean(prior_weights(model, some, 20, seeded()))
    assert float(short.mean()) > 5


def test_a_single_code_has_a_weight_too() -> None:
    model, some, _ = linear(2, 1.0)
    assert importance_weights(model, some, 1, seeded()).shape == (1, 10)


def test_the_interval_is_that_of_the_mean() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = bootstrap(values, seed=0)
    error = values.std() / 20
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)
    assert (low, high) == bootstrap(values, seed=0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def trained(project: Project, *settings: str) -> Run:
    values = {
        "task": {"name": "autoencode"},
        "data": {"source": "digits", "protocol": "random", "limit": 120},
        "model": {"name": "vae", "nodes": 16},
        "train": {"steps": 20, "batch_size": 16, "evaluate_every": 20, "evaluation_sample": 50},
    }
    job = Job.from_dict(values, name="tiny").with_settings(settings)
    run: Run = finish(session.create(project, job, preferences=PREFERENCES))
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def test_a_run_is_measured_on_the_first_images_of_a_split(project: Project) -> None:
    run = trained(project)
    found: list[Estimate] = []
    for method, samples in (("importance", 2), ("importance", 150), ("naive", 150)):
        work = estimate_likelihood(project, run, split="test", checkpoint="last", preferences=PREFERENCES,
                                   method=method, most=30, samples=samples)  # fmt: skip
        found.append(finish(work))
    few, many, naive = found
    test = project.split(run.status().split).items["test"]
    assert np.array_equal(many.items, test[:30])
    assert many.log_prob.shape == (30,)
    assert many.low < many.mean < many.high
    assert many.mean == pytest.approx(float(many.log_prob.mean()))
    assert few.mean < many.mean
    assert naive.mean <= many.mean + 1
    assert (many.step, many.split, many.samples, naive.method) == (20, "test", 150, "naive")
    assert many.protocol == run.status().protocol


def test_it_tells_how_far_it_is_and_gives_the_same_again(project: Project) -> None:
    run = trained(project)
    estimates, told = [], []
    for _ in range(2):
        work = estimate_likelihood(project, run, split="test", checkpoint="last", preferences=PREFERENCES,
                                   most=20, samples=120)  # fmt: skip
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                estimates.append(end.value)
                break
            if isinstance(event, Progress) and event.unit == "images":
                told.append((event.done, event.total))
    assert told[-1] == (20, 20)
    assert all(total == 20 for _, total in told)
    assert np.array_equal(estimates[0].log_prob, estimates[1].log_prob)


def test_a_network_without_posteriors_is_refused(project: Project) -> None:
    run = trained(project, "model.code=point")
    with pytest.raises(UserError, match="no distribution"):
        finish(estimate_likelihood(project, run, split="test", checkpoint="last", preferences=PREFERENCES))


def test_a_split_that_is_not_there_is_named(project: Project) -> None:
    run = trained(project)
    with pytest.raises(UserError, match="no 'tset' split"):
        finish(estimate_likelihood(project, run, split="tset", checkpoint="last", preferences=PREFERENCES))

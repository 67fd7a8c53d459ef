"""Splines against scipy, the layer against its sum, and a network against digits."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline
from sklearn.datasets import load_digits
from torch import nn

from workbench.engine.errors import UserError
from workbench.engine.models import build
from workbench.engine.models.kan.model import KanLayer, clamped_knots, spline_bases
from workbench.engine.models.kan.params import KanParams
from workbench.engine.models.layers import initialise

GRIDS = pytest.mark.parametrize(
    ("control_points", "degree"), [(2, 1), (7, 1), (3, 2), (10, 2), (4, 3), (9, 3), (12, 5)]
)


def spline(control_points: int, degree: int) -> BSpline:
    knots = clamped_knots(control_points=control_points, degree=degree).double().numpy()
    return BSpline(knots, np.random.default_rng(control_points).normal(size=control_points), degree)


@GRIDS
def test_bases_agree_with_scipy_inside(control_points: int, degree: int) -> None:
    knots = clamped_knots(control_points=control_points, degree=degree)
    x = torch.cat([torch.linspace(-1, 1, 201), knots])
    expected = BSpline.design_matrix(x.double().numpy(), knots.double().numpy(), degree).toarray()
    actual = spline_bases(x, knots, degree=degree)
    assert actual.shape == (x.numel(), control_points)
    np.testing.assert_allclose(actual, expected, atol=3e-5)


@GRIDS
def test_a_spline_goes_on_along_its_tangents(control_points: int, degree: int) -> None:
    reference = spline(control_points, degree)
    knots = torch.from_numpy(reference.t)
    slope = reference.derivative()
    for edge, x in ((-1.0, torch.linspace(-4, -1, 31)), (1.0, torch.linspace(1, 4, 31))):
        x = x.double()
        expected = reference(edge) + (x.numpy() - edge) * slope(edge)
        actual = spline_bases(x, knots, degree=degree) @ torch.from_numpy(reference.c)
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)


@GRIDS
def test_gradients_are_the_derivative_inside_and_outside(control_points: int, degree: int) -> None:
    reference = spline(control_points, degree)
    x = torch.linspace(-1.9, 1.9, 64, dtype=torch.float64, requires_grad=True)  # meets no knot
    values = spline_bases(x, torch.from_numpy(reference.t), degree=degree) @ torch.from_numpy(reference.c)
    values.sum().backward()
    np.testing.assert_allclose(x.grad, reference.derivative()(x.detach().clamp(-1, 1).numpy()), rtol=1e-6, atol=1e-6)


def test_what_is_not_a_number_stays_so() -> None:
    knots = clamped_knots(control_points=10, degree=2)
    x = torch.tensor([float("nan"), float("inf"), 0.0])
    bases = spline_bases(x, knots, degree=2)
    assert not bases[:2].isfinite().all(dim=1).any()
    assert bases[2].isfinite().all()


def test_a_layer_is_the_sum_over_its_edges() -> None:
    layer = KanLayer(4, 3, control_points=6, degree=3)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
    x = torch.rand(5, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    expected = torch.zeros(5, 3)
    knots = layer.knots.double().numpy()
    for j in range(3):
        for i in range(4):
            curve = BSpline(knots, layer.control_points[j, i].detach().double().numpy(), 3)
            edge = layer.spline_weight[j, i] * torch.from_numpy(curve(x[:, i].numpy())).float()
            expected[:, j] += layer.base_weight[j, i] * x[:, i] * torch.sigmoid(x[:, i]) + edge
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("features", [16, 1024])
def test_the_signal_keeps_its_size_through_many_layers(features: int) -> None:
    generator = torch.Generator().manual_seed(0)
    layers = [KanLayer(features if index == 0 else 64, 64, control_points=10, degree=2) for index in range(10)]
    model = nn.Sequential(*layers)
    initialise(model, generator)
    x = torch.rand(100, features, generator=generator) * 2 - 1
    with torch.no_grad():
        assert 0.05 < model(x).std() < 2.0


def test_more_control_points_than_the_degree() -> None:
    with pytest.raises(UserError, match=r"control_points = 3 is too small for degree 3\. It must be larger"):
        KanParams(control_points=3, degree=3)


def test_five_layers_learn_the_digits() -> None:
    digits = load_digits()
    images = torch.tensor(digits.data / 16, dtype=torch.float32).view(-1, 1, 8, 8)
    labels = torch.tensor(digits.target)
    generator = torch.Generator().manual_seed(0)
    model = build("kan", KanParams(nodes=32), shape=(1, 8, 8), classes=10, generator=generator)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(150):
        chosen = torch.randint(0, len(labels), (32,), generator=generator)
        loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        assert (model(images).argmax(1) == labels).float().mean() > 0.95

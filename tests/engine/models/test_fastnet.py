"""The whitening against the statistics of what it puts out, and how the network starts."""

import pytest
import torch
from torch import Tensor, nn

from workbench.engine.models import build
from workbench.engine.models.fastnet import model as fastnet
from workbench.engine.models.fastnet.model import FastNet, IdentityConv, WhiteningConv
from workbench.engine.models.fastnet.params import FastNetParams
from workbench.engine.models.layers import initialise


def correlated(channels: int, *, images: int = 100, side: int = 12) -> Tensor:
    """Noise smoothed over neighbours and mixed over channels, moved into [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(images, channels, side + 1, side + 1, generator=generator)
    smooth = nn.functional.avg_pool2d(noise, 2, stride=1) + 0.3 * noise[:, :, 1:, 1:]
    mixed = torch.einsum("dc,bchw->bdhw", torch.eye(channels) + 0.4, smooth)
    return (mixed - mixed.min()) / (mixed.max() - mixed.min())


def network(params: FastNetParams, shape: tuple[int, int, int]) -> FastNet:
    model = build("fastnet", params, shape=shape, classes=10, generator=torch.Generator().manual_seed(0))
    assert isinstance(model, FastNet)
    return model


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [1.0, 255.0])
def test_whitened_patches_are_uncorrelated_with_unit_variance(channels: int, factor: float) -> None:
    images = correlated(channels) * factor
    first = WhiteningConv(channels)
    first.fit(images)
    with torch.no_grad():
        outputs = first(images).transpose(0, 1).flatten(1)
    half = 4 * channels
    assert outputs.shape[0] == 2 * half
    torch.testing.assert_close(torch.cov(outputs[:half]), torch.eye(half), rtol=0, atol=0.03)
    torch.testing.assert_close(outputs.mean(dim=1), torch.zeros(2 * half), rtol=0, atol=1e-3)
    torch.testing.assert_close(outputs[half:], -outputs[:half], rtol=0, atol=1e-3)


def test_statistics_do_not_depend_on_how_images_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    images = correlated(3, images=50)
    whole = fastnet.patch_statistics(images)
    patches = images.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).flatten(0, 2).flatten(1).double()
    torch.testing.assert_close(whole[0], patches.mean(dim=0), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(whole[1], torch.cov(patches.T, correction=0), rtol=1e-3, atol=1e-6)
    monkeypatch.setattr(fastnet, "IMAGES_AT_ONCE", 7)
    for one, other in zip(whole, fastnet.patch_statistics(images), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_blank_images_do_no_harm() -> None:
    first = WhiteningConv(1)
    first.fit(torch.zeros(10, 1, 8, 8))
    assert first.weight.isfinite().all()
    assert first.bias is not None
    assert first.bias.isfinite().all()


def test_prepare_fits_the_first_layer_and_nothing_else() -> None:
    model = network(FastNetParams(), (3, 12, 12))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.prepare(correlated(3))
    changed = [key for key, value in model.state_dict().items() if not torch.equal(value, before[key])]
    assert changed == ["layers.first.weight", "layers.first.bias"]
    assert [key for key, value in model.named_parameters() if not value.requires_grad and "norm" not in key] == [
        "layers.first.weight"
    ]


def test_without_whitening_prepare_changes_nothing() -> None:
    model = network(FastNetParams(whitening=False), (3, 12, 12))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.prepare(correlated(3))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(value.requires_grad or "norm" in key for key, value in model.named_parameters())


@pytest.mark.parametrize(("channels", "filters"), [(5, 8), (8, 8), (8, 5)])
def test_convolutions_start_as_the_identity_on_their_inputs(channels: int, filters: int) -> None:
    layer = IdentityConv(channels, filters)
    initialise(layer, torch.Generator().manual_seed(0))
    x = torch.randn(2, channels, 6, 6, generator=torch.Generator().manual_seed(1))
    passed = min(channels, filters)
    torch.testing.assert_close(layer(x)[:, :passed], x[:, :passed])
    assert layer.weight[passed:].numel() == 0 or layer.weight[passed:].std() > 0
    assert layer.weight.requires_grad


@pytest.mark.parametrize("side", [4, 8, 9, 16, 28, 33])
def test_three_poolings_leave_something_of_any_size(side: int) -> None:
    model = network(FastNetParams(width1=8, width2=8, width3=8), (1, side, side))
    maps = [module for module in model.modules() if isinstance(module, nn.AdaptiveMaxPool2d)]
    seen: list[tuple[int, ...]] = []
    maps[0].register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[2:])))
    assert model(torch.rand(2, 1, side, side)).shape == (2, 10)
    # Up to 8 pixels halves are rounded up, beyond that down.
    assert seen == [{4: (1, 1), 8: (1, 1), 9: (1, 1), 16: (1, 1), 28: (3, 3), 33: (4, 4)}[side]]


def test_options_reach_the_layers() -> None:
    model = network(FastNetParams(width1=4, width2=6, width3=8, logit_scale=0.5, bn_momentum=0.25), (3, 16, 16))
    assert [module.out_channels for module in model.modules() if isinstance(module, nn.Conv2d)] == [
        24, 4, 4, 6, 6, 8, 8,
    ]  # fmt: skip
    assert {module.momentum for module in model.modules() if isinstance(module, nn.BatchNorm2d)} == {0.25}
    x = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    features = model.eval().layers[:-2](x)
    torch.testing.assert_close(model(x), 0.5 * features @ model.layers.dense.weight.T)

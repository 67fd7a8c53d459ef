"""Grad-CAM where the map is known in closed form, and on every kind of network that has maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.inspection.gradcam import cam_layers, grad_cam
from workbench.engine.models import MODELS, build
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.task import Setting
from workbench.engine.train.checkpoint import Meta
from workbench.engine.train.job import Job
from workbench.engine.train.trained import Trained


def trained(model: nn.Module, *, size: int, channels: int = 3, classes: int = 3, channels_last: bool = True) -> Trained:
    """``model`` as if it had been loaded; pixels come to it as 0..1."""
    values = {"train": {"channels_last": channels_last}, "data": {"source": "x"}, "model": {"name": "cnn"}}
    geometry = {"size": size, "how": "crop", "mode": "RGB" if channels == 3 else "L"}
    meta = Meta(
        step=1,
        job=values,
        classes=tuple("abcdefghij"[:classes]),
        preprocessing={**geometry, "mean": [0.0] * channels, "deviation": [1.0] * channels},
        shape=(channels, size, size),
        protocol="",
        split="",
        fingerprint="",
    )
    return Trained(
        checkpoint=Path("none"),
        meta=meta,
        job=Job.from_dict(values, name="test"),
        model=model.eval(),
        task=make_task("classify", TASKS["classify"].params(), Setting(classes=classes)),
        device=torch.device("cpu"),
    )


def picture(size: int, *, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (channels, size, size), dtype=np.uint8)


class Pooled(nn.Module):
    """Maps by one convolution with ReLU, their means, a dense layer: Grad-CAM is then the plain CAM (Zhou 2016)."""

    def __init__(self, *, frozen: bool = False, inplace: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.frozen = nn.Sequential(nn.Conv2d(3, 5, 3, stride=2, padding=1), nn.ReLU(inplace=inplace))
        self.head = nn.Linear(5, 3)
        self._without = frozen
        if frozen:
            self.frozen.requires_grad_(False)

    def stem(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.frozen(x)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stem(x) if self._without else self.frozen(x)
        return self.head(maps.mean((2, 3)))


def closed_form(model: Pooled, image: np.ndarray, target: int) -> np.ndarray:
    with torch.no_grad():
        maps = model.frozen(torch.from_numpy(image[None] / 255).float())[0]
        seen = torch.einsum("k,khw->hw", model.head.weight[target], maps).relu().numpy()
    return seen / seen.max() if seen.max() > 0 else seen


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("target", [0, 1, 2])
def test_it_is_the_closed_form(target: int, inplace: bool, frozen: bool) -> None:
    model, image = Pooled(frozen=frozen, inplace=inplace), picture(16)
    subject = trained(model, size=16)
    seen = grad_cam(subject, image, target=target)
    assert (seen.dtype, seen.shape) == (np.float32, (8, 8))
    assert seen == pytest.approx(closed_form(model, image, target), abs=1e-5)
    assert (grad_cam(subject, image, target=target, layer="frozen") == seen).all()
    assert grad_cam(subject, image, target=target, layer="frozen.1") == pytest.approx(seen, abs=1e-6)


def test_an_early_layer_is_not_disturbed_by_work_in_place() -> None:
    """The convolution's own output counts, not what the ReLU in place made of it."""
    model, image = Pooled(inplace=True), picture(16)
    seen = grad_cam(trained(model, size=16), image, target=1, layer="frozen.0")
    x = torch.from_numpy(image[None] / 255).float()
    maps = model.frozen[0](x).detach().requires_grad_()
    model.head(maps.relu().mean((2, 3)))[0, 1].backward()
    assert maps.grad is not None
    wanted = (maps.grad.mean((2, 3))[0][:, None, None] * maps[0]).sum(0).relu().detach().numpy()
    assert seen == pytest.approx(wanted / wanted.max(), abs=1e-5)


def test_nothing_of_the_network_is_changed() -> None:
    model = Pooled(frozen=True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    subject = trained(model, size=16)
    with torch.no_grad():
        first = grad_cam(subject, picture(16), target=0)
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    assert (grad_cam(subject, picture(16), target=0) == first).all()
    assert all(not (module._forward_hooks or module._forward_pre_hooks) for module in model.modules())
    assert all((model.state_dict()[name] == value).all() for name, value in before.items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(parameter.requires_grad for parameter in model.frozen.parameters())


def test_a_class_that_nothing_speaks_for_has_an_empty_map() -> None:
    model = Pooled()
    with torch.no_grad():
        model.head.weight[2] = -model.head.weight[2].abs()
    seen = grad_cam(trained(model, size=16), picture(16), target=2)
    assert (seen == 0).all()


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Pooled()
        self.turned = Turn()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner.head(self.turned(self.inner.frozen(x)).mean((1, 2)))


class Turn(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 2, 3, 1).contiguous()


class Tokens(nn.Module):
    """The maps as a row of tokens behind two others."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Pooled()
        self.row = Row()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner.head(self.row(self.inner.frozen(x))[:, 2:].mean(1))


class Row(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        row = maps.flatten(2).transpose(1, 2)
        return torch.cat([row.new_full((len(row), 2, row.shape[2]), 7.0), row], 1)


@pytest.mark.parametrize(("network", "layer"), [(ChannelsLast, "turned"), (Tokens, "row")])
def test_maps_in_other_orders(network: Callable[[], ChannelsLast | Tokens], layer: str) -> None:
    model, image = network(), picture(16)
    subject = trained(model, size=16)
    assert cam_layers(subject)[-1].name == layer
    seen = grad_cam(subject, image, target=0)
    assert seen == pytest.approx(closed_form(model.inner, image, 0), abs=1e-5)


def test_the_layers_that_can_be_chosen() -> None:
    layers = {layer.name: layer for layer in cam_layers(trained(Pooled(), size=16))}
    assert list(layers) == ["frozen.0", "frozen.1", "frozen"]
    assert (layers["frozen.0"].kind, layers["frozen"].channels) == ("Conv2d", 5)
    assert (layers["frozen.0"].height, layers["frozen.0"].width) == (8, 8)
    with pytest.raises(UserError, match=r"no maps in a layer 'frozen\.2'\. Did you mean"):
        grad_cam(trained(Pooled(), size=16), picture(16), target=0, layer="frozen.2")


@pytest.mark.parametrize("name", ["cnn", "cnn-deep", "fastnet", "fnn", "kan"])
def test_every_family_is_explained_or_says_that_it_cannot_be(name: str) -> None:
    model = build(name, MODELS[name].params(), shape=(3, 32, 32), classes=3, generator=torch.Generator())
    subject = trained(model, size=32)
    if not MODELS[name].spatial:
        assert cam_layers(subject) == ()
        with pytest.raises(UserError, match="no layer that knows where"):
            grad_cam(subject, picture(32), target=0)
        return
    seen = np.stack([grad_cam(subject, picture(32), target=target) for target in range(3)])
    assert np.isfinite(seen).all()
    assert seen.min() >= 0
    assert seen.max() == 1


@pytest.mark.parametrize(
    ("name", "size", "side"),
    [
        ("resnet10t", 64, 2),
        ("vit_tiny_patch16_224", 224, 14),
        ("vit_small_patch14_reg4_dinov2", 70, 5),
        ("swin_tiny_patch4_window7_224", 224, 7),
        ("convnext_atto", 64, 2),
        ("mixer_s32_224", 224, 7),
        ("tf_efficientnet_lite0", 96, 3),
    ],
)
def test_networks_of_timm(name: str, size: int, side: int) -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=10, **({"img_size": size} if size == 70 else {}))
    model.get_classifier().reset_parameters()  # some begin with zeros
    subject = trained(model, size=size, classes=10)
    seen = np.stack([grad_cam(subject, picture(size), target=target) for target in range(10)])
    assert seen.shape == (10, side, side)
    assert np.isfinite(seen).all()
    assert seen.max() == 1


@pytest.mark.parametrize("settings", [{"reuse": "none"}, {"reuse": "upto", "frozen": "layer3"}, {"cut": "layer3"}])
def test_a_reused_network_is_looked_through_its_frozen_part(settings: dict[str, str]) -> None:
    torchvision = pytest.importorskip("torchvision")
    params = MODELS["transfer"].params(backbone="torchvision/resnet18", weights="none", **settings)
    model = build("transfer", params, shape=(3, 64, 64), classes=10, generator=torch.Generator().manual_seed(0))
    subject, image = trained(model, size=64, classes=10), picture(64)
    plain = torchvision.models.resnet18().eval()
    plain.load_state_dict(model.backbone_state(), strict=False)
    layers = nn.Sequential(*list(plain.children())[: -3 if "cut" in settings else -2])
    with torch.no_grad():
        maps = layers(torch.from_numpy(image[None] / 255).float())[0]
        target = int((model.head.weight @ maps.mean((1, 2))).argmax())
        wanted = torch.einsum("k,khw->hw", model.head.weight[target], maps).relu().numpy()
    assert grad_cam(subject, image, target=target) == pytest.approx(wanted / wanted.max(), abs=1e-4)

"""Mixup and CutMix against torchvision's, and the laws of what is drawn."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms import v2

from workbench.engine.train.mixing import Mixing, box_around, cutmix, mixup
from workbench.engine.train.params import AugmentParams

CLASSES = 5


def batch(count: int = 7, *, height: int = 10, width: int = 14) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 3, height, width, generator=generator)
    return images, torch.randint(CLASSES, (count,), generator=generator)


class Given:
    """A distribution that gives one number."""

    def __init__(self, value: float) -> None:
        self._value = value

    def sample(self, _: object) -> Tensor:
        return torch.tensor(self._value, dtype=torch.float64)


def torchvisions(kind: type, share: float, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    transform = kind(num_classes=CLASSES)
    transform._dist = Given(share)
    mixed: tuple[Tensor, Tensor] = transform(images.clone(), labels)
    return mixed


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.83, 1.0])
def test_mixup_is_torchvisions(share: float) -> None:
    images, labels = batch()
    wanted, _ = torchvisions(v2.MixUp, share, images, labels)
    torch.testing.assert_close(mixup(images, share), wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("middle", [(0, 0), (13, 9), (6, 2)])
def test_cutmix_is_torchvisions(share: float, middle: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = batch()
    drawn = iter(middle)  # torchvision draws the column first
    monkeypatch.setattr(torch, "randint", lambda high, size: torch.full(size, next(drawn)))
    wanted, targets = torchvisions(v2.CutMix, share, images, labels)
    found, kept = cutmix(images, box_around(middle, 1 - share, width=14, height=10))
    assert torch.equal(found, wanted)
    one_hot = F.one_hot(labels, CLASSES).float()
    torch.testing.assert_close(kept * one_hot + (1 - kept) * one_hot.roll(1, 0), targets, atol=1e-6, rtol=0)


def test_the_share_of_cutmix_is_that_of_the_true_area() -> None:
    zeros_and_ones = torch.zeros(2, 1, 20, 20)
    zeros_and_ones[1] = 1
    for middle in ((0, 0), (10, 10), (19, 3)):
        mixed, share = cutmix(zeros_and_ones, box_around(middle, 0.4, width=20, height=20))
        assert float(mixed[0].mean()) == pytest.approx(1 - share, abs=1e-6)
        assert float(mixed[1].mean()) == pytest.approx(share, abs=1e-6)


def params(**options: float) -> AugmentParams:
    return AugmentParams.from_dict(options)


@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}])
def test_the_seed_alone_decides(options: dict[str, float]) -> None:
    images, labels = batch()
    before, state, numpys = images.clone(), torch.get_rng_state(), np.random.get_state()[1].tolist()
    mixing = Mixing(params(**options), classes=CLASSES)
    one, same, other = (mixing(images, labels, seed=seed) for seed in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one.images, other.images)
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.random.get_state()[1].tolist() == numpys


def own_share(labels: Tensor, targets: Tensor) -> Tensor:
    """What is left of the own label, where the partner's is another."""
    other = labels != labels.roll(1, 0)
    return targets[other].gather(1, labels[other][:, None])[:, 0]


@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"cutmix": 1.0}])
def test_targets_say_what_images_hold(options: dict[str, float]) -> None:
    labels = torch.tensor([0, 1, 2, 0, 4])
    images = F.one_hot(labels, CLASSES).float()[:, :, None, None].expand(-1, -1, 8, 8)  # a channel a class
    mixing = Mixing(params(**options), classes=CLASSES)
    for seed in range(50):
        mixed = mixing(images, labels, seed=seed)
        torch.testing.assert_close(mixed.images.mean((2, 3)), mixed.targets, atol=1e-6, rtol=0)
        torch.testing.assert_close(mixed.targets.sum(1), torch.ones(5))
        largest = mixed.targets.gather(1, mixed.labels[:, None])[:, 0]
        torch.testing.assert_close(largest, mixed.targets.amax(1))


def test_shares_follow_the_beta_distribution() -> None:
    images, labels = batch(2)
    labels = torch.tensor([0, 1])
    for alpha in (0.2, 1.0):
        mixing = Mixing(params(mixup=alpha), classes=CLASSES)
        shares = torch.stack([own_share(labels, mixing(images, labels, seed=seed).targets)[0] for seed in range(2000)])
        assert float(shares.mean()) == pytest.approx(0.5, abs=0.03)
        assert float(shares.var()) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.08)


def test_one_of_both_is_drawn_for_each_batch() -> None:
    images, labels = torch.zeros(2, 1, 16, 16), torch.tensor([0, 1])
    images[1] = 1
    mixing = Mixing(params(mixup=1.0, cutmix=1.0), classes=CLASSES)
    pasted = sum(bool((images.unique() == mixing(images, labels, seed=seed).images.unique()[[0, -1]]).all())
                 for seed in range(400))  # fmt: skip
    assert 150 < pasted < 250


def test_nothing_to_mix_is_not_active() -> None:
    assert not Mixing(params(flip=True), classes=2).active
    assert Mixing(params(mixup=0.1), classes=2).active
    assert Mixing(params(cutmix=0.1), classes=2).active

"""How good samples are: their distance from real images, and whether they are of every class.

The distance is Fréchet's between two normal distributions with the samples' means and covariances (Heusel et al. 2017,
arXiv 1706.08500). There it is taken in the features of the Inception network and called FID; in any other classifier's
features it is like that, with numbers of its own. Who loads the judge, and what is shown to it, is others' business.

Shapes: N images, F features, K classes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.engine.tasks.task import Judge


class Moments:
    """Mean and covariance of features, gathered piece by piece on their device.

    Attributes:
        count: N so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._sum: Tensor | None = None
        self._products: Tensor | None = None

    def add(self, features_NF: Tensor) -> None:
        """The next N rows. Nothing waits for the device."""
        # Not every device knows doubles.
        exact = features_NF.double() if features_NF.device.type in ("cpu", "cuda") else features_NF.float()
        total, products = exact.sum(0), exact.T @ exact
        self._sum = total if self._sum is None else self._sum + total
        self._products = products if self._products is None else self._products + products
        self.count += len(features_NF)

    def mean(self) -> Tensor:
        """float64 [F] on the CPU."""
        assert self._sum is not None
        return self._sum.cpu().double() / self.count

    def covariance(self) -> Tensor:
        """float64 [F, F] on the CPU, with N - 1 in the denominator; 0 for a single row."""
        assert self._products is not None
        mean = self.mean()
        products = self._products.cpu().double() - self.count * torch.outer(mean, mean)
        return products / max(1, self.count - 1)


def frechet_distance(one: Moments, other: Moments) -> float:
    """``|m - n|^2 + tr(A + B - 2 (A B)^(1/2))``, at least 0.

    A B has the eigenvalues of the symmetric ``A^(1/2) B A^(1/2)``, so that a root is never taken of anything else.
    """
    first, second = one.covariance(), other.covariance()
    values, vectors = torch.linalg.eigh(first)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = root @ second @ root
    cross = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0).sqrt().sum()
    apart = (one.mean() - other.mean()).square().sum()
    return max(0.0, float(apart + first.trace() + second.trace() - 2 * cross))


class Judged:
    """What a judge made of images: the moments of its features, and how many it takes for each class.

    Attributes:
        moments: Of the features.
    """

    def __init__(self) -> None:
        self.moments = Moments()
        self._counts: Tensor | None = None

    def add(self, pictures: Tensor, judge: Judge) -> None:
        """Show the next images uint8 [N, C, H, W] to the judge."""
        logits_NK, features_NF = judge(pictures)
        self.moments.add(features_NF)
        counts_K = torch.bincount(logits_NK.argmax(1), minlength=logits_NK.shape[1])
        self._counts = counts_K if self._counts is None else self._counts + counts_K

    def shares(self) -> tuple[float, ...]:
        """The share of the images that is taken for each class, [K]."""
        assert self._counts is not None
        return tuple((self._counts.cpu().double() / self.moments.count).tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judge's word on samples.

    Attributes:
        distance: Fréchet distance to real images in the judge's features.
        shares: Share of the samples that is taken for each class, [K].
    """

    distance: float
    shares: tuple[float, ...]

    @property
    def covered(self) -> int:
        """Number of classes that get at least half of a fair share."""
        return sum(share >= 0.5 / len(self.shares) for share in self.shares)

    def metrics(self) -> dict[str, float]:
        """As an evaluation has them."""
        return {
            "fid": self.distance,
            "classes_covered": float(self.covered),
            "least_class": min(self.shares),
            "most_class": max(self.shares),
        }


def verdict(samples: Judged, real: Judged) -> Verdict:
    """What the judge says of samples beside real images."""
    return Verdict(distance=frechet_distance(samples.moments, real.moments), shares=samples.shares())

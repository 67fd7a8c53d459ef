"""Ways from code to code. Waypoints are met exactly; what lies between is the path's affair.

Paths work in double precision between two codes [D] and know nothing of networks. Shapes: P waypoints, F frames, D
dimensions, T places between two codes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.registry import Registry

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
_FARTHEST = 37.0  # deviations up to which double precision knows how unlikely a value is
_LEAST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A way between two codes.

    Attributes:
        title: For a person.
        help: What is special about it, in a sentence.
        between: Codes [T, D] at shares [T] of the way from one code [D] to another.
    """

    title: str
    help: str
    between: Callable[[Floats, Floats, Floats], Floats]


PATHS: Registry[Path] = Registry("path")


def walk(codes: Singles, *, frames: int = 9, how: str = "spherical") -> Singles:
    """Codes float32[F, D] along a path through waypoints [P, D]; F is ``frames``, or P where that is more.

    The first and the last frame are the ends, and every waypoint is a frame, to the bit; :func:`stops` says which.

    Args:
        how: A name in :data:`PATHS`.

    Raises:
        UserError: There is no such path, or there are not two waypoints.
    """
    path = PATHS[how]
    if len(codes) < 2:
        raise UserError("a walk needs a beginning and an end", remedy="choose at least two images")
    places = stops(len(codes), frames=frames)
    walked = np.empty((places[-1] + 1, codes.shape[1]), np.float32)
    for number, (first, last) in enumerate(pairwise(places)):
        shares = np.arange(1, last - first) / (last - first)
        one, other = codes[number].astype(np.float64), codes[number + 1].astype(np.float64)
        walked[first + 1 : last] = path.between(one, other, shares)
    walked[list(places)] = codes
    return walked


def stops(points: int, *, frames: int) -> tuple[int, ...]:
    """The frame that each of some waypoints is, ascending from 0, as evenly as whole numbers can be."""
    last = max(frames, points) - 1
    return tuple(number * last // max(1, points - 1) for number in range(points))


def _straight(one: Floats, other: Floats, shares: Floats) -> Floats:
    return one + shares[:, None] * (other - one)


def _spherical(one: Floats, other: Floats, shares: Floats) -> Floats:
    """Shoemake (1985); the length goes evenly from one's to the other's.

    Opposite codes have a great circle through the direction in which both are smallest; from or to the middle, and
    where there is one dimension only, it goes straight.
    """
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    if min(lengths) < _LEAST:
        return _straight(one, other, shares)
    first, last = one / lengths[0], other / lengths[1]
    angle = 2 * np.arctan2(np.linalg.norm(last - first), np.linalg.norm(last + first))
    aside = last - (first @ last) * first
    if np.linalg.norm(aside) < _LEAST:
        if angle < 1 or len(one) == 1:
            return _straight(one, other, shares)
        aside = np.eye(len(one))[np.abs(first).argmin()]
    aside = aside - (first @ aside) * first
    aside /= np.linalg.norm(aside)
    turns = shares[:, None] * angle
    length = lengths[0] + shares[:, None] * (lengths[1] - lengths[0])
    turned: Floats = length * (np.cos(turns) * first + np.sin(turns) * aside)
    return turned


def _quantiles(one: Floats, other: Floats, shares: Floats) -> Floats:
    """Straight in the prior's distribution function, each dimension by itself.

    Both tails are exact: it is the smaller of what lies below and what lies above that is turned back.
    """
    import torch  # whose special functions are vectorised and here already where there is anything to decode

    ends = torch.from_numpy(np.stack([one, other])).clamp(-_FARTHEST, _FARTHEST)
    below, above = (torch.special.erfc(side / math.sqrt(2)) / 2 for side in (-ends, ends))  # ndtr loses the tails
    share = torch.from_numpy(shares)[:, None]
    under, over = ((1 - share) * side[0] + share * side[1] for side in (below, above))
    found = torch.where(under <= over, torch.special.ndtri(under), -torch.special.ndtri(over)).numpy()
    clipped: Floats = np.clip(found, np.minimum(one, other), np.maximum(one, other))
    return clipped


for _name, _path in {
    "straight": Path(
        title="Straight", help="Every dimension goes evenly from one code to the other.", between=_straight
    ),
    "spherical": Path(
        title="Spherical", help="Along a great circle, so that codes stay as far out as the ends.", between=_spherical
    ),
    "quantiles": Path(
        title="Quantiles", help="Evenly in the share of the prior that lies below, in every dimension.",
        between=_quantiles,
    ),
}.items():  # fmt: skip
    PATHS.add(_name, _path)

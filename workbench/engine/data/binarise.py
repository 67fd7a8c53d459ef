"""Grey images as black and white ones, so that a likelihood of two values has something to be the likelihood of.

``once`` draws each pixel as 255 with probability pixel / 255, the same for ever: what is drawn follows from the seed,
the item and the pixel's place alone, so order, subsets and batches do not change it. ``threshold`` needs no chance.
Drawing anew for every batch is the feed's affair; whatever is not training sees the draw of ``once``.

Shapes: B images of one channel, P pixels each.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.pixels import Bytes
from workbench.engine.errors import UserError

NO, ONCE, THRESHOLD, DYNAMIC = "no", "once", "threshold", "dynamic"
BINARISATIONS = (NO, ONCE, THRESHOLD, DYNAMIC)
MIDDLE = 128
_WORDS = 1 << 15  # hashed at once: what the processor's cache holds
_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))

Whole = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binarisation:
    """How grey images become black and white.

    Attributes:
        how: One of :data:`BINARISATIONS`.
        seed: Of the draws.
    """

    how: str = NO
    seed: int = 0

    @property
    def active(self) -> bool:
        return self.how != NO

    @property
    def dynamic(self) -> bool:
        """Whether training draws anew for every batch."""
        return self.how == DYNAMIC

    @property
    def badge(self) -> str:
        """What to say beside every number; ``""`` where nothing is binarised."""
        return {
            NO: "",
            ONCE: f"binarised once (seed {self.seed})",
            THRESHOLD: f"thresholded at {MIDDLE}",
            DYNAMIC: f"binarised anew each batch, once for evaluation (seed {self.seed})",
        }[self.how]

    def check(self, shape: tuple[int, int, int]) -> None:
        """Raise :class:`UserError` where images of ``shape`` (C, H, W) have colour, which has no black and white."""
        if self.active and shape[0] != 1:
            raise UserError(
                f"data.binarize = {self.how} is for grey images, and these have {shape[0]} channels",
                remedy="set data.colour = grey, or data.binarize = no",
            )

    def __call__(self, pixels: Bytes, items: Whole | None = None) -> Bytes:
        """The images as they are evaluated: uint8[B, 1, H, W] of 0 and 255; as they are where nothing is binarised.

        Args:
            pixels: uint8[B, 1, H, W].
            items: Their ids, int64[B]. Without them the draw follows from each image's own pixels, so that a file that
                is no item of the data looks the same every time it is asked about.
        """
        if not self.active:
            return pixels
        white = np.empty(pixels.shape, np.bool_)
        if self.how == THRESHOLD:
            np.greater_equal(pixels, MIDDLE, out=white)
        else:
            ids = _ids_of(pixels) if items is None else items
            flat, out = pixels.reshape(len(pixels), -1), white.reshape(len(pixels), -1)
            rows = max(1, 2 * _WORDS // max(1, flat.shape[1]))
            for start in range(0, len(pixels), rows):
                part = slice(start, start + rows)
                np.greater(flat[part], thresholds(ids[part], count=flat.shape[1], seed=self.seed), out=out[part])
        return white.view(np.uint8) * np.uint8(255)


def thresholds(items: Whole, *, count: int, seed: int) -> Bytes:
    """Whole numbers uint8[B, count], each of 0 to 254 equally often: a pixel above its own becomes white.

    Two from each word of SplitMix64 (Steele, Lea and Flood 2014) run as a counter, keyed by seed and item.
    """
    with np.errstate(over="ignore"):
        key = _mixed(np.asarray(items).astype(np.uint64) * _GOLDEN + _mixed(np.array([seed], np.uint64) + _GOLDEN))
        words = _mixed(key[:, None] + _GOLDEN * np.arange(1, 1 + (count + 1) // 2, dtype=np.uint64))
        values = np.empty((len(key), words.shape[1], 2), np.uint8)
        values[:, :, 0] = ((words & np.uint64(0xFFFFFFFF)) * np.uint64(255)) >> np.uint64(32)
        values[:, :, 1] = ((words >> np.uint64(32)) * np.uint64(255)) >> np.uint64(32)
    return values.reshape(len(key), -1)[:, :count]


def _mixed(words: Words) -> Words:
    """SplitMix64's finaliser."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def _ids_of(pixels: Bytes) -> Whole:
    """int64[B]: a number that follows from each image's pixels."""
    digests = [hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=8).digest() for image in pixels]
    return np.array([int.from_bytes(digest, "little", signed=True) for digest in digests], np.int64)

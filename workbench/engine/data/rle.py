"""COCO's run lengths and polygons to masks and back, without COCO's own library.

A mask is read down its columns, left to right, and told as the lengths of runs of 0, 1, 0, ... starting with 0. The
short spelling writes the difference of each length from the one two before it (from the fourth length on) in groups of
five bits, the lowest first, each a character from ``"0"`` on, with 32 added where more groups follow; the highest bit
of the last group is the sign. Format: ``maskApi.c`` of the COCO API.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

_LONGEST_GROUP = 10  # characters of one number: 50 bits, which no image needs
_FARTHEST = 1e9  # corners beyond lie here instead; a double then still holds millionths of a pixel
_CROSSINGS = 1 << 22  # of polygon edges with rows, handled at a time


def encode(mask: Bits) -> Counts:
    """Run lengths int64[R] of bool[H, W]; the first is of zeros and may be 0."""
    flat = mask.ravel(order="F")
    if not flat.size:
        return np.zeros(0, np.int64)
    ends = np.concatenate((np.flatnonzero(flat[1:] != flat[:-1]) + 1, [flat.size]))
    counts = np.diff(ends, prepend=0).astype(np.int64)
    return np.concatenate(([0], counts)) if flat[0] else counts


def decode(counts: Counts, *, height: int, width: int) -> Bits:
    """bool[H, W] of run lengths.

    Raises:
        ValueError: A length is negative, or they do not fill the mask exactly.
    """
    check(counts, height=height, width=width)
    ones = np.arange(len(counts)) % 2 == 1
    return np.repeat(ones, counts).reshape((height, width), order="F")


def check(counts: Counts, *, height: int, width: int) -> None:
    """Raise ``ValueError`` unless the lengths fill height x width pixels exactly."""
    if (counts < 0).any():
        raise ValueError("a run length is negative")
    if counts.size and int(counts.max()) > height * width:
        raise ValueError(f"a run is longer than the {height * width:,} pixels")
    if int(counts.sum()) != height * width:
        raise ValueError(f"the runs fill {int(counts.sum()):,} of {height * width:,} pixels")


def compress(counts: Counts) -> str:
    """The short spelling of run lengths."""
    left = counts.astype(np.int64)
    left[3:] -= counts[1:-2]
    groups = []
    more = np.ones(len(left), bool)
    while more.any():
        bits = left & 31
        left = left >> 5
        going_on = more & (left != np.where(bits & 16, -1, 0))
        groups.append(np.where(more, bits + 48 + 32 * going_on, 0))
        more = going_on
    if not groups:
        return ""
    characters = np.stack(groups, axis=1).astype(np.uint8).ravel()
    return characters[characters > 0].tobytes().decode("ascii")


def decompress(text: str) -> Counts:
    """Run lengths int64[R] of the short spelling.

    Raises:
        ValueError: A character that cannot occur, a number cut short, or one of more than 50 bits.
    """
    try:
        characters = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise ValueError("the run lengths hold a character that cannot occur") from None
    if not characters.size:
        return np.zeros(0, np.int64)
    if characters.min() < 0 or characters.max() > 63:
        raise ValueError("the run lengths hold a character that cannot occur")
    last = characters < 32
    if not last[-1]:
        raise ValueError("the run lengths are cut short")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST_GROUP:
        raise ValueError("a run length is larger than any image")
    place = np.arange(len(characters)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((characters & 31) << 5 * place, starts)
    numbers = numbers - np.where(characters[ends] & 16, 1 << 5 * lengths, 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


@dataclass(frozen=True, slots=True)
class Patch:
    """The part of a mask that holds all of its ones: bool[h, w], the first pixel at row ``top``, column ``left``."""

    top: int
    left: int
    bits: Bits

    def whole(self, *, height: int, width: int) -> Bits:
        """The mask, bool[height, width]."""
        mask = np.zeros((height, width), bool)
        self.lay(mask, True)
        return mask

    def lay(self, canvas: npt.NDArray[Any], value: Any) -> None:
        """Set ``canvas``, an array of the whole mask's size, to ``value`` where the ones are."""
        height, width = self.bits.shape
        canvas[self.top : self.top + height, self.left : self.left + width][self.bits] = value


def cut_out(mask: Bits) -> Patch:
    """The patch of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return Patch(0, 0, mask[:0, :0])
    top, left = int(rows[0]), int(columns[0])
    return Patch(top, left, mask[top : rows[-1] + 1, left : columns[-1] + 1].copy())


def union(patches: Sequence[Patch]) -> Patch:
    """What lies in any of one or more patches."""
    if len(patches) == 1:
        return patches[0]
    top, left = min(patch.top for patch in patches), min(patch.left for patch in patches)
    bottom = max(patch.top + patch.bits.shape[0] for patch in patches)
    right = max(patch.left + patch.bits.shape[1] for patch in patches)
    bits = np.zeros((bottom - top, right - left), bool)
    for patch in patches:
        Patch(patch.top - top, patch.left - left, patch.bits).lay(bits, True)
    return Patch(top, left, bits)


def polygon(corners: npt.NDArray[np.float64], *, height: int, width: int) -> Patch:
    """The pixels whose centre lies inside a polygon (even-odd rule); what lies outside the image is cut off.

    The top left corner of the image is (0, 0) and its first pixel's centre (0.5, 0.5). A centre exactly on an edge
    belongs to the polygon on a left or upper edge and not on a right or lower one, so that neighbours never share a
    pixel. Unlike drawing programs, which paint the outline too, this leaves areas as they are.

    Args:
        corners: float64[N, 2], x and y of the corners in order; finite.
    """
    corners = np.clip(corners, -_FARTHEST, _FARTHEST)
    # The centres between the outermost corners: first <= index + 0.5 < last.
    left, top = np.clip(np.ceil(corners.min(axis=0) - 0.5), 0, (width, height)).astype(np.int64)
    right, bottom = np.clip(np.ceil(corners.max(axis=0) - 0.5), 0, (width, height)).astype(np.int64)
    columns = int(right - left)
    crossed = np.zeros((int(bottom - top), columns + 1), bool)
    following = np.roll(corners, -1, axis=0)
    downwards = (corners[:, 1] <= following[:, 1])[:, None]
    upper, lower = np.where(downwards, corners, following), np.where(downwards, following, corners)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), top, bottom).astype(np.int64)
    spans = np.clip(np.ceil(lower[:, 1] - 0.5), top, bottom).astype(np.int64) - first
    for edges in _portions(spans):
        number = spans[edges]
        edge = np.repeat(edges, number)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(number) - number, number) + first[edge]
        share = (row + 0.5 - upper[edge, 1]) / (lower[edge, 1] - upper[edge, 1])
        x = upper[edge, 0] * (1 - share) + lower[edge, 0] * share
        column = np.clip(np.ceil(x - 0.5), left, right).astype(np.int64)
        crossings = np.bincount((row - top) * (columns + 1) + column - left, minlength=crossed.size)
        crossed ^= (crossings % 2 == 1).reshape(crossed.shape)
    return Patch(int(top), int(left), np.logical_xor.accumulate(crossed[:, :columns], axis=1))


def _portions(spans: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Edges that cross any row at all, in portions of bounded memory."""
    edges = np.flatnonzero(spans)
    if not edges.size:
        return []
    portion = (np.cumsum(spans[edges]) - 1) // _CROSSINGS
    return np.split(edges, np.flatnonzero(np.diff(portion)) + 1)

"""Which images look the same without being the same: resized, compressed again, brightened or slightly cut.

The pairs to look at come from the difference hashes, without comparing all pairs (multi-index hashing: Norouzi, Punjani
and Fleet, 2012). A pair is near if its grey miniatures and mean colours nearly agree as well, and if there is a gap
around it: photographs hardly ever look alike by chance, but of handwritten ones there are always some that look a
little less alike. Flat images, whose hash is noise, are near to nothing.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]

MOST_BITS = 7
_BANDS = MOST_BITS + 1  # of two hashes that differ in fewer bits than there are bands, one band is the same
_CONTRAST = 5.0  # grey levels, standard deviation over the miniature; less is flat
_COLOUR = 0.04  # largest difference of the mean of a channel, of 1
_APART = 0.3  # largest distance of two centred miniatures, relative to the longer one
_GAP = 3.0  # times the distance of a pair: so far around it there are hardly any others
_SAMPLE, _OTHERS = 1024, 5  # of so many images of the set, so many may lie in the gap
_NEAREST = 100_000  # pairs examined for a gap at most, the nearest ones
_PAIRS = 2_000_000  # compared a band at most, the most alike in brightness first; 60,000 photographs need half of it
_STRETCH = 1 << 18  # pairs compared at a time
_ROWS = 1024  # images whose distances to the sample are held at a time
_FAR = 1e4  # more than any distance of two miniatures


def near_clusters(hashes: NDArray[np.uint64], miniatures: NDArray[np.uint8], mean: Floats) -> list[Integers]:
    """Ids of items that belong together, each cluster of at least two and ascending.

    Args:
        hashes: uint64[N], difference hashes.
        miniatures: uint8[N, 8, 9], grey.
        mean: float32[N, 3], red, green and blue in 0..1.
    """
    count = len(hashes)
    centred = miniatures.reshape(count, 72).astype(np.float32)
    brightness = centred.mean(1)
    centred -= brightness[:, None]
    length = np.sqrt(np.square(centred).sum(1))
    items = np.flatnonzero(length >= _CONTRAST * np.sqrt(centred.shape[1]))
    if len(items) < 2:
        return []
    pairs: list[tuple[Integers, Integers, Floats]] = []
    for left, right in _candidates(items, hashes, brightness):
        close = (np.abs(mean[left] - mean[right]) <= _COLOUR).all(1)
        close &= np.abs(length[left] - length[right]) <= _APART * np.maximum(length[left], length[right])
        left, right = left[close], right[close]
        apart = np.sqrt(np.square(centred[left] - centred[right]).sum(1))
        close = apart <= _APART * np.maximum(length[left], length[right])
        pairs.append((left[close], right[close], apart[close]))
    left, right, apart = (np.concatenate(column) for column in zip(*pairs, strict=True))
    nearest = np.argsort(apart, kind="stable")[:_NEAREST]
    left, right, apart = left[nearest], right[nearest], apart[nearest]
    sample = items if len(items) <= _SAMPLE else items[np.linspace(0, len(items) - 1, _SAMPLE).astype(np.int64)]
    gap = _has_gap(left, apart, centred, sample) & _has_gap(right, apart, centred, sample)
    return _joined(left[gap], right[gap], count)


def _candidates(items: Integers, hashes: NDArray[np.uint64], brightness: Floats) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of ids whose hashes differ in at most :data:`MOST_BITS` bits and that are about as bright, each once."""
    bits = np.unpackbits(hashes[items].astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)
    # Bits that are nearly always the same tell nothing; dealt out by how much they tell, every band tells as much.
    ranked = np.argsort(np.abs(bits.mean(0) - 0.5), kind="stable")
    earlier: list[np.uint64] = []
    for band in range(_BANDS):
        chosen = bits[:, ranked[band::_BANDS]]
        bucket = chosen @ (1 << np.arange(chosen.shape[1]))
        place = bucket * 1000.0 + brightness[items]
        order = np.argsort(place, kind="stable")
        place, ordered = place[order], items[order]
        partners = np.searchsorted(place, place + 255 * _COLOUR, side="right") - np.arange(len(place)) - 1
        partners = _limited(partners)
        ends = np.cumsum(partners)
        start = 0
        while start < len(place):
            before = ends[start] - partners[start]
            stop = max(start + 1, int(np.searchsorted(ends, before + _STRETCH, side="right")))
            counts = partners[start:stop]
            first = np.repeat(np.arange(start, stop), counts)
            offset = np.arange(len(first)) - np.repeat(ends[start:stop] - counts - before, counts)
            left, right = ordered[first], ordered[first + 1 + offset]
            differing = hashes[left] ^ hashes[right]
            close = np.bitwise_count(differing) <= MOST_BITS
            left, right, differing = left[close], right[close], differing[close]
            new = np.all([differing & mask != 0 for mask in earlier], axis=0) if earlier else slice(None)
            yield left[new], right[new]
            start = stop
        earlier.append(np.bitwise_or.reduce(np.uint64(1) << (63 - ranked[band::_BANDS]).astype(np.uint64)))


def _limited(partners: Integers) -> Integers:
    """How many each is compared with, cut so that there are no more than :data:`_PAIRS` in all."""
    if partners.sum() <= _PAIRS:
        return partners
    few, many = 0, int(partners.max())
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if np.minimum(partners, middle).sum() <= _PAIRS else (few, middle)
    return np.minimum(partners, max(few, 1))


def _has_gap(items: Integers, apart: Floats, centred: Floats, sample: Integers) -> NDArray[np.bool_]:
    """bool[P]: whether hardly any image is farther than ``apart`` from each of ``items`` and yet not beyond the gap."""
    gap = np.zeros(len(items), bool)
    others = centred[sample]
    squares = np.square(others).sum(1)
    ids, place = np.unique(items, return_inverse=True)
    order = np.argsort(place, kind="stable")
    for start in range(0, len(ids), _ROWS):
        some = ids[start : start + _ROWS]
        distances = squares - 2 * centred[some] @ others.T + np.square(centred[some]).sum(1)[:, None]
        distances = np.sort(np.sqrt(np.maximum(distances, 0)), axis=1)
        rows = np.arange(len(some))[:, None] * _FAR
        flat = (distances + rows).ravel()
        pairs = order[slice(*np.searchsorted(place[order], [start, start + len(some)]))]
        base = (place[pairs] - start) * _FAR
        inside = np.searchsorted(flat, base + 1.01 * apart[pairs] + 0.5, side="right")
        around = np.searchsorted(flat, base + _GAP * apart[pairs], side="right")
        gap[pairs] = around - inside <= _OTHERS
    return gap


def _joined(left: Integers, right: Integers, count: int) -> list[Integers]:
    """The connected parts of a graph of ``count`` nodes with these edges, of at least two nodes each."""
    root = np.arange(count)
    while True:  # every node takes the lowest root of its neighbours until none changes
        before = root.copy()
        lowest = np.minimum(root[left], root[right])
        np.minimum.at(root, root[left], lowest)
        np.minimum.at(root, root[right], lowest)
        root = root[root]
        if (root == before).all():
            break
    joined = np.unique([left, right]).astype(np.int64)
    order = joined[np.argsort(root[joined], kind="stable")]
    starts = np.flatnonzero(np.diff(root[order], prepend=-1))
    return [part for part in np.split(order, starts[1:]) if len(part)]

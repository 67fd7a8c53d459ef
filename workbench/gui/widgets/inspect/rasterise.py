"""Many points as small stamps in an image, by numpy: 50,000 of them in a few milliseconds.

A stamp is a list of pixels relative to its middle, and one fancy assignment writes one of these pixels for all points.
The outer pixels of a stamp are half its colour and half the ground; those of a whole sheet are written before its inner
ones, so that edges are smooth and hide nobody's middle. Points are dealt out to a few sheets, one painted over the
other: where classes mix, they are seen to, and none lies wholly on top.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint32]
Items = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHAPES = ("disc", "square", "triangle", "diamond", "cross", "wedge")
"""In the order in which classes get them."""
FADED, PLAIN, CHOSEN = 0, 1, 2
"""Layers, the last painted last; what is chosen has an outline."""
_FINE = 8  # samples a pixel and direction when a stamp is made
_INNER, _OUTER = 0.6, 0.2  # of a pixel covered by the shape


@dataclass(frozen=True, slots=True)
class Stamp:
    """Pixels of a shape relative to its middle, int64[N, 2] as (down, right)."""

    inner: Items
    outer: Items


def covers(shape: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> Flags:
    """Whether a shape of about radius 1 covers places; y grows downwards. All shapes have about the same area."""
    match shape:
        case "disc":
            return x * x + y * y <= 1
        case "square":
            return np.maximum(np.abs(x), np.abs(y)) <= 0.9
        case "triangle":
            return (y <= 0.85) & (y >= 1.9 * np.abs(x) - 1.25)
        case "wedge":
            return (y >= -0.85) & (y <= 1.25 - 1.9 * np.abs(x))
        case "diamond":
            return np.abs(x) + np.abs(y) <= 1.25
        case _:
            assert shape == "cross", shape
            arm = np.minimum(np.abs(x), np.abs(y)) <= 0.4
            return arm & (np.maximum(np.abs(x), np.abs(y)) <= 1.2)


@lru_cache(maxsize=128)
def stamp(shape: str, radius: float) -> Stamp:
    """The pixels of a shape of ``radius`` device pixels; at least the middle one."""
    reach = int(np.ceil(1.3 * radius)) + 1
    pixels = np.arange(-reach, reach + 1)
    samples = (np.arange(_FINE) + 0.5) / _FINE - 0.5
    fine = (pixels[:, None] + samples).ravel() / radius
    covered = covers(shape, fine[None, :], fine[:, None])
    share = covered.reshape(len(pixels), _FINE, len(pixels), _FINE).mean((1, 3))
    share[reach, reach] = 1.0
    inner, outer = share >= _INNER, (share >= _OUTER) & (share < _INNER)
    return Stamp(np.argwhere(inner) - reach, np.argwhere(outer) - reach)


def mixed(colours: Pixels, other: int, share: float) -> Pixels:
    """``share`` of ``colours`` (0xRRGGBB each) and the rest of ``other``, opaque."""
    result = np.full(colours.shape, 0xFF000000, np.uint32)
    for shift in (0, 8, 16):
        part = ((colours >> np.uint32(shift)) & np.uint32(255)) * share + ((other >> shift) & 255) * (1 - share)
        result |= np.rint(part).astype(np.uint32) << np.uint32(shift)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """How each of M points is painted, in the order of painting: what does not change while the view does.

    Attributes:
        order: int64[M], indices of the points, by layer and within it by shape.
        groups: (layer and sheet in one number, shape, first place in ``order``, one past the last) of all that look
            alike in form.
        inner, outer: uint32[M], 0xFFRRGGBB in that order.
        ground, outline: 0xRRGGBB.
    """

    order: Items
    groups: tuple[tuple[int, int, int, int], ...]
    inner: Pixels
    outer: Pixels
    ground: int
    outline: int


_FAINT = 0.2  # of a colour that is faded
_SHEETS = 5  # a layer, the last for what is rare


def ink_of(
    colours: Pixels,
    *,
    shapes: NDArray[np.uint8],
    layers: NDArray[np.uint8],
    ground: int,
    outline: int,
    rare: Flags | None = None,
) -> Ink:
    """Prepare points for painting.

    Args:
        colours: uint32[M], 0xRRGGBB.
        shapes: uint8[M], indices into :data:`SHAPES`.
        layers: uint8[M], :data:`FADED`, :data:`PLAIN` or :data:`CHOSEN`.
        rare: bool[M], those that lie over all others of their layer.
    """
    sheets = np.where(layers == CHOSEN, 0, np.arange(len(colours)) % (_SHEETS - 1))  # outlines hide no other's middle
    if rare is not None:
        sheets[rare] = _SHEETS - 1
    sheets += layers.astype(np.int64) * _SHEETS
    keys = sheets * len(SHAPES) + shapes
    order = np.argsort(keys, kind="stable")
    sorted_keys, sorted_colours = keys[order], colours[order]
    faded = layers[order] == FADED
    inner = mixed(sorted_colours, ground, 1.0)
    inner[faded] = mixed(sorted_colours[faded], ground, _FAINT)
    outer = mixed(inner, ground, 0.5)
    found, starts = np.unique(sorted_keys, return_index=True)
    ends = [*starts[1:].tolist(), len(order)][: len(starts)]
    groups = tuple(
        (key // len(SHAPES), key % len(SHAPES), start, end)
        for key, start, end in zip(found.tolist(), starts.tolist(), ends, strict=True)
    )
    return Ink(order=order, groups=groups, inner=inner, outer=outer, ground=ground, outline=outline)


class Canvas:
    """An image with a border for what sticks out, so that no stamp needs to be cut.

    Attributes:
        pixels: uint32[height + 2 * border, width + 2 * border], 0xFFRRGGBB.
    """

    def __init__(self, width: int, height: int, *, border: int) -> None:
        self.width, self.height, self.border = width, height, border
        self.pixels: Pixels = np.empty((height + 2 * border, width + 2 * border), np.uint32)

    def paint(self, places: NDArray[np.float64], *, ink: Ink, radius: float) -> None:
        """Paint everything anew.

        Args:
            places: float64[M, 2], in device pixels from the inner image's corner; what is outside is left out.
            radius: Of the stamps, in device pixels.
        """
        self.pixels.fill(0xFF000000 | ink.ground)
        flat, wide, border = self.pixels.ravel(), self.pixels.shape[1], self.border
        reach = max(1, border // 2)
        x = np.floor(np.clip(places[ink.order, 0], -2.0 * border, self.width + 2.0 * border)).astype(np.int64)
        y = np.floor(np.clip(places[ink.order, 1], -2.0 * border, self.height + 2.0 * border)).astype(np.int64)
        seen = np.flatnonzero((x >= -reach) & (x < self.width + reach) & (y >= -reach) & (y < self.height + reach))
        base = (y[seen] + border) * wide + x[seen] + border
        inner, outer = ink.inner[seen], ink.outer[seen]
        sheets: dict[int, list[tuple[Stamp, slice]]] = {}
        for sheet, shape, start, end in ink.groups:
            part = slice(*np.searchsorted(seen, (start, end)).tolist())
            sheets.setdefault(sheet, []).append((stamp(SHAPES[shape], radius), part))
        for sheet, parts in sheets.items():
            if sheet // _SHEETS == CHOSEN:
                outline = np.uint32(0xFF000000 | ink.outline)
                for one, part in parts:
                    for dy, dx in _outline(one).tolist():
                        flat[base[part] + (dy * wide + dx)] = outline
            else:
                for one, part in parts:
                    for dy, dx in one.outer.tolist():
                        flat[base[part] + (dy * wide + dx)] = outer[part]
            for one, part in parts:
                for dy, dx in one.inner.tolist():
                    flat[base[part] + (dy * wide + dx)] = inner[part]


def _outline(one: Stamp) -> Items:
    """The pixels around a stamp, int64[N, 2]."""
    inside = {(down, right) for down, right in one.inner.tolist()}
    around = {
        (down + dy, right + dx)
        for down, right in inside
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    }  # fmt: skip
    return np.array(sorted(around - inside), np.int64).reshape(-1, 2)


def border_for(radius: float) -> int:
    """Device pixels on each side for the widest stamp and its outline, twice, because half of it may stick out."""
    return 2 * (int(np.ceil(1.3 * radius)) + 3)

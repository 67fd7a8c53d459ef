"""What jobs of the Walk and the Arithmetic page do. They run in a thread of their own, and tell what they have early.

Everything takes plain values; nothing of the window is touched. The engine's heavier parts are imported here, when the
first job runs.
"""

import contextlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.engine.events import Event, Progress
from workbench.engine.waiting import waiting
from workbench.gui.models.latent import NO_CODE

if TYPE_CHECKING:
    from workbench.engine.export.latent import About
    from workbench.engine.latent.explorer import Explorer
    from workbench.engine.preferences import Preferences
    from workbench.engine.project.project import Project
    from workbench.engine.project.runs import Run

Codes = NDArray[np.float32]
Pictures = NDArray[np.uint8]
Items = NDArray[np.int64]

DRAWS = 8
"""Times that the codes of a picture are drawn to score it."""
DRAWN = "posterior"
"""What a network's ``encodes`` is where codes are drawn."""
FILM_SIDE = 256
"""Pixels of a film's longer side, as nearly as enlarging by a whole number comes to it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read(Event):
    """Images of items as the network gets them: item id to uint8[H, W] or [H, W, 3]."""

    pictures: Mapping[int, Pictures]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found(Event):
    """The best codes so far of items that are looked for by trial.

    Attributes:
        codes: Item id to float32[D].
        differences: Of each, between its picture and the image: root mean square, of 1.
    """

    codes: Mapping[int, Codes]
    differences: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Items, read and with codes; see :class:`Read` and :class:`Found`."""

    pictures: Mapping[int, Pictures]
    codes: Mapping[int, Codes]


def find_codes(
    explorer: "Explorer",
    items: Items,
    *,
    known: Mapping[int, Codes],
    project: "Project",
    run: "Run",
    preferences: "Preferences",
) -> Generator[Event, None, Placed]:
    """Read items, and find the codes of those that have none: by encoding, or by trial where the network does not.

    Args:
        known: Codes that need not be found.

    Yields:
        :class:`Read` as soon as the images are there, :class:`Found` whenever codes became better, and progress.

    Raises:
        UserError: An image cannot be read.
    """
    from workbench.engine.latent.originals import item_pixels

    pixels = yield from item_pixels(project, run, explorer, items, preferences=preferences)
    pictures = dict(zip(items.tolist(), explorer.pictures_of(pixels), strict=True))
    yield Read(pictures=pictures)
    rows = [row for row, item in enumerate(items.tolist()) if item not in known]
    if not rows:
        return Placed(pictures=pictures, codes={})
    wanted, missing = items[rows].tolist(), pixels[rows]
    if explorer.encodes != NO_CODE:
        codes, _ = yield from waiting(partial(explorer.encode, missing), stage="encoding")
    else:
        codes = yield from _by_trial(explorer, missing, wanted)
    return Placed(pictures=pictures, codes=dict(zip(wanted, np.asarray(codes, np.float32), strict=True)))


def _by_trial(explorer: "Explorer", pixels: Pictures, items: list[int]) -> Generator[Event, None, Codes]:
    """Codes whose pictures come near ``pixels``; every better one is told, too."""
    from workbench.engine.latent.inversion import invert

    work = invert(explorer, pixels)
    with contextlib.closing(work):
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return np.asarray(end.value, np.float32)
            yield event
            begun = np.flatnonzero(np.isfinite(event.loss)).tolist()
            yield Found(
                codes={items[row]: event.codes[row] for row in begun},
                differences=tuple(float(event.loss[row]) for row in begun),
            )


def score_strips(
    explorer: "Explorer", strips: Mapping[int, Pictures]
) -> Generator[Event, None, dict[int, NDArray[np.float32]]]:
    """The scores of each strip's pictures, uint8[F, H, W] or [F, H, W, 3], under the same keys.

    Where a score depends on codes that are drawn, it is the mean of :data:`DRAWS`. Every strip is scored by itself with
    the same seeds: frames at the same place of two strips get the same draws, so that equal pictures get equal scores.
    """
    draws = DRAWS if explorer.encodes == DRAWN else 1
    scores = {}
    for done, (key, pictures) in enumerate(strips.items()):
        yield Progress(stage="scoring", done=done, total=len(strips), unit="paths")
        pixels = explorer.pixels_of(pictures)
        parts = []
        for seed in range(draws):
            parts.append((yield from waiting(partial(explorer.score, pixels, seed=seed), stage="scoring")))
        scores[key] = np.asarray(np.mean(parts, axis=0, dtype=np.float64), np.float32)
    return scores


def write_film(
    path: Path, frames: Pictures, *, rate: int, boomerang: bool, about: "About"
) -> Generator[Event, None, Path]:
    """Write a GIF.

    Args:
        rate: Frames a second.
        boomerang: Whether it goes back after the last frame.

    Raises:
        UserError: The file cannot be written.
    """
    from workbench.engine.export.latent import write_gif

    scale = max(1, round(FILM_SIDE / max(frames.shape[1:3])))
    write = partial(
        write_gif, path, frames, seconds=1 / rate, loop=True, boomerang=boomerang, scale=scale, about=about
    )  # fmt: skip
    yield from waiting(write, stage="writing")
    return path

"""The command that looks into the latent space of a generative run: ``latent``."""

import argparse
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from workbench.console import DONE, STOPPED_BY_USER, Interrupted, Output, chosen_preferences, chosen_project, drive
from workbench.engine import events as ev
from workbench.engine.data.pixels import Bytes
from workbench.engine.errors import UserError
from workbench.engine.export.latent import CODE_SUFFIXES, About, write_codes, write_gif, write_sheet
from workbench.engine.latent.codes import encode_split
from workbench.engine.latent.explorer import NO, Explorer, Singles, open_explorer
from workbench.engine.latent.inversion import invert
from workbench.engine.latent.manifold import grid_codes
from workbench.engine.latent.originals import item_pixels, run_data, split_items
from workbench.engine.latent.plane import dimensions_plane
from workbench.engine.latent.sampling import prior_codes
from workbench.engine.latent.walk import PATHS, walk
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import VALIDATION, Items
from workbench.engine.waiting import waiting

_MOST_PICTURES, _MOST_ROWS = 10_000, 100
_COLUMNS = 10  # of reconstructions


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What was written: in words, and for other programs."""

    shows: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def latent(options: argparse.Namespace, output: Output) -> int:
    _check(options)
    project = chosen_project(options)
    look = _Look(project, project.run(options.run), options, chosen_preferences(options))
    try:
        explorer, shown = drive(look.work(), output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    values = {
        "run": explorer.run,
        "step": explorer.step,
        "protocol": explorer.protocol,
        "shows": shown.shows,
        **shown.values,
        "file": str(options.out),
    }
    heading = f"{shown.shows} · run {explorer.run} · step {explorer.step:,} · {explorer.protocol}"
    output.record(values, "\n".join([heading, *shown.lines]))
    output.terminal.say(f"written: {options.out}")
    return DONE


def _check(options: argparse.Namespace) -> None:
    """What can be known to be wrong before any work."""
    PATHS[options.path]
    suffix = options.out.suffix.lower()
    allowed = CODE_SUFFIXES if options.codes else (".png", ".gif") if options.walk else (".png",)
    if suffix not in allowed:
        raise UserError(
            "this cannot be written to a file of this kind", where=str(options.out),
            remedy=f"name one that ends in {' or '.join(allowed)}",
        )  # fmt: skip
    for name, least, most in (
        ("samples", 1, _MOST_PICTURES),
        ("manifold", 1, _MOST_ROWS),
        ("reconstruct", 1, _MOST_PICTURES),
        ("frames", 2, _MOST_PICTURES),
        ("scale", 1, 100),
        ("seed", 0, 2**31 - 1),
        ("temperature", 0.0, 100.0),
    ):
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            raise UserError(f"--{name} {value:g} is out of range", remedy=f"it goes from {least:g} to {most:,g}")
    if options.walk is not None:
        _items(options.walk)


def _items(text: str) -> Items:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 2 or not all(part.isdecimal() and len(part) < 12 for part in parts):
        raise UserError(
            f"--walk {text!r} is no list of items", remedy="give at least two ids with commas between: --walk 3,14,15"
        )
    return np.array([int(part) for part in parts], np.int64)


class _Look:
    """One request, answered."""

    def __init__(self, project: Project, run: Run, options: argparse.Namespace, preferences: Preferences) -> None:
        self._project, self._run = project, run
        self._options, self._preferences = options, preferences

    def work(self) -> Generator[ev.Event, None, tuple[Explorer, _Shown]]:
        options = self._options
        opening = partial(open_explorer, self._run, checkpoint=options.checkpoint, preferences=self._preferences)
        explorer = yield from waiting(opening, stage="loading the network")
        if options.samples is not None:
            return explorer, (yield from self._samples(explorer))
        if options.manifold is not None:
            return explorer, (yield from self._manifold(explorer))
        if options.walk is not None:
            return explorer, (yield from self._walk(explorer))
        if options.codes is not None:
            return explorer, (yield from self._codes(explorer))
        return explorer, (yield from self._reconstructions(explorer))

    def _samples(self, explorer: Explorer) -> Generator[ev.Event, None, _Shown]:
        count, temperature, seed = self._options.samples, self._options.temperature, self._options.seed
        codes = prior_codes(count, explorer.dims, temperature=temperature, seed=seed)
        pictures = yield from _decoded(explorer, codes)
        shows = f"{count:,} samples of the prior, temperature {temperature:g}, seed {seed}"
        yield from self._sheet(explorer, pictures, columns=math.ceil(math.sqrt(count)), shows=shows)
        return _Shown(shows=shows, values={"temperature": temperature, "seed": seed})

    def _manifold(self, explorer: Explorer) -> Generator[ev.Event, None, _Shown]:
        count = self._options.manifold
        plane = dimensions_plane(0, min(1, explorer.dims - 1), explorer.dims)
        pictures = yield from _decoded(explorer, grid_codes(count, plane=plane))
        rest = ", the others at 0" if explorer.dims > 2 else ""
        shows = f"{count} x {count} codes at equal steps of the prior's quantiles, dimensions 1 and 2{rest}"
        yield from self._sheet(explorer, pictures, columns=count, shows=shows)
        return _Shown(shows=shows)

    def _walk(self, explorer: Explorer) -> Generator[ev.Event, None, _Shown]:
        options, items = self._options, _items(self._options.walk)
        ends, _ = yield from self._found(explorer, items)
        codes = walk(ends, frames=options.frames, how=options.path)
        pictures = yield from _decoded(explorer, codes)
        scoring = partial(explorer.score, explorer.pixels_of(pictures), seed=options.seed)
        scores = yield from waiting(scoring, stage="scoring the frames")
        listed = ", ".join(map(str, items.tolist()))
        shows = f"{len(codes)} frames of a {PATHS[options.path].title.lower()} walk through items {listed}"
        if options.out.suffix.lower() == ".gif":
            writing = partial(
                write_gif, options.out, pictures, boomerang=True, scale=options.scale,
                about=self._about(explorer, shows),
            )  # fmt: skip
            yield from waiting(writing, stage="writing")
        else:
            yield from self._sheet(explorer, pictures, columns=len(pictures), shows=shows)
        return _Shown(
            shows=shows,
            values={"items": items.tolist(), **_score_values(explorer, scores)},
            lines=_score_lines(explorer, scores, [f"frame {number + 1}" for number in range(len(scores))]),
        )

    def _codes(self, explorer: Explorer) -> Generator[ev.Event, None, _Shown]:
        codes = yield from encode_split(
            self._project, self._run, explorer, split=self._options.codes, preferences=self._preferences
        )
        yield from write_codes(self._options.out, codes)
        return _Shown(
            shows=f"codes of {len(codes):,} items of {codes.split}, {codes.dims} dimensions",
            values={"split": codes.split, "items": len(codes), "dims": codes.dims},
        )

    def _reconstructions(self, explorer: Explorer) -> Generator[ev.Event, None, _Shown]:
        every = split_items(run_data(self._project, self._run)[1], VALIDATION)
        count = min(self._options.reconstruct, len(every))
        items = every[np.linspace(0, len(every) - 1, count).astype(int)]
        codes, pixels = yield from self._found(explorer, items)
        pictures = yield from _decoded(explorer, codes)
        scores = yield from waiting(partial(explorer.score, pixels, seed=self._options.seed), stage="scoring")
        columns = min(count, _COLUMNS)
        shows = f"{count:,} images of {VALIDATION}, and below each row what became of them"
        pairs = _pairs(explorer.pictures_of(pixels), pictures, columns)
        yield from self._sheet(explorer, pairs, columns=columns, shows=shows)
        return _Shown(
            shows=shows,
            values={"items": items.tolist(), **_score_values(explorer, scores)},
            lines=_score_lines(explorer, scores, [f"item {item}" for item in items.tolist()]),
        )

    def _found(self, explorer: Explorer, items: Items) -> Generator[ev.Event, None, tuple[Singles, Bytes]]:
        """Codes of items, by the network or by a search, and their pixels."""
        pixels = yield from item_pixels(self._project, self._run, explorer, items, preferences=self._preferences)
        if explorer.encodes == NO:
            codes = yield from invert(explorer, pixels, seed=self._options.seed)
            return codes, pixels
        mean, _ = yield from waiting(partial(explorer.encode, pixels), stage="encoding")
        return mean, pixels

    def _sheet(
        self, explorer: Explorer, pictures: Bytes, *, columns: int, shows: str
    ) -> Generator[ev.Event, None, None]:
        about = self._about(explorer, shows)
        writing = partial(
            write_sheet, self._options.out, pictures, columns=columns, scale=self._options.scale, about=about
        )
        yield from waiting(writing, stage="writing")

    def _about(self, explorer: Explorer, shows: str) -> About:
        return About(run=explorer.run, step=explorer.step, shows=shows)


def _decoded(explorer: Explorer, codes: Singles) -> Generator[ev.Event, None, Bytes]:
    return (yield from waiting(partial(explorer.decode, codes), stage="decoding"))


def _pairs(originals: Bytes, made: Bytes, columns: int) -> Bytes:
    """Rows of originals, each above a row of what became of them; blank where the last row has too few."""
    missing = -len(originals) % columns
    rows = []
    for pictures in (originals, made):
        blank = np.zeros((missing, *pictures.shape[1:]), np.uint8)
        rows.append(np.concatenate([pictures, blank]).reshape(-1, columns, *pictures.shape[1:]))
    return np.stack(rows, 1).reshape(-1, *originals.shape[1:])


def _score_values(explorer: Explorer, scores: Singles) -> dict[str, Any]:
    finite = [float(score) if np.isfinite(score) else None for score in scores]
    return {"score": explorer.score_name, "unit": explorer.score_unit, "scores": finite}


def _score_lines(explorer: Explorer, scores: Singles, names: Sequence[str]) -> tuple[str, ...]:
    width = max(map(len, names))
    head = f"{'':{width}}  {explorer.score_name}{f' ({explorer.score_unit})' if explorer.score_unit else ''}"
    return head, *(f"{name:{width}}  {score:.4g}" for name, score in zip(names, scores.tolist(), strict=True))

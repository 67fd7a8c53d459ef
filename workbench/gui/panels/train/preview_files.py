"""From a run's folder to previews in memory, and from previews to files for others."""

from collections.abc import Generator, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from workbench.engine.errors import UserError
from workbench.engine.events import Event, Previewed, Progress
from workbench.engine.project.previews import MANIFOLD, MOST_ITEMS, PREDICTIONS, Predictions, Sheet
from workbench.engine.project.runs import Run
from workbench.engine.waiting import waiting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SIDE = 900  # pixels that an exported sheet has at least, as far as whole enlargements go
_FRAME_SECONDS, _FILM_SECONDS = 0.12, 12.0  # of a frame, and of a film at most
_MOST_FRAMES = 300
_MOST_SIDE = 8192  # pixels of a sheet that is shown


def load_preview(run: Run, event: Previewed) -> Predictions | Sheet:
    """The preview that ``event`` tells of; :class:`UserError` if it is missing or damaged."""
    path = event.path
    relative = PurePath(path)
    if relative.is_absolute() or ".." in relative.parts or not path.isprintable():
        raise UserError("it lies outside the run's folder", where=path)
    if event.kind != PREDICTIONS:
        return _checked_sheet(Sheet.load(run.folder / relative), event)
    try:
        predictions = Predictions.load(run.folder / relative)
    except OverflowError:  # JSON as Python reads it knows infinity
        raise UserError("this is no preview", where=path) from None
    items = predictions.items[:MOST_ITEMS]
    sensible = all(
        one.classes
        and len(one.classes) == len(one.probabilities)
        and all(0 <= share <= 1.001 for share in one.probabilities)  # they were rounded
        for one in items
    )
    if not items or not sensible:
        raise UserError("this is no preview", where=path)
    return Predictions(step=predictions.step, items=items)


def _checked_sheet(sheet: Sheet, event: Previewed) -> Sheet:
    count, height, width = sheet.pictures.shape[:3]
    large = max(count // max(1, sheet.columns) * height, sheet.columns * width) > _MOST_SIDE
    if sheet.kind != event.kind or not count or sheet.columns < 1 or count % sheet.columns or large:
        raise UserError("this is no preview", where=event.path)
    return sheet


def write_image(sheet: Sheet, path: Path, *, run: str) -> Generator[Event, None, Path]:
    """Work that writes one sheet as a PNG, its pictures enlarged by a whole factor.

    Raises:
        UserError: The disk is full or refuses.
    """

    def write() -> Path:
        from workbench.engine.export.latent import About, write_sheet

        across = sheet.columns * sheet.pictures.shape[2]
        scale = max(1, round(_SIDE / across))
        write_sheet(
            path, sheet.pictures, columns=sheet.columns, scale=scale, gap=0 if sheet.kind == MANIFOLD else scale,
            background=(128, 128, 128), about=About(run=run, step=sheet.step, shows=sheet.kind),
        )  # fmt: skip
        return path

    return (yield from waiting(write, stage="writing the image"))


def write_film(run: Run, events: Sequence[Previewed], path: Path) -> Generator[Event, None, Path]:
    """Work that writes the sheets of all these events as a GIF, one a frame.

    Of very many only so many are taken that it can be looked at; first and last are among them.

    Raises:
        UserError: A preview is damaged or of another size than the others; the disk is full or refuses.
    """
    chosen = _thinned(events)
    frames = []
    for number, event in enumerate(chosen):
        sheet = load_preview(run, event)
        assert isinstance(sheet, Sheet)
        frames.append(canvas_of(sheet))
        if frames[-1].shape != frames[0].shape:
            raise UserError("the previews of this run differ in size", where=event.path)
        yield Progress(stage="reading previews", done=number + 1, total=len(chosen))

    def write() -> Path:
        import numpy as np

        from workbench.engine.export.latent import About, write_gif

        about = About(run=run.id, step=chosen[-1].step, shows=f"{chosen[0].kind} over training")
        still = [frames[-1]] * max(1, round(1 / _FRAME_SECONDS))  # the end stays in view for a while
        seconds = min(_FRAME_SECONDS, _FILM_SECONDS / len(frames))
        scale = max(1, round(_SIDE / 2 / frames[0].shape[1]))
        write_gif(path, np.stack([*frames, *still]), seconds=seconds, scale=scale, about=about)
        return path

    return (yield from waiting(write, stage="writing the film"))


def _thinned(events: Sequence[Previewed]) -> list[Previewed]:
    most = min(len(events), _MOST_FRAMES)
    return [events[round(number * (len(events) - 1) / max(1, most - 1))] for number in range(most)]


def canvas_of(sheet: Sheet) -> "NDArray[np.uint8]":
    """All pictures of a sheet side by side: uint8[rows * H, columns * W], or with a last axis of 3."""
    count, height, width = sheet.pictures.shape[:3]
    rows = sheet.pictures.reshape(count // sheet.columns, sheet.columns, height, width, -1)
    canvas = rows.swapaxes(1, 2).reshape(count // sheet.columns * height, sheet.columns * width, -1)
    return canvas[..., 0] if canvas.shape[-1] == 1 else canvas

"""Pictures and codes of a latent space, as files that people and other programs open: PNG, GIF, CSV and npz.

Every file says in itself of which run and step it is and what it shows, and appears whole or not at all.
"""

import contextlib
import csv
import io
import json
import os
import uuid
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from workbench.engine.data.exports import Pace
from workbench.engine.data.pixels import Bytes
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors, write_bytes
from workbench.engine.latent.codes import UNKNOWN, Codes

Colour = tuple[int, int, int]
CODE_SUFFIXES = (".csv", ".npz")
_KEY = "workbench"  # of the text in a PNG
_MOST_PIXELS = 400_000_000
_COLOURS = 256  # that a GIF has room for
_LOOKED_AT = 1 << 20  # pixels of all frames that choose the colours of a GIF
_ROWS = 64  # of a table between two looks at the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a file is of.

    Attributes:
        run, step: Whose weights, and the steps behind them.
        shows: What there is to see, in words.
    """

    run: str = ""
    step: int = 0
    shows: str = ""

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def sheet(
    pictures: Bytes,
    *,
    columns: int,
    scale: float = 1.0,
    size: int = 0,
    gap: int = 0,
    background: Colour = (0, 0, 0),
    smooth: bool = False,
) -> Image.Image:
    """Pictures in rows.

    Args:
        pictures: uint8[N, H, W] or [N, H, W, 3], row by row. The last row may have fewer.
        columns: Pictures in a row.
        scale: Pixels of the sheet for one of a picture.
        size: Width of the whole sheet in pixels instead; what whole numbers leave over is a margin.
        gap: Pixels between two pictures.
        background: Between and behind them.
        smooth: Interpolate (Lanczos) rather than repeat pixels.

    Raises:
        UserError: The sheet would be larger than any program opens, or has no room for its pictures.
    """
    assert len(pictures)
    assert columns > 0
    count, height, width = pictures.shape[:3]
    rows = -(-count // columns)
    factor = (size - gap * (columns - 1)) / (columns * width) if size else scale
    across, down = int(factor * width), int(factor * height)
    if min(across, down) < 1:
        raise UserError("there is no room for the pictures in an image of this size", remedy="make it larger")
    wide, high = columns * across + gap * (columns - 1), rows * down + gap * (rows - 1)
    left = (size - wide) // 2 if size else 0
    wide = size or wide
    if wide * high > _MOST_PIXELS:
        raise UserError(f"the image would have {wide:,} x {high:,} pixels", remedy="make it smaller")
    grey = pictures.ndim == 3 and len(set(background)) == 1
    canvas = Image.new("L" if grey else "RGB", (wide, high), background[0] if grey else background)
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        scaled = Image.fromarray(picture).resize((across, down), how)
        canvas.paste(scaled, (left + column * (across + gap), row * (down + gap)))
    return canvas


def write_sheet(
    path: Path,
    pictures: Bytes,
    *,
    columns: int,
    scale: float = 1.0,
    size: int = 0,
    gap: int = 0,
    background: Colour = (0, 0, 0),
    smooth: bool = False,
    about: About,
) -> None:
    """Write :func:`sheet` as a PNG."""
    image = sheet(pictures, columns=columns, scale=scale, size=size, gap=gap, background=background, smooth=smooth)
    text = PngInfo()
    text.add_itxt(_KEY, about.text())
    text.add_itxt("Description", about.shows)
    content = io.BytesIO()
    image.save(content, "PNG", pnginfo=text)
    _write(path, content.getvalue())


def write_gif(
    path: Path,
    frames: Bytes,
    *,
    seconds: float = 0.1,
    loop: bool = True,
    boomerang: bool = False,
    scale: int = 1,
    smooth: bool = False,
    about: About,
) -> None:
    """Write frames as an animation. Grey levels are kept to the bit, and colours where there are 256 at most.

    Args:
        frames: uint8[F, H, W] or [F, H, W, 3].
        seconds: That a frame stays, in steps of 0.01 from 0.02 on, which is the fastest that programs play.
        loop: Begin again at the end.
        boomerang: Go back from the end to the beginning.
        scale: Pixels of the animation for one of a frame.
        smooth: Interpolate rather than repeat pixels.
    """
    assert len(frames)
    assert scale > 0
    shown = np.concatenate([frames, frames[-2:0:-1]]) if boomerang else frames
    height, width = scale * frames.shape[1], scale * frames.shape[2]
    if width * height * len(shown) > _MOST_PIXELS or max(width, height) >= 1 << 16:
        raise UserError(
            f"the animation would have {len(shown)} frames of {width:,} x {height:,} pixels", remedy="make it smaller"
        )
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    images = [Image.fromarray(frame).resize((width, height), how) for frame in shown]
    if frames.ndim == 4:
        palette = _palette(frames)
        images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    stays = max(2, round(seconds * 100)) * 10
    content = io.BytesIO()
    more = {"loop": 0} if loop else {}
    images[0].save(
        content, "GIF", save_all=True, append_images=images[1:], duration=stays, optimize=False,
        comment=about.text().encode(), **more,
    )  # fmt: skip
    _write(path, content.getvalue())


def write_codes(path: Path, codes: Codes) -> Generator[Progress, None, Path]:
    """Write codes with their items and labels as a table or as arrays, as the file's name ends.

    ``.csv``: a header and a row an item: its id, its class (empty where it has none), the mean of each dimension, and
    its deviation unless codes are exact; digits enough to get the numbers back. ``.npz``: arrays ``items``, ``labels``,
    ``classes``, ``mean``, ``deviation`` (unless exact), ``run``, ``step``, ``split`` and ``protocol``, none of them
    pickled.

    Raises:
        UserError: The name ends otherwise, or the disk refuses.
    """
    suffix = path.suffix.lower()
    if suffix not in CODE_SUFFIXES:
        raise UserError("codes are written as a table or as arrays", where=str(path), remedy="name a file .csv or .npz")
    with _new_file(path) as file:
        yield from (_table if suffix == ".csv" else _arrays)(file, codes)
    return path


def _table(file: BinaryIO, codes: Codes) -> Iterator[Progress]:
    """As spreadsheets read it."""
    pace, exact = Pace("writing codes", total=len(codes)), not codes.deviation.any()
    kinds = ("mean",) if exact else ("mean", "deviation")
    rows: list[list[object]] = [
        ["item", "class", *(f"{kind} {dim + 1}" for kind in kinds for dim in range(codes.dims))]
    ]
    for start in range(0, len(codes), _ROWS):
        some = slice(start, start + _ROWS)
        numbers = codes.mean[some] if exact else np.concatenate([codes.mean[some], codes.deviation[some]], 1)
        for item, label, row in zip(codes.items[some], codes.labels[some], numbers, strict=True):
            rows.append([int(item), codes.classes[label] if label != UNKNOWN else "", *_digits(row)])
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        file.write(text.getvalue().encode())
        rows.clear()
        yield from pace.tick(len(numbers))


def _digits(numbers: NDArray[np.float32]) -> list[str]:
    """Nine digits are enough for every number of single precision."""
    return [f"{number:.9g}" for number in numbers.tolist()]


def _arrays(file: BinaryIO, codes: Codes) -> Iterator[Progress]:
    yield Progress(stage="writing codes", done=0, total=len(codes))
    spread = {} if not codes.deviation.any() else {"deviation": codes.deviation}
    np.savez(
        file, items=codes.items, labels=codes.labels, classes=np.array(codes.classes, np.str_), mean=codes.mean,
        run=np.array(codes.run), step=np.array(codes.step), split=np.array(codes.split),
        protocol=np.array(codes.protocol), allow_pickle=False, **spread,
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    with _plain_errors(path):
        write_bytes(path, content)


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to be filled, which takes its name once it is whole."""
    with _plain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{TEMPORARY}")
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """What the disk says in a sentence, names that it does not take and the like included."""
    try:
        if path.is_dir():
            raise UserError("this is a folder, not a file", where=str(path), remedy="name a file")
        with plain_disk_errors(path):
            yield
    except OSError as error:
        raise UserError(
            f"the file cannot be written ({error.strerror or error})", where=str(path), remedy="name another file"
        ) from error


def _palette(frames: Bytes) -> Image.Image:
    """Up to 256 colours for all frames [F, H, W, 3], so that nothing flickers: their own where they are so few."""
    flat = frames.reshape(-1, 3)
    own = np.unique(flat, axis=0) if len(flat) <= _LOOKED_AT else None
    if own is not None and len(own) <= _COLOURS:
        palette = Image.new("P", (1, 1))
        palette.putpalette(np.concatenate([own, np.repeat(own[-1:], _COLOURS - len(own), 0)]).tobytes())
        return palette
    seen = flat[:: -(-len(flat) // _LOOKED_AT)]
    return Image.fromarray(seen[None]).quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)

"""Sheets, animations and codes as others read them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from helpers import finish
from PIL import Image, ImageSequence

from workbench.engine.errors import UserError
from workbench.engine.export.latent import About, sheet, write_codes, write_gif, write_sheet
from workbench.engine.latent.codes import Codes

RNG = np.random.default_rng(0)
ABOUT = About(run="r1", step=390, shows="some ähnliche pictures")


def pictures(count: int, *, colour: bool = False) -> np.ndarray:
    return RNG.integers(0, 256, (count, 3, 5, 3) if colour else (count, 3, 5), np.uint8)


@pytest.mark.parametrize("colour", [False, True])
def test_a_sheet_holds_the_pictures_row_by_row_and_says_what_it_is(tmp_path: Path, colour: bool) -> None:
    some, path = pictures(7, colour=colour), tmp_path / "new" / "sheet.png"
    write_sheet(path, some, columns=3, scale=2, gap=1, background=(9, 9, 9), about=ABOUT)
    image = Image.open(path)
    assert image.mode == ("RGB" if colour else "L")
    assert image.size == (3 * 10 + 2, 3 * 6 + 2)
    assert json.loads(image.text["workbench"]) == {"run": "r1", "step": 390, "shows": ABOUT.shows}  # type: ignore[attr-defined]
    assert image.text["Description"] == ABOUT.shows  # type: ignore[attr-defined]
    canvas = np.asarray(image)
    for number, picture in enumerate(some):
        row, column = divmod(number, 3)
        part = canvas[row * 7 : row * 7 + 6, column * 11 : column * 11 + 10]
        assert (part == picture.repeat(2, 0).repeat(2, 1)).all()
    assert (canvas[14:, 11:] == 9).all()
    assert (canvas[6] == 9).all()
    assert not list(path.parent.glob(".*"))


def test_a_sheet_of_any_width_and_in_any_colour() -> None:
    image = sheet(pictures(4), columns=2, size=110, gap=3, background=(255, 0, 0))
    assert image.size == (110, 2 * 32 + 3)
    assert image.mode == "RGB"
    assert image.getpixel((109, 0)) == (255, 0, 0)  # what whole numbers leave over is a margin
    smooth = sheet(pictures(1), columns=1, scale=7.5, smooth=True)
    assert smooth.size == (37, 22)
    assert len(np.unique(np.asarray(smooth))) > 15


def test_a_sheet_that_nobody_could_open() -> None:
    with pytest.raises(UserError, match="would have"):
        sheet(pictures(4), columns=2, size=100_000)
    with pytest.raises(UserError, match="no room"):
        sheet(pictures(4), columns=2, size=3, gap=2)


def frames_of(path: Path) -> list[np.ndarray]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("colour", [False, True])
def test_an_animation_keeps_grey_levels_and_few_colours_to_the_bit(tmp_path: Path, colour: bool) -> None:
    frames, path = pictures(6, colour=colour), tmp_path / "walk.gif"
    if not colour:
        frames = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)  # every grey level
    write_gif(path, frames, seconds=0.25, scale=3, boomerang=True, about=ABOUT)
    shown = frames_of(path)
    expected = [*frames, *frames[-2:0:-1]]
    assert len(shown) == len(expected)
    for one, other in zip(shown, expected, strict=True):
        whole = other if colour else other[..., None].repeat(3, 2)
        assert (one == whole.repeat(3, 0).repeat(3, 1)).all()
    with Image.open(path) as image:
        assert (image.info["duration"], image.info["loop"]) == (250, 0)
        assert json.loads(image.info["comment"]) == {"run": "r1", "step": 390, "shows": ABOUT.shows}


def test_an_animation_of_many_colours_is_near(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 40).astype(np.uint8)
    frames = np.stack([np.stack(np.broadcast_arrays(ramp[:, None], ramp, np.uint8(40 * k)), 2) for k in range(3)])
    write_gif(tmp_path / "walk.gif", frames, seconds=0, loop=False, about=ABOUT)
    shown = frames_of(tmp_path / "walk.gif")
    apart = np.stack(shown).astype(int) - frames
    assert np.abs(apart).mean() < 12
    with Image.open(tmp_path / "walk.gif") as image:
        assert image.info["duration"] == 20
        assert "loop" not in image.info


def codes(*, exact: bool) -> Codes:
    shape = (200, 3)
    return Codes(
        run="r1", step=5, split="test", protocol="random", classes=("one, two", "ü"), items=np.arange(200) * 2,
        labels=np.arange(200) % 3 - 1, mean=RNG.normal(size=shape).astype(np.float32),
        deviation=np.broadcast_to(np.float32(0), shape) if exact else RNG.uniform(0.1, 1, shape).astype(np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("exact", [False, True])
def test_codes_as_a_table(tmp_path: Path, exact: bool) -> None:
    some = codes(exact=exact)
    assert finish(write_codes(tmp_path / "codes.csv", some)) == tmp_path / "codes.csv"
    with (tmp_path / "codes.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:5] == ["item", "class", "mean 1", "mean 2", "mean 3"]
    assert head[5:] == ([] if exact else ["deviation 1", "deviation 2", "deviation 3"])
    assert [int(row[0]) for row in rows] == some.items.tolist()
    assert [row[1] for row in rows[:3]] == ["", "one, two", "ü"]
    numbers = np.array([row[2:] for row in rows], np.float32)
    assert (numbers[:, :3] == some.mean).all()
    assert exact or (numbers[:, 3:] == some.deviation).all()


@pytest.mark.parametrize("exact", [False, True])
def test_codes_as_arrays(tmp_path: Path, exact: bool) -> None:
    some = codes(exact=exact)
    finish(write_codes(tmp_path / "codes.NPZ", some))
    with np.load(tmp_path / "codes.NPZ", allow_pickle=False) as arrays:
        assert (arrays["mean"] == some.mean).all()
        assert ("deviation" in arrays) != exact
        assert (arrays["items"] == some.items).all()
        assert (arrays["labels"] == some.labels).all()
        assert arrays["classes"].tolist() == list(some.classes)
        assert (str(arrays["run"]), int(arrays["step"]), str(arrays["split"])) == ("r1", 5, "test")


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="table or as arrays"):
        finish(write_codes(tmp_path / "codes.txt", codes(exact=True)))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="this is a folder"):
        finish(write_codes(tmp_path / "folder.csv", codes(exact=True)))
    with pytest.raises(UserError, match="cannot be written"):
        write_sheet(tmp_path / ("x" * 300 + ".png"), pictures(1), columns=1, about=ABOUT)


def test_what_is_given_up_halfway_leaves_nothing(tmp_path: Path) -> None:
    work = write_codes(tmp_path / "codes.csv", codes(exact=False))
    next(work)
    work.close()
    assert not list(tmp_path.iterdir())

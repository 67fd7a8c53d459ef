"""``workbench inspect`` and ``workbench compare`` as a person and a script meet them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import png, write_files
from inspection_samples import inspected
from programs import call, done

from workbench.engine.inspection.comparison import compare
from workbench.engine.inspection.unknown import unknown_table
from workbench.findings import Findings, comparison_text, findings_text

JOB = """
[data]
protocol = "random"
validation = 0.25
test = 0.25

[model]
name = "fnn"
hidden_layers = 1
nodes = 16

[train]
steps = 12
batch_size = 4
learning_rate = 0.01
checkpoint_steps = 4
checkpoint_minutes = 0
evaluate_every = 4
"""
LABELLED, UNLABELLED = 24, 5


@dataclass(frozen=True)
class Sheet:
    """A project with two runs on bright and dark squares, five squares without a label, and a dataset of greys."""

    project: Path
    first: str
    second: str

    def records(self, command: str, *arguments: object) -> dict[str, Any]:
        return done(command, *arguments, "--project", self.project, "--json").last


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sheet]:
    folder = tmp_path_factory.mktemp("inspected")
    squares = {f"{number:02}.png": png(200 + number if number % 2 else number, side=8) for number in range(LABELLED)}
    nothing = {f"x{number}.png": png(100 + number, side=8) for number in range(UNLABELLED)}
    write_files(folder / "squares", {**squares, **nothing})
    lines = [f"{name}\t{int(name[:2]) % 2}" for name in squares] + [f"{name}\t-1" for name in nothing]
    (folder / "squares" / "map.txt").write_text("\n".join(lines))
    write_files(folder / "greys", {f"grey/{number}.png": png(120 + number, side=8) for number in range(7)})
    job = folder / "small.toml"
    job.write_text(JOB)
    project = folder / "project"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder / "home"))
        done("import", folder / "greys", "--project", project)
        data = ("--data", folder / "squares" / "map.txt", "--project", project, "--json")
        first = done("train", job, *data).last["run"]
        second = done("train", job, "--set", "train.learning_rate=1e-9", *data).last["run"]
        yield Sheet(project=project, first=first, second=second)


def test_inspect_says_what_evaluate_says(sheet: Sheet) -> None:
    found, measured = (sheet.records(command, sheet.first) for command in ("inspect", "evaluate"))
    metrics = measured["metrics"]
    assert (found["run"], found["step"], found["split"]) == (sheet.first, 12, "validation")
    assert (found["items"], found["protocol"]) == (measured["items"], measured["protocol"])
    assert found["score"]["accuracy"] == pytest.approx(metrics["validation/accuracy"])
    assert found["score"]["loss"] == pytest.approx(metrics["validation/loss"], rel=1e-5)
    low, high = found["score"]["accuracy_interval"]
    assert low <= found["score"]["accuracy"] <= high
    assert sum(row["support"] for row in found["classes"]) == found["items"]
    assert [len(found["calibration"][key]["count"]) for key in ("before", "after")] == [15, 15]
    assert found["calibration"]["fitted_on"] == "validation"


def test_inspect_another_checkpoint_and_split(sheet: Sheet) -> None:
    found = sheet.records("inspect", sheet.first, "--checkpoint", "4", "--split", "test")
    assert (found["step"], found["split"], found["items"]) == (4, "test", 6)
    assert found["calibration"]["fitted_on"] == "validation"
    assert sheet.records("inspect", "last")["run"] == sheet.second


def test_inspect_finds_the_unknown_items_of_its_data_and_of_other_datasets(sheet: Sheet) -> None:
    found = sheet.records("inspect", sheet.first, "--unknowns", "greys")
    rows = found["unknown"]
    names = ["max-probability", "energy", "feature-distance", "mahalanobis"]
    assert [(row["unknowns"], row["score"]) for row in rows] == [
        (title, name) for title in ("unlabelled", "greys") for name in names
    ]
    assert {(row["unknowns"], row["known"], row["unknown"]) for row in rows} == {
        ("unlabelled", 6, UNLABELLED),
        ("greys", 6, 7),
    }
    assert all(0 <= row["auroc"] <= 1 for row in rows)


def test_inspect_items_without_a_label(sheet: Sheet) -> None:
    found = sheet.records("inspect", sheet.first, "--split", "unlabelled")
    assert (found["items"], found["unknown"]) == (UNLABELLED, [])
    assert "score" not in found
    words = done("inspect", sheet.first, "--split", "unlabelled", "--project", sheet.project).out
    assert "no score" in words


def test_inspect_in_words(sheet: Sheet) -> None:
    words = done("inspect", sheet.first, "--unknowns", "greys", "--project", sheet.project).out
    lines = words.splitlines()
    assert sheet.first in lines[0]
    assert "step 12 of 12 · validation, 6 items" in lines[0]
    assert "random" in lines[1]
    for start in ("accuracy ", "macro F1 ", "balanced accuracy ", "expected error (ECE) ", "greys ", "unlabelled "):
        assert any(line.startswith(start) for line in lines), start
    assert "top 5" not in words  # of two classes


@pytest.mark.parametrize(
    ("format", "suffix", "beside"), [("csv", "csv", 0), ("rows", "rows.txt", 2), ("lines", "lines.txt", 0)]
)
def test_inspect_exports_predictions(sheet: Sheet, tmp_path: Path, format: str, suffix: str, beside: int) -> None:
    options = (sheet.first, "--export", tmp_path / "out", "--format", format)
    files = [Path(file) for file in sheet.records("inspect", *options)["files"]]
    assert sorted(files) == sorted((tmp_path / "out").iterdir())
    stem = f"{sheet.first}-validation-12"
    assert files[0].name == f"{stem}.{suffix}"
    text = files[0].read_text()
    if format == "rows":
        assert np.loadtxt(text.splitlines()).shape == (6, 2)
        images, classes = (files[0].with_name(f"{stem}.{key}.txt").read_text().split() for key in ("images", "classes"))
        assert (len(images), classes) == (6, ["0", "1"])
    else:
        assert text.count(".png") == 6
    assert len(files) == 1 + beside
    again = call("inspect", *options, "--project", sheet.project)
    assert again.code == 2
    assert "such a file already" in again.err


def test_one_folder_takes_all_formats(sheet: Sheet, tmp_path: Path) -> None:
    for format in ("lines", "rows", "csv"):
        sheet.records("inspect", sheet.first, "--export", tmp_path, "--format", format)
    assert len(list(tmp_path.iterdir())) == 5
    line = next(tmp_path.glob("*.lines.txt")).read_text().splitlines()[0]
    image = line.rpartition("image: ")[2]
    assert line.startswith(f"Class: {int(image[:2]) % 2}, predictions: ")


def test_a_set_that_holds_nothing_unknown_is_said() -> None:
    known = inspected([0, 1], [[1.0, 0.0], [0.0, 1.0]])
    strange = inspected([-1], [[0.0, 0.1]])
    for sets, shown in (({"mixed": strange, "more pets": known}, 2), ({"more pets": known}, 0)):
        rows = tuple(unknown_table(known, sets))
        words = findings_text(Findings(inspection=known, scored=None, unknown=rows)).splitlines()
        assert words[-1] == "more pets: all of its items are of classes that this run knows, so none is unknown to it"
        assert sum(line.startswith("mixed ") for line in words) == shown


def test_two_runs_that_are_equally_good_are_called_so() -> None:
    names, one = ["a.png", "b.png"], inspected([0, 1], [[1.0, 0.0], [1.0, 0.0]])
    other, best = inspected([0, 1], [[0.0, 1.0], [0.0, 1.0]]), inspected([0, 1], [[1.0, 0.0], [0.0, 1.0]])
    for second, words in (
        (other, "both are right equally often: +0.00 points ("),
        (best, "the second is better: +50.00 points ("),
    ):
        assert words in comparison_text(compare(one, second), one, second, names)
    assert "the second is worse: -50.00 points (" in comparison_text(compare(best, one), best, one, names)


def test_a_mistake_is_found_before_any_work(sheet: Sheet, tmp_path: Path) -> None:
    for options, words in (
        (("--export", tmp_path, "--format", "xml"), "'xml'"),
        (("--format", "csv"), "no --export"),
        (("--unknowns", "birds"), "'birds'"),
        (("--split", "tset"), "Did you mean 'test'"),
    ):
        refused = call("inspect", sheet.first, *options, "--project", sheet.project)
        assert (refused.code, len(refused.err.splitlines())) == (2, 1), refused.err
        assert words in refused.err


def test_compare(sheet: Sheet) -> None:
    found = sheet.records("compare", sheet.first, sheet.second, "--split", "train")
    one, two = (sheet.records("inspect", run, "--split", "train")["score"] for run in (sheet.first, sheet.second))
    assert (found["first"]["run"], found["second"]["run"]) == (sheet.first, sheet.second)
    assert found["first_accuracy"] == pytest.approx(one["accuracy"])
    assert found["second_accuracy"] == pytest.approx(two["accuracy"])
    kinds = ("fixed", "broken", "both_right", "both_wrong")
    assert sorted(item for kind in kinds for item in found[kind]) == found["items"]
    assert len(found["items"]) == 12
    assert found["difference"] == pytest.approx((len(found["fixed"]) - len(found["broken"])) / 12)
    low, high = found["difference_interval"]
    assert low <= found["difference"] <= high
    assert 0 < found["p"] <= 1


def test_compare_in_words(sheet: Sheet) -> None:
    found = sheet.records("compare", sheet.first, sheet.second, "--split", "train")
    lines = done("compare", sheet.first, sheet.second, "--split", "train", "--project", sheet.project).out.splitlines()
    assert sheet.first in lines[0]
    assert sheet.second in lines[1]
    for kind in ("fixed", "broken", "both_wrong", "both_right"):
        (line,) = (line for line in lines if line.startswith(kind.replace("_", " ")))
        assert line.split()[len(kind.split("_"))] == str(len(found[kind]))
        assert (".png" in line) == bool(found[kind] and kind != "both_right")


def test_a_run_beside_itself(sheet: Sheet) -> None:
    found = sheet.records("compare", sheet.first, sheet.first)
    assert (found["fixed"], found["broken"], found["p"]) == ([], [], 1.0)


@pytest.mark.parametrize("command", ["inspect", "compare"])
def test_help(command: str) -> None:
    assert done(command, "--help").out.startswith(f"usage: workbench {command} ")

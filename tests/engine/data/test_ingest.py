"""Importing a source into a project, as it is or mended, down to what a person is told."""

import dataclasses
import time
from pathlib import Path

import pytest
from helpers import png, write_files, write_tar
from lint_samples import Opened, entered, noise, outcome, shades

from workbench.engine.data import ingest
from workbench.engine.data.lint.report import lint_dataset
from workbench.engine.data.source import Listing, Problem, Record, Severity
from workbench.engine.errors import UserError
from workbench.engine.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_leaving_out_makes_an_import_clean(project: Project, tmp_path: Path) -> None:
    whole = noise(7)
    broken = {
        "a/cut.png": whole[:-30],
        "a/zero.png": b"",
        "b/text.png": b"no image",
        "b/large.png": noise(1, 1200),
    }
    folder = shades(tmp_path / "x", broken)
    row, messages = entered(project, folder, "leave-out", limit_megapixels=1)
    assert row.items == 12
    assert row.repairs == ("Items left out because they cannot be used: 4.",)
    assert row.repairs[0] in messages
    assert outcome(lint_dataset(project, row, limit_pixels=1_000_000))[0].findings == ()


def test_a_repaired_import_is_a_dataset_of_its_own(project: Project, tmp_path: Path) -> None:
    folder = shades(tmp_path / "x", {"a/zero.png": b""})
    plain, _ = entered(project, folder)
    mended, _ = entered(project, folder, "leave-out")
    assert (plain.items, plain.repairs, mended.items) == (13, (), 12)
    assert plain.id != mended.id
    assert entered(project, folder)[0] == plain
    assert entered(project, folder, "leave-out", "leave-out")[0] == mended
    assert len(project.datasets()) == 2


def test_a_repair_that_had_nothing_to_do_says_nothing(project: Project, tmp_path: Path) -> None:
    row, messages = entered(project, shades(tmp_path / "x"), "leave-out")
    assert (row.items, row.repairs, messages) == (12, (), [])


def test_an_archive_is_mended_as_its_folder_is(project: Project, tmp_path: Path) -> None:
    files = {"a/1.png": noise(1), "b/1.png": b"", "b/2.png": noise(2)}
    write_files(tmp_path / "x", files)
    folder, _ = entered(project, tmp_path / "x", "leave-out")
    archive, _ = entered(project, write_tar(tmp_path / "x.tar.gz", files), "leave-out")
    assert folder.fingerprint == archive.fingerprint


def test_wrong_repairs(project: Project, tmp_path: Path) -> None:
    folder = shades(tmp_path / "x")
    with pytest.raises(UserError, match=r"no repair called 'leave-ou'.*Did you mean 'leave-out'"):
        entered(project, folder, "leave-ou")
    with pytest.raises(UserError, match="the repair 'move-answers' is for questions, and this holds images"):
        entered(project, folder, "move-answers")
    assert project.datasets() == []
    assert not list((project.folder / "data").glob("*")) if (project.folder / "data").exists() else True


def _with_problems(monkeypatch: pytest.MonkeyPatch, *problems: Problem) -> None:
    records = [Record(image=png(number), labels=(0,), split="", name=str(number)) for number in range(3)]
    listing = Listing(
        kind="map", name="made", label_sets={"label": ("a",)}, total=3, records=lambda: iter(records), problems=problems
    )
    monkeypatch.setattr(ingest, "open_source", lambda target, cache: Opened(listing))


RANGE = [
    Problem(code="label-range", what=f"label {9 + line} is no class", where=f"m.txt:{line}", remedy="correct it")
    for line in range(3)
]


def test_an_import_refuses_what_no_repair_mends(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_problems(monkeypatch, *RANGE)
    with pytest.raises(UserError) as caught:
        entered(project, tmp_path)
    assert str(caught.value) == (
        "label 9 is no class (2 more like it): m.txt:0. Correct it, or import with the repair leave-out"
    )
    assert project.datasets() == []
    row, messages = entered(project, tmp_path, "leave-out")
    sentence = "3 parts of the source left out: label 9 is no class (m.txt:0, and 2 more like it)."
    assert messages == [sentence] == list(row.repairs)


def test_what_does_not_keep_from_importing_is_told_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_problems(monkeypatch, *(dataclasses.replace(problem, severity="warning") for problem in RANGE))
    row, messages = entered(project, tmp_path)
    assert row.items == 3
    assert row.repairs == ()
    assert messages == [
        "3 parts of the source left out: label 9 is no class (m.txt:0, and 2 more like it). See the checks."
    ]


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_leaving_out_mends_every_problem_about_a_part(
    severity: Severity, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its code: a format may have problems that no other has."""
    _with_problems(monkeypatch, Problem(code="of-this-format-alone", what="it is odd", where="m:1", severity=severity))
    row, _ = entered(project, tmp_path, "leave-out")
    assert row.repairs == ("1 part of the source left out: it is odd (m:1).",)


def test_how_a_source_is_written_is_no_part_that_was_left_out(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_problems(monkeypatch, Problem(code="odd-ends", what="it has odd line ends", where="m", severity="info"))
    for repairs in ((), ("leave-out",)):
        row, messages = entered(project, tmp_path, *repairs)
        assert (row.items, row.repairs, messages) == (3, (), [])


def test_problems_that_stand_for_many_are_counted_as_many(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = dataclasses.replace(RANGE[2], what="and the like", count=480)
    _with_problems(monkeypatch, *RANGE[:2], many)
    with pytest.raises(UserError, match=r"label 9 is no class \(481 more like it\)"):
        entered(project, tmp_path)
    row, _ = entered(project, tmp_path, "leave-out")
    assert row.repairs == ("482 parts of the source left out: label 9 is no class (m.txt:0, and 481 more like it).",)


def test_very_many_problems_take_no_time(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (Problem(code="bad", what=f"{line}", where=f"m:{line}", severity="warning") for line in range(30_000))
    _with_problems(monkeypatch, *lines)
    started = time.process_time()
    assert entered(project, tmp_path)[0].items == 3
    assert time.process_time() - started < 5  # compared with one another, they took minutes


def test_a_repair_that_leaves_nothing_says_so(project: Project, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "x", {"a/1.png": b"", "b/2.png": b"no image"})
    with pytest.raises(UserError, match=r"no images in this source: x\. Check what it holds, and what is left out"):
        entered(project, folder, "leave-out")
    assert project.datasets() == []

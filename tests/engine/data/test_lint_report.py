"""Checks of whole sources and of datasets in a project, and importing with repairs, down to what a person is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import shared_data, write_files
from lint_samples import Opened, entered, noise, outcome, shades

from workbench.engine import events as ev
from workbench.engine.data.lint import report
from workbench.engine.data.lint.facts import Facts
from workbench.engine.data.lint.report import (
    LintReport,
    dataset_findings,
    examine_dataset,
    lint_dataset,
    lint_source,
)
from workbench.engine.data.opened import open_dataset
from workbench.engine.data.source import Listing, Record
from workbench.engine.errors import UserError
from workbench.engine.project.edits import Edit
from workbench.engine.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def linted(target: Path | str, **options: int) -> LintReport:
    return outcome(lint_source(str(target), cache=Path("no-cache"), **options))[0]


# Sources


def test_a_report_of_a_clean_folder(tmp_path: Path) -> None:
    found = linted(shades(tmp_path / "shades"))
    assert (found.name, found.kind, found.content, found.items) == ("shades", "folder", "images", 12)
    assert found.splits == {"": 12}
    assert found.findings == ()


def test_a_report_as_json_names_totals_and_first_items(tmp_path: Path) -> None:
    files = {f"a/{number:02}.png": b"" for number in range(30)}
    found = linted(write_files(tmp_path / "x", files | {"b/1.png": noise(1)})).to_json()
    assert json.loads(json.dumps(found)) == found
    assert (found["items"], found["errors"], found["warnings"]) == (31, 1, 0)
    entry = found["findings"][0]
    assert (entry["finding"], entry["count"], entry["items"], entry["unit"]) == ("empty-file", 30, 30, "images")
    assert entry["first"] == [f"a/{number:02}.png" for number in range(20)]
    assert "file is empty" in entry["details"]["a/00.png"]
    assert entry["repairs"] == ["leave-out"]


def test_a_source_of_nothing_is_a_finding(tmp_path: Path) -> None:
    """As it is a mistake to import it."""
    empty = write_files(tmp_path, {"map.txt": b"\n"}) / "map.txt"
    (only,) = linted(empty).findings
    assert (only.code, only.severity, only.title) == ("source", "error", "There are no images in this source")


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08 no archive", b"PK\x03\x04 no zip", b"nothing known"])
def test_a_broken_source_is_a_finding(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "thing.zip"
    path.write_bytes(content)
    found = linted(path)
    assert [finding.code for finding in found.findings] == ["source"]
    assert (found.name, found.items) == ("thing.zip", 0)
    assert found.to_json()["findings"][0]["details"][""]


def test_a_source_that_breaks_off_is_a_finding_beside_those_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def records() -> Any:
        yield Record(image=b"", labels=(0,), split="", name="first.png")
        raise UserError("the disk is gone", where="/there", remedy="plug it in")

    broken = Listing(kind="folder", name="gone", label_sets={"label": ("a",)}, total=2, records=records)
    monkeypatch.setattr(report, "open_source", lambda target, cache: Opened(broken))
    first, second = linted(tmp_path).findings
    assert (first.code, first.title, first.remedy) == ("source", "The disk is gone", "Plug it in.")
    assert (second.code, second.items.tolist()) == ("empty-file", [0])


@pytest.mark.parametrize("target", ["nowhere/at-all.zip", "", "a\0b"])
def test_what_is_not_there_cannot_be_checked(target: str) -> None:
    with pytest.raises(UserError):
        linted(target)


def test_the_limit_is_that_of_the_caller(tmp_path: Path) -> None:
    found = linted(shades(tmp_path / "x", {"a/large.png": noise(9, side=40)}), limit_pixels=1000)
    assert [(finding.code, finding.count) for finding in found.findings] == [("too-large", 1)]


# Datasets of a project


def test_facts_are_kept_beside_the_dataset(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row, _ = entered(project, shades(tmp_path / "x"))
    facts, events = outcome(examine_dataset(project, row))
    assert any(event.stage == "checking" for event in events if isinstance(event, ev.Progress))
    assert project.dataset_file(row.id).with_name("facts.npz").exists()
    again, events = outcome(examine_dataset(project, row))
    assert not [event for event in events if isinstance(event, ev.Progress) and event.stage == "checking"]
    assert (again.digests == facts.digests).all()


@pytest.mark.parametrize("damage", ["cut", "other", "limit"])
def test_facts_that_are_of_no_use_are_found_again(damage: str, project: Project, tmp_path: Path) -> None:
    row, _ = entered(project, shades(tmp_path / "x"))
    facts, _ = outcome(examine_dataset(project, row))
    path = project.dataset_file(row.id).with_name("facts.npz")
    limit = facts.limit_pixels
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "other":
        Facts.blank(5, limit_pixels=limit).save(path)
    else:
        limit = 100
    again, _ = outcome(examine_dataset(project, row, limit_pixels=limit))
    assert len(again) == 12
    assert (again.faults == ("too-large" if damage == "limit" else "")).all()


def test_findings_follow_the_edits(project: Project, tmp_path: Path) -> None:
    twin = noise(55)
    folder = shades(tmp_path / "x", {"a/twin.png": twin, "a/zero.png": b"", "b/twin.png": twin})
    row, _ = entered(project, folder)
    facts, _ = outcome(examine_dataset(project, row))
    dataset = open_dataset(project, row)
    names = dataset.items.names()
    twins = [names.index("a/twin.png"), names.index("b/twin.png")]
    zero = names.index("a/zero.png")

    def codes() -> dict[str, list[int]]:
        return {finding.code: finding.items.tolist() for finding in dataset_findings(open_dataset(project, row), facts)}

    assert codes() == {"empty-file": [zero], "label-conflict": twins, "duplicates": twins}
    journal = project.edits(row.id)
    journal.add(Edit(kind="label", text="", label_set="label", parts={"0": np.array(twins)}))
    assert codes() == {"empty-file": [zero], "duplicates": twins}
    journal.add(Edit(kind="split", text="", parts={"train": np.array(twins[:1]), "test": np.array(twins[1:])}))
    assert codes() == {"empty-file": [zero], "duplicates-across": twins}
    journal.add(Edit(kind="exclude", text="", parts={"": np.array([0, zero])}))
    assert codes() == {"duplicates-across": twins}  # by the ids of the whole dataset
    found, _ = outcome(lint_dataset(project, row))
    assert (found.items, sum(found.splits.values())) == (13, 13)
    assert found.to_json()["findings"][0]["first"] == ["a/twin.png", "b/twin.png"]
    journal.add(Edit(kind="exclude", text="", parts={"": np.arange(len(names))}))
    assert codes() == {}


# Real data


def test_dubai() -> None:
    source = shared_data("landcover", "dubai_full")
    found = {finding.code: finding for finding in linted(source).findings}
    assert (found["off-palette"].count, found["off-palette"].severity) == (552_156, "warning")
    assert all("of (0, 0, 0)" in text for item, text in found["off-palette"].details.items() if item >= 0)
    assert found["palette-mask"].count == 18


@pytest.mark.parametrize(
    ("folder", "items"), [("dubai_320", 24), pytest.param("dubai_full", 72, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("repair", ["off-palette-ignore", "off-palette-nearest"])
def test_dubai_repaired(repair: str, folder: str, items: int, project: Project) -> None:
    source = shared_data("landcover", folder)
    stray = {finding.code: finding.count for finding in linted(source).findings}["off-palette"]
    row, messages = entered(project, source, repair)
    assert row.items == items
    assert f" {stray:,} (masks: " in row.repairs[0]
    assert row.repairs[0] in messages
    after, _ = outcome(lint_dataset(project, row))
    assert "off-palette" not in {finding.code for finding in after.findings}


def test_covid_questions(project: Project) -> None:
    source = shared_data("squad", "covidqa_200414.json")
    found = {finding.code: finding for finding in linted(source).findings}
    assert (found["answer-offset"].count, found["answer-offset"].unit) == (175, "answers")
    row, messages = entered(project, source, "move-answers", "drop-answers")
    assert set(row.repairs) <= set(messages)
    assert len(row.repairs) >= 1
    after, _ = outcome(lint_dataset(project, row))
    assert "answer-offset" not in {finding.code for finding in after.findings}

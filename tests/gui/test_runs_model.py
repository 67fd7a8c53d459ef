"""The list of runs as a model: what it says, how it is sorted and searched, and that it follows the project."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, QObject, Qt
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot
from run_samples import add_run

from workbench.engine.project.project import Project
from workbench.engine.project.runs import CREATED, FAILED, RUNNING, STOPPED, Run
from workbench.gui.models.run_columns import COLUMNS, KEYS, NAME, NONE, NOTE, STARTED, labels
from workbench.gui.models.runs import RunsFilter, RunsModel
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace

Role = Qt.ItemDataRole


@pytest.fixture
def model(workspace: Workspace, theme: Theme) -> Iterator[RunsModel]:
    owner = QObject()
    yield RunsModel(workspace, theme, owner)
    owner.deleteLater()


def read(model: RunsModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.refreshed, timeout=5000):
        model.refresh()


def cell(model: RunsModel, row: int, key: str, role: Role = Role.DisplayRole) -> object:
    return model.index(row, KEYS.index(key)).data(role)


def names(runs: RunsFilter) -> list[str]:
    return [runs.facts(row).name for row in range(runs.rowCount())]


def test_a_run_says_all_that_its_files_say(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    dataset = project.add_dataset(
        "digits",
        id="d",
        kind="folder",
        origin="",
        signature="",
        fingerprint="",
        items=1797,
        label_sets={"label": ("0", "1")},
        splits={"": 1797},
    )
    run = add_run(project, "first", step=1200, accuracy=0.91234, state=STOPPED, total_steps=20_000, dataset=dataset.id)
    project.set_note(run.id, "a note")
    assert not model.known
    read(model, qtbot)
    assert model.known
    said = {key: cell(model, 0, key) for key in KEYS}
    started = said.pop("started")
    assert isinstance(started, str)
    assert started.startswith("2023-11-1")
    assert said == {
        "state": "Stopped",
        "name": "first",
        "model": "cnn",
        "data": "digits",
        "best": "91.23 %",
        "at": "1,200",
        "last": "91.23 %",
        "protocol": "random 1437+180/180 · split 3f9c",
        "steps": "1,200 of 20,000",
        "time": "1 min 15 s",
        "device": "cpu (2 threads)",
        "note": "a note",
    }
    assert cell(model, 0, "best", Role.ToolTipRole) == (
        "Best evaluation: validation accuracy 91.23 % at step 1,200\nmeasured on random 1437+180/180 · split 3f9c"
    )
    assert cell(model, 0, "time", Role.ToolTipRole) == "75.0 s, 4.2 ms a step, on cpu (2 threads)"
    assert model.facts(0).checkpoints == (1200,)
    assert [model.headerData(column, Qt.Orientation.Horizontal) for column in (NAME, STARTED)] == ["Name", "Started"]


def test_the_headline_of_other_tasks(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    add_run(project, "loss", metrics={"validation/loss": 0.41237}, best={"step": 3, "validation/loss": 0.4})
    add_run(project, "other", metrics={"train/loss": 1.0, "validation/elbo": -80.5}, best={})
    add_run(project, "nothing", state=CREATED, step=0, accuracy=None, total_steps=0, seconds=0.0, device="")
    read(model, qtbot)
    said = {str(cell(model, row, "name")): (cell(model, row, "best"), cell(model, row, "last")) for row in range(3)}
    assert said == {"loss": ("loss 0.4", "loss 0.4124"), "other": (NONE, "ELBO -80.5 nats"), "nothing": (NONE, NONE)}
    row = next(row for row in range(3) if cell(model, row, "name") == "nothing")
    assert [cell(model, row, key) for key in ("at", "steps", "time", "device")] == [NONE] * 4


def test_damaged_runs_say_so_and_hide_no_other(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    runs = [add_run(project, f"{number}", created=number) for number in range(5)]
    (runs[0].folder / "status.json").write_text("{")
    (runs[1].folder / "status.json").write_text('{"step": "many"}')
    (runs[2].folder / "status.json").write_text('{"best": {"step": Infinity}}')
    (runs[3].folder / "job.toml").write_text("model =")
    read(model, qtbot)
    assert [cell(model, row, "state") for row in range(5)] == ["Damaged"] * 4 + ["Finished"]
    for row, sentence in enumerate(
        ("this is not JSON", "says step = 'many'", "says best = {'step': inf}", "is not TOML")
    ):
        assert sentence in model.facts(row).error
        assert sentence in str(cell(model, row, "state", Role.ToolTipRole)).replace("\n", " ")
    runs[0].write_status(replace(runs[4].status(), name="0"))
    read(model, qtbot)
    assert cell(model, 0, "state") == "Finished"


def test_a_run_whose_process_died_is_interrupted(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    run = add_run(workspace.opened(), "r", state=RUNNING)
    with run.writer():
        read(model, qtbot)
        assert cell(model, 0, "state") == "Running"
    read(model, qtbot)  # no file has changed
    assert cell(model, 0, "state") == "Interrupted"


def test_files_are_read_again_only_when_they_change(
    workspace: Workspace, model: RunsModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [add_run(workspace.opened(), name, created=number) for number, name in enumerate("abc")]
    opened: list[str] = []
    job = Run.job

    def counted(run: Run) -> dict[str, object]:
        opened.append(run.id)
        return job(run)

    monkeypatch.setattr(Run, "job", counted)
    read(model, qtbot)
    assert sorted(opened) == sorted(run.id for run in runs)
    opened.clear()
    read(model, qtbot)
    assert opened == []
    runs[1].write_status(replace(runs[1].status(), step=150))
    read(model, qtbot)
    assert opened == [runs[1].id]
    assert cell(model, 1, "steps") == "150 of 100"


def test_only_cells_that_changed_are_announced(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    first, _ = (add_run(project, name, created=number) for number, name in enumerate("ab"))
    read(model, qtbot)
    spy = QSignalSpy(model.dataChanged)
    read(model, qtbot)
    assert spy.count() == 0
    first.write_status(replace(first.status(), metrics={"validation/accuracy": 0.5}))
    read(model, qtbot)
    changed = [(spy.at(number)[0].row(), KEYS[spy.at(number)[0].column()]) for number in range(spy.count())]
    assert changed == [(0, "last")]


def test_rows_come_and_go_around_those_that_stay(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    runs = [add_run(project, name, created=number) for number, name in enumerate("abcdef")]
    for hidden in (0, 3, 5):
        project.delete_run(runs[hidden].id)
    read(model, qtbot)
    assert [facts.name for facts in model.rows] == ["b", "c", "e"]
    selection = QItemSelectionModel(model)
    selection.select(model.index(1, 0), QItemSelectionModel.SelectionFlag.Select)
    reset = QSignalSpy(model.modelReset)
    for shown in (0, 3, 5):
        project.restore_run(runs[shown].id)
    project.delete_run(runs[1].id)
    read(model, qtbot)
    assert [facts.name for facts in model.rows] == ["a", "c", "d", "e", "f"]
    assert [model.facts(index.row()).name for index in selection.selectedIndexes()] == ["c"]
    assert reset.count() == 0


def test_another_project_brings_its_own_runs(
    workspace: Workspace, model: RunsModel, qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Project(tmp_path_factory.mktemp("other"))
    add_run(other, "theirs")
    add_run(workspace.opened(), "mine")
    model.refresh()  # under way while the project is changed
    workspace.open_project(other.folder)
    read(model, qtbot)
    qtbot.waitUntil(lambda: model.known)
    assert [facts.name for facts in model.rows] == ["theirs"]
    workspace.close_project()
    read(model, qtbot)
    assert (model.rowCount(), model.known) == (0, False)


def test_a_database_that_cannot_be_read_is_said(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    workspace.opened().store.path.write_bytes(b"nonsense" * 100)
    with qtbot.waitSignal(model.refused, timeout=5000) as caught:
        model.refresh()
    assert "the project's database cannot be used" in str(caught.args[0])
    assert caught.args[1] == "reading the runs"


# Changing


def test_names_and_notes_are_written(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    run = add_run(project, "before")
    read(model, qtbot)
    editable = [
        key for number, key in enumerate(KEYS) if model.flags(model.index(0, number)) & Qt.ItemFlag.ItemIsEditable
    ]
    assert editable == ["name", "note"]
    changed = QSignalSpy(workspace.runs_changed)
    assert model.setData(model.index(0, NAME), "  after ")
    assert model.setData(model.index(0, NOTE), "seen\n  twice")
    assert (cell(model, 0, "name"), cell(model, 0, "note")) == ("after", "seen twice")
    row = project.runs()[0]
    assert (row.name, row.note, changed.count()) == ("after", "seen twice", 2)
    assert model.setData(model.index(0, NAME), "after")
    assert changed.count() == 2
    refused = QSignalSpy(model.refused)
    assert not model.setData(model.index(0, NAME), "  ")
    assert refused.count() == 1
    assert str(refused.at(0)[0]).startswith("a run needs a name")
    assert cell(model, 0, "name") == "after"
    assert not model.setData(model.index(0, KEYS.index("model")), "mine")
    assert project.run("after").id == run.id


def test_what_was_read_before_a_renaming_does_not_undo_it(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    add_run(workspace.opened(), "before")
    read(model, qtbot)
    seen: list[object] = []
    model.dataChanged.connect(lambda index: seen.append(index.data()))
    model.refresh()
    model.setData(model.index(0, NAME), "after")
    read(model, qtbot)
    assert seen == ["after"]


# Sorting and searching


def test_missing_values_come_last_either_way(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    for number, (name, accuracy) in enumerate([("mid", 0.5), ("none", None), ("top", 0.95), ("low", 0.095)]):
        add_run(project, name, accuracy=accuracy, created=number, step=100 * (number + 1))
    runs = RunsFilter(model)
    read(model, qtbot)
    best = KEYS.index("best")
    runs.sort(best, Qt.SortOrder.AscendingOrder)
    assert names(runs) == ["low", "mid", "top", "none"]
    runs.sort(best, Qt.SortOrder.DescendingOrder)
    assert names(runs) == ["top", "mid", "low", "none"]
    runs.sort(KEYS.index("steps"), Qt.SortOrder.DescendingOrder)  # by number: as text, 100 would be below 20
    assert names(runs) == ["low", "top", "none", "mid"]
    for number in range(len(COLUMNS)):
        runs.sort(number, Qt.SortOrder.AscendingOrder)
        assert sorted(names(runs)) == ["low", "mid", "none", "top"]


def test_a_search_wants_every_word_somewhere(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    add_run(project, "Wide net", created=1)
    deep = add_run(project, "deep net", created=2, state=FAILED, model="cifar10-cnn-deep", error="x")
    project.set_note(deep.id, "Größer")
    runs = RunsFilter(model)
    read(model, qtbot)
    for text, found in {
        "": ["Wide net", "deep net"],
        "  NET ": ["Wide net", "deep net"],
        "net wide": ["Wide net"],
        "failed cnn-deep": ["deep net"],
        "größer": ["deep net"],
        "wide failed": [],
        deep.id: ["deep net"],
    }.items():
        runs.search(text)
        assert names(runs) == found, text
    runs.search("failed")
    deep.write_status(replace(deep.status(), state=STOPPED))
    read(model, qtbot)
    assert names(runs) == []


def test_tooltips_show_what_is_written(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    add_run(workspace.opened(), "<b>bold</b> & co", error="long " * 60, state=FAILED)
    read(model, qtbot)
    assert str(cell(model, 0, "name", Role.ToolTipRole)).startswith("<qt>&lt;b&gt;bold&lt;/b&gt; &amp; co<br>run ")
    lines = str(cell(model, 0, "state", Role.ToolTipRole)).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80


def test_runs_of_one_name_are_told_apart(workspace: Workspace, model: RunsModel, qtbot: QtBot) -> None:
    project = workspace.opened()
    for name, created in (("a", 1e9), ("b", 1e9), ("b", 2e9), ("c", 1e9), ("c", 1e9 + 1)):
        add_run(project, name, created=created)
    read(model, qtbot)
    told = labels(model.rows)
    assert told[0] == "a"
    assert len(set(told)) == 5
    assert sum(label.startswith("b · 20") for label in told) == 2
    assert {label[-4:] for label in told if label.startswith("c")} == {
        facts.id[-4:] for facts in model.rows if facts.name == "c"
    }

"""What is looked at: chosen, looked at in a job, kept up to date while the run trains."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from inspected_runs import Heard, Zoo, add_strangers, make_zoo
from inspection_samples import inspected
from pytestqt.qtbot import QtBot

from workbench.engine.project.runs import RUNNING
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.workspace import Workspace


@pytest.fixture
def zoo(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    return make_zoo(workspace.opened(), tmp_path, monkeypatch)


@pytest.fixture
def model(workspace: Workspace, qtbot: QtBot) -> Iterator[InspectionModel]:
    model = InspectionModel(workspace, workspace)
    yield model
    model.runs.follow(False)
    workspace.jobs.join()


def follow(model: InspectionModel, qtbot: QtBot) -> None:
    model.runs.follow()
    qtbot.waitUntil(lambda: model.runs.known)


def test_a_choice_is_looked_at_and_announced(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first")
    heard = Heard()
    model.working.connect(heard.of("working"))
    with qtbot.waitSignal(model.changed):
        model.choose(run.id, split="test")
    assert zoo.asked == [("first", "test", "best")]
    assert model.inspection is not None
    assert model.inspection.items.tolist() == [10, 11]
    assert model.dataset is not None
    assert model.dataset.row.name == zoo.row.name
    assert model.counts == {"validation": 4, "test": 2, "train": 6}
    qtbot.waitUntil(lambda: heard.said == [("working", True), ("working", False)])


def test_a_split_that_a_run_lacks_gives_way_to_the_first_that_it_has(
    model: InspectionModel, zoo: Zoo, qtbot: QtBot
) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id, split="unlabelled")
    assert model.inspection is not None
    assert model.inspection.split == "validation"
    assert model.choice is not None
    assert model.choice.split == "validation"


def test_only_runs_that_classify_are_offered_newest_first(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    zoo.add("old", created=1_700_000_000.0)
    zoo.add("new", created=1_700_000_100.0)
    other = zoo.add("other", created=1_700_000_200.0)
    job = other.job()
    job["task"]["name"] = "generate"
    other.write_job(job)
    follow(model, qtbot)
    assert [facts.name for facts in model.runs.rows] == ["new", "old"]


def test_what_was_shown_stays_until_there_is_something_else(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    zoo.held = True
    model.choose(run.id, split="test")
    qtbot.waitUntil(lambda: len(zoo.asked) == 2)
    assert model.inspection is not None
    assert model.inspection.split == "validation"
    zoo.held = False
    qtbot.waitUntil(lambda: model.inspection is not None and model.inspection.split == "test")


def test_a_failed_look_is_told_and_the_choice_goes_back(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    zoo.broken = "the images are gone"
    with qtbot.waitSignal(model.failed) as told:
        model.choose(run.id, split="test")
    assert str(told.args[0]) == "the images are gone"
    assert model.inspection is not None
    assert model.choice is not None
    assert (model.inspection.split, model.choice.split) == ("validation", "validation")


def test_a_stopped_look_goes_back_and_says_nothing(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    heard = Heard()
    model.failed.connect(heard.of("failed"))
    zoo.held = True
    model.choose(run.id, split="test")
    qtbot.waitUntil(lambda: len(zoo.asked) == 2)
    assert model.job is not None
    model.job.stop()
    qtbot.waitUntil(lambda: model.job is None)
    assert model.choice is not None
    assert model.choice.split == "validation"
    assert heard.said == []


def test_the_training_items_are_looked_at_with_the_same_weights_when_somebody_wants_them(
    model: InspectionModel, zoo: Zoo, qtbot: QtBot
) -> None:
    run = zoo.add("first", step=70)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    assert model.training is None
    with qtbot.waitSignal(model.training_changed):
        model.want_training()
    model.want_training()  # known: nobody is asked again
    assert zoo.asked == [("first", "validation", "best"), ("first", "train", "70")]
    assert model.training is not None
    assert len(model.training) == 6


def test_another_split_keeps_what_is_known_of_the_same_weights(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    with qtbot.waitSignal(model.training_changed):
        model.want_training()
    with qtbot.waitSignal(model.changed):
        model.choose(run.id, split="test")
    assert model.training is not None
    zoo.save(run, 150)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id, checkpoint="last", split="test")
    assert model.training is None


def test_a_newer_checkpoint_is_told_of_and_looked_at_on_demand(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first", state="stopped")
    follow(model, qtbot)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id, checkpoint="last")
    assert model.newest == -1
    zoo.save(run, 130)
    with qtbot.waitSignal(model.newer) as told:
        model.runs.refresh()
    assert told.args == [130]
    with qtbot.waitSignal(model.changed):
        model.look()
    assert model.inspection is not None
    assert (model.inspection.step, model.newest) == (130, -1)


def test_a_snapshot_is_asked_for_and_looked_at_when_it_is_there(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first", state=RUNNING)
    with run.writer():
        follow(model, qtbot)
        with qtbot.waitSignal(model.changed):
            model.choose(run.id, split="test")
        assert model.in_training
        model.take_snapshot()
        assert model.awaits_snapshot
        assert run.is_asked_for_checkpoint()
        zoo.save(run, 120)
        with qtbot.waitSignal(model.changed):
            model.runs.refresh()
    assert not model.awaits_snapshot
    assert zoo.asked[-1] == ("first", "test", "last")
    assert model.inspection is not None
    assert model.inspection.step == 120


def test_nobody_waits_for_a_snapshot_of_a_run_that_has_ended(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first", state="stopped")
    follow(model, qtbot)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    model.take_snapshot()
    assert not model.awaits_snapshot


def test_other_datasets_can_be_taken_for_unknowns(
    model: InspectionModel, zoo: Zoo, qtbot: QtBot, tmp_path: Path
) -> None:
    run, strangers = zoo.add("first"), add_strangers(zoo.project, tmp_path)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    model.add_unknowns(strangers.name)
    qtbot.waitUntil(lambda: strangers.name in model.unknowns)
    assert zoo.asked[-1] == ("first", strangers.name, "100")
    opened = model.dataset_of(strangers.name)
    assert opened is not None
    assert len(opened.items) == 2
    with qtbot.waitSignal(model.unknowns_changed):
        model.remove_unknowns(strangers.name)
    assert model.unknowns == {}
    assert model.unknown_names == ()


def test_unknowns_that_were_chosen_are_looked_at_anew_with_other_weights(
    model: InspectionModel, zoo: Zoo, qtbot: QtBot, tmp_path: Path
) -> None:
    run, strangers = zoo.add("first"), add_strangers(zoo.project, tmp_path)
    zoo.save(run, 120)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    model.add_unknowns(strangers.name)
    qtbot.waitUntil(lambda: strangers.name in model.unknowns)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id, checkpoint="last")
    assert model.unknowns == {}
    model.want_unknowns()
    qtbot.waitUntil(lambda: strangers.name in model.unknowns)
    assert zoo.asked[-1] == ("first", strangers.name, "120")


def test_another_project_is_looked_at_afresh(
    model: InspectionModel, zoo: Zoo, qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    run = zoo.add("first")
    follow(model, qtbot)
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    workspace.open_project(tmp_path / "other")
    assert model.inspection is None
    assert model.choice is None
    assert model.dataset is None
    qtbot.waitUntil(lambda: model.runs.known)
    assert model.runs.rows == ()


def test_an_inspection_that_is_at_hand_is_shown_without_a_look(model: InspectionModel, qtbot: QtBot) -> None:
    mine = inspected([0, 1], [[1, 0], [0, 1]], split="test")
    with qtbot.waitSignal(model.changed):
        model.show(mine)
    assert model.inspection is mine
    assert model.job is None
    with qtbot.waitSignal(model.split_known):
        model.put(inspected([0], [[1, 0]], split="unlabelled"))
    assert list(model.unknowns) == ["unlabelled"]


def test_the_page_is_asked_for_before_what_it_shall_show(model: InspectionModel) -> None:
    heard = Heard()
    model.page_wanted.connect(heard.of("page"))
    model.items_wanted.connect(heard.of("items"))
    model.item_opened.connect(heard.of("item"))
    items = np.array([3, 1])
    model.show_items(items, "Fixed")
    model.open_item(np.int64(4))
    assert heard.said[0] == ("page", "items")
    assert heard.said[1][1].tolist() == [3, 1]
    assert heard.said[2:] == [("page", "items"), ("item", 4)]


def test_an_inspection_of_other_data_has_not_the_pictures_that_are_open(
    model: InspectionModel, zoo: Zoo, qtbot: QtBot
) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    dataset = model.dataset
    assert dataset is not None
    model.show(inspected([0], [[1.0, 0.0]], dataset=zoo.row.id, step=20))
    assert model.dataset is dataset
    model.show(inspected([0], [[1.0, 0.0]], items=[99_999], dataset="another"))
    assert model.dataset is None


def test_what_pages_ask_first_is_computed_in_the_job(model: InspectionModel, zoo: Zoo, qtbot: QtBot) -> None:
    run = zoo.add("first")
    with qtbot.waitSignal(model.changed):
        model.choose(run.id)
    assert model.inspection is not None
    model.want("test")
    qtbot.waitUntil(lambda: model.of("test") is not None)
    for found in (model.inspection, model.of("test")):
        assert {"predicted", "confidence"} <= set(vars(found))

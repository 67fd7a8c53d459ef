"""Task, model, preset and data in the Train panel: what is offered follows from the task."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import finish, png, write_files
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot
from run_samples import add_run

from workbench.engine.data.ingest import import_dataset
from workbench.engine.models import MODELS
from workbench.engine.project.project import DatasetRow
from workbench.engine.tasks import TASKS
from workbench.engine.train.job import models_for, preset, preset_about, presets
from workbench.gui.models.training import untrainable
from workbench.gui.panels.train.editor import JobEditor
from workbench.gui.panels.train.panel import TrainPanel
from workbench.gui.theme import Theme
from workbench.gui.widgets.explained_items import WORDS
from workbench.gui.workspace import Workspace

LAND = b"name,r,g,b\nroad,1,1,1\nwater,2,2,2\n"


@pytest.fixture
def editor(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[JobEditor]:
    editor = JobEditor(workspace, theme, preset("digits-cnn"))
    qtbot.addWidget(editor)
    editor.resize(420, 800)
    editor.show()
    yield editor
    workspace.jobs.join()


def box(editor: JobEditor, name: str) -> QComboBox:
    found = editor.findChild(QComboBox, f"train.{name}")
    assert isinstance(found, QComboBox)
    return found


def offered(editor: JobEditor, name: str) -> list[str]:
    return [box(editor, name).itemData(row) for row in range(box(editor, name).count())]


def choose(qtbot: QtBot, editor: JobEditor, name: str, value: str) -> None:
    """With the arrow keys, as far as it takes."""
    chooser = box(editor, name)
    steps = chooser.findData(value) - chooser.currentIndex()
    for _ in range(abs(steps)):
        qtbot.keyClick(chooser, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)


def imported(workspace: Workspace, path: Path, files: dict[str, bytes]) -> DatasetRow:
    work = import_dataset(workspace.opened(), str(write_files(path, files)), preferences=workspace.preferences)
    row: DatasetRow = finish(work)
    workspace.datasets_changed.emit()
    return row


def masked(workspace: Workspace, path: Path) -> DatasetRow:
    files = {"class_dict.csv": LAND}
    for number in range(6):
        files |= {f"{number}_sat.png": png(number, side=8), f"{number}_mask.png": png(1 + number % 2, side=8)}
    return imported(workspace, path, files)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_offers_its_models_and_presets(qtbot: QtBot, editor: JobEditor, task: str) -> None:
    choose(qtbot, editor, "task", task)
    assert editor.job.task == task
    assert offered(editor, "model") == models_for(task)
    assert offered(editor, "preset") == [name for name in presets() if preset(name).task == task]
    assert MODELS[editor.job.model].task == task
    editor.job.check()


def test_a_task_begins_with_its_first_preset_and_the_data_that_was_chosen(
    qtbot: QtBot, editor: JobEditor, workspace: Workspace, tmp_path: Path
) -> None:
    files = {f"{name}/{shade}.png": png(shade) for name in "ab" for shade in range(10)}
    row = imported(workspace, tmp_path / "mine", files)
    assert editor.job.data.source == row.name
    choose(qtbot, editor, "task", "autoencode")
    first = next(name for name in presets() if preset(name).task == "autoencode")
    assert box(editor, "preset").currentData() == first
    assert editor.job.data.source == row.name
    assert editor.job.train == preset(first).train
    assert editor.problem == ""


def test_what_is_loaded_brings_its_task(editor: JobEditor) -> None:
    editor.load(preset("mnist-gan"))
    assert [box(editor, name).currentData() for name in ("task", "model", "preset")] == [
        "adversarial", "gan", "mnist-gan",
    ]  # fmt: skip
    assert "digits-cnn" not in offered(editor, "preset")
    editor.load_preset("digits-cnn")
    assert offered(editor, "model") == models_for("classify")


@pytest.mark.parametrize("name", presets())
def test_each_preset_says_what_it_is(name: str) -> None:
    words = preset_about(name)
    assert 20 < len(words) < 700
    assert words[0].isupper()
    assert "\n" not in words


def test_the_list_shows_what_presets_are(qtbot: QtBot, editor: JobEditor) -> None:
    chooser = box(editor, "preset")
    row = chooser.findData("digits-cnn")
    assert chooser.itemText(row) == "digits-cnn"
    assert chooser.itemData(row, WORDS) == preset_about("digits-cnn")
    assert preset_about("digits-cnn") in chooser.toolTip()
    assert chooser.itemData(row, Qt.ItemDataRole.AccessibleTextRole).startswith("digits-cnn: ")
    chooser.showPopup()
    view = chooser.view()
    index: QModelIndex = chooser.model().index(row, 0)
    with_words = view.grab(view.visualRect(index)).toImage()
    chooser.setItemData(row, "", WORDS)
    assert view.grab(view.visualRect(index)).toImage() != with_words
    chooser.hidePopup()


def test_what_contradicts_is_said_before_it_is_started(editor: JobEditor) -> None:
    job = preset("mnist-vae-20")
    editor.load(job)
    assert editor.problem == ""
    editor.load(replace(job, data=job.data.replace(normalize="imagenet")))
    assert "data.normalize = auto" in editor.problem


def test_images_without_classes_are_for_tasks_that_need_none(
    qtbot: QtBot, editor: JobEditor, workspace: Workspace, tmp_path: Path
) -> None:
    row = masked(workspace, tmp_path / "land")
    assert untrainable(row) == ""
    assert untrainable(row, task="classify") == "Its images have no classes to learn. Choose a task that needs none."

    def enabled() -> bool:
        model = box(editor, "data").model()
        assert isinstance(model, QStandardItemModel)
        return model.item(box(editor, "data").findData(row.name)).isEnabled()

    assert not enabled()
    editor.choose_data(row.name)
    assert editor.problem == untrainable(row, task="classify")
    choose(qtbot, editor, "task", "autoencode")
    assert enabled()
    assert editor.job.data.source == row.name
    assert editor.problem == ""


# The run in view


@pytest.mark.parametrize(
    ("model", "metric", "value", "title", "text"),
    [
        ("digits-cnn", "validation/accuracy", 0.9, "Best validation accuracy", "90.00 % at 100"),
        ("mnist-vae-2", "validation/elbo", -151.2, "Best validation ELBO", "-151.2 nats at 100"),
        ("mnist-flow", "validation/bits_per_dim", 1.82, "Best validation", "1.82 bits/dim at 100"),
    ],
)
def test_the_best_score_is_named_by_the_task(
    qtbot: QtBot, workspace: Workspace, theme: Theme, model: str, metric: str, value: float, title: str, text: str
) -> None:
    panel = TrainPanel(workspace=workspace, theme=theme, trigger=lambda id: None)
    qtbot.addWidget(panel)
    panel.resize(1300, 700)
    panel.show()
    metrics = {metric: value, "validation/other": 3.0}
    run = add_run(workspace.opened(), "mine", model=model, metrics=metrics, best={"step": 100, **metrics})
    panel.following.follow(run)
    qtbot.waitUntil(lambda: panel.watch.task != "")
    figure = panel.findChild(QLabel, "train.figure-best")
    assert isinstance(figure, QLabel)
    qtbot.waitUntil(lambda: figure.text() == text)
    assert figure.accessibleName() == title
    workspace.jobs.join()

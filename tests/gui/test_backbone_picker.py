"""Choosing a network to reuse, and what it begins with: lists that drop from fields which also take plain text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QTableView, QToolButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from run_samples import add_run

from workbench.engine.models.transfer.backbones import Backbone, backbones
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.train.job import Job, preset
from workbench.gui.form import JobForm
from workbench.gui.models import backbones as table_module
from workbench.gui.models.backbones import NAME, PARAMETERS, Backbones, BackbonesModel, facts
from workbench.gui.models.weights import FILE, WeightsModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.transfer.choice_list import ChoiceList
from workbench.gui.widgets.transfer.editors import editors
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FIELD = "train.form.model.backbone"
WEIGHTS = "train.form.model.weights"


def network(name: str, parameters: int, *, size: int = 224, tags: tuple[str, ...] = ("a1_in1k",)) -> Backbone:
    library = name.partition("/")[0]
    return Backbone(
        name=name, library=library, parameters=parameters, size=size, tags=tags, classifier=("fc",), key="0" * 12
    )


SOME = (
    network("torchvision/alexnet", 61_100_840),
    network("torchvision/resnet18", 11_689_512, tags=("IMAGENET1K_V1",)),
    network("timm/convnext_tiny", 28_589_128, tags=("fb_in22k", "in12k_ft_in1k")),
    network("timm/legacy_seresnet18", 11_778_592),
    network("timm/resnet18", 11_689_512, tags=("a1_in1k", "tv_in1k")),
    network("timm/test_none", 365_000, size=160, tags=()),
)


@pytest.fixture(autouse=True)
def _small_table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "ships" not in request.node.name:
        monkeypatch.setattr(table_module, "backbones", lambda: SOME)


def names(model: BackbonesModel) -> list[str]:
    return [model.at(row).name for row in range(model.rowCount())]


@pytest.fixture
def model() -> BackbonesModel:
    return BackbonesModel(Backbones(), current="timm/resnet18.tv_in1k", mark=QIcon())


@pytest.fixture
def form(qtbot: QtBot, workspace: Workspace, theme: Theme) -> JobForm:
    job = Job(name="mine", model="transfer", model_params=TransferParams())
    form = JobForm(job, theme=theme, makers=editors(workspace, theme))
    qtbot.addWidget(form)
    form.resize(420, 800)
    with qtbot.waitExposed(form):
        form.show()
    return form


def field(form: JobForm, name: str = FIELD) -> QLineEdit:
    return form.findChild(QLineEdit, name)


def params(form: JobForm) -> TransferParams:
    assert isinstance(form.job.model_params, TransferParams)
    return form.job.model_params


def dropped(name: str = FIELD) -> ChoiceList:
    (found,) = (one for one in QApplication.topLevelWidgets() if one.objectName() == f"{name}.list" and one.isVisible())
    assert isinstance(found, ChoiceList)
    return found


def query(chooser: ChoiceList) -> QLineEdit:
    return chooser.findChild(QLineEdit)


@pytest.fixture
def drop(qtbot: QtBot, form: JobForm) -> Callable[[], ChoiceList]:
    def drop() -> ChoiceList:
        qtbot.keyClick(field(form), Qt.Key.Key_Down)
        return dropped()

    return drop


def test_the_model_is_a_model(model: BackbonesModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)


def test_words_filter_and_the_best_come_first(model: BackbonesModel) -> None:
    model.look_for("resnet 18")
    assert names(model) == ["torchvision/resnet18", "timm/resnet18", "timm/legacy_seresnet18"]
    model.look_for("TIMM resnet")
    assert names(model) == ["timm/resnet18", "timm/legacy_seresnet18"]
    model.look_for("in22k")
    assert names(model) == ["timm/convnext_tiny"]
    model.look_for("nothing like it")
    assert names(model) == []


def test_any_column_sorts_both_ways(model: BackbonesModel) -> None:
    for column in range(model.columnCount()):
        model.sort(column, Qt.SortOrder.AscendingOrder)
        up = [model.key(column)(model.at(row)) for row in range(model.rowCount())]
        model.sort(column, Qt.SortOrder.DescendingOrder)
        down = [model.key(column)(model.at(row)) for row in range(model.rowCount())]
        assert up == sorted(up)
        assert down == up[::-1]
    model.sort(PARAMETERS, Qt.SortOrder.AscendingOrder)
    assert names(model)[0] == "timm/test_none"
    model.sort(-1)
    assert names(model) == [row.name for row in SOME]


def test_the_present_one_is_marked(model: BackbonesModel) -> None:
    row = model.current_row()
    assert model.at(row).name == "timm/resnet18"
    bold = [
        one for one in range(model.rowCount()) if (font := model.index(one, NAME).data(Qt.ItemDataRole.FontRole))
        and font.bold()
    ]  # fmt: skip
    assert bold == [row]
    assert "chosen now" in model.index(row, NAME).data(Qt.ItemDataRole.AccessibleTextRole)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torchvision/resnet18", "torchvision/resnet18"),
        ("resnet18", "torchvision/resnet18"),
        ("convnext_tiny.fb_in22k", "timm/convnext_tiny"),
        (" timm/resnet18.a1_in1k ", "timm/resnet18"),
        ("timm/alexnet", ""),
        ("resnt18", ""),
        ("timm/", ""),
        ("", ""),
    ],
)
def test_a_name_is_looked_up_as_the_engine_does(text: str, name: str) -> None:
    found = Backbones().find(text)
    assert (found.name if found else "") == name


def test_names_that_may_have_been_meant() -> None:
    table = Backbones()
    assert table.like("resnt18")[:2] == ["torchvision/resnet18", "timm/resnet18"]
    assert table.like("timm/convnext_tinny") == ["timm/convnext_tiny"]
    assert table.like("zzz") == []


def test_the_field_says_what_it_names(form: JobForm) -> None:
    texts = [label.text() for label in form.findChildren(QLabel)]
    assert facts(SOME[1]) in texts
    assert facts(SOME[1]) == "11.7 M parameters · 224 px · published weights"
    field(form).setText("timm/test_none")
    assert "365 k parameters · 160 px · no published weights" in [one.text() for one in form.findChildren(QLabel)]
    field(form).setText("timm/other")
    assert any("Not in the list" in one.text() for one in form.findChildren(QLabel))


def test_type_move_and_enter_choose(
    qtbot: QtBot, form: JobForm, drop: Callable[[], ChoiceList], workspace: Workspace
) -> None:
    chooser = drop()
    table = chooser.findChild(QTableView)
    assert table.currentIndex().row() == 1  # the present one
    qtbot.keyClicks(query(chooser), "resnet")
    assert chooser.model.rowCount() == 3
    assert "3 of 6" in chooser.foot
    qtbot.keyClick(query(chooser), Qt.Key.Key_Down)
    qtbot.keyClick(query(chooser), Qt.Key.Key_Return)
    assert field(form).text() == "timm/resnet18"
    assert params(form).backbone == "timm/resnet18"
    assert not chooser.isVisible()


def test_escape_leaves_all_as_it_was(qtbot: QtBot, form: JobForm, drop: Callable[[], ChoiceList]) -> None:
    chooser = drop()
    qtbot.keyClicks(query(chooser), "alex")
    qtbot.keyClick(query(chooser), Qt.Key.Key_Escape)
    assert not chooser.isVisible()
    assert params(form).backbone == "torchvision/resnet18"


def test_a_click_chooses_and_the_button_drops_it(qtbot: QtBot, form: JobForm) -> None:
    qtbot.mouseClick(form.findChild(QToolButton, f"{FIELD}.choose"), Qt.MouseButton.LeftButton)
    table = dropped().findChild(QTableView)
    place = table.visualRect(table.model().index(0, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert params(form).backbone == "torchvision/alexnet"


def test_a_key_sorts(qtbot: QtBot, drop: Callable[[], ChoiceList]) -> None:
    chooser = drop()
    assert isinstance(chooser.model, BackbonesModel)
    qtbot.keyClick(query(chooser), Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert names(chooser.model)[0] == "timm/test_none"
    qtbot.keyClick(query(chooser), Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert names(chooser.model)[0] == "torchvision/alexnet"
    chooser.close()


def test_a_tag_and_a_name_of_ones_own_stay_possible(
    qtbot: QtBot, form: JobForm, drop: Callable[[], ChoiceList]
) -> None:
    field(form).setText("timm/resnet18.a1_in1k")
    assert params(form).backbone == "timm/resnet18.a1_in1k"
    chooser = drop()
    qtbot.keyClicks(query(chooser), "resnet18.tv_in1k")
    qtbot.keyClick(query(chooser), Qt.Key.Key_Return)
    assert params(form).backbone == "timm/resnet18.tv_in1k"
    chooser = drop()
    qtbot.keyClicks(query(chooser), "timm/brand_new")
    assert "takes “timm/brand_new” as it is" in chooser.foot
    qtbot.keyClick(query(chooser), Qt.Key.Key_Return)
    assert params(form).backbone == "timm/brand_new"


def test_the_list_stays_on_the_screen(qtbot: QtBot, form: JobForm, drop: Callable[[], ChoiceList]) -> None:
    screen = form.screen().availableGeometry()
    for place in (screen.topLeft(), screen.bottomRight() - QPoint(form.width(), 100)):
        form.move(place)
        chooser = drop()
        assert screen.contains(chooser.geometry()), (place, chooser.geometry())
        chooser.close()


def test_another_job_is_shown_in_the_field(form: JobForm) -> None:
    told: list[Job] = []
    form.changed.connect(told.append)
    form.set_job(replace(form.job, model_params=TransferParams(backbone="timm/convnext_tiny", weights="none")))
    assert field(form).text() == "timm/convnext_tiny"
    assert field(form, WEIGHTS).text() == "none"
    assert "Random weights" in [label.text() for label in form.findChildren(QLabel)]
    assert told == []


def test_weights_are_published_none_a_file_or_a_run(
    qtbot: QtBot, form: JobForm, workspace: Workspace, tmp_path: Path
) -> None:
    settings = ("model.name=transfer", "model.backbone=timm/resnet18")
    run = add_run(workspace.opened(), "first try", settings=settings)
    add_run(workspace.opened(), "another family")
    add_run(workspace.opened(), "not far enough", settings=settings, step=0, state="stopped")
    qtbot.keyClick(field(form, WEIGHTS), Qt.Key.Key_F4)
    chooser = dropped(WEIGHTS)
    qtbot.waitUntil(lambda: chooser.model.rowCount() == 4)
    assert [chooser.model.at(row).value for row in range(4)] == ["imagenet", "none", FILE, f"run:{run.id}"]
    assert "timm/resnet18" in chooser.model.text(chooser.model.at(3), 1)
    qtbot.keyClicks(query(chooser), "first")
    qtbot.keyClick(query(chooser), Qt.Key.Key_Return)
    assert params(form).weights == f"run:{run.id}"
    assert any("“first try”" in label.text() for label in form.findChildren(QLabel))
    qtbot.keyClick(field(form, WEIGHTS), Qt.Key.Key_F4)
    qtbot.keyClicks(query(dropped(WEIGHTS)), "file")
    qtbot.keyClick(query(dropped(WEIGHTS)), Qt.Key.Key_Return)
    dialog = form.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "mine.safetensors"))
    dialog.close()
    assert params(form).weights == str(tmp_path / "mine.safetensors")


def test_closing_the_list_of_weights_early_is_harmless(qtbot: QtBot, form: JobForm, workspace: Workspace) -> None:
    qtbot.keyClick(field(form, WEIGHTS), Qt.Key.Key_F4)
    dropped(WEIGHTS).close()
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    assert params(form).weights == "imagenet"


@pytest.mark.parametrize(
    ("value", "row"), [("imagenet", 0), ("none", 1), ("/there/is/one.pth", 2), ("run:gone", -1)]
)  # fmt: skip
def test_what_it_begins_with_now_is_marked(value: str, row: int) -> None:
    assert WeightsModel(current=value, mark=QIcon()).current_row() == row


def test_the_table_that_ships_is_listed_at_once() -> None:
    model = BackbonesModel(Backbones(), current="torchvision/resnet18", mark=QIcon())
    assert model.rowCount(QModelIndex()) == len(backbones())
    assert model.at(model.current_row()).name == "torchvision/resnet18"


def test_no_other_family_has_these_fields(workspace: Workspace, theme: Theme, qtbot: QtBot) -> None:
    form = JobForm(preset("digits-cnn"), theme=theme, makers=editors(workspace, theme))
    qtbot.addWidget(form)
    assert form.findChild(QToolButton, f"{FIELD}.choose") is None
    form.set_model("transfer")
    assert form.findChild(QToolButton, f"{FIELD}.choose") is not None

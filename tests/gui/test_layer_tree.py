"""The tree of a reused network's layers: what a click makes of the settings, and what is said of them."""

import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import png, write_files
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QTabWidget, QTreeView
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from workbench.engine.errors import UserError
from workbench.engine.events import Event
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.train.job import Job, preset
from workbench.gui.form import JobForm
from workbench.gui.models.layer_tree import FROZEN, LEFT_OUT, PART, TRAINED, Layer, LayerTreeModel, Tree, short
from workbench.gui.models.transfer_words import caching, outcome, parameters
from workbench.gui.panels.train import transfer_network
from workbench.gui.panels.train.editor import JobEditor
from workbench.gui.theme import Theme
from workbench.gui.widgets.transfer.layer_view import LayerView
from workbench.gui.workspace import Workspace

PATIENCE = 30_000  # milliseconds; a busy machine loads torch slowly


def layer(name: str, depth: int, parameters: int, *, may_cut: bool = True) -> Layer:
    return Layer(
        name=name, kind="Part", depth=depth, shape=(8, 4, 4), parameters=parameters, may_cut=may_cut, part=TRAINED
    )


LAYERS = (
    layer("stem", 0, 100),
    layer("body", 0, 1510),  # ten of its own: positions
    layer("body.0", 1, 500),
    layer("body.0.conv", 2, 500, may_cut=False),
    layer("body.1", 1, 1000),
    layer("body.1.conv", 2, 1000, may_cut=False),
    layer("side", 0, 7, may_cut=False),
    layer("pool", 0, 0),
    layer("new head", 0, 22, may_cut=False),
)
WHOLE = Tree(layers=LAYERS, classes=2)


def parts(tree: Tree) -> str:
    """A letter for each layer."""
    return "".join({FROZEN: "f", TRAINED: "t", LEFT_OUT: "-"}[layer.part] for layer in tree.layers)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "ttttttttt"),
        ({"reuse": "none"}, "fffffffft"),
        ({"reuse": "upto", "frozen": "body.0"}, "ftffttttt"),
        ({"reuse": "upto", "frozen": "body"}, "ffffffttt"),
        ({"cut": "body.0"}, "tttt----t"),
        ({"cut": "body.0", "reuse": "none"}, "ffff----t"),
        ({"cut": "body", "reuse": "upto", "frozen": "stem"}, "fttttt--t"),
        ({"cut": "gone", "reuse": "upto", "frozen": "gone"}, "ttttttttt"),
    ],
)
def test_settings_divide_the_layers(settings: dict[str, Any], expected: str) -> None:
    assert parts(WHOLE.divided(TransferParams(**settings))) == expected


def test_what_is_frozen_ends_at_the_cut() -> None:
    params = TransferParams(reuse="upto", frozen="body.1")
    earlier, later = WHOLE.number("body.0"), WHOLE.number("pool")
    assert WHOLE.cut_after(earlier, params) == params.replace(cut="body.0", frozen="body.0")
    assert WHOLE.cut_after(later, params) == params.replace(cut="pool")
    assert WHOLE.cut_after(WHOLE.number("body"), params) == params.replace(cut="body")  # they end together
    assert WHOLE.cut_after(earlier, TransferParams()) == TransferParams(cut="body.0")


@pytest.mark.parametrize(
    ("name", "said"),
    [("body.0", ""), ("body.0.conv", "within a block"), ("side", "What follows needs more"), ("new head", "new head")],
)
def test_why_a_layer_cannot_be_chosen(name: str, said: str) -> None:
    why = WHOLE.why_not_here(WHOLE.number(name))
    assert said in why
    assert bool(said) == bool(why)
    if said and name != "new head":
        assert "cannot be divided" in replace(WHOLE, divisible=False).why_not_here(WHOLE.number(name))


def test_nothing_behind_the_cut_can_be_frozen() -> None:
    tree = WHOLE.divided(TransferParams(cut="body.0"))
    assert tree.why_not_frozen(tree.number("body.0")) == ""
    assert "behind the cut" in tree.why_not_frozen(tree.number("body.1"))


@pytest.mark.parametrize(
    ("settings", "learning", "kept"),
    [
        ({}, 1639, 1639),
        ({"reuse": "none"}, 22, 1639),
        ({"reuse": "upto", "frozen": "stem"}, 1539, 1639),
        ({"reuse": "upto", "frozen": "body.0"}, 1029, 1639),  # the ten are used before it, so they are frozen
        ({"cut": "body.0"}, 632, 632),
        ({"cut": "body.0", "reuse": "upto", "frozen": "stem"}, 532, 632),
    ],
)
def test_parameters_are_counted(settings: dict[str, Any], learning: int, kept: int) -> None:
    assert parameters(WHOLE.divided(TransferParams(**settings))) == (learning, kept)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "All of it and a new head for 2 classes learn: 1,639 parameters."),
        (
            {"reuse": "none"},
            "All of it stays as it is and only a new head for 2 classes learns: 22 of 1,639 parameters.",
        ),
        (
            {"reuse": "upto", "frozen": "body.0"},
            "Frozen up to body.0; body.1, side and a new head for 2 classes learn: 1,029 of 1,639 parameters.",
        ),
        (
            {"cut": "body.0"},
            "Cut after body.0 (left out: body.1, side). All that is kept and a new head for 2 classes learn: "
            "632 parameters.",
        ),
    ],
)
def test_what_will_happen_is_said(settings: dict[str, Any], said: str) -> None:
    assert outcome(WHOLE.divided(TransferParams(**settings))) == said


def test_without_data_the_head_is_only_a_new_one() -> None:
    unknown = replace(WHOLE, classes=0).divided(TransferParams(reuse="upto", frozen="body"))
    assert outcome(unknown) == "Frozen up to body; side and a new head learn: 29 of 1,639 parameters."


def test_whether_features_are_kept_is_said() -> None:
    job = Job(name="mine", model="transfer", model_params=TransferParams())
    frozen = WHOLE.divided(TransferParams(reuse="none"))
    assert caching(job, WHOLE) == ""
    assert "computed once" in caching(job, frozen)
    assert caching(job, replace(frozen, problem="wrong")) == ""
    for change in ({"flip": True}, {"mixup": 0.2}):
        augmented = replace(job, augment=job.augment.replace(**change))
        assert caching(augmented, frozen).startswith("Augmentation is on")
    mirrored = replace(job, task_params=job.task_params.replace(mirror=True))
    assert caching(mirrored, frozen).startswith("Mirrored evaluation is on")


def test_names_are_shortened_to_what_tells_them_apart() -> None:
    words = {"layer1": "layer1", "layer1.0": "layer1.0", "encoder.layers.encoder_layer_7": "encoder_layer_7",
             "blocks.0.1": "blocks.0.1", "0.1": "0.1", "a.b.2.conv": "conv"}  # fmt: skip
    assert {name: short(name) for name in words} == words


def test_the_model_is_a_tree(theme: Theme, qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = LayerTreeModel(theme)
    assert model.show_tree(WHOLE)
    qtmodeltester.check(model)
    assert model.rowCount() == 5
    body = model.index(1, 0)
    assert [model.index(row, 0, body).data() for row in range(model.rowCount(body))] == ["body.0", "body.1"]
    with qtbot.waitSignal(model.dataChanged):
        assert not model.show_tree(WHOLE.divided(TransferParams(reuse="none")))
    assert model.index(0, PART).data() == FROZEN
    assert not model.index(0, PART).data(Qt.ItemDataRole.DecorationRole).isNull()
    model.show_tree(replace(WHOLE, classes=0))
    assert model.index(4, 2).data() == "?"


# The view


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> LayerView:
    view = LayerView(theme, name="train.layers", params=TransferParams())
    qtbot.addWidget(view)
    view.resize(420, 600)
    view.show_tree(WHOLE, TransferParams(), outcome=outcome(WHOLE), hint="")
    with qtbot.waitActive(view):
        view.show()
        view.activateWindow()
    return view


def button(view: LayerView, verb: str) -> QAbstractButton:
    return view.findChild(QAbstractButton, f"train.layers.{verb}")


@pytest.mark.parametrize(
    ("verb", "key", "expected"),
    [
        ("freeze", Qt.Key.Key_F, {"reuse": "upto", "frozen": "body.0"}),
        ("cut", Qt.Key.Key_C, {"cut": "body.0"}),
    ],
)
@pytest.mark.parametrize("way", ["button", "key", "menu"])
def test_a_chosen_layer_divides_it(
    qtbot: QtBot, view: LayerView, verb: str, key: Qt.Key, expected: dict[str, Any], way: str
) -> None:
    view.choose("body.0")
    view.tree.setFocus()
    with qtbot.waitSignal(view.wanted) as wanted:
        if way == "button":
            qtbot.mouseClick(button(view, verb), Qt.MouseButton.LeftButton)
        elif way == "key":
            qtbot.keyClick(view.tree, key)
        else:
            assert view.tree.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
            next(one for one in view.tree.actions() if one.objectName().endswith(f"{verb}-action")).trigger()
    assert wanted.args == [TransferParams(**expected)]


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("train-all", {"reuse": "none", "cut": "body"}, {"cut": "body"}),
        ("freeze-all", {"reuse": "upto", "frozen": "stem"}, {"reuse": "none"}),
        ("whole", {"cut": "body", "reuse": "none"}, {"reuse": "none"}),
    ],
)
def test_all_or_nothing(
    qtbot: QtBot, view: LayerView, verb: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    params = TransferParams(**before)
    view.show_tree(WHOLE.divided(params), params, outcome="", hint="")
    with qtbot.waitSignal(view.wanted) as wanted:
        qtbot.mouseClick(button(view, verb), Qt.MouseButton.LeftButton)
    assert wanted.args == [TransferParams(**after)]
    view.show_tree(WHOLE.divided(wanted.args[0]), wanted.args[0], outcome="", hint="")
    assert not button(view, verb).isEnabled()
    assert "already" in button(view, verb).toolTip()


def test_only_legal_layers_can_be_chosen_and_others_say_why(view: LayerView) -> None:
    assert not button(view, "cut").isEnabled()
    assert "Choose a layer" in button(view, "cut").toolTip()
    for name, able in (("body.0", True), ("body.0.conv", False), ("new head", False), ("pool", True)):
        view.choose(name)
        assert button(view, "cut").isEnabled() is able, name
        assert button(view, "freeze").isEnabled() is able, name
    view.choose("side")
    assert "What follows needs more" in button(view, "cut").toolTip()
    hovered = view.tree.currentIndex().data(Qt.ItemDataRole.ToolTipRole)
    assert "What follows needs more" in hovered


def test_the_choice_and_what_is_unfolded_stay(view: LayerView) -> None:
    view.choose("body.1")
    folded = view.model.index_of(WHOLE.number("body.1"))
    view.tree.expand(folded)
    params = TransferParams(reuse="upto", frozen="body.0")
    view.show_tree(WHOLE.divided(params), params, outcome="said", hint="kept")
    assert view.tree.currentIndex().data() == "body.1"
    assert view.tree.isExpanded(view.model.index_of(WHOLE.number("body.1")))
    assert (view.outcome, view.hint) == ("said", "kept")
    assert view.model.index_of(WHOLE.number("body.0")).siblingAtColumn(PART).data() == "last frozen"


def test_places_to_cut_at_are_unfolded_and_blocks_are_not(view: LayerView) -> None:
    unfolded = [name for name in ("body", "body.0", "body.1")
                if view.tree.isExpanded(view.model.index_of(WHOLE.number(name)))]  # fmt: skip
    assert unfolded == ["body"]


# The Network tab


@pytest.fixture
def editor(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[JobEditor]:
    editor = JobEditor(workspace, theme, preset("digits-cnn"))
    qtbot.addWidget(editor)
    editor.resize(460, 800)
    editor.show()
    editor.findChild(QTabWidget, "train.tabs").setCurrentIndex(2)
    yield editor
    workspace.jobs.join()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[TransferParams]:
    """In the place of the engine: the layers above, divided as asked; what was asked for."""
    asked: list[TransferParams] = []

    def tree(project: object, job: Job, dataset: object) -> Generator[Event, None, Tree]:
        assert isinstance(job.model_params, TransferParams)
        asked.append(job.model_params)
        yield from ()
        return WHOLE.divided(job.model_params)

    monkeypatch.setattr(transfer_network, "_read_tree", tree)
    return asked


def load(editor: JobEditor, *settings: str) -> None:
    editor.load(preset("digits-cnn").with_settings(["model.name=transfer", *settings]))


def page(editor: JobEditor) -> LayerView:
    return editor.findChild(QTreeView, "train.layers.tree").parentWidget()


def test_a_click_reaches_form_and_job_file_at_once(
    qtbot: QtBot, editor: JobEditor, stand_in: list[TransferParams]
) -> None:
    load(editor)
    view = page(editor)
    qtbot.waitUntil(lambda: view.model.rowCount() == 5)
    view.choose("body.0")
    with qtbot.waitSignal(editor.changed):
        qtbot.mouseClick(button(view, "freeze"), Qt.MouseButton.LeftButton)
    assert editor.job.model_params == TransferParams(reuse="upto", frozen="body.0")
    assert view.outcome.startswith("Frozen up to body.0;")  # before anybody was asked
    form = editor.findChild(QAbstractButton, "train.form.model.frozen.reset")
    assert form.isVisibleTo(form.parentWidget())
    assert editor.findChild(JobForm).job == editor.job
    assert 'frozen = "body.0"' in editor.findChild(QPlainTextEdit, "train.job-file.text").toPlainText()


def test_the_job_file_reaches_the_tree(qtbot: QtBot, editor: JobEditor, stand_in: list[TransferParams]) -> None:
    load(editor)
    view = page(editor)
    qtbot.waitUntil(lambda: view.model.rowCount() == 5)
    text = editor.findChild(QPlainTextEdit, "train.job-file.text")
    text.setPlainText(text.toPlainText().replace('cut = ""', 'cut = "body.0"'))
    assert view.outcome.startswith("Cut after body.0 ")
    qtbot.waitUntil(lambda: len(stand_in) == 2)
    assert stand_in[-1].cut == "body.0"


def test_augmentation_changes_the_hint(qtbot: QtBot, editor: JobEditor, stand_in: list[TransferParams]) -> None:
    load(editor, "model.reuse=none", "augment.translate=0")
    view = page(editor)
    qtbot.waitUntil(lambda: "computed once" in view.hint)
    load(editor, "model.reuse=none", "augment.translate=0", "augment.flip=true")
    assert view.hint.startswith("Augmentation is on")


def test_a_late_answer_is_dropped(
    qtbot: QtBot, editor: JobEditor, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    going: list[Callable[[], None]] = []

    def slow(project: object, job: Job, dataset: object) -> Generator[Event, None, Tree]:
        go: list[bool] = []
        going.append(lambda: go.append(True))
        name = f"layer-{len(going)}"
        while not go:
            yield Event()
        return Tree(layers=(layer(name, 0, 1), LAYERS[-1]), classes=2)

    monkeypatch.setattr(transfer_network, "_read_tree", slow)
    load(editor, "model.backbone=torchvision/alexnet")
    qtbot.waitUntil(lambda: len(going) == 1)
    load(editor, "model.backbone=torchvision/vgg11")
    qtbot.waitUntil(lambda: len(going) == 2)
    going[1]()
    qtbot.waitUntil(lambda: page(editor).model.rowCount() == 2)
    going[0]()
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    assert page(editor).model.index(0, 0).data() == "layer-2"


def test_a_name_that_does_not_exist_is_said_with_others(
    qtbot: QtBot, editor: JobEditor, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(project: object, job: Job, dataset: object) -> Generator[Event, None, Tree | UserError]:
        yield from ()
        return UserError("timm has no network called 'resnt18'", remedy="Known: " + ", ".join(["name"] * 500))

    monkeypatch.setattr(transfer_network, "_read_tree", refused)
    load(editor, "model.backbone=resnt18")
    view = page(editor)
    qtbot.waitUntil(lambda: bool(view.problem))
    assert view.problem == "timm has no network called 'resnt18'. Did you mean one of these?"
    assert not view.tree.isVisible()
    offered = button(view, "instead-0")
    assert offered.text() == "Take torchvision/resnet18"
    qtbot.mouseClick(offered, Qt.MouseButton.LeftButton)
    assert editor.job.model_params == TransferParams(backbone="torchvision/resnet18")
    assert not workspace.notes


def test_other_families_keep_their_table(qtbot: QtBot, editor: JobEditor, stand_in: list[TransferParams]) -> None:
    assert not page(editor).isVisible()
    load(editor)
    qtbot.waitUntil(page(editor).isVisible)
    editor.load(preset("digits-cnn"))
    qtbot.waitUntil(lambda: not page(editor).isVisible())


def test_the_real_network_before_and_after_its_data(
    qtbot: QtBot, editor: JobEditor, workspace: Workspace, tmp_path: Path
) -> None:
    load(editor, "model.reuse=upto", "model.frozen=layer3")
    view = page(editor)
    qtbot.waitUntil(lambda: bool(view.model.tree.layers), timeout=PATIENCE)
    assert view.outcome == "Frozen up to layer3; layer4 and a new head learn: 8.39 M of 11.2 M parameters."
    assert "?" in [view.model.index(view.model.rowCount() - 1, column, QModelIndex()).data() for column in range(5)]
    source = write_files(
        tmp_path / "pets", {f"{kind}/{one}.png": png(one) for kind in ("cat", "dog") for one in (1, 2)}
    )
    workspace.import_data(str(source))
    qtbot.waitUntil(lambda: editor.job.data.source == "pets" and "for 2 classes" in view.outcome, timeout=PATIENCE)
    assert view.outcome == (
        "Frozen up to layer3; layer4 and a new head for 2 classes learn: 8.39 M of 11.2 M parameters."
    )
    before = view.model.tree
    assert before.divided(TransferParams(reuse="upto", frozen="layer3")).layers == before.layers
    load(editor, "data.source=pets", "model.cut=layer9")
    qtbot.waitUntil(lambda: "layer9" in view.problem, timeout=PATIENCE)
    assert view.tree.isVisible()  # to choose another one


def test_no_torch_is_needed() -> None:
    code = "import sys; import workbench.gui.panels.train.editor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_keys_are_told(view: LayerView) -> None:
    view.choose("body.0")
    keys = [action.shortcut().toString() for action in view.findChildren(QAction)]
    assert sorted(keys) == sorted({"F", "C", "Shift+T", "Shift+F", "Shift+W"})
    assert button(view, "cut").toolTip().endswith("(C)")

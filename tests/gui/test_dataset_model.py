"""A dataset opened, edited and examined in the background; and the plain functions behind its pages."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import written
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from workbench.engine.data.decode import encode_png
from workbench.engine.data.lint import report
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.data.source import Listing, Palette, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.project.edits import MASK
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.train.dividing import made_by
from workbench.gui.models import dataset as module
from workbench.gui.models import dataset_edits as edits
from workbench.gui.models.dataset import DatasetModel, Told
from workbench.gui.models.splitting import Plan, measured_on, outcome, protocols_for, warnings_of
from workbench.gui.models.statistics import Spread, class_counts, mask_class_counts, statistics_of
from workbench.gui.widgets.dataset.histogram import bins_of
from workbench.gui.workspace import Workspace

SEED = 11


def image(generator: np.random.Generator, *, width: int = 6, height: int = 4) -> np.ndarray:
    return generator.integers(0, 256, (height, width, 3)).astype(np.uint8)


def records(count: int, *, split: str = "train", classes: int = 3, start: int = 0) -> list[Record]:
    generator = np.random.default_rng(SEED + start)
    return [
        Record(
            image=encode_png(image(generator, width=6 + number % 2)),
            labels=(number % classes,),
            split=split,
            name=f"{split}/{number % 4}_{start + number:03}.png",
            group=str(number % 4),
        )
        for number in range(count)
    ]


def enter(project: Project, items: list[Record], *, name: str = "set", palette: Palette | None = None) -> DatasetRow:
    """The items as a dataset of the project, as an import leaves it."""
    label_sets = {} if palette else {"class": ("cat", "dog", "owl")}
    listing = Listing(
        kind="folder",
        name=name,
        label_sets=label_sets,
        total=len(items),
        records=lambda: iter(items),
        content="masks" if palette else "images",
        palette=palette,
    )
    file = project.dataset_file(name)
    file.parent.mkdir(parents=True)
    summary = written(listing, file.parent)
    return project.add_dataset(
        name,
        id=name,
        kind="folder",
        origin="nowhere",
        signature=name,
        fingerprint=summary.fingerprint,
        items=summary.items,
        label_sets=summary.label_sets,
        splits=summary.splits,
        content=listing.content,
        palette=palette.classes if palette else (),
    )


@pytest.fixture
def model(workspace: Workspace) -> Iterator[DatasetModel]:
    model = DatasetModel(workspace)
    yield model
    workspace.jobs.join()
    model.deleteLater()


def opened(qtbot: QtBot, model: DatasetModel, row: DatasetRow) -> Dataset:
    with qtbot.waitSignal(model.opened):
        model.open(row)
    assert model.dataset
    return model.dataset


def settled(qtbot: QtBot, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: not workspace.jobs.running())


# The model


def test_opening_announces_and_examines(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    row = enter(workspace.opened(), records(12))
    turned: list[DatasetRow | None] = []
    model.turned.connect(lambda: turned.append(model.row))
    with qtbot.waitSignals([model.opened, model.examining, model.examined]):
        model.open(row)
    assert turned == [row]
    assert model.dataset is not None
    assert model.catalogue is not None
    assert len(model.catalogue) == 12
    assert model.facts is not None
    assert model.facts.width.tolist() == [6, 7] * 6
    assert model.statistics is not None
    assert model.statistics.items == 12
    assert model.moment > 0
    model.open(None)
    assert (model.dataset, model.facts, model.statistics, model.findings) == (None, None, None, ())


def test_edits_are_done_undone_and_done_again(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    row = enter(workspace.opened(), records(12))
    dataset = opened(qtbot, model, row)
    settled(qtbot, workspace)
    told: list[Told] = []
    model.edited.connect(told.append)
    with qtbot.waitSignals([model.edited, model.examined]):
        model.edit(edits.moved(dataset, np.array([1, 2, 5]), "test"))
    assert model.dataset is not None
    assert np.flatnonzero(model.dataset.state.splits == "test").tolist() == [1, 2, 5]
    assert model.catalogue is not None
    assert model.catalogue.split(5) == "test"
    assert model.last is not None
    assert model.last.text == "3 images moved to test"
    assert model.next is None
    with qtbot.waitSignal(model.edited):
        model.undo()
    assert set(model.dataset.state.splits) == {"train"}
    assert model.last is None
    with qtbot.waitSignal(model.edited):
        model.redo()
    assert (model.dataset.state.splits == "test").sum() == 3
    assert [(one.how, one.first) for one in told] == [("done", True), ("undone", False), ("redone", True)]
    again = open_dataset(workspace.opened(), row)
    assert (again.state.splits == "test").sum() == 3


def test_edits_asked_for_at_once_are_done_in_order(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    dataset = opened(qtbot, model, enter(workspace.opened(), records(12)))
    model.edit(edits.moved(dataset, np.array([0]), "test"))
    model.edit(edits.moved(dataset, np.array([0]), "validation"))
    model.edit(edits.excluded(dataset, np.array([3])))
    model.edit(None)
    model.undo()
    assert model.busy
    qtbot.waitUntil(lambda: not model.busy)
    assert model.dataset is not None
    assert model.dataset.state.splits[0] == "validation"
    assert not model.dataset.state.excluded.any()
    assert model.next is not None
    assert model.next.kind == "exclude"


def test_findings_follow_the_edits(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    items = records(6)
    items.append(Record(image=items[0].image, labels=(0,), split="test", name="test/copy.png"))
    dataset = opened(qtbot, model, enter(workspace.opened(), items))
    qtbot.waitUntil(lambda: bool(model.findings))
    copies = next(finding for finding in model.findings if finding.clusters)
    assert copies.items.tolist() == [0, 6]
    assert edits.leaks(dataset, copies.clusters).tolist() == [0]
    assert edits.spare(dataset, copies.clusters).tolist() == [0]  # the copy in the test split is the one to keep
    with qtbot.waitSignals([model.edited, model.examined]):
        model.edit(edits.excluded(dataset, edits.leaks(dataset, copies.clusters)))
    assert not [finding for finding in model.findings if finding.clusters]


def test_a_large_set_is_examined_on_request_and_remembered(
    qtbot: QtBot, workspace: Workspace, model: DatasetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 5)
    row = enter(workspace.opened(), records(12))
    opened(qtbot, model, row)
    settled(qtbot, workspace)
    assert model.facts is None
    model.examine()
    assert model.examination is not None
    assert not model.examination.quiet
    model.examine()  # while it runs: nothing more
    assert len(workspace.jobs.running(module.EXAMINATION)) == 1
    qtbot.waitUntil(lambda: model.statistics is not None)
    model.open(None)
    with qtbot.waitSignal(model.examined):
        model.open(row)  # what is known is there at once
    assert model.facts is not None


def test_an_examination_can_be_stopped(
    qtbot: QtBot, workspace: Workspace, model: DatasetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(project: Project, row: DatasetRow, *, limit_pixels: int) -> Generator[Progress, None, Any]:
        while True:
            yield Progress(stage="examining", done=1, total=12)

    monkeypatch.setattr(report, "examine_dataset", endless)
    opened(qtbot, model, enter(workspace.opened(), records(12)))
    assert model.examination is not None
    with qtbot.waitSignal(model.examined):
        model.examination.stop()
    assert model.examination is None
    assert model.facts is None


def test_turning_away_drops_what_went_on(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    first = enter(workspace.opened(), records(12), name="first")
    second = enter(workspace.opened(), records(5), name="second")
    names: list[str] = []
    model.opened.connect(lambda: names.append(model.dataset.row.name if model.dataset else ""))
    model.open(first)
    model.open(second)
    settled(qtbot, workspace)
    assert names == ["second"]
    assert model.facts is not None
    assert len(model.facts) == 5


def test_a_damaged_file_is_told(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    row = enter(workspace.opened(), records(3))
    workspace.opened().dataset_file(row.id).write_bytes(b"nothing")
    with qtbot.waitSignal(model.failed) as failed:
        model.open(row)
    error, doing = failed.args
    assert isinstance(error, UserError)
    assert doing == "opening set"
    assert model.dataset is None
    model.undo()  # nothing is open: nothing happens
    assert not model.busy


# Edits in words


def dataset_of(tmp_path: Path, items: list[Record], *, palette: Palette | None = None) -> Dataset:
    project = Project(tmp_path / "plain")
    return open_dataset(project, enter(project, items, palette=palette))


def test_an_edit_is_about_what_it_changes(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, [*records(4), *records(4, split="test", start=4)])
    everything = np.arange(8)
    moved = edits.moved(dataset, everything, "test")
    assert moved is not None
    assert moved.text == "4 images moved to test"
    assert moved.parts["test"].tolist() == [0, 1, 2, 3]
    assert edits.moved(dataset, np.arange(4, 8), "test") is None
    assert edits.included(dataset, everything) is None
    labelled = edits.relabelled(dataset, everything, label_set="class", label=0)
    assert labelled is not None
    assert labelled.text == "4 images given the class cat"
    assert labelled.parts["0"].tolist() == [1, 2, 5, 6]
    single = edits.excluded(dataset, np.array([2]))
    assert single is not None
    assert single.text == "1 image excluded"


def test_a_class_gets_only_names_that_it_can_have(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, records(3))
    renamed = edits.renamed(dataset, label_set="class", label=1, name="  great   hound ")
    assert renamed is not None
    assert renamed.value == "great hound"
    assert renamed.text == "class dog renamed to great hound"
    assert edits.renamed(dataset, label_set="class", label=1, name="dog") is None
    for wrong, why in (("owl", "called owl already"), ("  ", "needs a name"), ("a\x07", "control"), ("x" * 201, "200")):
        with pytest.raises(ValueError, match=why):
            edits.renamed(dataset, label_set="class", label=1, name=wrong)


# Splits


@given(st.integers(3, 30), st.integers(0, 99))
def test_new_splits_put_every_item_somewhere(count: int, seed: int) -> None:
    chosen = np.random.default_rng(seed).permutation(count)
    parts = {"train": np.sort(chosen[: count // 2]), "validation": np.sort(chosen[count // 2 : count - 1])}
    stand_in: Any = type("Stand", (), {"state": type("S", (), {"__len__": lambda self: count})()})()
    edit = edits.divided(stand_in, parts, protocol="random")
    everything = np.concatenate(list(edit.parts.values()))
    assert sorted(everything.tolist()) == list(range(count))
    assert edit.value == "random"


def test_a_plan_is_seen_before_it_is_made(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, records(60))
    plan = Plan(protocol="random", seed=3, validation=0.2, test=0.1, label_set="class")
    found = outcome(dataset, plan)
    assert found.name == "random 70/20/10 · seed 3"
    assert {split: len(items) for split, items in found.parts.items()} == {"train": 42, "validation": 12, "test": 6}
    assert found.groups == 0
    assert set(dataset.state.splits) == {"train"}  # nothing is made yet
    splits, counts = class_counts(found.dataset, "class")
    assert splits == ["train", "validation", "test"]
    assert counts[:3].tolist() == [[14, 4, 2]] * 3
    assert "split " in found.badge
    assert found.warnings == ()


def test_groups_stay_together_and_are_counted(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, records(40))
    for rule in ("source", r"/(\d)_"):
        found = outcome(dataset, Plan(seed=1, validation=0.25, test=0.25, label_set="class", groups=rule))
        assert found.groups == 4
        assert found.sizes == (10, 10)
        where = {str(number % 4): set() for number in range(4)}
        for split, items in found.parts.items():
            for item in items.tolist():
                where[str(item % 4)].add(split)
        assert all(len(splits) == 1 for splits in where.values())
    with pytest.raises(UserError, match="no pattern"):
        outcome(dataset, Plan(label_set="class", groups="("))


def test_what_is_wrong_with_splits_is_said(tmp_path: Path) -> None:
    items = [*records(9), *records(2, split="validation", start=9)]
    dataset = dataset_of(tmp_path, items)
    found = outcome(dataset, Plan(protocol="k-fold", folds=3, fold=1, label_set="class"))
    assert found.name.startswith("k-fold 1 of 3")
    warnings = warnings_of(dataset, label_set="class", groups=dataset.items.groups())
    assert any("Validation has no item of owl" in warning for warning in warnings)
    assert any("across splits: 0, 1" in warning for warning in warnings)


def test_protocols_that_do_not_fit_are_not_offered(tmp_path: Path) -> None:
    assert protocols_for(dataset_of(tmp_path, records(9))) == ["random", "grouped", "hold-out", "k-fold"]
    both = [*records(9), *records(6, split="test", start=9)]
    assert "train-test" in protocols_for(dataset_of(tmp_path / "both", both))


def test_what_made_the_splits_is_told(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    items = [*records(24), *records(9, split="validation", start=24)]
    dataset = opened(qtbot, model, enter(workspace.opened(), items))
    assert made_by(dataset) == ""
    assert edits.published_again(dataset) is None
    assert measured_on(dataset, label_set="class").startswith("published 24+9")
    found = outcome(dataset, Plan(seed=5, label_set="class"))
    with qtbot.waitSignal(model.edited):
        model.edit(edits.divided(dataset, found.parts, protocol=found.name))
    assert model.dataset is not None
    assert made_by(model.dataset) == "random 70/15/15 · seed 5"
    assert measured_on(model.dataset, label_set="class") == found.badge
    with qtbot.waitSignal(model.edited):
        model.edit(edits.moved(model.dataset, np.arange(33), "train"))
    assert "by hand" in made_by(model.dataset)
    with qtbot.waitSignal(model.edited):
        model.edit(edits.published_again(model.dataset))
    assert model.dataset.state.splits.tolist() == dataset.items.splits().tolist()
    assert made_by(model.dataset) == ""


# Statistics


def facts_of(project: Project, row: DatasetRow) -> Any:
    work = report.examine_dataset(project, row)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_channels_are_those_of_all_pixels(tmp_path: Path) -> None:
    project = Project(tmp_path / "plain")
    generator = np.random.default_rng(SEED)
    pictures = [image(generator) // (1 + number % 3) for number in range(8)]
    items = [
        Record(image=encode_png(pixels), labels=(0,), split="train" if number < 5 else "test", name=f"{number}.png")
        for number, pixels in enumerate(pictures)
    ]
    row = enter(project, items)
    dataset = open_dataset(project, row)
    statistics = statistics_of(dataset, facts_of(project, row))
    assert [channels.split for channels in statistics.channels] == ["train", "test", "all"]
    for channels, chosen in zip(statistics.channels, (pictures[:5], pictures[5:], pictures), strict=True):
        pixels = np.stack(chosen).reshape(-1, 3) / 255
        assert channels.images == len(chosen)
        np.testing.assert_allclose(channels.mean, pixels.mean(0), atol=1e-4)
        np.testing.assert_allclose(channels.deviation, pixels.std(0), atol=1e-4)
    assert statistics.sizes == ((6, 4, 8),)
    assert statistics.tables[0].rows == (("PNG", "colour (RGB)", 8, 1.0),)


def test_excluded_items_are_not_counted(qtbot: QtBot, workspace: Workspace, model: DatasetModel) -> None:
    dataset = opened(qtbot, model, enter(workspace.opened(), records(12)))
    qtbot.waitUntil(lambda: model.statistics is not None)
    with qtbot.waitSignals([model.edited, model.examined]):
        model.edit(edits.excluded(dataset, np.arange(4)))
    assert model.statistics is not None
    assert (model.statistics.items, model.statistics.excluded) == (8, 4)
    assert model.dataset is not None
    assert class_counts(model.dataset, "class")[1].sum() == 8


def test_mask_pixels_are_counted_a_class_and_split(tmp_path: Path) -> None:
    palette = Palette(classes=("land", "water"), colours=((0, 255, 0), (0, 0, 255)), coding="colour")
    generator = np.random.default_rng(SEED)
    items, water = [], []
    for number, split in enumerate(("train", "train", "test")):
        mask = np.zeros((4, 6, 3), np.uint8)
        mask[..., 1] = 255
        mask[: number + 1] = (0, 0, 255)
        water.append(6 * (number + 1))
        items.append(
            Record(image=encode_png(image(generator)), labels=(), split=split, name=f"{number}", mask=encode_png(mask))
        )
    project = Project(tmp_path / "plain")
    row = enter(project, items, palette=palette)
    dataset = open_dataset(project, row)
    assert edits.label_sets(dataset) == (MASK,)
    table = statistics_of(dataset, facts_of(project, row)).tables[0]
    assert table.header == ("Class", "Pixels", "Images", "Share of train", "Share of test", "Share of all")
    name, pixels, images, train, test, whole = table.rows[1]
    assert (name, pixels, images) == ("water", sum(water), 3)
    assert train == pytest.approx(18 / 48)
    assert test == pytest.approx(18 / 24)
    assert whole == pytest.approx(36 / 72)
    splits, counts, shares = mask_class_counts(dataset, facts_of(project, row))
    assert (splits, counts.tolist()) == (["train", "test"], [[2, 1], [2, 1]])
    assert shares.tolist() == [36 / 72, 36 / 72]


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=60) | st.lists(st.integers(90, 110), min_size=1, max_size=60)
)
def test_the_bars_of_a_histogram_hold_every_value_once(values: list[int]) -> None:
    spread = Spread(name="Width", unit="pixels", values=np.array(values, np.float64), items=np.arange(len(values)))
    bins = bins_of(spread)
    assert len(bins) <= 42
    assert sum(one.count for one in bins) == len(values)
    for one in bins:
        assert one.count == sum(one.low <= value <= one.high for value in values)


@given(st.lists(st.floats(0.01, 100, allow_nan=False), min_size=1, max_size=60))
def test_ratios_are_counted_as_well(values: list[float]) -> None:
    spread = Spread(name="Width to height", unit="", values=np.array(values), items=np.arange(len(values)))
    assert sum(one.count for one in bins_of(spread)) == len(values)

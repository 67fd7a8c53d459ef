"""The Unknown page: scores of known and unknown items, the threshold in all its forms, what it accepts and rejects."""

from pathlib import Path

import numpy as np
import pytest
from gallery_samples import dataset, encoded
from inspection_samples import inspected
from lint_samples import entered, shades
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from sklearn.metrics import average_precision_score, roc_auc_score

from workbench.engine.data.opened import Dataset
from workbench.engine.inspection.inspection import Inspection
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.knownness import KNOWN, Threshold, sample
from workbench.gui.theme import Theme
from workbench.gui.units import plain
from workbench.gui.widgets.inspect.histograms import Group, Histograms
from workbench.gui.widgets.inspect.score_scale import Scale
from workbench.gui.widgets.inspect.unknown import UnknownPage
from workbench.gui.workspace import Workspace

COUNT, UNKNOWNS = 40, 30
CLASSES = ("ants", "bees", "wasps")


def known_items(*, seed: int = 0, count: int = COUNT, **more: object) -> Inspection:
    """Mostly right, the surer the larger the number of an item."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    logits = random.normal(size=(count, 3))
    logits[np.arange(count), labels] += np.linspace(0.5, 5, count)
    features = np.eye(3)[labels] * 4 + random.normal(size=(count, 3))
    return inspected(labels, logits, classes=CLASSES, features=features, **more)  # type: ignore[arg-type]


def unknown_items(*, seed: int = 1, **more: object) -> Inspection:
    random = np.random.default_rng(seed)
    logits = random.normal(size=(UNKNOWNS, 3)) * 1.5
    features = random.normal(size=(UNKNOWNS, 3))
    return inspected(np.full(UNKNOWNS, -1), logits, classes=CLASSES, features=features, **more)  # type: ignore[arg-type]


def highest(inspection: Inspection) -> np.ndarray:
    """The likeliest class's probability, computed plainly."""
    powers = np.exp(inspection.logits.astype(float))
    shares: np.ndarray = (powers / powers.sum(1, keepdims=True)).max(1)
    return shares


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = tmp_path_factory.mktemp("known")
    files = {f"{item:02}.png": (encoded(np.full((4, 4, 3), item, np.uint8)), -1, "") for item in range(COUNT)}
    return dataset(folder, files)


@pytest.fixture
def model(workspace: Workspace) -> InspectionModel:
    return InspectionModel(workspace, workspace)


@pytest.fixture
def page(qtbot: QtBot, model: InspectionModel, theme: Theme) -> UnknownPage:
    page = UnknownPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    return page


def scored(qtbot: QtBot, page: UnknownPage) -> None:
    qtbot.waitUntil(lambda: not page.knownness.busy and bool(page.knownness.scored))


def choose(page: UnknownPage, id: str) -> None:
    page.score.setCurrentIndex(page.score.findData(id))


def rejected(values: np.ndarray, threshold: float) -> int:
    return int((values < threshold - 1e-9).sum())  # the last digit depends on the order of sums


# Samples


def test_a_sample_answers_every_threshold_as_counting_does() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 8, 60) / 8  # with many equals
    right, items = random.random(60) < 0.7, random.permutation(1000)[:60]
    one = sample("x", items, scores, right)
    for threshold in np.linspace(-0.1, 1.1, 49):
        below = scores < threshold
        assert one.rejected(threshold) == below.sum()
        assert one.right_accepted(threshold) == (right & ~below).sum()
        first, second = one.divided(threshold)
        assert sorted(first) == sorted(items[below])
        assert sorted(second) == sorted(items[~below])
        of = dict(zip(items.tolist(), scores.tolist(), strict=True))
        assert [of[item] for item in first.tolist()] == sorted((of[item] for item in first.tolist()), reverse=True)
        assert [of[item] for item in second.tolist()] == sorted(of[item] for item in second.tolist())


def test_a_share_is_accepted_by_the_highest_threshold_that_does() -> None:
    scores = np.random.default_rng(1).random(37)
    one = sample("x", np.arange(37), scores, np.ones(37, bool))
    for share in (0.01, 0.5, 0.95, 1.0):
        threshold = one.threshold_for(share)
        assert (scores >= threshold).mean() >= share
        assert (scores > threshold).mean() < share
    assert one.threshold_for(0.0) == np.inf


def test_odds_spread_what_crowds_below_one() -> None:
    scale, values = Scale(odds=True), np.array([0.01, 0.5, 0.9, 0.99, 0.999, 1.0])
    places = scale.to_axis(values)
    assert (np.diff(places) > 0).all()
    assert places[1] == 0
    assert places[4] - places[3] == pytest.approx(places[3] - places[2], rel=0.1)
    assert [scale.from_axis(place) for place in places.tolist()] == pytest.approx(values.tolist(), abs=1e-8)


# The page


def test_at_first_95_percent_of_the_known_are_accepted(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    known = known_items()
    model.show(known)
    scored(qtbot, page)
    assert page.threshold is not None
    values, threshold = highest(known), page.threshold.value
    assert page.threshold.score == "max-probability"
    assert rejected(values, threshold) == 2
    right = known.logits.argmax(1) == known.labels
    accepted = values >= threshold - 1e-9
    [words] = page.verdicts.sentences
    assert "38 of 40 accepted (95.00 %), 2 rejected" in words
    assert f"Right: of the accepted {100 * right[accepted].mean():.2f} %" in words
    assert f"all {100 * right.mean():.2f} %" in words
    assert page.bar.share.value() == 95.0
    assert page.histograms.isVisible()


def test_every_way_moves_the_same_threshold(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    known, strange = known_items(), unknown_items()
    model.put_unknowns("birds", strange)
    model.show(known)
    model.put_unknowns("birds", strange)
    scored(qtbot, page)
    qtbot.waitUntil(lambda: len(page.verdicts.sentences) == 2)
    values, others = highest(known), highest(strange)

    def agree() -> float:
        assert page.threshold is not None
        threshold = page.threshold.value
        out, caught = rejected(values, threshold), rejected(others, threshold)
        first, second = page.verdicts.sentences
        assert f"{COUNT - out} of {COUNT} accepted" in first
        assert f"{caught} of {UNKNOWNS} rejected" in second
        assert f"{UNKNOWNS - caught} taken for a class" in second
        assert page.bar.share.value() == pytest.approx(100 * (1 - out / COUNT), abs=0.05)
        assert page.bar.number.value() == pytest.approx(threshold, abs=1e-6)
        assert page.histograms.threshold == threshold
        return threshold

    seen = [agree()]
    page.bar.share.setValue(50.0)
    seen.append(agree())
    assert rejected(values, seen[-1]) == COUNT // 2
    page.bar.number.setValue(0.9)
    seen.append(agree())
    assert seen[-1] == 0.9
    page.bar.slider.setValue(300)
    seen.append(agree())
    page.histograms.setFocus()
    qtbot.keyClick(page.histograms, Qt.Key.Key_PageUp)
    seen.append(agree())
    assert seen[-1] > seen[-2]
    qtbot.keyClick(page.histograms, Qt.Key.Key_Left)
    seen.append(agree())
    assert seen[-1] < seen[-2]
    area = page.histograms.area().toRect()
    place = QPoint(area.left() + area.width() * 3 // 4, area.center().y())
    qtbot.mousePress(page.histograms, Qt.MouseButton.LeftButton, pos=place)
    seen.append(agree())
    assert page.histograms.x_of(seen[-1]) == pytest.approx(place.x(), abs=0.01)
    qtbot.mouseMove(page.histograms, QPoint(area.left() + area.width() // 4, 5))
    qtbot.mouseRelease(page.histograms, Qt.MouseButton.LeftButton, pos=place)
    seen.append(agree())
    assert page.histograms.x_of(seen[-1]) == pytest.approx(area.left() + area.width() // 4, abs=0.01)
    assert len(set(seen)) == len(seen)
    page.bar.share.setValue(0.0)
    assert f"0 of {COUNT} accepted" in page.verdicts.sentences[0]


def test_another_score_accepts_the_same_share(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    known = known_items()
    model.show(known)
    scored(qtbot, page)
    page.bar.share.setValue(75.0)
    choose(page, "energy")
    assert page.threshold is not None
    assert page.threshold.score == "energy"
    energy = np.log(np.exp(known.logits.astype(float)).sum(1))
    assert rejected(energy, page.threshold.value) == COUNT // 4
    assert page.bar.share.value() == 75.0


def test_the_model_is_told_when_the_hand_rests(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    model.show(known_items())
    scored(qtbot, page)
    page.bar.number.setValue(0.7)
    qtbot.waitUntil(lambda: model.threshold == Threshold(score="max-probability", value=0.7))


def test_the_training_items_bring_two_more_scores(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    model.show(known_items())
    scored(qtbot, page)
    assert [page.score.itemData(row) for row in range(page.score.count())] == ["max-probability", "energy"]
    choose(page, "energy")
    page.bar.share.setValue(75.0)
    model.put(known_items(seed=5, split="train", items=np.arange(100, 140)))
    qtbot.waitUntil(lambda: page.score.count() == 4)
    assert page.score.currentData() == "energy"
    choose(page, "feature-distance")
    assert page.threshold is not None
    assert page.threshold.score == "feature-distance"
    assert page.bar.share.value() == 75.0  # though the energies that were a threshold are out of its range


def test_the_grids_hold_both_sides_nearest_first(
    qtbot: QtBot, page: UnknownPage, model: InspectionModel, data: Dataset
) -> None:
    known = known_items()
    model.show(known, dataset=data)
    scored(qtbot, page)
    page.bar.share.setValue(50.0)
    order = np.argsort(highest(known), kind="stable").tolist()
    qtbot.waitUntil(lambda: page.items.rejected.shown.tolist() == order[: COUNT // 2][::-1])
    assert page.items.accepted.shown.tolist() == order[COUNT // 2 :]
    with qtbot.waitSignal(model.item_opened) as opened:
        page.items.accepted.set_current(order[-1])
        qtbot.keyClick(page.items.accepted.gallery, Qt.Key.Key_Return)
    assert opened.args == [order[-1]]
    page.bar.share.setValue(100.0)
    qtbot.waitUntil(lambda: not len(page.items.rejected.shown))
    assert "rejects none" in page.items.rejected.empty_text
    page.items.rejected.clear()
    page.items.accepted.clear()
    qtbot.waitUntil(lambda: not page.items.rejected.busy and not page.items.accepted.busy)


def test_unknown_items_can_be_looked_at_too(
    qtbot: QtBot, page: UnknownPage, model: InspectionModel, data: Dataset
) -> None:
    strange = unknown_items()
    model.show(known_items())
    model.put_unknowns("birds", strange, dataset=data)
    qtbot.waitUntil(lambda: page.items.choice.count() == 2)
    page.items.choice.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(page.items.rejected.shown) + len(page.items.accepted.shown) == UNKNOWNS)
    assert page.threshold is not None
    assert len(page.items.rejected.shown) == rejected(highest(strange), page.threshold.value)
    model.remove_unknowns("birds")
    qtbot.waitUntil(lambda: page.items.chosen == KNOWN)
    assert not len(page.items.accepted.shown)  # there are no pictures of the known ones here
    assert "not at hand" in page.items.accepted.empty_text


def test_the_table_compares_scores_on_every_set(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    known, sets = known_items(), {"birds": unknown_items(), "fish": unknown_items(seed=9)}
    model.show(known)
    for name, one in sets.items():
        model.put_unknowns(name, one)
    qtbot.waitUntil(lambda: page.table.table.rowCount() == 4)
    rows = [[page.table.table.text(row, column) for column in range(7)] for row in range(4)]
    assert [row[:2] for row in rows] == [
        ["birds", "Highest probability"], ["birds", "Energy"], ["fish", "Highest probability"], ["fish", "Energy"],
    ]  # fmt: skip
    threshold = np.sort(highest(known))[2]
    for name, row in (("birds", rows[0]), ("fish", rows[2])):
        values = np.concatenate([highest(known), highest(sets[name])])
        truth = np.arange(len(values)) < COUNT
        assert row[2].removeprefix("★ ") == f"{100 * roc_auc_score(truth, values):.2f} %"
        assert row[3].removeprefix("★ ") == f"{100 * average_precision_score(truth, values):.2f} %"
        assert row[4].removeprefix("★ ") == f"{100 * (highest(sets[name]) >= threshold).mean():.2f} %"
        assert row[5:] == [str(COUNT), str(UNKNOWNS)]
    for first, second in (rows[:2], rows[2:]):
        numbers = [[float(cell.strip("★ %")) for cell in row[2:5]] for row in (first, second)]
        for column, better in ((0, max), (1, max), (2, min)):
            best = better(numbers[0][column], numbers[1][column])
            for row, values_of in zip((first, second), numbers, strict=True):
                assert row[2 + column].startswith("★") == (values_of[column] == best)


def test_a_catch_all_class_stands_beside_the_thresholds(
    qtbot: QtBot, page: UnknownPage, model: InspectionModel
) -> None:
    random = np.random.default_rng(3)
    labels = random.integers(0, 3, 60)
    logits = random.normal(size=(60, 3))
    logits[np.arange(60), labels] += 2
    classes = ("ants", "bees", "other things")
    model.show(inspected(labels, logits, classes=classes, catch_all=2))
    third = inspected(np.full(20, -1), random.normal(size=(20, 3)), classes=classes, catch_all=2)
    model.put_unknowns("a third kind", third)
    qtbot.waitUntil(lambda: page.table.table.rowCount() == 6)
    told = [(page.table.table.text(row, 0), page.table.table.text(row, 1)) for row in range(6)]
    scores = ["Highest probability", "Energy", "Catch-all class"]
    assert told == [(name, score) for name in ("other things", "a third kind") for score in scores]
    page.tabs.setCurrentIndex(1)
    assert any("never trained on" in label.text() for label in page.table.findChildren(type(page._hint)))
    known, own, _ = page.verdicts.sentences
    assert f"of {(labels < 2).sum()} accepted" in known
    assert f"of {(labels == 2).sum()} rejected" in own
    choose(page, "catch-all")
    assert page.threshold is not None
    shares = np.exp(logits.astype(np.float32).astype(float))
    value = 1 - shares[:, 2] / shares.sum(1)
    assert rejected(value[labels < 2], page.threshold.value) == int(0.05 * (labels < 2).sum())


def test_items_of_known_classes_in_another_dataset_are_not_unknown(
    qtbot: QtBot, page: UnknownPage, model: InspectionModel
) -> None:
    mixed = np.where(np.arange(COUNT) < 10, 1, -1)
    model.show(known_items())
    model.put_unknowns("birds", inspected(mixed, known_items().logits, classes=CLASSES))
    qtbot.waitUntil(lambda: len(page.verdicts.sentences) == 2)
    assert f"of {COUNT - 10} rejected" in page.verdicts.sentences[1]


def test_without_unknown_items_it_says_how_to_add_some(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    model.show(known_items())
    scored(qtbot, page)
    assert page._hint.isVisible()
    model.put_unknowns("birds", unknown_items())
    qtbot.waitUntil(lambda: not page._hint.isVisible())
    remove = page.findChild(QToolButton, "inspect.unknown-remove-0")
    assert "birds" in remove.accessibleName()
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert model.unknown_names == ()
    qtbot.waitUntil(page._hint.isVisible)


def test_other_datasets_of_the_project_can_be_added(
    qtbot: QtBot, page: UnknownPage, model: InspectionModel, workspace: Workspace, tmp_path: Path
) -> None:
    own, _ = entered(workspace.opened(), shades(tmp_path / "own"))
    other, _ = entered(workspace.opened(), shades(tmp_path / "other", {"a/more.png": encoded(np.eye(3, dtype=bool))}))
    model.show(known_items(dataset=own.id))
    asked: list[str] = []
    model.add_unknowns = asked.append  # type: ignore[method-assign]
    menu = page.findChild(QPushButton, "inspect.unknown-add").menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == [other.name]
    menu.actions()[0].trigger()
    assert asked == [other.name]


def test_what_is_not_there_is_said(qtbot: QtBot, page: UnknownPage, model: InspectionModel) -> None:
    assert page.threshold is None
    assert "Choose a run" in page.items.rejected.empty_text
    assert not page.bar.isEnabled()
    assert page.figures() == {}
    model.show(unknown_items())
    scored(qtbot, page)
    assert "None of these items has a label" in page.items.rejected.empty_text
    assert page.threshold is None
    model.show(known_items(run="run-2"))
    qtbot.waitUntil(lambda: page.threshold is not None)
    assert list(page.figures().values()) == [page.histograms]
    model.forget()
    assert page.threshold is None
    assert page.score.count() == 0


def test_out_of_view_nothing_is_scored(qtbot: QtBot, model: InspectionModel, theme: Theme) -> None:
    page = UnknownPage(model, theme)
    qtbot.addWidget(page)
    model.show(known_items())
    assert not page.knownness.busy
    page.show()
    scored(qtbot, page)
    assert model.threshold is not None
    page.hide()
    model.set_threshold(None)
    model.show(known_items(seed=3, run="run-2"))
    assert model.threshold is None  # what was scored before is of another run
    page.show()
    qtbot.waitUntil(lambda: model.threshold is not None)


def test_choices_are_remembered(qtbot: QtBot, page: UnknownPage, model: InspectionModel, theme: Theme) -> None:
    model.show(known_items())
    scored(qtbot, page)
    choose(page, "energy")
    page.bar.share.setValue(80.0)
    another = UnknownPage(model, theme)
    qtbot.addWidget(another)
    another.restore(page.state())
    another.show()
    scored(qtbot, another)
    qtbot.waitUntil(lambda: another.score.currentData() == "energy")
    assert another.bar.share.value() == 80.0
    another.restore({"score": 7, "share": "much"})


def test_the_axis_reaches_nearly_all_values(qtbot: QtBot, theme: Theme) -> None:
    plot = Histograms(theme, name="test.histograms")
    qtbot.addWidget(plot)
    values = np.append(np.linspace(10, 20, 999), 1e6)
    plot.show_groups([Group(title="a", values=values), Group(title="b", values=np.empty(0))])
    assert 9 < plot.low < 11
    assert 19 < plot.high < 21
    plot.show_groups([Group(title="a", values=np.full(5, 3.0))])
    assert plot.low < 3 < plot.high


def test_where_nothing_is_accepted_another_score_has_a_finite_threshold(
    qtbot: QtBot, page: UnknownPage, model: InspectionModel
) -> None:
    model.show(known_items())
    scored(qtbot, page)
    page.histograms.moved.emit(2.0)  # more than any probability
    assert page.threshold is not None
    choose(page, "energy")
    assert page.threshold.score == "energy"
    assert np.isfinite(page.threshold.value)
    assert page.knownness.scored["energy"].samples[0].rejected(page.threshold.value) == len(model.inspection or ())


@pytest.mark.parametrize(
    ("value", "text"), [(np.inf, "∞"), (-np.inf, "\N{MINUS SIGN}∞"), (np.nan, "–"), (0.25, "0.25")]
)
def test_every_number_has_words(value: float, text: str) -> None:
    assert plain(value, digits=3) == text

"""The Embedding page: where points lie, what colours them, the legend, what is selected and what becomes of it."""

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import dataset, encoded
from inspection_samples import inspected
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QToolButton
from pytestqt.qtbot import QtBot

from workbench.engine import events as ev
from workbench.engine.data.opened import Dataset
from workbench.engine.inspection import projection
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.projection import Placed
from workbench.gui.models import colouring
from workbench.gui.models.embedding import PCA, TSNE
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.embedding import EmbeddingPage
from workbench.gui.widgets.inspect.point_looks import group_looks
from workbench.gui.workspace import Workspace

COUNT = 40
CLASSES = ("ants", "bees", "wasps")
LEFT = Qt.MouseButton.LeftButton


def answers(*, split: str = "validation", first: int = 0, seed: int = 0, run: str = "run-1") -> Inspection:
    """Three blobs in a plane that lies askew among six features; items 3 and 4 have no label, some are wrong."""
    random = np.random.default_rng(seed)
    labels = np.arange(COUNT) % 3
    plane = np.array([[0, 0], [9, 0], [0, 5]])[labels] + random.normal(size=(COUNT, 2))
    axes = np.linalg.qr(np.random.default_rng(9).normal(size=(6, 2)))[0]
    features = plane @ axes.T + 0.01 * random.normal(size=(COUNT, 6))
    logits = random.normal(size=(COUNT, 3)) + 2 * np.eye(3)[labels]
    labels[[3, 4]] = -1
    return inspected(
        labels, logits, classes=CLASSES, features=features, split=split, items=np.arange(first, first + COUNT), run=run
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = tmp_path_factory.mktemp("points")
    files = {f"{item:02}.png": (encoded(np.full((4, 4, 3), item, np.uint8)), -1, "") for item in range(2 * COUNT)}
    return dataset(folder, files)


@pytest.fixture
def model(workspace: Workspace) -> InspectionModel:
    return InspectionModel(workspace, workspace)


@pytest.fixture
def page(qtbot: QtBot, model: InspectionModel, theme: Theme) -> EmbeddingPage:
    page = EmbeddingPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1000, 600)
    page.show()
    return page


@pytest.fixture
def filled(qtbot: QtBot, page: EmbeddingPage, model: InspectionModel, data: Dataset) -> Iterator[EmbeddingPage]:
    model.show(answers(), dataset=data)
    placed(qtbot, page)
    yield page
    page.selected.clear()
    page.card.set_dataset(None)


def placed(qtbot: QtBot, page: EmbeddingPage) -> None:
    qtbot.waitUntil(lambda: page.embedding.cloud is not None and not page.embedding.busy)


def choose(page: EmbeddingPage, key: str) -> None:
    box = page.findChild(QComboBox, "inspect.embedding-colour")
    assert box.findData(key) >= 0
    box.setCurrentIndex(box.findData(key))


def colours(page: EmbeddingPage) -> list[str]:
    return [f"#{colour:06x}" for colour in page.scatter._colours.tolist()]


def legend(page: EmbeddingPage) -> list[str]:
    return [page.legend.list.item(row).text() for row in range(page.legend.list.count())]


def test_the_principal_components_are_there_at_once(filled: EmbeddingPage) -> None:
    features = answers().features.astype(float)
    centred = features - features.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    wanted = centred @ axes[:2].T
    found = filled.scatter.points.astype(float)
    for column in range(2):
        sign = np.sign(found[0, column] * wanted[0, column])
        np.testing.assert_allclose(found[:, column], sign * wanted[:, column], atol=1e-3)
    share = (wanted**2).sum(0) / (centred**2).sum()
    assert f"across {100 * share[0]:.2f} %" in filled._caption.whole
    assert "validation 40" in filled._caption.whole
    assert "random 70/20/10" in filled._caption.whole
    assert list(filled.figures().values()) == [filled.scatter]


def test_labels_have_colours_forms_and_names(filled: EmbeddingPage, theme: Theme) -> None:
    assert legend(filled) == ["ants  13", "bees  12", "wasps  13", "no label  2"]
    labels = answers().labels
    for label in range(3):
        assert {colours(filled)[item] for item in np.flatnonzero(labels == label)} == {theme.series_colour(label)}
    shapes = filled.scatter._shapes
    assert len({int(shapes[labels == label][0]) for label in (-1, 0, 1, 2)}) == 4
    before = filled.scatter.grab().toImage()
    filled.findChild(QCheckBox, "inspect.embedding-names").setChecked(False)
    assert filled.scatter.grab().toImage() != before


def test_a_hundred_classes_are_told_apart_by_colour_and_form(theme: Theme) -> None:
    names = tuple(map(str, range(102)))
    inks, forms = group_looks(theme, colouring.Groups(names=names, codes=np.arange(102)))
    pairs = list(zip(inks.tolist(), forms.tolist(), strict=True))
    assert len(set(pairs[:50])) == 50
    assert all(a != b for a, b in zip(forms.tolist(), forms.tolist()[1:], strict=False))


def test_a_group_is_brought_forward_and_goes_back(qtbot: QtBot, filled: EmbeddingPage) -> None:
    row = filled.legend.list.visualItemRect(filled.legend.list.item(1)).center()
    qtbot.mouseClick(filled.legend.list.viewport(), LEFT, pos=row)
    front = filled.scatter._front
    assert front is not None
    assert front.tolist() == (answers().labels == 1).tolist()
    qtbot.mouseClick(filled.legend.list.viewport(), LEFT, pos=row)
    assert filled.scatter._front is None


def test_right_and_wrong_and_prediction(filled: EmbeddingPage) -> None:
    choose(filled, colouring.RIGHT)
    shown = answers()
    right = int((shown.predicted == shown.labels).sum())
    assert legend(filled) == [f"right  {right}", f"wrong  {COUNT - 2 - right}", "no label  2"]
    choose(filled, colouring.PREDICTION)
    counts = np.bincount(shown.predicted)
    assert legend(filled) == [f"{name}  {count}" for name, count in zip(CLASSES, counts, strict=True)]


def test_confidence_is_a_scale_of_colours(filled: EmbeddingPage, theme: Theme) -> None:
    choose(filled, colouring.CONFIDENCE)
    confidence = answers().confidence
    assert colours(filled)[int(confidence.argmin())] == theme.series_colour(1)
    low, _, high = filled.legend.scale.texts
    assert high == "100.00 %"
    assert float(low.strip(" %")) == pytest.approx(100 * np.quantile(confidence, 0.01), abs=0.01)
    before = colours(filled)
    theme.choose("dark")
    assert colours(filled) != before
    assert colours(filled)[int(confidence.argmin())] == theme.series_colour(1)


def test_a_score_of_the_unknown_colours_when_it_is_there(qtbot: QtBot, filled: EmbeddingPage) -> None:
    choose(filled, "score:energy")
    energy = np.log(np.exp(answers().logits.astype(float)).sum(1))
    qtbot.waitUntil(lambda: bool(filled.legend.scale.texts))
    low, middle, high = (float(text) for text in filled.legend.scale.texts)
    assert (low, high) == pytest.approx(np.quantile(energy, (0.01, 0.99)), rel=0.01)
    assert middle == pytest.approx((low + high) / 2, rel=0.01)
    assert len(set(colours(filled))) > 10
    filled.scatter.hovered.emit(5)
    assert f"Known by: Energy: {energy[5]:.4g}" in filled.card.text


def test_a_score_that_needs_the_training_items_waits_for_them(
    qtbot: QtBot, page: EmbeddingPage, model: InspectionModel
) -> None:
    model.counts = {"train": COUNT}
    model.show(answers())
    placed(qtbot, page)
    wanted: list[str] = []
    model.want = wanted.append  # type: ignore[method-assign]
    choose(page, "score:feature-distance")
    assert wanted == ["train"]
    assert not page.legend.scale.texts
    model.put(answers(split="train", first=COUNT, seed=1))
    qtbot.waitUntil(lambda: bool(page.legend.scale.texts))


def test_several_splits_lie_in_one_plane(qtbot: QtBot, filled: EmbeddingPage, model: InspectionModel) -> None:
    model.counts = {"validation": COUNT, "train": COUNT}
    model.put(answers(split="train", first=COUNT, seed=1))
    model.divided.emit()
    filled.findChild(QCheckBox, "inspect.embedding-with-train").setChecked(True)
    qtbot.waitUntil(lambda: len(filled.scatter.points) == 2 * COUNT)
    choose(filled, colouring.SPLIT)
    assert legend(filled) == ["validation  40", "train  40"]
    heard: list[tuple[list[int], str]] = []
    model.items_wanted.connect(lambda items, title: heard.append((items.tolist(), title)))
    filled.scatter.set_selection(np.array([5, 6, 70]))
    filled.scatter.lassoed.emit(filled.scatter.selection)
    assert filled.selected.grid.shown.tolist() == [5, 6, 70]
    assert filled.selected.show_button.text() == "Show the 2 of validation"
    qtbot.mouseClick(filled.selected.show_button, LEFT)
    assert heard == [([5, 6], "2 selected in the embedding")]
    filled.findChild(QCheckBox, "inspect.embedding-with-train").setChecked(False)
    qtbot.waitUntil(lambda: len(filled.scatter.points) == COUNT)


def test_what_is_selected_is_shown_and_wanted(qtbot: QtBot, filled: EmbeddingPage, model: InspectionModel) -> None:
    filled.scatter.setFocus()
    assert not filled.selected.show_button.isEnabled()
    qtbot.keyClick(filled.scatter, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert filled.selected.grid.shown.tolist() == list(range(COUNT))
    assert filled.selected.show_button.text() == f"Show these {COUNT} items"
    with qtbot.waitSignal(model.items_wanted) as wanted:
        qtbot.mouseClick(filled.selected.show_button, LEFT)
    assert wanted.args[0].tolist() == list(range(COUNT))
    qtbot.mouseClick(filled.selected.clear_button, LEFT)
    assert not len(filled.scatter.selection)
    assert not len(filled.selected.grid.shown)
    qtbot.mouseClick(filled.scatter, LEFT, pos=filled.scatter.place(7).toPoint())
    assert filled.selected.grid.shown.tolist() == [7]
    assert filled.selected.show_button.text() == "Show this item"
    with qtbot.waitSignal(model.item_opened) as opened:
        filled.selected.grid.opened.emit(7)
    assert opened.args == [7]


def test_hovering_shows_what_is_said_of_a_point(qtbot: QtBot, filled: EmbeddingPage) -> None:
    shown = answers()
    wrong = int(np.flatnonzero(shown.known & (shown.predicted != shown.labels))[0])
    filled.scatter.hovered.emit(wrong)
    assert filled.card.text.splitlines()[0] == f"{wrong:02}.png"
    truth, said = CLASSES[shown.labels[wrong]], CLASSES[shown.predicted[wrong]]
    assert f"{said} {100 * shown.confidence[wrong]:.2f} %: wrong, it is {truth}" in filled.card.text
    assert truth in filled.scatter.accessibleDescription()
    assert not filled.card.isHidden()
    qtbot.waitUntil(lambda: not filled.card._picture.pixmap().isNull())
    filled.scatter.hovered.emit(3)
    assert "no label" in filled.card.text
    filled.scatter.hovered.emit(-1)
    assert filled.card.isHidden()


class Rounds:
    """Stands in for t-SNE: places the points at the number of the round, and goes on until it is let go or stopped."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.closed, self.last = 0, 3

    def __call__(self, features: np.ndarray, *, perplexity: float) -> Generator[ev.Event, None, np.ndarray]:
        self.asked.append(perplexity)
        spread = np.arange(len(features) * 2, dtype=np.float32).reshape(-1, 2)
        done = 0
        try:
            while done < self.last:
                done = min(done + 1, self.last)
                yield Placed(positions=spread + done, done=done, total=self.last)
            return spread + 100
        finally:
            self.closed += 1


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    rounds = Rounds()
    monkeypatch.setattr(projection, "tsne", rounds)
    return rounds


def layout(page: EmbeddingPage, id: str) -> QToolButton:
    found: QToolButton = page.findChild(QToolButton, f"inspect.embedding-{id}")
    return found


def test_t_sne_runs_when_it_is_chosen_and_is_kept(qtbot: QtBot, filled: EmbeddingPage, rounds: Rounds) -> None:
    before = filled.scatter.points
    moments: list[float] = []
    filled.embedding.placed.connect(lambda: moments.append(float(filled.scatter.points[0, 0])))
    qtbot.mouseClick(layout(filled, TSNE), LEFT)
    qtbot.waitUntil(lambda: filled.embedding.tsne is None and filled.scatter.points[0, 0] == 100)
    assert rounds.asked == [30.0]
    assert 3 in moments  # the last round was seen before the end
    assert "t-SNE, perplexity 30" in filled._caption.whole
    qtbot.mouseClick(layout(filled, PCA), LEFT)
    assert np.array_equal(filled.scatter.points, before)
    qtbot.mouseClick(layout(filled, TSNE), LEFT)
    assert filled.scatter.points[0, 0] == 100
    assert len(rounds.asked) == 1
    filled.bar._perplexity.setValue(7)
    qtbot.mouseClick(filled.bar._again, LEFT)
    qtbot.waitUntil(lambda: filled.embedding.tsne is None)
    assert rounds.asked == [30.0, 7.0]


def test_stopping_t_sne_keeps_where_the_points_are(qtbot: QtBot, filled: EmbeddingPage, rounds: Rounds) -> None:
    rounds.last = 10**9
    qtbot.mouseClick(layout(filled, TSNE), LEFT)
    qtbot.waitUntil(lambda: filled.embedding.has(TSNE))
    assert filled.progress.isVisible()
    job = filled.embedding.tsne
    assert job is not None
    job.stop()
    qtbot.waitUntil(lambda: filled.embedding.tsne is None)
    assert rounds.closed == 1
    assert filled.embedding.layout == TSNE
    assert filled.scatter.points[0, 0] >= 1
    assert not filled.progress.isVisible()


def test_the_real_t_sne_parts_the_groups(qtbot: QtBot, filled: EmbeddingPage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = projection.tsne
    monkeypatch.setattr(projection, "tsne", lambda features, perplexity: real(features, perplexity=5, iterations=50))
    qtbot.mouseClick(layout(filled, TSNE), LEFT)
    qtbot.waitUntil(lambda: filled.embedding.has(TSNE) and filled.embedding.tsne is None, timeout=20_000)
    positions, groups = filled.scatter.points.astype(float), np.arange(COUNT) % 3
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2) + np.diag(np.full(COUNT, np.inf))
    assert (groups[distance.argmin(1)] == groups).mean() > 0.9


def test_another_inspection_takes_the_place_of_the_first(
    qtbot: QtBot, filled: EmbeddingPage, model: InspectionModel, rounds: Rounds
) -> None:
    rounds.last = 10**9
    qtbot.mouseClick(layout(filled, TSNE), LEFT)
    qtbot.waitUntil(lambda: filled.embedding.has(TSNE))
    before = filled.scatter.points
    model.show(answers(seed=4, run="run-2"))
    qtbot.waitUntil(lambda: filled.embedding.cloud is not None and filled.embedding.cloud.whole.run == "run-2")
    assert filled.embedding.layout == PCA
    assert filled.embedding.tsne is None
    qtbot.waitUntil(lambda: rounds.closed == 1)
    assert not np.array_equal(filled.scatter.points, before)
    model.forget()
    assert not len(filled.scatter.points)
    assert legend(filled) == []
    assert filled.figures() == {}


def test_nothing_is_placed_out_of_view(qtbot: QtBot, model: InspectionModel, theme: Theme) -> None:
    page = EmbeddingPage(model, theme)
    qtbot.addWidget(page)
    model.show(answers())
    assert not page.embedding.busy
    page.show()
    placed(qtbot, page)
    assert len(page.scatter.points) == COUNT


def test_choices_are_remembered(qtbot: QtBot, filled: EmbeddingPage, model: InspectionModel, theme: Theme) -> None:
    choose(filled, colouring.RIGHT)
    filled.findChild(QCheckBox, "inspect.embedding-names").setChecked(False)
    another = EmbeddingPage(model, theme)
    qtbot.addWidget(another)
    another.restore(filled.state())
    another.show()
    placed(qtbot, another)
    assert another.bar.colouring == colouring.RIGHT
    assert not another.bar.names
    another.restore({"colour": 3, "names": None, "perplexity": "much"})
    another.card.set_dataset(None)


def test_a_failure_is_told_to_the_panel(
    qtbot: QtBot,
    page: EmbeddingPage,
    model: InspectionModel,
    monkeypatch: pytest.MonkeyPatch,
    warnings_logged: list[object],
) -> None:
    def fail(features: np.ndarray) -> None:
        raise ValueError("no plane")

    monkeypatch.setattr(projection, "pca", fail)
    with qtbot.waitSignal(model.failed) as heard:
        model.show(answers())
    assert str(heard.args[0]) == "no plane"
    assert not page.embedding.busy
    warnings_logged.clear()


def test_another_run_shows_the_same_splits(qtbot: QtBot, filled: EmbeddingPage, model: InspectionModel) -> None:
    model.counts = {"validation": COUNT, "train": COUNT}
    model.put(answers(split="train", first=COUNT, seed=1))
    model.divided.emit()
    filled.findChild(QCheckBox, "inspect.embedding-with-train").setChecked(True)
    qtbot.waitUntil(lambda: len(filled.scatter.points) == 2 * COUNT)
    asked: list[str] = []
    model.want = asked.append  # type: ignore[method-assign]
    model.counts = {}
    model.divided.emit()
    model.counts = {"validation": COUNT, "train": COUNT}
    model.show(answers(seed=5, run="run-2"), dataset=model.dataset)
    assert "train" in asked
    assert filled.findChild(QCheckBox, "inspect.embedding-with-train").isChecked()
    model.put(answers(split="train", first=COUNT, seed=6, run="run-2"))
    qtbot.waitUntil(lambda: len(filled.scatter.points) == 2 * COUNT)

"""The page of samples, on a network that needs no training."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from latent_walks import Digits, ShownModel, digits, shown_model
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from workbench.engine.errors import UserError
from workbench.engine.events import Previewed
from workbench.engine.latent.sampling import TrainingImages
from workbench.engine.project.previews import Sheet
from workbench.gui.models.sample_looks import SampleLook, is_suspicious, verdict
from workbench.gui.theme import Theme
from workbench.gui.widgets.latent.sample_grid import SampleGrid
from workbench.gui.widgets.latent.samples import SamplesPage
from workbench.gui.workspace import Workspace

Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture
def model(workspace: Workspace, data: Digits, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShownModel]:
    model = shown_model(workspace, data, monkeypatch)
    yield model
    model.close()
    model.deleteLater()


@pytest.fixture
def page(qtbot: QtBot, model: ShownModel, theme: Theme) -> SamplesPage:
    page = SamplesPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1000, 600)
    page.show()
    qtbot.waitUntil(lambda: page.grid.count == 64)
    return page


@pytest.fixture
def training(workspace: Workspace, data: Digits, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The first 80 digits are those that the network was trained on; says how often they were read."""
    read = {"train": 0, "validation": 0}

    def training_images(*args: Any, split: str = "train", most: int = 0, **options: Any) -> Any:
        yield from ()
        read[split] += 1
        rows = np.arange(80) if split == "train" else np.arange(80, 120)
        return TrainingImages(rows, data.pixels[rows, 0])

    split = SimpleNamespace(items={"train": np.arange(80), "validation": np.arange(80, 120)})
    run = SimpleNamespace(id="r", status=lambda: SimpleNamespace(split="s"))
    project = workspace.opened()
    monkeypatch.setattr("workbench.engine.latent.sampling.training_images", training_images)
    monkeypatch.setattr(project, "run", lambda id: run)
    monkeypatch.setattr(project, "split", lambda id: split)
    return read


def settled(qtbot: QtBot, page: SamplesPage) -> None:
    qtbot.waitUntil(lambda: not page._model.decoder.busy)


def picked(qtbot: QtBot, page: SamplesPage, number: int) -> None:
    qtbot.mouseClick(page.grid, Left, pos=page.grid.cell_rect(number).center())
    qtbot.waitUntil(lambda: not page.looks.busy)


def test_equal_draws_are_equal_and_another_draw_is_another(qtbot: QtBot, page: SamplesPage) -> None:
    first = page.samples.pictures
    assert first is not None
    with qtbot.waitSignal(page.samples.changed):
        qtbot.mouseClick(page.bar.again, Left)
    assert page.bar.seed.value() == 1
    second = page.samples.pictures
    assert second is not None
    assert not np.array_equal(first, second)
    with qtbot.waitSignal(page.samples.changed):
        page.bar.seed.setFocus()
        qtbot.keyClick(page.bar.seed, Key.Key_Down)
    assert np.array_equal(page.samples.pictures, first)


def test_the_temperature_is_live_and_none_gives_the_middle(qtbot: QtBot, page: SamplesPage) -> None:
    page.bar.temperature.setFocus()
    with qtbot.waitSignal(page.samples.changed):
        qtbot.keyClick(page.bar.temperature, Key.Key_Left)
    assert page.samples.temperature == pytest.approx(0.95)
    assert page.bar.warmth.text() == "0.95"
    with qtbot.waitSignal(page.samples.changed):
        qtbot.keyClick(page.bar.temperature, Key.Key_Home)
    qtbot.waitUntil(lambda: page.samples.codes is not None and not page.samples.codes.any())
    pictures = page.samples.pictures
    assert pictures is not None
    assert (pictures == pictures[0]).all()


def test_as_many_as_are_wanted(qtbot: QtBot, page: SamplesPage) -> None:
    page.bar.count.setFocus()
    with qtbot.waitSignal(page.samples.changed):
        qtbot.keyClick(page.bar.count, Key.Key_End)
        page.bar.count.activated.emit(page.bar.count.currentIndex())
    qtbot.waitUntil(lambda: page.grid.count == 400)
    cells = [page.grid.cell_rect(number) for number in range(400)]
    assert all(page.grid.rect().contains(cell) for cell in cells)
    assert not any(one.intersects(other) for one, other in itertools.pairwise(cells))


@pytest.mark.parametrize(("family", "noisy"), [("vae-conv", True), ("gan", False), ("flow-multiscale", False)])
def test_pixels_are_offered_only_where_they_are_drawn(
    page: SamplesPage, model: ShownModel, family: str, noisy: bool
) -> None:
    explorer: Any = model.explorer
    model.show(replace(explorer, family=family))
    assert page.bar.kind.isVisible() == noisy


def test_drawn_pixels_are_drawn_and_the_same_again(
    qtbot: QtBot, page: SamplesPage, model: ShownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer: Any = model.explorer

    def draw(self: Any, codes: Any, *, seed: int) -> Any:
        means = self.decode(codes)
        return np.where(np.random.default_rng(seed).random(means.shape) < means / 255, 255, 0).astype(np.uint8)

    monkeypatch.setattr(type(explorer), "draw", draw, raising=False)
    with qtbot.waitSignal(page.samples.changed):
        page.samples.want(drawn=True)
    assert page.bar.kind.currentText() == "Drawn pixels"
    pictures = page.samples.pictures
    assert pictures is not None
    assert set(np.unique(pictures)) == {0, 255}


def test_a_sample_is_compared_with_the_training_images(
    qtbot: QtBot, page: SamplesPage, training: dict[str, int]
) -> None:
    picked(qtbot, page, 5)
    card = page.card
    assert page.grid.current == 5
    assert "Sample 6 of draw 0" in card.title.text()
    assert card.score.text().startswith("ELBO: \N{MINUS SIGN}")
    assert "validation image" in card.verdict.text()
    assert card.walk_to.isEnabled()
    assert len(card.neighbours.accessibleDescription().split(",")) == 6
    picked(qtbot, page, 6)
    assert training == {"train": 1, "validation": 1}  # read once, asked twice


def test_the_keys_go_from_sample_to_sample_and_on_to_the_walk(
    qtbot: QtBot, page: SamplesPage, model: ShownModel, training: dict[str, int]
) -> None:
    pages: list[str] = []
    model.page_wanted.connect(pages.append)
    page.grid.setFocus()
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Down):
        qtbot.keyClick(page.grid, key)
    assert page.grid.current == 9
    qtbot.keyClick(page.grid, Key.Key_Return)
    (point,) = model.waypoints
    codes = page.samples.codes
    assert codes is not None
    assert np.array_equal(point.code, codes[9])
    assert point.title == "sample 10 of draw 0"
    assert pages == ["walk"]


def test_a_walk_to_the_nearest_and_a_place_in_the_plane(
    qtbot: QtBot, page: SamplesPage, model: ShownModel, training: dict[str, int]
) -> None:
    picked(qtbot, page, 0)
    qtbot.waitUntil(page.card.walk_to.isEnabled)
    qtbot.mouseClick(page.card.walk_to, Left)
    sample, image = model.waypoints
    assert (sample.item, image.item >= 0) == (-1, True)
    with qtbot.waitSignal(model.placed):
        qtbot.mouseClick(page.card.place, Left)
    assert np.array_equal(model.code, sample.code)


def test_what_the_training_left_is_on_the_slider(
    qtbot: QtBot, page: SamplesPage, model: ShownModel, tmp_path: Path
) -> None:
    assert not page.timeline.isVisible()
    events = []
    for step in (0, 10):
        pictures = np.full((4, 8, 8), step, np.uint8)
        Sheet(kind="samples", step=step, pictures=pictures, columns=2).save(tmp_path / f"{step}.png")
        events.append(Previewed(step=step, epoch=step / 10, kind="samples", path=f"{step}.png"))
    model.made_up = SimpleNamespace(id="r", folder=tmp_path)
    model._sheets._found = tuple(events)
    model.sheets_changed.emit()
    assert page.timeline.isVisible()
    assert page.timeline.position == 2
    assert page.grid.count == 64  # live
    page.timeline.slider.setFocus()
    qtbot.keyClick(page.timeline.slider, Key.Key_Left)
    assert page.grid.count == 4
    assert page.samples.codes is None
    assert not page.bar.temperature.isEnabled()
    assert page.timeline.words == "Step 10 · epoch 1 · kept by the training"
    ((title, make),) = page.films().items()
    frames, rate = make()
    assert title == "Samples during training"
    assert frames().shape == (2, 16, 16)
    assert rate > 0
    with qtbot.waitSignal(page.samples.changed):
        qtbot.mouseClick(page.timeline.latest, Left)
    qtbot.waitUntil(lambda: page.grid.count == 64)
    assert page.timeline.words == "Now: step 1,200, decoded live"


def test_a_preview_that_is_gone_is_said(qtbot: QtBot, page: SamplesPage, model: ShownModel, tmp_path: Path) -> None:
    model.made_up = SimpleNamespace(id="r", folder=tmp_path)
    model._sheets._found = (Previewed(step=3, epoch=1, kind="samples", path="gone.png"),)
    with qtbot.waitSignal(model.failed) as said:
        model.sheets_changed.emit()
        page.timeline.go(0)
    assert isinstance(said.args[0], UserError)
    assert page.grid.count == 0


def test_what_was_wanted_is_remembered(qtbot: QtBot, page: SamplesPage, theme: Theme, model: ShownModel) -> None:
    page.samples.want(count=16, temperature=0.5, seed=7)
    another = SamplesPage(model, theme)
    qtbot.addWidget(another)
    another.restore({**page.state(), "drawn": "nonsense"})
    assert another.state() == page.state()
    another.restore({"count": 17, "temperature": 99.0, "seed": -1})
    assert another.state() == page.state()


def test_other_weights_draw_the_same_codes_anew(
    qtbot: QtBot, page: SamplesPage, model: ShownModel, data: Digits, training: dict[str, int]
) -> None:
    picked(qtbot, page, 2)
    codes = page.samples.codes
    model.made_up = None
    with qtbot.waitSignal(page.samples.changed):
        model.show(data.explorer(step=1300), dataset=data.dataset)
    qtbot.waitUntil(lambda: page.grid.count == 64)
    assert np.array_equal(page.samples.codes, codes)
    assert page.grid.current == -1
    assert page.card.walk.isHidden()


def test_a_grid_of_nothing_takes_no_clicks(qtbot: QtBot, theme: Theme) -> None:
    grid = SampleGrid(theme, name="latent.some", text="Samples")
    qtbot.addWidget(grid)
    grid.resize(200, 200)
    with qtbot.assertNotEmitted(grid.picked):
        qtbot.mouseClick(grid, Left, pos=QPoint(50, 50))
        qtbot.keyClick(grid, Key.Key_Right)


def looked_at(distance: float, yardstick: list[float]) -> SampleLook:
    return SampleLook(
        picture=np.zeros((2, 2), np.uint8), score=0.0, items=np.array([3]), pictures=np.zeros((1, 2, 2), np.uint8),
        distances=np.array([distance], np.float32), yardstick=np.array(yardstick, np.float32),
    )  # fmt: skip


def test_closer_than_any_new_image_is_suspicious() -> None:
    usual = [0.1, 0.2, 0.3, 0.4]
    assert is_suspicious(looked_at(0.01, usual))
    assert "may be memorised" in verdict(looked_at(0.01, usual))
    assert not is_suspicious(looked_at(0.25, usual))
    assert "50 % of 4 are closer" in verdict(looked_at(0.25, usual))
    assert "no validation images" in verdict(looked_at(0.0, []))
    assert not is_suspicious(looked_at(0.0, []))

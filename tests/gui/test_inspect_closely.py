"""One image closely: an item of the run, or any file; what it is taken for, where the network looks, what is alike."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import finish, png, write_files
from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QTableView, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data.decode import fit, seen
from workbench.engine.preferences import Preferences
from workbench.engine.train import session
from workbench.engine.train.job import Job
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.knownness import Threshold
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.close_view import HeatView
from workbench.gui.widgets.inspect.closely import Heat
from workbench.gui.widgets.inspect.item_card import ItemCard
from workbench.gui.widgets.inspect.try_out import TryPage
from workbench.gui.workspace import Workspace

PATIENCE = 30_000
FILES = {f"{name}/{number:02}.png": png(base + number, side=8)
         for name, base in (("bright", 200), ("dark", 0)) for number in range(12)}  # fmt: skip


@pytest.fixture
def model(workspace: Workspace, tmp_path: Path, qtbot: QtBot) -> Iterator[InspectionModel]:
    """Looks at a run that really was trained, for a few steps."""
    folder = write_files(tmp_path / "shades", FILES)
    values = {
        "data": {"source": str(folder), "protocol": "random", "validation": 0.3, "test": 0.2},
        "model": {"name": "cnn", "padding": "same"},
        "train": {"steps": 6, "batch_size": 4, "evaluate_every": 6, "learning_rate": 0.01},
    }
    project, preferences = workspace.opened(), Preferences(device="cpu")
    run = finish(session.create(project, Job.from_dict(values, name="tiny"), preferences=preferences))
    finish(session.train(project, run, preferences=preferences))
    model = InspectionModel(workspace, workspace)
    model.choose(run.id, split="validation")
    qtbot.waitUntil(lambda: model.inspection is not None, timeout=PATIENCE)
    yield model
    workspace.jobs.join()


def shown(widget: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(widget)
    widget.resize(900, 700)
    widget.show()


def test_an_item_closely(model: InspectionModel, theme: Theme, qtbot: QtBot) -> None:
    inspection = model.inspection
    assert inspection is not None
    card = ItemCard(model, theme)
    shown(card, qtbot)
    item = int(inspection.items[1])
    card.show_item(item)
    qtbot.waitUntil(lambda: card.card.view.heat is not None and card.card.view.has_image, timeout=PATIENCE)
    name, share = card.card.probabilities.rows[0]
    assert name == inspection.classes[inspection.predicted[1]]
    assert share == inspection.confidence[1]
    taken, _ = card.card.words
    assert name in taken
    assert taken.endswith("right") == (inspection.predicted[1] == inspection.labels[1])
    # the training items come by themselves, and are shown
    qtbot.waitUntil(lambda: len(card.card.neighbours.shown) > 0, timeout=PATIENCE)
    assert model.training is not None
    assert set(card.card.neighbours.shown.tolist()) <= set(model.training.items.tolist())
    assert " · distance " in card.card.alike_words
    # with the usual threshold, 95 % of the known items are known
    qtbot.waitUntil(lambda: bool(card.card.words[1]), timeout=PATIENCE)
    assert card.card.words[1].startswith(("\N{CHECK MARK} Known", "? Unknown"))


def test_the_threshold_that_a_person_chose_decides(model: InspectionModel, theme: Theme, qtbot: QtBot) -> None:
    assert model.inspection is not None
    card = ItemCard(model, theme)
    shown(card, qtbot)
    card.show_item(int(model.inspection.items[0]))
    model.set_threshold(Threshold(score="max-probability", value=1.1))
    qtbot.waitUntil(lambda: card.card.words[1].startswith("? Unknown"), timeout=PATIENCE)
    model.set_threshold(Threshold(score="max-probability", value=0.0))
    qtbot.waitUntil(lambda: card.card.words[1].startswith("\N{CHECK MARK} Known"), timeout=PATIENCE)


def test_a_training_item_is_no_neighbour_of_its_own(model: InspectionModel, theme: Theme, qtbot: QtBot) -> None:
    assert model.choice is not None
    model.choose(model.choice.run, split="train")
    qtbot.waitUntil(lambda: model.inspection is not None and model.inspection.split == "train", timeout=PATIENCE)
    assert model.inspection is not None
    card = ItemCard(model, theme)
    shown(card, qtbot)
    item = int(model.inspection.items[3])
    card.show_item(item)
    qtbot.waitUntil(lambda: len(card.card.neighbours.shown) == 6, timeout=PATIENCE)
    assert item not in card.card.neighbours.shown


def test_what_speaks_for_another_class_is_asked_by_choosing_it(
    model: InspectionModel, theme: Theme, qtbot: QtBot
) -> None:
    assert model.inspection is not None
    card = ItemCard(model, theme)
    shown(card, qtbot)
    card.show_item(int(model.inspection.items[0]))
    view = card.card.view
    qtbot.waitUntil(lambda: view.heat is not None, timeout=PATIENCE)
    first, rows = view.heat, card.card.probabilities
    assert first is not None
    rows.setFocus()
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: view.heat is None or view.heat.target != first.target, timeout=PATIENCE)
    where = card.findChild(QCheckBox, "inspect.card-where")
    assert where is not None
    qtbot.mouseClick(where, Qt.MouseButton.LeftButton, pos=where.rect().center())
    where.setChecked(False)
    assert view.heat is None


def test_heat_lies_over_what_the_network_saw(theme: Theme, qtbot: QtBot, tmp_path: Path) -> None:
    from workbench.gui.widgets.images.picture import Picture, to_qimage

    view = HeatView(theme, name="a.view")
    shown(view, qtbot)
    grey = to_qimage(Image.new("RGB", (80, 40), "#5a5a5a"))
    view.show_picture(Picture(item=0, levels=(grey,), format="PNG", file_bytes=1))
    before = view.grab().toImage()
    view.show_heat(Heat(values=np.ones((2, 2), np.float32), seen=QRectF(20, 0, 40, 40), target=0))
    view.set_strength(1.0)
    after = view.grab().toImage()
    scale = min(view.width() / 80, view.height() / 40)
    middle, left = view.rect().center(), view.rect().center()
    left.setX(int(middle.x() - 30 * scale))
    assert before.pixel(middle) != after.pixel(middle)
    assert before.pixel(left) == after.pixel(left)


@pytest.mark.parametrize(("how", "share"), [("crop", 1.0), ("crop", 0.875), ("squash", 1.0), ("squash", 0.5)])
@pytest.mark.parametrize("size", [(90, 60), (60, 90), (50, 50)])
def test_what_is_seen_is_what_fit_leaves(size: tuple[int, int], how: str, share: float) -> None:
    """A gradient from left to right and one from top to bottom tell where the cut is."""

    width, height = size
    across = np.tile(np.linspace(0, 255, width), (height, 1)).astype(np.uint8)
    down = np.tile(np.linspace(0, 255, height)[:, None], (1, width)).astype(np.uint8)
    left, top, right, bottom = seen(width, height, size=32, how=how, share=share)  # type: ignore[arg-type]
    for values, first, last, length in ((across, left, right, width), (down, top, bottom, height)):
        kept = fit(Image.fromarray(values), size=32, how=how, share=share)[0].astype(float)  # type: ignore[arg-type]
        step = 255 / (length - 1)
        assert abs(kept.min() - max(0.0, (first - 0.5) * step)) < 3 * step + 4
        assert abs(kept.max() - min(255.0, (last - 0.5) * step)) < 3 * step + 4


# Any file


@pytest.fixture
def page(model: InspectionModel, theme: Theme, qtbot: QtBot) -> TryPage:
    page = TryPage(model, theme)
    shown(page, qtbot)
    return page


def files_of(page: TryPage) -> list[tuple[str, str]]:
    model = page.table.model()
    return [
        (model.index(row, 0).data(), model.index(row, 1).data()) for row in range(model.rowCount())
    ]  # fmt: skip


def test_a_folder_is_classified_and_a_broken_file_named(page: TryPage, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_files(
        tmp_path / "other",
        {"dark/a.png": png(3, side=20), "bright/b.png": png(230, side=20), "loose.png": b"no image"},
    )
    page.take([folder])
    qtbot.waitUntil(lambda: page.files.rowCount() == 3 and page.files.job is None, timeout=PATIENCE)
    said = dict(files_of(page))
    assert set(said) == {"a.png", "b.png", "loose.png"}
    assert said["loose.png"] == "cannot be read"
    assert {said["a.png"], said["b.png"]} <= {"bright", "dark"}
    rows = {page.files.row(row).path.name: page.files.row(row) for row in range(3)}
    answer = rows["b.png"].answer
    assert answer is not None
    assert answer.labels.tolist() == [0]  # its folder is called like a class
    assert "is in no format known here" in rows["loose.png"].error
    merged = page.files.merged()
    assert merged is not None
    assert len(merged[0]) == len(merged[1]) == 2


def test_the_same_file_gets_the_same_answer_as_the_item(
    page: TryPage, model: InspectionModel, tmp_path: Path, qtbot: QtBot
) -> None:
    inspection, dataset = model.inspection, model.dataset
    assert inspection is not None
    assert dataset is not None
    names = [dataset.items.name(int(item)) for item in inspection.items]
    page.take([tmp_path / "shades" / name for name in names])
    qtbot.waitUntil(lambda: page.files.rowCount() == len(names) and page.files.job is None, timeout=PATIENCE)
    merged = page.files.merged()
    assert merged is not None
    assert np.array_equal(merged[0].logits, inspection.logits)
    assert np.array_equal(merged[0].features, inspection.features)
    assert np.array_equal(merged[0].labels, inspection.labels)


def test_files_can_be_cleared_and_dropped_again(page: TryPage, tmp_path: Path, qtbot: QtBot) -> None:
    path = write_files(tmp_path / "one", {"x.png": png(7, side=8)}) / "x.png"
    for _ in range(2):
        page.take([path])
        qtbot.waitUntil(lambda: page.files.rowCount() == 1 and page.files.job is None, timeout=PATIENCE)
    clear = page.findChild(QAbstractButton, "inspect.try-clear")
    table = page.findChild(QTableView, "inspect.try-files")
    assert clear is not None
    assert table is not None
    qtbot.mouseClick(clear, Qt.MouseButton.LeftButton)
    assert page.files.rowCount() == 0
    assert not table.isVisible()


def test_a_missing_file_is_said(page: TryPage, tmp_path: Path, qtbot: QtBot) -> None:
    page.take([tmp_path / "absent.png"])
    qtbot.waitUntil(lambda: page.files.rowCount() == 1, timeout=PATIENCE)
    assert "cannot be read" in page.files.row(0).error


def test_what_is_dropped_meanwhile_is_classified_after_it(page: TryPage, tmp_path: Path, qtbot: QtBot) -> None:
    first = write_files(tmp_path / "first", {f"{number:02}.png": png(number, side=8) for number in range(30)})
    second = write_files(tmp_path / "second", {"late.png": png(250, side=8)})
    page.take([first])
    page.take([second / "late.png"])
    qtbot.waitUntil(lambda: page.files.rowCount() == 31 and page.files.job is None, timeout=PATIENCE)
    assert [name for name, _ in files_of(page)] == [*(f"{number:02}.png" for number in range(30)), "late.png"]

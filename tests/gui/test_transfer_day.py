"""Transfer learning on real photographs in the real window, with mouse and keys: what a person came for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import shared_data
from person import Person
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.engine.project.runs import FINISHED
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.tiles import Tile

WAIT = 600_000  # milliseconds
GENTLY = {"model.backbone_rate": "0.02", "train.epochs": "4", "train.evaluate_every": "10", "train.ema": "0.95"}


@pytest.fixture
def person(qtbot: QtBot, theme: Theme) -> Iterator[Person]:
    person = Person(qtbot, theme)
    yield person
    person.leave()


def setting(person: Person, section: str, field: str, text: str) -> None:
    """Look a setting up, and type its value."""
    person.click_tab("train.tabs", "Settings")
    person.write("train.form.search", field)
    person.write(f"train.form.{section}.{field}", text)
    person.keys(Qt.Key.Key_Tab)
    person.write("train.form.search", " ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "preset", "settings", "wanted"),
    [
        ("hymenoptera/subset_256px", "transfer-head", {}, 0.928),
        ("hymenoptera/subset_256px", "transfer-few", GENTLY, 0.95),
        ("flowers5/subset_80_30", "transfer-few", {}, 0.75),
    ],
    ids=["frozen", "fine-tuned", "flowers"],
)
def test_photographs_are_learned_in_the_window(
    person: Person, tmp_path: Path, data: str, preset: str, settings: dict[str, str], wanted: float
) -> None:
    folder, weights = shared_data(data), shared_data("weights", "tf_efficientnet_lite0_timm.safetensors")
    person.new_project(tmp_path / "zoo")
    person.import_folder(folder)
    person.keys(Qt.Key.Key_2, control=True)
    person.choose("train.preset", preset)
    setting(person, "model", "backbone", "timm/tf_efficientnet_lite0")
    setting(person, "model", "weights", str(weights))
    for name, text in settings.items():
        setting(person, *name.split("."), text)
    person.click("train.start")
    person.bot.waitUntil(lambda: bool(person.workspace.opened().runs()), timeout=WAIT)
    (row,) = person.workspace.opened().runs()
    person.bot.waitUntil(lambda: row.run.status().state == FINISHED, timeout=WAIT)
    status = row.run.status()
    assert status.best["validation/accuracy"] >= wanted
    person.click("train.inspect")
    panel = person.window.panel("inspect")
    person.bot.waitUntil(lambda: panel.model.inspection is not None, timeout=WAIT)
    inspection = panel.model.inspection
    share = float((inspection.predicted == inspection.labels).mean())
    person.bot.waitUntil(lambda: person.find("score.accuracy", Tile).number == f"{100 * share:.1f} %", timeout=WAIT)
    assert share >= wanted

"""The layers of a network before it is trained are those of the network that is trained."""

from pathlib import Path

import pytest
from helpers import finish, png, write_files

from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.train import session
from workbench.engine.train.job import preset
from workbench.engine.train.outline import Outline, outline


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def squares(project: Project, tmp_path: Path) -> DatasetRow:
    images = {f"{name}/{number}.png": png(base + number, side=24) for name, base in (("dark", 0), ("bright", 200))
              for number in range(12)}  # fmt: skip
    return finish(import_dataset(project, str(write_files(tmp_path / "squares", images)), preferences=Preferences()))


@pytest.mark.parametrize("name", ["fnn", "cnn", "fastnet"])
def test_the_outline_counts_what_training_counts(project: Project, squares: DatasetRow, name: str) -> None:
    job = preset("digits-cnn").with_settings(
        ["data.source=squares", f"model.name={name}", "train.steps=1", "train.batch_size=4"]
    )
    seen: Outline = finish(outline(project, job, squares))
    assert (seen.shape, seen.classes) == ((1, 24, 24), 2)
    assert sum(row.parameters for row in seen.rows) <= seen.parameters
    assert seen.rows[-1].output_shape == (2,)
    preferences = Preferences(device="cpu")
    run = finish(session.create(project, job, preferences=preferences))
    started = next(e for e in session.train(project, run, preferences=preferences) if isinstance(e, ev.Started))
    assert (seen.parameters, seen.tensors) == (started.parameters, started.tensors)


def test_a_network_that_does_not_suit_is_said(project: Project, squares: DatasetRow) -> None:
    job = preset("cifar10-cnn").with_settings(["data.source=squares", "data.size=2"])
    with pytest.raises(UserError):
        finish(outline(project, job, squares))

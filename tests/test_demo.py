"""The demo's window from outside: pictures of every panel, and what a window that is killed leaves behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image
from programs import DEADLINE, environment, run_program

from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, INTERRUPTED, STOPPED

PANELS = {"data", "train", "inspect", "masks", "latent", "label", "runs"}
WINDOW = """
import sys
from pathlib import Path
from workbench.app import App
from workbench.engine.preferences import Preferences
from workbench.engine.train.job import preset
app = App(Preferences(device="cpu"))
app.show()
app.window.open_project(Path(sys.argv[1]))
app.workspace.train(preset("digits-cnn").with_settings(["train.steps=1000000", "train.checkpoint_steps=50"]))
app.run()
"""


def test_pictures_of_every_panel(tmp_path: Path) -> None:
    folder, project = tmp_path / "pictures", tmp_path / "project"
    ended = run_program("demo", "--screenshots", folder, "--project", project, home=tmp_path / "home", cwd=tmp_path)
    assert ended.code == 0, ended
    assert {path.name for path in folder.iterdir()} == {f"{panel}.png" for panel in PANELS}
    pictures = {path.stem: Image.open(path).convert("RGB") for path in folder.iterdir()}
    for name, picture in pictures.items():
        assert picture.width >= 1280, name
        assert len(picture.getcolors(maxcolors=picture.width * picture.height) or []) > 50, name
    assert len({picture.tobytes() for picture in pictures.values()}) == len(PANELS)
    classifier, draws = (row.run.status() for row in Project(project).runs())
    assert (classifier.state, draws.state) == (FINISHED, FINISHED)
    assert classifier.metrics["validation/accuracy"] > 0.9
    assert draws.metrics["validation/elbo"] > -8


def test_pictures_that_cannot_be_written_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = run_program(
        "demo", "--screenshots", tmp_path / "file", "--project", tmp_path / "p", home=tmp_path / "home", cwd=tmp_path
    )
    assert ended.code == 2, ended
    assert ended.err.splitlines()[-1].startswith("workbench: the folder cannot be made")


def window_with_a_checkpoint(project: Path, *, home: Path) -> "subprocess.Popen[bytes]":
    """A process of its own whose window trains, once the run has saved its first checkpoint."""
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(project)], env=environment(home), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + DEADLINE
    while not list(project.glob("runs/*/checkpoints/step-*/meta.json")):
        assert window.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return window


def test_a_window_that_is_killed_loses_no_run(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    window = window_with_a_checkpoint(project, home=home)
    os.kill(window.pid, signal.SIGKILL)
    window.wait()
    (row,) = Project(project).runs()
    assert row.run.status().state == INTERRUPTED
    last = row.run.checkpoint_steps()[-1]
    resumed = run_program(
        "resume", "last", "--project", project, "--set", f"train.steps={last + 5}", home=home, cwd=tmp_path
    )
    assert resumed.code == 0, resumed
    assert row.run.status().state == FINISHED
    assert row.run.status().step == last + 5


def test_a_window_that_is_asked_to_end_saves_and_ends(tmp_path: Path) -> None:
    project = tmp_path / "project"
    window = window_with_a_checkpoint(project, home=tmp_path / "home")
    window.send_signal(signal.SIGTERM)
    assert window.wait(timeout=DEADLINE) == 0
    (row,) = Project(project).runs()
    status = row.run.status()
    assert status.state == STOPPED
    assert row.run.checkpoint_steps()[-1] == status.step

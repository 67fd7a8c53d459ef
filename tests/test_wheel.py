"""The wheel holds all that the program needs and nothing else, and runs away from the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from processes import ROOT

from workbench import __version__
from workbench.engine.train.job import presets

# What builds must not be found half-installed: it comes with the extra called dev.
pytest.importorskip("build")
pytest.importorskip("hatchling")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_what_the_wheel_holds(wheel: Path) -> None:
    assert wheel.name == f"workbench-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (licence,) = (name for name in names if name.endswith("/LICENSE"))
        assert archive.read(licence) == (ROOT / "packaging" / "LICENSE").read_bytes()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"workbench", f"workbench-{__version__}.dist-info"}
    modules = {f"workbench/{path.relative_to(ROOT / 'workbench').as_posix()}" for path in
               (ROOT / "workbench").rglob("*.py")}  # fmt: skip
    assert {name for name in names if name.endswith(".py")} == modules
    files = {f"workbench/_resources/{path.relative_to(ROOT / 'resources').as_posix()}" for path in
             (ROOT / "resources").rglob("*") if path.is_file()}  # fmt: skip
    assert {name for name in names if name.startswith("workbench/_resources/")} == files


def test_the_unpacked_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    unpacked, elsewhere = tmp_path / "unpacked", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)

    def run(*command: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(unpacked), "WORKBENCH_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-P", *command],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("-c", "import workbench; print(workbench.__file__)").strip() == str(unpacked / "workbench/__init__.py")
    listed = [json.loads(line) for line in run("-m", "workbench", "presets", "--json").splitlines()]
    assert [record["preset"] for record in listed] == presets()

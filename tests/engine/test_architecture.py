"""What may import what: the contracts in pyproject.toml, and what really is loaded."""

import subprocess
import sys
import tomllib

import pytest
from processes import ROOT, run

PYPROJECT = ROOT / "pyproject.toml"

IMPORT_ALL = """
import importlib, pkgutil, sys
import workbench.engine
names = [module.name for module in pkgutil.walk_packages(workbench.engine.__path__, "workbench.engine.")]
for name in names:
    importlib.import_module(name)
print(len(names), *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_layers_hold() -> None:
    pytest.importorskip("importlinter")
    if not PYPROJECT.exists():
        pytest.skip("needs the checkout's pyproject.toml")
    contracts = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for contract in contracts:
        assert f"{contract['name']} KEPT" in done.stdout


def test_the_engine_loads_no_window() -> None:
    count, *loaded = run(IMPORT_ALL).split()
    modules = {path.parent if path.stem == "__init__" else path for path in (ROOT / "workbench/engine").rglob("*.py")}
    assert int(count) == len(modules) - 1  # without workbench.engine itself
    assert "torch" in loaded
    assert not {"PySide6", "shiboken6", "pyqtgraph"} & set(loaded)


@pytest.mark.parametrize("module", ["workbench.engine.train.job", "workbench.cli"])
def test_torch_is_loaded_when_it_is_needed(module: str) -> None:
    loaded = run(f"import sys, {module}; print(*sys.modules)").split()
    assert module in loaded
    assert "torch" not in loaded

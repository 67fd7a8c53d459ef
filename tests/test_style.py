"""The code passes the tools that ``pyproject.toml`` configures. Layers have their own test, of what may import what."""

import subprocess
import sys

import pytest
from processes import ROOT


@pytest.mark.parametrize(
    "tool", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)], ids=["ruff-check", "ruff-format", "mypy"]
)
def test_style(tool: tuple[str, ...]) -> None:
    pytest.importorskip(tool[0])
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Where the files that ship are."""

from pathlib import Path

import pytest

from workbench.engine import resources


def test_the_presets_ship() -> None:
    assert list((resources.resources() / "presets").glob("*.toml"))


def test_the_wheels_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "workbench"
    package.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.resources() == tmp_path / "resources"
    (package / "_resources").mkdir()
    assert resources.resources() == package / "_resources"

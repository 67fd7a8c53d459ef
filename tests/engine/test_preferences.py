"""The user's own settings and folders."""

from pathlib import Path

import pytest

from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences, default_project, log_file, preferences_file


def test_the_defaults_where_nothing_is_stored() -> None:
    assert not preferences_file().exists()
    assert Preferences.load() == Preferences()


def test_saved_and_loaded() -> None:
    preferences = Preferences(device="cuda:1", memory_gib=0.5, cache_folder="/somewhere")
    preferences.save()
    assert Preferences.load() == preferences
    Preferences().save()
    assert Preferences.load() == Preferences()


def test_only_what_differs_is_stored() -> None:
    Preferences(threads=3).save()
    assert preferences_file().read_text() == "threads = 3\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("theads = 3", "there is no setting theads: {}. Did you mean 'threads'?"),
        ("threads = true", "threads must be a whole number, not True: {}"),
        ("threads = 2000", "threads = 2000 is too large: {}. The most is 1024"),
        ("threads =", "this is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_that_names_it(content: str, sentence: str) -> None:
    preferences_file().parent.mkdir(parents=True)
    preferences_file().write_text(content)
    with pytest.raises(UserError) as caught:
        Preferences.load()
    assert str(caught.value).startswith(sentence.format(preferences_file()))
    assert str(preferences_file()) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_folder_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    paths = [preferences_file(), default_project(), log_file(), Preferences().cache]
    assert all(path.is_relative_to(tmp_path) for path in paths)
    assert len(set(paths)) == 4
    assert list(tmp_path.iterdir()) == []  # asking makes nothing


def test_the_systems_folders_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = {preferences_file(), default_project(), log_file(), Preferences().cache}
    assert len(paths) == 4
    assert all(path.is_absolute() and "workbench" in path.parts for path in paths)


def test_the_cache_can_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Preferences(cache_folder="~/big").cache == tmp_path / "big"
    assert Preferences(cache_folder=str(tmp_path)).cache == tmp_path

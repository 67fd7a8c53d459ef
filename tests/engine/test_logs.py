"""The log file: there for a bug report, in nobody's way otherwise."""

import logging
import warnings
from pathlib import Path

import pytest

from workbench.engine import logs
from workbench.engine.logs import LOGGER, start_log_file
from workbench.engine.preferences import log_file


def test_records_reach_the_file(warnings_logged: list[logging.LogRecord]) -> None:
    start_log_file()
    LOGGER.info("a fact: %s", "ü")
    LOGGER.debug("a detail")
    try:
        raise ValueError("deep inside")
    except ValueError:
        LOGGER.exception("a bug")
    text = log_file().read_text(encoding="utf-8")
    assert "INFO a fact: ü\n" in text
    assert "a detail" not in text
    assert "ValueError: deep inside" in text
    assert [record.getMessage() for record in warnings_logged] == ["a bug"]
    warnings_logged.clear()


def test_started_twice_is_started_once() -> None:
    start_log_file()
    start_log_file()
    LOGGER.info("once")
    assert log_file().read_text().count("once") == 1


def test_the_file_is_changed_before_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_BYTES", 1000)
    start_log_file()
    for number in range(100):
        LOGGER.info("%080d", number)
    files = sorted(log_file().parent.iterdir())
    assert [path.name for path in files] == ["workbench.log", *(f"workbench.log.{n}" for n in (1, 2, 3))]
    assert all(path.stat().st_size <= 1000 for path in files)
    assert f"{99:080d}" in log_file().read_text()


def test_work_goes_on_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "file"))
    start_log_file()
    LOGGER.info("unheard")
    assert (tmp_path / "file").read_bytes() == b""


def test_what_libraries_warn_of_is_for_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        start_log_file()
        warnings.warn("Truncated File Read", UserWarning, stacklevel=1)
    assert "UserWarning: Truncated File Read" in log_file().read_text()
    assert capsys.readouterr().err == ""

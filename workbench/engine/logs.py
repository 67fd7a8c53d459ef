"""A rotating log file for what a person does not need to see and a bug report does."""

import logging
import warnings
from typing import TextIO

from workbench.engine.preferences import log_file

LOGGER = logging.getLogger("workbench")
_BYTES, _KEPT = 1_000_000, 3


class _LogFile(logging.Handler):
    """Opens the file with the first record: most starts have nothing to say, and what rotates files takes its time to
    import. Where the file cannot be written, work goes on without one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            self._file = _open()
        self._file.emit(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


def _open() -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    return handler


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    LOGGER.info("%s:%d: %s: %s", filename, lineno, category.__name__, message)


def start_log_file() -> None:
    """Send the ``workbench`` logger to the log file, and there, too, what libraries warn of: no person can mend it."""
    if not any(isinstance(handler, _LogFile) for handler in LOGGER.handlers):
        LOGGER.addHandler(_LogFile())
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False
        warnings.showwarning = _log_warning

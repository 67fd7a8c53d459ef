"""A rotating log file for what a person does not need to see and a bug report does."""

import logging
import logging.handlers

from workbench.engine.preferences import log_file

LOGGER = logging.getLogger("workbench")
_BYTES, _KEPT = 1_000_000, 3


def start_log_file() -> None:
    """Send the ``workbench`` logger to the log file; where that cannot be written, work goes on without one."""
    if any(isinstance(handler, logging.handlers.RotatingFileHandler) for handler in LOGGER.handlers):
        return
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False

"""Pictures of the window: every panel, once nothing is running any more. For documentation and for checks by eye."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from workbench.engine.errors import UserError

_TICK_MILLISECONDS = 50
_QUIET_TICKS = 8  # ticks without a job before a panel counts as settled: plots and thumbnails need a moment


class Screenshots(QObject):
    """Takes them one after the other.

    Signals:
        finished: ``None``, or the :class:`UserError` that ended it.

    Args:
        window: What is grabbed.
        folder: Where the files go, created if absent; a file is ``<panel>.png``.
        panels: Ids, in order.
        show: Brings a panel into view.
        busy: Whether anything still runs.
    """

    finished = Signal(object)

    def __init__(
        self,
        window: QWidget,
        folder: Path,
        *,
        panels: list[str],
        show: Callable[[str], None],
        busy: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._folder, self._panels, self._show, self._busy = window, folder, panels, show, busy
        self._steps = self._all()
        self._timer = QTimer(self, interval=_TICK_MILLISECONDS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    def _on_tick(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self._end(None)
        except UserError as error:
            self._end(error)

    def _end(self, error: UserError | None) -> None:
        self._timer.stop()
        self.finished.emit(error)

    def _all(self) -> Iterator[None]:
        """One tick a step."""
        yield from self._settled()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"the folder cannot be made ({error.strerror})", where=str(self._folder), remedy="name another one"
            ) from error
        for panel in self._panels:
            self._show(panel)
            yield from self._settled()
            path = self._folder / f"{panel}.png"
            if not self._window.grab().save(str(path)):
                raise UserError("the picture cannot be written", where=str(path), remedy="name another folder")

    def _settled(self) -> Iterator[None]:
        quiet = 0
        while quiet < _QUIET_TICKS:
            quiet = 0 if self._busy() else quiet + 1
            yield

"""Looking at a source and checking it in the background, one source at a time, a moment after a person named it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.engine.errors import UserError
from workbench.engine.events import Event
from workbench.gui.jobs import FAILED, Ending, Job
from workbench.gui.widgets.importing.looking import Pictured, Recognised, check, look
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.previewing import SourcePreview

DEBOUNCE_MILLISECONDS = 300  # after the last key, before anything is read

_LONGEST = 200  # characters of a remedy


class Inspection(QObject):
    """What is known of one target, while it is being found out.

    Signals:
        recognised: The preview of the target.
        pictured: A picture of one of its samples, :class:`~workbench.gui.widgets.importing.looking.Pictured`.
        failed: An error that is a bug in the workbench.
        changed: :attr:`looking`, :attr:`preview` or :attr:`refused` is different.

    Attributes:
        preview: What the target is; ``None`` while that is not known.
        refused: Why it cannot be imported, as a sentence; empty while that is not known.
    """

    recognised = Signal(object)
    pictured = Signal(object)
    failed = Signal(object)
    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self.preview: SourcePreview | None = None
        self.refused = ""
        self._workspace = workspace
        self._target, self._side = "", 1
        self._looking: Job | None = None
        self._checking: Job | None = None
        self._debounce = QTimer(self, singleShot=True, interval=DEBOUNCE_MILLISECONDS)
        self._debounce.timeout.connect(self.look)

    def turn_to(self, target: str, *, side: int) -> None:
        """Forget what is known; look at ``target`` unless another one is named within a moment.

        Args:
            target: Nothing is looked at if it is empty.
            side: Device pixels of the square that a sample's picture is to fill.
        """
        self.stop()
        self._forget()
        self._target, self._side = target, side
        if target:
            self._debounce.start()

    def look(self) -> None:
        """Look at the target now, from the beginning."""
        self.stop()
        self._forget()
        if self._workspace.project is None:
            return
        preferences = self._workspace.preferences
        work = look(self._target, cache=preferences.cache, limit_pixels=preferences.limit_pixels, side=self._side)
        self._looking = self._workspace.jobs.start(work, title="Looking at what to import", quiet=True)
        self._looking.events.connect(self._on_looking_events)
        self._looking.ended.connect(self._on_looking_ended)
        self.changed.emit()

    def check(self) -> Job:
        """Begin to check the target; its report is the job's result."""
        preferences = self._workspace.preferences
        work = check(self._target, cache=preferences.cache, limit_pixels=preferences.limit_pixels)
        self._checking = self._workspace.jobs.start(work, title="Reading all of it", quiet=True)
        return self._checking

    def stop(self) -> None:
        """End what is under way; what is known stays known."""
        self._debounce.stop()
        for job in (self._looking, self._checking):
            if job:
                job.stop()
        self._looking = self._checking = None

    @property
    def looking(self) -> bool:
        """Whether it is being found out what the target is."""
        return self._looking is not None

    @property
    def due(self) -> bool:
        """Whether the target is looked at as soon as nobody types any more."""
        return self._debounce.isActive()

    def _forget(self) -> None:
        self.preview, self.refused = None, ""
        self.changed.emit()

    def _on_looking_events(self, events: tuple[Event, ...]) -> None:
        if self.sender() is not self._looking:
            return
        for event in events:
            if isinstance(event, Recognised):
                self.preview = event.preview
                self.recognised.emit(event.preview)
                self.changed.emit()
            elif isinstance(event, Pictured):
                self.pictured.emit(event)

    def _on_looking_ended(self, ending: Ending) -> None:
        if self.sender() is not self._looking:
            return
        self._looking = None
        if ending.state == FAILED:
            assert ending.error
            if isinstance(ending.error, UserError):
                self.refused = _told(ending.error)
            else:
                self.failed.emit(ending.error)
        self.changed.emit()


def _told(error: UserError) -> str:
    """As a sentence or two. A remedy as long as a list is left out: what is understood stands in the dialog anyhow."""
    short = error if len(error.remedy) <= _LONGEST else UserError(error.what, where=error.where)
    sentence = str(short)
    return sentence[:1].upper() + sentence[1:]

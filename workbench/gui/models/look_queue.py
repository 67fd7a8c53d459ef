"""Looks at a run, one at a time: the one that a person waits for, and after it those that pages wish for.

What a look is and what is done with its result is the inspection model's.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Event
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Jobs, Work

LOOKING = "inspection"
"""The kind of the jobs."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One more look with the same weights, at a split, at another dataset, or for the codes of a split."""

    kind: str  # "split", "dataset" or "codes"
    name: str

    @property
    def words(self) -> str:
        return self.name if self.kind == "dataset" else f"the {self.name} items"


class LookQueue(QObject):
    """Signals; the wish is ``None`` for the look that a person waits for:
    began: The :class:`Job` of a look.
    working: Whether a look is under way.
    told: Its events.
    found: Wish and result.
    came_to_nothing: Wish, and the error; ``None`` where somebody stopped it.

    Args:
        make: Gives the work of a wish; ``None`` where there is nothing to look at with.
    """

    began = Signal(object)
    working = Signal(bool)
    told = Signal(object)
    found = Signal(object, object)
    came_to_nothing = Signal(object, object)

    def __init__(self, jobs: Jobs, make: Callable[[Wish], Work | None], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._make = jobs, make
        self._job: Job | None = None
        self._wish: Wish | None = None  # what the job is about
        self._wishes: deque[Wish] = deque()

    @property
    def job(self) -> Job | None:
        """The look under way that a person waits for."""
        return self._job if self._wish is None else None

    def look(self, work: Work, *, title: str) -> None:
        """Look at something else; what went on before is dropped."""
        self.drop()
        self._start(work, title=title, wish=None)

    def wish(self, wish: Wish) -> None:
        """Look at this, too, when it is its turn, unless that is under way or waits already."""
        if not self.is_wished(wish):
            self._wishes.append(wish)
            self._next()

    def is_wished(self, wish: Wish) -> bool:
        """Whether this look is under way or waits."""
        return wish in self._wishes or (self._job is not None and self._wish == wish)

    def drop(self) -> None:
        """Stop, and forget the wishes."""
        self._wishes.clear()
        if self._job:
            job, self._job = self._job, None
            job.stop()
            self.working.emit(False)

    def _start(self, work: Work, *, title: str, wish: Wish | None) -> None:
        self._wish = wish
        self._job = self._jobs.start(work, title=title, kind=LOOKING, quiet=True)
        self._job.events.connect(self._on_events)
        self._job.ended.connect(self._on_ended)
        self.working.emit(True)
        self.began.emit(self._job)

    def _next(self) -> None:
        while self._wishes and self._job is None:
            wish = self._wishes.popleft()
            work = self._make(wish)
            if work is not None:
                self._start(work, title=f"Looking at {wish.words}", wish=wish)

    def _on_events(self, events: Sequence[Event]) -> None:
        if self.sender() is self._job:
            self.told.emit(events)

    def _on_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        wish, self._job = self._wish, None
        if ending.state == DONE:
            self.found.emit(wish, ending.result)
        else:
            self.came_to_nothing.emit(wish, ending.error if ending.state == FAILED else None)
        self.working.emit(self._job is not None)
        self._next()

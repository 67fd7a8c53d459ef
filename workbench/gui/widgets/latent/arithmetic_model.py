"""Sums of codes: the means of three groups of images, A - B + C, and what lies along the way from C in that direction.

Means and neighbours are computed in jobs, pictures come from the decoder of the
:class:`~workbench.gui.models.latent.LatentModel`; what is drawn is the page's.
"""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from workbench.engine.events import Event
from workbench.engine.latent.arithmetic import combine
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.latent import GROUPS, LatentModel

if TYPE_CHECKING:
    from workbench.engine.latent.codes import Codes
    from workbench.gui.models.decoder import Decoded

Items = NDArray[np.int64]
Code = NDArray[np.float32]
Pictures = NDArray[np.uint8]

LEAST, USUAL, MOST = -2.0, 1.0, 3.0
"""Of the strength t."""
STEPS = tuple(np.arange(LEAST, MOST + 0.25, 0.5).tolist())
"""The strengths of the strip."""
SHOWN = 6
"""Representatives of a group, and neighbours of the result."""

_RESULT, _STRIP, _MEAN = "arithmetic/result", "arithmetic/strip", "arithmetic/mean-"
_PAUSE_MILLISECONDS = 150  # without another wish before neighbours are looked for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """What a group of images comes to.

    Attributes:
        items: int64, those of them that have a code.
        mean: float32[D]; of several images the mean of their codes.
        near: int64, some of the items, the nearest to the mean first.
        picture: Of the mean; ``None`` while it is being decoded.
    """

    items: Items
    mean: Code
    near: Items
    picture: Pictures | None = None


class ArithmeticModel(QObject):
    """Follows the groups and the codes of ``model`` while it is :meth:`set_active`.

    Signals:
        changed: Groups, their pictures, the strip or neighbours are different.
        result_changed: :attr:`result` is another picture.

    Attributes:
        groups: Of those that hold images with codes: ``"a"``, ``"b"``, ``"c"`` to what they come to.
        strength: t of C + t (A - B).
        result, strip: Pictures uint8[H, W(, 3)] of the sum, and uint8[S, H, W(, 3)] of those at :data:`STEPS`.
        nearest: int64, the real images whose codes are nearest to the sum; C itself is left out where it is one image.
    """

    changed = Signal()
    result_changed = Signal()

    def __init__(self, model: LatentModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.groups: dict[str, Group] = {}
        self.strength = USUAL
        self.result: Pictures | None = None
        self.strip: Pictures | None = None
        self.nearest: Items = np.empty(0, np.int64)
        self._active = False
        self._decoder: QObject | None = None
        self._taken: dict[str, tuple[Codes, Items]] = {}  # what each group was computed of
        self._job: Job | None = None
        self._neighbours: Job | None = None
        self._numbers: dict[str, int] = {}
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._on_pause_over)
        model.changed.connect(self.refresh)
        model.codes_changed.connect(self.refresh)
        model.groups_changed.connect(self.refresh)

    # What is wanted

    def set_active(self, active: bool) -> None:
        """Whether anybody looks; nothing is computed for nobody."""
        if active == self._active:
            return
        self._active = active
        if active:
            decoder = self._model.decoder
            if decoder is not self._decoder:
                self._decoder = decoder
                decoder.decoded.connect(self._on_decoded)
            self.refresh()

    def set_strength(self, strength: float) -> None:
        """How much of the difference is added."""
        strength = min(MOST, max(LEAST, strength))
        if strength != self.strength:
            self.strength = strength
            self._ask_for_result()

    # What there is

    @property
    def complete(self) -> bool:
        """Whether there is a sum."""
        return all(name in self.groups for name in GROUPS)

    @property
    def missing(self) -> tuple[str, ...]:
        """The groups that hold nothing yet."""
        return tuple(name for name in GROUPS if not len(self._model.group(name)))

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return self._job is not None or self._neighbours is not None or self._pause.isActive()

    @property
    def code(self) -> Code | None:
        """float32[D], C + t (A - B)."""
        codes = self._codes_at((self.strength,))
        return codes[0] if codes is not None else None

    def _codes_at(self, strengths: tuple[float, ...]) -> Code | None:
        if not self.complete:
            return None
        a, b, c = (self.groups[name].mean for name in GROUPS)
        return np.stack([combine(strength * a, strength * b, c) for strength in strengths])

    # Following

    def refresh(self) -> None:
        """Take what the model has now."""
        if not self._active:
            return
        self._model.want_codes()
        codes = self._model.codes
        if codes is None:
            if self.groups or self._taken:
                self._forget()
            self.changed.emit()
            return
        wanted = {name: items for name in GROUPS if len(items := self._model.group(name))}
        stale = {name: items for name, items in wanted.items()
                 if name not in self._taken or self._taken[name][0] is not codes
                 or not np.array_equal(self._taken[name][1], items)}  # fmt: skip
        gone = [name for name in self._taken if name not in wanted]
        for name in gone:
            self._taken.pop(name)
            self.groups.pop(name, None)
        if self._job is not None:
            self._job.stop()
            self._job = None
        if stale:
            self._wanted = (codes, stale)
            self._job = self._model.workspace.jobs.start(
                waiting(partial(_sum_up, codes, stale), stage="adding up"), title="Adding up codes", quiet=True
            )  # fmt: skip
            self._job.ended.connect(self._on_summed_up)
        elif gone:
            self._ask()
        self.changed.emit()

    def _forget(self) -> None:
        self.groups, self._taken = {}, {}
        self.result = self.strip = None
        self.nearest = np.empty(0, np.int64)

    def _on_summed_up(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == FAILED:
            self._model.failed.emit(ending.error, "adding up codes")
        if ending.state != DONE:
            return
        codes, stale = self._wanted
        found: dict[str, Group] = ending.result
        for name, items in stale.items():
            self._taken[name] = codes, items
            self.groups.pop(name, None)
            if name in found:
                self.groups[name] = found[name]
                self._numbers[name] = self._model.decoder.ask(_MEAN + name, found[name].mean[None])
        self._ask()
        self.changed.emit()

    # Pictures

    def _ask(self) -> None:
        """Have everything decoded that follows from the groups."""
        strip = self._codes_at(STEPS)
        if strip is None:
            self.result = self.strip = None
            self.nearest = np.empty(0, np.int64)
            return
        self._numbers[_STRIP] = self._model.decoder.ask(_STRIP, strip)
        self._ask_for_result()

    def _ask_for_result(self) -> None:
        code = self.code
        if code is not None and self._active:
            self._numbers[_RESULT] = self._model.decoder.ask(_RESULT, code[None])
            self._pause.start()

    def _on_decoded(self, decoded: "Decoded") -> None:
        channel, explorer = decoded.channel, self._model.explorer
        if not channel.startswith("arithmetic/") or explorer is None or not len(decoded.pictures):
            return
        if channel == _RESULT:
            if not self.complete:
                return
            self.result = decoded.pictures[0]  # an older one is better than none while a hand still moves
            self.result_changed.emit()
            return
        if channel == _STRIP and decoded.number == self._numbers[_STRIP]:
            self.strip = decoded.pictures
        elif channel.startswith(_MEAN):
            name = channel.removeprefix(_MEAN)
            if name not in self.groups or decoded.number != self._numbers.get(name):
                return
            group = self.groups[name]
            self.groups[name] = Group(
                items=group.items, mean=group.mean, near=group.near, picture=decoded.pictures[0]
            )  # fmt: skip
        self.changed.emit()

    # Neighbours

    def _on_pause_over(self) -> None:
        code, codes = self.code, self._model.codes
        if code is None or codes is None or not self._active:
            return
        if self._neighbours is not None:
            self._neighbours.stop()
        kept = self.groups["c"].items
        work = _nearest(codes, code, without=kept if len(kept) == 1 else np.empty(0, np.int64))
        self._neighbours = self._model.workspace.jobs.start(work, title="Looking for neighbours", quiet=True)
        self._neighbours.ended.connect(self._on_neighbours_found)

    def _on_neighbours_found(self, ending: Ending) -> None:
        if self.sender() is not self._neighbours:
            return
        self._neighbours = None
        if ending.state == DONE and self.complete:
            self.nearest = ending.result
            self.changed.emit()
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "looking for neighbours")


def _sum_up(codes: "Codes", wanted: dict[str, Items]) -> dict[str, Group]:
    """What each group comes to; groups without an item that has a code are left out."""
    found = {}
    for name, items in wanted.items():
        rows = np.flatnonzero(np.isin(codes.items, items))
        if not len(rows):
            continue
        own = codes.mean[rows]
        mean = own.mean(0, dtype=np.float64).astype(np.float32)
        away = ((own - mean) ** 2).sum(1)
        near = np.argsort(away, kind="stable")[:SHOWN]
        found[name] = Group(items=codes.items[rows], mean=mean, near=codes.items[rows[near]])
    return found


def _nearest(codes: "Codes", code: Code, *, without: Items) -> Generator[Event, None, Items]:
    """The items whose codes are nearest to ``code``, nearest first."""

    def look() -> Items:
        away = np.concatenate(
            [((part - code) ** 2).sum(1) for part in np.array_split(codes.mean, -(-len(codes.mean) // 4096))]
        )
        away[np.isin(codes.items, without)] = np.inf
        best = np.argpartition(away, min(SHOWN, len(away) - 1))[:SHOWN]
        best = best[np.isfinite(away[best])]
        nearest: Items = codes.items[best[np.argsort(away[best], kind="stable")]]
        return nearest

    return (yield from waiting(look, stage="looking for neighbours"))

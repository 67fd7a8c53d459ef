"""Pictures of codes while a hand is still moving: one thread that decodes what is wanted now and skips the rest.

A job hands on its events twenty times a second, too seldom for this; so here is the second class that owns a thread.
Only the newest request of a channel counts, channels take turns, and an exception is a signal. What a code means and
where its picture is shown is left to others.
"""

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal

Codes = NDArray[np.float32]
Pictures = NDArray[np.uint8]

_STACK_BYTES = 16 << 20  # as the threads of jobs have
_MANY = 64  # codes from which on several threads are worth their keep


class Decodes(Protocol):
    """What the thread asks; :class:`workbench.engine.latent.explorer.Explorer` answers it, from any thread."""

    @property
    def dims(self) -> int: ...

    def decode(self, codes: Codes) -> Pictures: ...

    def draw(self, codes: Codes, *, seed: int) -> Pictures: ...

    def pixels_of(self, pictures: Pictures) -> Pictures: ...

    def score(self, pixels: Pictures, *, seed: int = 0) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """An answer.

    Attributes:
        channel: Who asked.
        codes: float32[N, D], what was asked.
        pictures: uint8[N, H, W] or [N, H, W, 3].
        number: What :meth:`Decoder.ask` returned; larger is later.
        scores: float32[N] where they were asked for.
        seconds: From the request to the pictures.
    """

    channel: str
    codes: Codes
    pictures: Pictures
    number: int
    scores: NDArray[np.float32] | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Request:
    explorer: Decodes
    channel: str
    codes: Codes
    number: int
    score: bool
    noise: int
    asked: float


class Decoder(QObject):
    """Signals, all in the GUI thread:
    decoded: A :class:`Decoded`; none of an explorer that is no longer the one.
    failed: The exception of a request; the next one is served nevertheless.
    """

    decoded = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._explorer: Decodes | None = None
        self._thread: _Thread | None = None
        self._closed = False
        self._number = 0
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.close)

    @property
    def explorer(self) -> Decodes | None:
        """What decodes."""
        return self._explorer

    @property
    def busy(self) -> bool:
        """Whether answers are still to come."""
        return self._thread is not None and self._thread.busy

    def set_explorer(self, explorer: Decodes | None) -> None:
        """Decode with another network from now on; what was asked of the one before is dropped."""
        if explorer is self._explorer:
            return
        self._explorer = explorer
        if self._thread is not None:
            self._thread.drop()
        if explorer is not None and not self._closed:
            self._started().warm_up(explorer)

    def ask(self, channel: str, codes: Codes, *, score: bool = False, noise: int = -1) -> int:
        """Want pictures of ``codes`` (float32[N, D], not changed afterwards). What the channel wanted before and is not
        being decoded yet is forgotten. There must be an explorer. Once it is closed nothing comes.

        Args:
            score: Whether the pictures' scores are wanted, too, which takes longer.
            noise: Seed of the likelihood's noise; below 0 the pictures are without noise.

        Returns:
            The number of the answer.
        """
        assert self._explorer is not None
        assert codes.shape[1:] == (self._explorer.dims,), codes.shape
        self._number += 1
        if self._closed:
            return self._number
        self._started().put(
            _Request(
                explorer=self._explorer, channel=channel, codes=codes, number=self._number, score=score,
                noise=noise,
                asked=time.perf_counter(),
            )
        )  # fmt: skip
        return self._number

    def forget(self, channel: str) -> None:
        """Nothing is wanted any more in a channel; what is being decoded still comes."""
        if self._thread is not None:
            self._thread.drop(channel)

    def close(self) -> None:
        """End the thread for good and wait for it: as long as one request lasts."""
        self._closed = True
        if self._thread is not None:
            self._thread.end()
            self._thread = None

    def _started(self) -> "_Thread":
        if self._thread is None:
            self._thread = _Thread(self)
            self._thread.arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
            self._thread.start()
        return self._thread

    def _on_arrived(self) -> None:
        thread = self._thread
        if thread is None:
            return
        newest: dict[str, Decoded] = {}
        errors: list[BaseException] = []
        while thread.results:
            explorer, result = thread.results.popleft()
            if explorer is not self._explorer:
                continue
            if isinstance(result, Decoded):
                newest[result.channel] = result
            else:
                errors.append(result)
        for one in newest.values():
            self.decoded.emit(one)
        for error in errors:
            self.failed.emit(error)


class _Thread(QThread):
    """``_wanted`` under its lock, and queues that need none, are all that both threads touch."""

    arrived = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setStackSize(_STACK_BYTES)
        self.results: deque[tuple[Decodes, Decoded | BaseException]] = deque()
        self._calls: SimpleQueue[bool] = SimpleQueue()  # waits within C: the quickest way to wake a thread up
        self._wanted: dict[str, _Request] = {}
        self._cold: Decodes | None = None
        self._lock = threading.Lock()
        self._working = False
        self._usual_threads = self._threads = 0  # of torch: before, and as told last; 0 while it is not loaded

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._wanted or self.results) or self._cold is not None or self._working

    def put(self, request: _Request) -> None:
        with self._lock:
            self._wanted[request.channel] = request  # which keeps the turn of the request it replaces
        self._calls.put(True)

    def warm_up(self, explorer: Decodes) -> None:
        """The first picture of a network takes many times as long as the next one: let nobody wait for it."""
        with self._lock:
            self._cold = explorer
        self._calls.put(True)

    def drop(self, channel: str | None = None) -> None:
        """Forget what is wanted in one channel, or in all."""
        with self._lock:
            if channel is None:
                self._wanted.clear()
            else:
                self._wanted.pop(channel, None)

    def end(self) -> None:
        self.drop()
        self._calls.put(False)
        self.wait()

    def run(self) -> None:
        while self._calls.get():
            with self._lock:
                cold, self._cold = self._cold, None
                request = self._wanted.pop(next(iter(self._wanted))) if self._wanted else None
                self._working = cold is not None or request is not None
            if cold is not None:
                self._warm(cold)
            if request is not None:
                self._serve(request)
            del cold, request  # or the network before would stay in memory until the next call
            self._working = False

    def _warm(self, explorer: Decodes) -> None:
        self._share(1)
        try:
            explorer.decode(np.zeros((1, explorer.dims), np.float32))
        except Exception as error:
            self._answer(explorer, error)

    def _serve(self, request: _Request) -> None:
        explorer = request.explorer
        self._share(len(request.codes))
        try:
            if request.noise < 0:
                pictures = explorer.decode(request.codes)
            else:
                pictures = explorer.draw(request.codes, seed=request.noise)
            scores = explorer.score(explorer.pixels_of(pictures)) if request.score else None
        except Exception as error:
            self._answer(explorer, error)
        else:
            seconds = time.perf_counter() - request.asked
            self._answer(
                explorer,
                Decoded(
                    channel=request.channel, codes=request.codes, pictures=pictures, number=request.number,
                    scores=scores, seconds=seconds,
                ),
            )  # fmt: skip

    def _answer(self, explorer: Decodes, result: Decoded | BaseException) -> None:
        self.results.append((explorer, result))
        self.arrived.emit()

    def _share(self, codes: int) -> None:
        """Let torch compute a few codes on this thread alone: they are too little to share, and threads beside a
        training wait for one another. Only this thread's setting is changed.
        """
        if "torch" not in sys.modules:
            return
        import torch  # waits where another thread is in the middle of it

        usual = self._usual_threads = self._usual_threads or torch.get_num_threads()
        wanted = 1 if codes < _MANY else usual
        if wanted == self._threads:
            return
        self._threads = wanted
        torch.set_num_threads(wanted)
        # The call above has also set what threads begin with that are still to come; a helper thread puts that back.
        helper = threading.Thread(target=torch.set_num_threads, args=(usual,))
        helper.start()
        helper.join()

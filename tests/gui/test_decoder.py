"""The decoder: the newest request counts, channels take turns, nothing of another network comes, the thread ends."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QThread
from pytestqt.qtbot import QtBot

from workbench.gui.models.decoder import Decoded, Decoder


class Explorer:
    """Decodes a code to a picture of its first number; may be held up, and asked what it saw."""

    dims = 2

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.seen: list[float] = []
        self.error: Exception | None = None
        self.threads: set[Any] = set()

    def decode(self, codes: Any) -> Any:
        self.entered.set()
        assert self.gate.wait(10)
        self.threads.add(threading.get_ident())
        self.seen.append(float(codes[0, 0]))
        if self.error:
            error, self.error = self.error, None
            raise error
        return np.broadcast_to(codes[:, :1, None], (len(codes), 3, 3)).astype(np.uint8)

    def draw(self, codes: Any, *, seed: int) -> Any:
        return self.decode(codes) + np.uint8(seed)

    def pixels_of(self, pictures: Any) -> Any:
        return pictures[:, None]

    def score(self, pixels: Any, *, seed: int = 0) -> Any:
        return -pixels.mean((1, 2, 3)).astype(np.float32)


def code(value: float) -> Any:
    return np.array([[value, 0]], np.float32)


@pytest.fixture
def decoder(qapp: QCoreApplication) -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()
    decoder.deleteLater()


@pytest.fixture
def answers(decoder: Decoder) -> list[Decoded]:
    found: list[Decoded] = []
    decoder.decoded.connect(found.append)
    return found


def test_an_answer_has_the_pictures_of_its_codes(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    explorer = Explorer()
    decoder.set_explorer(explorer)
    number = decoder.ask("plane", np.array([[7, 0], [9, 0]], np.float32))
    qtbot.waitUntil(lambda: bool(answers))
    assert (answers[0].channel, answers[0].number) == ("plane", number)
    assert answers[0].pictures[:, 0, 0].tolist() == [7, 9]
    assert answers[0].scores is None
    assert explorer.threads.isdisjoint({threading.get_ident()})


def test_what_was_skipped_over_is_never_decoded(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    explorer = Explorer()
    explorer.gate.clear()
    decoder.set_explorer(explorer)
    decoder.ask("plane", code(1))
    qtbot.waitUntil(explorer.entered.is_set)
    for value in (2, 3, 4):
        decoder.ask("plane", code(value))
    decoder.ask("walk", code(8))
    last = decoder.ask("plane", code(5))
    explorer.gate.set()
    qtbot.waitUntil(lambda: len(answers) >= 2 and not decoder.busy)
    assert explorer.seen[-2:] == [5, 8]  # a channel keeps its turn when it changes its mind
    assert {2.0, 3.0, 4.0}.isdisjoint(explorer.seen)
    assert [one.number for one in answers if one.channel == "plane"][-1] == last


def test_the_warming_up_is_no_answer(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    explorer = Explorer()
    decoder.set_explorer(explorer)
    qtbot.waitUntil(lambda: explorer.seen == [0.0] and not decoder.busy)
    assert answers == []


def test_nothing_comes_of_a_network_that_was_replaced(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    before, after = Explorer(), Explorer()
    before.gate.clear()
    decoder.set_explorer(before)
    decoder.ask("plane", code(1))
    qtbot.waitUntil(before.entered.is_set)
    decoder.ask("plane", code(2))
    decoder.set_explorer(after)
    decoder.ask("plane", code(3))
    before.gate.set()
    qtbot.waitUntil(lambda: bool(answers) and not decoder.busy)
    assert [one.codes[0, 0] for one in answers] == [3]


def test_an_exception_is_a_signal_and_the_thread_lives_on(
    qtbot: QtBot, decoder: Decoder, answers: list[Decoded]
) -> None:
    explorer, errors = Explorer(), []
    decoder.failed.connect(errors.append)
    decoder.set_explorer(explorer)
    qtbot.waitUntil(lambda: not decoder.busy)
    explorer.error = ValueError("no memory left")
    decoder.ask("plane", code(1))
    qtbot.waitUntil(lambda: bool(errors))
    assert str(errors[0]) == "no memory left"
    decoder.ask("plane", code(2))
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0].pictures[0, 0, 0] == 2


def test_scores_and_noise_come_when_they_are_asked_for(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    decoder.set_explorer(Explorer())
    decoder.ask("plane", code(4), score=True, noise=3)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0].pictures[0, 0, 0] == 7
    assert answers[0].scores is not None
    assert answers[0].scores.tolist() == [-7]


def test_a_forgotten_channel_is_not_served(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    explorer = Explorer()
    explorer.gate.clear()
    decoder.set_explorer(explorer)
    qtbot.waitUntil(explorer.entered.is_set)
    decoder.ask("plane", code(1))
    decoder.forget("plane")
    decoder.ask("walk", code(2))
    explorer.gate.set()
    qtbot.waitUntil(lambda: bool(answers) and not decoder.busy)
    assert [one.channel for one in answers] == ["walk"]


def test_closing_waits_and_is_for_good(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    """Whoever asks late, as a page does that is closed after it, starts no thread that nobody would end."""
    decoder.set_explorer(Explorer())
    decoder.ask("plane", code(1))
    decoder.close()
    number = decoder.ask("plane", code(2))
    decoder.set_explorer(Explorer())
    assert number == 2
    assert not [thread for thread in decoder.findChildren(QThread) if thread.isRunning()]
    assert not decoder.busy


def test_only_this_thread_computes_alone(qtbot: QtBot, decoder: Decoder, answers: list[Decoded]) -> None:
    torch = pytest.importorskip("torch")
    found: list[int] = []

    class Counting(Explorer):
        def decode(self, codes: Any) -> Any:
            found.append(torch.get_num_threads())
            return super().decode(codes)

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        decoder.set_explorer(Counting())
        decoder.ask("plane", code(1))
        qtbot.waitUntil(lambda: bool(answers))
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert set(found) == {1}
        assert (torch.get_num_threads(), later) == (2, [2])
    finally:
        torch.set_num_threads(before)

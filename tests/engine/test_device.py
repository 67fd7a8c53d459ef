"""Devices that there are and are not, precisions, and the mixing of numbers."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.device import check_precision, choose_device, describe, memory, mix
from workbench.engine.errors import UserError


@pytest.fixture(params=["nothing", "two GPUs", "mps"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the machine seems to have, whatever it has."""
    name: str = request.param
    monkeypatch.setattr(torch.cuda, "is_available", lambda: name == "two GPUs")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2 if name == "two GPUs" else 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: name == "mps")
    monkeypatch.setattr(torch.xpu, "is_available", lambda: False)
    return name


def only(machine: str, *names: str) -> None:
    if machine not in names:
        pytest.skip("another machine's case")


def test_auto_takes_the_best(machine: str) -> None:
    best = {"nothing": "cpu", "two GPUs": "cuda", "mps": "mps"}[machine]
    assert choose_device() == choose_device("auto") == torch.device(best)


def test_the_cpu_is_always_there(machine: str) -> None:
    assert choose_device("cpu") == choose_device("cpu:0") == torch.device("cpu")


@pytest.mark.parametrize("name", ["", "gpu", "CUDA", "cuda:x", "cuda:-1", "cuda:99999999999999", "meta", "cuda 1"])
def test_a_name_that_is_none(machine: str, name: str) -> None:
    with pytest.raises(UserError) as caught:
        choose_device(name)
    assert str(caught.value) == (f"there is no device called {name!r}. Known: auto, cpu, cuda, cuda:1, mps, xpu")


def test_a_device_that_this_machine_has_not(machine: str) -> None:
    for name in {"nothing": ["cuda", "cuda:0", "mps", "xpu"], "two GPUs": ["mps", "xpu"], "mps": ["cuda"]}[machine]:
        with pytest.raises(UserError, match=f"this machine has no {name.partition(':')[0]} device"):
            choose_device(name)


def test_devices_are_counted(machine: str) -> None:
    if machine != "two GPUs":
        with pytest.raises(UserError):
            choose_device("cuda:1")
        return
    assert choose_device("cuda:1") == torch.device("cuda", 1)
    for name in ("cuda:2", "cuda:128"):
        with pytest.raises(UserError, match=f"there is no {name}. This machine has 2"):
            choose_device(name)


def test_precisions_that_a_device_cannot_train_in(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    for precision in ("fp32", "bf16"):
        check_precision(precision, cpu)
    with pytest.raises(UserError, match="the CPU does not train in fp16"):
        check_precision("fp16", cpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    check_precision("fp16", gpu)
    with pytest.raises(UserError, match="this GPU does not know bf16"):
        check_precision("bf16", gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    check_precision("bf16", gpu)


def test_devices_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    card = SimpleNamespace(name="Fast Card", total_memory=24 * 2**30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 5)
    assert describe(torch.device("cuda")) == "Fast Card (24 GiB)"
    assert describe(torch.device("cpu")) == f"cpu ({torch.get_num_threads()} threads)"
    assert describe(torch.device("mps")) == "mps"
    assert (memory(torch.device("cuda")).used, memory(torch.device("cuda")).total) == (5, 24 * 2**30)
    assert (memory(torch.device("xpu")).used, memory(torch.device("xpu")).total) == (0, 0)


def test_the_machines_memory() -> None:
    if not os.path.exists("/proc/meminfo"):
        pytest.skip("needs /proc/meminfo")
    with open("/proc/meminfo") as file:
        kibibytes = int(next(line for line in file if line.startswith("MemTotal")).split()[1])
    assert memory(torch.device("cpu")).total == pytest.approx(kibibytes * 1024, rel=0.01)
    with open("/proc/self/status") as file:
        resident = int(next(line for line in file if line.startswith("VmRSS")).split()[1])
    assert memory(torch.device("cpu")).used == pytest.approx(resident * 1024, rel=0.05)


# Mixing numbers


@pytest.mark.parametrize(("number", "output"), [(0, 0xE220A8397B1DCDAF), (1234567, 6457827717110365317)])
def test_mixing_one_number_is_splitmix64(number: int, output: int) -> None:
    """The published first outputs of the generator."""
    assert mix(number) == output >> 1


def folded(*numbers: int) -> int:
    """The same in numpy's wrapping arithmetic."""
    state = np.zeros((), np.uint64)
    for number in numbers:
        state = state + np.uint64(number % 2**64) + np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
        state = state ^ (state >> np.uint64(31))
    return int(state) >> 1


@given(st.lists(st.integers(-(2**70), 2**70), max_size=5))
def test_mixing_several(numbers: list[int]) -> None:
    with np.errstate(over="ignore"):
        assert mix(*numbers) == folded(*numbers)
    assert 0 <= mix(*numbers) < 2**63
    torch.Generator().manual_seed(mix(*numbers))


def test_neighbours_have_nothing_in_common() -> None:
    grid = [[mix(first, second) for second in range(100)] for first in range(100)]
    assert len({value for row in grid for value in row}) == 10_000
    flipped = [
        (grid[first][second] ^ other).bit_count()
        for first in range(99)
        for second in range(99)
        for other in (grid[first + 1][second], grid[first][second + 1])
    ]
    assert np.mean(flipped) == pytest.approx(63 / 2, abs=0.1)
    assert mix(1, 2) != mix(2, 1)

"""Choosing a device and a precision, seeding without global state, and reading memory figures."""

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.engine.errors import UserError

if TYPE_CHECKING:
    import torch

PRECISIONS = ("fp32", "bf16", "fp16")
ACCELERATORS = ("cuda", "mps", "xpu")


def calm_openmp() -> None:
    """Let OpenMP's threads spin for microseconds, not milliseconds, before they sleep; call before torch is imported.

    Measured on two cores, milliseconds a step of ``cifar10-cnn``: by default 11 alone but up to 240 beside one busy
    process, which the spinning threads starve; never spinning 26 and 42; with this 12 and 52. GNU's OpenMP alone
    reads it; what the user has set stays.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "4000")


def choose_device(wanted: str = "auto") -> "torch.device":
    """The device that ``wanted`` names; ``auto`` is the best accelerator there is, else the CPU.

    Raises:
        UserError: The name is none, or this machine has no such device.
    """
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "xpu": torch.xpu.is_available(),
    }
    if wanted == "auto":
        return torch.device(next((name for name in ACCELERATORS if there[name]), "cpu"))
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", *ACCELERATORS):
        raise UserError(f"there is no device called {wanted!r}", remedy="known: auto, cpu, cuda, cuda:1, mps, xpu")
    if device.type == "cpu":
        return torch.device("cpu")
    if not there[device.type]:
        raise UserError(f"this machine has no {device.type} device", remedy="use --device cpu or --device auto")
    count = {"cuda": torch.cuda.device_count, "xpu": torch.xpu.device_count}.get(device.type, lambda: 1)()
    if device.index is not None and not 0 <= device.index < count:  # torch wraps cuda:128 round to -128
        raise UserError(f"there is no {wanted}", remedy=f"this machine has {count}, counted from 0")
    return device


def check_precision(precision: str, device: "torch.device") -> None:
    """Refuse a precision that ``device`` cannot train in."""
    import torch

    if precision == "fp16" and device.type == "cpu":
        raise UserError("the CPU does not train in fp16", remedy="use train.precision = bf16 or fp32")
    if precision == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise UserError("this GPU does not know bf16", remedy="use train.precision = fp16 or fp32")


def describe(device: "torch.device") -> str:
    """The device in words: name and memory of a GPU, threads of a CPU."""
    import torch

    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name} ({properties.total_memory / 2**30:.0f} GiB)"
    if device.type == "cpu":
        return f"cpu ({torch.get_num_threads()} threads)"
    return device.type


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on a device: ``used`` by this process, ``total`` of the device; 0 where it does not say."""

    used: int
    total: int


def memory(device: "torch.device") -> Memory:
    """What the device's allocator says; on the CPU the process's resident memory and the machine's."""
    import psutil
    import torch

    if device.type == "cuda":
        return Memory(torch.cuda.memory_allocated(device), torch.cuda.get_device_properties(device).total_memory)
    if device.type == "mps":
        return Memory(torch.mps.current_allocated_memory(), torch.mps.recommended_max_memory())
    if device.type == "cpu":
        return Memory(psutil.Process().memory_info().rss, _installed())
    return Memory(0, 0)


@functools.cache
def _installed() -> int:
    """Bytes of the machine's memory, which take as long to find out as the process's own."""
    import psutil

    return int(psutil.virtual_memory().total)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """A device for people: ``name`` as :func:`describe` has it, ``kind`` as torch calls it, and its memory."""

    name: str
    kind: str
    memory: Memory


def device_facts(wanted: str = "auto") -> DeviceFacts:
    """What is to be said of the device that ``wanted`` names; loads torch.

    Raises:
        UserError: There is no such device.
    """
    device = choose_device(wanted)
    return DeviceFacts(name=describe(device), kind=device.type, memory=memory(device))


def mix(*numbers: int) -> int:
    """One 63-bit seed from several numbers, so that neighbouring (seed, step) pairs start unrelated streams.

    SplitMix64's finaliser (Steele, Lea and Flood 2014) folded over the numbers.
    """
    state = 0
    for number in numbers:
        state = (state + number + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1

"""What can be imported, and what a person's line of text names, without opening any of it."""

import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from workbench.engine.events import Progress

_IDENTIFIER = re.compile(r"[a-z]+(:[\w./:-]+)?|[\w.-]+/[\w.-]+(:[\w.-]+)?")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(:[\w.-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the engine understands.

    Attributes:
        formats: A line for each way in which images lie on a disk.
        names: Names that can be given as they are, each with what it stands for.
        torchvision: Prefix of torchvision's sets and their names.
        hub: Prefix of a set on the Hugging Face Hub.
    """

    formats: tuple[str, ...]
    digits: str
    torchvision: str
    sets: tuple[str, ...]
    hub: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text names something, and what, in a few words."""

    good: bool
    text: str


def find_known() -> Generator[Progress, None, Known]:
    """Ask the engine, which loads its readers; they take longer than a window may wait."""
    from workbench.engine.waiting import waiting

    return (yield from waiting(_known, stage="looking up formats"))


def _known() -> Known:
    from workbench.engine.data.importing import DIGITS, ORDER
    from workbench.engine.data.source import SOURCES
    from workbench.engine.data.sources.hub import HUB_PREFIX
    from workbench.engine.data.sources.torchvision_sets import SETS, TORCHVISION_PREFIX

    formats = dict.fromkeys((*ORDER, *SOURCES))
    return Known(
        formats=tuple(SOURCES[name].title for name in formats),
        digits=DIGITS,
        torchvision=TORCHVISION_PREFIX,
        sets=tuple(SETS),
        hub=HUB_PREFIX,
    )


def judge(target: str, *, known: Known | None) -> Verdict:
    """What ``target`` names. A path is looked up; nothing is read, and the network is not asked.

    As long as it is not known what the engine understands, an identifier gets the benefit of the doubt.
    """
    if not target:
        return Verdict(False, "")
    path = _existing(target)
    here = Verdict(True, "A folder" if path.is_dir() else "A file") if path else None
    if known is None:
        return here or Verdict(bool(_IDENTIFIER.fullmatch(target)), "")
    if target == known.digits:
        return Verdict(True, "The handwritten digits that come with the program")
    if target.startswith(known.torchvision):
        name = target.removeprefix(known.torchvision)
        if name in known.sets:
            return Verdict(True, f"{name} by torchvision, fetched from the network unless it was before")
        return Verdict(False, f"torchvision's sets that are known here: {', '.join(known.sets)}")
    if here:
        return here
    if target.startswith(known.hub) or _HUB_ID.fullmatch(target):
        if _HUB_ID.fullmatch(target.removeprefix(known.hub)):
            return Verdict(True, "A set on the Hugging Face Hub, fetched from the network unless it was before")
        return Verdict(False, f"Write {known.hub}owner/name")
    return Verdict(False, "There is no such file or folder")


def _existing(target: str) -> Path | None:
    try:
        path = Path(target).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no such user's home
        return None

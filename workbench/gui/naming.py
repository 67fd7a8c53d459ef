"""Names that screen readers, scripts and tests find a widget by."""

import re
from typing import TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)
OBJECT_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+")


def named(widget: W, name: str, text: str) -> W:
    """``widget`` with the object name ``panel.thing`` and ``text`` as its accessible name; returns it."""
    assert OBJECT_NAME.fullmatch(name), f"{name!r} is not of the form panel.thing"
    assert text, name
    widget.setObjectName(name)
    widget.setAccessibleName(text)
    return widget

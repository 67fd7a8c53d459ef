"""What the window remembers from one start to the next: where things were, which projects were open.

An INI file of the user's, beside the preferences. Losing it loses no work.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from workbench.engine.preferences import preferences_file

RECENT_KEPT = 10


class Memory:
    """Reads and writes the file at once; Qt replaces it as a whole."""

    def __init__(self) -> None:
        self._path = preferences_file().with_name("window.ini")

    def _settings(self) -> QSettings:
        return QSettings(str(self._path), QSettings.Format.IniFormat)

    def recent(self) -> list[Path]:
        """Folders of the projects that were open, latest first."""
        stored = self.value("recent")
        return [Path(item) for item in stored] if isinstance(stored, list) else []

    def add_recent(self, folder: Path) -> None:
        folders = [folder, *(other for other in self.recent() if other != folder)]
        self.set_value("recent", [str(one) for one in folders[:RECENT_KEPT]])

    def value(self, key: str) -> Any:
        """The plain value stored under ``key``; ``None`` if there is none or it is damaged."""
        try:
            return json.loads(str(self._settings().value(key, "null")))
        except ValueError:
            return None

    def set_value(self, key: str, value: object) -> None:
        self._settings().setValue(key, json.dumps(value))

    def layout(self, key: str) -> QByteArray:
        """Bytes of a geometry or a layout; empty if there are none."""
        stored = self.value(f"layout/{key}")
        return QByteArray.fromBase64(QByteArray(stored.encode())) if isinstance(stored, str) else QByteArray()

    def set_layout(self, key: str, state: QByteArray) -> None:
        self.set_value(f"layout/{key}", bytes(state.toBase64().data()).decode())

    def panel_state(self, id: str) -> Mapping[str, Any]:
        stored = self.value(f"panel/{id}")
        return stored if isinstance(stored, dict) else {}

"""What one person wants of every project on this machine: one TOML file in the user's configuration folder.

``WORKBENCH_HOME`` moves everything that belongs to the user (configuration, data, cache, log) under one folder, which
is also how tests and portable installations keep to themselves.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import platformdirs

from workbench.engine.errors import UserError
from workbench.engine.files import read_toml, write_toml
from workbench.engine.params import Params, param

GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences(Params):
    """See each field's help. Budgets are in gibibytes."""

    theme: str = param("auto", "Light or dark; auto follows the system.", choices=("auto", "light", "dark"))
    scale: int = param(100, "Size of everything in the window, from the next start on.", low=100, high=300, unit="%")
    device: str = param("auto", "Where to train: auto, cpu, cuda, cuda:1, mps or xpu.")
    threads: int = param(0, "Processor threads for training; 0 leaves the choice to PyTorch.", low=0, high=1024)
    memory_gib: float = param(
        2.0,
        "Decoded images up to this size are kept in memory; larger ones are read from the cache.",
        label="Image memory",
        low=0,
        unit="GiB",
    )
    cache_folder: str = param("", "Where decoded images and downloads are kept; empty for the user's cache folder.")
    cache_gib: float = param(
        20.0, "Largest size of the cache of decoded images.", label="Cache size", low=0, unit="GiB"
    )
    limit_megapixels: int = param(
        400, "Images with more pixels are refused, not decoded.", label="Largest image", low=1, high=400, unit="MP"
    )

    @classmethod
    def load(cls) -> Self:
        """The stored preferences, or the defaults where none are stored."""
        path = preferences_file()
        if not path.exists():
            return cls()
        values = read_toml(path)
        try:
            return cls.from_dict(values)
        except UserError as error:
            raise UserError(error.what, where=str(path), remedy=error.remedy) from None

    def save(self) -> None:
        write_toml(preferences_file(), {name: getattr(self, name) for name in sorted(self.changed())})

    @property
    def limit_pixels(self) -> int:
        """The most pixels that are decoded of an image."""
        return self.limit_megapixels * 1_000_000

    @property
    def cache(self) -> Path:
        """The cache folder; it may not exist yet."""
        return Path(self.cache_folder).expanduser() if self.cache_folder else _home("cache")


def _home(kind: str) -> Path:
    if base := os.environ.get("WORKBENCH_HOME"):
        return Path(base) / kind
    return {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
        "log": platformdirs.user_log_path,
    }[kind]("workbench", appauthor=False)


def preferences_file() -> Path:
    return _home("config") / "preferences.toml"


def default_project() -> Path:
    """The project that is used where nobody named one."""
    return _home("data") / "default-project"


def demo_project() -> Path:
    """The project of the demo, where nobody named one."""
    return _home("data") / "demo-project"


def log_file() -> Path:
    return _home("log") / "workbench.log"

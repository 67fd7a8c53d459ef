"""What to send to whoever looks into a problem: the error, where it came from, and versions. No names, no paths."""

import traceback
from pathlib import Path

from workbench import __version__

PACKAGES = ("torch", "torchvision", "PySide6-Essentials", "pyqtgraph", "numpy", "datasets", "transformers", "pillow")


def versions() -> dict[str, str]:
    """Versions of the workbench, Python, the system and the packages that matter, without importing any of them."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"workbench": __version__, "Python": platform.python_version(), "system": platform.platform(terse=True)}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def details(error: BaseException) -> str:
    """The traceback of ``error``; the home folder is written ``~``, which keeps the user's name private."""
    text = "".join(traceback.format_exception(error))
    return text.replace(str(Path.home()), "~")


def report(error: BaseException, *, doing: str) -> str:
    """Everything in one text, for the clipboard."""
    lines = [f"While {doing}: {type(error).__name__}", "", details(error).rstrip(), ""]
    return "\n".join([*lines, versions_text()])


def versions_text() -> str:
    return "\n".join(f"{name} {number}" for name, number in versions().items())

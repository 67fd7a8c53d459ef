"""What tests of the window share."""

from PySide6.QtCore import QCoreApplication, QEvent


def settle() -> None:
    """Let everything that was deleted later be deleted now."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()

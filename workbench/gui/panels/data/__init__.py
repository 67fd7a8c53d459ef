"""The Data panel: ``panel`` arranges, ``pages`` are the looks at a dataset, ``items`` what is done with items."""

from workbench.gui.panels.data.panel import DataPanel

__all__ = ["DataPanel"]

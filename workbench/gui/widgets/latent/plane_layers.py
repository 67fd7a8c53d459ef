"""What lies over the codes of the plane as a person has chosen it: the prior, the density, the posteriors."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from workbench.gui.widgets.latent.plane_axes import Axes
from workbench.gui.widgets.latent.plane_bar import NOTHING, SHADING, PlaneBar
from workbench.gui.widgets.latent.plane_density import density_of
from workbench.gui.widgets.latent.plane_overlays import MOST_ELLIPSES
from workbench.gui.widgets.latent.plane_points import CodePoints
from workbench.gui.widgets.latent.plane_view import PlaneView

if TYPE_CHECKING:
    from workbench.engine.latent.codes import Codes


class PlaneLayers(QObject):
    """Keeps the overlays of a view as the bar says."""

    def __init__(self, view: PlaneView, bar: PlaneBar, points: CodePoints) -> None:
        super().__init__(view)
        self._view, self._bar, self._points = view, bar, points
        self._codes: Codes | None = None
        self._axes: Axes | None = None
        self._pair = (0, 1)
        bar.options_changed.connect(self.lay)
        view.view_moved.connect(self._on_view_moved)

    def show(self, codes: "Codes | None", axes: Axes | None, pair: tuple[int, int]) -> None:
        """These codes are in the view, along a pair of axes."""
        self._codes, self._axes, self._pair = codes, axes, pair
        self.lay()

    def forget(self) -> None:
        """Other codes are on their way into the view: nothing lies over it until :meth:`show`."""
        self._codes = self._axes = None
        self._view.ellipses.clear()
        self._view.landscape.show(None, shades=False)

    def lay(self) -> None:
        """Bring all of it up to date."""
        self._view.circles.shown = self._bar.prior
        kind = self._bar.density if self._codes is not None else NOTHING
        density = density_of(self._view.points) if kind != NOTHING else None
        self._view.landscape.show(density, shades=kind == SHADING)
        self._lay_ellipses()
        self._view.update()

    def words(self) -> str:
        """How many posteriors are shown, of how many; empty for none."""
        shown = self._view.ellipses.count
        if not shown:
            return ""
        whole = len(self._view.selection) or len(self._view.in_view())
        of = f" of {whole:,}" if shown < whole else ""
        return f"posteriors of {shown:,}{of} {'selected' if len(self._view.selection) else 'in view'}"

    def _on_view_moved(self) -> None:
        if self._bar.deviations and not len(self._view.selection):
            self._lay_ellipses()

    def _lay_ellipses(self) -> None:
        """Of the points selected, or of those in view; evenly spread ones where they are many."""
        codes, axes, view = self._codes, self._axes, self._view
        rows = np.empty(0, np.int64)
        if codes is not None and axes is not None and self._bar.deviations and len(view.points) == len(codes.items):
            chosen = view.selection if len(view.selection) else view.in_view()
            rows = chosen[:: max(1, -(-len(chosen) // MOST_ELLIPSES))]
        if codes is None or axes is None or not len(rows):
            view.ellipses.clear()
            return
        spreads = axes.spread(codes.deviation[rows], *self._pair)
        if not spreads.any():  # codes that are exact
            view.ellipses.clear()
            return
        view.ellipses.show(
            view.points[rows].astype(np.float64),
            spreads,
            self._points.inks[rows],
            deviations=float(self._bar.deviations),
        )

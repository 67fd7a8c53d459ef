"""One line of a chart, prepared for painting: what it shows of which curve, and its points for the pixels there are.

Preparing is remembered as long as neither the numbers nor the part of them that is shown have changed.
"""

from dataclasses import dataclass

import numpy as np

from workbench.engine.project.curves import Curves, Floats
from workbench.gui.widgets.plots.lines import Abscissae, Window, decimated, nearest, x_values

_SPIKES = (0.02, 0.98)  # of the columns: where raw noise is only background, its rarest spikes do not set the scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of a chart.

    Attributes:
        curves, key: Where its numbers are.
        label: What it is called, unique in its chart.
        colour: Index of a series colour of the theme, ``#rrggbb``, or empty for that of quiet text.
        dashed, dotted: Drawn so, to be told from another one of its colour.
        smooth: Its values are noise around something, so smoothing applies to them.
        maximise: Whether its largest or its smallest value is the best one; ``None`` if none is and none is marked.
        muted: One of many, pale and without a name: the read-out and pictures' legends leave it out.
        groups: Entries of legends that it is switched off with, beside its own label.
    """

    curves: Curves
    key: str
    label: str
    colour: int | str = 0
    dashed: bool = False
    dotted: bool = False
    smooth: bool = False
    maximise: bool | None = None
    muted: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value to mark across a chart: a dashed line and ``text``. ``colour`` is as a trace's."""

    value: float
    text: str
    colour: int | str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the numbers are looked at: the x axis is epochs or steps, either axis logarithmic or not, and the weight of
    the past in smoothed lines, 0 to below 1."""

    epochs: bool = False
    log_x: bool = False
    log_y: bool = False
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The sample of a trace that is nearest to some place: its step, its epoch, the value as measured, and the smoothed
    one where the trace is smoothed."""

    label: str
    step: int
    epoch: float
    value: float
    smoothed: float | None


@dataclass(frozen=True, slots=True)
class Points:
    """Points to connect, in values."""

    x: Abscissae
    y: Floats


class Series:
    """A trace with its points."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._key: object = None
        self._raw = self._smooth = Points(np.empty(0), np.empty(0))

    @property
    def version(self) -> int:
        return self.trace.curves.version(self.trace.key)

    def smoothed(self, view: View) -> bool:
        """Whether a smoothed line stands before the raw one."""
        return self.trace.smooth and view.smoothing > 0

    def x(self, view: View) -> Abscissae:
        """Where it has values, ascending."""
        return x_values(self.trace.curves.get(self.trace.key), epochs=view.epochs)

    def shown(self, view: View) -> Floats:
        """Its values as they count: smoothed where they are."""
        curves, key = self.trace.curves, self.trace.key
        return curves.smoothed(key, view.smoothing) if self.smoothed(view) else curves.get(key).values

    def points(self, view: View, window: Window, *, columns: int) -> tuple[Points, Points]:
        """Raw and smoothed points between the window's sides; the smoothed ones are the raw ones where none are."""
        key = (self.version, view.epochs, view.log_x, view.smoothing, window.left, window.right, columns)
        if key != self._key:
            edges = window.edges(columns)
            x = self.x(view)
            self._raw = Points(*decimated(x, self.trace.curves.get(self.trace.key).values, edges=edges))
            self._smooth = self._raw
            if self.smoothed(view):
                self._smooth = Points(*decimated(x, self.shown(view), edges=edges))
            self._key = key
        return self._raw, self._smooth

    def span(self, view: View, window: Window, *, columns: int) -> tuple[float, float] | None:
        """Smallest and largest value worth seeing between the window's sides; ``None`` if there is nothing."""
        raw, smooth = self.points(view, window, columns=columns)
        values = smooth.y[smooth.y > 0] if view.log_y else smooth.y
        if not len(values):
            return None
        low, high = float(values.min()), float(values.max())
        if self.smoothed(view):
            noise = raw.y[raw.y > 0] if view.log_y else raw.y
            if len(noise):
                below, above = np.quantile(noise, _SPIKES)
                low, high = min(low, float(below)), max(high, float(above))
        return low, high

    def best(self, view: View) -> int | None:
        """Index of the best value as shown, the first of equals; ``None`` where none is."""
        values = self.shown(view)
        if self.trace.maximise is None or not len(values):
            return None
        return int(np.argmax(values) if self.trace.maximise else np.argmin(values))

    def reading(self, view: View, x: float) -> Reading | None:
        """The sample nearest to ``x`` (a step or an epoch); ``None`` before the first one."""
        places = self.x(view)
        if not len(places):
            return None
        index = nearest(places, x)
        line = self.trace.curves.get(self.trace.key)
        smooth = float(self.shown(view)[index]) if self.smoothed(view) else None
        return Reading(
            label=self.trace.label,
            step=int(line.steps[index]),
            epoch=float(line.epochs[index]),
            value=float(line.values[index]),
            smoothed=smooth,
        )

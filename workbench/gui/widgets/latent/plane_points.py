"""The codes of the data in a plane: coloured by class, with a legend and names, told about when the mouse is there."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from workbench.gui.models.colouring import Groups
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.point_card import PointCard
from workbench.gui.widgets.inspect.point_looks import group_looks
from workbench.gui.widgets.inspect.scatter_legend import ScatterLegend
from workbench.gui.widgets.inspect.scatter_names import Name
from workbench.gui.widgets.latent.plane_view import PlaneView
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.latent.codes import Codes

_RARE = 0.05  # of the points: a group of fewer lies over the others
_NO_LABEL = "no label"


def groups_of(codes: "Codes") -> Groups:
    """The classes of the items; one more group for those without a label."""
    labels = np.asarray(codes.labels, np.int64)
    missing = (labels < 0) | (labels >= len(codes.classes))
    if not missing.any():
        return Groups(names=tuple(codes.classes), codes=labels)
    none = len(codes.classes)
    return Groups(names=(*codes.classes, _NO_LABEL), codes=np.where(missing, none, labels), none=none)


class CodePoints(QObject):
    """Paints codes into a view."""

    def __init__(self, workspace: Workspace, view: PlaneView, legend: ScatterLegend, theme: Theme) -> None:
        super().__init__(view)
        self._view, self._legend, self._theme = view, legend, theme
        self._codes: Codes | None = None
        self._dataset: Dataset | None = None
        self._groups: Groups | None = None
        self._named = True
        self.card = PointCard(workspace, theme, view)
        view.hovered.connect(self._on_hovered)
        legend.front_changed.connect(self._colour)
        theme.changed.connect(self._on_theme_changed)

    def show(self, codes: "Codes | None", dataset: "Dataset | None") -> None:
        """These are the codes, of items of this dataset; where they lie is told by :meth:`place`."""
        self._codes, self._dataset = codes, dataset
        self.card.hide()
        self.card.set_dataset(dataset)
        self._groups = groups_of(codes) if codes is not None else None
        if self._groups is None:
            self._legend.clear()
        else:
            self._legend.show_groups(self._groups)

    def place(self, points: NDArray[np.float32]) -> None:
        """float32[M, 2], one for each code."""
        self._view.set_points(points)
        self._colour()

    def write_names(self, written: bool) -> None:
        self._named = written
        self._name()

    @property
    def inks(self) -> NDArray[np.uint32]:
        """uint32[M], 0xRRGGBB of each point."""
        if self._groups is None:
            return np.empty(0, np.uint32)
        colours, _ = group_looks(self._theme, self._groups)
        inks: NDArray[np.uint32] = colours[self._groups.codes]
        return inks

    def item_name(self, row: int) -> str:
        """What the item of a code is called, and its class."""
        assert self._codes is not None
        assert self._groups is not None
        item = int(self._codes.items[row])
        name = self._dataset.items.name(item) if self._dataset is not None else f"Item {item:,}"
        return f"{name} \N{MIDDLE DOT} {self._groups.word(row)}" if self._codes.classes else name

    def _on_theme_changed(self) -> None:
        if self._groups is not None:
            self._colour()

    def _colour(self) -> None:
        groups = self._groups
        if groups is None or len(self._view.points) != len(groups.codes):
            self._view.set_names(())
            return
        inks, forms = group_looks(self._theme, groups)
        front = self._legend.front
        ahead = np.isin(groups.codes, front) if len(front) else None
        rare = groups.counts() < _RARE * len(groups.codes)
        self._view.set_colours(
            inks[groups.codes], shapes=forms[groups.codes], front=ahead, rare=rare[groups.codes]
        )  # fmt: skip
        self._name()

    def _name(self) -> None:
        """Write the classes' names where most of their points are, the largest first."""
        groups, points = self._groups, self._view.points
        if groups is None or not self._named or len(points) != len(groups.codes) or len(groups.names) < 2:
            self._view.set_names(())
            return
        inks, _ = group_looks(self._theme, groups)
        front, counts = set(self._legend.front.tolist()), groups.counts()
        order, ends = np.argsort(groups.codes, kind="stable"), np.cumsum(counts)
        names = []
        for group in np.argsort(-counts, kind="stable").tolist():
            if counts[group] and (not front or group in front):
                own = points[order[ends[group] - counts[group] : ends[group]]]
                x, y = np.median(own, axis=0).tolist()
                names.append(Name(text=groups.names[group], x=x, y=y, colour=f"#{int(inks[group]):06x}"))
        self._view.set_names(names)

    def _on_hovered(self, index: int) -> None:
        codes = self._codes
        if index < 0 or codes is None or self._groups is None or index >= len(codes.items):
            self.card.hide()
            self._view.say("")
            return
        item = int(codes.items[index])
        name = self._dataset.items.name(item) if self._dataset is not None else f"Item {item:,}"
        word = self._groups.word(index) if codes.classes else ""
        self._legend.point_out(int(self._groups.codes[index]))
        self._view.say(", ".join(part for part in (name, word) if part))
        self.card.show_item(item, name, word, at=self._view.place(index))

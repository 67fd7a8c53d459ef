"""The widgets of the plane's page and how they share the room; what they do together is the page's."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from workbench.gui.models.latent import LatentModel
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.inspect.scatter_legend import ScatterLegend
from workbench.gui.widgets.latent.plane_bar import PlaneBar
from workbench.gui.widgets.latent.plane_items import SelectedItems
from workbench.gui.widgets.latent.plane_layers import PlaneLayers
from workbench.gui.widgets.latent.plane_points import CodePoints
from workbench.gui.widgets.latent.plane_side import PlaneSide
from workbench.gui.widgets.latent.plane_sliders import CodeSliders
from workbench.gui.widgets.latent.plane_view import PlaneView

_SIDE = 44  # characters of width that the right column begins with
_CLASSES, _DIMENSIONS, _SELECTED = range(3)


class PlaneLayout(QWidget):
    """The page without its behaviour."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__()
        self.view = PlaneView(theme, name="latent.plane")
        self.view.setAccessibleName("Codes as points, with a handle to decode from")
        self.bar = PlaneBar(self.view, theme)
        self.side = PlaneSide(model.workspace, theme)
        self.legend = ScatterLegend(theme, name="latent.plane-legend")
        self.sliders = CodeSliders(theme, name="latent.plane-slider")
        self.selected = SelectedItems(model.workspace, theme)
        self.points = CodePoints(model.workspace, self.view, self.legend, theme)
        self.layers = PlaneLayers(self.view, self.bar, self.points)
        self._caption = ElidedLabel()
        self._caption.setProperty("role", "muted")
        self._lay_out()
        self.first: QWidget = self.view

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.view, 1)
        column.addWidget(self._caption)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("latent.plane-tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.legend, "Classes")
        self.tabs.addTab(self.sliders, "Dimensions")
        self.tabs.addTab(self.selected, "Selected")
        side = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        side.addWidget(self.side)
        side.addWidget(self.tabs)
        side.setStretchFactor(0, 1)
        side.setStretchFactor(1, 1)
        side.setSizes([5 * GAP, 4 * GAP])
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(side)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 1)
        width = self.fontMetrics().averageCharWidth() * _SIDE
        self.splitter.setSizes([2 * width, width])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(self.bar)
        whole.addWidget(self.splitter, 1)

    def offer(self, *, codes: bool, posteriors: bool, classes: bool, dims: int, score: str) -> None:
        """Show what makes sense for a network; see :meth:`PlaneBar.offer`."""
        self.bar.offer(codes=codes, posteriors=posteriors, classes=classes, dims=dims, score=score)
        self.tabs.setTabVisible(_CLASSES, codes)
        self.tabs.setTabVisible(_DIMENSIONS, dims > 2)
        self.tabs.setTabVisible(_SELECTED, codes)
        self.tabs.setVisible(codes or dims > 2)

    def count_selected(self, count: int) -> None:
        """Say how many items are selected, and bring them forward where there are some."""
        self.tabs.setTabText(_SELECTED, f"Selected ({count:,})" if count else "Selected")
        if count:
            self.tabs.setCurrentWidget(self.selected)

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as a picture, by title."""
        return {"Plane": self.view, "Decoded": self.side.picture} if self.side.picture.image is not None else {}

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return self.bar.state()

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        self.bar.restore(state)

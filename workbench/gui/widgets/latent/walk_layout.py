"""What the Walk page is made of and where it stands; what it does is :mod:`.walk`'s.

One path has its strip above the large frame and the curve. Three have them beside each other: below one another they
need the height.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.engine.latent.walk import PATHS
from workbench.gui.models.latent import LatentModel
from workbench.gui.models.walk import LEAST_FRAMES, MOST_FRAMES, WalkModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.wrapping import WrapLayout
from workbench.gui.widgets.inspect.message import Message
from workbench.gui.widgets.latent.player import Player
from workbench.gui.widgets.latent.walk_curve import WalkCurve
from workbench.gui.widgets.latent.walk_finding import FindingBar
from workbench.gui.widgets.latent.walk_strips import WalkStrips
from workbench.gui.widgets.latent.waypoints import WaypointRow
from workbench.gui.widgets.latent.waypoints_picker import ItemPicker

_DROP_HERE = "Drag images here, or choose some on the left and press Enter"
_WIDTHS, _HEIGHTS = (1, 4), (7, 4)  # shares of the picker and the walk, and of the strips and what is large
_BESIDE = (1, 3)  # shares of the large frame and of what is said of it
_READABLE = 64 * GAP  # of a side column that has room


class WalkLayout(QWidget):
    """The widgets of the page: a picker of images, the waypoints, the strips and the player."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.walk = WalkModel(model, self)
        self.picker = ItemPicker(model, theme, name="latent.walk-pick")
        self.first = self.picker.gallery
        self.row = WaypointRow(theme, name="latent.waypoints")
        self.row.set_sentence(_DROP_HERE)
        self.player = Player(theme, name="latent.walk")
        self.strips = WalkStrips(self.walk, theme)
        self.curve = WalkCurve(theme, name="latent.walk-curve", text="How likely each frame is")
        self.finding = FindingBar(theme, name="latent.finding")
        self.message = Message(name="latent.walk-empty")
        self._build_tools()
        self._lay_out()

    def _build_tools(self) -> None:
        self.add = named(QPushButton("Add to the walk"), "latent.walk-add", "Add the selected images to the walk")
        self.add.setToolTip("Add the selected images to the walk (Enter)")
        self.sample = named(QPushButton("Add a sample"), "latent.walk-sample", "Add a sample of the prior")
        self.sample.setToolTip("Add a code drawn from the prior, with no image behind it")
        self.clear = named(QPushButton("Clear"), "latent.walk-clear", "Remove all waypoints")
        self.clear.setToolTip("Remove all waypoints")
        self.path = named(QComboBox(), "latent.walk-path", "Path")
        for path in PATHS:
            self.path.addItem(PATHS[path].title, path)
            self.path.setItemData(self.path.count() - 1, PATHS[path].help, Qt.ItemDataRole.ToolTipRole)
        self.compare = named(QPushButton("Compare paths"), "latent.walk-compare", "Compare the three paths")
        self.compare.setToolTip("The three paths between the same waypoints, below one another")
        self.compare.setCheckable(True)
        self.compare.setIcon(self._theme.icon("compare"))
        self.frames = named(QSpinBox(), "latent.walk-frames", "Frames")
        self.frames.setRange(LEAST_FRAMES, MOST_FRAMES)
        self.frames.setValue(self.walk.frames)
        self.frames.setToolTip(f"Frames of the walk, {LEAST_FRAMES} to {MOST_FRAMES}")
        self.frames.setKeyboardTracking(False)
        self.save = named(QPushButton("Save GIF\N{HORIZONTAL ELLIPSIS}"), "latent.walk-gif", "Save the walk as a GIF")
        self.save.setIcon(self._theme.icon("export"))
        self.save.setToolTip("Save the walk as a GIF that plays as it does here: same speed, loop or to and fro")

    def _lay_out(self) -> None:
        self.picker.buttons.addWidget(self.add)
        self.picker.buttons.addWidget(self.sample)
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(_RowArea(self.row), 1)
        top.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignTop)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GAP // 2, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self.finding)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.message)
        self._pages.addWidget(self._walk_page())
        column.addWidget(self._pages, 1)
        self.beside = _splitter(Qt.Orientation.Horizontal, self.picker, right, shares=_WIDTHS)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.beside)

    def _walk_page(self) -> QWidget:
        bar = QWidget()
        tools = WrapLayout(bar)
        tools.addWidget(_labelled("Path", self.path))
        tools.addWidget(_labelled("Frames", self.frames))
        tools.addWidget(self.compare)
        tools.addWidget(self.save)
        for button in (self.compare, self.save):
            button.setMaximumWidth(button.sizeHint().width())
        said = QWidget()
        column = self._said = QVBoxLayout(said)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.player)
        column.addWidget(self.curve, 1)
        self.large = _splitter(Qt.Orientation.Horizontal, self.player.view, said, shares=_BESIDE)
        self.parts = _splitter(Qt.Orientation.Vertical, self.strips, self.large, shares=_HEIGHTS)
        self._upright = [100 * share for share in _HEIGHTS]
        self.parts.setSizes(self._upright)
        page = QWidget()
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(bar)
        whole.addWidget(self.parts, 1)
        return page

    def arrange(self, *, compared: bool) -> None:
        """One path above the player, or three beside it."""
        across = Qt.Orientation.Horizontal
        if compared == (self.parts.orientation() == across):
            return
        if compared:
            self._upright = self.parts.sizes()
        self.player.set_narrow(compared)
        self.parts.setOrientation(across if compared else Qt.Orientation.Vertical)
        self.large.setOrientation(Qt.Orientation.Vertical if compared else across)
        self.large.setSizes([100, 200] if compared else [100 * share for share in _BESIDE])
        self._said.setContentsMargins(0 if compared else GAP, 0, 0, 0)
        if not compared:
            self.parts.setSizes(self._upright)
            return
        self._said.activate()
        room = self.parts.width() - self.parts.handleWidth()
        least = self.large.minimumSizeHint().width()
        strips = max(0, min(self.strips.widest, room - least))
        self.parts.setSizes([strips, max(least, min(_READABLE, room - strips))])


class _RowArea(QScrollArea):
    """A row that scrolls sideways, as high as it needs to be: with its scroll bar only where there is one."""

    def __init__(self, row: WaypointRow) -> None:
        super().__init__()
        self._row = row
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(row)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        bar = self.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > bar.minimum() else 0
        self.setFixedHeight(self._row.minimumSizeHint().height() + extra)


def _splitter(orientation: Qt.Orientation, *widgets: QWidget, shares: tuple[int, ...]) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    for place, (widget, share) in enumerate(zip(widgets, shares, strict=True)):
        splitter.addWidget(widget)
        splitter.setStretchFactor(place, share)
    return splitter


def _labelled(text: str, widget: QWidget) -> QWidget:
    """A widget with a word before it."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GAP // 2)
    label = QLabel(text)
    label.setBuddy(widget)
    row.addWidget(label)
    row.addWidget(widget)
    holder.setMaximumWidth(holder.sizeHint().width())
    return holder

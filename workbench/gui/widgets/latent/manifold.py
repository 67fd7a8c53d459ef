"""The manifold: what a plane of the latent space decodes to, as a grid in which every picture is equally probable.

Now it is decoded live, over any part of the prior; what it was like during the training are the sheets that the run
kept.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSpinBox, QSplitter, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.events import Previewed
from workbench.engine.latent.manifold import grid_codes
from workbench.engine.latent.plane import Plane
from workbench.engine.project.previews import Sheet
from workbench.gui.models.decoder import Decoded
from workbench.gui.models.inspectable_runs import is_training
from workbench.gui.models.latent import LatentModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import ElidedLabel, WrappedLabel
from workbench.gui.widgets.latent.manifold_range import WHOLE, Range, z_of
from workbench.gui.widgets.latent.manifold_view import ManifoldView, SheetImage
from workbench.gui.widgets.latent.plane_axes import COMPONENTS, DIMENSIONS, Axes, own_dimensions
from workbench.gui.widgets.latent.plane_bar import AxesChooser
from workbench.gui.widgets.latent.plane_components import ComponentsFinder
from workbench.gui.widgets.latent.plane_picture import PictureView, to_image
from workbench.gui.widgets.latent.plane_side import Readout
from workbench.gui.widgets.latent.plane_words import DOT, distance_words, number
from workbench.gui.widgets.latent.training_film import FILM_RATE, TrainingFilm
from workbench.gui.widgets.latent.training_words import NOW, NOW_HINT, now_words, then_words
from workbench.gui.widgets.timeline import Timeline

Codes = NDArray[np.float32]
Pictures = NDArray[np.uint8]

CHANNEL = "manifold"
"""Of the decoder."""
KIND = "manifold"
LEAST_SIDE, USUAL_SIDE, MOST_SIDE = 5, 20, 40
ZERO, PLANE = "zero", "plane"
_KEPT = 64  # sheets in memory, so that playing reads each once
_SIDE = 36  # characters of width that the right column begins with


class ManifoldPage(QWidget):
    """Follows ``model``; decodes only while it is in view."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._axes: Axes | None = None
        self._pair = (0, 1)
        self._wanted_kind = ""
        self._asked: dict[int, tuple[Range, int]] = {}  # what the answers that are still to come are about
        self._live: tuple[SheetImage, Pictures] | None = None
        self._read: dict[str, Sheet] = {}
        self._past: Sheet | None = None
        self.view = ManifoldView(theme, name="latent.manifold")
        self.picture = PictureView(theme, name="latent.manifold-picture", text="The picture below the mouse")
        self.picture.set_text("Point at a picture to see it large. A click goes to its place in the plane.")
        self.readout = Readout(theme, name="latent.manifold-readout", text="Where the picture is")
        self.side_box = named(QSpinBox(), "latent.manifold-side", "Pictures in a row")
        self.side_box.setRange(LEAST_SIDE, MOST_SIDE)
        self.side_box.setValue(USUAL_SIDE)
        self.side_box.setToolTip("Pictures in a row, and rows")
        self.axes = AxesChooser(name="latent.manifold")
        self.rest = named(QComboBox(), "latent.manifold-rest", "The other dimensions")
        self.rest.addItem("the others 0", ZERO)
        self.rest.addItem("the others as in the plane", PLANE)
        self.rest.setToolTip("What the dimensions are held at that are not shown")
        self.whole = named(QPushButton("Whole prior"), "latent.manifold-whole", "Show all quantiles")
        self.whole.setToolTip("Show all quantiles (double click, or 0)")
        self.timeline = Timeline(theme, name="latent.manifold-time", what="manifold")
        self.timeline.latest.setText(NOW)
        self.timeline.latest.setToolTip(NOW_HINT)
        self._no_timeline = WrappedLabel()
        self._no_timeline.setProperty("role", "muted")
        self._caption = ElidedLabel()
        self._caption.setProperty("role", "muted")
        self.finder = ComponentsFinder(model.workspace.jobs, self)
        self._lay_out()
        self.first = self.view
        self._connect()
        self._on_model_changed()

    def _lay_out(self) -> None:
        bar = QWidget()
        flow = FlowLayout(bar)
        label = QLabel("&Pictures in a row")
        label.setBuddy(self.side_box)
        for widget in (label, self.side_box, self.whole, self.axes, self.rest):
            flow.addWidget(widget)
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.view, 1)
        column.addWidget(self._caption)
        column.addWidget(self.timeline)
        column.addWidget(self._no_timeline)
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(GAP)
        side.addWidget(self.picture)
        side.addWidget(self.readout)
        side.addStretch(1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(0, 1)
        width = self.fontMetrics().averageCharWidth() * _SIDE
        self.splitter.setSizes([3 * width, width])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(bar)
        whole.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        model = self._model
        model.changed.connect(self._on_model_changed)
        model.codes_changed.connect(self._on_codes_changed)
        model.sheets_changed.connect(self._on_sheets_changed)
        model.placed.connect(self._on_rest_chosen)
        self.view.range_changed.connect(self._on_range_changed)
        self.view.cell_changed.connect(self._on_cell_changed)
        self.view.chosen.connect(self._on_cell_chosen)
        self.whole.clicked.connect(self._on_whole_clicked)
        self.side_box.valueChanged.connect(self._ask)
        self.axes.kind_chosen.connect(self._on_kind_chosen)
        self.axes.pair_chosen.connect(self._on_pair_chosen)
        self.rest.currentIndexChanged.connect(self._on_rest_chosen)
        self.timeline.moved.connect(self._on_timeline_moved)
        self.finder.found.connect(self._on_components_found)
        self.finder.failed.connect(self._on_components_failed)

    # For the panel

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as a picture, by title."""
        return {"Manifold with axes": self.view} if self.view.sheet is not None else {}

    def sheets(self) -> dict[str, Callable[[], tuple[Pictures, int]]]:
        """What can be saved as a sheet of pictures, by title: calls that give uint8[N, H, W(, 3)] and columns."""
        return {"Manifold": self.sheet} if self.view.sheet is not None else {}

    def films(self) -> dict[str, Callable[[], tuple[TrainingFilm, float]]]:
        """What can be saved as a film, by title: calls that give frames, read in the background, and their rate."""
        run, kept = self._model.run, self._model.sheets(KIND)
        if run is None or self._axes is None or len(kept) < 2:
            return {}
        return {"Manifold during training": lambda: (TrainingFilm(run, kept), FILM_RATE)}

    def sheet(self) -> tuple[Pictures, int]:
        """What is shown: pictures row by row, and how many are in a row."""
        if self._past is not None:
            return self._past.pictures, self._past.columns
        assert self._live is not None
        return self._live[1], self._live[0].side

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return {"side": self.side_box.value(), "axes": self._wanted_kind, "rest": str(self.rest.currentData())}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        side, kind = state.get("side"), state.get("axes")
        if isinstance(side, int):
            self.side_box.setValue(side)
        self._wanted_kind = kind if kind in (DIMENSIONS, COMPONENTS) else ""
        self.rest.setCurrentIndex(max(0, self.rest.findData(state.get("rest"))))

    # Following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.decoder.decoded.connect(self._on_decoded, Qt.ConnectionType.UniqueConnection)
        if self._model.explorer is not None and self._model.explorer.dims > 2:
            self._model.want_codes()
        self._ask()

    def _on_model_changed(self) -> None:
        explorer = self._model.explorer
        self._asked.clear()
        self._read.clear()
        self._live = None
        if explorer is None or explorer.dims < 2:
            self._axes = self._past = None
            self.view.show_sheet(None)
            self.picture.show_picture(None)
        elif self._axes is None or self._axes.dims != explorer.dims:
            self._pair = (0, 1)
            self._axes = own_dimensions(explorer.dims)
            self.view.show_sheet(None)
            self.view.set_range(WHOLE)
        if not self.timeline.following:  # what was kept at some step was another network's
            with QSignalBlocker(self.timeline):
                self.timeline.follow()
        self._on_sheets_changed()
        self._on_codes_changed()

    def _on_codes_changed(self) -> None:
        explorer, codes = self._model.explorer, self._model.codes
        several = explorer is not None and explorer.dims > 2
        self.axes.setVisible(several)
        self.rest.setVisible(several)
        self.finder.forget()
        if several and explorer is not None and self._axes is not None:
            if codes is None:
                self._take_axes(own_dimensions(explorer.dims))
            elif self._wanted_kind == COMPONENTS:
                self.finder.find(codes.mean)
            else:
                axes = own_dimensions(explorer.dims, mean=codes.mean, deviation=codes.deviation)
                if not self._axes.measure:
                    first, second = axes.order[:2].tolist()
                    self._pair = (first, second)
                self._take_axes(axes)
        self._ask()

    def _take_axes(self, axes: Axes) -> None:
        self._axes = axes
        self.axes.offer(axes, self._pair, components=self._model.codes is not None)

    def _on_kind_chosen(self, kind: str) -> None:
        self._wanted_kind = kind
        codes = self._model.codes
        assert codes is not None
        if kind == COMPONENTS:
            self.finder.find(codes.mean)
        else:
            axes = own_dimensions(codes.mean.shape[1], mean=codes.mean, deviation=codes.deviation)
            first, second = axes.order[:2].tolist()
            self._pair = (first, second)
            self._take_axes(axes)
            self._ask()

    def _on_components_found(self, axes: Axes) -> None:
        if self._wanted_kind != COMPONENTS:
            return
        if self._axes is None or self._axes.kind != COMPONENTS:
            self._pair = (0, 1)
        self._take_axes(axes)
        self._ask()

    def _on_components_failed(self, error: BaseException) -> None:
        self._model.failed.emit(error, "finding the principal axes")

    def _on_pair_chosen(self) -> None:
        self._pair = self.axes.pair
        assert self._axes is not None
        self._take_axes(self._axes)
        self._ask()

    def _on_rest_chosen(self) -> None:
        if self.rest.currentData() == PLANE:
            self._ask()

    # Live

    def plane(self) -> Plane:
        """The plane of the grid: through the middle of the prior, or where the other dimensions are in the plane."""
        axes = self._axes
        assert axes is not None
        rows = axes.basis[list(self._pair)]
        rest = np.zeros(axes.dims)
        code = self._model.code
        if axes.dims > 2 and self.rest.currentData() == PLANE and code is not None and len(code) == axes.dims:
            rest = code.astype(np.float64)
            rest = rest - (rows @ rest) @ rows
        return Plane(origin=rest, axes=rows)

    @property
    def live(self) -> bool:
        """Whether what is shown is decoded now, and not kept from the training."""
        sheets = self._model.sheets(KIND)
        return not sheets or self.timeline.position == len(sheets)

    def _ask(self) -> None:
        """Want the pictures of what is in view."""
        decoder, axes = self._model.decoder, self._axes
        self._tell()
        if axes is None or decoder.explorer is None or not self.isVisible() or not self.live:
            return
        if decoder.explorer.dims != axes.dims:
            return
        seen, side = self.view.range, self.side_box.value()
        codes = grid_codes(side, low=(seen.left, seen.bottom), high=(seen.right, seen.top), plane=self.plane())
        self._asked[decoder.ask(CHANNEL, codes)] = (seen, side)

    def _on_decoded(self, decoded: Decoded) -> None:
        if decoded.channel != CHANNEL:
            return
        asked = self._asked.get(decoded.number)
        self._asked = {number: what for number, what in self._asked.items() if number > decoded.number}
        if asked is None:
            return
        seen, side = asked
        sheet = SheetImage(image=_joined(decoded.pictures, side), side=side, range=seen, number=decoded.number)
        self._live = sheet, decoded.pictures
        if self.live:
            self.view.show_sheet(sheet)
            self._on_cell_changed()
            self._tell()

    def _on_range_changed(self) -> None:
        self._ask()

    def _on_whole_clicked(self) -> None:
        self.view.set_range(WHOLE)

    # One picture

    def code_at(self, x: float, y: float) -> Codes:
        """float32[D] at two quantiles of the plane."""
        return self.plane().code((z_of(x), z_of(y)))

    def _on_cell_changed(self) -> None:
        middle, axes = self.view.middle(), self._axes
        self.picture.show_image(self.view.picture())
        if middle is None or axes is None:
            self.readout.show_lines()
            return
        x, y = middle
        i, j = self._pair
        place = f"{axes.name(i)} {number(z_of(x))}{DOT}{axes.name(j)} {number(z_of(y))}"
        shares = f"quantiles {100 * x:.1f} % and {100 * y:.1f} %"
        self.readout.show_lines(place, shares, *distance_words(self.code_at(x, y)))
        self.readout.settle()

    def _on_cell_chosen(self, x: float, y: float) -> None:
        self._model.place(self.code_at(x, y))

    # During the training

    def _on_sheets_changed(self) -> None:
        sheets = self._model.sheets(KIND) if self._axes is not None else []
        self.timeline.setVisible(bool(sheets))
        self._no_timeline.setVisible(not sheets and self._axes is not None)
        if not sheets:
            self._past = None
            dims = self._axes.dims if self._axes else 0
            self._no_timeline.setText(
                "This run kept no manifolds while it trained, so there is only the present one." if dims == 2
                else "Manifolds are kept during the training where codes have two dimensions: here is the present one."
            )  # fmt: skip
            return
        position = self.timeline.position
        self.timeline.set_count(len(sheets) + 1, position=max(0, min(position, len(sheets))))
        self._show_time()

    def _on_timeline_moved(self, position: int) -> None:
        self._show_time()

    def _show_time(self) -> None:
        sheets = self._model.sheets(KIND)
        if self.live:
            self._past = None
            explorer = self._model.explorer
            training = is_training(self._model.facts)
            self.timeline.set_words(now_words(explorer.step, training=training) if explorer else "")
            if self._live is not None:
                self.view.show_sheet(self._live[0])
            self._ask()
            return
        previewed = sheets[self.timeline.position]
        self.timeline.set_words(then_words(previewed))
        try:
            self._past = self._sheet_of(previewed)
        except UserError as error:
            self.timeline.pause()
            self._model.failed.emit(error, "reading a preview")
            return
        side = self._past.columns
        self.view.show_sheet(SheetImage(image=_joined(self._past.pictures, side), side=side, range=WHOLE))
        self._on_cell_changed()
        self._tell()

    def _sheet_of(self, previewed: Previewed) -> Sheet:
        sheet = self._read.get(previewed.path)
        if sheet is None:
            run = self._model.run
            assert run is not None
            sheet = Sheet.load(run.folder / previewed.path)
            if len(self._read) >= _KEPT:
                del self._read[next(iter(self._read))]
            self._read[previewed.path] = sheet
        return sheet

    def _tell(self) -> None:
        """What is seen, or why there is nothing to see."""
        explorer, axes = self._model.explorer, self._axes
        for widget in (self.side_box, self.whole, self.axes, self.rest):
            widget.setEnabled(axes is not None and self.live)
        if explorer is not None and explorer.dims < 2:
            self.view.set_text("A code of one dimension has no plane, so there is no manifold to show.")
        elif axes is None:
            self.view.set_text("Choose a network above to see its manifold: a plane of its latent space, decoded.")
        else:
            self.view.set_text("Decoding\N{HORIZONTAL ELLIPSIS}")
        if axes is None:
            self._caption.show_text("")
            return
        i, j = self._pair
        parts = [f"Across {axes.name(i)}, upwards {axes.name(j)}: places and quantiles of the prior"]
        if axes.dims > 2:
            parts.append("the other dimensions as in the plane" if self.rest.currentData() == PLANE else "the others 0")
        if self.view.range != WHOLE:
            parts.append(f"{100 * self.view.range.width * self.view.range.height:.3g} % of the prior in view")
        self._caption.show_text(DOT.join(parts))


def _joined(pictures: Pictures, side: int) -> QImage:
    """Pictures uint8[N, H, W(, 3)] side by side."""
    count, high, wide = pictures.shape[:3]
    rows = count // side
    parts = pictures.reshape(rows, side, high, wide, -1).swapaxes(1, 2).reshape(rows * high, side * wide, -1)
    return to_image(parts[..., 0] if parts.shape[-1] == 1 else parts)

"""The plane: the codes of the data as points, a handle that is dragged among them, and what it decodes to, live.

A code is held as coordinates along orthonormal axes (:mod:`workbench.gui.widgets.latent.plane_axes`): the handle moves
two of them, sliders the others. Every movement asks the decoder for one picture; it answers when it can.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent

from workbench.gui.models.decoder import Decoded
from workbench.gui.models.latent import LatentModel
from workbench.gui.theme import Theme
from workbench.gui.units import plain
from workbench.gui.widgets.latent.plane_axes import (
    COMPONENTS,
    DIMENSIONS,
    Axes,
    own_dimensions,
)
from workbench.gui.widgets.latent.plane_components import ComponentsFinder
from workbench.gui.widgets.latent.plane_layout import PlaneLayout
from workbench.gui.widgets.latent.plane_original import Originals
from workbench.gui.widgets.latent.plane_words import DOT, distance_words, number, place_words

if TYPE_CHECKING:
    from workbench.engine.latent.codes import Codes

Items = NDArray[np.int64]

HANDLE, ITEM, SCORE = "plane", "plane-item", "plane-score"
"""Channels of the decoder."""
MOST_SLIDERS, STRONGEST = 256, 32
_REST_MILLISECONDS = 250
_SIDE = 44  # characters of width that the right column begins with


class PlanePage(PlaneLayout):
    """Follows ``model``; encodes the items and decodes only while it is in view."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__(model, theme)
        self._model = model
        self._axes: Axes | None = None
        self._pair = (0, 1)
        self._coordinates = np.zeros(0)
        self._code = np.zeros(0)  # the same, as a code
        self._row = -1  # of the item that was chosen last, in the codes
        self._codes: Codes | None = None
        self._wanted_kind = ""  # that a person chose, once there is anything to find components of
        self._score: tuple[int, str] = (0, "")
        self.finder = ComponentsFinder(model.workspace.jobs, self)
        self.originals = Originals(model, self)
        self._rest = QTimer(self, interval=_REST_MILLISECONDS, singleShot=True)
        self._connect()
        if model.code is not None:
            self._on_placed(model.code)
        self._on_model_changed()

    def _connect(self) -> None:
        model = self._model
        model.changed.connect(self._on_model_changed)
        model.codes_changed.connect(self._on_codes_changed)
        model.working.connect(self._tell)
        model.placed.connect(self._on_placed)
        self.view.handle_moved.connect(self._on_handle_moved)
        self.view.picked.connect(self._on_point_picked)
        self.view.lassoed.connect(self._on_selection_changed)
        self.finder.found.connect(self._on_components_found)
        self.finder.failed.connect(self._on_components_failed)
        self.bar.options_changed.connect(self._tell)
        self.bar.names_toggled.connect(self._on_names_toggled)
        self.bar.score_toggled.connect(self._on_score_toggled)
        self.bar.axes.kind_chosen.connect(self._on_kind_chosen)
        self.bar.axes.pair_chosen.connect(self._on_pair_chosen)
        self.sliders.moved.connect(self._on_slider_moved)
        self.sliders.zero_wanted.connect(self._on_zero_wanted)
        self.sliders.item_wanted.connect(self._on_item_wanted)
        self.side.walk_wanted.connect(self._on_walk_wanted)
        self.side.centre_wanted.connect(self._on_centre_wanted)
        self.selected.group_wanted.connect(self._on_group_wanted)
        self.selected.walk_wanted.connect(self._on_walk_to_selected)
        self.selected.clear_wanted.connect(self._on_clear_wanted)
        self.selected.picked.connect(self._on_tile_picked)
        self.originals.read.connect(self.side.show_original)
        self._rest.timeout.connect(self._on_rested)

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        super().restore(state)
        kind = state.get("axes")
        self._wanted_kind = kind if kind in (DIMENSIONS, COMPONENTS) else ""

    @property
    def code(self) -> NDArray[np.float32] | None:
        """float32[D], what is decoded; ``None`` while there is no network."""
        return self._code.astype(np.float32) if self._axes is not None else None

    @property
    def axes(self) -> Axes | None:
        """The directions that the plane and the sliders go along."""
        return self._axes

    @property
    def pair(self) -> tuple[int, int]:
        """Indices of the axes across and upwards."""
        return self._pair

    # Following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.decoder.decoded.connect(self._on_decoded, Qt.ConnectionType.UniqueConnection)
        self._model.decoder.failed.connect(self._on_failed, Qt.ConnectionType.UniqueConnection)
        self._model.want_codes()
        self._decode()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rest.stop()

    def _on_model_changed(self) -> None:
        explorer = self._model.explorer
        if explorer is None or explorer.dims < 2:
            self._axes = self._codes = None
            self._coordinates = np.zeros(0)
            self._row = -1
            self.points.show(None, None)
            self.points.place(np.empty((0, 2), np.float32))
            self.view.show_handle(False)
            self.side.picture.show_picture(None)
            self.side.show_item(-1, "")
            self.bar.setEnabled(False)
            self._tell()
            return
        before = self.code
        self.bar.setEnabled(True)
        self.view.show_handle(True)
        if before is None or len(before) != explorer.dims:
            before = np.zeros(explorer.dims, np.float32)
            self._pair = (0, 1)
        self._take_axes(own_dimensions(explorer.dims), code=before)
        self._on_codes_changed()
        if self.isVisible():
            self._model.want_codes()

    def _on_codes_changed(self) -> None:
        """The codes are there, or not yet: without them there is the prior alone."""
        explorer, codes = self._model.explorer, self._model.codes
        if explorer is None or explorer.dims < 2:
            return
        dataset = self._model.dataset
        chosen = int(self._codes.items[self._row]) if self._codes is not None and self._row >= 0 else -1
        self._codes, self._row = codes, -1
        self.finder.forget()
        self.side.set_dataset(dataset)
        self.selected.set_dataset(dataset)
        self.points.show(codes, dataset)
        self.offer(
            codes=codes is not None, posteriors=explorer.encodes == "posterior",
            classes=bool(codes is not None and codes.classes), dims=explorer.dims, score=explorer.score_name,
        )  # fmt: skip
        code = self.code
        assert code is not None
        if codes is None:
            self._take_axes(own_dimensions(explorer.dims), code=code)
        else:
            axes = own_dimensions(explorer.dims, mean=codes.mean, deviation=codes.deviation)
            if explorer.dims > 2 and self._axes is not None and not self._axes.measure:
                first, second = axes.order[:2].tolist()
                self._pair = (first, second)
            self._take_axes(axes, code=code)
            if explorer.dims > 2 and self._wanted_kind != DIMENSIONS:
                self._find_components()
            if chosen >= 0:
                self._row = self._row_of(chosen)
        if self._row < 0:
            self.side.show_item(-1, "")
        self.sliders.item.setEnabled(self._row >= 0)
        self._on_selection_changed()

    def _row_of(self, item: int) -> int:
        """Where the code of an item is; -1 where it has none."""
        assert self._codes is not None
        found = np.flatnonzero(self._codes.items == item)
        return int(found[0]) if len(found) else -1

    # Axes

    def _take_axes(self, axes: Axes, *, code: NDArray[np.float32]) -> None:
        """Show the plane of :attr:`pair` along these axes with the handle at ``code``."""
        self._axes = axes
        self._coordinates, self._code = axes.coordinates(code), code.astype(np.float64)
        if axes.dims > 2:
            self.bar.axes.offer(axes, self._pair, components=self._codes is not None)
        self._show_pair()

    def _show_pair(self) -> None:
        axes = self._axes
        assert axes is not None
        i, j = self._pair
        codes = self._codes
        points = np.empty((0, 2), np.float32) if codes is None else axes.project(codes.mean, i, j)
        self.view.set_centre(axes.centre(i, j))
        self.points.place(points)
        if axes.dims > 2:
            self._make_sliders(axes)
        self.layers.show(codes, axes, self._pair)
        self._follow()

    def _make_sliders(self, axes: Axes) -> None:
        others = [index for index in axes.order.tolist() if index not in self._pair]
        noun = "dimensions" if axes.kind == DIMENSIONS else "principal axes"
        words = f"The other {len(others):,} {noun}"
        if axes.measure:
            words += f", by {axes.measure}: the strongest first"
        if axes.dims > MOST_SLIDERS:
            others = others[:STRONGEST]
            words = f"The {STRONGEST} strongest of the other {axes.dims - 2:,} {noun}"
            words += f" by {axes.measure}" if axes.measure else ""
        self.sliders.set_axes(
            others, [axes.name(index) for index in others], strengths=axes.strengths[others], measure=axes.measure,
            words=words,
        )  # fmt: skip

    def _on_kind_chosen(self, kind: str) -> None:
        self._wanted_kind = kind
        code = self.code
        assert code is not None
        assert self._axes is not None
        if kind == self._axes.kind:
            return
        if kind == COMPONENTS:
            self._find_components()
            return
        codes = self._codes
        assert codes is not None
        axes = own_dimensions(len(code), mean=codes.mean, deviation=codes.deviation)
        first, second = axes.order[:2].tolist()
        self._pair = (first, second)
        self._take_axes(axes, code=code)
        self.view.fit()

    def _find_components(self) -> None:
        assert self._codes is not None
        self.finder.find(self._codes.mean)
        self._tell()

    def _on_components_found(self, axes: Axes) -> None:
        code = self.code
        if code is None or self._wanted_kind == DIMENSIONS:
            return
        if self._axes is None or self._axes.kind != COMPONENTS:
            self._pair = (0, 1)
        self._take_axes(axes, code=code)
        self._tell()

    def _on_components_failed(self, error: BaseException) -> None:
        self._model.failed.emit(error, "finding the principal axes")
        self._tell()

    def _on_pair_chosen(self) -> None:
        self._pair = self.bar.axes.pair
        assert self._axes is not None
        self.bar.axes.offer(self._axes, self._pair, components=self._codes is not None)
        self._show_pair()
        self.view.fit()

    # The handle

    def _on_handle_moved(self) -> None:
        i, j = self._pair
        for axis, amount in zip((i, j), self.view.handle, strict=True):
            self._move(axis, amount)
        self._decode()
        self._read_out()

    def _on_slider_moved(self, axis: int) -> None:
        self._move(axis, self.sliders.amount(axis))
        self._decode()
        self._read_out()

    def _go_to(self, code: NDArray[np.float32]) -> None:
        assert self._axes is not None
        self._coordinates, self._code = self._axes.coordinates(code), code.astype(np.float64)
        self._follow()

    def _move(self, axis: int, amount: float) -> None:
        """Set one coordinate. With hundreds of them this takes no longer than with two."""
        assert self._axes is not None
        self._code += (amount - self._coordinates[axis]) * self._axes.basis[axis]
        self._coordinates[axis] = amount

    def _set_coordinates(self, coordinates: NDArray[np.float64]) -> None:
        assert self._axes is not None
        self._coordinates, self._code = coordinates, self._axes.code(coordinates).astype(np.float64)
        self._follow()

    def _follow(self) -> None:
        """Bring handle, sliders and numbers to where the code is, and decode it."""
        i, j = self._pair
        self.view.move_handle(float(self._coordinates[i]), float(self._coordinates[j]))
        self.sliders.show_amounts(self._coordinates)
        self._decode()
        self._read_out()
        self._tell()

    def _decode(self) -> None:
        code, decoder = self.code, self._model.decoder
        if code is None or decoder.explorer is None or not self.isVisible() or len(code) != decoder.explorer.dims:
            return
        decoder.ask(HANDLE, code[None])
        self._rest.start()

    def _on_rested(self) -> None:
        self.side.readout.settle()
        code = self.code
        self._model.code = code  # where other pages begin
        if self.bar.scores and code is not None and self._model.decoder.explorer is not None:
            self._model.decoder.ask(SCORE, code[None], score=True)

    def _on_score_toggled(self) -> None:
        self._score = (0, "")
        self._read_out()
        self._rest.start()

    def _on_decoded(self, decoded: Decoded) -> None:
        if decoded.channel == HANDLE:
            self.side.picture.show_picture(decoded.pictures[0], number=decoded.number)
        elif decoded.channel == ITEM:
            self.side.reconstruction.show_picture(decoded.pictures[0])
        elif decoded.channel == SCORE and decoded.scores is not None:
            code, explorer = self.code, self._model.explorer
            if code is not None and explorer is not None and np.array_equal(code, decoded.codes[0]):
                amount = plain(float(decoded.scores[0]), digits=4).replace("-", "\N{MINUS SIGN}")
                words = f"{explorer.score_name} {amount} {explorer.score_unit}"
                self._score = (hash(code.tobytes()), words.strip())
                self._read_out()
                self.side.readout.settle()

    def _on_failed(self, error: BaseException) -> None:
        self._model.failed.emit(error, "decoding")

    def _read_out(self) -> None:
        code, axes = self.code, self._axes
        if code is None or axes is None:
            self.side.readout.show_lines()
            return
        score = ""
        if self.bar.scores:
            key, words = self._score
            name = self._model.explorer.score_name if self._model.explorer else ""
            score = words if key == hash(code.tobytes()) else f"{name} \N{HORIZONTAL ELLIPSIS}"
        self.side.readout.show_lines(place_words(axes, self._coordinates, self._pair), distance_words(code), score)

    def _on_zero_wanted(self) -> None:
        assert self._axes is not None
        coordinates = np.zeros(self._axes.dims)
        coordinates[list(self._pair)] = self._coordinates[list(self._pair)]
        self._set_coordinates(coordinates)

    def _on_item_wanted(self) -> None:
        assert self._axes is not None
        assert self._codes is not None
        assert self._row >= 0
        own = self._axes.coordinates(self._codes.mean[self._row])
        i, j = self._pair
        own[i], own[j] = self._coordinates[i], self._coordinates[j]
        self._set_coordinates(own)

    def _on_centre_wanted(self) -> None:
        if self._axes is not None:
            self._go_to(np.zeros(self._axes.dims, np.float32))

    def _on_placed(self, code: NDArray[np.float32]) -> None:
        """Somebody wants to see a code here."""
        if self._axes is not None and len(code) == self._axes.dims:
            self._go_to(code)

    # Items

    def _on_point_picked(self, row: int) -> None:
        """Put the code of an item below the handle, with all its dimensions, and its original beside the picture."""
        codes = self._codes
        if codes is None or self._axes is None or row >= len(codes.items):
            return
        self._row = row
        self.side.show_item(int(codes.items[row]), self.points.item_name(row))
        self.sliders.item.setEnabled(True)
        self.originals.want(int(codes.items[row]))
        if self._model.decoder.explorer is not None:
            self._model.decoder.ask(ITEM, np.ascontiguousarray(codes.mean[row : row + 1]))
        self._go_to(codes.mean[row])

    def _on_tile_picked(self, item: int) -> None:
        if self._codes is not None and (row := self._row_of(item)) >= 0:
            self._on_point_picked(row)

    def _selected_ids(self) -> Items:
        if self._codes is None:
            return np.empty(0, np.int64)
        chosen: Items = np.asarray(self._codes.items, np.int64)[self.view.selection]
        return chosen

    def _on_selection_changed(self) -> None:
        items = self._selected_ids()
        self.selected.show_items(items)
        self.count_selected(len(items))
        self.layers.lay()
        self._tell()

    def _on_clear_wanted(self) -> None:
        self.view.set_selection(np.empty(0, np.int64))
        self._on_selection_changed()

    def _on_group_wanted(self, group: str) -> None:
        self._model.set_group(group, self._selected_ids())

    def _on_walk_to_selected(self) -> None:
        self._model.add_waypoint_items(self._selected_ids())

    def _on_walk_wanted(self) -> None:
        code = self.code
        if code is None:
            return
        if self._row >= 0 and self._codes is not None and np.allclose(code, self._codes.mean[self._row], atol=1e-5):
            self._model.add_waypoint_items([int(self._codes.items[self._row])])
        else:
            i, j = self._pair
            place = f"({number(self._coordinates[i])}, {number(self._coordinates[j])})"
            self._model.add_waypoint_codes(code[None], f"plane {place}")

    # What lies over the codes

    def _on_names_toggled(self) -> None:
        self.points.write_names(self.bar.names)

    def _tell(self) -> None:
        """What is seen, or why there is nothing to see."""
        explorer, codes, axes = self._model.explorer, self._codes, self._axes
        if explorer is not None and explorer.dims < 2:
            self.view.set_text("A code of one dimension has no plane. The samples show what it decodes to.")
            self._caption.show_text("")
            return
        if explorer is None or axes is None:
            self.view.set_text("Choose a network above to drag through what it has learned.")
            self._caption.show_text("")
            return
        self.view.set_text("")
        i, j = self._pair
        parts = []
        if codes is None:
            parts.append(
                "Encoding the items\N{HORIZONTAL ELLIPSIS}" if self._model.is_encoding
                else "The prior alone: this kind of network has no codes for images" if not self._model.encodes
                else "The prior alone"
            )  # fmt: skip
        else:
            parts.append(f"{len(codes.items):,} {codes.split} items, where they are encoded to")
        if self.finder.busy:
            parts.append("finding the principal axes\N{HORIZONTAL ELLIPSIS}")
        if axes.dims > 2:
            parts.append(f"across {axes.name(i)}, upwards {axes.name(j)}; the sliders hold the rest")
        if posteriors := self.layers.words():
            parts.append(posteriors)
        self._caption.show_text(DOT.join(parts))

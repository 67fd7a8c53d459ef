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
from workbench.gui.widgets.latent.plane_place import Place
from workbench.gui.widgets.latent.plane_words import DOT, distance_words, number, place_words

if TYPE_CHECKING:
    from workbench.engine.latent.codes import Codes

Items = NDArray[np.int64]

HANDLE, ITEM, SCORE = "plane", "plane-item", "plane-score"
"""Channels of the decoder."""
_REST_MILLISECONDS = 250
_NO_NETWORK = "Choose a network above to drag through what it has learned."
_NO_PLANE = "A code of one dimension has no plane. The samples show what it decodes to."
_NO_CODES = "The prior alone: this kind of network has no codes for images"


class PlanePage(PlaneLayout):
    """Follows ``model``; encodes the items and decodes only while it is in view."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__(model, theme)
        self._model = model
        self._place: Place | None = None  # while there is a network with a plane
        self._item = self._row = -1  # that was chosen last, and its row in the codes
        self._codes: Codes | None = None
        self._wanted_kind = ""  # of axes, that a person chose
        self._wanted_pairs: dict[str, tuple[int, int]] = {}  # of the axes of each kind
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

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return {**super().state(), "axes": self._wanted_kind}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        super().restore(state)
        kind = state.get("axes")
        self._wanted_kind = kind if kind in (DIMENSIONS, COMPONENTS) else ""

    @property
    def code(self) -> NDArray[np.float32] | None:
        """float32[D], what is decoded; ``None`` while there is no network."""
        return self._place.code if self._place else None

    @property
    def axes(self) -> Axes | None:
        """The directions that the plane and the sliders go along."""
        return self._place.axes if self._place else None

    @property
    def pair(self) -> tuple[int, int]:
        """Indices of the axes across and upwards."""
        return self._place.pair if self._place else (0, 1)

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
        shown = explorer is not None and explorer.dims >= 2
        self.bar.setEnabled(shown)
        self.view.show_handle(shown)
        if explorer is None or not shown:
            self._place = self._codes = None
            self._item = self._row = -1
            self.points.show(None, None)
            self.points.place(np.empty((0, 2), np.float32))
            self.layers.show(None, None, (0, 1))
            self.side.picture.show_picture(None)
            self.side.show_item(-1, "")
            self._read_out()
            self._tell()
            return
        if self._place is None or self._place.dims != explorer.dims:
            self._place, self._wanted_pairs = Place(own_dimensions(explorer.dims)), {}
        self._on_codes_changed()
        if self.isVisible():
            self._model.want_codes()

    def _on_codes_changed(self) -> None:
        """The codes are there, or not yet: without them there is the prior alone."""
        explorer, codes, place = self._model.explorer, self._model.codes, self._place
        if explorer is None or place is None:
            return
        dataset = self._model.dataset
        if dataset is None or not self.side.shows(dataset):
            self._item = -1  # other data has other items
        self.layers.forget()
        self._codes, self._row = codes, -1
        self.finder.forget()
        self.side.set_dataset(dataset)
        self.selected.set_dataset(dataset)
        self.points.show(codes, dataset)
        self.offer(
            codes=codes is not None, posteriors=explorer.encodes == "posterior",
            classes=bool(codes is not None and codes.classes), dims=explorer.dims, score=explorer.score_name,
        )  # fmt: skip
        self._show_dimensions()
        if codes is not None:
            if explorer.dims > 2 and self._wanted_kind != DIMENSIONS:
                self._find_components()
            self._row = self._row_of(self._item)
        if self._row >= 0:
            self._decode_item()
        elif codes is not None or self._item < 0:
            self._item = -1
            self.side.show_item(-1, "")
        self.sliders.item.setEnabled(self._row >= 0)
        self._on_selection_changed()

    def _row_of(self, item: int) -> int:
        """Where the code of an item is; -1 where it has none."""
        assert self._codes is not None
        found = np.flatnonzero(self._codes.items == item)
        return int(found[0]) if len(found) else -1

    # Axes

    def _show_dimensions(self) -> None:
        """The plane of two dimensions of the code: those that were chosen, or else the strongest."""
        codes, place = self._codes, self._place
        assert place is not None
        if codes is None:
            axes = own_dimensions(place.dims)
        else:
            axes = own_dimensions(place.dims, mean=codes.mean, deviation=codes.deviation)
        first, second = axes.order[:2].tolist() if place.dims > 2 else (0, 1)
        self._take_axes(axes, pair=(first, second))

    def _take_axes(self, axes: Axes, *, pair: tuple[int, int]) -> None:
        """Show the plane of these axes through the code: of ``pair`` unless a person chose another one."""
        assert self._place is not None
        self._place = Place(axes, pair=self._wanted_pairs.get(axes.kind, pair), code=self._place.code)
        self._show_pair()

    def _show_pair(self) -> None:
        place, codes = self._place, self._codes
        assert place is not None
        axes, (i, j) = place.axes, place.pair
        self.layers.forget()
        self.view.set_centre(axes.centre(i, j))
        self.points.place(np.empty((0, 2), np.float32) if codes is None else axes.project(codes.mean, i, j))
        if axes.dims > 2:
            self.bar.axes.offer(axes, place.pair, components=codes is not None)
            self.sliders.show_others(axes, place.others)
        else:
            self.sliders.clear()
        self.layers.show(codes, axes, place.pair)
        self._follow()

    def _on_kind_chosen(self, kind: str) -> None:
        self._wanted_kind = kind
        assert self._place is not None
        if kind == COMPONENTS:
            self._find_components()
        elif kind != self._place.axes.kind:
            self._show_dimensions()
            self.view.fit()

    def _find_components(self) -> None:
        assert self._codes is not None
        self.finder.find(self._codes.mean)
        self._tell()

    def _on_components_found(self, axes: Axes) -> None:
        if self._place is None or self._wanted_kind == DIMENSIONS:
            return
        self._take_axes(axes, pair=(0, 1))
        self._tell()

    def _on_components_failed(self, error: BaseException) -> None:
        self._model.failed.emit(error, "finding the principal axes")
        self._tell()

    def _on_pair_chosen(self) -> None:
        assert self._place is not None
        self._place.pair = self._wanted_pairs[self._place.axes.kind] = self.bar.axes.pair
        self._show_pair()
        self.view.fit()

    # The handle

    def _on_handle_moved(self) -> None:
        assert self._place is not None
        for axis, amount in zip(self._place.pair, self.view.handle, strict=True):
            self._place.move(axis, amount)
        self._decode()
        self._read_out()

    def _on_slider_moved(self, axis: int) -> None:
        assert self._place is not None
        self._place.move(axis, self.sliders.amount(axis))
        self._decode()
        self._read_out()

    def _go_to(self, code: NDArray[np.float32]) -> None:
        assert self._place is not None
        self._place.go_to(code)
        self._follow()

    def _follow(self) -> None:
        """Bring handle, sliders and numbers to where the code is, and decode it."""
        assert self._place is not None
        self.view.move_handle(*self._place.handle)
        self.sliders.show_amounts(self._place.coordinates)
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
        code, place = self.code, self._place
        if code is None or place is None:
            self.side.readout.show_lines()
            return
        score = ""
        if self.bar.scores:
            key, words = self._score
            name = self._model.explorer.score_name if self._model.explorer else ""
            score = words if key == hash(code.tobytes()) else f"{name} \N{HORIZONTAL ELLIPSIS}"
        where = place_words(place.axes, place.coordinates, place.pair)
        self.side.readout.show_lines(where, *distance_words(code), score)

    def _on_zero_wanted(self) -> None:
        assert self._place is not None
        self._place.set_others(np.zeros(self._place.dims))
        self._follow()

    def _on_item_wanted(self) -> None:
        assert self._place is not None
        assert self._codes is not None
        assert self._row >= 0
        self._place.set_others(self._place.axes.coordinates(self._codes.mean[self._row]))
        self._follow()

    def _on_centre_wanted(self) -> None:
        if self._place is not None:
            self._go_to(np.zeros(self._place.dims, np.float32))

    def _on_placed(self, code: NDArray[np.float32]) -> None:
        """Somebody wants to see a code here."""
        if self._place is not None and len(code) == self._place.dims:
            self._go_to(code)

    # Items

    def _on_point_picked(self, row: int) -> None:
        """Put the code of an item below the handle, with all its dimensions, and its original beside the picture."""
        codes = self._codes
        if codes is None or self._place is None or row >= len(codes.items):
            return
        self._item, self._row = int(codes.items[row]), row
        self.side.show_item(self._item, self.points.item_name(row))
        self.sliders.item.setEnabled(True)
        self.originals.want(self._item)
        self._decode_item()
        self._go_to(codes.mean[row])

    def _decode_item(self) -> None:
        """Its reconstruction; a newer network has another one."""
        assert self._codes is not None
        if self._model.decoder.explorer is not None:
            self._model.decoder.ask(ITEM, np.ascontiguousarray(self._codes.mean[self._row : self._row + 1]))

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
            assert self._place is not None
            x, y = self._place.handle
            self._model.add_waypoint_codes(code[None], f"plane ({number(x)}, {number(y)})")

    # What lies over the codes

    def _on_names_toggled(self) -> None:
        self.points.write_names(self.bar.names)

    def _tell(self) -> None:
        """What is seen, or why there is nothing to see."""
        explorer, codes, place = self._model.explorer, self._codes, self._place
        if explorer is None or place is None:
            self.view.set_text(_NO_PLANE if explorer is not None else _NO_NETWORK)
            self._caption.show_text("")
            return
        self.view.set_text("")
        if codes is not None:
            parts = [f"{len(codes.items):,} {codes.split} items, where they are encoded to"]
        elif self._model.is_encoding:
            parts = ["Encoding the items\N{HORIZONTAL ELLIPSIS}"]
        else:
            parts = ["The prior alone" if self._model.encodes else _NO_CODES]
        if self.finder.busy:
            parts.append("finding the principal axes\N{HORIZONTAL ELLIPSIS}")
        if place.dims > 2:
            across, upwards = (place.axes.name(index) for index in place.pair)
            parts.append(f"across {across}, upwards {upwards}; the sliders hold the rest")
        if posteriors := self.layers.words():
            parts.append(posteriors)
        self._caption.show_text(DOT.join(parts))

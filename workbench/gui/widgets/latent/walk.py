"""Walks between images: waypoints, the frames between them with what the network thinks of each, and a player.

What the frames are is the business of :class:`~workbench.gui.models.walk.WalkModel`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from workbench.engine.latent.sampling import prior_codes
from workbench.engine.latent.walk import PATHS
from workbench.gui.models.latent import LatentModel
from workbench.gui.models.walk import Strip
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.latent.filmstrip import to_image
from workbench.gui.widgets.latent.player import LOOP, SPEEDS, TO_AND_FRO
from workbench.gui.widgets.latent.walk_curve import Line, alike
from workbench.gui.widgets.latent.walk_film import FilmSaver
from workbench.gui.widgets.latent.walk_layout import WalkLayout
from workbench.gui.widgets.latent.waypoints import Card

if TYPE_CHECKING:
    from workbench.gui.models.latent import Waypoint

Pictures = NDArray[np.uint8]

_SENSE = {
    "ELBO": "higher is likelier",
    "bits per dimension": "lower is likelier",
    "D(x)": "higher looks more real",
}
_START = (
    "What lies between two images?\n\nChoose two or more on the left: a double click, Enter, or dragging them up here "
    "adds them. Every frame of the walk is decoded from a place between their codes, and below it stands how well the "
    "network accounts for it."
)
_BY_TRIAL = (
    "This network makes images, but does not encode any. Of real images the codes are looked for by trial, which "
    "takes a while and can be stopped; samples need no search."
)
_ONE_MORE = "One more image or sample, and the walk begins."
_FINDING = "Finding the codes of the images\N{HORIZONTAL ELLIPSIS}"
_NOT_FOUND = "These images have no codes yet. Add one again to have them looked for."
_NO_NETWORK = "No network is open to walk in."


class WalkPage(WalkLayout):
    """Follows ``model``: its network, its data and its waypoints."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__(model, theme)
        self._model = model
        self._samples = 0
        self.film = FilmSaver(model, self, name="latent.walk")
        self._connect()
        self._show()

    def _connect(self) -> None:
        self._model.changed.connect(self._show)
        self.walk.changed.connect(self._show)
        self._model.waypoints_changed.connect(self._show)
        self.picker.chosen.connect(self._model.add_waypoint_items)
        self.picker.selection_changed.connect(self._enable)
        self.add.clicked.connect(self._on_add_clicked)
        self.sample.clicked.connect(self._on_sample_clicked)
        self.clear.clicked.connect(self._on_clear_clicked)
        self.row.arranged.connect(self._on_row_arranged)
        self.row.dropped.connect(self._on_items_dropped)
        self.path.currentIndexChanged.connect(self._on_path_chosen)
        self.compare.toggled.connect(self.walk.compare)
        self.frames.valueChanged.connect(self.walk.set_frames)
        self.save.clicked.connect(self._on_save_clicked)
        self.finding.stopped.connect(self.walk.stop)
        self.player.moved.connect(self._go)
        self.curve.picked.connect(self._on_frame_picked)
        self.strips.moved.connect(self._on_strip_moved)

    # What is shown

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.walk.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.walk.set_active(False)

    def _show(self) -> None:
        """Show what the model has now."""
        walk = self.walk
        self.row.set_cards([self._card(point) for point in walk.waypoints])
        self.finding.follow(walk.finding, difference=walk.difference)
        self._pages.setCurrentIndex(1 if walk.strips else 0)
        if walk.strips:
            self.arrange(compared=walk.compared)
        self.message.show_text(self._why_empty())
        with QSignalBlocker(self.path):
            self.path.setCurrentIndex(self.path.findData(walk.path))
            self.path.setToolTip(PATHS[walk.path].help)
        heading = self.score_heading
        self.strips.refresh(heading=heading)
        main = self._main
        self.player.set_frames(self.strips.images(main) if main else ())
        lines = [_line(strip) for strip in walk.strips]
        sense = _SENSE.get(self._model.explorer.score_name, "") if self._model.explorer else ""
        self.curve.set_lines(lines, heading=f"{heading} ({sense})" if sense else heading)
        self._follow(self.player.position)
        self._enable()

    def _card(self, point: "Waypoint") -> Card:
        picture = self.walk.original(point)
        if picture is None and point.item < 0:
            picture = self.strips.decoded(point)
        caption = "sample" if point.item < 0 else self.picker.class_of(point.item) or point.title
        title = point.title or caption
        return Card(to_image(picture) if picture is not None else None, caption, title)

    @property
    def _main(self) -> Strip | None:
        """The strip that is played, as long as there is a network to speak of it."""
        return self.walk.main if self._model.explorer else None

    @property
    def score_heading(self) -> str:
        """What stands below the frames: ``"ELBO, nats"``."""
        explorer = self._model.explorer
        if explorer is None:
            return ""
        name, unit = explorer.score_name, explorer.score_unit
        if unit and name.casefold().startswith(unit.partition("/")[0].casefold()):
            return unit  # "bits/dim" says all that "bits per dimension" does
        return f"{name}, {unit}" if unit else name

    def _why_empty(self) -> str:
        if self._model.explorer is None:
            return _NO_NETWORK
        points = len(self.walk.waypoints)
        if points == 1:
            return _ONE_MORE
        if points:
            return _FINDING if self.walk.busy else _NOT_FOUND
        return _START if self._model.encodes else f"{_START}\n\n{_BY_TRIAL}"

    def _enable(self) -> None:
        explorer = self._model.explorer
        self.add.setEnabled(explorer is not None and len(self.picker.selection()) > 0)
        self.sample.setEnabled(explorer is not None)
        self.clear.setEnabled(bool(self.walk.waypoints))
        main = self._main
        self.save.setEnabled(main is not None and main.pictures is not None)

    # Going through the frames

    def _go(self, index: int) -> None:
        self.player.go(index)
        self._follow(index)

    def _follow(self, index: int) -> None:
        """Everything says which frame is looked at."""
        main = self._main
        self.strips.set_current(index)
        self.curve.set_current(index)
        self.player.set_words(self._words(main, index) if main is not None and index >= 0 else "")

    def _words(self, strip: Strip, index: int) -> str:
        explorer = self._model.explorer
        assert explorer
        parts = [f"{PATHS[strip.path].title}", f"frame {index + 1} of {len(strip.codes)}", f"t {strip.t[index]:.2f}"]
        if strip.scores is not None:
            score = alike(strip.scores.tolist())[index]
            name = "" if self.score_heading == explorer.score_unit else explorer.score_name
            parts.append(f"{name} {score} {explorer.score_unit}".strip())
        parts.append(f"step {strip.step:,}")
        return DOT.join(parts)

    def _on_frame_picked(self, index: int) -> None:
        self.player.pause()
        self._go(index)

    def _on_strip_moved(self, path: str, index: int) -> None:
        self.player.pause()
        self.player.go(index)
        if path != self.walk.path:
            self.walk.set_path(path)  # which shows everything again
        self._follow(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.player.take_key(event):
            super().keyPressEvent(event)

    # What a person does

    def _on_add_clicked(self) -> None:
        self._model.add_waypoint_items(self.picker.selection())

    def _on_sample_clicked(self) -> None:
        explorer = self._model.explorer
        if explorer is not None:
            self._model.add_waypoint_codes(prior_codes(1, explorer.dims, seed=self._samples), title="sample")
            self._samples += 1

    def _on_clear_clicked(self) -> None:
        self._model.set_waypoints(())

    def _on_row_arranged(self, order: tuple[int, ...]) -> None:
        points = self._model.waypoints
        self._model.set_waypoints(points[place] for place in order)

    def _on_items_dropped(self, items: tuple[int, ...], gap: int) -> None:
        before = len(self._model.waypoints)
        self._model.add_waypoint_items(items)
        order = [*range(gap), *range(before, before + len(items)), *range(gap, before)]
        self._on_row_arranged(tuple(order))

    def _on_path_chosen(self) -> None:
        self.walk.set_path(str(self.path.currentData()))

    def _on_save_clicked(self) -> None:
        main = self.walk.main
        if main is not None and main.pictures is not None:
            self.film.ask(main.pictures, rate=self.player.rate, boomerang=self.player.to_and_fro,
                          title=f"walk {main.path}")  # fmt: skip

    # For others

    def strip(self) -> tuple[Pictures, int]:
        """The pictures of all strips that are shown, and how many there are in a row."""
        strips = [strip for strip in self.walk.strips if strip.pictures is not None]
        assert strips
        return np.concatenate([strip.pictures for strip in strips if strip.pictures is not None]), len(strips[0].codes)

    def film_frames(self) -> tuple[Pictures, float]:
        """The frames of the walk as they are played, there and back where that is chosen; and frames a second."""
        main = self.walk.main
        assert main is not None
        assert main.pictures is not None
        frames = main.pictures
        if self.player.to_and_fro:
            frames = np.concatenate([frames, frames[-2:0:-1]])
        return frames, float(self.player.rate)

    @property
    def _ready(self) -> bool:
        return bool(self.walk.strips) and all(strip.pictures is not None for strip in self.walk.strips)

    def figures(self) -> dict[str, QWidget]:
        """The strips with their words, and the curve."""
        return {"Walk": self.strips.whole, "Likelihood along the walk": self.curve} if self._ready else {}

    def sheets(self) -> dict[str, Callable[[], tuple[Pictures, int]]]:
        """The frames alone, at the size that the network makes them."""
        return {"Filmstrip": self.strip} if self._ready else {}

    def films(self) -> dict[str, Callable[[], tuple[Pictures, float]]]:
        return {"Walk": self.film_frames} if self._ready else {}

    def tables(self) -> dict[str, Callable[[], str]]:
        return {"Walk": self.table} if self._ready else {}

    def table(self) -> str:
        """A line a frame: path, number, t, the waypoint that it is, the score."""
        return self.strips.table(heading=self.score_heading)

    def state(self) -> dict[str, object]:
        walk, player = self.walk, self.player
        course = TO_AND_FRO if player.to_and_fro else LOOP
        return {"path": walk.path, "compared": walk.compared, "frames": walk.frames, "speed": player.rate,
                "course": course}  # fmt: skip

    def restore(self, state: dict[str, object]) -> None:
        frames, speed = state.get("frames"), state.get("speed")
        if state.get("path") in PATHS:
            self.walk.set_path(str(state["path"]))
        if isinstance(frames, int):
            self.frames.setValue(frames)
        if speed in SPEEDS:
            self.player.speed.setCurrentIndex(self.player.speed.findData(speed))
        self.player.course.setCurrentIndex(max(0, self.player.course.findData(state.get("course"))))
        self.compare.setChecked(state.get("compared") is True)
        self._show()


def _line(strip: Strip) -> Line:
    values = (float("nan"),) * len(strip.t) if strip.scores is None else tuple(strip.scores.tolist())
    return Line(PATHS[strip.path].title, strip.t, values)

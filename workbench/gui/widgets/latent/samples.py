"""Samples: what the network draws by itself, now or at any time of its training, and whether any of it is a copy."""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.events import Previewed
from workbench.gui.models.inspectable_runs import is_training
from workbench.gui.models.latent import LatentModel
from workbench.gui.models.latent_samples import COUNTS, LAST_SEED, SHEETS, WARMEST, Samples
from workbench.gui.models.sample_looks import SampleLook, SampleLooks
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.latent.sample_bar import SampleBar
from workbench.gui.widgets.latent.sample_card import SampleCard
from workbench.gui.widgets.latent.sample_grid import SampleGrid
from workbench.gui.widgets.latent.training_film import FILM_RATE, TrainingFilm
from workbench.gui.widgets.latent.training_words import NOW, NOW_HINT, now_words, then_words
from workbench.gui.widgets.timeline import Timeline

Pictures = NDArray[np.uint8]


class SamplesPage(QWidget):
    """Follows ``model``."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("latent.samples")
        self._model = model
        self.samples = Samples(model, self)
        self.looks = SampleLooks(model, self)
        self.bar = SampleBar(self.samples, theme, name="latent.samples")
        self.grid = SampleGrid(theme, name="latent.samples-grid", text="Samples")
        self.card = SampleCard(theme, name="latent.sample")
        self.timeline = Timeline(theme, name="latent.samples-time", what="preview")
        self.timeline.latest.setText(NOW)
        self.timeline.latest.setToolTip(NOW_HINT)
        self._events: list[Previewed] = []
        self._wanted: Pictures | None = None  # what the card shows
        left = QVBoxLayout()
        left.setSpacing(GAP)
        left.addWidget(self.grid, 1)
        left.addWidget(self.timeline)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addLayout(left, 1)
        row.addWidget(self.card)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.bar)
        column.addLayout(row, 1)
        self.setTabOrder(self.bar.again, self.grid)
        self.first = self.grid
        self._connect()
        self._on_sheets_changed()

    def _connect(self) -> None:
        model, samples, looks, card = self._model, self.samples, self.looks, self.card
        samples.changed.connect(self._on_pictures_changed)
        samples.failed.connect(model.failed)
        looks.began.connect(card.follow)
        looks.scored.connect(self._on_scored)
        looks.found.connect(self._on_found)
        looks.failed.connect(self._on_look_failed)
        model.changed.connect(self._on_model_changed)
        model.sheets_changed.connect(self._on_sheets_changed)
        self.timeline.moved.connect(self._on_timeline_moved)
        self.grid.picked.connect(self._on_picked)
        self.grid.opened.connect(self._on_opened)
        card.walk_wanted.connect(self._on_walk_wanted)
        card.walk_to_wanted.connect(self._on_walk_to_wanted)
        card.place_wanted.connect(self._on_place_wanted)

    # For the panel

    def figures(self) -> dict[str, QWidget]:
        return {"Samples as shown": self.grid} if self.grid.count else {}

    def sheets(self) -> dict[str, Callable[[], tuple[Pictures, int]]]:
        """Title to what gives pictures and how many of them make a row."""
        pictures = self.samples.pictures
        return {} if pictures is None else {"Samples": partial(_pair, pictures, self.samples.columns)}

    def films(self) -> dict[str, Callable[[], tuple[TrainingFilm, float]]]:
        """Title to what gives frames (read in the background) and how many of them make a second."""
        run = self._model.run
        if run is None or len(self._events) < 2:
            return {}
        return {"Samples during training": lambda: (TrainingFilm(run, self._events), FILM_RATE)}

    def state(self) -> dict[str, object]:
        samples = self.samples
        return {
            "count": samples.count,
            "temperature": samples.temperature,
            "drawn": samples.drawn,
            "seed": samples.seed,
        }

    def restore(self, state: dict[str, object]) -> None:
        count, warmth, drawn, seed = (state.get(key) for key in ("count", "temperature", "drawn", "seed"))
        self.samples.want(
            count=count if isinstance(count, int) and count in COUNTS else None,
            temperature=float(warmth) if isinstance(warmth, int | float) and 0 <= warmth <= WARMEST else None,
            drawn=drawn if isinstance(drawn, bool) else None,
            seed=seed if isinstance(seed, int) and 0 <= seed <= LAST_SEED else None,
        )

    # Training time

    def _on_sheets_changed(self) -> None:
        """One position for each preview, and the last for the network as it is now."""
        before = self.samples.preview
        self._events = self._model.sheets(SHEETS)
        self.timeline.setVisible(bool(self._events))
        place = bisect_right(self._events, before.step, key=_step) - 1 if before else len(self._events)
        self.timeline.set_count(len(self._events) + 1, position=max(0, place))
        self._show_time()

    def _on_timeline_moved(self, position: int) -> None:
        self._show_time()

    def _show_time(self) -> None:
        position = self.timeline.position
        if 0 <= position < len(self._events):
            event = self._events[position]
            self.samples.show_preview(event)
            self.timeline.set_words(then_words(event))
            return
        self.samples.show_preview(None)
        explorer = self._model.explorer
        training = is_training(self._model.facts)
        self.timeline.set_words(now_words(explorer.step, training=training) if explorer else "")

    # What is shown

    def _on_model_changed(self) -> None:
        self.looks.forget()
        self.card.clear()
        self.grid.set_current(-1)
        if not self.timeline.following:
            self.timeline.follow()
        self._show_time()

    def _on_pictures_changed(self) -> None:
        self.grid.set_pictures(self.samples.pictures, columns=self.samples.columns)
        picture = self._picture(self.grid.current)
        if picture is None:
            self.looks.forget()
            self.card.clear()
        elif self._wanted is None or not np.array_equal(picture, self._wanted):
            self._show_card(self.grid.current)

    def _picture(self, number: int) -> Pictures | None:
        pictures = self.samples.pictures
        return pictures[number] if pictures is not None and 0 <= number < len(pictures) else None

    def _on_picked(self, number: int) -> None:
        self._show_card(number)

    def _show_card(self, number: int) -> None:
        picture, samples = self._picture(number), self.samples
        if picture is None:
            return
        self._wanted = picture
        if samples.preview is not None:
            title = f"Sample {number + 1} at step {samples.preview.step:,}"
        else:
            title = f"Sample {number + 1} of draw {samples.seed}, temperature {samples.temperature:.2f}"
        self.card.show_sample(
            picture, title=title, has_code=samples.codes is not None, comparable=self._model.run is not None,
            plane=samples.codes is not None,
        )  # fmt: skip
        self.looks.look(picture)

    def _on_scored(self, score: float) -> None:
        if self._model.explorer is not None:
            self.card.show_score(score, self._model.explorer)

    def _on_found(self, look: SampleLook) -> None:
        self.card.show_look(look)

    def _on_look_failed(self, error: BaseException, doing: str) -> None:
        self.card.show_problem(str(error) if isinstance(error, UserError) else "The comparison failed.")
        self._model.failed.emit(error, doing)

    # Where else a sample goes

    def _code(self) -> NDArray[np.float32] | None:
        codes, number = self.samples.codes, self.grid.current
        return codes[number] if codes is not None and 0 <= number < len(codes) else None

    def _title(self) -> str:
        return f"sample {self.grid.current + 1} of draw {self.samples.seed}"

    def _on_opened(self, number: int) -> None:
        self.grid.set_current(number)
        self._on_walk_wanted()

    def _on_walk_wanted(self) -> None:
        if (code := self._code()) is not None:
            self._model.walk_from(code, self._title())

    def _on_walk_to_wanted(self, item: int) -> None:
        if (code := self._code()) is not None:
            self._model.set_waypoints(())
            self._model.add_waypoint_codes(code[None], self._title())
            self._model.add_waypoint_items([item])
            self._model.page_wanted.emit("walk")

    def _on_place_wanted(self) -> None:
        if (code := self._code()) is not None:
            self._model.place(code)

    # What Qt tells

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.samples.follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.samples.follow(False)


def _step(event: Previewed) -> int:
    return event.step


def _pair(pictures: Pictures, columns: int) -> tuple[Pictures, int]:
    return pictures, columns

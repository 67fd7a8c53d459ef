"""The features of the items as points: which lie together, which apart, and which among others they do not belong to.

The page joins an :class:`~workbench.gui.models.embedding.EmbeddingModel` (where the points are, what they can be
coloured by) with a scatter, its legend, and what is selected.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from workbench.gui.jobs import Job
from workbench.gui.models import colouring
from workbench.gui.models.colouring import Groups, Measure
from workbench.gui.models.embedding import PCA, TSNE, EmbeddingModel
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.inspect.embedding_bar import EmbeddingBar
from workbench.gui.widgets.inspect.point_card import PointCard
from workbench.gui.widgets.inspect.point_looks import group_looks, measure_looks
from workbench.gui.widgets.inspect.scatter import Scatter
from workbench.gui.widgets.inspect.scatter_legend import ScatterLegend
from workbench.gui.widgets.inspect.scatter_names import Name
from workbench.gui.widgets.inspect.selected_points import SelectedPoints

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

Items = NDArray[np.int64]
DOT = " \N{MIDDLE DOT} "
_SIDE = 34  # characters of width that the legend begins with
_RARE = 0.05  # of the points: a group of fewer lies over the others
_FEW = 2  # points that make a group worth a name


class EmbeddingPage(QWidget):
    """Follows ``model`` while it is in view."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.embedding = EmbeddingModel(model, self)
        self._colouring: Groups | Measure | None = None
        self.scatter = Scatter(theme, name="inspect.scatter")
        self.scatter.setAccessibleName("Items as points, near one another where the network sees them alike")
        self.card = PointCard(model.workspace, theme, self.scatter)
        self.bar = EmbeddingBar(self.scatter, theme)
        self.progress = ProgressLine(theme, name="inspect.embedding-progress")
        self.legend = ScatterLegend(theme, name="inspect.embedding-legend")
        self.selected = SelectedPoints(model.workspace, theme)
        self._caption = ElidedLabel()
        self._caption.setProperty("role", "muted")
        self._lay_out()
        self.first = self.scatter
        self._connect()
        self._on_cloud_changed()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.scatter, 1)
        column.addWidget(self.progress)
        column.addWidget(self._caption)
        side = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        side.addWidget(self.legend)
        side.addWidget(self.selected)
        side.setStretchFactor(0, 2)
        side.setStretchFactor(1, 3)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(side)
        self.splitter.setStretchFactor(0, 1)
        width = self.fontMetrics().averageCharWidth() * _SIDE
        self.splitter.setSizes([3 * width, width])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(self.bar)
        whole.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        self._model.changed.connect(self._on_model_changed)
        self._model.split_known.connect(self._on_model_changed)
        self._model.divided.connect(self._offer)
        self._model.working.connect(self._say_why)
        self.embedding.changed.connect(self._on_cloud_changed)
        self.embedding.placed.connect(self._on_placed)
        self.embedding.scored.connect(self._on_scored)
        self.embedding.state_changed.connect(self._on_state_changed)
        self.embedding.began.connect(self._on_tsne_began)
        self.bar.parts_wanted.connect(self._on_parts_wanted)
        self.bar.layout_chosen.connect(self._on_layout_chosen)
        self.bar.again_wanted.connect(self._run_tsne)
        self.bar.colouring_chosen.connect(self._colour)
        self.bar.names_toggled.connect(self._name)
        self.legend.front_changed.connect(self._on_front_changed)
        self.scatter.hovered.connect(self._on_hovered)
        self.scatter.picked.connect(self._on_picked)
        self.scatter.lassoed.connect(self._show_selection)
        self.selected.show_wanted.connect(self._on_show_wanted)
        self.selected.clear_wanted.connect(self._on_clear_wanted)
        self.selected.opened.connect(self._on_opened)
        self._theme.changed.connect(self._colour)

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as a picture, by title."""
        return {"Embedding": self.scatter} if self.embedding.positions is not None else {}

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return self.bar.state()

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        self.bar.restore(state)

    # Following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_model_changed()

    def _on_model_changed(self) -> None:
        """Out of view nothing is placed, only forgotten."""
        self._offer()
        if self.isVisible() or self._model.inspection is None:
            self.embedding.refresh()

    def _offer(self) -> None:
        shown = self._model.inspection
        splits = [split for split in self._model.counts if shown is not None and split != shown.split]
        self.bar.offer_parts(splits, chosen=self.embedding.wanted)

    def _on_cloud_changed(self) -> None:
        cloud = self.embedding.cloud
        self.card.hide()
        self.card.set_dataset(self._dataset)
        self.bar.offer_colourings(cloud.scores if cloud else (), several=bool(cloud and len(cloud.parts) > 1))
        self.bar.setEnabled(cloud is not None)
        self._on_placed()
        self._colour()
        self._show_selection(self.scatter.selection)
        self._say_why()

    def _say_why(self) -> None:
        if self.embedding.busy or self._model.job is not None:
            text = "Looking for where the points lie\N{HORIZONTAL ELLIPSIS}"
        elif self._model.inspection is None:
            text = "Choose a run above to see which items its network finds alike."
        else:
            text = "There are no items to show."
        self.scatter.set_text(text)

    def _on_placed(self) -> None:
        positions = self.embedding.positions
        if positions is None and self.embedding.cloud is not None:
            return  # t-SNE has not placed anything yet; what is there stays in sight meanwhile
        self.scatter.set_points(np.empty((0, 2), np.float32) if positions is None else positions)
        if len(self.scatter.selection) == 0 and positions is not None and self._colouring is None:
            self._colour()
        self._name()
        self._tell()

    def _on_state_changed(self) -> None:
        self.bar.show_layout(self.embedding.layout, running=self.embedding.tsne is not None)
        self._tell()

    def _tell(self) -> None:
        """What is seen, and what it was measured on."""
        cloud = self.embedding.cloud
        if cloud is None:
            self._caption.show_text("")
            return
        if not self.embedding.has(self.embedding.layout):
            how = "PCA, until t-SNE has placed the points"
        elif self.embedding.layout == PCA:
            first, second = map(SHARE.text, cloud.explained)
            how = f"PCA: across {first} of the variance, upwards {second}"
        else:
            how = f"t-SNE, perplexity {self.embedding.perplexity:g}: neighbours mean much, far distances little"
        counts = np.bincount(cloud.part, minlength=len(cloud.parts)).tolist()
        parts = ", ".join(f"{name} {count:,}" for name, count in zip(cloud.parts, counts, strict=True))
        features = f"{cloud.whole.features.shape[1]:,} features"
        self._caption.show_text(DOT.join((how, features, parts, cloud.whole.protocol)))

    # What a person chooses

    def _on_parts_wanted(self, splits: Sequence[str]) -> None:
        self.embedding.show_parts(set(splits))

    def _on_layout_chosen(self, layout: str) -> None:
        self.embedding.choose(layout)
        if layout == TSNE and not self.embedding.has(TSNE) and self.embedding.tsne is None:
            self._run_tsne()

    def _run_tsne(self) -> None:
        self.embedding.start_tsne(perplexity=self.bar.perplexity)

    def _on_tsne_began(self, job: Job) -> None:
        self.progress.follow(job)

    def _on_scored(self, key: str) -> None:
        if key == self.bar.colouring:
            self._colour()

    def _colour(self) -> None:
        """Colour the points as the bar says."""
        if self.embedding.cloud is None or not len(self.scatter.points):
            self._colouring = None
            self.legend.clear()
            self.scatter.set_names(())
            return
        key = self.bar.colouring
        found = self.embedding.colouring(key)
        self._colouring = found
        if found is None:
            self.embedding.want_score(key)
            self.legend.clear()
            count = len(self.scatter.points)
            muted = int(self._theme.colours.muted[1:], 16)
            self.scatter.set_colours(np.full(count, muted, np.uint32))
        elif isinstance(found, Measure):
            self.legend.show_measure(self.bar.colouring_title, found)
            self.scatter.set_colours(measure_looks(self._theme, found))
        else:
            self.legend.show_groups(found)
            self._on_front_changed()
        self._name()

    def _on_front_changed(self) -> None:
        groups = self._colouring
        if isinstance(groups, Groups):
            inks, forms = group_looks(self._theme, groups)
            front = self.legend.front
            ahead = np.isin(groups.codes, front) if len(front) else None
            rare = groups.counts() < _RARE * len(groups.codes)
            self.scatter.set_colours(
                inks[groups.codes], shapes=forms[groups.codes], front=ahead, rare=rare[groups.codes]
            )  # fmt: skip
            self._name()

    def _name(self) -> None:
        """Write the groups' names where most of their points are, the largest group first."""
        groups, points = self._colouring, self.scatter.points
        if not isinstance(groups, Groups) or not self.bar.names or len(points) != len(groups.codes):
            self.scatter.set_names(())
            return
        inks, _ = group_looks(self._theme, groups)
        front, counts = set(self.legend.front.tolist()), groups.counts()
        order = np.argsort(groups.codes, kind="stable")
        ends = np.cumsum(counts)
        names = []
        for group in np.argsort(-counts, kind="stable").tolist():
            if counts[group] >= min(_FEW, int(counts.max())) and (not front or group in front):
                own = points[order[ends[group] - counts[group] : ends[group]]]
                x, y = np.median(own, axis=0).tolist()
                names.append(Name(text=groups.names[group], x=x, y=y, colour=f"#{int(inks[group]):06x}"))
        self.scatter.set_names(names)

    # Points

    @property
    def _dataset(self) -> "Dataset | None":
        """What the points are items of; ``None`` where something else is looked at by now."""
        cloud, shown = self.embedding.cloud, self._model.inspection
        return self._model.dataset if cloud and shown and shown.dataset == cloud.whole.dataset else None

    def words(self, index: int) -> str:
        """What is said of a point, a line each."""
        cloud = self.embedding.cloud
        assert cloud
        whole, dataset = cloud.whole, self._dataset
        item, label, predicted = int(whole.items[index]), int(whole.labels[index]), int(whole.predicted[index])
        truth = whole.classes[label] if label >= 0 else ""
        verdict = "no label" if not truth else "right" if label == predicted else f"wrong, it is {truth}"
        lines = [dataset.items.name(item) if dataset else f"Item {item:,}"]
        lines.append(f"{whole.classes[predicted]} {SHARE.text(float(whole.confidence[index]))}: {verdict}")
        if len(cloud.parts) > 1:
            lines.append(f"Split: {cloud.parts[int(cloud.part[index])]}")
        if isinstance(self._colouring, Measure) and self.bar.colouring != colouring.CONFIDENCE:
            value = float(self._colouring.values[index])
            text = SHARE.text(value) if self._colouring.share else f"{value:.4g}"
            lines.append(f"{self.bar.colouring_title}: {text}")
        return "\n".join(lines)

    def _on_hovered(self, index: int) -> None:
        cloud = self.embedding.cloud
        if index < 0 or cloud is None or index >= len(cloud.whole):
            self.card.hide()
            self.scatter.say("")
            return
        words = self.words(index)
        self.scatter.say(words.replace("\n", ", "))
        name, _, rest = words.partition("\n")
        self.card.show_item(int(cloud.whole.items[index]), name, rest, at=self.scatter.place(index))

    def _on_picked(self, index: int) -> None:
        self.scatter.set_selection(np.array([index]))
        self._show_selection(self.scatter.selection)

    def _show_selection(self, selection: Items) -> None:
        cloud = self.embedding.cloud
        if cloud is None or not len(selection):
            self.selected.clear()
            return
        whole = cloud.whole
        items = whole.items[selection]
        wrong = int((whole.known[selection] & (whole.predicted[selection] != whole.labels[selection])).sum())
        self.selected.show_selection(
            items,
            f"{wrong:,} of them wrong" if wrong else "none of them wrong",
            inspection=whole,
            dataset=self._dataset,
            shown=int((cloud.part[selection] == 0).sum()),
            split=cloud.parts[0],
        )

    def _on_show_wanted(self) -> None:
        cloud, selection = self.embedding.cloud, self.scatter.selection
        if cloud is not None and len(selection):
            shown = selection[cloud.part[selection] == 0]
            self._model.show_items(cloud.whole.items[shown], f"{len(shown):,} selected in the embedding")

    def _on_clear_wanted(self) -> None:
        self.scatter.set_selection(np.empty(0, np.int64))
        self._show_selection(self.scatter.selection)

    def _on_opened(self, item: int) -> None:
        shown = self._model.inspection
        if shown is not None and item in shown.items:
            self._model.open_item(item)

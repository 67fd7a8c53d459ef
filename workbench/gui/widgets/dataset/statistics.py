"""What a dataset is like in numbers: its classes over the splits, sizes, channels, formats, masks, texts.

Every mark on it leads to the items behind it.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout

from workbench.gui.models.dataset_edits import noun
from workbench.gui.models.statistics import ALL, Cell, Channels, Statistics, splits_of
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.dataset.card import Card, CardPage
from workbench.gui.widgets.dataset.class_table import ClassModel, ClassView, SplitLegend
from workbench.gui.widgets.dataset.histogram import Histogram
from workbench.gui.widgets.dataset.sizes import SizeScatter, size_text
from workbench.gui.widgets.dataset.tables import CsvButtons, FactTable, at_left
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

_CLASS_ROWS = 14  # of the class table that are seen at once
_MANY_CLASSES = 16  # from which on the table can be searched
_BESIDE = 110  # characters of width from which on two charts lie side by side


class StatisticsPage(CardPage):
    """Signals:
    class_picked: Label set and label whose items are wanted.
    items_picked: Ids of items that are wanted, int64, and what they have in common in words.
    examination_wanted: The facts of the items are wanted.
    """

    class_picked = Signal(str, int)
    items_picked = Signal(object, str)
    examination_wanted = Signal()

    def __init__(self, theme: Theme, *, errors: ErrorBar) -> None:
        super().__init__()
        self._theme, self._errors = theme, errors
        self._dataset: Dataset | None = None
        self._statistics: Statistics | None = None
        self._lay_out_classes()
        self._lay_out_sizes()
        self._lay_out_channels()
        self._missing = Card("Sizes, channels and formats")
        self._check = named(QPushButton("Check this data"), "data.statistics-check", "Check this data")
        self._check.clicked.connect(self.examination_wanted)
        self._missing.body.addWidget(self._check, 0, Qt.AlignmentFlag.AlignLeft)
        self._tables = QVBoxLayout()
        self._tables.setSpacing(GAP)
        for card in (self.classes_card, self._missing, self.sizes_card, self.channels_card):
            self.column.addWidget(card)
        self.column.addLayout(self._tables)
        self.column.addStretch(1)
        self.show_dataset(None)

    def _lay_out_classes(self) -> None:
        self.classes_card = Card("Classes")
        self._label_set = named(QComboBox(), "data.statistics-labels", "Which labels")
        self._label_set.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._search = named(QLineEdit(), "data.statistics-search", "Find a class")
        self._search.setPlaceholderText("Find a class")
        self._search.setClearButtonEnabled(True)
        self.model = ClassModel(self._theme, self)
        self.classes = ClassView(
            self.model, self._theme, name="data.statistics-classes", about="Classes and their items", picks=True
        )
        self.legend = SplitLegend(self._theme)
        head = self.classes_card.head
        head.addWidget(self._search)
        head.addWidget(self._label_set)
        head.addWidget(CsvButtons(
            self._theme, self.model, name="data.classes", about="the classes", errors=self._errors
        ))  # fmt: skip
        self.classes_card.body.addWidget(self.legend)
        self.classes_card.body.addWidget(self.classes)
        self._search.textChanged.connect(self.classes.proxy.setFilterFixedString)
        self._label_set.currentIndexChanged.connect(self._on_label_set_chosen)
        self.classes.picked.connect(self._on_class_picked)

    def _lay_out_sizes(self) -> None:
        self.sizes_card = Card("Sizes")
        self._measure = named(QComboBox(), "data.statistics-measure", "What is counted")
        self._measure.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.histogram = Histogram(self._theme, name="data.statistics-histogram")
        self.scatter = SizeScatter(self._theme, name="data.statistics-sizes")
        self._one_size = WrappedLabel()
        right = QVBoxLayout()
        right.setSpacing(GAP)
        top = QHBoxLayout()
        top.addWidget(self._measure)
        top.addStretch(1)
        right.addLayout(top)
        right.addWidget(self.histogram, 1)
        self._charts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._charts.setSpacing(2 * GAP)
        self._charts.addWidget(self.scatter, 1)
        self._charts.addLayout(right, 1)
        self.sizes_card.body.addWidget(self._one_size)
        self.sizes_card.body.addLayout(self._charts)
        self._measure.currentIndexChanged.connect(self._on_measure_chosen)
        self.histogram.picked.connect(self.items_picked)
        self.scatter.picked.connect(self._on_size_picked)

    def _lay_out_channels(self) -> None:
        self.channels_card = Card("Channels")
        self.channels_card.explain(
            "Mean and deviation of the pixels from 0 to 1, every image counted the same: values to normalise with."
        )
        self.channels = FactTable(name="data.statistics-channels", about="Mean and deviation of the channels")
        self._copy_channels = named(
            QPushButton("Copy for normalisation"), "data.statistics-copy-channels", "Copy mean and deviation"
        )
        self._copy_channels.setIcon(self._theme.icon("copy"))
        self._copy_channels.setFlat(True)
        self._copy_channels.clicked.connect(self._on_copy_channels_clicked)
        self.channels_card.head.addWidget(self._copy_channels)
        self.channels_card.body.addLayout(at_left(self.channels))

    # What is shown

    def show_dataset(self, dataset: "Dataset | None") -> None:
        """Another dataset, or the same after an edit; the statistics stay until others come for the same one."""
        same = dataset is not None and self._dataset is not None and dataset.row.id == self._dataset.row.id
        self._dataset = dataset
        names = list(dataset.items.label_sets) if dataset else []
        if not same:
            self._search.clear()
            self.show_statistics(None)
        if [self._label_set.itemText(i) for i in range(self._label_set.count())] != names:
            blocked = self._label_set.blockSignals(True)
            self._label_set.clear()
            self._label_set.addItems(names)
            self._label_set.blockSignals(blocked)
        self._label_set.setVisible(len(names) > 1)
        self.classes_card.setVisible(bool(names))
        self._show_classes()

    def _show_classes(self) -> None:
        self.model.show(self._dataset, self._label_set.currentText())
        self._search.setVisible(self.model.rowCount() >= _MANY_CLASSES)
        self.classes.setFixedHeight(self.classes.height_for(_CLASS_ROWS) + GAP // 2)
        if self._dataset:
            state = self._dataset.state
            kept = state.splits[~state.excluded]
            self.legend.show_splits([(split, int((kept == split).sum())) for split in splits_of(kept)])
            left_out = int(state.excluded.sum())
            words = f"{left_out:,} excluded {noun(self._dataset)}{'' if left_out == 1 else 's'} not counted"
            self.classes_card.explain(words.capitalize() if left_out else "")

    def show_statistics(self, statistics: Statistics | None, *, examining: bool = False) -> None:
        """Numbers that need the items' facts; ``None`` while there are none."""
        if statistics is not None and statistics is self._statistics:
            return
        self._statistics = statistics
        self._missing.setVisible(statistics is None and self._dataset is not None)
        self._missing.explain(
            "The items are being looked at." if examining else "Nobody has looked at the pixels of this data yet."
        )
        self._check.setVisible(not examining)
        self._show_sizes(statistics)
        self.channels_card.setVisible(bool(statistics and statistics.channels))
        if statistics:
            self._show_channels(statistics.channels)
        self._show_tables(statistics)

    def _show_sizes(self, statistics: Statistics | None) -> None:
        spreads = statistics.spreads if statistics else ()
        self.sizes_card.setVisible(bool(spreads))
        if not statistics or not spreads:
            return
        questions = not statistics.sizes
        one = len(statistics.sizes) == 1
        self.sizes_card.heading.setText("Lengths" if questions else "Sizes")
        self.scatter.setVisible(len(statistics.sizes) > 1)
        self._one_size.setVisible(one)
        if one:
            width, height, count = statistics.sizes[0]
            self._one_size.setText(f"All {count:,} images are {size_text(width, height)}.")
        self.scatter.show_sizes(statistics.sizes)
        names = [spread.name for spread in spreads if not one or spread.name == "File size"]
        before = self._measure.currentText()
        blocked = self._measure.blockSignals(True)
        self._measure.clear()
        self._measure.addItems(names)
        self._measure.setCurrentIndex(max(0, self._measure.findText(before)))
        self._measure.blockSignals(blocked)
        self._on_measure_chosen()

    def _show_channels(self, channels: tuple[Channels, ...]) -> None:
        header = (
            "Split",
            "Images",
            *(f"{c} {what}" for what in ("mean", "deviation") for c in ("Red", "Green", "Blue")),
        )
        rows: list[tuple[Cell, ...]] = [
            (one.split or "no split", one.images, *(Decimal(f"{value:.4f}") for value in (*one.mean, *one.deviation)))
            for one in channels
        ]
        self.channels.fill(header, rows)

    def _show_tables(self, statistics: Statistics | None) -> None:
        while (item := self._tables.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for table in statistics.tables if statistics else ():
            slug = table.title.lower().replace(" ", "-")
            card = Card(table.title)
            card.explain(table.note)
            facts = FactTable(name=f"data.statistics-{slug}", about=table.title)
            facts.fill(table.header, table.rows)
            card.head.addWidget(CsvButtons(
                self._theme, facts, name=f"data.{slug}", about=table.title.lower(), errors=self._errors
            ))  # fmt: skip
            card.body.addLayout(at_left(facts))
            self._tables.addWidget(card)

    # What a person does

    def _on_label_set_chosen(self) -> None:
        self._show_classes()

    def _on_class_picked(self, label: int) -> None:
        self.class_picked.emit(self.model.label_set, label)

    def _on_measure_chosen(self) -> None:
        name = self._measure.currentText()
        spread = next((one for one in (self._statistics.spreads if self._statistics else ()) if one.name == name), None)
        if spread:
            self.histogram.show_spread(spread)

    def _on_size_picked(self, width: int, height: int) -> None:
        assert self._statistics
        wide, high = (next(one for one in self._statistics.spreads if one.name == name) for name in ("Width", "Height"))
        items = np.sort(wide.items[(wide.values == width) & (high.values == height)])
        self.items_picked.emit(items, size_text(width, height))

    def normalisation(self) -> str:
        """Mean and deviation of the training images, of all where no split is called train, as Python reads them."""
        channels = self._statistics.channels if self._statistics else ()
        chosen = next((one for one in channels if one.split == "train"), channels[-1] if channels else None)
        if chosen is None:
            return ""
        mean, deviation = (", ".join(f"{value:.4f}" for value in values) for values in (chosen.mean, chosen.deviation))
        where = "all images" if chosen.split == ALL else chosen.split
        return f"mean = ({mean})  # {where}, {chosen.images:,} images\nstd = ({deviation})\n"

    def _on_copy_channels_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.normalisation())
        self._copy_channels.setText("Copied")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= self.fontMetrics().averageCharWidth() * _BESIDE
        direction = QBoxLayout.Direction
        self._charts.setDirection(direction.LeftToRight if beside else direction.TopToBottom)

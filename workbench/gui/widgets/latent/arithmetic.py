"""Sums of codes: what some images have that others have not, added to a third, and how that looks.

What the sums are is the business of :class:`~workbench.gui.widgets.latent.arithmetic_model.ArithmeticModel`.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.models.catalogue import Catalogue
from workbench.gui.models.latent import GROUPS, LatentModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.latent.arithmetic_filling import BY_HAND, OTHERS, Filling
from workbench.gui.widgets.latent.arithmetic_group import GroupCard
from workbench.gui.widgets.latent.arithmetic_layout import LARGE, TICK, TITLES, ArithmeticLayout
from workbench.gui.widgets.latent.arithmetic_model import SHOWN, STEPS
from workbench.gui.widgets.latent.filmstrip import Frame, Rows, to_image, to_images

Pictures = NDArray[np.uint8]
Items = NDArray[np.int64]

_START = (
    "What do thick sevens have that thin ones have not?\n\nPut thick sevens into A and thin ones into B: the "
    "difference of their mean codes is the answer, as a direction. Put any other digit into C, and see it with that "
    "difference added, more of it, or less than none."
)
_NO_CODES = (
    "This network makes images, but gives images no codes, and codes are what is added up here.\n\nWalk looks for the "
    "codes of single images by trial; sums work with an autoencoder or a flow."
)
_NO_NETWORK = "No network is open to do sums with."
_ENCODING = "Encoding the images\N{HORIZONTAL ELLIPSIS}"
_FILM_RATE = 5.0


class ArithmeticPage(ArithmeticLayout):
    """Follows ``model``: its network, its codes and its groups."""

    def __init__(self, model: LatentModel, theme: Theme) -> None:
        super().__init__(model, theme)
        self._model, self._theme = model, theme
        self._filling = Filling(model)
        self._catalogue: Catalogue | None = None
        self._strip_of: Pictures | None = None  # what the strip's frames were made of
        self._connect()
        self._show()

    def _connect(self) -> None:
        self._model.changed.connect(self._show)
        self._model.groups_changed.connect(self._show)
        self.sums.changed.connect(self._show)
        self.sums.result_changed.connect(self._show_result)
        self.picker.chosen.connect(self._on_items_chosen)
        self.picker.selection_changed.connect(self._enable)
        self.picker.loaded.connect(self._on_data_loaded)
        self.direction.activated.connect(self._on_direction_chosen)
        self.example.clicked.connect(self.show_example)
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.number.valueChanged.connect(self._on_number_changed)
        self.strip.moved.connect(self._on_strip_moved)
        for letter, card in self.groups.items():
            card.filled.connect(self._on_card_filled)
            card.class_wanted.connect(self._on_class_wanted)
            card.cleared.connect(self._on_card_cleared)
            self.to_group[letter].clicked.connect(self._on_to_group_clicked)

    # What is shown

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.sums.set_active(True)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.sums.set_active(False)

    def _on_data_loaded(self) -> None:
        catalogue = self._catalogue = self.picker.catalogue
        self.thumbnails.show(
            catalogue.images if catalogue else None, fingerprint=catalogue.fingerprint if catalogue else ""
        )  # fmt: skip
        classes = self.picker.classes
        for card in self.groups.values():
            card.set_classes(classes)
        with QSignalBlocker(self.direction):
            self.direction.clear()
            self.direction.addItem("A \N{MINUS SIGN} B, as picked", BY_HAND)
            for label, name in enumerate(classes):
                self.direction.addItem(f"Towards {name}, away from all others", label)
        self._show()

    def _show(self) -> None:
        """Show what the model has now."""
        sums, model = self.sums, self._model
        self._none.show_text(self._why_none())
        self._all.setCurrentIndex(1 if self._none.text else 0)
        for letter, card in self.groups.items():
            group, items = sums.groups.get(letter), model.group(letter)
            near = group.near.tolist() if group is not None else items[:SHOWN].tolist()
            picture = to_image(group.picture) if group is not None and group.picture is not None else None
            card.show_group(near, self._names(near), total=len(items), picture=picture)
            label, classes = self._filling.label(letter), self.picker.classes
            towards = self._filling.label("a")
            card.show_choice(label, others_of=classes[towards] if 0 <= towards < len(classes) else "A")
        self._show_direction()
        self._pages.setCurrentIndex(1 if sums.complete else 0)
        self.message.setText(self._why_empty())
        if sums.complete:
            self._show_sum()
        self._want_thumbnails()
        self._enable()

    def _show_sum(self) -> None:
        sums = self.sums
        if sums.strip is not self._strip_of:
            self._strip_of = sums.strip
            images = to_images(sums.strip) if sums.strip is not None else [None] * len(STEPS)
            frames = [Frame(image, f"{step:.1f}", mark="" if step else "C")
                      for image, step in zip(images, STEPS, strict=True)]  # fmt: skip
            self.strip.set_frames(frames, rows=Rows(picture="Decoded", title="t"), values=False)
        near = sums.nearest.tolist()
        self.near.set_items(near, self._names(near))
        self._show_result()
        self._show_strength()

    def _show_result(self) -> None:
        self.result.show_image(to_image(self.sums.result) if self.sums.result is not None else None)

    def _show_strength(self) -> None:
        strength = self.sums.strength
        self.strip.set_current(int(np.argmin(np.abs(np.array(STEPS) - strength))))
        self._words.setText(_in_words(strength))
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(round(strength * TICK))
            self.number.setValue(strength)

    def _why_none(self) -> str:
        if self._model.explorer is None:
            return _NO_NETWORK
        return "" if self._model.encodes else _NO_CODES

    def _why_empty(self) -> str:
        missing = self.sums.missing
        if self._model.codes is None and self._model.is_encoding and len(missing) < len(GROUPS):
            return _ENCODING
        if not missing:
            return _ENCODING if self.sums.busy or self._model.is_encoding else "These images have no codes."
        if len(missing) == len(GROUPS):
            return _START
        words = " and ".join(f"{letter.upper()} ({TITLES[letter]})" for letter in missing)
        return f"Now put images into {words}: drag them there, or select them and press the letter."

    def _names(self, items: Sequence[int]) -> list[str]:
        catalogue = self._catalogue
        if catalogue is None:
            return [f"item {item:,}" for item in items]
        parts = [(self.picker.class_of(item), catalogue.names[item]) for item in items]
        return [DOT.join(part for part in both if part) for both in parts]

    def _show_direction(self) -> None:
        with QSignalBlocker(self.direction):
            self.direction.setCurrentIndex(max(0, self.direction.findData(self._filling.towards())))

    def _want_thumbnails(self) -> None:
        if self._catalogue is None or not self.isVisible():
            return
        wanted = [item for card in self.groups.values() for item in card.pictures.items] + list(self.near.items)
        self.thumbnails.want(list(dict.fromkeys(wanted)), side=round(LARGE * self.devicePixelRatioF()))

    def _enable(self) -> None:
        usable, selected = self._model.encodes, len(self.picker.selection()) > 0
        for letter, card in self.groups.items():
            card.setEnabled(usable)
            self.to_group[letter].setEnabled(usable and selected)
        self.direction.setEnabled(usable and self.direction.count() > 1)
        self.example.setVisible(usable and len(self.sums.missing) == len(GROUPS) and len(self._example()) == 2)

    # What a person does

    def _on_items_chosen(self, items: Items) -> None:
        """Enter or a double click: what the difference is added to, the one thing that is chosen again and again."""
        if self._model.encodes:
            self._filling.fill("c", items)

    def _on_card_filled(self, items: tuple[int, ...]) -> None:
        self._filling.fill(self._letter(), np.array(items, np.int64))

    def _on_class_wanted(self, label: int) -> None:
        self._filling.fill(self._letter(), self.picker.class_items(label), label)

    def _on_card_cleared(self) -> None:
        self._filling.fill(self._letter(), np.empty(0, np.int64))

    def _letter(self) -> str:
        card = self.sender()
        assert isinstance(card, GroupCard)
        return card.letter

    def _on_to_group_clicked(self) -> None:
        self.put_selection(next(letter for letter, button in self.to_group.items() if button is self.sender()))

    def put_selection(self, letter: str) -> None:
        """Make the selected images the group."""
        items = self.picker.selection()
        if len(items) and self._model.encodes:
            self._filling.fill(letter, items)

    def _on_direction_chosen(self) -> None:
        label = int(self.direction.currentData())
        if label != BY_HAND:
            self._head_for(label)

    def _head_for(self, label: int) -> None:
        """A class against all others, among the images whose class is known."""
        classes = range(len(self.picker.classes))
        others = [self.picker.class_items(other) for other in classes if other != label]
        self._filling.fill("a", self.picker.class_items(label), label)
        self._filling.fill("b", np.sort(np.concatenate([np.empty(0, np.int64), *others])), OTHERS)

    def _example(self) -> list[int]:
        """Two classes with images: the groups of the example."""
        return [label for label in range(len(self.picker.classes)) if len(self.picker.class_items(label))][:2]

    def show_example(self) -> None:
        """Turn one image of a class into another class."""
        one, other = self._example()
        self._filling.fill("a", self.picker.class_items(other), other)
        self._filling.fill("b", self.picker.class_items(one), one)
        self._filling.fill("c", self.picker.class_items(one)[:1])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        letter = event.text().casefold()
        if letter in GROUPS and not event.modifiers():
            self.put_selection(letter)
            return
        super().keyPressEvent(event)

    def _on_slider_moved(self, value: int) -> None:
        self._strengthen(value / TICK)

    def _on_number_changed(self, value: float) -> None:
        self._strengthen(value)

    def _on_strip_moved(self, index: int) -> None:
        self._strengthen(STEPS[index])

    def _strengthen(self, strength: float) -> None:
        self.sums.set_strength(strength)
        self._show_strength()

    # For others

    @property
    def _ready(self) -> bool:
        return self.sums.complete and self.sums.strip is not None

    def figures(self) -> dict[str, QWidget]:
        """The sum with all its parts."""
        return {"Arithmetic": self.sum} if self._ready else {}

    def sheets(self) -> dict[str, Callable[[], tuple[Pictures, int]]]:
        return {"Strip over the strength": self.strip_pictures} if self._ready else {}

    def films(self) -> dict[str, Callable[[], tuple[Pictures, float]]]:
        return {"Strength": self.film_frames} if self._ready else {}

    def strip_pictures(self) -> tuple[Pictures, int]:
        """The pictures at all strengths of the strip, in one row."""
        assert self.sums.strip is not None
        return self.sums.strip, len(STEPS)

    def film_frames(self) -> tuple[Pictures, float]:
        """From the least strength to the greatest; and frames a second."""
        assert self.sums.strip is not None
        return self.sums.strip, _FILM_RATE

    def state(self) -> dict[str, object]:
        return {"strength": self.sums.strength}

    def restore(self, state: dict[str, object]) -> None:
        strength = state.get("strength")
        if isinstance(strength, int | float):
            self._strengthen(float(strength))


def _in_words(strength: float) -> str:
    """What a strength means."""
    if abs(strength) < 0.005:
        return "t 0: C as it is"
    share = f"{abs(strength):.2f}".rstrip("0").rstrip(".")
    if strength < 0:
        return f"t \N{MINUS SIGN}{share}: {share} times the difference taken away from C"
    return "t 1: C with the difference added" if share == "1" else f"t {share}: C with {share} times the difference"

"""The fields ``backbone`` and ``weights`` of a form: text that can be typed, with a list to choose from."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QToolButton, QWidget
from shiboken6 import isValid

from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.params import Params
from workbench.gui.jobs import DONE, Ending, Job
from workbench.gui.models.backbones import Backbones, BackbonesModel, facts
from workbench.gui.models.weights import FILE, WeightsModel, runs_with_weights, weights_words
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.forms.field import TextEditor
from workbench.gui.widgets.transfer.choice_list import ChoiceList
from workbench.gui.workspace import Workspace

_FILES = "Weights (*.safetensors *.pth *.pt *.bin);;All files (*)"
_OPENING = (Qt.Key.Key_Down, Qt.Key.Key_F4)


class PickingEditor(TextEditor):
    """A line of text with a button that drops a list; the Down key drops it, too.

    Args:
        name: Object name of the field; the button is ``name.choose``, the list ``name.list``.
        title: What is chosen.
    """

    def __init__(self, *, name: str, title: str, theme: Theme, parent: QWidget) -> None:
        super().__init__("", "", parent)
        self._name, self._title, self._theme = name, title, theme
        self._button = named(QToolButton(self), f"{name}.choose", f"Choose {title}")
        self._button.setIcon(theme.icon("chevron-down", colour="muted"))
        self._button.setIconSize(QSize(ICON - 4, ICON - 4))
        self._button.setAutoRaise(True)
        self._button.setCursor(Qt.CursorShape.ArrowCursor)
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the Down key does the same
        self._button.setToolTip(f"Choose {title} from a list (Down)")
        self._button.clicked.connect(self.drop)
        self.textChanged.connect(self._on_text_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = self.height() - GAP // 2
        self._button.setGeometry(self.width() - side - GAP // 4, GAP // 4, side, side)
        self.setTextMargins(0, 0, side, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENING:
            self.drop()
        else:
            super().keyPressEvent(event)

    def drop(self) -> None:
        """Show the list."""
        chooser = self.make_list(f"{self._name}.list")
        chooser.chosen.connect(self.take)
        chooser.drop(self)

    def make_list(self, name: str) -> ChoiceList:
        raise NotImplementedError

    def take(self, value: str) -> None:
        """As if a person had typed ``value``."""
        self.setText(value)
        self.setCursorPosition(0)
        self.setFocus()

    def show_text(self, text: str) -> None:
        super().show_text(text)
        self._on_text_changed()

    def describe(self, text: str) -> str:
        """What ``text`` stands for, below the field."""
        raise NotImplementedError

    def _on_text_changed(self) -> None:
        self.say(self.describe(self.text()))


class BackboneEditor(PickingEditor):
    """Any network of the table, or a name that is typed."""

    def __init__(self, name: str, parent: QWidget, *, table: Backbones, theme: Theme) -> None:
        super().__init__(name=name, title="a network", theme=theme, parent=parent)
        self._table = table

    def make_list(self, name: str) -> ChoiceList:
        mark = self._theme.icon("check", colour="accent")
        return ChoiceList(
            BackbonesModel(self._table, current=self.text(), mark=mark),
            self._theme,
            name=name,
            title="Networks to reuse",
            hint="Filter by words: resnet 18, convnext timm, in21k \N{HORIZONTAL ELLIPSIS}",
            samples=("torchvision", "888.8 M", "888 px", "88 sets"),
            parent=self,
        )

    def describe(self, text: str) -> str:
        row = self._table.find(text)
        if row:
            return facts(row)
        return "Not in the list; torchvision and timm are asked for it." if text.strip() else ""


class WeightsEditor(PickingEditor):
    """Published weights, none, a file, or a run of the open project."""

    def __init__(self, name: str, parent: QWidget, *, workspace: Workspace, theme: Theme) -> None:
        super().__init__(name=name, title="what it begins with", theme=theme, parent=parent)
        self._workspace = workspace
        self._reading: Job | None = None
        self._open: WeightsModel | None = None
        self._names: dict[str, str] = {}

    def make_list(self, name: str) -> ChoiceList:
        mark = self._theme.icon("check", colour="accent")
        model = self._open = WeightsModel(current=self.text(), mark=mark)
        if self._workspace.project:
            work = runs_with_weights(self._workspace.project)
            self._reading = self._workspace.jobs.start(work, title="Reading the runs", quiet=True)
            self._reading.ended.connect(self._on_reading_ended)
        return ChoiceList(
            model,
            self._theme,
            name=name,
            title="What the network begins with",
            hint="Filter, or type the path of a file",
            samples=("m" * 32,),
            parent=self,
        )

    def _on_reading_ended(self, ending: Ending) -> None:
        if self.sender() is not self._reading:
            return
        self._reading = None
        if ending.state == DONE:
            self._names = {one.value: one.title for one in ending.result}
            self._on_text_changed()
            if self._open and isValid(self._open):  # the list may be closed by now
                self._open.set_runs(ending.result)

    def take(self, value: str) -> None:
        if value != FILE:
            super().take(value)
            return
        dialog = QFileDialog(self, "Choose a file of weights", "", _FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take)
        dialog.open()

    def describe(self, text: str) -> str:
        name = self._names.get(text.strip(), "")
        return f"The last checkpoint of “{name}”" if name else weights_words(text)


def editors(
    workspace: Workspace, theme: Theme
) -> Mapping[tuple[type[Params], str], Callable[[str, QWidget], TextEditor]]:
    """The editors of this module, by the parameters and the field that they are for."""
    return {
        (TransferParams, "backbone"): partial(BackboneEditor, table=Backbones(), theme=theme),
        (TransferParams, "weights"): partial(WeightsEditor, workspace=workspace, theme=theme),
    }

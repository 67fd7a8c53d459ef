"""The layers of a reused network, where one chooses what stays as it is, what learns, and where the new head goes."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QPushButton, QToolButton, QTreeView, QVBoxLayout, QWidget

from workbench.engine.models.transfer.params import TransferParams
from workbench.gui.models.layer_tree import KIND, LAYER, OUTPUT, PARAMETERS, PART, LayerTreeModel, Tree
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import WrappedLabel

_WIDTHS = {LAYER: 19, PART: 16, PARAMETERS: 13, OUTPUT: 15, KIND: 18}  # characters
_WIDEST_NAME = 26
_NOTHING_CHOSEN = "Choose a layer in the list first."


class LayerView(QWidget):
    """Signals:
    wanted: The :class:`TransferParams` that a person asked for.
    backbone_wanted: The name of another network, where the one in the settings does not exist.
    """

    wanted = Signal(object)
    backbone_wanted = Signal(str)

    def __init__(self, theme: Theme, *, name: str, params: TransferParams, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._theme, self._params = name, theme, params
        self.model = LayerTreeModel(theme, self)
        self._outcome, self._hint, self._problem = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self._hint.setProperty("role", "muted")
        self._problem.setProperty("role", "error")
        self._outcome.setObjectName(f"{name}.outcome")
        self._hint.setObjectName(f"{name}.hint")
        self._problem.setObjectName(f"{name}.problem")
        self.tree = named(QTreeView(), f"{name}.tree", "Layers of the network")
        self._set_up_tree()
        self._instead = QWidget()
        self._instead_row = FlowLayout(self._instead, gap=GAP // 2)
        self._actions = {
            verb: self._action(verb, text, icon, key, handler)
            for verb, text, icon, key, handler in (
                ("freeze", "Freeze up to here", "frozen", "F", self._on_freeze_asked),
                ("cut", "Cut here", "cut", "C", self._on_cut_asked),
                ("train-all", "Train all", "train", "Shift+T", self._on_train_all_asked),
                ("freeze-all", "Freeze all", "frozen", "Shift+F", self._on_freeze_all_asked),
                ("whole", "Whole backbone", "zoom-fit", "Shift+W", self._on_whole_asked),
            )
        }
        self._about = {
            "freeze": "This layer and all before it stay as they are; what follows learns",
            "cut": "The new head follows this layer; what comes after it is left out",
            "train-all": "All layers learn, from the first to the new head",
            "freeze-all": "Only the new head learns",
            "whole": "No cut: the new head follows the last layer",
        }
        self._lay_out()
        selection = self.tree.selectionModel()
        selection.currentChanged.connect(self._on_current_changed)
        self._show_actions()

    def _set_up_tree(self) -> None:
        tree, header = self.tree, self.tree.header()
        tree.setModel(self.model)
        tree.setUniformRowHeights(True)
        tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setExpandsOnDoubleClick(True)
        tree.setIndentation(2 * GAP)
        tree.setIconSize(QSize(ICON - 4, ICON - 4))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, width * self.fontMetrics().averageCharWidth() + 2 * GAP)

    def _action(self, verb: str, text: str, icon: str, key: str, handler: Callable[[], None]) -> QAction:
        action = QAction(self._theme.icon(icon), text, self)
        action.setObjectName(f"{self._name}.{verb}-action")
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # while the tree has the focus
        action.triggered.connect(handler)
        self.tree.addAction(action)
        return action

    def _lay_out(self) -> None:
        buttons = QWidget()
        flow = FlowLayout(buttons, gap=GAP // 2)
        for verb, action in self._actions.items():
            button = named(QToolButton(), f"{self._name}.{verb}", action.text())
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(ICON, ICON))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            flow.addWidget(button)
        self._buttons = buttons
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for widget in (self._outcome, self._hint, self._problem, self._instead, buttons):
            column.addWidget(widget)
            widget.hide()
        column.addWidget(self.tree, 1)
        column.addStretch()  # what is said stands at the top where there is no tree
        self.tree.hide()

    @property
    def outcome(self) -> str:
        """What is said of the settings."""
        return self._outcome.text()

    @property
    def hint(self) -> str:
        return self._hint.text()

    @property
    def problem(self) -> str:
        """What is wrong; empty if nothing is."""
        return self._problem.text()

    def show_tree(self, tree: Tree, params: TransferParams, *, outcome: str, hint: str) -> None:
        """Show ``tree``, which is what ``params`` make of a network; what was unfolded and chosen stays so."""
        self._params = params
        other = self.model.show_tree(tree)
        _say(self._outcome, "" if tree.problem else outcome)
        _say(self._hint, hint)
        _say(self._problem, _sentence(tree.problem))
        self._offer(())
        for widget in (self._buttons, self.tree):
            widget.setVisible(bool(tree.layers))
        if other:
            self._unfold()
        self._show_actions()

    def _unfold(self) -> None:
        """Show all places to cut at, and begin where the network is divided."""
        tree, character = self.model.tree, self.fontMetrics().averageCharWidth()
        for number in range(len(tree.layers)):
            self.tree.setExpanded(self.model.index_of(number), self.model.opens(number))
        wanted = self.tree.sizeHintForColumn(LAYER) + GAP
        self.tree.header().resizeSection(LAYER, max(10 * character, min(wanted, _WIDEST_NAME * character)))
        layout = self.layout()
        assert layout is not None
        layout.activate()  # what is in the middle depends on the height
        divided = max(tree.number(tree.frozen), tree.number(tree.cut))
        if divided >= 0:
            self.tree.scrollTo(self.model.index_of(divided), QAbstractItemView.ScrollHint.PositionAtCenter)
        else:
            self.tree.scrollToTop()

    def show_waiting(self, text: str) -> None:
        """Say what is being done; what is shown stays, unless it is of something else."""
        if not self.model.tree.layers:
            _say(self._outcome, text)
            _say(self._problem, "")
            self._offer(())

    def show_problem(self, problem: str, *, instead: Sequence[str] = ()) -> None:
        """Say why there are no layers to show, and offer the networks that may have been meant."""
        self.model.show_tree(Tree(layers=()))
        _say(self._outcome, "")
        _say(self._hint, "")
        _say(self._problem, _sentence(problem))
        self._offer(instead)
        self._buttons.hide()
        self.tree.hide()

    def _offer(self, names: Sequence[str]) -> None:
        while item := self._instead_row.takeAt(0):
            widget = item.widget()
            assert widget
            widget.setObjectName("")
            widget.hide()
            widget.deleteLater()
        for number, name in enumerate(names):
            button = named(QPushButton(f"Take {name}"), f"{self._name}.instead-{number}", f"Take {name}")
            button.setProperty("backbone", name)
            button.clicked.connect(self._on_instead_clicked)
            self._instead_row.addWidget(button)
        self._instead.setVisible(bool(names))

    def choose(self, layer: str) -> None:
        """Make the layer of this name the current one."""
        number = self.model.tree.number(layer)
        if number >= 0:
            self.tree.setCurrentIndex(self.model.index_of(number))

    def _current(self) -> int:
        return self.model.number(self.tree.currentIndex())

    def _on_current_changed(self, now: QModelIndex, before: QModelIndex) -> None:
        self._show_actions()

    def _show_actions(self) -> None:
        tree, params, number = self.model.tree, self._params, self._current()
        name = tree.layers[number].name if number >= 0 else ""
        reasons = dict.fromkeys(self._actions, "")
        reasons["freeze"] = tree.why_not_frozen(number) if number >= 0 else _NOTHING_CHOSEN
        reasons["cut"] = tree.why_not_here(number) if number >= 0 else _NOTHING_CHOSEN
        if name and name == tree.frozen:
            reasons["freeze"] = "It is frozen up to here already."
        if name and name == tree.cut:
            reasons["cut"] = "It is cut here already."
        reasons["train-all"] = "Everything learns already." if params.reuse == "all" else ""
        reasons["freeze-all"] = "Everything is frozen already." if params.reuse == "none" else ""
        reasons["whole"] = "" if params.cut else "The whole backbone is used already."
        for verb, action in self._actions.items():
            why_not = reasons[verb]
            action.setEnabled(not why_not)
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(why_not or f"{self._about[verb]} ({key})")

    def _on_freeze_asked(self) -> None:
        layer = self.model.tree.layers[self._current()]
        self.wanted.emit(self._params.replace(reuse="upto", frozen=layer.name))

    def _on_cut_asked(self) -> None:
        self.wanted.emit(self.model.tree.cut_after(self._current(), self._params))

    def _on_train_all_asked(self) -> None:
        self.wanted.emit(self._params.replace(reuse="all", frozen=""))

    def _on_freeze_all_asked(self) -> None:
        self.wanted.emit(self._params.replace(reuse="none", frozen=""))

    def _on_whole_asked(self) -> None:
        self.wanted.emit(self._params.replace(cut=""))

    def _on_instead_clicked(self) -> None:
        self.backbone_wanted.emit(self.sender().property("backbone"))


def _say(label: WrappedLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))


def _sentence(text: str) -> str:
    """``text`` as a sentence; the name of a network at its beginning stays as it is written."""
    name = "/" in text.partition(" ")[0] or text.startswith(("timm", "torchvision"))
    start = text[:1] if name else text[:1].upper()
    return f"{start}{text[1:]}" + ("" if not text or text.endswith((".", "?")) else ".")

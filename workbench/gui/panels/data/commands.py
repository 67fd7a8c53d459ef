"""What the Data panel can be told to do, from menus, shortcuts and the palette."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from workbench.gui.actions import Action, nothing
from workbench.gui.models.dataset_edits import SPLITS, split_text
from workbench.gui.models.training import untrainable
from workbench.gui.panels.data.pages import ITEMS, TITLES

if TYPE_CHECKING:
    from workbench.gui.panels.data.panel import DataPanel

UNDO, REDO = "Ctrl+Z", "Ctrl+Shift+Z; Ctrl+Y"
_MENU, _EDIT, _DOTS = "Data", "Edit", "\N{HORIZONTAL ELLIPSIS}"


def commands_of(panel: "DataPanel") -> list[Action]:
    """The entries for the table of actions."""
    model, items, browser = panel.model, panel.pages.items, panel.browser

    def has_project() -> bool:
        return panel.workspace.project is not None

    def has_data() -> bool:
        return model.row is not None

    def can_train() -> bool:
        return model.row is not None and not untrainable(model.row)

    def is_open() -> bool:
        return model.dataset is not None

    def can_undo() -> bool:
        return panel.isVisible() and model.last is not None

    def can_redo() -> bool:
        return panel.isVisible() and model.next is not None

    def undone() -> str:
        return model.last.text if model.last else ""

    def redone() -> str:
        return model.next.text if model.next else ""

    def has_items() -> bool:
        return panel.isVisible() and is_open() and panel.pages.current == ITEMS

    def has_selection() -> bool:
        return has_items() and len(items.selection()) > 0

    def can_set_class() -> bool:
        return has_selection() and bool(items.label_set())

    def here(
        id: str, text: str, handler: Callable[[], object], enabled: Callable[[], bool], icon: str = "",
        keys: str = "", menu: str = _MENU, apart: bool = False, detail: Callable[[], str] = nothing,
    ) -> Action:  # fmt: skip
        """A command whose shortcut works in this panel alone."""
        return Action(
            id=f"data.{id}", text=text, handler=handler, enabled=enabled, icon=icon, shortcut=keys, menu=menu,
            apart=apart, detail=detail, panel=panel.id,
        )  # fmt: skip

    def move(split: str) -> Action:
        text = f"Move to {split_text(split)}" if split else "Take out of the splits"
        return here(
            f"move-{split or 'none'}", text, partial(items.move_to, split), has_selection,
            menu=f"{_EDIT}/Move to split",
        )  # fmt: skip

    def look(id: str, title: str) -> Action:
        return here(f"look-{id}", f"{title} of the dataset", partial(panel.pages.turn_to, id), has_data, menu="")

    return [
        here("undo", "Undo", model.undo, can_undo, "undo", UNDO, _EDIT, detail=undone),
        here("redo", "Redo", model.redo, can_redo, "redo", REDO, _EDIT, detail=redone),
        here("select-all", "Select all", items.select_all, has_items, keys="Ctrl+A", menu=_EDIT, apart=True),
        here("clear", "Select nothing", items.clear_selection, has_selection, keys="Ctrl+Shift+A", menu=_EDIT),
        here("exclude", "Exclude the selected items", partial(items.exclude, True), has_selection, "eye-off", "Del",
             _EDIT, apart=True),
        here("include", "Include the selected items again", partial(items.exclude, False), has_selection, "eye",
             "Shift+Del", _EDIT),
        here("set-class", f"Set the class of the selected items{_DOTS}", items.ask_class, can_set_class, "label",
             "Ctrl+L", _EDIT),
        *map(move, SPLITS),
        here("find", "Find items", panel.search, is_open, "search", "Ctrl+F", _EDIT, apart=True),
        Action(
            id="data.import", text=f"Import data{_DOTS}", handler=panel.ask_for_import, shortcut="Ctrl+I",
            icon="import", menu=_MENU, enabled=has_project, toolbar=True,
        ),
        Action(
            id="data.import-digits", text="Import the digits that come with the program",
            handler=panel.import_digits, menu=_MENU, enabled=has_project,
        ),
        Action(
            id="data.export", text=f"Export this dataset{_DOTS}", handler=panel.ask_for_export, icon="export",
            menu=_MENU, enabled=is_open,
        ),
        here("check", "Check this data", panel.check, is_open, "check", apart=True),
        Action(
            id="data.train", text="Train on this dataset", handler=panel.train_on_this, icon="train", menu=_MENU,
            enabled=can_train,
        ),
        *(look(id, title) for id, title in TITLES.items()),
        here("larger", "Larger tiles", browser.larger, is_open, "plus", "Ctrl++; Ctrl+=", apart=True),
        here("smaller", "Smaller tiles", browser.smaller, is_open, "minus", "Ctrl+-"),
    ]  # fmt: skip

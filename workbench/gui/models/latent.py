"""The network that a person explores, the codes of the data, and what was picked to walk between or to add up.

Every page of the Latent panel follows one of these. Choosing and following are :mod:`.looked_run`'s; what the jobs do
is in :mod:`workbench.gui.models.latent_looking`. Pictures are the pages' own, through the one
:attr:`LatentModel.decoder`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Previewed
from workbench.gui.jobs import Work
from workbench.gui.models.inspectable_runs import GENERATIVE, LAST, is_training
from workbench.gui.models.latent_looking import Before, LatentLook, encode, look_latent
from workbench.gui.models.look_queue import Wish
from workbench.gui.models.looked_run import LookedRun, Shown
from workbench.gui.models.looking import VALIDATION, Choice
from workbench.gui.models.run_sheets import RunSheets
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.engine.data.opened import Dataset
    from workbench.engine.latent.codes import Codes
    from workbench.engine.latent.explorer import Explorer
    from workbench.engine.project.runs import Run
    from workbench.engine.project.splits import Items
    from workbench.gui.models.decoder import Decoder

PLANE, MANIFOLD, WALK, ARITHMETIC, SAMPLES = "plane", "manifold", "walk", "arithmetic", "samples"
GROUPS = ("a", "b", "c")
NO_CODE = "no"
"""What :attr:`Explorer.encodes` says where images have no code."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waypoint:
    """A place to walk to: an image of the data, or a code with no image behind it.

    Attributes:
        item: Its id; -1 for a code alone.
        code: float32 [D]; ``None`` until the image is encoded.
        label: Class of the item; -1 where it has none.
        title: For people: ``"7 · item 123"``.
    """

    item: int = -1
    code: "NDArray[np.float32] | None" = None
    label: int = -1
    title: str = ""


class LatentModel(LookedRun):
    """Signals, beside those of every run that is looked into:
        codes_changed: :attr:`codes` are there, are others or gone.
        waypoints_changed, groups_changed: A person picked others.
        sheets_changed: :meth:`sheets` has more, or others.
        placed: A code (float32 [D]) that the plane is to show; :attr:`code` is it.

    Attributes:
        explorer: The network; it stays until the next one is there. ``None`` before.
        dataset: The run's data, opened.
        split: Of which the items are shown.
        waypoints: To walk between, in this order.
        code: The last one that was placed; ``None`` before.
    """

    codes_changed = Signal()
    waypoints_changed = Signal()
    groups_changed = Signal()
    sheets_changed = Signal()
    placed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        self._decoder: Decoder | None = None
        super().__init__(workspace, parent, tasks=GENERATIVE, checkpoint=LAST)
        self._sheets = RunSheets(workspace.jobs, self)
        self._sheets.changed.connect(self.sheets_changed)
        self._sheets.failed.connect(self._on_sheets_failed)

    def _clear(self) -> None:
        super()._clear()
        self.explorer: Explorer | None = None
        self.dataset: Dataset | None = None
        self.split = VALIDATION
        self.waypoints: tuple[Waypoint, ...] = ()
        self.code: NDArray[np.float32] | None = None
        self._run = ""
        self._codes: dict[str, Codes] = {}
        self._groups: dict[str, Items] = {}

    # What is shown

    @property
    def shown(self) -> Shown | None:
        return Shown(self._run, self.explorer.step) if self.explorer else None

    @property
    def measured(self) -> str:
        """``"VAE · 2 dimensions · validation · random 1437+180/180 · split 3f9c · training · step 1,200"``."""
        if self.explorer is None:
            return ""
        explorer, facts = self.explorer, self.facts
        training = "training · " if is_training(facts) and facts and facts.id == self._run else ""
        plural = "" if explorer.dims == 1 else "s"
        parts = [f"{explorer.dims:,} dimension{plural}", self.split, explorer.protocol]
        return " · ".join(part for part in [*parts, f"{training}step {explorer.step:,}"] if part)

    @property
    def run(self) -> "Run | None":
        """The run that is shown."""
        project = self.workspace.project
        return project.run(self._run) if project and self._run and self.explorer else None

    @property
    def encodes(self) -> bool:
        """Whether images have codes without looking for them."""
        return self.explorer is not None and self.explorer.encodes != NO_CODE

    @property
    def decoder(self) -> "Decoder":
        """The one decoder of all pages; it follows :attr:`explorer`."""
        if self._decoder is None:
            from workbench.gui.models.decoder import Decoder

            self._decoder = Decoder(self)
            self._decoder.set_explorer(self.explorer)
        return self._decoder

    @property
    def has_decoder(self) -> bool:
        """Whether anybody has asked for :attr:`decoder`."""
        return self._decoder is not None

    def close(self) -> None:
        """End the decoder's thread for good."""
        if self._decoder is not None:
            self._decoder.close()

    def show(
        self,
        explorer: "Explorer",
        *,
        codes: "Codes | None" = None,
        dataset: "Dataset | None" = None,
        run: str = "",
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Show a network that is at hand.

        Args:
            codes: Of its data; their split is the one that is shown.
            dataset: What their items are of.
            run: Id of the run in the open project, where it is one.
        """
        self._queue.drop()
        split = codes.split if codes else VALIDATION
        self.choice = Choice(run=run, checkpoint=str(explorer.step), split=split)
        self._take(LatentLook(run=run, split=split, explorer=explorer, dataset=dataset, counts=dict(counts or {})))
        if codes is not None:
            self._put(codes)

    # The codes of the data

    @property
    def codes(self) -> "Codes | None":
        """Of the split that is shown; see :meth:`want_codes`."""
        return self._codes.get(self.split)

    def want_codes(self) -> None:
        """Encode the split that is shown, unless that is done, under way, or images have no codes.

        :attr:`codes_changed` follows.
        """
        if self.encodes and self.codes is None:
            self._queue.wish(Wish("codes", self.split))

    @property
    def is_encoding(self) -> bool:
        """Whether :attr:`codes` are on their way."""
        return self._queue.is_wished(Wish("codes", self.split))

    def _put(self, codes: "Codes") -> None:
        self._codes[codes.split] = codes
        if codes.split == self.split:
            self.codes_changed.emit()

    # What was picked

    def set_waypoints(self, waypoints: Iterable[Waypoint]) -> None:
        """Walk between these."""
        self.waypoints = tuple(waypoints)
        self.waypoints_changed.emit()

    def add_waypoint_items(self, items: "Items | Sequence[int]") -> None:
        """Walk on to these items of the data, in this order; those whose codes are known bring them."""
        self.set_waypoints((*self.waypoints, *(self._waypoint(int(item)) for item in items)))

    def add_waypoint_codes(self, codes: "NDArray[np.float32]", title: str = "sample") -> None:
        """Walk on to these codes [N, D]."""
        import numpy as np

        titles = [title] if len(codes) == 1 else [f"{title} {number}" for number in range(1, len(codes) + 1)]
        more = [Waypoint(code=np.array(code, np.float32), title=text) for code, text in zip(codes, titles, strict=True)]
        self.set_waypoints((*self.waypoints, *more))

    def _waypoint(self, item: int) -> Waypoint:
        codes = self.codes
        row = int(codes.items.searchsorted(item)) if codes is not None and len(codes.items) else -1
        if codes is None or not 0 <= row < len(codes.items) or codes.items[row] != item:
            return Waypoint(item=item, title=f"item {item:,}")
        label = int(codes.labels[row])
        name = f"{codes.classes[label]} · " if 0 <= label < len(codes.classes) else ""
        return Waypoint(item=item, code=codes.mean[row].copy(), label=label, title=f"{name}item {item:,}")

    def place(self, code: "NDArray[np.float32]") -> None:
        """Show this code [D] in the plane."""
        self.code = code
        self.page_wanted.emit(PLANE)
        self.placed.emit(code)

    def walk_from(self, code: "NDArray[np.float32]", title: str) -> None:
        """Walk on to this code [D], and turn to the walk."""
        self.add_waypoint_codes(code[None], title)
        self.page_wanted.emit(WALK)

    def group(self, name: str) -> "Items":
        """Ids of the items in group ``"a"``, ``"b"`` or ``"c"``, int64; empty where nobody picked any."""
        import numpy as np

        assert name in GROUPS
        return self._groups.get(name, np.zeros(0, np.int64))

    def set_group(self, name: str, items: "Items | Sequence[int]") -> None:
        import numpy as np

        assert name in GROUPS
        self._groups[name] = np.array(items, np.int64)
        self.groups_changed.emit()

    # What the training left

    def sheets(self, kind: str) -> list[Previewed]:
        """Previews of a kind (``"samples"``, ``"manifold"`` ...) of the run that is shown, oldest first."""
        return self._sheets.of(kind)

    def _on_runs_changed(self) -> None:
        super()._on_runs_changed()
        self._sheets.refresh()

    def _on_sheets_failed(self, error: BaseException) -> None:
        self.failed.emit(error, "reading the previews")

    # Jobs

    def _look_work(self, choice: Choice) -> Work:
        before = Before(run=self._run, explorer=self.explorer, dataset=self.dataset)
        return look_latent(
            self.workspace.opened(), choice, preferences=self.workspace.preferences, before=before
        )  # fmt: skip

    def _work_of(self, wish: Wish) -> Work | None:
        project = self.workspace.project
        if self.explorer is None or project is None or not self._run:
            return None
        return encode(project, self._run, self.explorer, wish.name, preferences=self.workspace.preferences)

    def _take_wished(self, wish: Wish, result: Any) -> None:
        self._put(result)

    def _take(self, look: LatentLook) -> None:
        assert self.choice
        before, same_data = self.explorer, self.dataset is not None and look.dataset is not None
        same_data = same_data and self.dataset.row.id == look.dataset.row.id  # type: ignore[union-attr]
        self.explorer, self.dataset, self.counts = look.explorer, look.dataset, look.counts
        self._run, self.split = look.run, look.split
        self.choice = replace(self.choice, split=look.split)
        self._seen = (self.choice, look.counts)
        if before is not look.explorer:
            self._codes, self.code = {}, None
            if self._decoder:
                self._decoder.set_explorer(look.explorer)
        self._sheets.follow(self.run)
        self._announce_newer()
        self.changed.emit()
        self.codes_changed.emit()
        if before is not None and before is not look.explorer:
            self._keep_what_makes_sense(same_data=same_data)

    def _keep_what_makes_sense(self, *, same_data: bool) -> None:
        """What was picked, under other weights: images have other codes, and other data has other images."""
        assert self.explorer
        kept = []
        for point in self.waypoints:
            if point.item >= 0 and same_data:
                kept.append(replace(point, code=None))
            elif point.item < 0 and point.code is not None and len(point.code) == self.explorer.dims:
                kept.append(point)
        if self.waypoints:
            self.set_waypoints(kept)
        if self._groups and not same_data:
            self._groups = {}
            self.groups_changed.emit()

    def _announce(self) -> None:
        if self._decoder:
            self._decoder.set_explorer(self.explorer)
        self._sheets.follow(self.run)
        for signal in (self.changed, self.codes_changed, self.waypoints_changed, self.groups_changed):
            signal.emit()

    def _on_project_changed(self) -> None:
        super()._on_project_changed()
        self._sheets.follow(None)

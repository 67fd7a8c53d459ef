"""Samples of the prior as a person wants them: how many, how warm, which draw; now, or as they were during training.

The decoder paints; previews are read from the run's folder. What one sample is like is
:mod:`workbench.gui.models.sample_looks`'s.
"""

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.engine.errors import UserError
from workbench.engine.events import Previewed
from workbench.engine.models import MODELS
from workbench.gui.models.latent import LatentModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.engine.project.previews import Sheet
    from workbench.gui.models.decoder import Decoded

CHANNEL = "samples"
SHEETS = "samples"
COUNTS = (16, 36, 64, 100, 144, 256, 400)
WARMEST = 2.0
LAST_SEED = 9999
_WITH_NOISE = "autoencode"  # the task of networks whose likelihood has noise of its own
_KEPT = 400  # previews in memory


class Samples(QObject):
    """Asks for nothing before :meth:`follow`.

    Signals:
        changed: :attr:`pictures` are others now, or none.
        asked: What is wanted is different.
        failed: The error, and what was being done in words.

    Attributes:
        count, temperature, drawn, seed: What is wanted. ``drawn`` means pixels with the noise of the likelihood, in
            place of their means; ``temperature`` is what codes of the prior are multiplied by.
        preview: The one that is shown; ``None`` for the network as it is now.
        pictures: uint8 [N, H, W] or [N, H, W, 3]; ``None`` while there are none.
        codes: float32 [N, D] of the pictures; ``None`` for those of a preview.
    """

    changed = Signal()
    asked = Signal()
    failed = Signal(object, str)

    def __init__(self, model: LatentModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._following = False
        self._number = -1
        self._loaded: OrderedDict[str, Sheet] = OrderedDict()
        self.count, self.temperature, self.drawn, self.seed = 64, 1.0, False, 0
        self.preview: Previewed | None = None
        self.pictures: NDArray[np.uint8] | None = None
        self.codes: NDArray[np.float32] | None = None
        self.columns = 1
        model.changed.connect(self._on_model_changed)

    def follow(self, on: bool = True) -> None:
        """Keep up with the network and with what is wanted, or no longer."""
        self._following = on
        if on:
            decoder = self._model.decoder
            decoder.decoded.connect(self._on_decoded)
            decoder.failed.connect(self._on_decoding_failed)
            self.refresh()
        elif self._model.has_decoder:
            decoder = self._model.decoder
            decoder.decoded.disconnect(self._on_decoded)
            decoder.failed.disconnect(self._on_decoding_failed)

    @property
    def noisy(self) -> bool:
        """Whether a picture can be drawn pixel by pixel: with a GAN and a flow all chance is in the code."""
        explorer = self._model.explorer
        return explorer is not None and (explorer.family not in MODELS or MODELS[explorer.family].task == _WITH_NOISE)

    # What is wanted

    def want(
        self,
        *,
        count: int | None = None,
        temperature: float | None = None,
        drawn: bool | None = None,
        seed: int | None = None,
    ) -> None:
        """Change what is given."""
        self.count = self.count if count is None else count
        self.temperature = self.temperature if temperature is None else temperature
        self.drawn = self.drawn if drawn is None else drawn
        self.seed = self.seed if seed is None else seed
        self.refresh()
        self.asked.emit()

    def show_preview(self, preview: Previewed | None) -> None:
        """Show what the training left at one step; the network as it is now for ``None``."""
        if preview != self.preview:
            self.preview = preview
            self.refresh()
            self.asked.emit()

    def refresh(self) -> None:
        """Ask for the pictures."""
        if not self._following or self._model.explorer is None:
            return
        if self.preview is not None:
            self._show_sheet(self.preview)
            return
        from workbench.engine.latent.sampling import prior_codes

        codes = prior_codes(self.count, self._model.explorer.dims, temperature=self.temperature, seed=self.seed)
        decoder = self._model.decoder
        if self.drawn:
            self._number = decoder.ask(CHANNEL, codes, noise=self.seed)
        else:
            self._number = decoder.ask(CHANNEL, codes)

    def _show_sheet(self, preview: Previewed) -> None:
        try:
            sheet = self._sheet(preview)
        except UserError as error:
            self._take(None, None, columns=1)
            self.failed.emit(error, f"reading the preview of step {preview.step:,}")
        else:
            self._take(sheet.pictures, None, columns=sheet.columns)

    def _sheet(self, preview: Previewed) -> "Sheet":
        """From memory if it was shown before. Small files: reading one takes a millisecond."""
        from workbench.engine.project.previews import Sheet

        run = self._model.run
        if run is None:
            raise UserError("the run is no longer shown")
        sheet = self._loaded.pop(preview.path, None) or Sheet.load(run.folder / preview.path)
        self._loaded[preview.path] = sheet
        if len(self._loaded) > _KEPT:
            self._loaded.popitem(last=False)
        return sheet

    # What comes

    def _on_model_changed(self) -> None:
        self._loaded.clear()
        self.preview = None
        if self._model.explorer is None:
            self._take(None, None, columns=1)
        self.refresh()
        self.asked.emit()

    def _on_decoded(self, decoded: "Decoded") -> None:
        if decoded.channel == CHANNEL and self.preview is None:
            count = len(decoded.pictures)
            self._take(decoded.pictures, decoded.codes, columns=columns_of(count))

    def _on_decoding_failed(self, error: BaseException) -> None:
        self.failed.emit(error, "drawing samples")

    def _take(self, pictures: "NDArray[np.uint8] | None", codes: "NDArray[np.float32] | None", *, columns: int) -> None:
        self.pictures, self.codes, self.columns = pictures, codes, columns
        self.changed.emit()


def columns_of(count: int) -> int:
    """Pictures in a row, for about as many rows."""
    return max(1, round(math.sqrt(count)))

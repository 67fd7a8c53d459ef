"""Options of autoencoding."""

from dataclasses import dataclass

from workbench.engine.errors import UserError
from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencodeParams(Params):
    """See each field's help."""

    objective: str = param(
        "elbo",
        "What is maximised: elbo, the evidence lower bound; or iwae, the tighter bound of several codes an image.",
        choices=("elbo", "iwae"),
    )
    samples: int = param(1, "Codes drawn for each image, in training and in evaluation.", low=1, high=1000)
    beta: float = param(
        1.0, "Weight of the divergence (KL) in training; evaluation never weighs.", label="Beta", low=0, high=1000
    )
    warmup: float = param(0.0, "Epochs over which that weight rises from 0.", label="KL warm-up", low=0, high=1e6)
    free_bits: float = param(
        0.0, "Divergence that costs nothing, for each dimension.", label="Free bits", low=0, high=100, unit="nats"
    )
    corruption: str = param(
        "none",
        "How the encoder's input is spoilt in training, so that it learns to denoise: gaussian noise, blank pixels, or "
        "flip, which swaps black and white.",
        choices=("none", "gaussian", "blank", "flip"),
    )
    corruption_strength: float = param(
        0.2, "Deviation of that noise for pixels in 0..1, or the share of pixels.", low=0, high=1
    )
    drawn: bool = param(False, "Keep samples with the noise of the likelihood too, beside their means.")

    def check(self) -> None:
        if self.objective == "iwae" and self.samples == 1:
            raise UserError("one code an image makes iwae no different from elbo", remedy="set samples = 5 or more")
        if self.objective == "iwae" and self.free_bits:
            raise UserError("free_bits are of the closed divergence, which iwae has not", remedy="use objective = elbo")

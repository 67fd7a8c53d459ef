"""Options of classification."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyParams(Params):
    """See each field's help."""

    label_smoothing: float = param(
        0.0, "Share of the target spread over all classes while training; evaluation never smooths.", low=0, high=0.99
    )
    class_weights: str = param(
        "none",
        "balanced weighs each class in the training loss by the inverse of its share of the training split, so that "
        "rare ones count as much as common ones; evaluation never weighs.",
        choices=("none", "balanced"),
    )
    mirror: bool = param(
        False, "Evaluate on the mean of an image's logits and its mirror image's: twice the work, a little better."
    )

"""Options of the Kolmogorov-Arnold network."""

from dataclasses import dataclass

from workbench.engine.errors import UserError
from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class KanParams(Params):
    """Width, depth and the splines' freedom."""

    hidden_layers: int = param(4, "Layers before the one that makes the logits; 0 is a single layer.", low=0, high=32)
    nodes: int = param(64, "Width of a hidden layer.", low=1, high=4096)
    control_points: int = param(10, "Control points of each spline over [-1, 1].", low=2, high=64)
    degree: int = param(2, "Degree of the splines' pieces.", low=1, high=5)

    def check(self) -> None:
        if self.control_points <= self.degree:
            raise UserError(
                f"control_points = {self.control_points} is too small for degree {self.degree}",
                remedy="it must be larger than the degree",
            )

"""Options of density estimation."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityParams(Params):
    """See each field's help."""

    temperature: float = param(
        1.0,
        "Deviation of the prior that preview samples are drawn from; below 1 they are tidier and less varied.",
        low=0,
        high=10,
    )

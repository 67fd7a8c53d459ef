"""Options of adversarial training."""

import math
from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialParams(Params):
    """See each field's help."""

    loss: str = param(
        "non-saturating",
        "What the two compete for. non-saturating: the generator raises log D(G(z)). minimax: it lowers "
        "log(1 - D(G(z))), which hardly changes as long as the discriminator sees through it. hinge: margins of D's "
        "output, without probabilities.",
        choices=("non-saturating", "minimax", "hinge"),
    )
    label_smoothing: float = param(
        0.0,
        "How far the discriminator's target for real images is below 1 while it learns; not with hinge. Evaluation "
        "never smooths.",
        low=0.0,
        high=0.5,
    )
    judge: str = param(
        "",
        "A finished run of a classifier in the same project, which then says at each evaluation how far samples are "
        "from real images and which classes they are of. Empty for none.",
    )
    judge_samples: int = param(
        10_000, "Samples that the judge is shown at each evaluation.", low=100, high=1_000_000, advanced=True
    )

    def equilibrium(self) -> dict[str, float]:
        """What a step's numbers come to once samples cannot be told from real images, by name.

        With smoothed labels the best a discriminator can then say is half of its target, everywhere.
        """
        if self.loss == "hinge":
            return {"discriminator_loss": 2.0, "generator_loss": 0.0, "real": 0.5, "fake": 0.5}
        best = (1.0 - self.label_smoothing) / 2
        return {
            "discriminator_loss": -2 * (best * math.log(best) + (1 - best) * math.log1p(-best)),
            "generator_loss": math.log1p(-best) if self.loss == "minimax" else -math.log(best),
            "real": best,
            "fake": best,
        }

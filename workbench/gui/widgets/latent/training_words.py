"""What is said beside the slider over the training: what is shown is live, or was kept at a step."""

from workbench.engine.events import Previewed

NOW = "Now"
NOW_HINT = "The network that is loaded, decoded live (End)"


def now_words(step: int, *, training: bool) -> str:
    """``"Now: step 1,200, decoded live"``."""
    return f"{NOW}: step {step:,}{', in training' if training else ''}, decoded live"


def then_words(event: Previewed) -> str:
    """``"Step 390 · epoch 1 · kept by the training"``."""
    return f"Step {event.step:,} \N{MIDDLE DOT} epoch {event.epoch:.3g} \N{MIDDLE DOT} kept by the training"

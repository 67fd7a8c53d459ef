"""What the numbers of a chart are counted in, and how they read: on an axis, in a read-out, in a legend.

Knows names of metrics and nothing of painting, so that every chart words the same number alike.
"""

import math
from dataclasses import dataclass

from workbench.engine.project.curves import LEARNING_RATE, MEMORY, SAMPLES_PER_SECOND

SHARES = ("accuracy", "error", "precision", "recall", "f1", "iou", "dice", "top5", "exact_match")
_COSTS = ("loss", "error", "perplexity", "elbo", "bits", "distance")
_WORDS = {LEARNING_RATE: "learning rate", SAMPLES_PER_SECOND: "samples a second", MEMORY: "device memory"}
_CAPITALS = {"iou": "IoU", "f1": "F1", "elbo": "ELBO", "kl": "KL", "top5": "top 5"}
_THOUSANDS = ("", "k", "M", "G")
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class Unit:
    """How values of one kind are worded.

    Attributes:
        base: Prefixes are powers of it: 1000 for counts and rates, 1024 for bytes, 0 for plain numbers.
        factor: Values are shown times this: 100 for shares of 1.
        suffix: Behind the number, after the prefix.
        whole: Only whole numbers exist, so no tick stands between two.
    """

    base: int = 0
    factor: float = 1.0
    suffix: str = ""
    whole: bool = False

    def scale(self, largest: float) -> tuple[float, str]:
        """Divisor and suffix for numbers up to ``largest`` in size; numbers over the divisor are short."""
        if not self.base:
            return 1 / self.factor, self.suffix
        names = _BYTES if self.base == 1024 else _THOUSANDS
        least = self.base if self.base == 1024 else 10 * self.base
        power = 0
        while power < len(names) - 1 and abs(largest) >= least * float(self.base) ** power:
            power += 1
        space = " " if self.base == 1024 or (names[power] == "" and self.suffix) else ""
        return float(self.base) ** power, f"{space}{names[power]}{self.suffix}"

    def text(self, value: float) -> str:
        """``value`` alone, as precise as a person can use it: ``91.24 %``, ``0.3127``, ``12.4k/s``, ``1.53 GiB``."""
        if self.whole:
            return f"{value:,.0f}"
        divisor, suffix = self.scale(value)
        if self.factor == 100.0:
            return f"{value / divisor:.2f}{suffix}"
        return plain(value / divisor, digits=3 if self.base else 4) + suffix

    def tick(self, value: float, *, spacing: float, largest: float) -> str:
        """``value`` on an axis whose ticks are ``spacing`` apart and reach to ``largest``."""
        divisor, suffix = self.scale(largest)
        shown, apart = value / divisor, spacing / divisor
        if 0 < apart < 1e-4 or abs(largest / divisor) >= 1e6:
            return plain(shown, digits=3) + suffix
        if value == 0:
            return f"0{suffix}"
        decimals = max(0, -math.floor(math.log10(apart) + 1e-9)) if apart > 0 else 0
        return f"{shown:.{decimals}f}{suffix}"


NUMBER = Unit()
COUNT = Unit(whole=True)
STEPS = Unit(base=1000, whole=True)
SHARE = Unit(factor=100.0, suffix=" %")
RATE = Unit(base=1000, suffix="/s")
BYTES = Unit(base=1024)


def items_text(count: int, *, kind: str = "") -> str:
    """``"1 item"``, ``"1,020 validation items"``."""
    return f"{count:,} {f'{kind} ' if kind else ''}item{'' if count == 1 else 's'}"


def plain(value: float, *, digits: int) -> str:
    """``value`` to ``digits`` significant digits, with an exponent only where it would be long otherwise."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "\N{MINUS SIGN}∞"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}"
        return f"{float(text):.0f}" if "e" in text else text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def metric_of(key: str) -> str:
    """The metric that a key of curves is about, without its split: ``validation/top5`` is ``top5``."""
    return key.rpartition("/")[2]


def split_of(key: str) -> str:
    """What the metric was measured on, ``step`` for single training steps; empty where it is about the whole run."""
    return key.rpartition("/")[0]


def unit_of(key: str) -> Unit:
    """How the values of a key of curves are worded."""
    metric = metric_of(key)
    if metric in SHARES or metric.endswith(("accuracy", "recall")):
        return SHARE
    return {SAMPLES_PER_SECOND: RATE, MEMORY: BYTES}.get(metric, NUMBER)


def title_of(metric: str) -> str:
    """The name of a metric for people: ``samples_per_second`` is ``Samples a second``."""
    words = _WORDS.get(metric) or _CAPITALS.get(metric) or metric.replace("_", " ")
    return words[:1].upper() + words[1:]


def larger_is_better(metric: str) -> bool | None:
    """Whether the largest value of a metric is its best one; ``None`` where no value is."""
    if metric == "error" or any(word in metric for word in _COSTS):
        return False
    return True if unit_of(metric) is SHARE else None

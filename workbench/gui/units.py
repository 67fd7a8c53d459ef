"""What the numbers of a chart are counted in, and how they read: on an axis, in a read-out, in a legend.

Knows names of metrics and nothing of painting, so that every chart words the same number alike.
"""

import math
from dataclasses import dataclass

from workbench.engine.project.curves import LEARNING_RATE, MEMORY, SAMPLES_PER_SECOND

SHARES = (
    "accuracy", "error", "precision", "recall", "f1", "iou", "dice", "top5", "exact_match", "class_shares",
    "least_class", "most_class",
)  # fmt: skip
_NATS = ("elbo", "iwae", "reconstruction", "kl", "kl_per_dimension")
_BITS = ("bits_per_dim", "prior_bits", "log_det_bits", "logit_bits", "dequantisation_bits")
_COSTS = ("loss", "error", "perplexity", "bits_per_dim", "distance", "fid", "reconstruction")
_NEITHER = ("discriminator_loss", "generator_loss")  # of two that compete, neither is better for being small
_GAINS = ("elbo", "iwae", "classes_covered")
_WORDS = {
    LEARNING_RATE: "learning rate",
    SAMPLES_PER_SECOND: "samples a second",
    MEMORY: "device memory",
    "iou": "IoU",
    "f1": "F1",
    "top5": "top 5",
    "elbo": "ELBO",
    "iwae": "IWAE bound",
    "kl": "KL to the prior",
    "kl_per_dimension": "KL of each dimension",
    "bits_per_dim": "bits per dimension",
    "prior_bits": "prior",
    "log_det_bits": "log-determinant",
    "logit_bits": "logit",
    "dequantisation_bits": "dequantisation",
    "discriminator_loss": "loss of the discriminator",
    "generator_loss": "loss of the generator",
    "real": "D(real)",
    "fake": "D(fake)",
    "gap": "D(real) \N{MINUS SIGN} D(fake)",
    "pixel_distance": "distance of coarse pixels",
    "fid": "FID-like distance",
    "inverse_error": "error of the inverse",
    "least_class": "share of the rarest class",
    "most_class": "share of the commonest class",
    "class_shares": "share of each class",
    "adversaries": "losses of the two networks",
    "verdicts": "D(real) and D(fake)",
}
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
        word: What is counted, in a word: behind a number alone and in a chart's title, not on its axis.
    """

    base: int = 0
    factor: float = 1.0
    suffix: str = ""
    whole: bool = False
    word: str = ""

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
        word = f" {self.word}" if self.word else ""
        return plain(value / divisor, digits=3 if self.base else 4) + suffix + word

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
NATS = Unit(word="nats")
BITS = Unit(word="bits/dim")


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
    if metric in _NATS or metric in _BITS:
        return NATS if metric in _NATS else BITS
    whole = dict.fromkeys(("active_dimensions", "classes_covered"), COUNT)
    return {SAMPLES_PER_SECOND: RATE, MEMORY: BYTES, **whole}.get(metric, NUMBER)


def words_of(metric: str) -> str:
    """The name of a metric for people, within a sentence: ``samples_per_second`` is ``samples a second``."""
    return _WORDS.get(metric) or metric.replace("_", " ")


def title_of(metric: str) -> str:
    """The name of a metric for people, by itself and with what it is counted in: ``KL to the prior (nats)``."""
    words, unit = words_of(metric), unit_of(metric).word if metric != "bits_per_dim" else ""  # whose words say it
    return words[:1].upper() + words[1:] + (f" ({unit})" if unit else "")


def larger_is_better(metric: str) -> bool | None:
    """Whether the largest value of a metric is its best one; ``None`` where no value is."""
    if metric in _NEITHER:
        return None
    if metric in _GAINS:
        return True
    if metric == "error" or any(word in metric for word in _COSTS):
        return False
    return True if unit_of(metric) is SHARE else None

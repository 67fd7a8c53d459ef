"""How long the analysis of a run's answers takes, from scores to t-SNE.

    python tests/bench/bench_analysis.py [--items 50000] [--classes 102] [--features 512] [--right 0.9] [--tsne]

The answers are random, right as often as is asked for. Each line is one call; with ``--tsne`` also how long it goes
without a sign of life.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from workbench.engine.inspection.calibration import fit_temperature, reliability
from workbench.engine.inspection.comparison import compare
from workbench.engine.inspection.confusion import confusion, order
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.projection import pca, tsne
from workbench.engine.inspection.ranking import RANKINGS, rank
from workbench.engine.inspection.scoring import report
from workbench.engine.inspection.unknown import auroc, knownness, usable_scores


def answers(options: argparse.Namespace, *, seed: int) -> Inspection:
    random = np.random.default_rng(seed)
    items, classes = options.items, options.classes
    labels = random.integers(0, classes, items)
    said = np.where(random.random(items) < options.right, labels, random.integers(0, classes, items))
    logits = random.normal(size=(items, classes)).astype(np.float32)
    logits[np.arange(items), said] += 6.0
    centres = np.random.default_rng(0).normal(size=(classes, options.features)).astype(np.float32)
    features = random.standard_normal((items, options.features), dtype=np.float32) + centres[labels]
    return Inspection(
        run="run",
        name="run",
        step=1,
        steps=1,
        dataset=str(seed),
        split="test",
        protocol=Path(__file__).name,
        classes=tuple(map(str, range(classes))),
        items=np.arange(items),
        labels=labels,
        logits=logits,
        features=features,
    )


def timed(name: str, call: Callable[[], object]) -> None:
    began, work = time.perf_counter(), time.process_time()
    call()
    seconds, work = time.perf_counter() - began, time.process_time() - work
    print(f"{name:<22}{seconds:>8.2f} s  ({work:.2f} s of the processor)", flush=True)


def place(inspection: Inspection) -> None:
    gaps, last = [], time.perf_counter()
    for _ in tsne(inspection.features):
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    print(f"without a sign of life: {1e3 * np.quantile(gaps, 0.99):.0f} ms (99 %), {1e3 * max(gaps):.0f} ms at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--classes", type=int, default=102)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--right", type=float, default=0.9)
    parser.add_argument("--tsne", action="store_true")
    options = parser.parse_args()
    shown, training = (answers(options, seed=seed) for seed in (0, 1))
    timed("probabilities", lambda: shown.confidence)
    timed("report", partial(report, shown))
    timed("reliability", partial(reliability, shown.probabilities, shown.labels))
    timed("temperature", partial(fit_temperature, shown.logits, shown.labels))
    matrix = confusion(shown.labels, shown.predicted, options.classes)
    timed("order by similarity", partial(order, matrix, "similar"))
    for name in RANKINGS:
        timed(name, partial(rank, name, shown))
    timed("comparison", partial(compare, shown, shown))
    for name in usable_scores(shown, training=True):
        timed(name, partial(knownness, name, shown, training=training))
    timed("AUROC", partial(auroc, shown.confidence, shown.confidence))
    timed("principal components", partial(pca, shown.features))
    if options.tsne:
        timed("t-SNE", partial(place, shown))


if __name__ == "__main__":
    main()

"""Inspections made by hand, for tests of what is made of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.inspection.inspection import Inspection


def inspected(
    labels: Any,
    logits: Any,
    *,
    features: Any = None,
    classes: tuple[str, ...] = (),
    items: Any = None,
    run: str = "run-1",
    name: str = "",
    dataset: str = "data",
    split: str = "validation",
    step: int = 10,
    catch_all: int = -1,
) -> Inspection:
    """The answers ``logits`` [M, K] to items of these ``labels`` [M], ids 0, 1, ... unless told otherwise."""
    logits = np.asarray(logits, np.float32)
    return Inspection(
        run=run,
        name=name or run,
        step=step,
        steps=10,
        dataset=dataset,
        split=split,
        protocol="random 70/20/10 · split 3f9c",
        classes=classes or tuple(f"class {label}" for label in range(logits.shape[1])),
        items=np.arange(len(logits)) if items is None else np.asarray(items, np.int64),
        labels=np.asarray(labels, np.int64),
        logits=logits,
        features=np.asarray(logits if features is None else features, np.float32),
        catch_all=catch_all,
    )


def answers(labels: Any, predicted: Any, *, classes: int, sure: float = 4.0) -> NDArray[np.float32]:
    """Logits [M, K] whose highest is that of ``predicted``, by ``sure``; ``labels`` only give their number."""
    assert len(labels) == len(predicted)
    logits = np.zeros((len(predicted), classes), np.float32)
    logits[np.arange(len(predicted)), predicted] = sure
    return logits


def random_answers(
    items: int, classes: int, *, seed: int = 0, sure: float = 2.0
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Labels [M] and logits [M, K] of a network that is right more often than not."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, items)
    logits = random.normal(size=(items, classes)).astype(np.float32)
    logits[np.arange(items), labels] += sure
    return labels, logits

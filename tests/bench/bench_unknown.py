"""Knowing what it does not know: a class made from unknown items against a threshold, also on kinds never seen.

    python tests/bench/bench_unknown.py --known ants-bees --unknowns flowers --third aerial --third photographs
        [--preset transfer-head] [--set model.weights=FILE] [--seeds 3] [--project DIR]

All are folders of images; ``--known`` has a folder a class, as the importers take it, and both it and ``--unknowns``
have published parts (``train``, ``val``). Two runs a seed: one learns the known classes, the other has one more, made
from the unknowns' training part. Both are then asked about the known validation items, the unknowns' validation part
(a kind that the second run was trained on) and each third kind (which neither was). Printed are AUROC and the share
of the unknown accepted where 95 % of the known are: means over the seeds, and the least and greatest AUROC.
"""

import argparse
import statistics
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_fit import drain

from workbench.engine.data.ingest import import_dataset
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.looking import UNLABELLED, inspect_dataset, inspect_run
from workbench.engine.inspection.scoring import report
from workbench.engine.inspection.unknown import truly_known, unknown_table
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items
from workbench.engine.train import session
from workbench.engine.train.job import Job, preset

OTHER = "other"
Measures = dict[tuple[str, str, str], list[tuple[float, float]]]
"""Training, set of unknowns and score to AUROC and share accepted, one a seed."""


def trained(project: Project, job: Job, preferences: Preferences) -> Run:
    run = drain(session.create(project, job, preferences=preferences, reuse=True))
    assert isinstance(run, Run)
    drain(session.train(project, run, preferences=preferences))
    return run


def looked(project: Project, run: Run, preferences: Preferences, at: str | DatasetRow) -> Inspection:
    """At one of the run's splits, or at another dataset."""
    work = (
        inspect_run(project, run, split=at, checkpoint="last", preferences=preferences)
        if isinstance(at, str)
        else inspect_dataset(project, run, at, checkpoint="last", preferences=preferences)
    )
    inspection = drain(work)
    assert isinstance(inspection, Inspection)
    return inspection


def only(inspection: Inspection, items: Items) -> Inspection:
    rows = inspection.rows(np.intersect1d(inspection.items, items))
    return replace(
        inspection,
        items=inspection.items[rows],
        labels=inspection.labels[rows],
        logits=inspection.logits[rows],
        features=inspection.features[rows],
    )


def measure(options: argparse.Namespace, project: Project, preferences: Preferences) -> Measures:
    unknowns = [str(path.resolve()) for path in options.unknowns]
    data = drain(import_dataset(project, str(options.known.resolve()), preferences=preferences, unknowns=unknowns))
    third = [drain(import_dataset(project, str(path.resolve()), preferences=preferences)) for path in options.third]
    assert isinstance(data, DatasetRow)
    found: Measures = defaultdict(list)
    accuracies = defaultdict(list)
    for seed in range(options.seeds):
        job = preset(options.preset).with_settings([f"data.source={data.name}", f"train.seed={seed}", *options.set])
        with_class = trained(project, job.with_settings([f"data.catch_all={OTHER}"]), preferences)
        validation = looked(project, with_class, preferences, "validation")
        strangers = validation.items[validation.labels == validation.catch_all]
        assert len(strangers), "the unknowns have no validation part"
        for name, run in (("threshold", trained(project, job, preferences)), ("catch-all", with_class)):
            known = looked(project, run, preferences, "validation")
            same = known if run is with_class else looked(project, run, preferences, UNLABELLED)
            known = only(known, known.items[truly_known(known)])
            sets = {"unknowns": only(same, strangers)}
            for row in third:
                assert isinstance(row, DatasetRow)
                sets[row.name] = looked(project, run, preferences, row)
            accuracies[name].append(report(known).accuracy)
            for row in unknown_table(known, sets, looked(project, run, preferences, "train")):
                found[name, f"{row.unknowns} ({row.unknown})", row.score].append((row.auroc, row.fpr))
    for name, values in accuracies.items():
        print(f"{name}: {100 * statistics.mean(values):.2f} % of {len(known)} known items right, {options.seeds} seeds")
    return found


def show(found: Measures) -> None:
    print(f"{'trained with':<14}{'unknown':<28}{'score':<18}{'AUROC':>7}  {'from':>5} {'to':>6}  accepted at 95 %")
    for (name, title, score), values in found.items():
        areas, accepted = zip(*values, strict=True)
        print(
            f"{name:<14}{title:<28}{score:<18}{statistics.mean(areas):>7.3f}  {min(areas):.3f}  {max(areas):.3f}"
            f"  {100 * statistics.mean(accepted):>6.1f} %"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", type=Path, required=True)
    parser.add_argument("--unknowns", type=Path, action="append", required=True)
    parser.add_argument("--third", type=Path, action="append", default=[])
    parser.add_argument("--preset", default="transfer-head")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--project", type=Path, help="where to keep the runs; a temporary folder unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        project = Project(options.project or Path(temporary) / "project")
        show(measure(options, project, Preferences.load()))


if __name__ == "__main__":
    main()

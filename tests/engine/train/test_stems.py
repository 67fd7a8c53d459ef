"""The frozen part of a network: its weights come from elsewhere, and what it makes of each item is computed once."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import frozen_family as family
import numpy as np
import pytest
import torch
from frozen_family import FrozenNet, frozen_family
from helpers import shared_data
from safetensors.torch import load_file

from workbench.engine import events as ev
from workbench.engine.data.pixel_cache import cache_report
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FAILED, FINISHED, STOPPED, Run
from workbench.engine.train import network as network_module
from workbench.engine.train import session, stems
from workbench.engine.train.job import Job
from workbench.engine.train.trained import load_trained, score

__all__ = ["frozen_family"]
PREFERENCES = Preferences(device="cpu")
NO_ROOM = Preferences(device="cpu", memory_gib=1e-7, cache_gib=1e-7)
ITEMS = 240  # 80 in each of three splits
BASE = {
    "data": {"source": "digits", "protocol": "random", "validation": 0.3, "test": 0.3, "limit": 80, "colour": "rgb"},
    "model": {"name": family.NAME},
    "train": {"steps": 24, "batch_size": 16, "evaluate_every": 8, "learning_rate": 0.02},
}


@pytest.fixture(autouse=True)
def _family(frozen_family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stems, "batch_rows", lambda *_, **__: 32)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[FrozenNet]:
    """The networks that sessions build."""
    made: list[FrozenNet] = []
    plain = network_module._build

    def build(*arguments: object) -> object:
        made.append(plain(*arguments))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(network_module, "_build", build)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def finish(work: Iterator[ev.Event], seen: list[ev.Event] | None = None) -> Run:
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        if seen is not None:
            seen.append(event)


def create(project: Project, *settings: str) -> Run:
    job = Job.from_dict(BASE, name="tiny").with_settings(settings)
    return finish(session.create(project, job, preferences=PREFERENCES))


def train(project: Project, run: Run, *, preferences: Preferences = PREFERENCES) -> list[ev.Event]:
    seen: list[ev.Event] = []
    finish(session.train(project, run, preferences=preferences), seen)
    return seen


def trained(project: Project, *settings: str, preferences: Preferences = PREFERENCES) -> Run:
    run = create(project, *settings)
    train(project, run, preferences=preferences)
    assert run.status().state == FINISHED
    return run


def stop_when(project: Project, run: Run, when: Callable[[ev.Event], bool]) -> list[ev.Event]:
    work, seen = session.train(project, run, preferences=PREFERENCES), []
    for event in work:
        seen.append(event)
        if when(event):
            break
    work.close()
    return seen


def losses(run: Run) -> list[float]:
    return [loss for event in run.events() if isinstance(event, ev.Steps) for loss in event.series["loss"]]


def metrics(run: Run) -> list[dict[str, float]]:
    return [dict(event.metrics) for event in run.evaluations()]


def weights(run: Run) -> dict[str, list[object]]:
    file = run.checkpoint(run.checkpoint_steps()[-1]) / "model.safetensors"
    return {name: tensor.tolist() for name, tensor in load_file(file).items()}


def said(events: list[ev.Event]) -> str:
    return " / ".join(event.text for event in events if isinstance(event, ev.Message))


def sets(preferences: Preferences = PREFERENCES) -> list[str]:
    """Keys of the stems in the cache."""
    return [one.key for one in cache_report(preferences.cache).sets if (one.folder / "stems.f32").exists()]


# Weights of others


def test_weights_of_others_are_loaded_at_a_fresh_start_only(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create(project)
    seen = stop_when(project, run, lambda event: isinstance(event, ev.Steps))
    assert [event.done for event in seen if isinstance(event, ev.Progress) and "fetching" in event.stage] == [1, 2]
    stored = weights(run)["frozen.0.0.weight"]
    generator = torch.Generator().manual_seed(7)
    assert stored == (torch.rand(8, 3, 3, 3, generator=generator) - 0.4).tolist()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("these weights are in the checkpoint")

    monkeypatch.setattr(sys.modules[f"workbench.engine.models.{family.NAME}.weights"], "load_pretrained", never)
    train(project, run)
    assert run.status().state == FINISHED
    assert weights(run)["frozen.0.0.weight"] == stored
    assert load_trained(run, checkpoint="last", preferences=PREFERENCES).model is not None


def test_missing_weights_end_the_run_with_a_sentence(project: Project) -> None:
    run = create(project, "model.weights=missing")
    with pytest.raises(UserError, match=r"'missing'.*Put the file there"):
        train(project, run)
    status = run.status()
    assert (status.state, status.step) == (FAILED, 0)
    assert "Put the file there" in status.error


def test_weights_of_another_run_are_those_of_its_newest_checkpoint(project: Project) -> None:
    first = trained(project)
    second = create(project, f"model.weights=run:{first.id}")
    assert "from step-00000024" in said(train(project, second))
    with pytest.raises(UserError, match="no run called 'nobody'"):
        create(project, "model.weights=run:nobody")


def test_weights_of_a_run_to_start_from_replace_those_of_others(project: Project) -> None:
    first = trained(project)
    second = create(project, f"train.init_from={first.id}", "train.learning_rate=0", "model.weights=missing")
    train(project, second)
    assert weights(second) == weights(first)


# Stems


@pytest.mark.parametrize("reuse", ["none", "upto"])
@pytest.mark.parametrize("layout", ["true", "false"])
def test_a_run_on_stems_is_the_run_without_them(
    project: Project, built: list[FrozenNet], reuse: str, layout: str
) -> None:
    settings = (f"model.reuse={reuse}", f"train.channels_last={layout}")
    quick = trained(project, *settings)
    plain = trained(project, *settings, preferences=NO_ROOM)
    assert built[0].passes == 32 + 256  # a blank batch, and eight for 240 items
    assert built[1].passes > 24 * 16
    np.testing.assert_allclose(losses(quick), losses(plain), rtol=1e-4)
    for one, other in zip(metrics(quick), metrics(plain), strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    assert losses(quick)[-1] < losses(quick)[0]
    assert weights(quick).keys() == weights(plain).keys()
    assert weights(quick)["frozen.0.1.running_mean"] == [0.0] * 8
    measured = finish(score(project, quick, split="validation", checkpoint="last", preferences=PREFERENCES))
    assert dict(measured.metrics)["validation/loss"] == pytest.approx(metrics(quick)[-1]["validation/loss"], rel=1e-4)


@pytest.mark.parametrize("settings", [(), ("model.reuse=upto", "model.dropout=0.3", "train.optimizer=sgd")])
def test_a_stopped_run_goes_on_bit_for_bit(
    project: Project, settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    whole = trained(project, *settings)
    halting = create(project, *settings)
    stop_when(project, halting, lambda event: isinstance(event, ev.Steps) and event.last == 11)
    assert halting.status().step == 11
    for one in cache_report(PREFERENCES.cache).sets:  # computed anew, they are the same
        (one.folder / "meta.json").unlink()
    train(project, halting)
    assert (losses(halting), metrics(halting), weights(halting)) == (losses(whole), metrics(whole), weights(whole))


def test_stopping_while_stems_are_computed_breaks_nothing(
    project: Project, built: list[FrozenNet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stems, "_REPORT_SECONDS", -1.0)
    run = create(project)
    stop_when(
        project, run, lambda event: isinstance(event, ev.Progress) and "features" in event.stage and event.done == 96
    )
    assert (run.status().state, run.checkpoint_steps()) == (STOPPED, [])
    assert built[0].passes == 32 + 96
    train(project, run)
    assert built[1].passes == 32 + 160  # it goes on where it was
    assert losses(run) == losses(trained(project))


def test_another_run_of_the_same_frozen_part_finds_them(project: Project, built: list[FrozenNet]) -> None:
    trained(project)
    trained(project, "train.learning_rate=0.005", "train.optimizer=sgd", "train.batch_size=20", "model.dropout=0.2")
    trained(project, "train.seed=3")
    assert [net.passes for net in built] == [288, 32, 32]
    assert len(sets()) == 1


@pytest.mark.parametrize(
    "setting",
    ["data.normalize=half", "data.size=10", "data.split_seed=1", "model.weights=none", "model.reuse=upto",
     "data.interpolation=nearest", "data.colour=bgr", "train.precision=bf16"],
)  # fmt: skip
def test_whatever_changes_the_numbers_makes_others(project: Project, built: list[FrozenNet], setting: str) -> None:
    trained(project)
    trained(project, setting)
    assert built[1].passes == 288
    assert len(sets()) == 2


@pytest.mark.parametrize("setting", ["augment.flip=true", "augment.mixup=0.2", "task.mirror=true"])
def test_what_is_random_before_the_cut_keeps_the_frozen_part_running(
    project: Project, built: list[FrozenNet], setting: str
) -> None:
    run = create(project, setting)
    words = said(train(project, run))
    assert "frozen layers run in every step" in words
    assert ("task.mirror" if "mirror" in setting else "augmentation") in words
    assert built[0].passes > 24 * 16
    assert not sets()


def test_a_network_that_is_trained_whole_has_none_and_nothing_is_said(project: Project) -> None:
    run = create(project, "model.reuse=all")
    assert "frozen" not in said(train(project, run))
    assert not sets()


@pytest.mark.parametrize(
    ("preferences", "mapped", "kept"),
    [
        (Preferences(device="cpu", memory_gib=0), True, True),
        (Preferences(device="cpu", cache_gib=0), False, False),
        (PREFERENCES, False, True),
    ],
)
def test_they_are_in_memory_or_mapped_as_the_budgets_allow(
    project: Project, preferences: Preferences, mapped: bool, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[bool] = []
    plain = stems.ArrayRows

    def rows(array: np.ndarray, **options: object) -> object:
        kinds.append(isinstance(array, np.memmap))
        return plain(array, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(stems, "ArrayRows", rows)
    run = trained(project, "model.reuse=upto", preferences=preferences)
    assert (kinds, bool(sets())) == ([mapped], kept)
    assert losses(run) == losses(trained(project, "model.reuse=upto"))


def test_no_room_anywhere_is_said(project: Project) -> None:
    run = create(project)
    assert "240 items takes" in said(train(project, run, preferences=NO_ROOM))


def test_a_damaged_set_is_computed_anew(project: Project, built: list[FrozenNet]) -> None:
    first = trained(project)
    for one in cache_report(PREFERENCES.cache).sets:
        if (one.folder / "stems.f32").exists():
            (one.folder / "stems.f32").write_bytes(b"short")
    assert losses(trained(project)) == losses(first)
    assert built[1].passes == 288


def test_recalibration_leaves_the_frozen_statistics(project: Project) -> None:
    run = trained(project, "model.reuse=upto", "train.recalibrate=true")
    stored = weights(run)
    assert stored["frozen.0.1.running_mean"] == [0.0] * 8
    assert stored["tail.0.1.running_mean"] != [0.0] * 6
    plain = trained(project, "model.reuse=upto", "train.recalibrate=true", "augment.cutout=1")
    assert weights(plain)["frozen.0.1.running_mean"] == [0.0] * 8


def test_averaged_weights_are_kept_under_the_same_names(project: Project) -> None:
    run = trained(project, "train.ema=0.9", "model.reuse=upto")
    plain = trained(project, "model.reuse=upto")
    assert weights(run).keys() == weights(plain).keys()
    assert weights(run)["head.1.weight"] != weights(plain)["head.1.weight"]
    measured = finish(score(project, run, split="validation", checkpoint="last", preferences=PREFERENCES))
    assert dict(measured.metrics)["validation/loss"] == pytest.approx(metrics(run)[-1]["validation/loss"], rel=1e-4)


def test_a_new_head_on_real_weights_tells_ants_from_bees(project: Project) -> None:
    """The linear probe of a reference is right in 142 of 153; a tuned head reaches that in a few epochs."""
    weights_file = shared_data("weights", "tf_efficientnet_lite0_timm.safetensors")
    job = Job.from_dict(
        {
            "data": {"source": str(shared_data("hymenoptera", "subset_256px"))},
            "model": {
                "name": "transfer",
                "backbone": "timm/tf_efficientnet_lite0",
                "weights": str(weights_file),
                "reuse": "none",
            },
            "train": {"epochs": 20, "batch_size": 32, "learning_rate": 0.001, "schedule": "cosine"},
        },
        name="head",
    )
    run = finish(session.create(project, job, preferences=PREFERENCES))
    events = train(project, run)
    assert run.status().metrics["validation/accuracy"] >= 142 / 153
    started = next(event for event in events if isinstance(event, ev.Started))
    assert (started.parameters, started.tensors) == (1280 * 2 + 2, 2)

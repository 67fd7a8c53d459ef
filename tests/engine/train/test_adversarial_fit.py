"""Adversarial pairs through the loop: a project, a run, events. Tiny networks on the digits that ship."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from workbench.engine import events as ev
from workbench.engine.data.pixels import Geometry
from workbench.engine.errors import UserError
from workbench.engine.models.gan.pair import AdversarialPair
from workbench.engine.preferences import Preferences
from workbench.engine.project.previews import Sheet
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, STOPPED, Run
from workbench.engine.train import session
from workbench.engine.train.feed import Preprocessing
from workbench.engine.train.job import Job
from workbench.engine.train.judge import ClassifierJudge, load_judge
from workbench.engine.train.trained import load_trained, score

PREFERENCES = Preferences(device="cpu")
DATA = {"source": "digits", "protocol": "random", "limit": 120}
TRAIN = {"steps": 12, "batch_size": 16, "learning_rate": 0.002, "evaluate_every": 6, "evaluation_sample": 40}
DENSE = {"name": "gan", "latent": 6, "hidden": 8}
CONVOLUTIONAL = {"name": "gan-conv", "latent": 6, "generator_channels": 4, "discriminator_channels": 4, "dropout": 0.2}
CLASSIFIER = {"name": "fnn", "hidden_layers": 1, "nodes": 12}
NAMES = ("discriminator_loss", "generator_loss", "real", "fake")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def finish(work: Iterator[ev.Event]) -> Run:
    while True:
        try:
            next(work)
        except StopIteration as end:
            run: Run = end.value
            return run


def create(project: Project, *settings: str, model: dict[str, object] | None = None) -> Run:
    job = Job.from_dict({"data": DATA, "model": model or DENSE, "train": TRAIN}, name="tiny").with_settings(settings)
    return finish(session.create(project, job, preferences=PREFERENCES, reuse=False))


def trained(project: Project, *settings: str, model: dict[str, object] | None = None) -> Run:
    run = create(project, *settings, model=model)
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def stop_when(project: Project, run: Run, when: Callable[[ev.Event], bool]) -> None:
    work = session.train(project, run, preferences=PREFERENCES)
    for event in work:
        if when(event):
            break
    work.close()


def history(run: Run) -> tuple[object, ...]:
    """All that must not depend on interruptions."""
    series: dict[str, list[float]] = {name: [] for name in NAMES}
    for event in run.events():
        if isinstance(event, ev.Steps):
            for name in NAMES:
                series[name] += event.series[name]
    weights = load_file(run.checkpoint(run.checkpoint_steps()[-1]) / "model.safetensors")
    return (
        series,
        [(event.step, dict(event.metrics), dict(event.vectors)) for event in run.evaluations()],
        {name: tensor.tolist() for name, tensor in weights.items()},
    )


def test_a_pair_trains_and_keeps_its_curves_and_samples(project: Project) -> None:
    run = trained(project)
    assert run.status().state == FINISHED
    evaluations = run.evaluations()
    assert [event.step for event in evaluations] == [0, 6, 12]
    metrics = evaluations[-1].metrics
    assert set(metrics) == {
        f"{split}/{name}" for split in ("train", "validation") for name in (*NAMES, "gap", "pixel_distance")
    }
    assert metrics["validation/gap"] == pytest.approx(metrics["validation/real"] - metrics["validation/fake"])
    previews = [event for event in run.events() if isinstance(event, ev.Previewed)]
    assert [(event.step, event.kind) for event in previews] == [(0, "samples"), (6, "samples"), (12, "samples")]
    first, last = (Sheet.load(run.folder / previews[place].path) for place in (0, -1))
    assert first.pictures.shape == (64, 8, 8)
    assert not np.array_equal(first.pictures, last.pictures)
    steps = [event for event in run.events() if isinstance(event, ev.Steps)]
    assert set(steps[0].series) == set(NAMES)
    assert run.status().best["step"] == min(evaluations, key=lambda e: e.metrics["validation/pixel_distance"]).step


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (DENSE, ("train.accumulate=2", "train.optimizer=adam", "train.beta1=0.5")),
        (CONVOLUTIONAL, ("task.loss=hinge", "train.ema=0.9")),
    ],
)
def test_a_stopped_pair_goes_on_bit_for_bit(
    project: Project, model: dict[str, object], settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    whole = trained(project, *settings, model=model)
    halting = create(project, *settings, model=model)
    stop_when(project, halting, lambda event: isinstance(event, ev.Steps) and event.last == 5)
    assert (halting.status().state, halting.status().step) == (STOPPED, 5)
    stop_when(project, halting, lambda event: isinstance(event, ev.Steps) and event.last >= 8)
    finish(session.train(project, halting, preferences=PREFERENCES))
    assert history(halting) == history(whole)


def test_nothing_touches_the_global_random_state(project: Project) -> None:
    state = torch.get_rng_state()
    trained(project, "train.steps=2", model=CONVOLUTIONAL)
    assert torch.equal(state, torch.get_rng_state())


def test_a_moving_average_draws_smoother_than_the_last_step(project: Project) -> None:
    run = trained(project, "train.ema=0.9", model=CONVOLUTIONAL)
    shown = load_trained(run, checkpoint="last", preferences=PREFERENCES).model
    assert isinstance(shown, AdversarialPair)
    state = torch.load(run.checkpoint(12) / "trainer.pt", weights_only=True)
    assert all(name.startswith("generator.") for name in state["weights"])
    live = state["weights"]["generator.dense.weight"]
    assert not torch.equal(live, shown.generator.get_parameter("dense.weight"))


def test_a_pair_is_scored_on_its_splits(project: Project) -> None:
    run = trained(project)
    finished = session_value(score(project, run, split="test", checkpoint="last", preferences=PREFERENCES))
    assert set(finished.metrics) == {f"test/{name}" for name in (*NAMES, "gap", "pixel_distance")}


def session_value(work: Iterator[ev.Event]) -> object:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_a_classifier_of_the_project_judges_while_a_pair_trains(project: Project) -> None:
    judge = trained(project, model=CLASSIFIER)
    settings = (f"task.judge={judge.id}", "task.judge_samples=100")
    run = trained(project, *settings)
    for event in run.evaluations():
        names = {name for name in event.metrics if name.removeprefix("validation/") in ("fid", "classes_covered")}
        assert names == {"validation/fid", "validation/classes_covered"}
        shares = event.vectors["validation/class_shares"]
        assert len(shares) == 10
        assert sum(shares) == pytest.approx(1)
        assert event.metrics["validation/most_class"] == max(shares)
    again = create(project, *settings)
    stop_when(project, again, lambda event: isinstance(event, ev.Evaluated) and event.step == 6)
    finish(session.train(project, again, preferences=PREFERENCES))
    assert history(again) == history(run)


def test_a_judge_must_be_a_finished_classifier(project: Project) -> None:
    pair = trained(project, "train.steps=2")
    with pytest.raises(UserError, match="learned no classes"):
        load_judge(project, pair.id, preferences=PREFERENCES)
    with pytest.raises(UserError, match="not finished"):
        load_judge(project, create(project, model=CLASSIFIER).id, preferences=PREFERENCES)
    with pytest.raises(UserError):
        load_judge(project, "nobody", preferences=PREFERENCES)


def test_a_judge_answers_as_its_network_does_and_takes_other_images_too(project: Project) -> None:
    run = trained(project, model=CLASSIFIER)
    judge = load_judge(project, run.id, preferences=PREFERENCES)
    network = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    pictures = torch.randint(0, 256, (5, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    logits, features = judge(pictures)
    with torch.inference_mode():
        torch.testing.assert_close(logits, network.model(pictures.float() / 255))
    assert features.shape == (5, 12)
    torch.testing.assert_close(judge(pictures.expand(-1, 3, -1, -1))[0], logits)
    larger = pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert judge(larger)[0].shape == (5, 10)
    torch.testing.assert_close(judge(torch.full((1, 1, 20, 20), 77, dtype=torch.uint8))[0],
                               judge(torch.full((1, 1, 8, 8), 77, dtype=torch.uint8))[0])  # fmt: skip


def test_grey_images_are_shown_to_a_judge_of_colour_in_its_order(project: Project) -> None:
    run = trained(project, "data.colour=bgr", model=CLASSIFIER)
    network = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    assert Preprocessing.from_dict(network.meta.preprocessing).geometry == Geometry(size=8, how="crop", mode="BGR")
    judge = ClassifierJudge(network, run=run.id)
    pictures = torch.randint(0, 256, (4, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(judge(pictures)[0], network.model(pictures.flip(1).float() / 255))
    assert judge(pictures[:, :1])[0].shape == (4, 10)

"""The loop through its public face: a project, a run, events. Small networks on the digits that ship."""

import errno
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from processes import run as other_process
from safetensors.torch import load_file
from torch import nn

from workbench.engine import events as ev
from workbench.engine import files
from workbench.engine.data.image_set import ImageSet
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.previews import MOST_ITEMS, Predictions
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, STOPPED, Run
from workbench.engine.tasks.classify.task import Classify
from workbench.engine.train import session
from workbench.engine.train.job import Job
from workbench.engine.train.trained import load_trained, score

PREFERENCES = Preferences(device="cpu")
BASE = {
    "data": {"source": "digits", "protocol": "random", "limit": 300},
    "augment": {"flip": True, "translate": 1, "cutout": 2},
    "model": {
        "name": "cnn",
        "hidden_layers": 2,
        "nodes": 16,
        "normalization": "batch",
        "dropout": 0.2,
        "padding": "same",
    },
    "train": {"steps": 30, "batch_size": 16, "learning_rate": 0.003, "evaluate_every": 10, "evaluation_sample": 100},
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def job(*settings: str, name: str = "tiny") -> Job:
    return Job.from_dict(BASE, name=name).with_settings(settings)


def finish(work: Iterator[ev.Event], seen: list[ev.Event] | None = None) -> Run:
    """Run a generator to its end; its value."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        if seen is not None:
            seen.append(event)


def create(project: Project, *settings: str, reuse: bool = False) -> Run:
    return finish(session.create(project, job(*settings), preferences=PREFERENCES, reuse=reuse))


def train(project: Project, run: Run) -> list[ev.Event]:
    seen: list[ev.Event] = []
    finish(session.train(project, run, preferences=PREFERENCES), seen)
    return seen


def trained(project: Project, *settings: str) -> Run:
    run = create(project, *settings)
    train(project, run)
    return run


def stop_when(project: Project, run: Run, when: Callable[[ev.Event], bool]) -> None:
    """Train until an event says so, then close the generator as a Stop button does."""
    work = session.train(project, run, preferences=PREFERENCES)
    for event in work:
        if when(event):
            break
    work.close()


def series(run: Run, name: str = "loss") -> list[float]:
    """One number a step, checked to be there exactly once."""
    values: list[float] = []
    for event in run.events():
        if isinstance(event, ev.Steps):
            assert event.first == len(values) + 1
            values += event.series[name]
    return values


def history(run: Run) -> tuple[object, ...]:
    """All that must not depend on interruptions."""
    weights = load_file(run.checkpoint(run.checkpoint_steps()[-1]) / "model.safetensors")
    return (
        series(run),
        series(run, "accuracy"),
        [(event.step, dict(event.metrics)) for event in run.evaluations()],
        {name: tensor.tolist() for name, tensor in weights.items()},
    )


def test_a_run_reports_every_step_once_and_ends_finished(project: Project) -> None:
    run = create(project)
    events = train(project, run)
    assert isinstance(events[-1], ev.Finished)
    assert len(series(run)) == 30
    assert [event.step for event in run.evaluations()] == [10, 20, 30]
    status = run.status()
    assert (status.state, status.step, status.total_steps) == (FINISHED, 30, 30)
    assert set(status.metrics) == {
        f"{part}/{name}" for part in ("train", "validation") for name in ("loss", "accuracy")
    }
    assert status.metrics == dict(run.evaluations()[-1].metrics)
    assert [event for event in run.events() if isinstance(event, ev.Finished)] == [events[-1]]


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("train.optimizer=sgd", "train.nesterov=true", "train.weight_decay=0.01", "train.l2=0.001"),
        ("train.schedule=one-cycle", "train.accumulate=2", "train.clip_norm=0.5", "train.recalibrate=true"),
        ("train.precision=bf16", "train.channels_last=false", "train.drop_last=false"),
        ("model.name=fastnet", "model.width1=8", "model.width2=8", "model.width3=8"),
        ("train.ema=0.9", "augment.mixup=0.5", "augment.cutmix=1", "task.class_weights=balanced"),
    ],
)
@pytest.mark.parametrize("where", ["step", "evaluation"])
def test_a_stopped_run_goes_on_bit_for_bit(
    project: Project, settings: tuple[str, ...], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    whole = trained(project, *settings)
    halting = create(project, *settings)
    if where == "step":
        stop_when(project, halting, lambda event: isinstance(event, ev.Steps) and event.last == 13)
        assert halting.status().step == 13
    else:
        monkeypatch.setattr("workbench.engine.train.evaluate.time.monotonic", iter(range(10**6)).__next__)
        stop_when(project, halting, lambda event: isinstance(event, ev.Progress) and "validation" in event.stage)
        assert halting.status().step == 10
        assert not halting.evaluations()
    assert halting.status().state == STOPPED
    stop_when(project, halting, lambda event: isinstance(event, ev.Steps) and event.last >= 21)
    train(project, halting)
    assert history(halting) == history(whole)


def test_a_run_stopped_before_its_first_step_starts_anew(project: Project) -> None:
    run = create(project)
    stop_when(project, run, lambda event: isinstance(event, ev.Started))
    assert (run.status().state, run.checkpoint_steps()) == (STOPPED, [])
    train(project, run)
    assert history(run) == history(trained(project))


def test_the_seed_decides_everything(project: Project) -> None:
    one, same, other = trained(project), trained(project), trained(project, "train.seed=1")
    assert history(one) == history(same)
    assert series(one) != series(other)


def test_nothing_touches_the_global_random_state(project: Project) -> None:
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].tolist()
    trained(project)
    assert torch.equal(state, torch.get_rng_state())
    assert numpy_state == np.random.get_state()[1].tolist()


def test_a_finished_run_repeats_its_end_and_more_steps_reopen_it(project: Project) -> None:
    run = trained(project)
    again = train(project, run)
    assert [type(event) for event in again] == [ev.Finished]
    before = series(run)
    session.change_settings(run, ["train.steps=40"])
    train(project, run)
    assert run.status().step == 40
    assert series(run)[:30] == before
    assert history(run)[0] == series(trained(project, "train.steps=40"))


def test_only_training_settings_change_on_a_resume(project: Project) -> None:
    run = trained(project)
    for setting in ("model.nodes=8", "data.limit=10", "augment.flip=false"):
        with pytest.raises(UserError, match="keeps its data and its network"):
            session.change_settings(run, [setting])


def test_an_identical_finished_run_is_reused(project: Project) -> None:
    run = trained(project)
    assert create(project, reuse=True).id == run.id
    assert create(project).id != run.id
    assert create(project, "train.seed=9", reuse=True).id != run.id


def reference_losses(
    run: Run, project: Project, make: Callable[[nn.Module], torch.optim.Optimizer], **options: float
) -> list[float]:
    """The same training written plainly, from the same initial weights, without augmentation and dropout."""
    from workbench.engine.data.decode import decode, fit
    from workbench.engine.data.image_set import ImageSet
    from workbench.engine.device import mix
    from workbench.engine.models import build
    from workbench.engine.train.feed import Order

    settings = Job.from_dict(run.job(), name="plain")
    dataset = project.datasets()[0]
    images = ImageSet(project.dataset_file(dataset.id))
    split = project.split(run.status().split)
    generator = torch.Generator().manual_seed(mix(settings.train.seed, 0))
    model = build(settings.model, settings.model_params, shape=(1, 8, 8), classes=10, generator=generator)
    model.train()
    optimiser = make(model)
    accumulate = settings.train.accumulate
    order = Order(split.items["train"], batch=settings.train.batch_size, drop_last=True, seed=settings.train.seed)
    losses = []
    for step in range(settings.train.steps):
        optimiser.zero_grad()
        total = 0.0
        for micro in range(accumulate):
            items = order[step * accumulate + micro]
            pixels = np.stack(
                [fit(decode(images.encoded(int(i)), mode="L", where=""), size=8, how="crop") for i in items]
            )
            logits = model(torch.from_numpy(pixels).float() * (1 / 255))
            loss = nn.functional.cross_entropy(logits, torch.from_numpy(images.labels())[items])
            total += loss.item() / accumulate
            kernels = [m.weight for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
            penalty = options.get("l2", 0.0) * sum((weight**2).sum() for weight in kernels)
            ((loss + penalty) / accumulate).backward()
        if options.get("clip"):
            nn.utils.clip_grad_norm_(model.parameters(), options["clip"])
        if options.get("decay"):
            for weight in model.parameters():
                weight.data.mul_(1 - options["decay"] * optimiser.param_groups[0]["lr"])
        optimiser.step()
        losses.append(total)
    return losses


# A bias before batch norm has a gradient of pure rounding error, which Adam scales up: compare without.
PLAIN = (
    "augment.flip=false",
    "augment.translate=0",
    "augment.cutout=0",
    "model.dropout=0",
    "model.normalization=none",
    "train.steps=15",
    "train.channels_last=false",
)


Make = Callable[[object], torch.optim.Optimizer]


def adam(weights: object) -> torch.optim.Optimizer:
    return torch.optim.Adam(weights, 0.003)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "make", "options"),
    [
        ("optimizer=adamw weight_decay=0.1", lambda w: torch.optim.AdamW(w, 0.003, weight_decay=0.1), {}),
        ("optimizer=sgd nesterov=1", lambda w: torch.optim.SGD(w, 0.003, momentum=0.9, nesterov=True), {}),
        ("optimizer=sgd weight_decay=0.5", lambda w: torch.optim.SGD(w, 0.003, momentum=0.9), {"decay": 0.5}),
        ("optimizer=rmsprop", lambda w: torch.optim.RMSprop(w, 0.003, momentum=0.9), {}),
        ("optimizer=adagrad", lambda w: torch.optim.Adagrad(w, 0.003, eps=1e-8), {}),
        ("optimizer=adam l2=0.01", adam, {"l2": 0.01}),
        ("optimizer=adam accumulate=3 clip_norm=0.1", adam, {"clip": 0.1}),
    ],
)
def test_training_is_what_a_plain_loop_does(
    project: Project,
    settings: str,
    make: Make,
    options: dict[str, float],
) -> None:
    run = trained(project, *PLAIN, *(f"train.{setting}" for setting in settings.split()))
    plain = reference_losses(run, project, lambda model: make(model.parameters()), **options)
    np.testing.assert_allclose(series(run), plain, rtol=2e-4)


@pytest.mark.parametrize("name", ["adadelta", "adamax", "nadam", "radam"])
def test_every_optimiser_learns(project: Project, name: str) -> None:
    run = trained(project, f"train.optimizer={name}", "train.learning_rate=0.01", "train.steps=20")
    assert all(math.isfinite(loss) for loss in series(run))


def test_moving_averages_follow_their_definition(project: Project) -> None:
    run = trained(project, "train.average_rate=0.1")
    last = [event for event in run.events() if isinstance(event, ev.Steps)][-1]
    losses = series(run)
    average = losses[0]
    for loss in losses:
        average += 0.1 * (loss - average)
    assert last.averages["loss"] == pytest.approx(average, rel=1e-12)


def test_epochs_count_passes_over_the_training_split(project: Project) -> None:
    run = create(project, "train.epochs=1.5", "train.batch_size=32")
    events = train(project, run)
    started = next(event for event in events if isinstance(event, ev.Started))
    assert started.steps_per_epoch == 300 // 32
    assert started.total_steps == math.ceil(1.5 * (300 // 32))
    assert run.evaluations()[-1].epoch == pytest.approx(started.total_steps / started.steps_per_epoch)


def test_a_list_of_learning_rates_is_followed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    settings = (
        "train.schedule=list",
        "train.schedule_unit=step",
        "train.learning_rates=[0.002]*2 + [0.001]",
        "train.steps=4",
    )
    run = trained(project, *settings)
    rates = [event.learning_rate for event in run.events() if isinstance(event, ev.Steps)]
    assert rates == [0.002, 0.002, 0.001, 0.001]


def test_each_evaluation_leaves_a_preview_of_the_same_items(project: Project) -> None:
    run = trained(project)
    shown = [event for event in run.events() if isinstance(event, ev.Previewed)]
    assert [event.step for event in shown] == [event.step for event in run.evaluations()] == [10, 20, 30]
    previews = [Predictions.load(run.folder / event.path) for event in shown]
    assert [preview.step for preview in previews] == [10, 20, 30]
    split = project.split(run.status().split)
    items = [one.item for one in previews[0].items]
    assert len(items) == MOST_ITEMS
    assert set(items) <= set(split.items["validation"].tolist())
    labels = ImageSet(project.dataset_file(run.status().dataset)).labels()
    for preview in previews:
        assert [one.item for one in preview.items] == items
        for one in preview.items:
            assert one.label == labels[one.item]
            assert list(one.probabilities) == sorted(one.probabilities, reverse=True)
            assert 0 < sum(one.probabilities) <= 1 + 1e-6


def test_a_pause_does_not_count_as_training(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.PAUSE_SECONDS", 0.02)
    run = create(project)
    started = time.monotonic()
    away = 0.0
    for event in session.train(project, run, preferences=PREFERENCES):
        if isinstance(event, ev.Evaluated):
            before = time.monotonic()
            time.sleep(0.2)
            away += time.monotonic() - before
    took = time.monotonic() - started
    assert 0 < run.status().seconds <= took - away + 0.05


def test_training_stops_early_when_nothing_improves(project: Project) -> None:
    run = trained(project, "train.learning_rate=0", "train.patience=2", "train.evaluate_every=5", "train.steps=500")
    assert run.status().state == FINISHED
    # with a rate of 0 only batch-norm statistics move, so the best comes early and patience runs out
    best = run.status().best["step"]
    assert run.status().step == best + 10 < 500


def test_checkpoints_come_by_steps_and_the_best_outlives_the_newest(project: Project) -> None:
    run = trained(project, "train.checkpoint_steps=4", "train.checkpoint_keep=2", "train.evaluate_every=15")
    assert run.checkpoint_steps()[-1] == 30
    best = run.best_step("validation/accuracy", maximise=True)
    assert set(run.checkpoint_steps()) == {28, 30, best}


def test_a_run_starts_from_another_runs_weights(project: Project) -> None:
    source = trained(project)
    heir = trained(project, f"train.init_from={source.id}", "train.learning_rate=0", "train.steps=1")
    ours, theirs = (
        load_file(run.checkpoint(run.checkpoint_steps()[-1]) / "model.safetensors") for run in (heir, source)
    )
    kernels = [name for name in ours if "weight" in name]
    assert kernels
    assert all(torch.equal(ours[name], theirs[name]) for name in kernels)
    with pytest.raises(UserError, match="no run called"):
        create(project, "train.init_from=nobody")
    stranger = create(project, f"train.init_from={source.id}", "model.nodes=8")
    with pytest.raises(UserError, match="another network"):
        train(project, stranger)


def test_recalibration_makes_statistics_those_of_the_sample(project: Project) -> None:
    plain, recalibrated = trained(project, "train.steps=3"), trained(project, "train.steps=3", "train.recalibrate=true")
    one, other = (
        load_file(run.checkpoint(run.checkpoint_steps()[-1]) / "model.safetensors") for run in (plain, recalibrated)
    )
    for name in one:
        assert torch.equal(one[name], other[name]) == ("running" not in name and "tracked" not in name)


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_checkpoint(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(project, "train.checkpoint_steps=5", "train.evaluate_every=100", "train.steps=100")
    stop_when(project, run, lambda event: isinstance(event, ev.Checkpointed))
    session.change_settings(run, ["train.learning_rate=10000", "train.optimizer=adamw", "train.checkpoint_steps=0"])
    real = Classify.step

    def poisoned(self: Classify, *args: Any, part: int) -> tuple[torch.Tensor, torch.Tensor]:
        loss, output = real(self, *args, part=part)
        return loss * math.nan, output

    monkeypatch.setattr(Classify, "step", poisoned)
    with pytest.raises(UserError, match=r"the loss became nan at step \d+; the checkpoint of step 5 is kept"):
        train(project, run)
    assert run.checkpoint_steps() == [5]
    assert run.status().state == "failed"
    assert "nan" in run.status().error


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)
def test_running_out_of_memory_names_the_batch_that_fits(
    project: Project, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Classify.step

    def hungry(self: Classify, model: nn.Module, images: torch.Tensor, *rest: Any, part: int) -> object:
        if len(images) > 5:
            raise error
        return real(self, model, images, *rest, part=part)

    monkeypatch.setattr(Classify, "step", hungry)
    with pytest.raises(UserError, match=r"train\.batch_size = 4"):
        trained(project)


def test_other_errors_of_torch_are_not_taken_for_memory(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, part: int) -> object:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(Classify, "step", broken)
    with pytest.raises(RuntimeError, match="mat1"):
        trained(project)


def test_a_full_disk_is_said_and_the_run_can_go_on(project: Project) -> None:
    run = create(project, "train.checkpoint_steps=10", "train.keep_best=false")

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "sync", full)
        with pytest.raises(UserError, match="the disk is full"):
            train(project, run)
    assert run.checkpoint_steps() == []
    assert not [path for path in run.checkpoints.iterdir() if not path.name.startswith(".")]
    train(project, run)
    assert history(run) == history(trained(project, "train.checkpoint_steps=10", "train.keep_best=false"))


def test_a_second_trainer_of_a_run_is_refused(project: Project) -> None:
    run = create(project)
    work = session.train(project, run, preferences=PREFERENCES)
    next(work)
    with pytest.raises(UserError, match="is being trained"):
        train(project, run)
    work.close()
    train(project, run)
    assert run.status().state == FINISHED


def test_a_trained_run_scores_as_its_last_evaluation_said(project: Project) -> None:
    run = trained(project)
    result = finish(score(project, run, split="validation", checkpoint="last", preferences=PREFERENCES))
    wanted = {name: value for name, value in run.status().metrics.items() if name.startswith("validation/")}
    assert result.metrics == wanted
    assert result.protocol == run.status().protocol
    test = finish(score(project, run, split="test", checkpoint="best", preferences=PREFERENCES))
    assert set(test.metrics) == {"test/loss", "test/accuracy"}
    with pytest.raises(UserError, match="no 'tset' split"):
        finish(score(project, run, split="tset", checkpoint="last", preferences=PREFERENCES))


def test_predictions_agree_with_the_score(project: Project, tmp_path: Path) -> None:
    from workbench.engine.data.image_set import ImageSet
    from workbench.engine.inspection.looking import FileAnswers, inspect_files

    run = trained(project, "train.steps=100", "train.evaluate_every=100")
    images = ImageSet(project.dataset_file(project.datasets()[0].id))
    items = project.split(run.status().split).items["validation"]
    paths = []
    for item in items:
        paths.append(tmp_path / f"{item}.png")
        paths[-1].write_bytes(images.encoded(int(item)))
    loaded = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    answers = [event for event in inspect_files(loaded, paths) if isinstance(event, FileAnswers)]
    assert [answer.path for answer in answers] == paths
    right = [answer.logits.argmax() == truth for answer, truth in zip(answers, images.labels()[items], strict=True)]
    assert np.mean(right) == pytest.approx(run.status().metrics["validation/accuracy"], abs=1e-9)


def test_a_damaged_checkpoint_is_said_plainly(project: Project) -> None:
    run = trained(project)
    step = run.checkpoint_steps()[-1]
    for name in ("model.safetensors", "trainer.pt"):
        path = run.checkpoint(step) / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        session.change_settings(run, [f"train.steps={100 if name == 'trainer.pt' else 99}"])
        with pytest.raises(UserError, match="cannot be read"):
            train(project, run)
        path.write_bytes(whole)


def test_events_arrive_at_least_every_tenth_of_a_second_in_long_evaluations(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock that jumps 60 ms at each look, every piece of an evaluation has to yield."""
    ticks = iter(np.arange(0, 10**5, 0.06))
    monkeypatch.setattr("workbench.engine.train.evaluate.time.monotonic", lambda: next(ticks))
    run = create(project, "train.evaluation_batch=10", "train.steps=10")
    pieces = [event for event in train(project, run) if isinstance(event, ev.Progress) and "evaluating" in event.stage]
    assert len(pieces) == 10 + 18  # 100 training and 180 validation items in tens


def test_a_status_is_complete(project: Project) -> None:
    status = trained(project).status()
    assert replace(status).parameters > 1000
    assert status.device.startswith("cpu")
    assert "split " in status.protocol


def test_a_resume_cannot_go_back(project: Project) -> None:
    run = trained(project)
    with pytest.raises(UserError, match="has taken 30 steps already"):
        session.change_settings(run, ["train.steps=10"])
    with pytest.raises(UserError, match="its own weights"):
        session.change_settings(run, ["train.steps=40", f"train.init_from={run.id}"])
    assert run.status().state == FINISHED


def test_an_evaluation_that_is_not_finite_ends_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Classify.predict

    def overflowing(self: Classify, model: nn.Module, images: torch.Tensor) -> torch.Tensor:
        return real(self, model, images) * math.inf

    monkeypatch.setattr(Classify, "predict", overflowing)
    with pytest.raises(UserError, match="train/loss became nan at step 10"):
        trained(project)


# A checkpoint that somebody asks for


def test_a_checkpoint_can_be_asked_for_while_a_run_trains(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    run = create(project)
    assert not run.ask_for_checkpoint()  # nobody trains it, so nobody is asked
    work, saved = session.train(project, run, preferences=PREFERENCES), []
    for event in work:
        if isinstance(event, ev.Steps) and event.last in (4, 17):
            assert Run(run.folder).ask_for_checkpoint()
            assert run.is_asked_for_checkpoint()
        if isinstance(event, ev.Checkpointed):
            saved.append(event.step)
            assert not run.is_asked_for_checkpoint()
    assert {4, 17} <= set(saved)
    assert run.checkpoint_steps() == sorted(saved)
    assert history(run)[0] == series(trained(project))


def test_a_checkpoint_is_asked_for_from_another_process(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    ask = "import sys; from pathlib import Path; from workbench.engine.project.runs import Run;"
    run = create(project)
    for event in (work := session.train(project, run, preferences=PREFERENCES)):
        if isinstance(event, ev.Steps) and event.last == 5:
            assert other_process(f"{ask} print(Run(Path(sys.argv[1])).ask_for_checkpoint())", run.folder) == "True\n"
        if isinstance(event, ev.Checkpointed):
            assert event.step == 5
            break
    work.close()


def test_what_was_asked_of_a_dead_process_does_not_matter(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.train.fit.REPORT_SECONDS", 0.0)
    whole, run = trained(project), create(project)
    (run.folder / "checkpoint-wanted").touch()
    assert {event.step for event in train(project, run) if isinstance(event, ev.Checkpointed)} == set(
        whole.checkpoint_steps()
    )
    assert not run.is_asked_for_checkpoint()
    assert not run.ask_for_checkpoint()
    assert history(run) == history(whole)

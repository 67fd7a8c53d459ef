"""What only an accelerator shows: precisions, its memory, a resume on it. Skipped, saying so, without one."""

import gc

import numpy as np
import pytest
import torch

from workbench.engine import events as ev
from workbench.engine.device import check_precision, choose_device, describe, memory
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, Run
from workbench.engine.train import session
from workbench.engine.train.job import preset

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and this machine has none"),
]
PREFERENCES = Preferences(device="cuda")


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("gpu") / "project")


def value_of(work: session.Work, seen: list[ev.Event]) -> Run:
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            return end.value


def trained(project: Project, *settings: str) -> tuple[Run, list[ev.Event]]:
    seen: list[ev.Event] = []
    run = value_of(session.create(project, preset("digits-cnn").with_settings(settings), preferences=PREFERENCES), seen)
    value_of(session.train(project, run, preferences=PREFERENCES), seen)
    return run, seen


def losses(run: Run) -> list[float]:
    return [loss for event in run.events() if isinstance(event, ev.Steps) for loss in event.series["loss"]]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("model", ["cnn", "fastnet"])
def test_every_precision_learns(project: Project, precision: str, model: str) -> None:
    options = [] if model == "cnn" else ["model.name=fastnet", "train.learning_rate=0.01"]
    run, _ = trained(project, *options, f"train.precision={precision}", "train.epochs=10")
    assert run.status().state == FINISHED
    assert run.status().metrics["validation/accuracy"] > 0.9


def test_a_resumed_run_goes_on_as_if_never_stopped(project: Project) -> None:
    settings = ("train.epochs=4", "train.checkpoint_steps=20")
    whole, _ = trained(project, *settings)
    job = preset("digits-cnn").with_settings(settings)
    run = value_of(session.create(project, job, preferences=PREFERENCES), [])
    work = session.train(project, run, preferences=PREFERENCES)
    for event in work:
        if isinstance(event, ev.Checkpointed):
            break
    work.close()
    value_of(session.train(project, run, preferences=PREFERENCES), [])
    # kernels of a GPU may add up in another order, so not to the bit
    np.testing.assert_allclose(losses(run), losses(whole), rtol=0.05, atol=0.02)


def test_running_out_of_memory_names_a_batch_that_then_trains(project: Project) -> None:
    _, total = torch.cuda.mem_get_info()
    share = (torch.cuda.memory_reserved() + 300 * 2**20) / total
    torch.cuda.set_per_process_memory_fraction(share)
    settings = ["data.size=64", "model.nodes=64", "train.steps=3"]
    try:
        with pytest.raises(UserError, match=r"cuda ran out of memory .* train\.batch_size = \d+") as caught:
            trained(project, *settings, "train.batch_size=1200")
        gc.collect()
        torch.cuda.empty_cache()
        fits = str(caught.value).rsplit(" ", 1)[-1]
        run, _ = trained(project, *settings, f"train.batch_size={fits}")
        assert run.status().state == FINISHED
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_reports_carry_the_devices_memory_and_name(project: Project) -> None:
    run, seen = trained(project, "train.steps=50")
    reports = [event for event in seen if isinstance(event, ev.Steps)]
    assert all(event.memory > 0 for event in reports)
    device = choose_device("cuda")
    assert memory(device).total >= memory(device).used > 0
    assert run.status().device == describe(device)
    assert torch.cuda.get_device_name() in describe(device)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="there is no cuda:99"):
        choose_device("cuda:99")
    check_precision("fp16", choose_device("cuda"))

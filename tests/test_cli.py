"""The command line as a person and a script meet it: what goes where, what comes back, and what a mistake gets."""

import csv
import json
import signal
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers import png, write_files, write_tar, write_zip
from lint_samples import noise, shades
from programs import Outcome, call, done, run_program

from workbench import __version__, commands
from workbench.engine.train.job import Job, preset, presets

COMMANDS = (
    "open", "demo", "presets", "import", "lint", "export", "train", "resume", "evaluate", "predict", "runs", "cache",
)  # fmt: skip
METRICS = {"train/loss", "train/accuracy", "validation/loss", "validation/accuracy"}
JOB = """
[data]
protocol = "random"
validation = 0.25
test = 0.25

[model]
name = "fnn"
hidden_layers = 1
nodes = 16

[train]
steps = 6
batch_size = 4
learning_rate = 0.01
checkpoint_steps = 2
checkpoint_minutes = 0
evaluate_every = 3
"""
SMALL = ("--preset", "digits-cnn", "--set", "train.steps=2", "--set", "train.batch_size=4")

SHADES = {f"{name}/{number:02}.png": png(base + number, side=8)
          for name, base in (("bright", 200), ("dark", 0)) for number in range(12)}  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """A project with one finished run."""

    project: Path
    run: str
    images: Path
    job: Path
    last: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.project / "runs" / self.run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    images = write_files(folder / "shades", SHADES)
    job = folder / "small.toml"
    job.write_text(JOB)
    project = folder / "project"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder / "home"))
        last = done("train", job, "--data", images, "--project", project, "--json").last
    return Trained(project=project, run=last["run"], images=images, job=job, last=last)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def losses(folder: str | Path) -> list[float]:
    events = map(json.loads, (Path(folder) / "events.jsonl").read_text().splitlines())
    return [loss for event in events if event["event"] == "steps" for loss in event["series"]["loss"]]


# Help, presets, import


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    helped = done(command, "--help")
    assert helped.out.startswith(f"usage: workbench {command} ")
    assert helped.err == ""
    assert command in done("--help").out


def test_presets() -> None:
    records = done("presets", "--json").records
    assert [record["preset"] for record in records] == presets() != []
    for record in records:
        assert Job.from_dict(record["job"], name="") == preset(record["preset"])
    lines = done("presets").out.splitlines()
    assert [line.split()[0] for line in lines] == presets()


def test_import_a_folder_and_its_archive(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "shades", SHADES)
    archive = write_tar(tmp_path / "shades.tar", SHADES)
    first = done("import", folder, "--project", "p", "--json").last
    assert (first["dataset"], first["kind"], first["items"]) == ("shades", "folder", 24)
    assert first["labels"] == {"label": ["bright", "dark"]}
    same = done("import", folder, "--project", "p", "--json").last
    assert same == first
    packed = done("import", archive, "--project", "p", "--json").last
    assert packed == {**first, "dataset": "shades-2"}


def test_import_digits_in_words() -> None:
    imported = done("import", "digits", "--project", "p")
    assert imported.out == "digits\n"
    assert "1797 items" in imported.err


# Checks, repairs and export


def broken_shades(tmp_path: Path) -> Path:
    return shades(tmp_path / "shades", {"a/empty.png": b"", "a/text.png": b"no image", "b/twin.png": noise(100)})


def test_lint_says_what_is_wrong_and_is_done_with_it(tmp_path: Path) -> None:
    records = done("lint", broken_shades(tmp_path), "--json").records
    assert [(record["finding"], record["severity"], record["count"]) for record in records[:-1]] == [
        ("empty-file", "error", 1),
        ("unreadable", "error", 1),
        ("duplicates", "warning", 2),
    ]
    assert records[0]["first"] == ["a/empty.png"]
    summary = records[-1]
    assert (summary["name"], summary["kind"], summary["items"]) == ("shades", "folder", 15)
    assert (summary["errors"], summary["warnings"], summary["infos"]) == (2, 1, 0)
    assert not (tmp_path / "p").exists()


def test_lint_in_words(tmp_path: Path) -> None:
    lines = done("lint", broken_shades(tmp_path)).out.splitlines()
    assert [line.split()[:3] for line in lines[:-1]] == [
        ["error", "1", "image"],
        ["error", "1", "image"],
        ["warning", "2", "images"],
    ]
    assert lines[2].endswith("Exact copies of images within a split: b/0.png, b/twin.png")
    assert lines[-1] == "shades: 15 images (15 undivided): 2 errors, 1 warning"
    assert done("lint", shades(tmp_path / "clean")).out == "clean: 12 images (12 undivided): nothing found\n"


def test_lint_of_a_broken_archive_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 and no more")
    first, last = done("lint", tmp_path / "x.zip", "--json").records
    assert (first["finding"], last["errors"]) == ("source", 1)


def test_lint_makes_no_project(tmp_path: Path) -> None:
    done("lint", shades(tmp_path / "x"), "--project", "p")
    assert not Path("p").exists()


def test_import_with_a_repair_lints_clean_by_its_name(tmp_path: Path) -> None:
    folder = broken_shades(tmp_path)
    plain = done("import", folder, "--project", "p", "--json").last
    assert (plain["dataset"], plain["items"], plain["repairs"]) == ("shades", 15, [])
    mended = done("import", folder, "--project", "p", "--repair", "leave-out", "--json")
    assert (mended.last["dataset"], mended.last["items"]) == ("shades-2", 13)
    assert mended.last["repairs"] == ["Items left out because they cannot be used: 2."]
    assert mended.last["repairs"][0] in mended.err
    summary = done("lint", "shades-2", "--project", "p", "--json").last
    assert (summary["items"], summary["errors"], summary["notes"]) == (13, 0, mended.last["repairs"])


def test_an_import_says_that_nothing_was_checked(tmp_path: Path) -> None:
    folder = broken_shades(tmp_path)
    hint = "not checked yet: workbench lint shades --project p"
    assert hint in done("import", folder, "--project", "p").err.splitlines()
    assert hint in done("import", folder, "--project", "p").err.splitlines()
    assert "--repair leave-out" in done("lint", "shades", "--project", "p").err
    assert "not checked" not in done("import", folder, "--project", "p").err
    assert "not checked" not in done("import", folder, "--project", "p", "--repair", "leave-out").err


def test_an_export_imports_as_what_it_was(tmp_path: Path) -> None:
    first = done("import", shades(tmp_path / "x"), "--project", "p", "--json").last
    written = done("export", "x", tmp_path / "out" / "x", "--format", "folder", "--project", "p", "--json").last
    assert (written["items"], written["format"], written["folder"]) == (12, "folder", str(tmp_path / "out" / "x"))
    again = done("import", tmp_path / "out" / "x", "--project", "p", "--json").last
    assert (again["items"], again["labels"]) == (first["items"], first["labels"])


# Training


def test_train_a_job_file(trained: Trained) -> None:
    last = trained.last
    assert (last["status"], last["steps"], last["total_steps"]) == ("finished", 6, 6)
    assert last["name"] == "small"
    assert last["dataset"] == "shades"
    assert last["protocol"].startswith("random 50/25/25 · seed 0 · split ")
    assert set(last["metrics"]) == METRICS
    assert (trained.folder / "status.json").exists()
    assert len(losses(trained.folder)) == 6


def test_train_a_preset_on_other_data(trained: Trained) -> None:
    ended = done("train", *SMALL, "--data", trained.images, "--set", "model.nodes=8", "--project", "new/p", "--json")
    assert (ended.last["name"], ended.last["dataset"], ended.last["steps"]) == ("digits-cnn", "shades", 2)
    job = (Path("new/p/runs") / ended.last["run"] / "job.toml").read_text()
    assert "nodes = 8\n" in job
    assert Path("new/p/project.toml").exists()


def test_a_dataset_of_the_project_goes_by_its_name(trained: Trained) -> None:
    outcome = done("train", *SMALL, "--data", "shades", "--project", trained.project, "--json")
    assert outcome.last["dataset"] == "shades"


def test_without_a_project_the_default_one_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "mine"))
    done("import", "digits")
    assert (tmp_path / "mine" / "data" / "default-project" / "project.toml").exists()
    assert done("train", *SMALL, "--data", "digits", "--json").last["folder"].startswith(str(tmp_path / "mine"))


def test_the_json_contract(trained: Trained, tmp_path: Path) -> None:
    """As a process of its own, since it is about what really reaches stdout, warnings of libraries included."""
    ended = run_program(
        "train", trained.job, "--data", trained.images, "--project", "p", "--json", home=tmp_path / "home", cwd=tmp_path
    )
    assert ended.code == 0, ended.err
    *events, last = ended.records
    assert all("event" in record for record in events)
    assert events[-1]["event"] == "finished"
    assert last.keys() >= {"run", "name", "status", "steps", "total_steps", "metrics", "best", "seconds", "device"}
    assert (last["status"], last["steps"]) == ("finished", 6)
    assert set(last["metrics"]) == METRICS
    assert last["metrics"] == events[-1]["metrics"]
    assert "Traceback" not in ended.err


def test_for_people_only_the_result_is_on_stdout(trained: Trained) -> None:
    ended = done("train", trained.job, "--data", trained.images, "--project", "p")
    assert ended.out.count("\n") == 1
    (run,) = Path("p/runs").iterdir()
    assert ended.out.startswith(f"{run.name}: train/loss ")
    assert "random 50/25/25" in ended.out
    assert "finished at step 6" in ended.err


def test_a_warning_of_before_the_first_step_is_said(trained: Trained) -> None:
    protocol = "data.protocol=GoMLX 50000/10000"
    ended = done("train", trained.job, "--data", trained.images, "--set", protocol, "--project", "p")
    assert "warning: this data does not come with a train and a test split" in ended.err


def test_reuse(trained: Trained) -> None:
    again = ("train", trained.job, "--data", trained.images, "--project", trained.project, "--json")
    assert done(*again, "--reuse").last["run"] == trained.run
    assert done(*again).last["run"] != trained.run
    assert done(*again, "--reuse", "--set", "train.seed=1").last["run"] != trained.run


# Resuming


def test_resume_of_a_finished_run_repeats_the_last_line(trained: Trained) -> None:
    before = (trained.folder / "events.jsonl").read_bytes()
    assert done("resume", trained.run, "--project", trained.project, "--json").last == trained.last
    assert (trained.folder / "events.jsonl").read_bytes() == before


def test_resume_with_more_steps_is_the_longer_run(trained: Trained) -> None:
    train = ("train", trained.job, "--data", trained.images, "--project", "p", "--json")
    longer = done(*train, "--set", "train.steps=10").last
    short = done(*train, "--set", "train.steps=4").last
    more = done("resume", short["run"], "--set", "train.steps=10", "--project", "p", "--json").last
    assert (more["run"], more["status"], more["steps"]) == (short["run"], "finished", 10)
    assert losses(more["folder"]) == losses(longer["folder"])
    assert more["metrics"] == longer["metrics"]


# A trained run


def test_evaluate_equals_the_last_evaluation(trained: Trained) -> None:
    measured = done("evaluate", trained.run, "--project", trained.project, "--json").last
    expected = {name: value for name, value in trained.last["metrics"].items() if name.startswith("validation/")}
    assert measured["metrics"] == expected
    assert (measured["split"], measured["step"], measured["items"]) == ("validation", 6, 6)
    assert measured["protocol"] == trained.last["protocol"]


def test_evaluate_other_splits_and_checkpoints(trained: Trained) -> None:
    def measured(*options: str) -> dict[str, Any]:
        return done("evaluate", trained.run, *options, "--project", trained.project, "--json").last

    assert set(measured("--split", "test")["metrics"]) == {"test/loss", "test/accuracy"}
    assert measured("--split", "train")["items"] == 12
    assert measured("--checkpoint", "2")["step"] == 2
    assert measured("--checkpoint", "last")["step"] == 6
    best = measured("--checkpoint", "best")
    assert best["step"] == trained.last["best"]["step"]
    assert best["metrics"]["validation/accuracy"] == trained.last["best"]["validation/accuracy"]


def predicted(trained: Trained, *arguments: object) -> Outcome:
    return call("predict", trained.run, *arguments, "--project", trained.project)


def test_predict(trained: Trained) -> None:
    files = [trained.images / "bright" / "03.png", trained.images / "dark" / "05.png"]
    records = predicted(trained, *files, "--json").records
    assert [record["path"] for record in records] == [str(file) for file in files]
    assert [record["truth"] for record in records] == ["bright", "dark"]
    for record in records:
        shares = record["probabilities"]
        assert set(shares) == {"bright", "dark"}
        assert sum(shares.values()) == pytest.approx(1)
        assert record["probability"] == max(shares.values()) == shares[record["class"]]
    lines = predicted(trained, *files).out.splitlines()
    for line, record in zip(lines, records, strict=True):
        ranked = sorted(record["probabilities"].items(), key=lambda one: -one[1])
        shares = " ".join(f"{name}:{value:.3f}" for name, value in ranked)
        assert line == f"Class: {record['truth']}, predictions: {shares}, image: {record['path']}"


def test_predict_folders_in_other_formats(trained: Trained, tmp_path: Path) -> None:
    elsewhere = write_files(
        tmp_path / "found", {"a.png": png(20, side=8), "b/note.txt": b"", "b/c.PNG": png(9, side=8)}
    )
    records = predicted(trained, trained.images, elsewhere, "--json").records
    paths = [
        *sorted(map(str, trained.images.rglob("*.png"))),
        *(str(elsewhere / name) for name in ("a.png", "b/c.PNG")),
    ]
    assert [record["path"] for record in records] == paths
    assert [record["truth"] for record in records] == ["bright"] * 12 + ["dark"] * 12 + ["", ""]
    rows = predicted(trained, trained.images, elsewhere, "--format", "rows").out.splitlines()
    for row, record in zip(rows, records, strict=True):
        assert row == " ".join(f"{record['probabilities'][name]:.3f}" for name in ("bright", "dark"))
    table = list(csv.DictReader(predicted(trained, trained.images, elsewhere, "--format", "csv").out.splitlines()))
    for row, record in zip(table, records, strict=True):
        assert (row["image"], row["truth"], row["predicted"]) == (record["path"], record["truth"], record["class"])
        right = "yes" if record["truth"] == record["class"] else "no"
        assert row["right"] == (right if record["truth"] else "")
        assert float(row["p(dark)"]) == pytest.approx(record["probabilities"]["dark"], rel=1e-5)
    assert predicted(trained, elsewhere).out.splitlines()[0].startswith("Class: unknown, predictions: ")


def test_a_broken_image_does_not_end_a_prediction(trained: Trained, tmp_path: Path) -> None:
    write_files(tmp_path, {"a.png": png(1, side=8), "b.png": b"text", "c.png": png(99, side=8)})
    for options, rows in (((), 2), (("--format", "rows"), 3), (("--format", "csv"), 3)):
        outcome = predicted(trained, "a.png", "b.png", "absent.png", "c.png", *options)
        assert outcome.code == 2
        assert "2 of 4 images cannot be read: b.png: this cannot" in outcome.err
        assert "absent.png: the file cannot be read" in outcome.err
        assert len(outcome.out.splitlines()) == rows + (options == ("--format", "rows"))
    rows_told = predicted(trained, "a.png", "b.png", "c.png", "--format", "rows").out.splitlines()
    assert rows_told[1] == "nan nan"
    outcome = predicted(trained, "a.png", "b.png", "c.png", "--json")
    assert (outcome.code, outcome.last["code"]) == (2, 2)
    assert [record.get("path", "") for record in outcome.records] == ["a.png", "b.png", "c.png", ""]
    assert "this cannot be read as an image" in outcome.records[1]["error"]


def test_runs(trained: Trained) -> None:
    assert done("runs", "--project", "empty").out == ""
    assert trained.last in done("runs", "--project", trained.project, "--json").records
    assert any(f"  {trained.run}  finished  6/6  " in line
               for line in done("runs", "--project", trained.project).out.splitlines())  # fmt: skip


def test_the_cache_is_told_and_emptied(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(trained.project.parent / "home"))
    full = done("cache", "--json").last
    assert (full["sets"], full["freed"]) == (1, 0)
    assert full["bytes"] > 24 * 8 * 8
    assert done("cache", "--clear").out.startswith("0.0 MiB of decoded images and features in 0 sets")
    assert done("cache", "--json").last["bytes"] == 0


def test_without_a_display(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    for arguments in ([], ["open"], ["open", "--project", str(tmp_path)]):
        assert_refused(call(*arguments), "no display", "workbench --help")
    demo = done("demo", "--project", tmp_path / "demo", "--json")
    classifier, draws = (record for record in demo.records if "parameters" in record and "status" in record)
    assert classifier["metrics"]["validation/accuracy"] > 0.9
    assert draws["name"] == "digits-vae"
    assert draws["metrics"]["validation/elbo"] > -12


# Mistakes


def assert_refused(outcome: Outcome, *words: str) -> None:
    """Exit code 2, one line on stderr that says what is wrong, nothing on stdout."""
    assert (outcome.code, outcome.out) == (2, ""), outcome
    assert outcome.err.startswith("workbench: ")
    assert outcome.err.count("\n") == 1
    assert outcome.err.endswith("\n")
    assert "Traceback" not in outcome.err
    for word in words:
        assert word.lower() in outcome.err.lower()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["runs", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["runs", "--js"], "unrecognized arguments: --js"),
        (["train", "--preset"], "expected one argument"),
        (["train"], "one job file or one preset"),
        (["train", "a.toml", "--preset", "digits-cnn"], "one job file or one preset"),
        (["train", "--preset", "digit-cnn"], "did you mean 'digits-cnn'?"),
        (["train", "--preset", "a\nb"], "there is no preset called"),
        (["train", "absent.toml"], "there is no such file: absent.toml"),
        (["resume"], "required: run"),
        (["resume", "last"], "there is no run called 'last'"),
        (["predict", "last"], "required: FILE|FOLDER"),
        (["predict", "last", "a.png", "--format", "line"], "invalid choice: 'line'"),
        (["import", ""], "there is no such file"),
        (["import", "digits", "--repair", "leave-ou"], "did you mean 'leave-out'?"),
        (["import", "digits", "--repair", "move-answers"], "is for questions, and this holds images"),
        (["lint"], "required: PATH|NAME"),
        (["lint", "./nowhere"], "there is no such file, folder or dataset"),
        (["export", "nothing", "out", "--format", "folder"], "there is no dataset called 'nothing'"),
        (["export", "nothing", "out"], "required: --format"),
        (["import", "torchvision:CIFAR11"], "did you mean 'CIFAR10'?"),
    ],
)
def test_wrong_words(arguments: list[str], words: str) -> None:
    project = ["--project", "p"] if arguments[1:] and "--js" not in arguments else []
    assert_refused(call(*arguments, *project), words)
    if arguments:
        refused = call(*arguments, *project, "--json")
        assert refused.code == 2
        (record,) = refused.records
        assert record["code"] == 2
        assert refused.err == f"workbench: {record['error']}\n"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("train.step=5", "did you mean 'steps'?"),
        ("training.steps=5", "did you mean 'train'?"),
        ("train.steps", "is no setting"),
        ("", "is no setting"),
        ("train.steps=many", "must be a whole number, not 'many'"),
        ("train.steps=-1", "too small"),
        ("train.steps=1e400", "must be a whole number"),
        ("train.seed=1.5", "must be a whole number"),
        ("train.learning_rate=nan", "must be finite"),
        ("train.optimizer=sdg", "did you mean 'sgd'?"),
        ("train.schedule=list", "needs learning_rates"),
        ("train.precision=fp16", "the CPU does not train in fp16"),
        ("train.init_from=nobody", "there is no run called 'nobody'"),
        ("augment.flip=maybe", "must be true or false"),
        ("model.name=resnet", "there is no model called 'resnet'"),
        ("model.dropout=2", "too large"),
        ("model.padding=valid", "too small for this cnn"),
        ("task.name=segment", "there is no task called 'segment'"),
        ("data.protocol=nine-tenths", "Known: auto"),
        ("data.protocol=published", "does not come with a train and a validation split"),
        ("data.label=colour", "no labels called 'colour'"),
        ("data.source=", "no data is named"),
    ],
)
def test_wrong_settings(setting: str, words: str) -> None:
    assert_refused(call("train", *SMALL, "--device", "cpu", "--set", setting, "--project", "p"), words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "[model] needs a name"),
        (JOB.encode()[:-8], "this is not TOML"),
        (b"\0\xff\xfe" * 99, "this is not TOML"),
        (bytes(range(256)), "this is not TOML"),
        (b"hello world", "this is not TOML"),
        (b"a=" + b"[" * 100_000, "this is not TOML"),
        (b"model = 3", "model must be a section"),
        (b"[model]\nname = 3", "[model] needs a name"),
        (b'[model]\nname = "cn"', "did you mean 'cnn'?"),
        (b'[model]\nname = "cnn"\n[modle]\n', "there is no section [modle]"),
        (b'[model]\nname = "cnn"\n[train]\nstep = 3', "there is no setting train.step"),
        (b'[model]\nname = "cnn"\n[train]\nsteps = "3"', "train.steps must be a whole number"),
    ],
)
def test_wrong_job_files(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_bytes(content)
    assert_refused(call("train", "job.toml", "--project", "p"), words, "job.toml")


def test_a_job_file_that_is_a_folder(tmp_path: Path) -> None:
    assert_refused(call("train", tmp_path, "--project", "p"), "this is a folder")


def test_a_job_that_names_no_data(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text(JOB)
    assert_refused(call("train", "job.toml", "--project", "p"), "give --data PATH")
    assert_refused(call("train", "job.toml", "--data", "", "--project", "p"), "give --data PATH")


def _truncated_idx(folder: Path) -> Path:
    return write_files(
        folder,
        {
            "train-images-idx3-ubyte": struct.pack(">IIII", 0x803, 10, 8, 8) + bytes(100),
            "train-labels-idx1-ubyte": struct.pack(">II", 0x801, 10) + bytes(10),
        },
    )


def _cut(path: Path, length: int) -> Path:
    path.write_bytes(path.read_bytes()[:length])
    return path


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda at: at / "absent", "there is no such file", id="absent"),
        pytest.param(lambda at: write_files(at / "empty", {}), "there are no files in this", id="empty-folder"),
        pytest.param(lambda at: _file(at / "x.csv", b""), "no images are recognised", id="empty-file"),
        pytest.param(lambda at: _file(at / "x.tar", b""), "the archive is damaged", id="empty-tar"),
        pytest.param(lambda at: _file(at / "x.csv", b"a,b\n"), "no images are recognised", id="wrong-type"),
        pytest.param(lambda at: _file(at / "x.txt", b"hello\n"), "x.txt:1", id="no-map-file"),
        pytest.param(lambda at: _cut(write_tar(at / "x.tar", SHADES), 3000), "damaged", id="truncated-tar"),
        pytest.param(lambda at: _cut(write_tar(at / "x.tar.gz", SHADES), 200), "damaged", id="truncated-tar-gz"),
        pytest.param(lambda at: _cut(write_zip(at / "x.zip", SHADES), 1000), "damaged", id="truncated-zip"),
        pytest.param(lambda at: _truncated_idx(at / "idx"), "its header says", id="truncated-idx"),
    ],
)
def test_data_that_cannot_be_imported(make: Callable[[Path], Path], words: str, tmp_path: Path) -> None:
    data = make(tmp_path)
    assert_refused(call("import", data, "--project", "p"), words)
    assert_refused(call("train", *SMALL, "--data", data, "--project", "p"), words)
    assert list(Path("p/data").glob("*")) == []


@pytest.mark.parametrize(
    ("images", "words"),
    [
        pytest.param({"1.png": png(1)}, "no item of this data has a label", id="no-class"),
        pytest.param(
            {f"only/{number}.png": png(number) for number in range(10)},
            "only one class",
            id="one-class",
        ),
        pytest.param({f"{number}/a.png": png(number) for number in range(4)}, "nothing for validation", id="one-each"),
        pytest.param({**SHADES, "dark/03.png": SHADES["dark/03.png"][:40]}, "dark/03.png", id="truncated-image"),
        pytest.param({**SHADES, "dark/03.png": b""}, "the file is empty", id="empty-image"),
        pytest.param(dict.fromkeys(SHADES, b"text"), "23 more like it", id="no-image-at-all"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_trained_on(images: dict[str, bytes], words: str, tmp_path: Path) -> None:
    data = write_files(tmp_path / "images", images)
    assert_refused(call("train", *SMALL, "--data", data, "--project", "p"), words)


def test_images_that_cannot_be_read_are_skipped_if_asked(tmp_path: Path) -> None:
    data = write_files(tmp_path / "images", {**SHADES, "dark/03.png": SHADES["dark/03.png"][:40]})
    skip = ("train", *SMALL, "--set", "data.on_error=skip", "--project", "p")
    ended = done(*skip, "--data", data, "--json")
    assert "1 unreadable left out" in ended.last["protocol"]
    assert "cannot be read and are left out" in ended.err
    nothing = write_files(tmp_path / "nothing", dict.fromkeys(SHADES, b"text"))
    assert_refused(call(*skip, "--data", nothing), "no readable image is left")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["resume", "nobody"], "there is no run called 'nobody'"),
        (["resume", "last", "--set", "model.nodes=3"], "keeps its data and its network"),
        (["resume", "last", "--set", "data.limit=3"], "keeps its data and its network"),
        (["resume", "last", "--set", "train.step=3"], "did you mean 'steps'?"),
        (["resume", "last", "--set", "train.steps=99", "--device", "warp"], "there is no device called 'warp'"),
        (["evaluate", "nobody"], "there is no run called 'nobody'"),
        (["evaluate", "last", "--split", "tests"], "did you mean 'test'?"),
        (["evaluate", "last", "--checkpoint", "first"], "Known: best, last, 2"),
        (["evaluate", "last", "--checkpoint", "99"], "has no checkpoint '99'"),
        (["evaluate", "last", "--checkpoint", "²"], "has no checkpoint '²'"),
        (["evaluate", "last", "--device", "warp"], "there is no device called 'warp'"),
        (["predict", "last", "absent.png"], "absent.png"),
        (["predict", "last", "nothing"], "there is no image in this folder: nothing"),
        (["predict", "last", "."], "2 of 2 images cannot be read: cut.png: this cannot be read"),
        (["predict", "last", "."], "text.png: this cannot be read as an image"),
        (["predict", "last", "text.png"], "this cannot be read as an image"),
        (["predict", "last", "cut.png"], "cut.png"),
    ],
)  # fmt: skip
def test_wrong_questions_to_a_run(arguments: list[str], words: str, trained: Trained, tmp_path: Path) -> None:
    write_files(tmp_path, {"text.png": b"text", "cut.png": png(1, side=64)[:60], "nothing/note.txt": b"text"})
    arguments = [trained.run if word == "last" and at == 1 else word for at, word in enumerate(arguments)]
    assert_refused(call(*arguments, "--project", trained.project), words)


@pytest.mark.parametrize(
    ("project", "words"),
    [
        ("file", "a project is a folder"),
        ("file/below", "cannot be used"),
        ("foreign", "not a project and not empty (it holds 'diary.txt')"),
        ("newer", "update the workbench"),
        ("garbled", "this is not TOML"),
        ("broken", "the project's database cannot be used"),
        ("z" * 300, "cannot be used"),
    ],
)
def test_wrong_projects(project: str, words: str, tmp_path: Path) -> None:
    files = {
        "file": b"",
        "foreign/diary.txt": b"",
        "newer/project.toml": b"format = 99",
        "garbled/project.toml": b"format =",
        "broken/project.toml": b"format = 1",
        "broken/project.db": b"garbage" * 1000,
    }
    write_files(tmp_path, files)
    assert_refused(call("import", "digits", "--project", project), words)
    assert {name: (tmp_path / name).read_bytes() for name in files} == files


# What is nobody's mistake


def test_our_own_bug_is_one_line_and_a_traceback_in_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, warnings_logged: list[object]
) -> None:
    def broken() -> list[str]:
        raise RuntimeError("the\nlist is broken")

    monkeypatch.setattr(commands, "preset_names", broken)
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    ended = call("presets", "--json")
    assert ended.code == ended.last["code"] == 1
    assert ended.err.startswith("workbench: a bug in the workbench: RuntimeError: the list is broken (details: ")
    assert ended.err.count("\n") == 1
    assert "Traceback" in (tmp_path / "home" / "log" / "workbench.log").read_text()
    assert len(warnings_logged) == 1
    warnings_logged.clear()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_only_looks_can_be_ended_too(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> list[str]:
        signal.raise_signal(number)
        return []

    before = signal.getsignal(number)
    monkeypatch.setattr(commands, "preset_names", interrupted)
    ended = call("presets")
    assert (ended.code, ended.out, ended.err) == (130, "", "workbench: interrupted\n")
    assert signal.getsignal(number) == before


def test_version() -> None:
    assert done("--version").out == f"workbench {__version__}\n"


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"home/log": b""})
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    assert done("presets").out

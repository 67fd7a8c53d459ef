"""Previews of sources: quick, bounded, and never more than what the import then finds."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from helpers import listed, png, shared_data, write_files, write_tar, write_zip

from workbench.engine.data import previewing
from workbench.engine.data.previewing import SourcePreview, preview_source
from workbench.engine.data.source import Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress


def preview(
    target: Path | str, *, cache: Path = Path("no-cache"), items: int = 24, patience: float = 60.0
) -> SourcePreview:
    work = preview_source(str(target), cache=cache, items=items, patience=patience)
    while True:
        try:
            assert isinstance(next(work), Progress)
        except StopIteration as end:
            found: SourcePreview = end.value
            return found


def pets(*, each: int = 5) -> dict[str, bytes]:
    names = [
        f"{split}/{kind}/{number}" for split in ("train", "test") for kind in ("cat", "dog") for number in range(each)
    ]
    return {f"{name}.png": png(number) for number, name in enumerate(names)}


def agrees(target: Path) -> SourcePreview:
    """The preview, after it was found to say of the whole what reading all of it says."""
    found = preview(target)
    listing, records = listed(target)
    first = next(iter(listing.label_sets.values()))
    labels = Counter(record.labels[0] for record in records)
    assert (found.kind, found.name, found.total, found.content) == (listing.kind, listing.name, len(records), "images")
    assert found.splits == Counter(record.split for record in records)
    assert found.classes == {name: labels[label] for label, name in enumerate(first)}
    assert found.unlabelled == labels[-1]
    assert found.complete
    everything = {record.name: record for record in records}
    assert all(sample == everything[sample.name] for sample in found.samples)
    return found


def test_a_folder_a_zip_and_a_tar_are_counted_as_they_are_imported(tmp_path: Path) -> None:
    files = pets()
    for target in (
        write_files(tmp_path / "pets", files),
        write_zip(tmp_path / "pets.zip", files),
        write_tar(tmp_path / "pets.tar.gz", files),
    ):
        found = agrees(target)
        assert found.title.startswith("Folder per class")
        assert len(found.samples) == 20


def test_a_map_file_is_counted_as_it_is_imported(tmp_path: Path) -> None:
    folder = write_files(tmp_path, {"a.png": png(1), "b.png": png(2), "c.png": png(3)})
    (folder / "some.txt").write_text("a.png\t1\nb.png\t0\nc.png\t-1\n")
    assert agrees(folder / "some.txt").unlabelled == 1


def test_samples_are_spread_from_the_first_to_the_last(tmp_path: Path) -> None:
    root = write_files(tmp_path / "pets", pets(each=50))
    found = preview(root, items=5)
    names = [sample.name for sample in found.samples]
    _, records = listed(root)
    assert names == [records[place].name for place in (0, 50, 100, 149, 199)]


def test_images_that_are_not_shown_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_files(tmp_path / "pets", pets(each=50))
    read: list[str] = []
    real = previewing.FolderTree.read

    def counted(tree: previewing.FolderTree, name: str) -> bytes:
        read.append(name)
        return real(tree, name)

    monkeypatch.setattr(previewing.FolderTree, "read", counted)
    found = preview(root, items=4)
    assert found.counted == 200
    assert sorted(read) == sorted(sample.name for sample in found.samples)


def test_counting_ends_when_patience_does(tmp_path: Path) -> None:
    folder = write_files(tmp_path, {f"{number}.png": png(number) for number in range(50)})
    (folder / "some.txt").write_text("".join(f"{number}.png\t{number % 2}\n" for number in range(50)))
    found = preview(folder / "some.txt", patience=0.0)
    assert (found.counted, found.total, found.complete) == (1, 50, False)
    assert len(found.samples) == 1


def test_closing_ends_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_files(tmp_path / "pets", pets())
    reading = threading.Event()

    def slow(tree: previewing._SkimmingTree, name: str) -> bytes:
        tree.skimmed += 1
        reading.set()
        time.sleep(0.1)
        return b""

    monkeypatch.setattr(previewing._SkimmingTree, "read", slow)
    work = preview_source(str(root), cache=tmp_path, patience=60.0)
    next(work)
    assert reading.wait(5.0)
    began = time.monotonic()
    work.close()
    assert time.monotonic() - began < 1.0  # all of it would take two seconds


def test_the_samples_stay_within_their_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_files(tmp_path / "pets", pets())
    size = len(png(0))
    monkeypatch.setattr(previewing, "LARGEST_SAMPLES", 3 * size + size // 2)
    assert len(preview(root).samples) == 3


def test_a_damaged_member_is_a_problem_and_the_rest_is_counted(tmp_path: Path) -> None:
    files = pets()
    path = write_zip(tmp_path / "pets.zip", files)
    content = bytearray(path.read_bytes())
    place = content.index(b"train/dog/0.png") + 20  # within what is packed, after the name
    content[place : place + 12] = bytes(12)
    path.write_bytes(bytes(content))
    found = preview(path)
    assert found.counted == 20
    assert [(problem.code, problem.severity) for problem in found.problems] == [("source", "error")]
    assert "train/dog/0.png" in f"{found.problems[0].what} {found.problems[0].where}"


@pytest.mark.parametrize(
    ("target", "kind", "name"),
    [
        ("torchvision:MNIST", "torchvision", "MNIST"),
        ("someone/pets", "hub", "pets"),
        ("hub:someone/pets:small", "hub", "pets"),
    ],
)
def test_what_is_on_the_network_is_only_named(target: str, kind: str, name: str, tmp_path: Path) -> None:
    found = preview(target, cache=tmp_path)
    assert (found.kind, found.name, found.remote, found.samples, found.complete) == (kind, name, True, (), False)
    assert not list(tmp_path.iterdir())


def test_the_digits_are_here() -> None:
    found = preview("digits")
    assert (found.kind, found.total, len(found.classes), found.complete) == ("digits", 1797, 10, True)
    assert isinstance(found.samples[0], Record)


@pytest.mark.parametrize("target", ["", "/no/such/folder", "a\0b", "torchvision:NIST", "nothing"])
def test_what_is_nowhere_is_refused(target: str) -> None:
    with pytest.raises(UserError):
        preview(target)


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "pets.zip", pets())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match="damaged"):
        preview(path)


def test_real_masks_and_questions() -> None:
    masks = preview(shared_data("landcover", "dubai_320"))
    assert (masks.content, masks.total, masks.complete) == ("masks", 24, True)
    assert masks.palette is not None
    assert all(isinstance(sample, Record) and sample.image and sample.mask for sample in masks.samples)
    questions = preview(shared_data("squad", "xquad_en_dev.json"))
    assert (questions.content, questions.total, questions.answers) == ("questions", 199, 199)

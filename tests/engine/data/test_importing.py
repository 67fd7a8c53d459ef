"""From a target to an Arrow file and back."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import imported, listed, png, shared_data, write_files, write_tar, write_zip, written

from workbench.engine.data.arrow import ITEMS, write_arrow
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.importing import open_source, signature
from workbench.engine.data.source import Listing, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY

FILES = {"train/b/1.png": png(1), "train/a/2.png": png(2), "test/a/3.png": png(3), "val/4.png": png(4), "note.txt": b""}


def made(records: list[Record], **changes: object) -> Listing:
    listing = Listing(
        kind="made", name="made", label_sets={"label": ("a", "b")}, total=len(records), records=lambda: iter(records)
    )
    return replace(listing, **changes)


def record(number: int, **changes: object) -> Record:
    return replace(Record(image=png(number), labels=(number % 2,), split="train", name=f"{number}"), **changes)


def refusal(target: object) -> str:
    with pytest.raises(UserError) as caught:
        listed(str(target))
    return str(caught.value)


def test_round_trip(tmp_path: Path) -> None:
    summary, images = imported(write_files(tmp_path / "pets", FILES), tmp_path / "out")
    assert summary.items == len(images) == 4
    assert summary.splits == {"train": 2, "validation": 1, "test": 1}
    assert summary.label_sets == images.label_sets == {"label": ("a", "b")}
    assert images.classes() == images.classes("label") == ("a", "b")
    assert images.names() == ["test/a/3.png", "train/a/2.png", "train/b/1.png", "val/4.png"]
    assert images.name(2) == "train/b/1.png"
    assert images.labels().tolist() == images.labels("label").tolist() == [0, 0, 1, -1]
    assert images.labels().dtype == np.int64
    assert images.splits().tolist() == ["test", "train", "train", "validation"]
    assert [images.encoded(index) for index in range(4)] == [png(3), png(2), png(1), png(4)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [ITEMS]


def test_what_is_handed_out_may_be_changed(tmp_path: Path) -> None:
    _, images = imported(write_files(tmp_path / "pets", FILES), tmp_path / "out")
    images.labels()[:] = 7
    images.splits()[:] = ""
    images.names().clear()
    assert images.labels().max() == 1
    assert images.splits()[0] == "test"
    assert len(images) == len(images.names())


def test_the_file_is_a_hugging_face_dataset(tmp_path: Path) -> None:
    import datasets

    _, images = imported(write_files(tmp_path / "pets", FILES), tmp_path / "out")
    dataset = images.hugging_face()
    assert dataset.features["label"] == datasets.ClassLabel(names=["a", "b"])
    assert isinstance(dataset.features["image"], datasets.Image)
    assert dataset["name"][:] == images.names()
    assert dataset["label"][:] == images.labels().tolist()
    assert np.asarray(dataset[2]["image"]).tolist() == np.full((4, 4), 1).tolist()


def test_several_label_sets(tmp_path: Path) -> None:
    records = [record(0, labels=(1, -1)), record(1, labels=(0, 2))]
    summary = written(made(records, label_sets={"fine": ("a", "b"), "coarse": ("x", "y", "z")}), tmp_path)
    images = ImageSet(tmp_path / ITEMS)
    assert list(images.label_sets) == list(summary.label_sets) == ["fine", "coarse"]
    assert images.labels().tolist() == [1, 0]
    assert images.labels("coarse").tolist() == [-1, 2]
    assert images.classes("coarse") == ("x", "y", "z")


def test_content_decides_the_fingerprint_not_the_container(tmp_path: Path) -> None:
    wrapped = {f"pets/{name}": content for name, content in FILES.items()}
    sources = [write_files(tmp_path / "pets", FILES), write_zip(tmp_path / "pets.zip", wrapped)]
    sources += [write_tar(tmp_path / f"pets.{suffix}", wrapped) for suffix in ("tar", "tar.gz")]
    results = [imported(path, tmp_path / f"out{number}")[0] for number, path in enumerate(sources)]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize(
    "change", [{"image": png(9)}, {"labels": (1,)}, {"labels": (-1,)}, {"split": "test"}, {"name": "other"}], ids=str
)
def test_every_part_of_a_record_counts_for_the_fingerprint(tmp_path: Path, change: dict[str, object]) -> None:
    plain = written(made([record(0), record(1)]), tmp_path).fingerprint
    assert written(made([record(0), record(1)], name="elsewhere", notes=("x",)), tmp_path).fingerprint == plain
    assert written(made([record(0, **change), record(1)]), tmp_path).fingerprint != plain
    assert written(made([record(1), record(0)]), tmp_path).fingerprint != plain
    assert written(made([record(0), record(1)], label_sets={"label": ("a", "c")}), tmp_path).fingerprint != plain


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([], "no images"),
        ([record(0), record(2, name="0")], "same name: 0"),
        ([record(0, labels=(2,))], "label 2 is none of the 2 classes: 0"),
        ([record(0, labels=(-2,))], "label -2"),
    ],
)
def test_bad_records_leave_nothing_behind(tmp_path: Path, records: list[Record], says: str) -> None:
    with pytest.raises(UserError, match=says):
        written(made(records), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_said_so(tmp_path: Path) -> None:
    (tmp_path / f".{ITEMS}{TEMPORARY}").symlink_to("/dev/full")
    with pytest.raises(UserError, match="the disk is full"):
        written(made([record(number) for number in range(3000)]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    work = write_arrow(made([record(number) for number in range(3000)]), tmp_path)
    assert next(work) == Progress(stage="importing", done=0, total=3000)
    work.close()
    assert list(tmp_path.iterdir()) == []


def test_progress_comes_in_time_and_ends_whole(tmp_path: Path) -> None:
    def slowly() -> Iterator[Record]:
        for number in range(30):
            time.sleep(0.01)
            yield record(number)

    events = list(write_arrow(replace(made([]), total=30, records=slowly), tmp_path))
    assert len(events) >= 4
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert events[-1] == Progress(stage="importing", done=30, total=30)


def test_many_batches(tmp_path: Path) -> None:
    records = [record(number, image=b"%d" % number * 7, labels=(number % 2,)) for number in range(2500)]
    written(made(records), tmp_path)
    images = ImageSet(tmp_path / ITEMS)
    assert [images.encoded(index) for index in (0, 999, 1000, 2499)] == [b"%d" % n * 7 for n in (0, 999, 1000, 2499)]
    assert images.labels().tolist() == [number % 2 for number in range(2500)]


def test_unknown_classes_only(tmp_path: Path) -> None:
    summary, images = imported(write_files(tmp_path / "pets", {"1.png": png(1)}), tmp_path / "out")
    assert images.classes() == summary.label_sets["label"] == ()
    assert images.labels().tolist() == [-1]


def test_damaged_arrow_files_are_refused(tmp_path: Path) -> None:
    def refused(content: bytes) -> bool:
        path = tmp_path / "damaged.arrow"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"damaged\.arrow"):
            ImageSet(path)
        return True

    imported(write_files(tmp_path / "pets", FILES), tmp_path)
    whole = (tmp_path / ITEMS).read_bytes()
    assert all(refused(whole[:length]) for length in (0, 3, 100, len(whole) // 2, len(whole) - 100))
    assert refused(whole.replace(b'"ClassLabel"', b'"CluelessOb"'))
    assert refused(b"text " * 100)
    with pytest.raises(UserError, match="missing"):
        ImageSet(tmp_path / "none.arrow")


@pytest.mark.parametrize("target", ["none/at all", "/none/such", "", "no\0name", "~nobody-here/x", "./pets"])
def test_targets_that_do_not_exist(target: str) -> None:
    assert "no such file, folder or dataset" in refusal(target)


def test_what_is_not_understood_lists_what_is(tmp_path: Path) -> None:
    message = refusal(write_files(tmp_path / "root", {"a.csv": b"1,2"}))
    assert "Folder per class" in message
    assert "IDX" in message
    assert "CIFAR-10" in message
    assert "no files in this" in refusal(write_zip(tmp_path / "empty.zip", {}))


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_files(tmp_path / "pets", FILES)
    assert listed("~/pets")[0].name == "pets"
    assert signature("~/pets") == signature(str(tmp_path / "pets"))


def test_a_folder_that_looks_like_a_hub_id_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "owner" / "pets", FILES)
    monkeypatch.chdir(tmp_path)
    assert listed("owner/pets")[0].kind == "folder"
    assert signature("owner/pets") == signature(str(tmp_path / "owner" / "pets"))


def test_signature_notices_every_change(tmp_path: Path) -> None:
    root = write_files(tmp_path / "pets", FILES)
    target = root / "train" / "b" / "1.png"
    before = target.stat()
    seen = {signature(str(root))}
    assert signature(str(root)) in seen
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    seen.add(signature(str(root)))
    target.write_bytes(b"longer" * 100)
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    seen.add(signature(str(root)))
    target.rename(root / "train" / "b" / "9.png")
    seen.add(signature(str(root)))
    root.rename(tmp_path / "moved")
    seen.add(signature(str(tmp_path / "moved")))
    assert len(seen) == 5


def test_signature_of_archives_and_names(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "pets.zip", FILES)
    before = signature(str(archive))
    assert signature(str(archive)) == before
    write_zip(archive, FILES | {"train/a/5.png": png(5)})
    assert signature(str(archive)) != before
    assert signature("hub:owner/name") == signature("owner/name")
    assert len({signature(target) for target in ("owner/name", "digits", "torchvision:MNIST")}) == 3
    with pytest.raises(UserError, match="no such file"):
        signature(str(tmp_path / "none"))


def test_digits(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    listing, _ = listed("digits")
    assert (listing.kind, listing.name, listing.total) == ("digits", "digits", 1797)
    summary, images = imported("digits", tmp_path)
    digits = load_digits()
    assert summary.items == 1797
    assert images.classes() == tuple("0123456789")
    np.testing.assert_array_equal(images.labels(), digits.target)
    from workbench.engine.data.decode import decode

    for index in (0, 5, 1796):
        pixels = np.asarray(decode(images.encoded(index), mode="L", where=""))
        np.testing.assert_array_equal(pixels, np.round(digits.images[index] * 255 / 16))


def test_real_archive_of_sixty_thousand() -> None:
    path = shared_data("cifar10", "cifar10_image_folder.tar")
    with open_source(str(path), cache=path) as listing:
        assert (listing.kind, listing.total, listing.notes) == ("folder", 60_000, ())
        classes = listing.label_sets["label"]
        assert classes == tuple("airplane automobile bird cat deer dog frog horse ship truck".split())  # noqa: SIM905
        records = listing.records()
        first = [next(records) for _ in range(3)]
    assert [(item.name, item.split, item.labels) for item in first] == [
        (f"test/airplane/000{number}.jpg", "test", (0,)) for number in range(3)
    ]
    assert all(item.image.startswith(b"\xff\xd8") for item in first)

"""CIFAR's binary version, byte for byte."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers import listed, shared_data, write_files, write_tar
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.engine.data.importing import open_source
from workbench.engine.data.sources.cifar import CIFAR10_CLASSES, CIFAR100_COARSE, CIFAR100_FINE
from workbench.engine.errors import UserError


def planes(count: int, *, offset: int = 0) -> np.ndarray:
    """uint8[N, 3, 32, 32] in which no two images, channels, rows or columns are alike."""
    return np.random.default_rng(offset).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)


def batch(images: np.ndarray, *labels: list[int]) -> bytes:
    heads = np.array(labels, np.uint8).T
    return np.concatenate([heads, images.reshape(len(images), -1)], axis=1).tobytes()


def pixels(encoded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded)))


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        listed(path)
    return str(caught.value)


def test_cifar10(tmp_path: Path) -> None:
    train, test = planes(3), planes(2, offset=1)
    files = {
        "data_batch_2.bin": batch(train[2:], [9]),
        "data_batch_1.bin": batch(train[:2], [3, 0]),
        "test_batch.bin": batch(test, [1, 2]),
        "readme.html": b"",
    }
    listing, records = listed(write_files(tmp_path / "set", files))
    assert (listing.kind, listing.total, listing.label_sets) == ("cifar10", 5, {"label": CIFAR10_CLASSES})
    assert [(record.name, record.split, record.labels) for record in records] == [
        ("data_batch_1/0000", "train", (3,)),
        ("data_batch_1/0001", "train", (0,)),
        ("data_batch_2/0000", "train", (9,)),
        ("test_batch/0000", "test", (1,)),
        ("test_batch/0001", "test", (2,)),
    ]
    for record, image in zip(records, [*train, *test], strict=True):
        np.testing.assert_array_equal(pixels(record.image), image.transpose(1, 2, 0))
    wrapped = {f"cifar-10-batches-bin/{name}": content for name, content in files.items()}
    assert listed(write_tar(tmp_path / "cifar.tar.gz", wrapped))[1] == records


def test_class_names_of_its_own(tmp_path: Path) -> None:
    files = {"test_batch.bin": batch(planes(1), [1]), "batches.meta.txt": b"rock\npaper\n\n"}
    assert listed(write_files(tmp_path, files))[0].label_sets == {"label": ("rock", "paper")}


def test_cifar100_has_two_label_sets(tmp_path: Path) -> None:
    images = planes(2)
    files = {"train.bin": batch(images, [19, 0], [99, 7]), "test.bin": batch(images[:1], [4], [50])}
    listing, records = listed(write_files(tmp_path, files))
    assert listing.kind == "cifar100"
    assert listing.label_sets == {"label": CIFAR100_FINE, "coarse_label": CIFAR100_COARSE}
    assert [(record.name, record.split, record.labels) for record in records] == [
        ("train/0000", "train", (99, 19)),
        ("train/0001", "train", (7, 0)),
        ("test/0000", "test", (50, 4)),
    ]
    np.testing.assert_array_equal(pixels(records[1].image), images[1].transpose(1, 2, 0))


def test_standard_names_are_whole_and_sorted() -> None:
    for names, count in ((CIFAR10_CLASSES, 10), (CIFAR100_FINE, 100), (CIFAR100_COARSE, 20)):
        assert len(set(names)) == count
        assert list(names) == sorted(names)


def test_train_bin_alone_says_nothing(tmp_path: Path) -> None:
    assert "no images are recognised" in refusal(write_files(tmp_path, {"train.bin": b"tokens"}))


@pytest.mark.parametrize("extra", [b"", b"\0", bytes(3072)])
def test_truncated_files_are_named(tmp_path: Path, extra: bytes) -> None:
    good = batch(planes(1), [1])
    content = good + extra if extra else b""
    message = refusal(write_files(tmp_path, {"data_batch_1.bin": good, "data_batch_2.bin": content}))
    assert "truncated" in message
    assert "data_batch_2.bin" in message


def test_truncated_cifar100_is_named(tmp_path: Path) -> None:
    files = {"train.bin": bytes(3074 + 5), "fine_label_names.txt": b"a\nb\n"}
    assert "3,079 bytes are no whole number of 3074-byte records" in refusal(write_files(tmp_path, files))


def test_label_out_of_range_is_named(tmp_path: Path) -> None:
    path = write_files(tmp_path, {"data_batch_1.bin": batch(planes(3), [1, 9, 10])})
    message = refusal(path)
    assert "label 10 of record 2 is none of the 10 classes" in message
    assert "data_batch_1.bin" in message


def test_the_pickled_version_is_refused(tmp_path: Path) -> None:
    files = {"cifar-10-batches-py/data_batch_1": b"\x80\x02}q\x01.", "cifar-10-batches-py/batches.meta": b"\x80"}
    assert "fetch the binary version" in refusal(write_files(tmp_path, files)).lower()


def test_two_sets_in_one_folder_are_refused(tmp_path: Path) -> None:
    content = batch(planes(1), [1])
    assert "one in 'b'" in refusal(write_files(tmp_path, {"a/test_batch.bin": content, "b/test_batch.bin": content}))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_gives_records_or_a_user_error(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("cifar")
    content = bytearray(batch(planes(2), [1, 2]))
    content[data.draw(st.sampled_from([0, 3073, 100]))] = data.draw(st.integers(0, 255))
    length = data.draw(st.sampled_from([0, 1, 3072, 3073, 6145, 6146]))
    names = data.draw(st.one_of(st.just(b"a\nb\nc"), st.binary(max_size=20)))
    files = {"data_batch_1.bin": bytes(content[:length]), "batches.meta.txt": names}
    try:
        listing, records = listed(write_files(root, files))
    except UserError:
        return
    assert listing.total == len(records) == length // 3073
    assert all(0 <= record.labels[0] < len(listing.label_sets["label"]) for record in records)


def test_real_records() -> None:
    path = shared_data("cifar10", "lossless_first4000")
    raw = next(path.rglob("data_batch_1.bin")).read_bytes()
    with open_source(str(path), cache=path) as listing:
        assert (listing.kind, listing.total, listing.label_sets["label"]) == ("cifar10", 4000, CIFAR10_CLASSES)
        records = listing.records()
        for index in range(50):
            record = next(records)
            row = np.frombuffer(raw, np.uint8, 3073, index * 3073)
            assert record.labels == (row[0],)
            np.testing.assert_array_equal(pixels(record.image), row[1:].reshape(3, 32, 32).transpose(1, 2, 0))

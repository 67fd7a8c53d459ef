"""IDX, whole and damaged."""

import gzip
import io
import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from helpers import listed, shared_data, write_files, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.engine.data import tree as tree_module
from workbench.engine.data.importing import open_source
from workbench.engine.errors import UserError

ROWS, COLUMNS = 3, 5


def images(count: int, *, offset: int = 0) -> np.ndarray:
    return np.random.default_rng(offset).integers(0, 256, (count, ROWS, COLUMNS), dtype=np.uint8)


def image_file(array: np.ndarray) -> bytes:
    return struct.pack(">IIII", 0x803, *array.shape) + array.tobytes()


def label_file(labels: list[int]) -> bytes:
    return struct.pack(">II", 0x801, len(labels)) + bytes(labels)


def mnist(*, packed: bool = False) -> dict[str, bytes]:
    files = {
        "train-images-idx3-ubyte": image_file(images(3)),
        "train-labels-idx1-ubyte": label_file([2, 0, 7]),
        "t10k-images-idx3-ubyte": image_file(images(2, offset=1)),
        "t10k-labels-idx1-ubyte": label_file([1, 1]),
    }
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()} if packed else files


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        listed(path)
    return str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_names(tmp_path: Path, packed: bool) -> None:
    listing, records = listed(write_files(tmp_path / "digits", mnist(packed=packed)))
    assert (listing.kind, listing.name, listing.total, listing.notes) == ("idx", "digits", 5, ())
    assert listing.label_sets == {"label": tuple("01234567")}
    assert [(record.name, record.split, record.labels) for record in records] == [
        ("train/0000", "train", (2,)),
        ("train/0001", "train", (0,)),
        ("train/0002", "train", (7,)),
        ("t10k/0000", "test", (1,)),
        ("t10k/0001", "test", (1,)),
    ]
    for record, image in zip(records, [*images(3), *images(2, offset=1)], strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(record.image))), image)


def test_wrapped_in_an_archive(tmp_path: Path) -> None:
    wrapped = {f"MNIST/raw/{name}": content for name, content in mnist(packed=True).items()}
    assert listed(write_zip(tmp_path / "m.zip", wrapped))[1] == listed(write_files(tmp_path / "m", mnist()))[1]


@pytest.mark.parametrize(
    ("image_name", "label_name", "split", "item"),
    [
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte", "train", "train/0000"),
        ("emnist-abc-test-images-idx3-ubyte", "emnist-abc-test-labels-idx1-ubyte", "test", "emnist-abc-test/0000"),
        ("my_val_images.bin", "my_val_labels.bin", "validation", "my_val/0000"),
        ("shapes-images", "shapes-labels", "", "shapes/0000"),
    ],
)
def test_other_names(tmp_path: Path, image_name: str, label_name: str, split: str, item: str) -> None:
    files = {image_name: image_file(images(1)), label_name: label_file([0]), "notes-images.txt": b"about images"}
    _, [record] = listed(write_files(tmp_path, files))
    assert (record.split, record.name) == (split, item)


def test_packed_and_unpacked_twins_count_once(tmp_path: Path) -> None:
    listing, records = listed(write_files(tmp_path, mnist() | mnist(packed=True)))
    assert len(records) == 5
    assert "unpacked" in listing.notes[0]


def test_emnist_is_noted_as_transposed(tmp_path: Path) -> None:
    files = {f"emnist-digits-{name}": content for name, content in mnist().items() if name.startswith("train")}
    assert "transposed" in listed(write_files(tmp_path, files))[0].notes[0]


def test_two_sets_in_one_folder_are_refused(tmp_path: Path) -> None:
    files = {f"emnist-{kind}-{name}": content for kind in ("letters", "digits") for name, content in mnist().items()}
    assert "emnist-digits, emnist-letters" in refusal(write_files(tmp_path, files))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("train-images-idx3-ubyte", struct.pack(">IIII", 0x804, 3, 3, 5) + bytes(45), "starts with 0x00000804"),
        ("train-labels-idx1-ubyte", struct.pack(">II", 0x803, 3) + bytes(3), "8-bit IDX labels do"),
        ("train-images-idx3-ubyte", image_file(images(3))[:-1], "60 bytes and its header says 61"),
        ("train-images-idx3-ubyte", image_file(images(3)) + b"x", "62 bytes and its header says 61"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03\0\0", "truncated"),
        ("train-images-idx3-ubyte", b"", "truncated"),
        ("train-labels-idx1-ubyte", label_file([1, 2]), "3 images but 2 labels"),
        ("train-images-idx3-ubyte", struct.pack(">IIII", 0x803, *[0xFFFFFFFF] * 3), "claims to hold"),
        ("train-images-idx3-ubyte", struct.pack(">IIII", 0x803, 3, 0, 5), "cannot be 0 x 5"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    message = refusal(write_files(tmp_path, mnist() | {name: content}))
    assert says in message
    assert name in message


@pytest.mark.parametrize("part", ["images-idx3", "labels-idx1"])
def test_damaged_gzip_is_named(tmp_path: Path, part: str) -> None:
    files, name = mnist(packed=True), f"train-{part}-ubyte.gz"
    whole = files[name]
    checksum = bytearray(whole)
    checksum[-6] ^= 1
    longer = gzip.compress(gzip.decompress(whole) + b"x")
    shorter = gzip.compress(gzip.decompress(whole)[:-1])
    for content in (whole[:-10], whole[:15], b"no gzip", bytes(checksum), longer, shorter, whole + b"tail"):
        assert name in refusal(write_files(tmp_path, files | {name: content}))


def test_a_bomb_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "BOMB_BYTES", 1_000_000)
    content = gzip.compress(struct.pack(">IIII", 0x803, 1000, 1000, 1000) + bytes(1_000_000))
    files = mnist(packed=True) | {"train-images-idx3-ubyte.gz": content}
    assert "no image data does" in refusal(write_files(tmp_path, files))


def test_labels_may_not_be_missing(tmp_path: Path) -> None:
    files = mnist()
    del files["t10k-labels-idx1-ubyte"]
    assert "labels of these images are missing" in refusal(write_files(tmp_path, files))
    assert "t10k-images" in refusal(tmp_path / "t10k-images-idx3-ubyte")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_gives_records_or_a_user_error(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = mnist(packed=data.draw(st.booleans()))
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    # Twice as likely within the header as in the pixels, where nothing is left to be wrong.
    position = st.one_of(st.integers(0, 16), st.integers(0, 16), st.integers(0, len(content) - 1))
    for index, value in data.draw(st.lists(st.tuples(position, st.integers(0, 255)), max_size=4)):
        content[min(index, len(content) - 1)] = value
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    root = write_files(tmp_path_factory.mktemp("idx"), files | {name: bytes(content[:cut])})
    try:
        listing, records = listed(root)
    except UserError:
        return
    assert listing.total == len(records)
    assert all(0 <= record.labels[0] < len(listing.label_sets["label"]) for record in records)


def test_real_mnist() -> None:
    path = shared_data("mnist")
    raw = gzip.decompress((path / "train-images-idx3-ubyte.gz").read_bytes())
    with open_source(str(path), cache=path) as listing:
        assert (listing.kind, listing.total, listing.label_sets["label"]) == ("idx", 70_000, tuple("0123456789"))
        first = list(itertools.islice(listing.records(), 20))
    assert [record.labels[0] for record in first[:5]] == [5, 0, 4, 1, 9]
    for index, record in enumerate(first):
        expected = np.frombuffer(raw, np.uint8, 784, 16 + index * 784).reshape(28, 28)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(record.image))), expected)

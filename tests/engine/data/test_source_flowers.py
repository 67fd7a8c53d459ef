"""Flowers-102 as it is published: the true label files over stand-in photographs, and broken ones."""

import io
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import listed, shared_data, write_files, write_tar, write_zip
from PIL import Image
from scipy.io import savemat

from workbench.engine.data.importing import open_source
from workbench.engine.data.source import Listing
from workbench.engine.data.sources.flowers import read_mat
from workbench.engine.errors import UserError


def jpeg(number: int) -> bytes:
    """A tiny photograph that tells its number."""
    buffer = io.BytesIO()
    pixels = np.zeros((1, 1, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", comment=str(number).encode())
    return buffer.getvalue()


def mat(**variables: Any) -> bytes:
    buffer = io.BytesIO()
    compressed = variables.pop("compressed", True)
    savemat(buffer, {key: np.atleast_2d(value) for key, value in variables.items()}, do_compression=compressed)
    return buffer.getvalue()


LABELS = [2, 1, 3, 1, 2, 3]
SETS = {"trnid": [5, 1], "valid": [3], "tstid": [2, 4, 6]}


def small(**changes: bytes | None) -> dict[str, bytes]:
    """Six flowers of three kinds."""
    files = {f"jpg/image_{number:05d}.jpg": jpeg(number) for number in range(1, 7)}
    files |= {"imagelabels.mat": mat(labels=LABELS), "setid.mat": mat(**SETS)}
    files |= {name: content for name, content in changes.items() if content is not None}
    return {name: content for name, content in files.items() if changes.get(name, b"") is not None}


def refusal(target: Path) -> str:
    with pytest.raises(UserError) as caught:
        listed(target)
    return str(caught.value)


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published labels and a stand-in for each of the 8,189 photographs."""
    labels = shared_data("flowers102_labels")
    root = tmp_path_factory.mktemp("flowers") / "flowers"
    (root / "jpg").mkdir(parents=True)
    for number in range(1, 8190):
        (root / "jpg" / f"image_{number:05d}.jpg").write_bytes(b"\xff\xd8%d" % number)
    for file in labels.iterdir():
        (root / file.name).write_bytes(file.read_bytes())
    return root


@pytest.fixture(scope="module")
def opened(flowers: Path) -> tuple[Listing, list[Any]]:
    return listed(flowers)


def test_the_published_split(opened: tuple[Listing, list[Any]]) -> None:
    listing, records = opened
    assert (listing.kind, listing.total, len(records), listing.problems) == ("flowers102", 8189, 8189, ())
    assert Counter(record.split for record in records) == {"train": 1020, "validation": 1020, "test": 6149}
    # Nilsback and Zisserman: ten photographs a class for training and ten for validation, 40 to 258 in all.
    for split in ("train", "validation"):
        assert set(Counter(r.labels[0] for r in records if r.split == split).values()) == {10}
    counts = Counter(record.labels[0] for record in records)
    assert (len(counts), min(counts.values()), max(counts.values())) == (102, 40, 258)


def test_labels_and_names_are_those_of_the_files(opened: tuple[Listing, list[Any]]) -> None:
    """Against an independent reading, photograph by photograph."""
    from scipy.io import loadmat

    listing, records = opened
    labels = loadmat(shared_data("flowers102_labels", "imagelabels.mat"))["labels"][0]
    sets = loadmat(shared_data("flowers102_labels", "setid.mat"))
    names = json.loads(shared_data("flowers102_labels", "cat_to_name.json").read_text())
    split_of = {
        int(n): split
        for key, split in (("trnid", "train"), ("valid", "validation"), ("tstid", "test"))
        for n in sets[key][0]
    }
    for record in records:
        number = int(record.image[2:])
        assert record.name == f"image_{number:05d}.jpg"
        assert listing.label_sets["label"][record.labels[0]] == names[str(labels[number - 1])]
        assert record.split == split_of[number]


def test_without_names_the_classes_have_their_numbers(tmp_path: Path) -> None:
    listing, records = listed(write_files(tmp_path / "small", small()))
    assert listing.label_sets == {"label": ("1", "2", "3")}
    assert [record.labels[0] + 1 for record in records] == LABELS
    assert [record.split for record in records] == ["train", "test", "validation", "test", "train", "test"]
    assert [record.image for record in records] == [jpeg(number) for number in range(1, 7)]


def test_the_mat_files_may_lie_among_the_photographs_or_in_an_archive(tmp_path: Path) -> None:
    expected = listed(write_files(tmp_path / "a", small()))[1]
    moved = {name.removeprefix("jpg/"): content for name, content in small().items()}
    names = {"cat_to_name.json": json.dumps({"1": "rose", "2": "aster", "3": "lily"}).encode()}
    for target in (
        write_files(tmp_path / "b", moved),
        write_zip(tmp_path / "c.zip", {f"102flowers/{name}": content for name, content in small().items()}),
        write_tar(tmp_path / "d.tgz", small() | names),
    ):
        assert listed(target)[1] == expected
    assert listed(tmp_path / "d.tgz")[0].label_sets["label"] == ("rose", "aster", "lily")


def test_missing_extra_and_double_photographs_are_problems(tmp_path: Path) -> None:
    files = small(**{"jpg/image_00002.jpg": None, "jpg/image_00007.jpg": jpeg(7), "more/image_00003.jpg": jpeg(3)})
    listing, records = listed(write_files(tmp_path / "set", files))
    assert [record.name[6:11] for record in records] == ["00001", "00003", "00004", "00005", "00006"]
    assert Counter(problem.code for problem in listing.problems) == {
        "extra-image": 1,
        "listed-twice": 1,
        "missing-image": 1,
    }
    assert any("image_00007" in problem.where for problem in listing.problems)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"setid.mat": None}, "setid.mat is missing"),
        ({"imagelabels.mat": None}, "imagelabels.mat is missing"),
        ({"setid.mat": mat(**(SETS | {"valid": [7]}))}, "valid names photograph 7, and there are 6 labels"),
        ({"setid.mat": mat(**(SETS | {"valid": [0]}))}, "photograph 0"),
        ({"setid.mat": mat(**(SETS | {"valid": [5]}))}, "photograph 5 is in the published split twice"),
        ({"setid.mat": mat(trnid=[1])}, "no variable 'valid'"),
        ({"imagelabels.mat": mat(labels=[0, 1, 1, 1, 1, 1])}, "count from 1"),
        ({"imagelabels.mat": mat(labels=[1.5, 1, 1, 1, 1, 1])}, "fractions"),
        ({"imagelabels.mat": mat(labels=[1, np.nan, 1])}, "fractions"),
        ({"imagelabels.mat": mat(labels=[[1, 2], [3, 4]])}, "no list of numbers"),
        ({"imagelabels.mat": mat(labels="text")}, "no list of numbers"),
        ({"imagelabels.mat": mat(labels=[1 + 2j, 1])}, "no list of numbers"),
        ({"imagelabels.mat": mat(other=[1, 2])}, "no variable 'labels'"),
        ({"imagelabels.mat": b""}, "damaged"),
        ({"imagelabels.mat": b"text " * 100}, "damaged"),
        ({"imagelabels.mat": b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(500)}, "MATLAB 7.3"),
        ({"cat_to_name.json": b'{"1": "a"}'}, "class names"),
        ({"cat_to_name.json": b'{"1": "a", "2": "a", "3": "b"}'}, "same name"),
        ({"cat_to_name.json": b"["}, "class names"),
        ({f"jpg/image_{number:05d}.jpg": None for number in range(1, 7)}, "no photographs"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, bytes | None], says: str) -> None:
    assert says in refusal(write_files(tmp_path / "set", small(**changes)))


def test_a_variable_that_claims_to_be_huge_is_refused_unread() -> None:
    content = bytearray(mat(labels=np.arange(6, dtype=np.int32), compressed=False))
    place = content.index(np.array([1, 6], np.int32).tobytes())
    content[place : place + 8] = np.array([2**30, 6], np.int32).tobytes()
    with pytest.raises(UserError, match="the sizes of the variable 'labels' are wrong"):
        read_mat(bytes(content), keys=("labels",), where="x")


def test_a_bomb_is_refused() -> None:
    bomb = mat(labels=np.zeros(5_000_000), compressed=True)
    assert len(bomb) < 100_000
    with pytest.raises(UserError, match="too large"):
        read_mat(bomb, keys=("labels",), where="x")


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 100])
def test_what_scipy_writes_is_read(dtype: str, compressed: bool, count: int) -> None:
    values = np.arange(1, count + 1).astype(dtype)
    other = {"cells": np.array([["a", 1]], object), "text": "words", "s": {"x": 1}}
    buffer = io.BytesIO()
    savemat(buffer, {**other, "row": values[None], "column": values[:, None]}, do_compression=compressed)
    found = read_mat(buffer.getvalue(), keys=("row", "column"), where="x")
    assert {key: vector.tolist() for key, vector in found.items()} == dict.fromkeys(found, values.tolist())
    assert len(found) == 2


@pytest.mark.parametrize("compressed", [True, False])
def test_thousands_of_broken_files(compressed: bool) -> None:
    """Every outcome is an error or vectors; what is packed carries a checksum, so there they are right."""
    whole = mat(**SETS, compressed=compressed)
    expected = {key: list(values) for key, values in SETS.items()}
    chance = random.Random(5)
    refused = 0
    for number in range(3000):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 5))):
            # Mostly within the headers, where sizes and types are.
            place = chance.choice((chance.randrange(len(content)), chance.randrange(124, min(len(content), 260))))
            content[place] = chance.choice((0, 255, chance.randrange(256), content[place] ^ 1 << chance.randrange(8)))
        if number % 5 == 0:
            del content[chance.randrange(len(content)) :]
        elif number % 5 == 1:
            place = chance.randrange(124, len(content))
            content[place:place] = chance.randbytes(chance.choice((1, 4, 8)))
        try:
            found = read_mat(bytes(content), keys=tuple(SETS), where="file.mat")
        except UserError:
            refused += 1
            continue
        assert all(values.dtype == np.int64 and values.ndim == 1 for values in found.values())
        if compressed:
            assert {key: values.tolist() for key, values in found.items()} == expected
    assert refused > 1000


def test_both_protocols_can_be_had(flowers: Path, tmp_path: Path) -> None:
    with open_source(str(flowers), cache=tmp_path) as listing:
        names = {
            split: {r.name for r in listing.records() if r.split == split} for split in ("train", "validation", "test")
        }
    assert [len(names[split]) for split in names] == [1020, 1020, 6149]
    assert not names["train"] & names["test"]


def test_photographs_in_no_set_are_noted(tmp_path: Path) -> None:
    files = small(**{"setid.mat": mat(**(SETS | {"tstid": [2, 4]}))})
    listing, records = listed(write_files(tmp_path / "set", files))
    assert [record.name for record in records if not record.split] == ["image_00006.jpg"]
    assert listing.notes[1:] == ("1 photographs are in none of the published sets.",)

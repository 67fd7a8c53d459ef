"""Parquet and Arrow files and saved datasets: made by the libraries that own the formats, then broken."""

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import listed, png, write_files, write_tar, write_zip
from PIL import Image

from workbench.engine.data.source import SOURCES, Answer, Question
from workbench.engine.data.sources.hub import loaded_listing
from workbench.engine.data.tree import open_tree
from workbench.engine.errors import UserError


@pytest.fixture(autouse=True)
def _quiet() -> None:
    datasets.disable_progress_bars()


def cells(*numbers: int) -> list[dict[str, Any]]:
    return [{"bytes": png(number), "path": None} for number in numbers]


def mask(*values: int) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(np.array([values], np.uint8)).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": None}


PETS = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["wolf", "ant"])})


def pets(labels: list[int | None], *, first: int = 0) -> datasets.Dataset:
    images = cells(*range(first, first + len(labels)))
    return datasets.Dataset.from_dict({"image": images, "label": labels}, features=PETS)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def variants(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder, and archives of it."""
    yield folder
    yield write_zip(tmp_path / "a.zip", contents(folder))
    yield write_tar(tmp_path / "a.tgz", {f"set/{name}": content for name, content in contents(folder).items()})


def refusal(target: Path) -> str:
    with pytest.raises(UserError) as caught:
        listed(target)
    return str(caught.value)


def test_a_saved_dictionary_of_splits(tmp_path: Path) -> None:
    saved = datasets.DatasetDict({"train": pets([1, None, 0]), "test": pets([1], first=3)})
    saved.save_to_disk(str(tmp_path / "pets"))
    for target in variants(tmp_path / "pets", tmp_path):
        listing, records = listed(target)
        assert (listing.kind, listing.label_sets) == ("hugging-face", {"label": ("wolf", "ant")})
        assert [(r.name, r.split, r.labels, r.image) for r in records] == [
            ("train/0000", "train", (1,), png(0)),
            ("train/0001", "train", (-1,), png(1)),
            ("train/0002", "train", (0,), png(2)),
            ("test/0000", "test", (1,), png(3)),
        ]


def test_a_saved_selection_in_several_files(tmp_path: Path) -> None:
    pets([0, 1] * 10).select([5, 2, 7, 0]).save_to_disk(str(tmp_path / "pets"), num_shards=2)
    _, records = listed(tmp_path / "pets")
    assert [(record.image, record.labels) for record in records] == [
        (png(5), (1,)), (png(2), (0,)), (png(7), (1,)), (png(0), (0,)),
    ]  # fmt: skip


def test_parquet_as_the_hub_lays_it_out(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    for name, part in {
        "train-00000-of-00002": pets([1, 0]),
        "train-00001-of-00002": pets([0], first=2),
        "validation-00000-of-00001": pets([1], first=3),
    }.items():
        part.to_parquet(str(folder / f"{name}.parquet"))
    for target in variants(tmp_path / "set", tmp_path):
        listing, records = listed(target)
        assert (listing.kind, listing.total, listing.label_sets) == ("parquet", 4, {"label": ("wolf", "ant")})
        assert [(r.name, r.split, r.labels, r.image) for r in records] == [
            ("train/0000", "train", (1,), png(0)),
            ("train/0001", "train", (0,), png(1)),
            ("train/0002", "train", (0,), png(2)),
            ("validation/0000", "validation", (1,), png(3)),
        ]


@pytest.mark.parametrize(
    "image", [pa.binary(), pa.large_binary(), pa.struct([("bytes", pa.binary()), ("path", pa.string())])]
)
def test_one_parquet_file_of_any_program(tmp_path: Path, image: Any) -> None:
    images = cells(0, 1, 2) if pa.types.is_struct(image) else [png(0), png(1), png(2)]
    columns = {
        "img": pa.array(images, image),
        "species": pa.array(["wolf", None, "ant"]).dictionary_encode(),
        "split": pa.array(["train", "test", "other"]),
        "patient": pa.array([7, 8, 7]),
        "weight": pa.array([0.5, 1.0, 2.0]),
    }
    pq.write_table(pa.table(columns), tmp_path / "pets.parquet", row_group_size=2)
    listing, records = listed(tmp_path / "pets.parquet")
    assert listing.label_sets == {"species": ("ant", "wolf")}
    assert [(r.labels, r.split, r.group, r.image) for r in records] == [
        ((1,), "train", "7", png(0)),
        ((-1,), "test", "8", png(1)),
        ((0,), "", "7", png(2)),
    ]
    assert listing.notes == (
        "Columns taken: image from 'img', label from 'species', split from 'split', group from 'patient'. "
        "Left out: 'weight'.",
        "Split 'other' was kept as no split.",
    )


def test_numbers_with_gaps_are_labels_all_the_same(tmp_path: Path) -> None:
    table = pa.table({"image": pa.array([png(0), png(1)]), "label": pa.array([1.0, None])})
    pq.write_table(table, tmp_path / "x.parquet")
    assert [record.labels for record in listed(tmp_path / "x.parquet")[1]] == [(1,), (-1,)]


def test_parquet_beside_its_images(tmp_path: Path) -> None:
    table = pa.table({"path": ["images/1.png", "images/none.png", "images/0.png"], "label": ["b", "a", "a"]})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    files = {"items.parquet": sink.getvalue(), "images/0.png": png(0), "images/1.png": png(1)}
    for target in variants(write_files(tmp_path / "set", files), tmp_path):
        listing, records = listed(target)
        assert (listing.kind, listing.label_sets) == ("parquet", {"label": ("a", "b")})
        assert [(record.image, record.labels) for record in records] == [(png(1), (1,)), (png(0), (0,))]
        assert [problem.code for problem in listing.problems] == ["missing-image"]


@pytest.mark.parametrize("column", ["mask", "annotation", "label", "segmentation"])
def test_masks_beside_images(tmp_path: Path, column: str) -> None:
    features = datasets.Features({"image": datasets.Image(), column: datasets.Image()})
    columns = {"image": cells(0, 1), column: [mask(0, 2, 255), mask(1, 1, 0)]}
    part = datasets.Dataset.from_dict(columns, features=features)
    datasets.DatasetDict({"train": part}).save_to_disk(str(tmp_path / "set"))
    part.to_parquet(str(tmp_path / "set.parquet"))
    for listing, records in (
        listed(tmp_path / "set"),
        listed(tmp_path / "set.parquet"),
        ((hub := loaded_listing({"train": part}, name="set")), list(hub.records())),
    ):
        assert (listing.content, listing.label_sets, listing.total) == ("masks", {}, 2)
        assert listing.palette is not None
        assert (listing.palette.classes, listing.palette.coding) == (("0", "1", "2"), "index")
        assert len(set(listing.palette.colours)) == 3
        assert [record.mask for record in records] == [cell["bytes"] for cell in columns[column]]


def test_masks_in_colours_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(buffer, "PNG")
    features = datasets.Features({"image": datasets.Image(), "mask": datasets.Image()})
    columns = {"image": cells(0), "mask": [{"bytes": buffer.getvalue(), "path": None}]}
    with pytest.raises(UserError, match="in colours"):
        loaded_listing({"train": datasets.Dataset.from_dict(columns, features=features)}, name="set")


def test_questions(tmp_path: Path) -> None:
    answers = {"text": datasets.List(datasets.Value("string")), "answer_start": datasets.List(datasets.Value("int32"))}
    text = datasets.Value("string")
    features = datasets.Features({"id": text, "title": text, "context": text, "question": text, "answers": answers})
    columns = {
        "id": ["a", "b", "a", "d"],
        "title": ["T", "T", "U", "U"],
        "context": ["Ants nest."] * 3 + [None],
        "question": ["Who?", "Why?", "Again?", "None?"],
        "answers": [{"text": ["Ants"], "answer_start": [0]}] + [{"text": [], "answer_start": []}] * 3,
    }
    part = datasets.Dataset.from_dict(columns, features=features)
    datasets.DatasetDict({"validation": part}).save_to_disk(str(tmp_path / "set"))
    part.to_parquet(str(tmp_path / "dev-00000-of-00001.parquet"))
    expected = [
        Question("Ants nest.", "Who?", (Answer("Ants", 0),), "validation", "a", "T"),
        Question("Ants nest.", "Why?", (), "validation", "b", "T", impossible=True),
    ]
    for target in (tmp_path / "set", tmp_path / "dev-00000-of-00001.parquet"):
        listing, records = listed(target)
        assert (listing.content, listing.total, records) == ("questions", 2, expected)
        assert [problem.code for problem in listing.problems] == ["listed-twice", "not-a-question"]


def test_label_numbers_without_a_class_are_problems(tmp_path: Path) -> None:
    schema = pets([0]).features.arrow_schema
    table = pa.table(
        {"image": pa.array(cells(0, 1), schema.field("image").type), "label": pa.array([0, 9])}, schema=schema
    )
    pq.write_table(table, tmp_path / "x.parquet")
    listing, records = listed(tmp_path / "x.parquet")
    assert [record.image for record in records] == [png(0)]
    assert [problem.what for problem in listing.problems] == ["label '9' is none of the 2 classes"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("dataset_dict.json", b"{", "no JSON"),
        ("dataset_dict.json", b"[]", "no object"),
        ("dataset_dict.json", b'{"splits": []}', "names no splits"),
        ("dataset_dict.json", b'{"splits": ["../train"]}', "it is missing"),
        ("train/state.json", b'{"_data_files": [{"filename": "../../x.arrow"}]}', "is missing"),
        ("train/state.json", b'{"_data_files": 3}', "names no files"),
        ("train/data-00000-of-00001.arrow", b"text", "damaged"),
        ("train/data-00000-of-00001.arrow", b"", "damaged"),
    ],
)
def test_saved_datasets_that_are_broken(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    datasets.DatasetDict({"train": pets([0, 1])}).save_to_disk(str(tmp_path / "set"))
    (tmp_path / "set" / name).write_bytes(content)
    assert says in refusal(tmp_path / "set")


def test_nothing_is_ever_run_or_unpickled(tmp_path: Path) -> None:
    datasets.DatasetDict({"train": pets([0])}).save_to_disk(str(tmp_path / "set"))
    trap = b"raise SystemExit('this was run')"
    write_files(tmp_path / "set", {"set.py": trap, "train/x.pkl": b"cos\nabort\n(tR.", "dataset_infos.json": b"{}"})
    assert len(listed(tmp_path / "set")[1]) == 1


def test_parts_that_differ(tmp_path: Path) -> None:
    pets([0]).to_parquet(str(tmp_path / "train.parquet"))
    pets([0]).rename_column("label", "other").to_parquet(str(tmp_path / "test.parquet"))
    assert "its columns are not those of" in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "saved"])
def test_thousands_of_broken_files(tmp_path: Path, kind: str) -> None:
    """A label may change where its own byte is hit; nothing else gets through, and nothing brings the process down."""
    part = pets([1, 0, 1])
    folder = tmp_path / "set"
    if kind == "parquet":
        folder.mkdir()
        part.to_parquet(str(folder / "train.parquet"))
    else:
        part.save_to_disk(str(folder))
        if kind == "arrow":
            (folder / "dataset_info.json").unlink()
            (folder / "state.json").unlink()
    [target] = [path for path in folder.iterdir() if path.suffix in (".parquet", ".arrow")]
    whole, chance = target.read_bytes(), random.Random(6)
    refused = 0
    for number in range(1200):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 8))):
            content[chance.randrange(len(content))] = chance.choice((0, 255, chance.randrange(256)))
        if number % 6 == 0:
            del content[chance.randrange(len(content)) :]
        target.write_bytes(content)
        try:
            with open_tree(folder) as tree:
                format = SOURCES["hugging-face" if kind == "saved" else "parquet"]
                if not format.recognise(tree):
                    continue
                listing = format.open(tree)
                records = list(listing.records())
        except UserError:
            refused += 1
            continue
        assert len(records) == listing.total
        assert all(-1 <= r.labels[0] < len(next(iter(listing.label_sets.values()))) for r in records)
    assert refused > 100


def test_a_damaged_file_at_the_top_is_not_passed_over(tmp_path: Path) -> None:
    """The images that it names must not be labelled by their folder instead; one deep inside is no table of them."""
    images = {f"images/{number}.png": png(number) for number in range(3)}
    with pytest.raises(UserError, match="the file is damaged"):
        listed(write_files(tmp_path / "top", images | {"items.parquet": b"PAR1 and no more"}))
    assert listed(write_files(tmp_path / "deep", images | {"a/b/c.parquet": b"PAR1"}))[0].kind == "folder"

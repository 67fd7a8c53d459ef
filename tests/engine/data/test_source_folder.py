"""Folder per class, in all the layouts that people have."""

from pathlib import Path

import pytest
from helpers import listed, png, shared_data, write_files, write_tar, write_zip

from workbench.engine.data.sources import folder as folder_module
from workbench.engine.errors import UserError


def layout(tmp_path: Path, *names: str) -> list[tuple[str, str, str]]:
    """(name, split, class) of every record of a folder with these files."""
    root = write_files(tmp_path / "root", {name: png(number) for number, name in enumerate(names)})
    listing, records = listed(root)
    assert listing.kind == "folder"
    assert listing.total == len(records)
    classes = (*listing.label_sets["label"], "?")  # -1 is the last
    return [(record.name, record.split, classes[record.labels[0]]) for record in records]


def test_class_folders(tmp_path: Path) -> None:
    assert layout(tmp_path, "dog/1.png", "cat/2.PNG", "cat/more/3.jpeg") == [
        ("cat/2.PNG", "", "cat"),
        ("cat/more/3.jpeg", "", "cat"),
        ("dog/1.png", "", "dog"),
    ]


def test_splits_in_any_case_share_their_classes(tmp_path: Path) -> None:
    names = ("Train/b/1.png", "VAL/a/2.png", "valid/b/3.png", "validation/c/4.png", "test/a/5.png")
    assert layout(tmp_path, *names) == [
        ("Train/b/1.png", "train", "b"),
        ("VAL/a/2.png", "validation", "a"),
        ("test/a/5.png", "test", "a"),
        ("valid/b/3.png", "validation", "b"),
        ("validation/c/4.png", "validation", "c"),
    ]


def test_images_without_a_class_folder_are_unknown(tmp_path: Path) -> None:
    assert layout(tmp_path, "1.png", "2.png") == [("1.png", "", "?"), ("2.png", "", "?")]
    listing, _ = listed(tmp_path / "root")
    assert listing.notes == ("2 images lie in no class folder; their class is unknown.",)


def test_images_right_in_a_split_are_unknown(tmp_path: Path) -> None:
    assert layout(tmp_path, "train/a/1.png", "train/2.png", "3.png") == [
        ("3.png", "", "?"),
        ("train/2.png", "train", "?"),
        ("train/a/1.png", "train", "a"),
    ]


def test_every_mix_of_root_files_classes_and_splits(tmp_path: Path) -> None:
    """Files at the root and right in a split are unknown, beside classes and beside splits, in an archive too."""
    mixes = {
        ("1.png", "a/2.png"): [("1.png", "", None), ("a/2.png", "", "a")],
        ("1.png", "train/a/2.png", "train/3.png"): [
            ("1.png", "", None), ("train/3.png", "train", None), ("train/a/2.png", "train", "a"),
        ],
        ("train/1.png", "test/2.png"): [("test/2.png", "test", None), ("train/1.png", "train", None)],
        ("1.png", "unsplit/b/2.png", "val/a/3.png"): [
            ("1.png", "", None), ("unsplit/b/2.png", "", "b"), ("val/a/3.png", "validation", "a"),
        ],
    }  # fmt: skip
    for number, (names, expected) in enumerate(mixes.items()):
        files = {name: png(place) for place, name in enumerate(names)}
        for target in (
            write_files(tmp_path / f"{number}", files),
            write_tar(tmp_path / f"{number}.tar", files),
            write_zip(tmp_path / f"{number}.zip", files),
        ):
            listing, records = listed(target)
            classes = listing.label_sets["label"]
            assert [(r.name, r.split, classes[r.labels[0]] if r.labels[0] >= 0 else None) for r in records] == expected
            unknown = sum(name is None for _, _, name in expected)
            assert listing.notes == (f"{unknown} images lie in no class folder; their class is unknown.",) * bool(
                unknown
            )


def test_folders_that_wrap_everything_are_passed_over(tmp_path: Path) -> None:
    assert layout(tmp_path, "set/images/a/1.png", "set/images/b/2.png", "set/readme.txt") == [
        ("a/1.png", "", "a"),
        ("b/2.png", "", "b"),
    ]


def test_a_wrapped_split_is_found(tmp_path: Path) -> None:
    assert layout(tmp_path, "set/train/a/1.png") == [("train/a/1.png", "train", "a")]


def test_images_right_in_a_wrapper_are_unknown(tmp_path: Path) -> None:
    """As archives of a folder with unlabelled files at its root have them; no class is called after the wrapper."""
    assert layout(tmp_path / "classes", "set/1.png", "set/a/2.png", "set/b/3.png") == [
        ("1.png", "", "?"),
        ("a/2.png", "", "a"),
        ("b/3.png", "", "b"),
    ]
    assert layout(tmp_path / "splits", "x/set/1.png", "x/set/train/a/2.png") == [
        ("1.png", "", "?"),
        ("train/a/2.png", "train", "a"),
    ]


def test_a_single_class_is_no_wrapper(tmp_path: Path) -> None:
    assert layout(tmp_path, "cat/1.png", "cat/more/2.png") == [("cat/1.png", "", "cat"), ("cat/more/2.png", "", "cat")]


def test_train_may_be_a_class_of_vehicles(tmp_path: Path) -> None:
    assert layout(tmp_path, "bus/1.png", "train/2.png") == [("bus/1.png", "", "bus"), ("train/2.png", "", "train")]


def test_a_split_beside_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'train' holds folders like a split, but 'extra'"):
        layout(tmp_path, "train/a/1.png", "extra/2.png")


def test_other_files_are_counted(tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"a/1.png": png(1), "a/notes.txt": b"", "labels.csv": b"", ".hidden": b""})
    listing, records = listed(root)
    assert [record.image for record in records] == [png(1)]
    assert listing.notes == ("2 files that are no images were left out: a/notes.txt, labels.csv.",)


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "LARGEST_FILE", 10)
    with pytest.raises(UserError, match=r"larger than 1 GiB: .*1\.png"):
        layout(tmp_path, "a/1.png")


def test_an_archive_of_it(tmp_path: Path) -> None:
    files = {"root/test/b/1.png": png(1), "root/train/a/2.png": png(2)}
    listing, records = listed(write_tar(tmp_path / "pets.tgz", files))
    assert listing.name == "pets"
    assert [(record.name, record.split, record.image) for record in records] == [
        ("test/b/1.png", "test", png(1)),
        ("train/a/2.png", "train", png(2)),
    ]


def test_real_photographs() -> None:
    listing, records = listed(shared_data("hymenoptera"))
    assert listing.label_sets == {"label": ("ants", "bees")}
    assert [sum(record.split == split for record in records) for split in ("train", "validation")] == [244, 153]
    assert all(f"/{listing.label_sets['label'][record.labels[0]]}/" in record.name for record in records)
    assert all(record.image.startswith(b"\xff\xd8") for record in records)

"""Map files: every line is right, or an error names it."""

import random
import time
from pathlib import Path

import pytest
from helpers import listed, png, write_files, write_tar, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.data.source import SOURCES, Problem
from workbench.engine.data.tree import open_tree
from workbench.engine.errors import UserError

IMAGES = {f"images/{number}.png": png(number) for number in range(4)}


def write_map(tmp_path: Path, content: bytes, *, name: str = "pets_map.txt", **beside: bytes) -> Path:
    write_files(tmp_path, IMAGES | {f"{stem}.txt": names for stem, names in beside.items()} | {name: content})
    return tmp_path / name


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        listed(path)
    return str(caught.value)


def test_lines(tmp_path: Path) -> None:
    absolute = tmp_path / "images" / "2.png"
    path = write_map(tmp_path, f"images/1.png\t2\n\nimages/0.png\t-1\n  \n{absolute}\t0".encode())
    listing, records = listed(path)
    assert (listing.kind, listing.name, listing.total, listing.notes) == ("map", "pets_map", 3, ())
    assert listing.label_sets == {"label": ("0", "1", "2")}
    assert [(record.name, record.labels, record.split) for record in records] == [
        ("images/1.png", (2,), ""),
        ("images/0.png", (-1,), ""),
        (str(absolute), (0,), ""),
    ]
    assert [record.image for record in records] == [png(1), png(0), png(2)]


def test_byte_order_mark_and_windows_line_ends_are_noted(tmp_path: Path) -> None:
    listing, records = listed(write_map(tmp_path, b"\xef\xbb\xbfimages/1.png\t0\r\nimages/2.png\t1\r\n"))
    assert [record.name for record in records] == ["images/1.png", "images/2.png"]
    assert len(listing.notes) == 2
    assert [(problem.code, problem.severity) for problem in listing.problems] == [
        ("byte-order-mark", "info"),
        ("windows-line-ends", "info"),
    ]


def test_a_map_is_known_by_its_content_too(tmp_path: Path) -> None:
    assert listed(write_map(tmp_path, b"images/1.png\t0\n", name="list.lst"))[0].kind == "map"
    assert "no images are recognised" in refusal(write_map(tmp_path, b"images/1.png 0\n", name="other.lst"))


def test_all_unknown_means_no_classes(tmp_path: Path) -> None:
    assert listed(write_map(tmp_path, b"images/1.png\t-1\n"))[0].label_sets == {"label": ()}


@pytest.mark.parametrize("stem", ["classes", "pets_map.classes"])
def test_class_names_beside_the_map(tmp_path: Path, stem: str) -> None:
    path = write_map(tmp_path, b"images/1.png\t1\n", **{stem: b"sheep\r\nwolf\r\nbird\n\n"})
    assert listed(path)[0].label_sets == {"label": ("sheep", "wolf", "bird")}


def only_problem(path: Path) -> Problem:
    """The one error in a map of which the rest is listed."""
    listing, records = listed(path)
    assert listing.total == len(records) > 0
    [problem] = [problem for problem in listing.problems if problem.severity == "error"]
    return problem


def test_label_without_a_class_name(tmp_path: Path) -> None:
    classes = b"sheep\nwolf\nbird\n"
    path = write_map(tmp_path, b"images/1.png\t1\nimages/2.png\t3\n", classes=classes)
    assert only_problem(path) == Problem(
        code="label-range",
        what="label 3 has no name in classes.txt",
        where=f"{path}:2",
        remedy="name 4 classes there, or correct the label",
    )
    write_map(tmp_path, b"images/2.png\t3\n", classes=classes)
    assert refusal(path) == f"label 3 has no name in classes.txt: {path}:1. Name 4 classes there, or correct the label"


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (b"a\n\nb\n", "missing"),
        (b"a\na\n", "class 'a' is named in line 1 already"),
        (b"\xff\n", "UTF-8"),
        (b"\n", "no class names"),
    ],
)
def test_bad_class_names(tmp_path: Path, names: bytes, says: str) -> None:
    path = write_map(tmp_path, b"images/1.png\t0\n", classes=names)
    assert says in refusal(path)
    assert "classes.txt" in refusal(path)


@pytest.mark.parametrize("label", ["1.0", "one", "", "-2", "+1", "1_0", "0x1", "\u0663", "9" * 5000])
def test_labels_that_are_none(tmp_path: Path, label: str) -> None:
    path = write_map(tmp_path, f"images/0.png\t0\nimages/1.png\t{label}\n".encode())
    problem = only_problem(path)
    assert (problem.code, problem.where) == ("bad-label", f"{path}:2")
    assert "is no label" in problem.what
    assert len(problem.what) < 100
    message = refusal(write_map(tmp_path, f"\nimages/1.png\t{label}\n".encode()))
    assert f"is no label: {path}:2" in message


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (b"images/1.png\t100001", "label-range", "label 100001 is larger than 100000"),
        (b"images/1.png 1", "map-line", "not a path, a tab and a label"),
        (b"\t1", "map-line", "not a path, a tab and a label"),
        (b"images/none.png\t1", "missing-image", "no image file 'images/none.png'"),
        (b"images\t1", "missing-image", "no image file 'images'"),
        (b"images/\xff.png\t1", "not-utf8", "not UTF-8"),
        (b"images/\0.png\t1", "missing-image", "no image file"),
        (b"images/0.png\t1", "listed-twice", "the image of line 1 is listed again"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, line: bytes, code: str, says: str) -> None:
    path = write_map(tmp_path, b"images/0.png\t0\n\n" + line + b"\nimages/2.png\t1\n")
    problem = only_problem(path)
    assert (problem.code, problem.where) == (code, f"{path}:3")
    assert says in problem.what
    assert [record.name for record in listed(path)[1]] == ["images/0.png", "images/2.png"]


def test_an_image_that_vanishes_is_named(tmp_path: Path) -> None:
    from workbench.engine.data.importing import open_source

    path = write_map(tmp_path, b"images/1.png\t0\n")
    with open_source(str(path), cache=tmp_path) as listing:
        (tmp_path / "images" / "1.png").unlink()
        with pytest.raises(UserError, match=r"pets_map\.txt:1"):
            list(listing.records())


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.tuples(st.sampled_from(["images/0.png", "images/3.png", "x", "\u00e9"]), st.text(max_size=6)), max_size=5
        ).map(lambda pairs: "\n".join("\t".join(pair) for pair in pairs).encode("utf-8", "replace")),
    )
)
def test_any_text_gives_records_or_a_user_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    try:
        listing, records = listed(write_map(folder, content))
    except UserError:
        return
    assert listing.total == len(records)
    assert all(-1 <= record.labels[0] < len(listing.label_sets["label"]) for record in records)


MAPPED = {f"images/{number}.png": png(number) for number in range(4)} | {"classes.txt": b"sheep\nwolf\n"}


@pytest.mark.parametrize("wrap", ["", "set/"])
def test_a_map_in_an_archive(tmp_path: Path, wrap: str) -> None:
    files = MAPPED | {"map.txt": b"images/2.png\t1\nimages/0.png\t0\n", "readme.txt": b"see\tmap\n"}
    files = {f"{wrap}{name}": content for name, content in files.items()}
    for target in (write_zip(tmp_path / "a.zip", files), write_tar(tmp_path / "a.tgz", files)):
        listing, records = listed(target)
        assert (listing.kind, listing.label_sets["label"], listing.problems) == ("map", ("sheep", "wolf"), ())
        assert [(r.name, r.labels, r.split, r.image) for r in records] == [
            ("images/2.png", (1,), "", png(2)),
            ("images/0.png", (0,), "", png(0)),
        ]


@pytest.mark.parametrize("pattern", ["{}.txt", "{}_map.txt", "{}_img_map.txt"])
def test_a_map_for_each_split(tmp_path: Path, pattern: str) -> None:
    lines = {"test": b"images/2.png\t1\n", "train": b"images/0.png\t0\n", "val": b"images/1.png\t1\n"}
    maps = {pattern.format(split): line for split, line in lines.items()}
    listing, records = listed(write_files(tmp_path / "set", MAPPED | maps | {"all.txt": b"images/0.png\t0\n"}))
    assert listing.kind == "map"
    assert [(r.name, r.labels, r.split) for r in records] == [
        ("images/0.png", (0,), "train"),
        ("images/1.png", (1,), "validation"),
        ("images/2.png", (1,), "test"),
    ]


def test_an_image_in_two_maps_is_said(tmp_path: Path) -> None:
    maps = {"train.txt": b"images/0.png\t0\n", "test.txt": b"images/1.png\t1\nimages/0.png\t0\n"}
    root = write_files(tmp_path / "set", MAPPED | maps)
    problem = only_problem(root)
    assert (problem.code, problem.where) == ("listed-twice", f"{root / 'test.txt'}:2")
    assert f"line 1 of {root / 'train.txt'}" in problem.what


def test_paths_never_leave_an_archive(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(png(9))
    lines = f"images/0.png\t0\n{outside}\t0\n../outside.png\t0\nimages/../../outside.png\t0\nC:\\x.png\t0\n"
    listing, records = listed(write_zip(tmp_path / "a.zip", MAPPED | {"map.txt": lines.encode()}))
    assert [record.name for record in records] == ["images/0.png"]
    assert [problem.code for problem in listing.problems] == ["path-outside"] * 4


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": b"cats\t3\n"},  # of no image
        {"deep/map.txt": b"../images/0.png\t0\n"},  # not at the top
        {"list.txt": b"images/0.png\tcat\n"},  # no label
    ],
)
def test_text_files_that_are_no_maps(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert listed(write_files(tmp_path / "set", MAPPED | files))[0].kind == "folder"


def test_backslashes_of_windows(tmp_path: Path) -> None:
    _, records = listed(write_map(tmp_path, b"images\\1.png\t0\n"))
    assert [record.image for record in records] == [png(1)]


VALID = b"images/0.png\t0\nimages/1.png\t1\nimages/2.png\t2\nimages/3.png\t1\n"


def test_a_damaged_map_never_mislabels(tmp_path: Path) -> None:
    path, chance = write_map(tmp_path, VALID), random.Random(3)
    for _ in range(2000):
        damaged = bytearray(VALID)
        at, byte = chance.randrange(len(VALID)), chance.choice((0, 9, 10, 13, 28, 45, 48, 0xEF, chance.randrange(256)))
        how = chance.randrange(4)
        if how == 0:
            damaged[at] = byte
        elif how == 1:
            damaged.insert(at, byte)
        else:
            del damaged[at : at + 1 if how == 2 else None]
        path.write_bytes(damaged)
        try:
            with open_tree(path) as tree:
                listing = SOURCES["map"].open(tree)
                records = list(listing.records())
        except UserError:
            continue
        assert listing.total == len(records)
        pairs = {tuple(line.rpartition(b"\t")[::2]) for line in bytes(damaged).replace(b"\r", b"").split(b"\n")}
        said = {(path.removeprefix(b"\xef\xbb\xbf"), label.strip()) for path, label in pairs}
        for record in records:  # its label is the one on its line
            labels = {
                int(label) for path, label in said if path == record.name.encode() and label.lstrip(b"-").isdigit()
            }
            assert record.labels[0] in labels


@pytest.mark.parametrize("names", [("a.txt", "b.txt"), ("train.txt", "train_map.txt")])
def test_of_several_maps_none_is_guessed(tmp_path: Path, names: tuple[str, str]) -> None:
    """The images must not be taken for a folder per class instead, as which all would be labelled 'images'."""
    maps = dict.fromkeys(names, b"images/0.png\t0\n")
    with pytest.raises(UserError, match=rf"several map files here: .*{names[0]}, .*{names[1]}"):
        listed(write_files(tmp_path / "set", MAPPED | maps))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_map_in_utf_16_is_refused_and_not_passed_over(tmp_path: Path, encoding: str) -> None:
    content = ("\ufeff" if encoding == "utf-16-be" else "") + VALID.decode()
    folder = write_files(tmp_path / "set", MAPPED | {"map.txt": content.encode(encoding)})
    for target in (folder, folder / "map.txt"):
        with pytest.raises(UserError, match=r"the map file is UTF-16 text: .*map\.txt\. Save the file as UTF-8"):
            listed(target)


def test_a_map_with_no_line_in_utf_8_is_not_passed_over(tmp_path: Path) -> None:
    lines = "".join(f"images/\u00e4{number}.png\t1\n" for number in range(30)).encode("latin-1")
    with pytest.raises(UserError, match="the line is not UTF-8 text"):
        listed(write_files(tmp_path / "set", MAPPED | {"map.txt": lines}))


def test_very_many_class_names_take_no_time(tmp_path: Path) -> None:
    names = "".join(f"class {number}\n" for number in range(100_001)).encode()
    path = write_map(tmp_path, b"images/1.png\t100000\n", classes=names)
    started = time.process_time()
    assert listed(path)[0].label_sets["label"][-1] == "class 100000"
    assert time.process_time() - started < 5  # compared with one another, they took minutes
    (tmp_path / "classes.txt").write_bytes(names + b"one more\n")
    with pytest.raises(UserError, match="there are 100,002 class names, more than 100,001"):
        listed(path)

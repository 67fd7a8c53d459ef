"""Map files: every line is right, or an error names it."""

from pathlib import Path

import pytest
from helpers import listed, png, write_files
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_map_is_known_by_its_content_too(tmp_path: Path) -> None:
    assert listed(write_map(tmp_path, b"images/1.png\t0\n", name="list.lst"))[0].kind == "map"
    assert "no images are recognised" in refusal(write_map(tmp_path, b"images/1.png 0\n", name="other.lst"))


def test_all_unknown_means_no_classes(tmp_path: Path) -> None:
    assert listed(write_map(tmp_path, b"images/1.png\t-1\n"))[0].label_sets == {"label": ()}


@pytest.mark.parametrize("stem", ["classes", "pets_map.classes"])
def test_class_names_beside_the_map(tmp_path: Path, stem: str) -> None:
    path = write_map(tmp_path, b"images/1.png\t1\n", **{stem: b"sheep\r\nwolf\r\nbird\n\n"})
    assert listed(path)[0].label_sets == {"label": ("sheep", "wolf", "bird")}


def test_label_without_a_class_name(tmp_path: Path) -> None:
    path = write_map(tmp_path, b"images/1.png\t1\nimages/2.png\t3\n", classes=b"sheep\nwolf\nbird\n")
    assert refusal(path) == (
        f"label 3 has no name in classes.txt: {path}:2. Name 4 classes there, or correct the label"
    )


@pytest.mark.parametrize(
    ("names", "says"),
    [(b"a\n\nb\n", "missing"), (b"a\na\n", "twice"), (b"\xff\n", "UTF-8"), (b"\n", "no class names")],
)
def test_bad_class_names(tmp_path: Path, names: bytes, says: str) -> None:
    path = write_map(tmp_path, b"images/1.png\t0\n", classes=names)
    assert says in refusal(path)
    assert "classes.txt" in refusal(path)


@pytest.mark.parametrize("label", ["1.0", "one", "", "-2", "+1", "1_0", "0x1", "\u0663", "9" * 5000])
def test_labels_that_are_none(tmp_path: Path, label: str) -> None:
    path = write_map(tmp_path, f"images/0.png\t0\nimages/1.png\t{label}\n".encode())
    message = refusal(path)
    assert f"{path}:2" in message
    assert "is no label" in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"images/1.png\t100001", "label 100001 is larger than 100000"),
        (b"images/1.png 1", "not a path, a tab and a label"),
        (b"\t1", "not a path, a tab and a label"),
        (b"images/none.png\t1", "no image file 'images/none.png'"),
        (b"images\t1", "no image file 'images'"),
        (b"images/\xff.png\t1", "not UTF-8"),
        (b"images/\0.png\t1", "no image file"),
        (b"images/0.png\t1", "the image of line 1 is listed again"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, line: bytes, says: str) -> None:
    path = write_map(tmp_path, b"images/0.png\t0\n\n" + line + b"\n")
    assert says in refusal(path)
    assert f"{path}:3" in refusal(path)


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

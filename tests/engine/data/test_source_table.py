"""CSV and TSV tables: what people's spreadsheets and scripts write, and every way in which it goes wrong."""

import contextlib
import random
from pathlib import Path

import pytest
from helpers import listed, png, write_files, write_tar, write_zip

from workbench.engine.data.importing import signature
from workbench.engine.data.source import SOURCES, UNKNOWN, Listing, Record
from workbench.engine.data.sources.columns import Kind, to_labels
from workbench.engine.data.tree import open_tree
from workbench.engine.errors import UserError

IMAGES = {f"images/{number}.png": png(number) for number in range(4)}


def table(tmp_path: Path, content: str | bytes, *, name: str = "items.csv", **beside: bytes) -> Path:
    """A lone table beside its images."""
    content = content.encode() if isinstance(content, str) else content
    write_files(tmp_path, IMAGES | {f"{stem}.txt": names for stem, names in beside.items()} | {name: content})
    return tmp_path / name


def said(listing: Listing, records: list[Record]) -> list[tuple[str, str | None, str]]:
    """(name, class, split) of every record."""
    classes = next(iter(listing.label_sets.values()))
    return [(r.name, classes[r.labels[0]] if r.labels[0] >= 0 else None, r.split) for r in records]


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        listed(path)
    return str(caught.value)


def only_problem(path: Path, code: str, where: str) -> str:
    """What the one problem of a table says, of which the rest is listed."""
    listing, records = listed(path)
    assert len(records) == listing.total > 0
    [problem] = listing.problems
    assert (problem.code, problem.where) == (code, where)
    return problem.what


def test_text_labels_are_sorted(tmp_path: Path) -> None:
    content = (
        "filename,species,split,patient\nimages/1.png,wolf,train,p1\nimages/0.png,ant,val,p2\nimages/2.png,,TEST,p1\n"
    )
    listing, records = listed(table(tmp_path, content))
    assert (listing.kind, listing.name, listing.total, listing.problems) == ("table", "items", 3, ())
    assert listing.label_sets == {"species": ("ant", "wolf")}
    assert said(listing, records) == [
        ("images/1.png", "wolf", "train"), ("images/0.png", "ant", "validation"), ("images/2.png", None, "test"),
    ]  # fmt: skip
    assert [record.group for record in records] == ["p1", "p2", "p1"]
    assert [record.image for record in records] == [png(1), png(0), png(2)]


def test_the_note_says_what_was_taken_for_what(tmp_path: Path) -> None:
    listing, _ = listed(table(tmp_path, "img,label,width,split\nimages/0.png,1,4,train\nimages/1.png,0,4,test\n"))
    assert (
        listing.notes[0]
        == "Columns taken: image from 'img', label from 'label', split from 'split'. Left out: 'width'."
    )


def test_whole_numbers_are_labels(tmp_path: Path) -> None:
    listing, records = listed(table(tmp_path, "path,label\nimages/0.png,2\nimages/1.png,-1\nimages/2.png,0\n"))
    assert listing.label_sets == {"label": ("0", "1", "2")}
    assert [record.labels for record in records] == [(2,), (-1,), (0,)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_and_byte_order_marks(tmp_path: Path, delimiter: str, line_end: str, mark: bytes) -> None:
    rows = [["file", "label", "remark"], ["images/0.png", "ant", '"a, b; c"'], ["images/1.png", "wolf", '"say ""x"""']]
    content = line_end.join(delimiter.join(row) for row in rows) + line_end
    listing, records = listed(table(tmp_path, mark + content.encode(), name="t.tsv" if delimiter == "\t" else "t.csv"))
    assert said(listing, records) == [("images/0.png", "ant", ""), ("images/1.png", "wolf", "")]
    assert listing.problems == ()


def test_columns_are_found_by_what_they_hold(tmp_path: Path) -> None:
    content = "a,b,c\nx,images/0.png,one\ny,images/1.png,one\nz,images/2.png,two\nw,images/3.png,two\n"
    listing, records = listed(table(tmp_path, content))
    assert said(listing, records) == [
        ("images/0.png", "one", ""), ("images/1.png", "one", ""),
        ("images/2.png", "two", ""), ("images/3.png", "two", ""),
    ]  # fmt: skip
    assert list(listing.label_sets) == ["c"]


def test_a_table_without_column_names(tmp_path: Path) -> None:
    listing, records = listed(
        table(tmp_path, "images/0.png,ant\nimages/1.png,wolf\nimages/2.png,wolf\nimages/3.png,ant\n")
    )
    assert [name for _, name, _ in said(listing, records)] == ["ant", "wolf", "wolf", "ant"]
    assert any("no line of column names" in note for note in listing.notes)


def test_paths_alone(tmp_path: Path) -> None:
    listing, records = listed(table(tmp_path, "path\nimages/0.png\nimages/1.png\n"))
    assert said(listing, records) == [("images/0.png", None, ""), ("images/1.png", None, "")]
    assert any("no label column" in note for note in listing.notes)


def test_classes_beside_the_table_keep_their_order(tmp_path: Path) -> None:
    path = table(
        tmp_path, "path,label\nimages/0.png,7\nimages/1.png,10\nimages/2.png,x\n", **{"label.classes": b"10\n7\n"}
    )
    assert "'x' is none of the 2 classes" in only_problem(path, "label-range", f"{path}:4")
    assert [record.labels for record in listed(path)[1]] == [(1,), (0,)]


def test_names_that_do_not_differ_are_not_used(tmp_path: Path) -> None:
    _, records = listed(table(tmp_path, "path,label,name\nimages/0.png,0,x\nimages/1.png,1,y\n"))
    assert [record.name for record in records] == ["x", "y"]
    _, records = listed(table(tmp_path, "path,label,name\nimages/0.png,0,x\nimages/1.png,1,x\n"))
    assert [record.name for record in records] == ["images/0.png", "images/1.png"]


def test_ids_without_a_suffix(tmp_path: Path) -> None:
    root = write_files(tmp_path / "set", IMAGES | {"labels.csv": b"id,breed\n0,pug\n1,husky\n3,pug\n"})
    listing, records = listed(root)
    assert [(record.image, record.labels) for record in records] == [(png(0), (1,)), (png(1), (0,)), (png(3), (1,))]
    assert listing.kind == "table"


@pytest.mark.parametrize("wrap", ["", "set/"])
def test_in_an_archive(tmp_path: Path, wrap: str) -> None:
    files = {
        f"{wrap}{k}": v for k, v in (IMAGES | {"items.csv": b"path,label\nimages/3.png,b\nimages/0.png,a\n"}).items()
    }
    for target in (write_zip(tmp_path / "a.zip", files), write_tar(tmp_path / "a.tar.gz", files)):
        listing, records = listed(target)
        assert (listing.kind, said(listing, records)) == (
            "table",
            [("images/3.png", "b", ""), ("images/0.png", "a", "")],
        )
        assert [record.image for record in records] == [png(3), png(0)]


def test_a_table_for_each_split(tmp_path: Path) -> None:
    files = {"test.csv": b"path,label\nimages/0.png,b\n", "train.csv": b"path,label\nimages/1.png,a\nimages/2.png,b\n"}
    listing, records = listed(write_files(tmp_path / "set", IMAGES | files))
    assert said(listing, records) == [
        ("images/1.png", "a", "train"), ("images/2.png", "b", "train"), ("images/0.png", "b", "test"),
    ]  # fmt: skip
    write_files(tmp_path / "set", {"test.csv": b"file,label\nimages/0.png,b\n"})
    assert "its columns are not those of" in refusal(tmp_path / "set")


@pytest.mark.parametrize("content", [b"", b"1,2", b"name,value\na,1\n", b"path,label\nnone.png,1\n", bytes(100)])
def test_other_tables_do_not_hide_a_folder(tmp_path: Path, content: bytes) -> None:
    assert listed(write_files(tmp_path / "set", {"a/1.png": png(1), "results.csv": content}))[0].kind == "folder"


def test_paths_never_leave_an_archive(tmp_path: Path) -> None:
    (tmp_path / "out.png").write_bytes(png(9))
    content = f"path,label\nimages/0.png,a\n../out.png,a\n{tmp_path}/out.png,a\nC:\\out.png,a\n"
    listing, records = listed(write_zip(tmp_path / "a.zip", IMAGES | {"t.csv": content.encode()}))
    assert [record.name for record in records] == ["images/0.png"]
    assert [problem.code for problem in listing.problems] == ["path-outside"] * 3


def test_paths_on_the_disk_may_be_anywhere(tmp_path: Path) -> None:
    (tmp_path / "out.png").write_bytes(png(9))
    path = table(tmp_path / "in", f"path,label\n../out.png,a\n{tmp_path}/in/images/1.png,b\n")
    assert [record.image for record in listed(path)[1]] == [png(9), png(1)]


HEAD = "path,label\nimages/0.png,a\n"


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (b"images/1.png", "ragged-row", "1 fields and the table 2 columns"),
        (b"images/1.png,a,b", "ragged-row", "3 fields"),
        (b"images/none.png,a", "missing-image", "'images/none.png'"),
        (b",a", "missing-image", "names no image"),
        (b"images/0.png,b", "listed-twice", "listed again"),
        (b"images/\xff.png,b", "not-utf8", "not UTF-8"),
        (b'images/1.png,"a\nimages/2.png,b"', "table-line", "runs over the end"),
        (b'images/1.png,"a"b', "table-line", "no row of a table"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, line: bytes, code: str, says: str) -> None:
    path = table(tmp_path, HEAD.encode() + line + b"\nimages/3.png,b\n")
    assert says in only_problem(path, code, f"{path}:3")
    assert [record.name for record in listed(path)[1]] == ["images/0.png", "images/3.png"]


def test_labels_out_of_range(tmp_path: Path) -> None:
    path = table(tmp_path, "path,label\nimages/0.png,0\nimages/1.png,100001\nimages/2.png,1\n")
    assert "label 100001 is no label" in only_problem(path, "label-range", f"{path}:3")
    assert "no labels (-7 to -7)" in refusal(table(tmp_path, "path,label\nimages/0.png,-7\n"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no images are recognised"),
        (b"a,b\n1,2\n", "no images are recognised"),
        (b"path,label\nnone.png,1\n", "no image file 'none.png'"),
        ("path,label\nimages/0.png,é\n".encode("utf-16"), "UTF-16"),
        (b'path,label\n"images/0.png', "mend its quotes"),
    ],
)
def test_tables_of_which_nothing_can_be_read(tmp_path: Path, content: bytes, says: str) -> None:
    assert says in refusal(table(tmp_path, content)).replace("Mend", "mend")


def test_the_signature_covers_the_listed_images(tmp_path: Path) -> None:
    for name, content in (("items.csv", "path,label\nimages/0.png,a\n"), ("map.txt", "images/0.png\t0\n")):
        path = table(tmp_path, content, name=name)
        seen = {signature(str(path))}
        assert signature(str(path)) in seen
        write_files(tmp_path, {"images/1.png": b"not listed"})
        assert signature(str(path)) in seen
        write_files(tmp_path, {"images/0.png": png(7, side=9)})
        seen.add(signature(str(path)))
        (tmp_path / "images" / "0.png").unlink()
        seen.add(signature(str(path)))
        assert len(seen) == 3


def test_thousands_of_broken_tables_never_mislabel(tmp_path: Path) -> None:
    valid = b'path,label,split\nimages/0.png,ant,train\nimages/1.png,"wolf",test\n'
    valid += b"images/2.png,ant,\nimages/3.png,wolf,train\n"
    truth = {"images/0.png": "ant", "images/1.png": "wolf", "images/2.png": "ant", "images/3.png": "wolf"}
    path, chance = table(tmp_path, valid), random.Random(4)
    listings = 0
    for _ in range(1200):
        content, at = bytearray(valid), chance.randrange(len(valid))
        byte = chance.choice((0, 9, 10, 13, 34, 44, 59, 0xEF, 0xFF, chance.randrange(256)))
        how = chance.randrange(4)
        if how == 0:
            content[at] = byte
        elif how == 1:
            content.insert(at, byte)
        elif how == 2:
            del content[at : at + chance.choice((1, 1, 30))]
        else:
            del content[at:]
        path.write_bytes(content)
        try:
            with open_tree(path) as tree:
                if not SOURCES["table"].recognise(tree):
                    continue
                listing = SOURCES["table"].open(tree)
                records = list(listing.records())
        except UserError:
            continue
        listings += 1
        assert listing.total == len(records)
        if list(listing.label_sets) != ["label"] or b"label" not in content:
            continue
        lines = bytes(content).decode("utf-8", "replace").splitlines()
        for name, label, _ in said(listing, records):
            # Its class is its own, or what the damaged line itself now says.
            assert label in (truth.get(name), None) or any(name in line and label in line for line in lines)
    assert listings > 500


def test_a_table_in_utf_16_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    """The images beside it must not be taken for a folder per class instead."""
    path = table(tmp_path, "path,label\nimages/0.png,a\n".encode("utf-16"))
    for target in (path, path.parent):
        assert refusal(target) == f"the table is UTF-16 text: {path}. Save the file as UTF-8"


def test_class_names_may_be_empty_or_have_outer_spaces() -> None:
    """In tables that tell an empty name from none."""
    kind = Kind("text", ("", " wide ", "wide"))
    found = to_labels(["", None, " wide ", "wide", "wide ", "odd"], kind=kind, column="c", where="t")
    assert found == (kind.classes, [0, UNKNOWN, 1, 2, 2, UNKNOWN], {5: "c 'odd' is none of the 3 classes"})


def test_a_null_character_breaks_its_line_alone(tmp_path: Path) -> None:
    table(tmp_path, "path,label\nimages/0.png,a\0b\nimages/1.png,b\n")
    listing, records = listed(tmp_path)
    assert [(problem.code, problem.where.rpartition(":")[2]) for problem in listing.problems] == [("table-line", "2")]
    assert said(listing, records) == [("images/1.png", "b", "")]


@pytest.mark.parametrize("header", ["path(label", "path,label,more", '"path,label', "pa\udc97th"])
def test_a_broken_header_is_said_and_the_table_not_passed_over(tmp_path: Path, header: str) -> None:
    """The images must not be labelled by their folder instead."""
    rows = "".join(f"images/{number}.png,{'ab'[number % 2]}\n" for number in range(4))
    table(tmp_path, f"{header}\n{rows}".encode("utf-8", "surrogateescape"))
    with contextlib.suppress(UserError):
        listing, _ = listed(tmp_path)
        assert listing.kind == "table"
        assert listing.problems

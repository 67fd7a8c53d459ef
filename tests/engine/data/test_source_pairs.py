"""Images with masks: the layouts people use, what the masks mean, and what is told where something is wrong."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers import png, shared_data, write_files, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.engine.data.masks import STRAY, decode_mask
from workbench.engine.data.source import Listing, Record
from workbench.engine.data.sources import pairs as pairs_module
from workbench.engine.data.sources.class_dict import parse_class_dict
from workbench.engine.data.sources.pairing import may_hold_masks, pair_up
from workbench.engine.data.sources.pairs import open_pairs, recognise
from workbench.engine.data.tree import open_tree
from workbench.engine.errors import UserError

CLASSES = b"name,r,g,b\nroad,1,2,3\nwater,4,5,6\n"
DEEPGLOBE = (
    b"name,r,g,b\nurban_land,0,255,255\nagriculture_land,255,255,0\nrangeland,255,0,255\nforest_land,0,255,0\n"
    b"water,0,0,255\nbarren_land,255,255,255\nunknown,0,0,0\n"
)


def saved(array: object, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.array(array, np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


MASK = saved(np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[np.indices((4, 4)).sum(axis=0) % 2])
PHOTO = saved(np.random.default_rng(0).integers(0, 256, (24, 24, 3)), "JPEG")


def opened(root: Path) -> tuple[Listing, list[Record]]:
    with open_tree(root) as tree:
        assert recognise(tree)
        listing = open_pairs(tree)
        records = list(listing.records())
    assert listing.content == "masks"
    assert listing.label_sets == {}
    assert listing.total == len(records)
    assert len({record.name for record in records}) == len(records)
    return listing, records


def laid_out(root: Path, *names: str, **more: bytes) -> list[tuple[str, str, str]]:
    """Name, split and group of each item; images and masks are told apart by the mask's content."""
    files = {name: MASK if "mask" in name or "label" in name else png(1) for name in names}
    files |= {"class_dict.csv": CLASSES}
    _, records = opened(write_files(root / "set", files))
    assert all(record.mask == MASK and record.image == png(1) for record in records)
    return [(record.name, record.split, record.group) for record in records]


def refusal(root: Path) -> str:
    with open_tree(root) as tree, pytest.raises(UserError) as caught:
        open_pairs(tree)
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "items"),
    [
        (["train/7_sat.jpg", "train/7_mask.png"], [("train/7_sat.jpg", "train", "")]),
        (["7_sat.jpg", "7_mask.png", "8_sat.jpg", "8_mask.png"], [("7_sat.jpg", "", ""), ("8_sat.jpg", "", "")]),
        (["x.jpg", "x_mask.png"], [("x.jpg", "", "")]),
        (["images/x.jpg", "masks/x.png"], [("x.jpg", "", "")]),
        (["image/x.jpg", "mask/x.gif"], [("x.jpg", "", "")]),
        (["img/x.jpg", "labels/x_label.png"], [("x.jpg", "", "")]),
        (["set/data/images/x.jpg", "set/data/masks/x_mask.png"], [("x.jpg", "", "")]),
        (["train/images/x.jpg", "train/masks/x.png"], [("train/x.jpg", "train", "")]),
        (["images/valid/x.jpg", "masks/valid/x.png"], [("valid/x.jpg", "validation", "")]),
        (["test_images/x.jpg", "test_masks/x.png"], [("test/x.jpg", "test", "")]),
        (["train/x.jpg", "train_masks/x_mask.png"], [("train/x.jpg", "train", "")]),
        (["images/a/x.jpg", "masks/a/x.png", "images/b/x.jpg", "masks/b/x.png"],
         [("a/x.jpg", "", "a"), ("b/x.jpg", "", "b")]),
        (["images/train/a/x.jpg", "masks/train/a/x.png"], [("train/a/x.jpg", "train", "a")]),
        (["Tile 1/images/x.jpg", "Tile 1/masks/x.png", "Tile 2/images/x.jpg", "Tile 2/masks/x.png"],
         [("Tile 1/x.jpg", "", "Tile 1"), ("Tile 2/x.jpg", "", "Tile 2")]),
        (["leftImg8bit/val/u/u_0_leftImg8bit.png", "labels/val/u/u_0_gtFine_labelIds.png",
          "labels/val/u/u_0_gtFine_color.png"], [("val/u/u_0_leftImg8bit.png", "validation", "u")]),
        (["images/x.jpg", "images/x_masked.jpg", "masks/x.png", "masks/x_masked.png"],
         [("x.jpg", "", ""), ("x_masked.jpg", "", "")]),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) else "",
)  # fmt: skip
def test_layouts(tmp_path: Path, names: list[str], items: list[tuple[str, str, str]]) -> None:
    if names[-1] == "masks/x_masked.png":
        files = {name: MASK if name.startswith("masks") else png(1) for name in names}
        _, records = opened(write_files(tmp_path / "set", {**files, "class_dict.csv": CLASSES}))
        assert [(record.name, record.split, record.group) for record in records] == items
        return
    assert laid_out(tmp_path, *names) == items


def test_an_archive_of_it(tmp_path: Path) -> None:
    files = {"set/train/7_sat.jpg": png(1), "set/train/7_mask.png": MASK, "set/class_dict.csv": CLASSES}
    listing, records = opened(write_zip(tmp_path / "set.zip", files))
    assert [(record.name, record.split) for record in records] == [("train/7_sat.jpg", "train")]
    assert listing.palette.classes == ("road", "water")


def test_what_lacks_its_other_half_is_told(tmp_path: Path) -> None:
    files = {f"images/{n}.jpg": png(n) for n in (1, 2)} | {f"masks/{n}.png": MASK for n in (1, 3)}
    listing, records = opened(write_files(tmp_path / "set", {**files, "class_dict.csv": CLASSES}))
    assert [record.name for record in records] == ["1.jpg"]
    told = {(problem.code, Path(problem.where).name, problem.severity) for problem in listing.problems}
    assert told == {("missing-mask", "2.jpg", "warning"), ("missing-image", "3.png", "warning")}


def test_a_folder_without_any_mask_is_a_note(tmp_path: Path) -> None:
    files = {"train/1_sat.jpg": png(1), "train/1_mask.png": MASK, "valid/2_sat.jpg": png(2), "valid/3_sat.jpg": png(3)}
    listing, records = opened(write_files(tmp_path / "set", {**files, "class_dict.csv": CLASSES}))
    assert len(records) == 1
    assert listing.problems == ()
    assert listing.notes == ("2 images in 'valid' have no masks and were left out.",)


def test_what_fits_twice_is_left_out(tmp_path: Path) -> None:
    files = {f"images/{name}": png(1) for name in ("1.jpg", "2.jpg", "3.jpg", "3.png")}
    files |= {f"masks/{name}": MASK for name in ("1.png", "2.png", "2.bmp", "3.png")}
    listing, records = opened(write_files(tmp_path / "set", {**files, "class_dict.csv": CLASSES}))
    assert [record.name for record in records] == ["1.jpg"]
    told = sorted((problem.code, Path(problem.where).name) for problem in listing.problems)
    assert told == [("ambiguous-image", "3.jpg"), ("ambiguous-image", "3.png"), ("ambiguous-mask", "2.jpg")]


def test_nothing_pairs(tmp_path: Path) -> None:
    root = write_files(tmp_path / "set", {"images/1.jpg": png(1), "masks/2.png": MASK, "class_dict.csv": CLASSES})
    assert "no image has a mask here" in refusal(root)


@pytest.mark.parametrize(
    "files",
    [
        {"cat/1.jpg": PHOTO, "dog/1.jpg": PHOTO},
        {"images/cat/1.jpg": PHOTO, "images/dog/1.jpg": PHOTO},
        {"mask/1.jpg": PHOTO, "no_mask/1.jpg": PHOTO},
        {"mask/1.jpg": PHOTO, "mask/2.jpg": PHOTO, "image/1.jpg": PHOTO, "image/2.jpg": PHOTO},
        {"train/image/1.jpg": PHOTO, "train/label/1.jpg": PHOTO},
        {"masks/1.png": MASK, "hats/1.png": MASK},
        {"images/1.jpg": PHOTO, "masks/1.png": png(1, side=9)},
        {"images/1.jpg": PHOTO, "masks/1.png": b"broken"},
        {"7.jpg": PHOTO},
        {},
    ],
    ids=lambda files: " ".join(files),
)
def test_folders_of_classes_are_no_pairs(tmp_path: Path, files: dict[str, bytes]) -> None:
    with open_tree(write_files(tmp_path / "set", files)) as tree:
        assert not recognise(tree)


def test_many_files_are_told_apart_soon() -> None:
    classes = [f"class {n % 90}/{n}.jpg" for n in range(20_000)]
    assert not may_hold_masks(classes)
    paired = pair_up(sorted(f"{kind}/{n}.png" for n in range(5000) for kind in ("images", "masks")))
    assert len(paired.pairs) == 5000
    assert paired.problems == ()


def test_class_lists_must_agree(tmp_path: Path) -> None:
    files = {f"{part}/{name}": MASK for part in "ab" for name in ("images/1.png", "masks/1.png")}
    files |= {"a/class_dict.csv": CLASSES, "b/class_dict.csv": CLASSES.replace(b"\n", b"\r\n")}
    _, records = opened(write_files(tmp_path / "set", files))
    assert [(record.name, record.group) for record in records] == [("a/1.png", "a"), ("b/1.png", "b")]
    (tmp_path / "set/b/class_dict.csv").write_bytes(CLASSES.replace(b"4,5,6", b"4,5,7"))
    assert "not the same as a/class_dict.csv" in refusal(tmp_path / "set")


def test_deepglobe_is_rounded(tmp_path: Path) -> None:
    off = saved([[(3, 250, 251), (0, 255, 0)], [(0, 0, 0), (127, 127, 128)]])
    files = {"train/1_sat.jpg": png(1), "train/1_mask.png": off, "class_dict.csv": DEEPGLOBE}
    listing, _ = opened(write_files(tmp_path / "set", files))
    assert listing.palette.coding == "threshold"
    assert decode_mask(off, listing.palette, where="it").tolist() == [[0, 3], [6, 4]]
    assert "DeepGlobe" in listing.notes[0]


@pytest.mark.parametrize(
    ("pixel", "colours", "coding"),
    [
        ((0, 0, 0), b"a,0,0,0\nb,255,0,0\n", "colour"),
        ((250, 3, 2), b"a,0,0,0\nb,255,0,0\n", "threshold"),
        ((2, 250, 3), b"a,0,0,0\nb,255,0,0\n", "colour"),  # rounding would not mend it
        ((250, 3, 2), b"a,0,0,0\nb,254,0,0\n", "colour"),
    ],
)
def test_rounding_is_used_where_it_mends(
    tmp_path: Path, pixel: tuple[int, int, int], colours: bytes, coding: str
) -> None:
    files = {"images/1.jpg": png(1), "masks/1.png": saved([[pixel]]), "class_dict.csv": b"name,r,g,b\n" + colours}
    listing, _ = opened(write_files(tmp_path / "set", files))
    assert listing.palette.coding == coding
    assert bool(listing.notes) == (coding == "threshold")


def test_indices_with_a_class_list_of_colours(tmp_path: Path) -> None:
    files = {"images/1.jpg": png(1), "masks/1.png": saved([[0, 1, 255]]), "class_dict.csv": CLASSES}
    listing, records = opened(write_files(tmp_path / "set", files))
    assert listing.palette.coding == "index"
    assert decode_mask(records[0].mask, listing.palette, where="it").tolist() == [[0, 1, 255]]
    assert "their values were taken for labels" in listing.notes[0]


def palette_mask(indices: list[list[int]], colours: list[int]) -> bytes:
    image = Image.frombytes("P", (len(indices[0]), len(indices)), np.array(indices, np.uint8).tobytes())
    image.putpalette([*colours, *[0] * (768 - len(colours))])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_palette_masks_as_in_voc(tmp_path: Path) -> None:
    row = [[0, 1, 2, 255] * 6] * 24
    files = {
        "VOC/JPEGImages/1.jpg": PHOTO,
        "VOC/JPEGImages/2.jpg": PHOTO,
        "VOC/SegmentationClass/1.png": palette_mask(row, [0, 0, 0, 128, 0, 0, 0, 128, 0]),
        "VOC/SegmentationObject/1.png": palette_mask(row, [0, 0, 0, 128, 0, 0, 0, 128, 0]),
    }
    listing, records = opened(write_files(tmp_path / "voc", files))
    assert listing.palette.classes == ("class 0", "class 1", "class 2")
    assert listing.palette.colours == ((0, 0, 0), (128, 0, 0), (0, 128, 0))
    assert listing.palette.coding == "index"
    assert [record.name for record in records] == ["1.jpg"]
    assert decode_mask(records[0].mask, listing.palette, where="it").tolist() == row
    assert [problem.code for problem in listing.problems] == ["missing-mask"]
    (tmp_path / "voc" / "classes.txt").write_text("background\ncat\ndog\ntree\n")
    listing, _ = opened(tmp_path / "voc")
    assert listing.palette.classes == ("background", "cat", "dog", "tree")
    assert len(set(listing.palette.colours)) == 4


def test_grey_indices(tmp_path: Path) -> None:
    values = np.arange(24 * 24).reshape(24, 24) % 3
    files = {"images/1.jpg": PHOTO, "masks/1.png": saved(values)}
    listing, records = opened(write_files(tmp_path / "set", files))
    assert (listing.palette.coding, listing.palette.classes) == ("index", ("class 0", "class 1", "class 2"))
    assert decode_mask(records[0].mask, listing.palette, where="it").tolist() == values.tolist()


def test_black_and_white_masks(tmp_path: Path) -> None:
    values = np.eye(24, dtype=np.uint8) * 255
    files = {"images/1.jpg": PHOTO, "masks/1.png": saved(values)}
    listing, records = opened(write_files(tmp_path / "set", files))
    assert listing.palette.classes == ("background", "foreground")
    assert decode_mask(records[0].mask, listing.palette, where="it").tolist() == np.eye(24).tolist()
    (tmp_path / "set" / "labels.txt").write_text("skin\nwound")
    assert opened(tmp_path / "set")[0].palette.classes == ("skin", "wound")


def test_colours_that_nobody_names(tmp_path: Path) -> None:
    mask = saved(np.zeros((24, 24, 3)))
    root = write_files(tmp_path / "set", {"images/1.jpg": PHOTO, "masks/1.png": mask})
    with open_tree(root) as tree:
        assert recognise(tree)
    assert "Write class_dict.csv there" in refusal(root)


def test_more_masks_than_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_module, "_SCANNED", 2)
    files = {f"images/{n}.png": png(n) for n in range(5)} | {f"masks/{n}.png": saved([[n] * 4] * 4) for n in range(5)}
    listing, _ = opened(write_files(tmp_path / "set", files))
    assert "those of 2 of 5 masks" in listing.notes[0]
    assert listing.palette.classes == ("class 0", "class 1", "class 2")


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_files(tmp_path / "set", {"images/1.jpg": PHOTO, "masks/1.png": MASK, "class_dict.csv": CLASSES})
    monkeypatch.setattr(pairs_module, "LARGEST_FILE", 200)
    with open_tree(root) as tree, pytest.raises(UserError, match="larger than 1 GiB"):
        list(open_pairs(tree).records())


def listed(tmp_path: Path, text: str) -> tuple[Listing, list[Record]]:
    files = {"images/a.png": png(1), "images/b.png": png(2), "masks/a.png": MASK, "masks/b.png": MASK}
    files |= {"class_dict.csv": CLASSES, "pairs.csv": text.encode()}
    return opened(write_files(tmp_path / "set", files))


def test_a_list_of_pairs_is_believed(tmp_path: Path) -> None:
    text = "image,mask,split,group,name\nimages/a.png,masks/b.png,Test,g,one\nimages/b.png,masks/a.png,,,\n"
    listing, records = listed(tmp_path, text)
    assert [(record.name, record.split, record.group) for record in records] == [
        ("one", "test", "g"),
        ("images/b.png", "", ""),
    ]
    assert listing.problems == ()


def test_a_list_of_pairs_that_are_not_there(tmp_path: Path) -> None:
    text = "image,mask\nimages/a.png,masks/a.png\n../b.png,masks/b.png\nimages/b.png,masks/c.png\nimages/c.png\n"
    listing, records = listed(tmp_path, text)
    assert [record.name for record in records] == ["images/a.png"]
    assert [problem.code for problem in listing.problems] == ["missing-image", "missing-mask", "missing-image"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n", r"header image,mask,split,group,name is missing: .*pairs\.csv:1"),
        ("image,mask,split\nimages/a.png,masks/a.png,holiday\n", r"'holiday' is no split: .*pairs\.csv:2"),
        ("image,mask\nimages/a.png,masks/a.png\nimages/a.png,masks/b.png\n", r"line 2 is listed again: .*pairs\.csv:3"),
        ("image,mask\n", "no image has a mask here"),
        ('image,mask\n"images/a.png,masks/a.png\n', r"not CSV"),
    ],
)
def test_a_list_of_pairs_that_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        listed(tmp_path, text)


def classes_of(text: str | bytes) -> tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]:
    return parse_class_dict(text.encode() if isinstance(text, str) else text, where="class_dict.csv")


@pytest.mark.parametrize(
    "text",
    [
        "name,r,g,b\nroad,1,2,3\nwater,4,5,6\n",
        "name,r,g,b\r\nroad,1,2,3\r\nwater,4,5,6\r\n",
        "\ufeffname,r,g,b\nroad,1,2,3\nwater,4,5,6",
        " Name , R, G , B\n road , 1,2 , 3\n\n,,,\nwater,4,5,6\n",
        'name,red,green,blue,id\n"road",1,2,3,9\nwater,4,5,6,9\n',
        "r,g,b,class\n1,2,3,road\n4,5,6,water\n",
        "name;r;g;b\nroad;1;2;3\nwater;4;5;6\n",
    ],
)
def test_class_lists_as_people_write_them(text: str) -> None:
    assert classes_of(text) == (("road", "water"), ((1, 2, 3), (4, 5, 6)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "header name,r,g,b is missing: class_dict.csv:1"),
        ("road,1,2,3\nwater,4,5,6\n", "header name,r,g,b is missing: class_dict.csv:1"),
        ("name,r,g,b\n", "there are no classes: class_dict.csv"),
        ("name,r,g,b\nroad,1,2\n", "too few values for a name and a colour: class_dict.csv:2"),
        ("name,r,g,b\n\nroad,1,2,256\n", "'256' is no whole number from 0 to 255: class_dict.csv:3"),
        ("name,r,g,b\nroad,1,2,-1\n", "'-1' is no whole number"),
        ("name,r,g,b\nroad,1,2,1.0\n", "'1.0' is no whole number"),
        ("name,r,g,b\nroad,1,2,\n", "'' is no whole number"),
        ("name,r,g,b\nroad,1,2,٣\n", "is no whole number"),
        ("name,r,g,b\n,1,2,3\n", "a class has no name: class_dict.csv:2"),
        ("name,r,g,b\na,1,2,3\nb,4,5,6\na,7,8,9\n", "class 'a' is named in line 2 already: class_dict.csv:4"),
        ("name,r,g,b\na,1,2,3\nb,1,2,3\n", "the colour 1,2,3 is that of line 2 already: class_dict.csv:3"),
        (b"name,r,g,b\nroad,1,2,3\nwa\xe4ser,4,5,6\n", "not UTF-8 text: class_dict.csv:3"),
        ('name,r,g,b\n"road,1,2,3\n', "not CSV"),
        ("name,r,g,b\n" + "".join(f"{n},{n},0,0\n" for n in range(255)), "more than 254 classes"),
    ],
)
def test_class_lists_that_are_wrong(text: str | bytes, says: str) -> None:
    with pytest.raises(UserError) as caught:
        classes_of(text)
    assert says in str(caught.value)


VALID = b'name,r,g,b\nroad,1,2,3\nwater,4,5,6\n"field, wet",7,8,9\n'
INSERTS = st.binary(max_size=3) | st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"\xef\xbb\xbf", b"300"])
CHANGES = st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 3), INSERTS), max_size=4)


def changed(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, remove, insert in changes:
        content = content[:place] + insert + content[place + remove :]
    return content


@settings(max_examples=2000)
@given(CHANGES)
def test_any_class_list_is_classes_or_a_user_error(changes: list[tuple[int, int, bytes]]) -> None:
    try:
        classes, colours = classes_of(changed(VALID, changes))
    except UserError:
        return
    assert len(classes) == len(colours) == len(set(classes)) == len(set(colours)) > 0
    assert all(name == name.strip() and name for name in classes)
    assert all(0 <= value <= 255 for colour in colours for value in colour)


PARTS = st.sampled_from(
    ["images", "masks", "train", "val", "a", "mask", "image", "JPEGImages", "annotations", "trimaps", "train_masks"]
)
STEMS = st.sampled_from(["x", "x_mask", "x_sat", "y", "y_label", "x_leftImg8bit", "x_gtFine_labelIds", "mask", ""])
NAMES = st.builds(
    lambda parts, stem, suffix: "/".join([*parts, stem + suffix]),
    st.lists(PARTS, max_size=3), STEMS, st.sampled_from([".png", ".jpg", ".PNG", ".txt", ""]),
)  # fmt: skip


@settings(max_examples=1000)
@given(st.sets(NAMES, max_size=12))
def test_any_names_pair_each_file_at_most_once(names: set[str]) -> None:
    pairing = pair_up(sorted(names))
    images, masks = [pair.image for pair in pairing.pairs], [pair.mask for pair in pairing.pairs]
    assert len({*images, *masks}) == 2 * len(pairing.pairs)
    assert {*images, *masks} <= names
    assert len({pair.name for pair in pairing.pairs}) == len(pairing.pairs)
    assert not {problem.where for problem in pairing.problems} & {*images, *masks}
    assert {problem.where for problem in pairing.problems} <= names
    assert all(pair.split in ("", "train", "validation", "test") for pair in pairing.pairs)
    if pairing.pairs:
        assert may_hold_masks(names)


CONTENTS = {
    "images/1.png": png(1), "images/2.png": png(2), "masks/1.png": MASK, "masks/2.png": MASK, "class_dict.csv": CLASSES,
    "pairs.csv": b"image,mask,split,group,name\nimages/1.png,masks/1.png,train,,one\nimages/2.png,masks/2.png,,g,two\n",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it can still read
@settings(max_examples=400)
@given(
    st.dictionaries(
        st.sampled_from(list(CONTENTS)),
        st.none() | st.lists(st.tuples(st.integers(0, 120), st.integers(0, 30), st.binary(max_size=4)), max_size=3),
        max_size=4,
    ),
    st.booleans(),
)
def test_any_damage_gives_a_listing_or_a_user_error(
    tmp_path_factory: pytest.TempPathFactory, damage: dict[str, list | None], with_list: bool
) -> None:
    files = dict(CONTENTS)
    if not with_list:
        del files["pairs.csv"]
    for name, changes in damage.items():
        if changes is None:
            files.pop(name, None)
        elif name in files:
            files[name] = changed(files[name], changes)
    root = write_files(tmp_path_factory.mktemp("set") / "set", files)
    try:
        with open_tree(root) as tree:
            if not recognise(tree):
                return
            listing = open_pairs(tree)
            for record in listing.records():
                labels = decode_mask(record.mask, listing.palette, where=record.name, limit_pixels=10_000)
                assert labels[labels < STRAY].max(initial=0) < len(listing.palette.classes)
    except UserError:
        return
    assert listing.palette.classes


def test_real_aerial_pairs() -> None:
    listing, records = opened(shared_data("landcover", "dubai_full"))
    assert len(records) == 72
    assert listing.palette.classes == ("building", "land", "road", "vegetation", "water", "unlabeled")
    assert listing.palette.coding == "colour"
    assert {record.split for record in records} == {"train"}
    assert {record.group for record in records} == {""}
    assert records[0].name == "train/1001_sat.jpg"
    assert listing.problems == ()

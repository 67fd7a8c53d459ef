"""A tree shows the same files wherever they lie, and refuses what could do harm."""

import io
import os
import struct
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from helpers import write_files, write_tar, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.data import tree as tree_module
from workbench.engine.data.tree import open_tree
from workbench.engine.errors import UserError

FILES = {"b/two.txt": b"2" * 5000, "a/one.txt": b"one", "top.bin": b"", "b/ünï.txt": b"u"}
HIDDEN = {".hidden": b"h", "a/.DS_Store": b"h", ".git/config": b"h", "__MACOSX/a/one.txt": b"h"}


def contents(path: Path, **options: int) -> dict[str, bytes]:
    with open_tree(path, **options) as tree:
        found = {name: tree.read(name) for name in tree.files}
        assert list(found) == sorted(found)
        assert all(tree.size(name) == len(content) for name, content in found.items())
        return found


def refusal(path: Path, **options: int) -> str:
    with pytest.raises(UserError) as caught:
        contents(path, **options)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
def test_archive_and_folder_show_the_same(tmp_path: Path, suffix: str) -> None:
    files = FILES | HIDDEN
    path = tmp_path / f"set.v2.{suffix}"
    archive = write_zip(path, files) if suffix == "zip" else write_tar(path, files)
    assert contents(archive) == contents(write_files(tmp_path / "set.v2", files)) == FILES
    with open_tree(archive) as tree:
        assert tree.name == "set.v2"
        assert tree.path == archive
        assert tree.locate("a/one.txt") == f"a/one.txt in {archive}"


def test_archives_are_known_by_content_not_by_name(tmp_path: Path) -> None:
    for number, archive in enumerate([write_zip(tmp_path / "a.zip", FILES), write_tar(tmp_path / "b.tar.gz", FILES)]):
        assert contents(archive.rename(tmp_path / f"{number}.download")) == FILES


def test_plain_dot_parts_and_folder_members_are_tidied(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as tar:
        for name in (".", "./a"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
        member = tarfile.TarInfo("./a//b.txt")
        tar.addfile(member)
    assert list(contents(archive)) == ["a/b.txt"]
    assert list(contents(write_zip(tmp_path / "w.zip", {"a\\b.txt": b""}))) == ["a/b.txt"]


def test_single_file_is_a_tree_of_itself(tmp_path: Path) -> None:
    write_files(tmp_path, {"one.txt": b"1", "two.txt": b"2"})
    assert contents(tmp_path / "one.txt") == {"one.txt": b"1"}
    with open_tree(tmp_path / "one.txt") as tree:
        assert (tree.name, tree.path) == ("one", tmp_path / "one.txt")
        assert tree.locate("one.txt") == str(tmp_path / "one.txt")


def test_folder_links(tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"a.txt": b"a"})
    outside = write_files(tmp_path / "outside", {"b.txt": b"b"})
    (root / "link.txt").symlink_to(outside / "b.txt")
    (root / "dangling.txt").symlink_to(outside / "none")
    (root / "loop").symlink_to(root)
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "pipe")
    assert contents(root) == {"a.txt": b"a", "link.txt": b"b"}


def test_names_that_are_not_utf8_stay_readable(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    raw = os.path.join(os.fsencode(root), b"caf\xe9.txt")
    try:
        with open(raw, "wb") as file:
            file.write(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(os.fsdecode(raw), os.fsdecode(b"caf\xe9.txt"))
    assert contents(root) == contents(archive) == {"caf\\xe9.txt": b"x"}


@pytest.mark.parametrize("name", ["/etc/x", "../up.txt", "a/../../up.txt", "C:/x.txt", "C:\\x.txt", "a\\..\\b", "\\x"])
def test_names_that_point_outside_are_refused(tmp_path: Path, name: str) -> None:
    for archive in (write_tar(tmp_path / "a.tar", {"ok": b"", name: b""}), write_zip(tmp_path / "a.zip", {name: b""})):
        assert "points outside" in refusal(archive)
        assert repr(name) in refusal(archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_tar_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("odd.jpg")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    assert "'odd.jpg'" in refusal(archive)


def test_zip_links_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        member = zipfile.ZipInfo("odd.jpg")
        member.external_attr = 0o120777 << 16
        file.writestr(member, "/etc/passwd")
    assert "'odd.jpg'" in refusal(archive)


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(write_zip(tmp_path / "a.zip", {"a.txt": b"text"}).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    assert "encrypted" in refusal(tmp_path / "a.zip")


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_more_than_the_limit_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    files = {f"{number}": os.urandom(4000) for number in range(3)}
    archive = write_zip(path, files) if suffix == "zip" else write_tar(path, files)
    assert contents(archive, limit_bytes=30_000) == files
    assert "unpacks to more than" in refusal(archive, limit_bytes=10_000)


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "tar.xz"])
def test_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "BOMB_BYTES", 1_000_000)
    monkeypatch.setattr(tree_module, "BOMB_RATIO", 100)
    path = tmp_path / f"a.{suffix}"
    files = {"zeros": bytes(4_000_000)}
    assert "no image data does" in refusal(write_zip(path, files) if suffix == "zip" else write_tar(path, files))


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.9])
def test_truncated_archives_are_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    path = tmp_path / f"a.{suffix}"
    files = {f"{number}.bin": os.urandom(20_000) for number in range(8)}
    whole = (write_zip(path, files) if suffix == "zip" else write_tar(path, files)).read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert "damaged" in refusal(path)


def test_tar_cut_between_two_members_is_refused(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"a": bytes(512), "b": bytes(512)})
    path.write_bytes(path.read_bytes()[:1024])
    assert "cut short" in refusal(path)


def test_tar_with_a_damaged_header_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"a": b"1", "b": b"2", "c": b"3"})
    content = bytearray(path.read_bytes())
    content[1024 + 20] ^= 0xFF
    path.write_bytes(content)
    assert "no member header at byte 1024" in refusal(path)


def test_tar_with_a_negative_size_is_refused_and_ends(tmp_path: Path) -> None:
    header = bytearray(tarfile.TarInfo("a").tobuf())
    header[124:136] = b"\xff" * 11 + b"\x00"  # base 256, negative
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar"
    path.write_bytes(bytes(header) + bytes(1024))
    assert "damaged" in refusal(path)


def test_zip_member_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"some text")
    path.write_bytes(path.read_bytes().replace(b"some text", b"soma text"))
    assert "a.txt" in refusal(path)


def test_missing_and_unreadable_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no such file" in refusal(tmp_path / "none")
    folder = write_files(tmp_path / "folder", FILES)

    def deny(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", deny)
    assert "Permission denied" in refusal(folder)


def test_file_that_vanishes(tmp_path: Path) -> None:
    with open_tree(write_files(tmp_path / "folder", FILES)) as tree:
        (tmp_path / "folder" / "top.bin").unlink()
        with pytest.raises(UserError, match=r"top\.bin"):
            tree.read("top.bin")


def test_errors_of_the_body_pass_through(tmp_path: Path) -> None:
    for path in (write_zip(tmp_path / "a.zip", FILES), write_tar(tmp_path / "a.tar", FILES)):
        with pytest.raises(ValueError, match="mine"), open_tree(path):
            raise ValueError("mine")


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_threads_may_read_at_once(tmp_path: Path, suffix: str) -> None:
    files = {f"{number}": os.urandom(3000) for number in range(40)}
    path = tmp_path / f"a.{suffix}"
    wrong: list[str] = []
    with open_tree(write_zip(path, files) if suffix == "zip" else write_tar(path, files)) as tree:

        def read_all() -> None:
            wrong.extend(name for name, content in files.items() if tree.read(name) != content)

        threads = [threading.Thread(target=read_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    archives = [write_zip(folder / "a.zip", FILES)]
    archives += [write_tar(folder / f"a.{suffix}", FILES) for suffix in ("tar", "tar.gz", "tar.xz")]
    return {archive.name: archive.read_bytes() for archive in archives}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_gives_files_or_a_user_error(
    data: st.DataObject, whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = data.draw(st.sampled_from(sorted(whole)))
    content = bytearray(whole[name])
    change = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for position, value in data.draw(st.lists(change, max_size=6)):
        content[position] = value
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = contents(path)
    except UserError:
        return
    assert all(isinstance(value, bytes) for value in found.values())


def test_zip_that_names_its_members_in_no_encoding(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"ü.txt": b"x"})
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xff\xff"))
    assert "damaged" in refusal(path)


def test_tar_that_claims_a_huge_member(tmp_path: Path) -> None:
    header = tarfile.TarInfo("a")
    header.size = 1 << 62
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    assert "damaged" in refusal(path)


def test_zip_inside_of_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w"):
        pass
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    assert contents(tmp_path / "a.zip") == {}
    (tmp_path / "b.zip").write_bytes(struct.pack("<I", 0x04034B50))
    assert "damaged" in refusal(tmp_path / "b.zip")


def test_a_stream_reads_what_read_does(tmp_path: Path) -> None:
    files = {"a/1.bin": bytes(range(256)), "b.bin": b""}
    targets = (
        write_files(tmp_path / "x", files),
        write_zip(tmp_path / "x.zip", files),
        write_tar(tmp_path / "x.tar", files),
    )
    for target in targets:
        with open_tree(target) as tree:
            for name, content in files.items():
                with tree.stream(name) as stream:
                    assert stream.read(3) + stream.read() == content
    with open_tree(targets[0]) as tree:
        (tmp_path / "x" / "b.bin").unlink()
        with pytest.raises(UserError, match="the file cannot be read"):
            tree.stream("b.bin")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_lead_nowhere_hide_nothing(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "x", {"a/1.png": b"1"})
    (folder / "a" / "itself.png").symlink_to("itself.png")
    (folder / "a" / "dead.png").symlink_to("nowhere.png")
    (folder / "a" / "up").symlink_to("..")
    assert contents(folder) == {"a/1.png": b"1"}

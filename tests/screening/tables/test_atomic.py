"""A file is whole or it is not there."""

import os
import stat

import pytest

from screening.tables import remove_unfinished, write_atomically


def test_the_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "out.txt"
    with write_atomically(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert [p.name for p in path.parent.iterdir()] == ["out.txt"]


def test_an_error_keeps_the_old_file_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fail() -> None:
        with write_atomically(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("the disk caught fire")

    with pytest.raises(RuntimeError, match="fire"):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_an_error_that_names_no_file_gets_the_name_of_the_file_that_was_written(tmp_path):
    def fill_the_disk() -> None:
        with write_atomically(tmp_path / "out.txt"):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space") as caught:
        fill_the_disk()
    assert caught.value.filename == str(tmp_path / "out.txt")


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with (
        pytest.raises(FileNotFoundError) as caught,
        write_atomically(tmp_path / "out.txt"),
    ):
        (tmp_path / "nowhere.txt").read_text()
    assert caught.value.filename == str(tmp_path / "nowhere.txt")


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder cannot be flushed")
def test_it_is_on_the_disk_before_it_has_its_name_and_the_name_too(tmp_path, monkeypatch):
    path, flush = tmp_path / "out.txt", os.fsync
    seen: list[tuple[str, bool]] = []

    def noting(handle: int) -> None:
        about = os.fstat(handle)
        what = "folder" if stat.S_ISDIR(about.st_mode) else f"{about.st_size} bytes"
        seen.append((what, path.exists()))
        flush(handle)

    monkeypatch.setattr(os, "fsync", noting)
    with write_atomically(path) as temporary:
        temporary.write_text("whole")
    assert seen == [("5 bytes", False), ("folder", True)]


def test_a_file_that_cannot_be_flushed_is_an_error_a_folder_is_not(tmp_path, monkeypatch):
    def refuse_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse_folders)
    with write_atomically(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert (tmp_path / "a.txt").read_text() == "whole"

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"), write_atomically(tmp_path / "b.txt"):
        pass
    assert not (tmp_path / "b.txt").exists()


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    (tmp_path / "scores").mkdir()
    for name in ("scores/.part-00000.parquet.x8f3.part", ".run.json.abcd.part"):
        (tmp_path / name).touch()
    kept = [tmp_path / "scores" / "part-00000.parquet", tmp_path / ".hidden", tmp_path / "a.part"]
    for path in kept:
        path.touch()
    remove_unfinished(tmp_path)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)

"""A file is whole or it is not there."""

import pytest

from screening.tables import write_atomically


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

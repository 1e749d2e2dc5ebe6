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

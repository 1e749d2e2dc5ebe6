"""Odd tables of odd structures through every command: no row lost, no traceback, no other score."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from odd_libraries import check_case, train_odd_model
from odd_tables import read_strictly


@pytest.fixture(scope="module")
def odd_model(tmp_path_factory) -> Path:
    """A model of an assay in which every third structure is odd."""
    model, found = train_odd_model(tmp_path_factory.mktemp("odd model"), seed=3)
    assert found.faults == []
    return model


# Excel, odd rows only, no row that can be read, and a packed SMILES file.
@pytest.mark.parametrize(
    "seed", [15, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in (17, 36, 38))]
)
def test_every_row_is_accounted_for_in_every_command(odd_model, tmp_path, seed):
    found = check_case(tmp_path / "case", odd_model, rows=40, seed=seed)
    assert found.faults == []
    assert found.rows == found.scored + found.rejected.total() > 0


@pytest.mark.parametrize(
    "content", [b"a,b\n1\n", b'a,"b\n', b"a\n\0\n", b"\xff\xfe", b"a,b\nx\ry,z\n"]
)
def test_the_check_itself_finds_a_table_that_is_torn_apart(tmp_path, content):
    (tmp_path / "torn.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read_strictly(tmp_path / "torn.csv")

"""A whole screen over messy tables neither loses nor invents a row."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening.library import ScreenOptions, screen

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from messy_table import faults_of, write_messy_table


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(200, 1500),
    shard_size=st.sampled_from([7, 100, 2000]),
)
def test_every_row_is_scored_or_rejected_once(tmp_path_factory, model_file, seed, rows, shard_size):
    folder = tmp_path_factory.mktemp("messy")
    truth = write_messy_table(folder / "messy.csv", rows, seed)
    options = ScreenOptions(
        smiles_column="smiles", id_column="name", shard_size=max(shard_size, rows // 50), workers=1
    )
    summary = screen([str(folder / "messy.csv")], model_file, folder / "run", options)
    assert faults_of(folder / "run", truth) == []
    assert summary.counts.read == len(truth)
    assert summary.counts.read == summary.counts.scored + summary.counts.rejected

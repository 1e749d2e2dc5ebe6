"""Whichever file operation of a screen fails, the command says so, and again it is mended."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from write_faults import cases, few_rows, small_screen


@pytest.mark.thorough
def test_a_screen_is_mended_after_any_operation_that_fails(model_file, samples, tmp_path):
    library = few_rows(samples / "wehi.csv.gz", 12, tmp_path / "library.csv")
    run = tmp_path / "run"
    arguments = small_screen(model_file, library, run)
    # The program tries every one; here one of each place and way at least.
    verdicts = dict(cases(arguments, run, tmp_path, every=37))
    assert len(verdicts) >= 6
    assert set(verdicts.values()) == {"mended"}, verdicts
    ways = {name.rpartition(", ")[2] for name in verdicts}
    assert ways == {"full", "read-only", "killed"}

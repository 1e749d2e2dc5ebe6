"""The short cut of the standardiser over more than 50,000 real molecules: no difference at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
import standardise


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_short_cut_equals_the_whole_pipeline(shared_data, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["standardise", "--data", str(shared_data), "--rows", "5000"])
    assert standardise.main() == 0
    total = capsys.readouterr().out.splitlines()[-1].split()
    assert total[0] == "all"
    assert int(total[1]) > 50_000
    assert int(total[4]) == 0

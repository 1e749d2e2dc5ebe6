"""Stored files that are damaged, by chance and on purpose, never do harm."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from screening import ScreeningRegressor
from screening.library import PrepareOptions, prepare_library
from screening.model import save_pretrained
from tests.few_trees import few_trees

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from damaged_files import KNOWN, Whole, damaged, damaged_library


@pytest.fixture(params=["model", "valued", "values", "pretrained"])
def whole(request, model_file, tmp_path) -> Whole:
    if request.param in ("model", "valued"):
        return Whole.of(
            model_file if request.param == "model" else request.getfixturevalue("valued_file")
        )
    if request.param == "values":
        chains = ["C" * n + "O" for n in range(1, 25)]
        with few_trees():
            made = ScreeningRegressor(features=("morgan_counts", "descriptors"), folds=2)
            made.fit(chains, [0.5 * n for n in range(1, 25)]).save(tmp_path / "values.ebm")
        return Whole.of(tmp_path / "values.ebm")
    save_pretrained(request.getfixturevalue("pretrained"), tmp_path / "stack.ebm")
    return Whole.of(tmp_path / "stack.ebm")


def test_a_damaged_file_is_refused_in_a_sentence_or_is_whole(whole, tmp_path):
    counts = Counter()
    for number, (verdict, _) in enumerate(damaged(whole, 60, 26, tmp_path / "damaged.ebm")):
        assert verdict in KNOWN, f"case {number}"
        counts[verdict] += 1
    # Both kinds of damage happen: what is refused, and what changes nothing.
    assert counts["refused"] > 30
    assert counts["equal"] > 0


def test_a_damaged_prepared_library_is_refused_or_is_whole(tmp_path):
    rows = [f"{'C' * n}O,c{n}" for n in range(1, 30)]
    (tmp_path / "library.csv").write_text("\n".join(["smiles,id", "C(,bad", *rows]))
    folder = tmp_path / "library.parquet"
    options = PrepareOptions(("morgan_counts", "descriptors"), part_size=20)
    prepare_library([str(tmp_path / "library.csv")], folder, options)
    counts = Counter()
    for number, (verdict, _) in enumerate(
        damaged_library(folder, 40, 26, tmp_path / "damaged.parquet")
    ):
        assert verdict in ("refused", "equal"), f"case {number}: {verdict}"
        counts[verdict] += 1
    assert counts["refused"] > 20

"""Two runs: every compound of either's best is accounted for, wherever it stands in the other."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from screening import compare
from screening.chemistry import structure_key
from screening.errors import UserError
from screening.hits import Hits, read_hits, write_hits
from screening.library import ScreenOptions, screen
from screening.turns.comparing.agreement import agreement_of, agreement_of_runs
from screening.turns.comparing.movers import largest_moves
from screening.turns.comparing.ranks import FinishedRun, rank_changes
from screening.turns.comparing.runs import compare_runs
from tests.screening.hits.test_scored_rows import ranked, write_scores

rows_of_a_run = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([None, -1.0, 0.5, 0.5, 3.0])),
    min_size=1,
    max_size=25,
)


def run_of(folder: Path, rows, top, cut) -> FinishedRun:
    """A run of chains of so many carbons, with its hits as a screen would have them."""
    score: dict[int, float | None] = {}
    for chain, value in rows:
        score.setdefault(chain, value)
    rows = [(chain, score[chain]) for chain, _ in rows]
    write_scores(folder, [(structure_key("C" * chain), value) for chain, value in rows], cut)
    scored = [place for place, (_, value) in enumerate(rows) if value is not None]
    best = sorted(scored, key=lambda place: (-rows[place][1], place))[:top]
    smiles = ["C" * rows[place][0] for place in best]
    columns = {
        "rank": pa.array(range(1, len(best) + 1), pa.int64()),
        "id": pa.array([f"row {place}" for place in best], pa.string()),
        "smiles": pa.array(smiles, pa.string()),
        "structure": pa.array(smiles, pa.string()),
    }
    return FinishedRun(folder, {}, Hits(pa.table(columns), pd.DataFrame(), ranked()), None)


@settings(max_examples=40)
@given(
    both=st.tuples(rows_of_a_run, rows_of_a_run),
    tops=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    asked=st.one_of(st.none(), st.integers(1, 12)),
    cut=st.integers(1, 9),
)
def test_entered_and_left_add_up(tmp_path_factory, both, tops, asked, cut):
    runs = tuple(
        run_of(tmp_path_factory.mktemp("run"), rows, top, cut)
        for rows, top in zip(both, tops, strict=True)
    )
    # Different structures among the hits, best first.
    best = [list(dict.fromkeys(run.hits.described["structure"].to_pylist())) for run in runs]
    if not all(best):
        with pytest.raises(UserError, match="has no hits"):
            rank_changes(runs, asked)
        return
    table, n = rank_changes(runs, asked)
    assert n == min(*map(len, best), asked or 99)
    ours, theirs = (set(found[:n]) for found in best)
    status = table.groupby("status").structure.apply(set).to_dict()
    stayed, entered, left = (status.get(name, set()) for name in ("stayed", "entered", "left"))
    assert (stayed, entered, left) == (ours & theirs, theirs - ours, ours - theirs)
    assert len(stayed) + len(entered) == len(stayed) + len(left) == n
    assert len(table) == n + len(entered)
    for letter, rows, run in zip("ab", both, runs, strict=True):
        ranks = run.hits.described.select(["structure", "rank"]).to_pylist()
        first = {row["structure"]: row["rank"] for row in reversed(ranks)}
        there = {"C" * chain for chain, _ in rows}
        for row in table.to_dict("records"):
            rank, place = row[f"rank_{letter}"], row[f"place_{letter}"]
            # Without --require, the rank of a hit is its place among all rows.
            assert (place == rank) if row["structure"] in first else pd.isna(rank)
            assert row["structure"] not in first or rank == first[row["structure"]]
            where = row[f"in_{letter}"]
            assert (where == "scored") == (place > 0)
            assert (where == "not scored") == (row["structure"] not in there)


def test_agreement_is_spearmans_and_says_so_only_of_enough(tmp_path):
    rng = np.random.default_rng(0)
    ours = rng.normal(size=200)
    theirs = ours + rng.normal(size=200)
    for name, values in (("a", ours), ("b", theirs)):
        write_scores(tmp_path / name, list(enumerate(values.tolist(), start=-50)), 30)
    runs = [(tmp_path / name, ranked(), 200) for name in "ab"]
    whole = agreement_of_runs(runs)
    assert whole.spearman == pytest.approx(spearmanr(ours, theirs).statistic)
    assert whole.low < whole.spearman < whole.high
    few = agreement_of(ours[:9], theirs[:9])
    assert math.isnan(few.spearman)
    assert math.isnan(agreement_of(ours, np.zeros(200)).spearman)


def test_a_large_run_is_told_by_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("screening.turns.comparing.agreement._SAMPLE", 50)
    rows = [(key, float(key % 11)) for key in range(200)]
    for name in "ab":
        write_scores(tmp_path / name, rows, 64)
    found = agreement_of_runs([(tmp_path / name, ranked(), 200) for name in "ab"])
    assert (found.n, found.one_of) == (50, 4)
    assert found.spearman == pytest.approx(1)
    assert "1 in 4 structures: 50 were scored by both" in found.counted


def test_moves_at_the_top_are_the_largest():
    ranks = pd.DataFrame(
        {"place_a": [40, 4, 10, 100, 7, 5], "place_b": [4, 40, 1000, 90, 7, 0]},
        index=list("abcdef"),
    )
    assert list(largest_moves(ranks, 2).index) == ["a", "c"]
    assert list(largest_moves(ranks, 3).index) == ["a", "d", "c"]
    assert list(largest_moves(ranks, 9).index) == ["a", "d", "c", "b"]


def test_two_runs_of_one_library(first_run, other_run, tmp_path):
    found = compare(first_run, other_run, output=tmp_path / "out", progress=False, workers=1)
    table = found.tables["ranks"]
    hits = {"a": read_hits(first_run), "b": read_hits(other_run)}
    for letter, own in hits.items():
        known = table[table[f"rank_{letter}"].notna()]
        # Neither run chose by substructures.
        assert (known[f"rank_{letter}"] == known[f"place_{letter}"]).all()
        assert set(own.described["structure"].to_pylist()[:20]) <= set(table.structure)
    assert f"Of the best {len(set(hits['b'].described['structure'].to_pylist()))}" in found.verdict
    assert any("a score in one is no score in the other" in note for note in found.notes)
    # Why: each score is that of the run, and contributions are those of `explain`.
    why = found.tables["why"]
    assert len(why) == len(found.movers) == 12
    for row in why.to_dict("records"):
        change = np.array(row["atoms_change"].split(), float)
        parts = [np.array(row[f"atoms_{x}"].split(), float) for x in "ab"]
        assert change == pytest.approx(parts[1] - parts[0], abs=2e-3)
    assert all(len(mover.pictures) == 3 for mover in found.movers)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert found.verdict in page
    assert "<script>document" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "ranks.csv",
        "report.html",
        "why.csv",
    ]


def test_what_explains_the_change_is_left_out_without_the_model(first_run, other_run, tmp_path):
    alone = Path(shutil.copytree(other_run, tmp_path / "moved"))
    info = json.loads((alone / "run.json").read_text())
    (alone / "run.json").write_text(json.dumps({**info, "model": "gone.ebm"}))
    found = compare_runs(first_run, alone, top=10)
    assert found.movers == ()
    assert any(f"the model that made {alone} is not" in note for note in found.notes)
    assert len(found.tables["ranks"]) >= 10


def test_a_run_against_itself(first_run):
    found = compare_runs(first_run, first_run, top=500)
    assert set(found.tables["ranks"].status) == {"stayed"}
    assert "One of the runs has only" in found.notes[-1]
    assert any("of one model" in note for note in found.notes)
    assert "Library, model, options and versions are the same." in str(found)


def changed(run: Path, folder: Path, **settings) -> Path:
    """Return a copy of a run whose hits were ranked in another way."""
    copy = Path(shutil.copytree(run, folder))
    hits = read_hits(copy)
    write_hits(replace(hits, ranked=replace(hits.ranked, **settings)), copy)
    return copy


def test_runs_that_rank_other_things_are_refused(first_run, model_file, tmp_path):
    inactive = changed(first_run, tmp_path / "inactive", wanted="inactive")
    with pytest.raises(UserError, match="--wanted active"):
        compare_runs(first_run, inactive)
    with pytest.raises(UserError, match="A is a run and B is a model"):
        compare(first_run, model_file, progress=False)
    with pytest.raises(UserError, match="no such model file, and no such run"):
        compare(first_run, tmp_path / "nowhere", progress=False)
    with pytest.raises(UserError, match="are for two models"):
        compare(first_run, first_run, results="x.csv", progress=False)
    with pytest.raises(UserError, match="write to another folder"):
        compare(first_run, first_run, output=first_run, progress=False)
    with pytest.raises(UserError, match="no finished run"):
        compare(first_run, tmp_path, progress=False)


def test_runs_ranked_by_value_are_compared_by_value(valued_file, nanomolar, tmp_path):
    library, run = tmp_path / "library.csv", tmp_path / "scores"
    nanomolar[::4].to_csv(library, index=False)
    screen([str(library)], valued_file, run, ScreenOptions(top=20))
    other = Path(shutil.copytree(run, tmp_path / "values"))
    by_value = ScreenOptions(top=20, rank_by="value")
    screen([str(library)], valued_file, other, by_value)
    for pair in ((run, other), (other, run)):
        with pytest.raises(UserError, match=f"{other} is ranked by predicted values and {run} by"):
            compare_runs(*pair)
    found = compare_runs(other, other)
    table = found.tables["ranks"]
    # An IC50: the lowest come first, and the order is their own.
    assert table.value_a.is_monotonic_increasing
    assert table.place_a.tolist() == list(range(1, 21))
    assert "log_odds_a" not in table
    assert "correlation (Spearman) is 1.000" in found.verdict
    assert any("ranked by the predicted value" in note for note in found.notes)


def test_runs_without_a_compound_in_common_are_refused(first_run, tmp_path):
    other = Path(shutil.copytree(first_run, tmp_path / "other"))
    for part in (other / "scores").glob("*"):
        part.unlink()
    hits = read_hits(other)
    shifted = [f"{text}.C" for text in hits.described["structure"].to_pylist()]
    place = hits.described.column_names.index("structure")
    described = hits.described.set_column(place, "structure", pa.array(shifted))
    write_hits(replace(hits, described=described), other)
    write_scores_of(other, shifted)
    with pytest.raises(UserError, match="no compound in common"):
        compare_runs(first_run, other)


def write_scores_of(run: Path, structures: list[str]) -> None:
    (run / "scores").rmdir()
    write_scores(run, [(structure_key(text), -float(i)) for i, text in enumerate(structures)], 99)

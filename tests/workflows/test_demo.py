"""The demo's own parts, and the whole of it with a small model and a small library."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from screening import demo
from screening.model import ModelOptions
from screening.tables import read_table

SMALL = ModelOptions(
    hidden=(32, 16), ensemble_size=2, epochs=10, pretrain_epochs=2, folds=2, batch_size=32
)


def test_what_is_hidden_was_never_seen_and_its_rows_look_like_any_other(tmp_path):
    known = demo.hide(tmp_path, seed=3)
    training = pd.read_csv(tmp_path / "assay.csv")
    library = pd.read_csv(tmp_path / "library.csv")
    assert list(library.columns) == ["smiles", "id"]
    assert set(known) <= set(library["id"])
    assert not set(known) & set(training["id"])
    assert not set(library[library["id"].isin(known)]["smiles"]) & set(training["smiles"])
    assert len(library) == 10_000 + len(known)
    assert len(known) + len(training) == 1512
    assert set(known.values()) == {0, 1}
    places = np.flatnonzero(library["id"].isin(known))
    assert places.min() < 500
    assert places.max() > len(library) - 500


@pytest.fixture
def small_samples(tmp_path, monkeypatch):
    """Every third compound of the assay, and the first hundred of the library."""
    bace = tmp_path / "bace.csv"
    pd.read_csv(demo.sample("bace.csv"))[::3].to_csv(bace, index=False)
    table = read_table(str(demo.sample("wehi.csv.gz")))
    wehi = tmp_path / "wehi.csv"
    pd.DataFrame({"smiles": table.smiles[:100], "id": table.ids[:100]}).to_csv(wehi, index=False)
    monkeypatch.setattr(demo, "sample", {"bace.csv": bace, "wehi.csv.gz": wehi}.__getitem__)


def test_another_seed_hides_other_compounds(small_samples, tmp_path):
    assert set(demo.hide(tmp_path, seed=0)) != set(demo.hide(tmp_path, seed=1))


def test_judging_a_perfect_and_a_worthless_ranking():
    labels = pd.Series([1.0, 1.0, 0.0, 0.0, *[np.nan] * 196])
    perfect = np.linspace(1, 0, 200)
    best = demo.judge("perfect", labels, perfect)
    assert best.roc_auc_held_out == best.roc_auc == 1.0
    assert best.ef_1 == pytest.approx(100.0)
    assert best.hits_in_top_100 == 2
    assert best.enrichment_curve[1][-1] == 1.0
    worst = demo.judge("worst", labels, -perfect)
    assert worst.roc_auc_held_out == worst.ef_1 == worst.hits_in_top_100 == 0.0


def test_the_whole_demo_in_small(small_samples, tmp_path):
    folder = tmp_path / "demo"
    result = demo.run_demo(folder, seed=0, workers=1, options=SMALL, progress=False)
    content = json.loads((folder / "run" / "demo.json").read_text())
    assert [m["name"] for m in content["models"]] == ["ebmscreen", "Random forest"]
    # Scores of probabilities: a forest judged by hard labels stays far below this.
    assert all(m["roc_auc_held_out"] > 0.75 for m in content["models"])
    assert result.report == folder / "run" / "report.html"
    page = result.report.read_text(encoding="utf-8")
    assert "Random forest" in page
    assert "<svg" in page
    assert "actives in the top 100" in result.table()

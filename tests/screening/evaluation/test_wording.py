"""What is said of figures: when a ranking is no better than chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from screening.evaluation import quality_warnings
from screening.evaluation.metrics import auc_interval


def warned(auc: float, n: int, n_active: int) -> str:
    figures = {"roc_auc": auc, "n": n, "n_active": n_active}
    return " ".join(quality_warnings({"tasks": {"t": {"ours": figures}}}, "ours", "forest"))


@pytest.mark.parametrize(
    ("auc", "n", "n_active", "said"),
    [
        (0.62, 40, 20, "cannot be told from chance"),
        (0.55, 100, 50, "cannot be told from chance"),
        (0.55, 4000, 2000, "close to chance"),
        (0.45, 4000, 2000, "cannot be told from chance"),
        (0.75, 200, 80, ""),
    ],
)
def test_chance_depends_on_how_many_compounds_there_are(auc, n, n_active, said):
    sentences = warned(auc, n, n_active)
    assert said in sentences
    assert ("chance" in sentences) == bool(said)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(shift):
    generator = np.random.default_rng(3)
    labels = np.arange(60) < 25
    # The area between two normal distributions, from a sample too large to err.
    truth = roc_auc_score(
        np.arange(200_000) % 2, generator.normal(size=200_000) + shift * (np.arange(200_000) % 2)
    )
    held = 0
    for _ in range(400):
        auc = roc_auc_score(labels, generator.normal(size=60) + shift * labels)
        low, high = auc_interval(auc, 25, 35)
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.98

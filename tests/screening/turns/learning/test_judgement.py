"""Figures of a judgement against slow oracles, and sentences where results are too few."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from screening.evaluation.metrics import share_interval
from screening.model.verdict import judged_sentences, verdict
from screening.trust import restate_prevalence
from screening.turns import read_results
from screening.turns.learning.foretold import foretell
from screening.turns.learning.gain import auc_of, compare_rankings
from screening.turns.learning.judgement import judge


@pytest.fixture(scope="module")
def read(tiny_model, values):
    return read_results(tiny_model, values[120:200]).assay


@pytest.fixture(scope="module")
def foretold(tiny_model, read):
    return foretell(tiny_model, read)


def test_the_figures_are_those_of_the_scores_and_the_labels(tiny_model, read, foretold):
    judged = judge(tiny_model, foretold, read, risk=0.2)["pIC50"]
    labels, scores = read.labels[:, 0], foretold.scores.score[:, 0]
    assert judged.n == len(labels)
    assert judged.promised == pytest.approx(scores.mean(), abs=1e-4)
    exact = binomtest(int(labels.sum()), len(labels)).proportion_ci(0.95, "exact")
    assert judged.hit_rate == pytest.approx((labels.mean(), exact.low, exact.high), abs=1e-4)
    assert judged.roc_auc is not None
    assert judged.roc_auc.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-4)
    assert judged.brier is not None
    assert judged.brier.value == pytest.approx(((scores - labels) ** 2).mean(), abs=1e-4)
    assert judged.brier.low < judged.brier.value < judged.brier.high
    assert sum(part.n for part in judged.reliability) == len(labels)
    near = foretold.scores.nearest_similarity
    edges = [(part.n, part.high) for part in judged.by_similarity]
    assert edges[0][0] == int((near < 0.4).sum()) or near.min() >= 0.4
    assert sum(n for n, _ in edges) == len(labels)
    p_active = foretold.scores.p_active[labels == 1, 0]
    assert judged.covered["active"] == (int((p_active > 0.2).sum()), len(p_active))


def test_surprises_are_the_worst_of_those_on_the_wrong_side(tiny_model, read, foretold):
    surprises = judge(tiny_model, foretold, read)["pIC50"].surprises
    assert surprises
    threshold = tiny_model.thresholds[0]
    by_name = dict(zip(read.ids, foretold.scores.score[:, 0], strict=True))
    for active in (True, False):
        own = [s for s in surprises if s.active is active]
        scores = [by_name[s.id] for s in own]
        assert scores == sorted(scores, reverse=not active)
        assert all(bool(score < threshold) is active for score in scores)
        ids = [i for i, label in zip(read.ids, read.labels[:, 0], strict=True) if label == active]
        wrong = [i for i in ids if bool(by_name[i] < threshold) is active]
        assert len(own) == min(6, len(wrong))
    index, similarity = tiny_model.training.nearest_labelled(
        foretold.fingerprints[[read.ids.index(surprises[0].id)]], 0, 1
    )
    name, _, near = surprises[0].near_active
    assert name == tiny_model.training.ids[index[0]]
    assert near == pytest.approx(float(similarity[0]), abs=1e-4)


def test_what_was_promised_may_be_stated_for_another_share_of_actives(tiny_model, read, foretold):
    judged = judge(tiny_model, foretold, read, prevalence=0.01)["pIC50"]
    scores = foretold.scores.score[:, 0]
    base_rate = tiny_model.calibrations[0].base_rate
    expected = restate_prevalence(scores, base_rate, 0.01).mean()
    assert judged.promised == pytest.approx(expected, abs=1e-4)
    assert verdict(judged) == "more than promised"
    assert "of which 1 % are active: more than promised" in judged_sentences(judged)[0]


def test_few_results_of_one_class_are_told_in_sentences(tiny_model, read, foretold):
    inactive = np.flatnonzero(read.labels[:, 0] == 0)[:3]
    few = read.take(inactive)
    judged = judge(tiny_model, foretell(tiny_model, few), few)["pIC50"]
    assert judged.roc_auc is judged.brier is judged.enrichment is judged.ece is None
    assert judged.hit_rate == pytest.approx((0, 0, 0.7076), abs=1e-4)
    said = " ".join(judged_sentences(judged))
    assert "3 new results are too few to judge calibration by" in said
    assert "All 3 new results are inactive" in said
    one = read.take(inactive[:1])
    said = " ".join(judged_sentences(judge(tiny_model, foretell(tiny_model, one), one)["pIC50"]))
    assert "The one new result is inactive" in said


def test_results_without_any_new_compound_leave_nothing_to_judge(tiny_model, values):
    known = read_results(tiny_model, values[:3]).assay
    judged = judge(tiny_model, foretell(tiny_model, known), known)["pIC50"]
    assert judged.hit_rate is None
    assert verdict(judged) == "nothing to judge"
    assert judged_sentences(judged) == [
        "3 results are of compounds that it had learned from, and are not judged."
    ]


def test_a_task_without_results_is_not_judged(tiny_model, read, foretold):
    nothing = replace(read, labels=np.full_like(read.labels, np.nan))
    assert judge(tiny_model, foretold, nothing) == {}


def test_rankings_are_compared_as_delong_has_it():
    """Against the sums over all pairs, written out."""
    draw = np.random.default_rng(3)
    labels = np.repeat([1.0, 0.0], [7, 9])
    rankings = [np.round(draw.normal(size=16) + labels, 1) for _ in range(2)]
    compared = compare_rankings(labels, *rankings)
    assert compared is not None

    def wins(s, i, j):
        return 1.0 if s[i] > s[j] else 0.5 if s[i] == s[j] else 0.0

    pairs = {
        (i, j): wins(rankings[1], i, j) - wins(rankings[0], i, j)
        for i, j in product(range(7), range(7, 16))
    }
    of_active = [np.mean([pairs[i, j] for j in range(7, 16)]) for i in range(7)]
    of_inactive = [np.mean([pairs[i, j] for i in range(7)]) for j in range(7, 16)]
    middle = np.mean(list(pairs.values()))
    half = 1.959964 * np.sqrt(np.var(of_active, ddof=1) / 7 + np.var(of_inactive, ddof=1) / 9)
    assert compared.difference == pytest.approx((middle, middle - half, middle + half), abs=1e-4)
    assert auc_of(labels, rankings[0]) == pytest.approx(roc_auc_score(labels, rankings[0]))
    assert compare_rankings(labels[:8], rankings[0][:8], rankings[1][:8]) is None


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 96), (5, 96), (96, 96)])
def test_the_interval_of_a_share_is_the_exact_one(hits, n):
    exact = binomtest(hits, n).proportion_ci(0.95, "exact")
    assert share_interval(hits, n) == pytest.approx((exact.low, exact.high))

"""Every figure against a known implementation or a slow literal one."""

import itertools
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit.ML.Scoring.Scoring import CalcBEDROC, CalcEnrichment
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    matthews_corrcoef,
    roc_auc_score,
)

from screening.evaluation import (
    assess,
    bedroc,
    best_threshold,
    enrichment_factor,
    expected_calibration_error,
    hits_at_prevalence,
    hits_in_top,
)
from screening.evaluation.metrics import METRICS, Quality, reliability
from screening.evaluation.values import METRICS as OF_VALUES
from screening.study import METRICS as OF_A_STUDY

two_classes = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=40
).filter(lambda rows: 0 < sum(label for label, _ in rows) < len(rows))


def untied(seed: int, n: int = 211, actives: int = 23) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.permutation(n) < actives).astype(float)
    return labels, rng.permutation(n) / n


def as_rdkit(labels: np.ndarray, scores: np.ndarray) -> list[list[float]]:
    order = np.argsort(-scores)
    return [[float(scores[i]), int(labels[i])] for i in order]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("alpha", [5.0, 20.0, 100.0])
def test_bedroc_is_rdkits_without_ties(seed, alpha):
    labels, scores = untied(seed)
    expected = CalcBEDROC(as_rdkit(labels, scores), 1, alpha)
    assert bedroc(labels, scores, alpha) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.1, 0.5, 0.99])
def test_enrichment_is_rdkits_without_ties(seed, fraction):
    labels, scores = untied(seed)
    (expected,) = CalcEnrichment(as_rdkit(labels, scores), 1, [fraction])
    assert enrichment_factor(labels, scores, fraction) == pytest.approx(expected)


def test_enrichment_of_a_whole_number_of_compounds_takes_no_more():
    """0.07 * 100 is 7.000000000000001 in floating point; the top 7 % of 100 is 7 compounds."""
    labels = np.zeros(100)
    labels[[0, 7]] = 1
    scores = -np.arange(100.0)
    assert enrichment_factor(labels, scores, 0.07) == pytest.approx((1 / 7) / (2 / 100))


def test_perfect_and_worst_rankings():
    labels = np.array([1] * 10 + [0] * 190)
    perfect, worst = np.linspace(1, 0, 200), np.linspace(0, 1, 200)
    assert bedroc(labels, perfect) == pytest.approx(1)
    assert bedroc(labels, worst) == pytest.approx(0, abs=1e-12)
    assert enrichment_factor(labels, perfect, 0.05) == pytest.approx(20)
    assert enrichment_factor(labels, worst, 0.05) == 0
    assert hits_in_top(labels, perfect, 7) == 7
    assert hits_in_top(labels, worst, 190) == 0
    assert hits_in_top(labels, worst, 10_000) == 10


def test_scores_that_are_all_equal_find_what_chance_finds():
    labels = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    same = np.full(10, 0.3)
    assert enrichment_factor(labels, same, 0.2) == pytest.approx(1)
    assert hits_in_top(labels, same, 5) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(two_classes, st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_the_order_of_the_rows(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (
        assess([label for label, _ in r], [score / 8 for _, score in r], threshold=0.5)
        for r in (rows, shuffled)
    )
    # Bins of equal size cut through ties, so the calibration error is left out.
    for name, value in first.to_dict().items():
        if name != "ece":
            assert value == pytest.approx(second.to_dict()[name], abs=1e-12), name


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=3, max_size=6).filter(
        lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
    ),
    st.integers(1, 6),
)
def test_ties_count_as_the_mean_over_every_order(rows, top):
    """The literal meaning of a shared place: average over all orders of the input."""
    top = min(top, len(rows))
    labels = np.array([label for label, _ in rows])
    scores = np.array([score for _, score in rows], dtype=float)
    found, boltzmann = [], []
    for permutation in itertools.permutations(range(len(rows))):
        order = sorted(permutation, key=lambda i: -scores[i])
        found.append(labels[order[:top]].sum())
        boltzmann.append(CalcBEDROC([[0.0, int(labels[i])] for i in order], 1, 20.0))
    assert hits_in_top(labels, scores, top) == pytest.approx(np.mean(found))
    assert bedroc(labels, scores) == pytest.approx(np.mean(boltzmann), abs=1e-9)


def test_assess_collects_the_right_figures():
    rng = np.random.default_rng(4)
    labels = rng.random(300) < 0.3
    scores = np.clip(0.3 * labels + 0.7 * rng.random(300), 0, 1)
    quality = assess(labels, scores, threshold=0.55)
    assert (quality.n, quality.n_active) == (300, labels.sum())
    assert quality.roc_auc == pytest.approx(roc_auc_score(labels, scores))
    assert quality.pr_auc == pytest.approx(average_precision_score(labels, scores))
    assert quality.mcc == pytest.approx(matthews_corrcoef(labels, scores >= 0.55))
    assert quality.brier == pytest.approx(brier_score_loss(labels, scores))
    assert quality.ef_1 == pytest.approx(enrichment_factor(labels, scores, 0.01))
    assert quality.ef_5 == pytest.approx(enrichment_factor(labels, scores, 0.05))
    assert quality.bedroc_20 == pytest.approx(bedroc(labels, scores, 20.0))
    assert quality.ece == pytest.approx(expected_calibration_error(labels, scores))


def test_calibration_error_is_the_weighted_gap_of_bins_of_equal_size():
    rng = np.random.default_rng(9)
    labels, scores = (rng.random(57) < 0.4).astype(float), rng.permutation(57) / 57
    pairs = sorted(zip(scores, labels, strict=True))
    expected, start = 0.0, 0
    for number in range(10):
        size = 57 // 10 + (number < 57 % 10)
        part = pairs[start : start + size]
        start += size
        said = sum(score for score, _ in part) / size
        seen = sum(label for _, label in part) / size
        expected += size / 57 * abs(said - seen)
    assert expected_calibration_error(labels, scores) == pytest.approx(expected)


def test_calibration_error_of_honest_and_of_boastful_probabilities():
    labels = np.array([0] * 50 + [1] * 50)
    honest = np.array([0.0] * 50 + [1.0] * 50)
    assert expected_calibration_error(labels, honest) == 0
    assert expected_calibration_error(labels, 1 - honest) == 1


@settings(max_examples=150, deadline=None)
@given(two_classes)
def test_best_threshold_has_the_highest_mcc_of_all(rows):
    labels = np.array([label for label, _ in rows])
    scores = np.array([score / 8 for _, score in rows])
    best = max(matthews_corrcoef(labels, scores >= t) for t in np.unique(scores))
    threshold = best_threshold(labels, scores)
    assert threshold in scores
    assert matthews_corrcoef(labels, scores >= threshold) == pytest.approx(best, abs=1e-9)


FIGURES = [
    assess,
    bedroc,
    best_threshold,
    expected_calibration_error,
    lambda y, s: enrichment_factor(y, s, 0.1),
    lambda y, s: hits_in_top(y, s, 2),
]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], []])
def test_one_class_cannot_be_judged(figure, labels):
    with pytest.raises(ValueError, match="one class"):
        figure(labels, np.linspace(0, 1, len(labels)))


@pytest.mark.parametrize("figure", FIGURES)
def test_scores_that_are_not_numbers_or_do_not_fit_are_refused(figure):
    with pytest.raises(ValueError, match="finite"):
        figure([0, 1, 1], [0.1, np.nan, 0.3])
    with pytest.raises(ValueError, match="do not fit"):
        figure([0, 1, 1], [0.1, 0.3])


def test_the_whole_set_is_not_enriched():
    assert enrichment_factor(*untied(0), 1.0) == pytest.approx(1)


def test_hits_at_the_prevalence_of_the_set_are_those_in_its_top():
    rng = np.random.default_rng(4)
    labels = (rng.random(400) < 0.2).astype(float)
    # Few different scores, so that ties matter.
    scores = np.round(np.clip(0.3 * labels + rng.random(400), 0, 1), 1)
    found = hits_at_prevalence(labels, scores, labels.mean(), library=400, top=37)
    assert found == pytest.approx(hits_in_top(labels, scores, 37))


def test_hits_at_a_prevalence_are_those_in_a_library_made_of_copies():
    rng = np.random.default_rng(5)
    labels = np.repeat([1.0, 0.0], [10, 30])
    scores = np.round(0.4 * labels + rng.random(40), 2)
    # 10 actives 5 times and 30 inactives 165 times: 50 actives among 5,000.
    copies = np.where(labels == 1, 5, 165)
    expected = hits_in_top(np.repeat(labels, copies), np.repeat(scores, copies), 100)
    assert hits_at_prevalence(labels, scores, 0.01, library=5000, top=100) == pytest.approx(
        expected
    )


def test_hits_at_a_prevalence_of_extreme_rankings():
    labels = np.repeat([1.0, 0.0], [10, 30])
    assert hits_at_prevalence(labels, labels, 0.01) == pytest.approx(100)
    assert hits_at_prevalence(labels, -labels, 0.01) == pytest.approx(0)
    assert hits_at_prevalence(labels, np.zeros(40), 0.01) == pytest.approx(1)
    assert hits_at_prevalence(labels, labels, 0.002) == pytest.approx(20)


def test_every_figure_has_its_name_and_direction_once():
    figures = [field.name for field in fields(Quality) if field.type == "float"]
    assert list(METRICS) == figures
    assert set(OF_A_STUDY) == {*figures, "hits_in_top_100"}
    assert all(OF_A_STUDY[key] is METRICS[key] for key in METRICS)
    labels = np.repeat([0.0, 1.0], 50)
    better = np.linspace(0, 1, 100)
    good, bad = assess(labels, better), assess(labels, better[::-1])
    for key, metric in METRICS.items():
        assert (getattr(good, key) < getattr(bad, key)) == metric.lower_is_better


def test_what_holds_as_often_as_promised_is_best():
    merit = OF_VALUES["coverage"].merit([0.7, 0.9, 1.0])
    assert merit.argsort().tolist() == [0, 2, 1]
    assert OF_VALUES["rmse"].merit([1.0, 2.0]).argmax() == 0
    assert METRICS["roc_auc"].merit([0.5, 0.6]).argmax() == 1


def test_reliability_bins_are_of_equal_size_and_in_order():
    labels, scores = np.array([1, 0, 0, 1, 1]), np.array([0.9, 0.1, 0.3, 0.2, 0.8])
    sizes, predicted, observed = reliability(labels, scores, bins=2)
    assert sizes == [3, 2]
    assert predicted == pytest.approx([0.2, 0.85])
    assert observed == pytest.approx([1 / 3, 1])
    assert reliability(labels, scores)[0] == [1] * 5

"""A forest beside the networks: the arrays say what scikit-learn says, and the file keeps them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from screening.assay import graded_labels
from screening.explain import explain
from screening.features import Encoder, RawFeatures, as_visible
from screening.learners import Compounds, Part
from screening.learners.blend import EQUAL_COMPOUNDS, Blend, Blending, fit_blending
from screening.learners.forest import Forest, StoredForest, fit_forest, learner
from screening.learners.voices import Seen
from screening.learners.voices.trees import StoredForests
from screening.model import FOREST, SHIPPED, load_model, save_model, train_model
from screening.model.training import NETWORKS


def _data(n=120, width=30, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.random((n, width)).astype(np.float32) * (draw.random((n, width)) < 0.4)
    y = (x[:, 0] + x[:, 1] + 0.3 * draw.random(n) > 0.6).astype(np.float32)
    return csr_matrix(x), y


def _stored(x, y) -> StoredForest:
    return StoredForest.from_sklearn(fit_forest(x, y, seed=0))


@pytest.mark.parametrize("seed", range(3))
def test_the_arrays_give_scikit_learns_probabilities(seed):
    x, y = _data(seed=seed)
    unseen, _ = _data(n=300, seed=seed + 10)
    sklearns = fit_forest(x, y, seed=seed)
    ours = StoredForest.from_sklearn(sklearns)
    assert len(ours) == 300
    for rows in (x, unseen, unseen[:1]):
        np.testing.assert_allclose(ours.probability(rows), sklearns.predict(rows), atol=1e-6)
    assert len(ours.probability(unseen[:0])) == 0


def test_a_value_on_a_threshold_goes_left():
    """Thresholds are float64 midpoints; kept as float32 they must not let a value pass."""
    x = csr_matrix(np.array([[0.1], [0.1], [np.nextafter(np.float32(0.1), 1)], [0.2]], np.float32))
    y = np.array([0, 0, 1, 1], dtype=np.float32)
    sklearns = fit_forest(x, y, seed=0)
    ours, expected = StoredForest.from_sklearn(sklearns), sklearns.predict(x)
    np.testing.assert_allclose(ours.probability(x), expected, atol=1e-6)


def test_rows_do_not_depend_on_their_company():
    x, y = _data()
    forest = _stored(x, y)
    together = forest.probability(x)
    alone = [forest.probability(x[i])[0] for i in range(x.shape[0])]
    assert np.array_equal(together, alone)


def test_graded_labels_are_averaged_by_leaves_of_three():
    x, y = _data(n=200)
    graded = graded_labels(y[:, None], np.asarray(x[:, [0, 1]].sum(axis=1)))[:, 0]
    sklearns = fit_forest(x, graded, seed=0)
    ours = StoredForest.from_sklearn(sklearns)
    np.testing.assert_allclose(ours.probability(x), sklearns.predict(x), atol=1e-6)
    assert min(tree.tree_.n_node_samples.min() for tree in sklearns.estimators_) >= 3
    assert len(ours.left) < 0.7 * 300 * 2 * 200 / 3


def test_one_class_has_no_forest_and_missing_labels_are_left_out(eighty, tiny_options):
    labels = np.column_stack([eighty.labels[:, 0], np.zeros(80)]).astype(np.float32)
    labels[::3, 0] = np.nan
    values = np.full(labels.shape, np.nan)
    compounds = Compounds(replace(eighty, tasks=("a", "b"), labels=labels, values=values))
    part = Part(compounds, np.arange(60), np.arange(60, 80))
    (fitted,) = Forest(("maccs",), "graded", 0).fit_parts([part])
    assert fitted.forests[1] is None
    raw = compounds.raw(["maccs"])
    x = Encoder().fit(raw.take(part.rows)).transform(raw)
    known = np.flatnonzero(~np.isnan(labels[:60, 0]))
    fitted_by_hand = fit_forest(x[known], labels[known, 0], seed=0, trees=learner.TREES)
    expected = fitted_by_hand.predict(x[60:])
    said = fitted.logits(compounds, part.asked)
    np.testing.assert_allclose(expit(said[:, 0]), expected, atol=1e-6)
    assert np.isnan(said[:, 1]).all()


@pytest.mark.parametrize(
    ("name", "value"), [("left", 10**6), ("right", -1), ("column", 30), ("roots", -3), ("left", 0)]
)
def test_damaged_trees_are_refused_before_they_are_walked(name, value):
    x, y = _data()
    arrays = {key: array.copy() for key, array in _stored(x, y).to_arrays().items()}
    inner = np.flatnonzero(arrays["left"] != np.arange(len(arrays["left"])))
    place = 1 if name == "roots" else inner[3]
    arrays[name][place] = value
    with pytest.raises(ValueError, match="do not end"):
        StoredForest.from_arrays(arrays, n_columns=30)


@given(
    network=st.floats(-20, 20),
    forest=st.one_of(st.floats(0, 1), st.just(float("nan"))),
    spreads=st.tuples(st.floats(0.01, 10), st.floats(0.01, 10)),
    weight=st.floats(0.1, 1),
)
def test_the_blend_is_a_weighted_mean_in_units_of_spread(network, forest, spreads, weight):
    blending = Blending(spreads, (weight, 1 - weight))
    blended = float(blending(np.array([network]), [logit(np.array([forest]))])[0])
    if np.isnan(forest):
        assert blended == pytest.approx(network / spreads[0])
        return
    said = logit(np.clip(forest, 1e-3, 1 - 1e-3)) / spreads[1]
    assert blended == pytest.approx(weight * network / spreads[0] + (1 - weight) * said)
    if weight == 1:
        assert blended == Blending(spreads, (1.0, 0.0))(np.array([network]), [None])[0]


@given(
    said=st.tuples(*[st.floats(-6, 6)] * 3),
    similarity=st.floats(0, 1),
    weights=st.tuples(*[st.floats(0.1, 1)] * 3),
)
def test_a_voice_of_neighbours_leaves_what_it_does_not_know_to_the_others(
    said, similarity, weights
):
    spreads = (2.0, 0.5, 1.5)
    blending = Blending(spreads, weights, (False, False, True))
    networks, *others = (np.array([one]) for one in said)
    found = float(blending(networks, others, np.array([similarity]))[0])
    worth = np.array(weights) * [1, 1, similarity]
    assert found == pytest.approx(float(worth @ (np.array(said) / spreads) / worth.sum()))
    alone = Blending(spreads[:2], weights[:2])(networks, others[:1])[0]
    assert blending(networks, others, np.zeros(1))[0] == pytest.approx(alone)


def test_weights_of_neighbours_are_learned_where_they_reach():
    """A voice that guesses where nothing is near, and knows where something is, gets its due."""
    draw = np.random.default_rng(5)
    labels, (good, other, _) = _held_out(n=4000)
    similarity = draw.random(4000)
    mixed = np.where(similarity > 0.7, good, draw.normal(size=4000))
    plain = fit_blending([other, mixed], labels)
    found = fit_blending([other, mixed], labels, similarity, (False, True))
    assert found.near == (False, True)
    assert found.weights[1] > plain.weights[1] + 0.1

    def loss(weights):
        """Of the best line on the blended logits: the weights are not off in either direction."""
        blending = Blending(found.spreads, weights, found.near)
        blended = blending(other, [mixed], similarity)
        fit = LogisticRegression(C=np.inf, tol=1e-10).fit(blended[:, None], labels)
        return -fit.predict_log_proba(blended[:, None])[np.arange(4000), labels.astype(int)].mean()

    best = loss(found.weights)
    for step in (-0.1, 0.1):
        first = found.weights[0] + step
        assert loss((first, 1 - first)) > best


def _held_out(n=600, seed=0):
    """Labels, and three voices: one that knows, one that knows half as much, one that guesses."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=n)
    labels = (truth + 0.5 * draw.normal(size=n) > 0).astype(np.float32)
    voices = [truth + noise * draw.normal(size=n) for noise in (0.7, 1.4)]
    return labels, [*voices, draw.normal(size=n)]


def test_neither_decides_alone_because_its_logits_lie_further_apart():
    """The weights and the order are the same whatever units one of them speaks in."""
    labels, (said, other, _) = _held_out()
    found = [fit_blending([factor * said, other], labels) for factor in (1, 50)]
    assert found[0].weights == found[1].weights
    blended = [one(f * said, [other]) for one, f in zip(found, (1, 50), strict=True)]
    np.testing.assert_allclose(*blended, rtol=1e-9)
    unheard = np.where(np.arange(600) % 2, np.nan, other)
    spread = np.clip(unheard, logit(1e-3), logit(1 - 1e-3))[::2].std()
    assert fit_blending([said, unheard], labels).spreads[1] == pytest.approx(spread, rel=1e-6)


def test_weights_are_those_of_a_regression_without_negative_ones(monkeypatch):
    """Without anything that speaks for equal ones, scikit-learn finds the same."""
    monkeypatch.setattr("screening.learners.blend.EQUAL_COMPOUNDS", 0)
    labels, said = _held_out()
    found = fit_blending(said[:2], labels)
    table = np.column_stack(said[:2]) / found.spreads
    slopes = LogisticRegression(C=np.inf, tol=1e-10).fit(table, labels).coef_[0]
    np.testing.assert_allclose(found.weights, slopes / slopes.sum(), atol=2e-4)
    against = fit_blending([said[0], -said[1]], labels)
    assert against.weights == (1.0, 0.0)


def test_few_compounds_leave_the_weights_nearly_equal_and_many_do_not():
    labels, said = _held_out(n=20 * EQUAL_COMPOUNDS)
    few = fit_blending([one[: EQUAL_COMPOUNDS // 5] for one in said], labels[:20])
    many = fit_blending(said, labels)
    assert np.ptp(few.weights) < 0.15
    assert many.weights[0] > 0.6 > 0.4 > many.weights[1]
    assert many.weights[2] < 0.05
    assert sum(many.weights) == pytest.approx(1)


def test_a_voice_that_is_not_trusted_needs_compounds_that_speak_for_it():
    """Drawn towards no weight: few compounds leave it there, many that it knows give it one."""
    labels, said = _held_out(n=20 * EQUAL_COMPOUNDS)
    trusted = (True, True, False)
    voices = [said[1], said[2], said[0]]
    few = fit_blending([one[:20] for one in voices], labels[:20], trusted=trusted)
    assert few.weights[2] < 0.2 < fit_blending([v[:20] for v in voices], labels[:20]).weights[2]
    many, equal = (fit_blending(voices, labels, trusted=t) for t in (trusted, ()))
    assert many.weights[2] == pytest.approx(equal.weights[2], abs=0.05)
    # Where one class is missing nothing is learned.
    one_class = fit_blending(voices, np.ones(len(labels)), trusted=trusted)
    assert one_class.weights == (0.5, 0.5, 0.0)


def test_what_says_the_same_of_all_is_not_blown_up():
    blending = fit_blending([np.zeros(5), np.full(5, np.nan)], np.array([0, 1, 0, 1, 0]))
    assert np.isfinite(blending(np.array([1e-4]), [np.array([np.nan])])).all()
    assert blending.spreads == (1e-3, 1.0)
    assert blending.weights == (1.0, 0.0)


def test_voices_that_know_nothing_weigh_the_same():
    labels, said = _held_out()
    assert fit_blending([-one for one in said[:2]], labels).weights == (0.5, 0.5)
    # The networks are asked in any case: how far they disagree is told.
    assert fit_blending([said[2], said[0]], labels).weights[0] >= 0.09


def test_a_blended_model_scores_explains_and_comes_back(small_assay, small_options, tmp_path):
    options = replace(small_options, blend="forest", folds=2)
    model = train_model(small_assay, options)
    mols = small_assay.mols[:30]
    scores = model.score_molecules(mols)
    raw = model.featurise(mols)
    x = model.encoder.transform(raw)
    logits = model.ensemble.logits(x).mean(axis=0)[:, 0]
    assert model.blend.voices["forest"].encoder is model.encoder
    seen = model.encoder.transform
    forest = fit_forest(
        seen(model.featurise(small_assay.mols)),
        small_assay.labels[:, 0],
        seed=options.seed,
        trees=learner.TREES,
    ).predict(seen(raw))
    mean = model.blend.blendings[0](logits, [logit(forest)])
    _, similarity = model.training.nearest(model.fingerprints(mols, raw))
    expected = expit(model.calibrations[0].log_odds(mean, similarity))
    np.testing.assert_allclose(scores.score[:, 0], expected, atol=2e-6)

    # The table shows what the blend is worth: beside the networks alone and the forest alone.
    assert {SHIPPED, NETWORKS, FOREST} <= set(model.quality["tasks"]["Class"])
    explained = explain(model, mols[0])
    assert explained.log_odds == pytest.approx(logit(scores.score[0, 0]), abs=1e-3)

    path = tmp_path / "blended.ebm"
    save_model(model, path)
    loaded = load_model(path)
    assert np.array_equal(loaded.score_molecules(mols).score, scores.score)
    assert loaded.options.blend == "forest"


def test_a_model_that_is_not_blended_has_no_forest(small_model):
    assert small_model.blend is None
    assert NETWORKS not in small_model.quality["tasks"]["Class"]


def test_a_task_without_a_forest_is_left_to_the_networks():
    x, y = _data()
    encoder = Encoder()
    forests = StoredForests(encoder, (_stored(x, y), None))
    blendings = (Blending((1.0, 1.0), (0.5, 0.5)), Blending((2.0, 1.0), (0.5, 0.5)))
    blend = Blend(("forest",), {"forest": forests}, blendings)
    logits = np.zeros((2, x.shape[0], 2))
    logits[..., 1] = 3.0
    blended = blend(logits, Seen(RawFeatures(), encoder, as_visible(x, x.shape[1])))
    assert (blended[..., 1] == 1.5).all()
    assert (blended[..., 0] != 0).any()


def test_a_voice_without_weight_is_not_kept():
    class Silent:
        def stored(self, wanted):
            return wanted

    blendings = [Blending((1, 1, 1), weights) for weights in ((0.5, 0.5, 0.0), (1.0, 0.0, 0.0))]
    kept = Blend.of({"forest": Silent(), "kernel": Silent()}, blendings)
    assert kept.names == ("forest", "kernel")
    assert kept.voices == {"forest": [True, False]}

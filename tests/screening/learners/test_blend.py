"""A forest beside the networks: the arrays say what scikit-learn says, and the file keeps them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.special import expit, logit

from screening.assay import graded_labels
from screening.explain import explain
from screening.features import Encoder, as_visible
from screening.learners import Compounds, Part
from screening.learners.blend import ForestBlend, Spreads, fit_spreads
from screening.learners.forest import Forest, StoredForest, fit_forest, learner
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
)
def test_the_blend_lies_between_both_in_units_of_their_spread(network, forest, spreads):
    blended = float(Spreads(*spreads)(np.array([network]), logit(np.array([forest])))[0])
    if np.isnan(forest):
        assert blended == network / spreads[0]
        return
    said = logit(np.clip(forest, 1e-3, 1 - 1e-3)) / spreads[1]
    assert min(network / spreads[0], said) - 1e-9 <= blended
    assert blended <= max(network / spreads[0], said) + 1e-9
    assert blended == pytest.approx((network / spreads[0] + said) / 2)


def test_neither_decides_alone_because_its_logits_lie_further_apart():
    """The order is the same whatever units one of the two speaks in."""
    draw = np.random.default_rng(0)
    logits, forest = draw.normal(size=200), logit(draw.uniform(0.01, 0.99, 200))
    loud = 50 * logits
    ranks = [np.argsort(fit_spreads(said, forest)(said, forest)) for said in (logits, loud)]
    assert np.array_equal(*ranks)
    held_out = np.where(draw.random(200) < 0.5, np.nan, forest)
    assert fit_spreads(logits, held_out).forest == pytest.approx(
        held_out[~np.isnan(held_out)].std(), rel=1e-6
    )


def test_what_says_the_same_of_all_is_not_blown_up():
    spreads = fit_spreads(np.zeros(5), np.full(5, np.nan))
    assert np.isfinite(spreads(np.array([1e-4]), np.array([np.nan]))).all()
    assert (spreads.networks, spreads.forest) == (1e-3, 1.0)


def test_a_blended_model_scores_explains_and_comes_back(small_assay, small_options, tmp_path):
    options = replace(small_options, blend="forest", folds=2)
    model = train_model(small_assay, options)
    mols = small_assay.mols[:30]
    scores = model.score_molecules(mols)
    raw = model.featurise(mols)
    x = model.encoder.transform(raw)
    logits = model.ensemble.logits(x).mean(axis=0)[:, 0]
    assert model.forest_blend.encoder is model.encoder
    seen = model.encoder.transform
    forest = fit_forest(
        seen(model.featurise(small_assay.mols)),
        small_assay.labels[:, 0],
        seed=options.seed,
        trees=learner.TREES,
    ).predict(seen(raw))
    mean = model.forest_blend.spreads[0](logits, logit(forest))
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
    assert small_model.forest_blend is None
    assert NETWORKS not in small_model.quality["tasks"]["Class"]


def test_a_task_without_a_forest_is_left_to_the_networks():
    x, y = _data()
    forests = (_stored(x, y), None)
    blend = ForestBlend(Encoder(), forests, (Spreads(1, 1), Spreads(2, 1)))
    logits = np.zeros((2, x.shape[0], 2))
    logits[..., 1] = 3.0
    blended = blend(logits, as_visible(x, x.shape[1]))
    assert (blended[..., 1] == 1.5).all()
    assert (blended[..., 0] != 0).any()

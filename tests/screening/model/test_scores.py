"""A molecule's score is its own: company, order, batches and files do not change it."""

from dataclasses import fields, replace

import numpy as np
import pytest
from rdkit import Chem

from screening.chemistry import Failure
from screening.features import stack
from screening.model import Scores, load_model, screening_model
from screening.tables import open_library

NAMES = [f.name for f in fields(Scores)]


@pytest.fixture(scope="module")
def mols(small_model, samples):
    chunk = next(iter(open_library([str(samples / "wehi.csv.gz")], chunk_size=150)))
    made = [small_model.prepare(smiles) for smiles in chunk.smiles]
    return [mol for mol in made if not isinstance(mol, Failure)]


def same(left: Scores, right: Scores) -> bool:
    # A model without values says NaN of them.
    pairs = ((getattr(left, n), getattr(right, n)) for n in NAMES)
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def joined(parts: list[Scores]) -> Scores:
    return Scores(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in NAMES})


@pytest.mark.parametrize("size", [1, 7, 64])
def test_scores_do_not_depend_on_how_rows_are_grouped(small_model, mols, size):
    together = small_model.score_molecules(mols)
    parts = [
        small_model.score_molecules(mols[start : start + size])
        for start in range(0, len(mols), size)
    ]
    assert same(joined(parts), together)


def test_scores_do_not_depend_on_the_batch(small_model, mols, monkeypatch):
    together = small_model.score_molecules(mols)
    monkeypatch.setattr(screening_model, "BATCH", 11)
    assert same(small_model.score_molecules(mols), together)


def test_scores_follow_their_molecules_through_any_order(small_model, mols):
    order = np.random.default_rng(1).permutation(len(mols))
    together = small_model.score_molecules(mols)
    shuffled = small_model.score_molecules([mols[i] for i in order])
    for name in NAMES:
        found, expected = getattr(shuffled, name), getattr(together, name)[order]
        assert np.array_equal(found, expected, equal_nan=True)


def test_features_computed_one_by_one_and_stacked_score_the_same(small_model, mols):
    raw = stack([small_model.featurise([mol]) for mol in mols[:20]])
    assert same(
        small_model.score(raw, small_model.fingerprints(mols[:20], raw)),
        small_model.score_molecules(mols[:20]),
    )


def test_the_way_a_structure_is_written_does_not_change_its_score(small_model, mols):
    written = [Chem.MolToSmiles(mol, doRandom=True) for mol in mols[:30]]
    again = [small_model.prepare(smiles) for smiles in written]
    assert same(small_model.score_molecules(again), small_model.score_molecules(mols[:30]))


def test_scores_have_six_decimals_log_odds_eight_and_their_ranges(small_model, mols):
    scores = small_model.score_molecules(mols)
    assert len(scores) == len(mols)
    assert np.array_equal(scores.log_odds, np.round(scores.log_odds, 8))
    for name in set(NAMES) - {"log_odds", "value", "value_spread"}:
        values = getattr(scores, name)
        assert np.array_equal(values, np.round(values, 6)), name
        assert values.min() >= 0, name
        highest = {"novelty_percentile": 100, "nearest_index": len(small_model.training) - 1}
        assert values.max() <= highest.get(name, 1), name
    assert scores.p_active.min() > 0
    assert np.ptp(scores.score) > 0.05


def test_no_molecules_have_no_scores(small_model):
    scores = small_model.score_molecules([])
    assert scores.score.shape == (0, 1)
    assert scores.novelty_percentile.shape == (0,)


def test_the_score_is_the_calibrated_mean_of_the_members_logits(small_model, mols):
    """Each member by itself, through its own network of rectified units, in double precision."""
    x = small_model.encoder.transform(small_model.featurise(mols)).toarray()
    logits = []
    for member in small_model.ensemble.members:
        state = x[:, member.columns].astype(np.float64)
        layers = list(zip(member.network.weights, member.network.biases, strict=True))
        for depth, (weights, bias) in enumerate(layers):
            state = state @ weights.astype(np.float64) + bias
            if depth < len(layers) - 1:
                state = state.clip(min=0)
        logits.append(state[:, 0])
    calibration = small_model.calibrations[0]
    scores = small_model.score_molecules(mols)
    near = scores.nearest_similarity
    mean = np.mean(logits, 0)
    worth = np.where(mean < 0, calibration.slope_against, calibration.slope_for * near)
    expected = 1 / (1 + np.exp(-worth * mean - calibration.offset))
    assert np.allclose(scores.score[:, 0], expected, rtol=0, atol=1e-6)
    spread = np.std([calibration(member, near) for member in logits], axis=0)
    assert np.allclose(scores.score_std[:, 0], spread, rtol=0, atol=1e-6)
    fast = small_model.ensemble.logits(small_model.encoder.transform(small_model.featurise(mols)))
    # The rows of the bits are summed in float32.
    assert np.allclose(fast[:, :, 0], logits, rtol=0, atol=1e-6)


def test_the_domain_is_similarity_alone_however_novel_a_compound_is(small_model, mols):
    scores = replace(small_model.score_molecules(mols[:4]))
    limit = small_model.domain.similarity_limit
    scores.novelty_percentile = np.array([95.0, 100.0, 10.0, 99.0])
    scores.nearest_similarity = np.array([limit, 0.9, limit - 0.01, 0.0])
    assert small_model.in_domain(scores).tolist() == [True, True, False, False]


def test_a_training_compound_is_its_own_neighbour_and_in_the_domain(small_model, small_assay):
    scores = small_model.score_molecules(small_assay.mols)
    assert (scores.nearest_similarity == 1).all()
    assert small_model.in_domain(scores).mean() > 0.8


def test_a_loaded_model_gives_exactly_the_same_scores(small_model, model_file, mols):
    loaded = load_model(model_file)
    assert same(loaded.score_molecules(mols), small_model.score_molecules(mols))
    prints = small_model.fingerprints(mols, small_model.featurise(mols))
    for ours, theirs in zip(
        small_model.training.nearest(prints), loaded.training.nearest(prints), strict=True
    ):
        assert np.array_equal(ours, theirs)

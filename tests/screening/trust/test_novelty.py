"""The novelty score against the engine's free energy and a literal product over bits."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from ebm.storage import ModelArrays
from screening.features import Encoder
from screening.learners import Compounds, Part, fold_parts
from screening.learners.pretraining import fit_novelty, pretrain_part
from screening.trust import fit_domain, percentile_among


@pytest.fixture(scope="module")
def encoded(small_model, small_assay):
    return small_model.encoder.transform(small_model.featurise(small_assay.mols))


def test_novelty_is_free_energy_plus_the_independent_log_probability(small_model, encoded):
    x = encoded.toarray().astype(np.float64)
    column_mean = (x.sum(axis=0) + 1) / (len(x) + 2)
    independent = (x * np.log(column_mean) + (1 - x) * np.log(1 - column_mean)).sum(axis=1)
    rbm = ModelArrays(*small_model.novelty.rbm.to_state()).model()
    free_energy = rbm.free_energy(torch.from_numpy(x).float()).detach().double().numpy()
    # -(-F(v) - log p(v)), less its mean over the training compounds.
    literal = free_energy + independent
    literal -= literal.mean()
    assert np.allclose(small_model.novelty(encoded), literal, rtol=0, atol=5e-3)
    assert np.ptp(literal) > 1
    # Centred on sums of all bits, and summed here by the highest ones.
    assert small_model.novelty(encoded).mean() == pytest.approx(0, abs=1e-6)


def test_novelty_of_a_row_does_not_depend_on_its_company(small_model, encoded):
    alone = np.concatenate([small_model.novelty(encoded[i]) for i in range(20)])
    assert np.allclose(alone, small_model.novelty(encoded)[:20], rtol=0, atol=1e-9)
    assert small_model.novelty(encoded[:0]).shape == (0,)


def test_broken_patterns_are_more_novel_than_kept_ones(small_options):
    """Bits that always go together, torn apart by a molecule of the same size."""
    rng = np.random.default_rng(1)
    pattern = (rng.random((400, 6)) < 0.5).repeat(4, axis=1).astype(np.float32)
    novelty, _ = fit_novelty(csr_matrix(pattern), replace(small_options, pretrain_epochs=40), 0)
    kept = (rng.random((100, 6)) < 0.5).repeat(4, axis=1).astype(np.float32)
    torn = np.stack([rng.permutation(row) for row in kept])
    scores = novelty(csr_matrix(np.concatenate([kept, torn])))
    assert np.median(scores[100:]) > np.quantile(scores[:100], 0.95)


def test_percentile_is_the_share_at_or_below():
    known = np.array([1.0, 2.0, 2.0, 5.0])
    values = np.array([0.0, 1.0, 2.0, 4.9, 5.0, 9.0])
    expected = [100 * np.mean(known <= value) for value in values]
    assert percentile_among(values, known).tolist() == expected == [0, 25, 75, 75, 100, 100]


def test_the_limit_leaves_a_twentieth_of_the_held_out_compounds_outside():
    rng = np.random.default_rng(0)
    novelties, similarities = rng.normal(size=1000), rng.random(1000).astype(np.float32)
    domain = fit_domain(novelties, similarities)
    inside = domain.contains(similarities)
    assert inside.mean() == pytest.approx(0.95, abs=0.002)
    assert similarities[inside].min() > similarities[~inside].max()
    assert domain.percentile(np.sort(novelties)[[0, 499, 999]]).tolist() == [0.1, 50, 100]


def test_held_out_novelties_come_from_encoders_without_the_fold(small_model, small_assay):
    """The model's reference novelties are of molecules that the fold's stack did not see."""
    options = small_model.options
    raw = small_model.featurise(small_assay.mols)
    everything = Part(Compounds(small_assay), np.arange(len(small_assay)))
    expected = []
    for number, fold in enumerate(fold_parts(everything, options.folds, options.seed)):
        encoder = Encoder().fit(raw.take(fold.rows))
        x = encoder.transform(raw.take(fold.rows))
        novelty = pretrain_part(x, options, options.seed + 1000 * number).novelty
        expected.extend(novelty(encoder.transform(raw.take(fold.asked))))
    assert np.allclose(small_model.domain.novelties, np.sort(expected), rtol=0, atol=1e-9)

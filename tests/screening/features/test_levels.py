"""Counts by their highest bits: the same bits, sums and trees as of all bits one by one."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ebm.rowwise import BitSums
from screening.features import Encoder, RawFeatures, Visible, as_visible
from screening.features.levels import tops_among
from screening.learners.forest import StoredForest, fit_forest
from screening.learners.forest.bits import BitForest
from screening.learners.forest.program import compile_forest


@pytest.fixture(scope="module")
def raw() -> RawFeatures:
    draw = np.random.default_rng(0)
    counts = draw.poisson(draw.gamma(0.5, 5, 40), (150, 40))
    bits = (draw.random((150, 9)) < 0.3).astype(np.uint8)
    dense = draw.normal(size=(150, 3)).astype(np.float32)
    return RawFeatures({"counts": csr_matrix(counts), "bits": csr_matrix(bits)}, {"dense": dense})


@pytest.fixture(scope="module", params=[(1, 2, 4), (2, 5), (4, 1, 2)])
def encoder(request, raw) -> Encoder:
    return Encoder(request.param, min_molecules=9).fit(raw.take(slice(0, 100)))


def test_highest_bits_imply_all_others(encoder, raw):
    seen, whole = encoder.encode(raw), encoder.transform(raw)
    assert (seen.to_csr() != whole).nnz == 0
    assert np.array_equal(seen.bits.toarray(), whole.toarray()[:, : encoder.dense_from()])
    per_row = np.zeros(len(raw), dtype=np.int64)
    for name, block in raw.sparse.items():
        counts = block.toarray()
        for column in range(counts.shape[1]):
            levels = zip(encoder.thresholds, encoder.bits_[name], strict=True)
            lowest = min((level for level, used in levels if column in used), default=np.inf)
            per_row += counts[:, column] >= lowest
    assert np.array_equal(np.diff(seen.tops.indptr), per_row)
    assert seen.tops.nnz < seen.bits.nnz


def test_bits_and_highest_bits_are_made_of_each_other(encoder, raw):
    seen, whole = encoder.encode(raw), encoder.transform(raw)
    from_bits = as_visible(whole, encoder.dense_from(), encoder.implied)
    assert np.array_equal(from_bits.tops.toarray(), seen.tops.toarray())
    assert np.array_equal(from_bits.dense, seen.dense)
    plain = as_visible(seen, encoder.dense_from())
    assert plain.implied is None
    assert np.array_equal(plain.tops.toarray(), seen.bits.toarray())
    again = as_visible(plain, encoder.dense_from(), encoder.implied)
    assert np.array_equal(again.tops.toarray(), seen.tops.toarray())
    assert as_visible(seen, 0, encoder.implied) is seen
    some = slice(3, 20)
    assert np.array_equal(seen.take(some).bits.toarray(), seen.bits[some].toarray())


def test_sums_of_what_highest_bits_imply_are_those_of_all(encoder, raw):
    seen = encoder.encode(raw)
    weights = np.random.default_rng(1).normal(size=(encoder.dense_from(), 17)).astype(np.float32)
    found = BitSums(encoder.implied @ weights)(seen.by_column)
    np.testing.assert_allclose(found, BitSums(weights)(seen.bits), rtol=0, atol=1e-5)


def test_trees_see_implied_bits(encoder, raw):
    whole, seen = encoder.transform(raw), encoder.encode(raw)
    labels = (raw.sparse["counts"].toarray()[:, :5].sum(axis=1) > 3).astype(np.float32)
    forest = StoredForest.from_sklearn(fit_forest(whole, labels, seed=0, trees=20))
    program = BitForest(compile_forest(forest), len(forest))
    assert np.array_equal(program.probability(seen), forest.walk(whole))
    # A tree that asks a bit twice, or for more than it can be.
    for threshold in (0.25, 1.0):
        odd = np.where(np.arange(len(forest.left)) % 3 == 0, np.float32(threshold), 0.5)
        other = StoredForest(
            forest.roots, forest.left, forest.right, forest.column, odd, forest.active
        )
        odd_program = BitForest(compile_forest(other), len(other))
        assert np.array_equal(odd_program.probability(seen), other.walk(whole))


def test_what_no_other_bit_implies_is_kept():
    implied = csr_matrix(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]], dtype=np.float32))
    bits = csr_matrix(np.array([[1, 1, 0], [1, 0, 1], [0, 0, 0]], dtype=np.float32))
    assert tops_among(bits, implied).toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0]]
    nothing = Visible(csr_matrix((0, 3), dtype=np.float32), np.zeros((0, 1), np.float32), implied)
    assert nothing.bits.shape == (0, 3)

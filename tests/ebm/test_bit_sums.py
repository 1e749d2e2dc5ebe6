"""Sums over bits: those of the whole matrix, and each row's own."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ebm.rowwise import BitSums


def drawn(n_bits: int, *, ones: bool) -> csr_matrix:
    draw = np.random.default_rng(4)
    there = draw.random((33, n_bits)) < 0.2
    bits = csr_matrix(there * draw.random((33, n_bits)), dtype=np.float32)
    if ones:
        bits.data[:] = 1
    return bits


@pytest.mark.parametrize("ones", [True, False])
@pytest.mark.parametrize("width", [1, 63, 64, 65, 150])
def test_sums_are_those_of_rows_added_one_by_one(width, ones):
    weights = np.random.default_rng(1).normal(size=(70, width)).astype(np.float32)
    bits = drawn(70, ones=ones)
    literal = np.zeros((33, width), dtype=np.float64)
    for row, column, value in zip(*bits.nonzero(), bits.data, strict=True):
        literal[row] += float(value) * weights[column].astype(np.float64)
    found = BitSums(weights.astype(np.float64))(bits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, literal, rtol=0, atol=2e-5)
    alone = [BitSums(weights)(bits[[i]]) for i in range(33)]
    assert np.array_equal(np.concatenate(alone), found)


def test_no_bits_is_no_sum():
    bits = csr_matrix((3, 0), dtype=np.float32)
    assert np.array_equal(BitSums(np.zeros((0, 150)))(bits), np.zeros((3, 150)))

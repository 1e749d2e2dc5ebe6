"""A row is the same number wherever it stands; where products do not keep that, 64 bits do."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from ebm import rowwise
from ebm.rowwise import ROWS, by_rows, narrowest, stands_alone

WEIGHTS = torch.rand(40, 24, generator=torch.Generator().manual_seed(1))


def _product(part: torch.Tensor) -> torch.Tensor:
    return part @ WEIGHTS


def _uneven(part: torch.Tensor) -> torch.Tensor:
    """A product whose last bits depend on the place, as some libraries' do."""
    place = torch.arange(len(part))[:, None]
    return part @ WEIGHTS + 1e-6 * (place % 2)


@pytest.mark.parametrize("n", [1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS])
def test_blocks_give_all_rows_and_no_more(n):
    rows = torch.rand(n, 40)
    seen = []

    def function(part: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(part.shape))
        return _product(part)

    assert torch.allclose(by_rows(function, rows), rows @ WEIGHTS)
    assert set(seen) == {(ROWS, 40)}


def test_a_row_is_the_same_alone_and_in_any_place():
    rows = torch.rand(2 * ROWS + 7, 40)
    together = by_rows(_product, rows)
    if not stands_alone(_product, 40):
        pytest.skip("products of this machine's library depend on the place")
    for place in (0, 5, ROWS, 2 * ROWS + 6):
        assert torch.equal(by_rows(_product, rows[place : place + 1])[0], together[place])
    order = torch.randperm(len(rows))
    assert torch.equal(by_rows(_product, rows[order]), together[order])


def test_a_function_whose_rows_depend_on_their_place_is_found():
    assert not stands_alone(_uneven, 40)
    made = []

    def make(dtype: torch.dtype):
        made.append(dtype)
        return _uneven if dtype == torch.float32 else _product

    assert narrowest(make, 40) is _product
    assert made == [torch.float32, torch.float64]


def test_the_model_says_the_same_in_64_bits(small_model, small_assay, monkeypatch):
    """What a machine gets whose products depend on the place, to the last decimal but one."""
    monkeypatch.setattr(rowwise, "stands_alone", lambda *_: False)
    raw = small_model.featurise(small_assay.mols[:40])
    x = small_model.encoder.encode(raw)
    single = small_model.ensemble
    double = type(single)(
        single.members, sum(p.shape[1] for p in (x.bits, x.dense)), x.bits.shape[1]
    )
    assert np.allclose(double.logits(x), single.logits(x), rtol=0, atol=1e-5)


def test_split_and_whole_rows_have_the_same_logits(small_model, small_assay):
    raw = small_model.featurise(small_assay.mols[:40])
    encoder = small_model.encoder
    whole, split = encoder.transform(raw), encoder.encode(raw)
    assert isinstance(whole, csr_matrix)
    assert (whole != split.to_csr()).nnz == 0
    logits = small_model.ensemble.logits
    assert np.array_equal(logits(whole), logits(split))
    novelty = small_model.novelty
    assert np.allclose(novelty(whole), novelty(split), rtol=0, atol=1e-3)

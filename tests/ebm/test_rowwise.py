"""A row is the same number wherever it stands; where products do not keep that, 64 bits do."""

import pytest
import torch

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

"""The short way to uniform numbers: their law, alone and in pairs."""

import pytest
import torch

from ebm import Bernoulli
from ebm.units.uniform import uniform_rows

CPU = torch.device("cpu")
DTYPES = [torch.float32, torch.float64]


def draw(rows, columns, generator, dtype=torch.float32):
    return uniform_rows(rows, columns, generator, dtype=dtype, device=CPU)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_digit_is_fair(dtype, generator):
    """The 24 digits one by one, in each of the columns' places in a word, within 5 deviations."""
    numbers = draw(50_000, 9, generator, dtype)
    assert numbers.dtype == dtype
    whole = (numbers.double() * 2**24).long()
    assert torch.equal(whole.double() / 2**24, numbers.double())  # on the grid of 2^-24
    assert int(whole.min()) >= 0
    assert int(whole.max()) < 2**24
    digits = whole[..., None] >> torch.arange(24) & 1
    own = digits[..., 8:].double().mean(0)
    assert (own - 0.5).abs().max() < 5 * 0.5 / 50_000**0.5
    # The last eight are one draw for a column.
    assert torch.equal(digits[..., :8], digits[:1, :, :8].expand_as(digits[..., :8]))
    many = torch.cat([draw(1, 5000, generator, dtype) for _ in range(4)])
    low = ((many.double() * 2**24).long()[..., None] >> torch.arange(8) & 1).double()
    assert (low.mean((0, 1)) - 0.5).abs().max() < 5 * 0.5 / 20_000**0.5


@pytest.mark.parametrize("probability", [0.5, 0.02, 0.3 / 2**16])
def test_bits_have_their_probability_below_the_own_digits_too(probability, generator):
    count = 400
    on = sum(float((draw(50, 2000, generator) < probability).sum()) for _ in range(count))
    trials = count * 50 * 2000
    # Rows of a column are not independent for the smallest one: at most 50 bits move together.
    spread = (50 * trials * probability * (1 - probability)) ** 0.5
    assert abs(on - trials * probability) < 5 * spread
    if probability > 0.01:
        assert abs(on - trials * probability) < 5 * spread / 50**0.5


def test_bits_of_a_row_and_of_a_column_are_uncorrelated(generator):
    bits = (draw(100_000, 6, generator) < 0.3).double() - 0.3
    limit = 5 * 0.21 / 100_000**0.5
    covariance = bits.T @ bits / len(bits)
    assert (covariance - 0.21 * torch.eye(6)).abs().max() < limit
    for step in (1, 2, 3, 4):
        assert (bits[step:] * bits[:-step]).mean(0).abs().max() < limit


def test_sure_bits_are_sure_and_equal_seeds_are_equal():
    field = torch.tensor([[-200.0, 200.0, 0.0]]).repeat(2000, 1)
    one, other = (Bernoulli(3).sample(field, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, other)
    assert (one[:, 0] == 0).all()
    assert (one[:, 1] == 1).all()
    assert 900 < float(one[:, 2].sum()) < 1100


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 7)])
def test_small_and_empty_draws(shape, generator):
    numbers = draw(*shape, generator)
    assert numbers.shape == shape
    assert ((numbers >= 0) & (numbers < 1)).all()


def test_other_number_types_take_the_usual_way(generator):
    numbers = draw(4, 3, generator, torch.bfloat16)
    assert numbers.dtype == torch.bfloat16

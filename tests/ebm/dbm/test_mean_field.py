"""Mean field: a fixed point, reached by steps that raise the bound, each row on its own."""

from itertools import pairwise

import pytest
import torch

from ebm import Bernoulli, exact
from ebm.dbm import mean_field, variational_bound_nats


def rows_of(dbm, generator, count=6):
    return dbm.units[0].sample(torch.zeros(count, dbm.sizes[0]).double(), generator)


def test_it_ends_in_a_fixed_point(dbm, generator):
    dbm.requires_grad_(False)
    rows = rows_of(dbm, generator)
    posterior = mean_field(dbm, rows, steps=2000, tolerance=1e-10)
    assert bool((posterior.change <= 1e-10).all())
    states = [rows, *posterior.means]
    for number in range(1, len(states)):
        field = dbm.field(number, states)
        torch.testing.assert_close(posterior.fields[number - 1], field, atol=1e-7, rtol=0)
        torch.testing.assert_close(states[number], dbm.units[number].mean(field))


def test_every_step_raises_the_bound(dbm, generator):
    dbm.requires_grad_(False)
    rows = rows_of(dbm, generator)
    bounds = [
        variational_bound_nats(
            dbm, rows, 0.0, posterior=mean_field(dbm, rows, steps=steps, tolerance=0.0)
        )
        for steps in range(1, 12)
    ]
    for lower, higher in pairwise(bounds):
        assert bool((higher >= lower - 1e-9).all())


def test_a_row_is_what_it_is_alone(build):
    dbm = build([Bernoulli(5), Bernoulli(4), Bernoulli(3)], scale=2.0).requires_grad_(False)
    rows = exact.enumerate_states(dbm.units[0])
    together = mean_field(dbm, rows, tolerance=1e-3)
    assert len(together.change.unique()) > 5  # they did not all stop at the same step
    for number in (0, 7, 31):
        alone = mean_field(dbm, rows[number : number + 1], tolerance=1e-3)
        for whole, one in zip(together.means, alone.means, strict=True):
            torch.testing.assert_close(whole[number], one[0], rtol=1e-12, atol=1e-12)
        assert float(alone.change) == pytest.approx(float(together.change[number]), abs=1e-12)


def test_sparse_rows_are_read(build):
    dbm = build([Bernoulli(5), Bernoulli(4), Bernoulli(3)])
    rows = torch.eye(5).double()
    dense, sparse = mean_field(dbm, rows), mean_field(dbm, rows.to_sparse_csr())
    assert torch.equal(dense.means[1], sparse.means[1])

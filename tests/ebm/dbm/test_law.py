"""The law of a DBM: energy, log Z, p(v), the bound and the bracket, against literal enumeration."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ebm import DBM, Bernoulli, Gaussian, Softmax, exact
from ebm.dbm import (
    bracket_log_partition,
    exact_log_likelihood_nats,
    exact_log_partition,
    mean_field,
    variational_bound_nats,
)


def every_joint_state(dbm):
    """A list of tensors, one a layer, over all joint states."""
    layers = [exact.enumerate_states(unit) for unit in dbm.units]
    index = torch.tensor(list(itertools.product(*(range(len(layer)) for layer in layers))))
    return [layer[index[:, number]] for number, layer in enumerate(layers)]


def literal_energy(dbm, states):
    total = 0.0
    for unit, state in zip(dbm.units, states, strict=True):
        total += float(unit.energy(state[None]))
    for number, weights in enumerate(dbm.weights):
        for i in range(weights.shape[0]):
            for j in range(weights.shape[1]):
                total -= float(states[number][i] * weights[i, j] * states[number + 1][j])
    return total


def test_energy_is_the_double_sum(dbm, generator):
    states = [unit.sample(torch.zeros(3, unit.size).double(), generator) for unit in dbm.units]
    found = dbm.requires_grad_(False).energy(states)
    for row in range(3):
        expected = literal_energy(dbm, [state[row] for state in states])
        assert float(found[row]) == pytest.approx(expected)


def test_log_partition_and_likelihood_are_those_of_all_states(discrete_dbm):
    dbm = discrete_dbm.requires_grad_(False)
    states = every_joint_state(dbm)
    log_weights = -dbm.energy(states)
    log_z = torch.logsumexp(log_weights, 0)
    torch.testing.assert_close(exact_log_partition(dbm), log_z)
    rows = exact.enumerate_states(dbm.units[0])
    log_p = exact_log_likelihood_nats(dbm, rows)
    assert float(log_p.exp().sum()) == pytest.approx(1)
    for row in range(0, len(rows), 3):
        same = (states[0] == rows[row]).all(1)
        expected = torch.logsumexp(log_weights[same], 0) - log_z
        torch.testing.assert_close(log_p[row], expected)


def test_as_an_rbm_it_has_the_same_law(discrete_dbm):
    dbm = discrete_dbm.requires_grad_(False)
    rbm = dbm.as_rbm().requires_grad_(False)
    torch.testing.assert_close(exact.log_partition(rbm), exact_log_partition(dbm))
    states = every_joint_state(dbm)
    even, odd = torch.cat(states[::2], 1), torch.cat(states[1::2], 1)
    torch.testing.assert_close(rbm.energy(even, odd), dbm.energy(states))


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    scale=st.floats(0, 3),
    steps=st.integers(0, 30),
    seed=st.integers(0, 2**30),
    softmax=st.booleans(),
)
def test_the_bound_is_below_the_exact_log_likelihood(sizes, scale, steps, seed, softmax):
    generator = torch.Generator().manual_seed(seed)
    kinds = [Bernoulli(size) for size in sizes]
    if softmax:
        kinds[-1] = Softmax(sizes[-1])
    dbm = DBM(kinds, weight_scale=scale, generator=generator).double().requires_grad_(False)
    for unit in dbm.units:
        unit.shift_bias(torch.randn(unit.size, generator=generator).double())
    rows = exact.enumerate_states(dbm.units[0])
    posterior = mean_field(dbm, rows, steps=steps)
    bound = variational_bound_nats(dbm, rows, exact_log_partition(dbm), posterior=posterior)
    true = exact_log_likelihood_nats(dbm, rows)
    assert bool((bound <= true + 1e-9).all())
    if len(sizes) == 2:
        torch.testing.assert_close(bound, true)  # an RBM's posterior is factorial


def literal_bound(dbm, row, log_z):
    """Σ_h q(h) (-E(v, h) - log q(h)) - log Z, bit by bit."""
    means = [mean[0] for mean in mean_field(dbm, row[None]).means]
    total = 0.0
    for bits in itertools.product((0.0, 1.0), repeat=sum(len(mean) for mean in means)):
        hidden = torch.split(torch.tensor(bits, dtype=torch.float64), [len(m) for m in means])
        log_q = sum(
            math.log(float(p if on else 1 - p))
            for mean, state in zip(means, hidden, strict=True)
            for p, on in zip(mean, state, strict=True)
        )
        energy = float(dbm.energy([part[None] for part in (row, *hidden)]))
        total += math.exp(log_q) * (-energy - log_q)
    return total - log_z


def test_the_bound_is_the_mean_over_q(build):
    dbm = build([Bernoulli(3), Bernoulli(3), Bernoulli(2)]).requires_grad_(False)
    rows = exact.enumerate_states(dbm.units[0])
    log_z = float(exact_log_partition(dbm))
    found = variational_bound_nats(dbm, rows, log_z)
    for row, bound in zip(rows, found, strict=True):
        assert float(bound) == pytest.approx(literal_bound(dbm, row, log_z))
    true = exact_log_likelihood_nats(dbm, rows)
    assert float((true - found).max()) > 0.05  # q is factorial, the posterior is not


@pytest.mark.parametrize("hidden", [[Bernoulli(5), Bernoulli(4)], [Bernoulli(4)] * 3])
def test_bracket_holds_the_exact_value(build, hidden, generator):
    dbm = build([Bernoulli(7), *hidden], scale=0.8).requires_grad_(False)
    true = float(exact_log_partition(dbm))
    rows = exact.enumerate_states(dbm.units[0])
    law = exact_log_likelihood_nats(dbm, rows).exp()
    data = rows[torch.multinomial(law, 400, True, generator=generator)]
    bracket = bracket_log_partition(
        dbm, data, chains=400, betas=300, burn_in=100, generator=generator
    )
    lower, upper = bracket.lower, bracket.upper
    assert lower.log_partition_nats <= true + 4 * lower.standard_error_nats
    assert upper.log_partition_nats >= true - 4 * upper.standard_error_nats
    assert bracket.value_nats(0.3) == pytest.approx(true, abs=4 * bracket.standard_error_nats)


def test_what_cannot_be_enumerated_is_said(build):
    dbm = build([Bernoulli(3), Gaussian(2), Bernoulli(2)])
    with pytest.raises(ValueError, match="continuous and cannot be enumerated"):
        exact_log_partition(dbm)
    with pytest.raises(ValueError, match="at least one hidden layer"):
        DBM([Bernoulli(3)])

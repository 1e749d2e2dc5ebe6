"""The law of a DBN: its exact probabilities, its bound, and its samples, by enumeration."""

import itertools
import math

import pytest
import torch

from ebm import Bernoulli, exact, generate, log_likelihood_bound
from ebm.dbn import exact_log_likelihood_nats


def bits(size):
    return [
        torch.tensor(s, dtype=torch.float64) for s in itertools.product((0.0, 1.0), repeat=size)
    ]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def literal_probability(dbn, v):
    """p(v) = Σ_h1 Σ_h2 p_top(h1, h2) Π_i p(v_i | h1), bit by bit."""
    below, top = dbn.requires_grad_(False).machines
    unnormalised = {}
    for x in exact.enumerate_states(top.visible):
        for h in bits(top.hidden.size):
            energy = -x @ top.visible.bias - h @ top.hidden.bias - x @ top.weights @ h
            unnormalised[tuple(x.tolist()), tuple(h.tolist())] = math.exp(-float(energy))
    partition = sum(unnormalised.values())
    total = 0.0
    for (x, _), weight in unnormalised.items():
        h1 = torch.tensor(x[: below.hidden.size], dtype=torch.float64)
        p = 1.0
        for i in range(len(v)):
            on = sigmoid(float(below.visible.bias[i] + below.weights[i] @ h1))
            p *= on if v[i] else 1 - on
        total += weight / partition * p
    return total


@pytest.mark.parametrize("label_size", [0, 2])
def test_exact_log_likelihood_is_the_double_sum(tiny_dbn, label_size):
    dbn = tiny_dbn(label_size)
    rows = exact.enumerate_states(dbn.machines[0].visible)
    log_p = exact_log_likelihood_nats(dbn, rows)
    assert float(log_p.exp().sum()) == pytest.approx(1)
    for index in (0, 7, 21, 31):
        expected = math.log(literal_probability(dbn, rows[index]))
        assert float(log_p[index]) == pytest.approx(expected)


@pytest.mark.parametrize("seed", [1, 2])
def test_conditionals_are_normalised(seed):
    generator = torch.Generator().manual_seed(seed)
    field = torch.randn(1, 4, generator=generator)
    unit = Bernoulli(4).requires_grad_(False)
    states = torch.stack(bits(4)).float()
    log_p = unit.log_conditional_nats(states, field.expand(16, 4))
    assert float(log_p.exp().sum()) == pytest.approx(1, abs=1e-6)


def literal_bound(dbn, v):
    """Σ_h q(h|v) (log p(v|h) - F_top(h) - log q(h|v)) - log Z."""
    below, recognition, top = dbn.machines[0], dbn.recognition[0], dbn.top
    total = 0.0
    for h in bits(below.hidden.size):
        log_q = log_p = 0.0
        for j in range(len(h)):
            on = sigmoid(float(recognition.hidden.bias[j] + v @ recognition.weights[:, j]))
            log_q += math.log(on if h[j] else 1 - on)
        for i in range(len(v)):
            on = sigmoid(float(below.visible.bias[i] + below.weights[i] @ h))
            log_p += math.log(on if v[i] else 1 - on)
        total += math.exp(log_q) * (log_p - float(top.free_energy(h[None])) - log_q)
    return total - float(exact.log_partition(top))


@pytest.mark.parametrize("untied", [False, True])
def test_bound_is_below_the_exact_log_likelihood(tiny_dbn, untied, generator):
    dbn = tiny_dbn(untied=untied).requires_grad_(False)
    rows = exact.enumerate_states(dbn.machines[0].visible)
    true = exact_log_likelihood_nats(dbn, rows)
    literal = torch.tensor([literal_bound(dbn, row) for row in rows])
    assert (literal <= true + 1e-9).all()
    assert float((true - literal).max()) > 0.05  # q is factorial, the posterior is not
    bound = log_likelihood_bound(
        dbn, rows, exact.log_partition(dbn.top), samples=400, generator=generator
    )
    deviations = (bound.log_likelihood_nats - literal) / bound.standard_error_nats
    assert float(deviations.abs().max()) < 4.5  # 32 rows
    assert float(deviations.std()) == pytest.approx(1, abs=0.4)


def test_bound_with_labels_sums_them_out(tiny_dbn, generator):
    dbn = tiny_dbn(2).requires_grad_(False)
    rows = exact.enumerate_states(dbn.machines[0].visible)
    log_z = exact.log_partition(dbn.top)
    bound = log_likelihood_bound(dbn, rows, log_z, samples=400, generator=generator)
    slack = 4.5 * bound.standard_error_nats
    true = exact_log_likelihood_nats(dbn, rows)
    assert (bound.log_likelihood_nats <= true + slack).all()


def test_bound_of_a_single_rbm_is_exact(tiny_dbn, generator):
    from ebm import DBN

    rbm = tiny_dbn().machines[0].requires_grad_(False)
    rows = exact.enumerate_states(rbm.visible)
    bound = log_likelihood_bound(
        DBN([rbm]), rows, exact.log_partition(rbm), samples=2, generator=generator
    )
    torch.testing.assert_close(bound.log_likelihood_nats, exact.log_likelihood_nats(rbm, rows))
    assert (bound.standard_error_nats == 0).all()


@pytest.mark.parametrize("label_size", [0, 2])
@pytest.mark.parametrize("from_data", [False, True])
def test_generation_follows_the_exact_law(tiny_dbn, label_size, from_data, generator):
    dbn = tiny_dbn(label_size, scale=1.0).requires_grad_(False)
    count = 20_000
    start = torch.zeros(count, 5, dtype=torch.float64) if from_data else None
    samples = generate(dbn, count, 60, generator, start=start)
    rows = exact.enumerate_states(dbn.machines[0].visible)
    expected = exact_log_likelihood_nats(dbn, rows).exp()
    code = (samples @ (2.0 ** torch.arange(4, -1, -1, dtype=torch.float64))).long()
    found = torch.bincount(code, minlength=32) / count
    # Mean total variation of `count` exact draws: Σ √(p(1-p)/n) · √(2/π) / 2.
    floor = float((expected * (1 - expected) / count).sqrt().sum()) * math.sqrt(2 / math.pi) / 2
    assert float((found - expected).abs().sum()) / 2 < 1.5 * floor


def test_generation_follows_the_generative_weights(tiny_dbn, generator):
    """Not the recognition weights: with untied weights the law is the same as without."""
    dbn = tiny_dbn(scale=1.0, untied=True).requires_grad_(False)
    samples = generate(dbn, 20_000, 60, generator)
    rows = exact.enumerate_states(dbn.machines[0].visible)
    expected = exact_log_likelihood_nats(dbn, rows).exp() @ rows
    torch.testing.assert_close(samples.mean(0), expected, rtol=0, atol=0.015)

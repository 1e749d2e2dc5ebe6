"""The gradient against autograd of the bound, log Z enumerated; centring against its text."""

import pytest
import torch

from ebm import Bernoulli, exact
from ebm.dbm import gibbs_step, mean_field, variational_bound_nats
from ebm.dbm.gibbs import Sweep
from ebm.dbm.gradient import apply_update, bound_gradient, data_phase, model_phase


def even_states(dbm):
    """Every state of the even layers, a list over all layers with empty odd ones."""
    states = exact.enumerate_states(dbm.as_rbm().visible)
    layers = [states[:, :0]] * len(dbm.units)
    layers[::2] = torch.split(states, dbm.sizes[::2], dim=1)
    return layers


def log_weights(dbm):
    """Log weight of every state of the even layers, the odd ones summed out; differentiable."""
    layers = even_states(dbm)
    total = torch.zeros(len(layers[0])).double()
    for number, unit in enumerate(dbm.units):
        if number % 2 == 0:
            total = total - unit.energy(layers[number])
        else:
            total = total + unit.log_partition(dbm.field(number, layers))
    return total


@pytest.fixture
def rows(dbm, generator):
    return dbm.units[0].sample(torch.zeros(5, dbm.sizes[0]).double(), generator)


@pytest.fixture
def row_weights(generator):
    weights = torch.rand(5, generator=generator).double()
    return weights / weights.sum()


def phases(dbm, rows, row_weights):
    """Both phases, the model's with every state of the even layers and its probability."""
    with torch.no_grad():
        layers = even_states(dbm)
        fields = [dbm.field(number, layers) for number in range(1, len(layers), 2)]
        law = torch.softmax(log_weights(dbm), 0)
        model = model_phase(dbm, Sweep(tuple(layers), tuple(fields)), law)
        return data_phase(dbm, rows, mean_field(dbm, rows, steps=7), row_weights), model


def zeros(dbm):
    return tuple(torch.zeros(size).double() for size in dbm.sizes)


def test_plain_gradient_is_that_of_the_bound(dbm, rows, row_weights):
    with torch.no_grad():
        gradient = bound_gradient(*phases(dbm, rows, row_weights), zeros(dbm))
    posterior = mean_field(dbm, rows, steps=7)
    log_z = torch.logsumexp(log_weights(dbm), 0)
    bound = row_weights @ variational_bound_nats(dbm, rows, log_z, posterior=posterior)
    named = dict(dbm.named_parameters())
    expected = dict(zip(named, torch.autograd.grad(bound, list(named.values())), strict=True))
    for number, products in enumerate(gradient.weights):
        torch.testing.assert_close(products.dense(), expected.pop(f"weights.{number}"))
    for number in range(len(dbm.units)):
        biases = [name for name in expected if name.startswith(f"layers.{number}.")]
        biases = [name for name in biases if name.endswith("bias")]
        whole = torch.cat([expected.pop(name) for name in biases])
        torch.testing.assert_close(gradient.biases[number], whole)
    assert expected.keys() == gradient.extras.keys()
    for name, value in expected.items():
        torch.testing.assert_close(gradient.extras[name], value)


def test_centred_gradient_is_that_of_the_centred_energy(build, generator):
    """Autograd in the coordinates (W, b') of the text, with offsets drawn at random."""
    dbm = build([Bernoulli(3), Bernoulli(3), Bernoulli(2)])
    rows = (torch.rand(5, 3, generator=generator) < 0.5).double()
    row_weights = torch.full((5,), 0.2).double()
    offsets = tuple(torch.rand(size, generator=generator).double() for size in dbm.sizes)
    data, model = phases(dbm, rows, row_weights)
    weights = [matrix.detach().clone().requires_grad_() for matrix in dbm.weights]
    biases = [torch.zeros(size).double().requires_grad_() for size in dbm.sizes]

    def centred_energy(phase):
        apart = [state - offset for state, offset in zip(phase.states, offsets, strict=True)]
        total = 0.0
        for below, matrix, above in zip(apart[:-1], weights, apart[1:], strict=True):
            total = total - ((below @ matrix) * above).sum(1)
        for state, bias in zip(apart, biases, strict=True):
            total = total - state @ bias
        return phase.weights @ total

    raised = centred_energy(model) - centred_energy(data)
    expected = torch.autograd.grad(raised, [*weights, *biases])
    with torch.no_grad():
        found = bound_gradient(data, model, offsets)
    for products, value in zip(found.weights, expected[:2], strict=True):
        torch.testing.assert_close(products.dense(), value)
    for one, value in zip(found.biases, expected[2:], strict=True):
        torch.testing.assert_close(one, value)


def test_an_update_moves_the_energy_as_the_centred_coordinates_say(build, generator):
    dbm = build([Bernoulli(3), Bernoulli(3), Bernoulli(2), Bernoulli(2)]).requires_grad_(False)
    offsets = [torch.rand(size, generator=generator).double() for size in dbm.sizes]
    weights = [torch.randn(matrix.shape, generator=generator).double() for matrix in dbm.weights]
    biases = [torch.randn(size, generator=generator).double() for size in dbm.sizes]
    states = gibbs_step(dbm, [torch.zeros(9, n).double() for n in dbm.sizes], generator).states
    before = dbm.energy(states)
    apply_update(dbm, weights, biases, {}, tuple(offsets))
    apart = [state - offset for state, offset in zip(states, offsets, strict=True)]
    change = -sum(state @ bias for state, bias in zip(states, biases, strict=True))
    for below, matrix, above in zip(apart[:-1], weights, apart[1:], strict=True):
        change = change - ((below @ matrix) * above).sum(1)
    moved = dbm.energy(states) - before - change
    torch.testing.assert_close(moved, moved[:1].expand(9))  # the same constant for every state

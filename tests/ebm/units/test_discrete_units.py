"""Every discrete unit against enumeration of its states."""

import pytest
import torch

from ebm import (
    Bernoulli,
    Binomial,
    Blocks,
    NReLU,
    Softmax,
    Thermometer,
    unit_from_config,
)
from ebm.exact import enumerate_states
from ebm.units import Moments

UNITS = {
    "bernoulli": lambda: Bernoulli(4),
    "softmax": lambda: Softmax([3, 2, 4]),
    "softmax_one": lambda: Softmax(5),
    "thermometer": lambda: Thermometer([3, 1, 2]),
    "thermometer_equal": lambda: Thermometer([2, 2]),
    "binomial": lambda: Binomial(3, trials=4),
    "nrelu": lambda: NReLU(2, copies=5),
    "blocks": lambda: Blocks([Bernoulli(2), Softmax(3), Thermometer([2, 1]), Binomial(1, 2)]),
}


@pytest.fixture(params=UNITS)
def unit(request, generator):
    unit = UNITS[request.param]().double()
    unit.shift_bias(torch.randn(unit.size, generator=generator).double())
    return unit


@pytest.fixture
def field(unit, generator):
    return 2 * torch.randn(6, unit.size, generator=generator, dtype=torch.float64)


def law(unit, field):
    """States and their probability given each field, by enumeration."""
    states = enumerate_states(unit)
    return states, torch.softmax(field @ states.T - unit.energy(states), 1)


def test_log_partition_is_the_sum_over_states(unit, field):
    states = enumerate_states(unit)
    expected = torch.logsumexp(field @ states.T - unit.energy(states), 1)
    torch.testing.assert_close(unit.log_partition(field), expected, rtol=1e-6, atol=1e-6)


def test_mean_is_the_mean_over_states_and_the_slope_of_log_partition(unit, field):
    states, probability = law(unit, field)
    torch.testing.assert_close(unit.mean(field), probability @ states, rtol=1e-6, atol=1e-6)
    field.requires_grad_()
    (slope,) = torch.autograd.grad(unit.log_partition(field).sum(), field)
    torch.testing.assert_close(unit.mean(field), slope, rtol=1e-6, atol=1e-6)


def test_samples_follow_the_enumerated_law(unit, field, generator):
    count = 40_000
    states, probability = law(unit, field[:1])
    draws = unit.sample(field[:1].expand(count, -1), generator)
    found = (draws[:, None, :] == states).all(-1)
    assert found.any(1).all()  # every draw is a possible state
    expected = count * probability[0]
    spread = (found.sum(0) - expected) / (expected + 1e-9).sqrt()
    assert spread.abs().max() < 5


def test_bias_gradients(unit, field, generator):
    """-∂U/∂bias is the state, ∂Γ/∂bias the mean: what the training uses for every kind."""
    states = unit.sample(field, generator)
    weights = torch.rand(len(field), generator=generator).double()
    parameters = list(unit.parameters())
    slopes = torch.autograd.grad(-(weights @ unit.energy(states)), parameters)
    torch.testing.assert_close(torch.cat(slopes), weights @ states)
    slopes = torch.autograd.grad(weights @ unit.log_partition(field), parameters)
    torch.testing.assert_close(torch.cat(slopes), weights @ unit.mean(field))
    assert unit.extra_gradients(states, weights) == {}


def test_biases_from_data_reproduce_the_column_means(unit, field, generator):
    data = unit.sample(field.repeat(50, 1), generator)
    moments = Moments(data.mean(0), data.var(0, correction=0), count=len(data))
    unit.set_from_moments(moments, smoothing=1e-9)
    alone = unit.mean(torch.zeros(1, unit.size).double())[0]
    torch.testing.assert_close(alone, data.mean(0), rtol=1e-5, atol=1e-5)


def test_biases_from_data_are_finite_for_constant_columns(unit):
    constant = enumerate_states(unit)[0]
    unit.set_from_moments(Moments(constant, torch.zeros_like(constant), count=1000))
    assert unit.bias.isfinite().all()
    alone = unit.mean(torch.zeros(1, unit.size).double())[0]
    torch.testing.assert_close(alone, constant, rtol=0, atol=0.02)


def test_config_round_trip(unit):
    again = unit_from_config(unit.to_config()).double()
    again.load_state_dict(unit.state_dict())
    states = enumerate_states(unit)
    torch.testing.assert_close(again.energy(states), unit.energy(states))


def test_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'ising'"):
        unit_from_config({"kind": "ising", "size": 3})


def test_thermometer_gives_impossible_states_infinite_energy():
    unit = Thermometer([3, 2])
    states = torch.tensor([[1.0, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 0, 1], [0, 0, 0, 1, 1]])
    assert unit.energy(states).isinf().tolist() == [False, True, True, False]


def test_binomial_equals_bits_with_shared_weights(generator):
    field = torch.randn(5, 2, generator=generator)
    single = Bernoulli(2).log_partition(field)
    torch.testing.assert_close(Binomial(2, trials=7).log_partition(field), 7 * single)


def test_nrelu_mean_is_close_to_softplus():
    """Nair & Hinton (2010): the stepped sum approximates log(1 + e^x)."""
    field = torch.linspace(-3, 4, 15)[:, None]
    mean = NReLU(1, copies=60).mean(field)
    torch.testing.assert_close(mean, torch.nn.functional.softplus(field), rtol=0, atol=0.02)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Bernoulli(0),
        lambda: Softmax([]),
        lambda: Softmax([2, 0]),
        lambda: Binomial(3, trials=0),
        lambda: NReLU(2, copies=0),
        lambda: NReLU(2, copies=1025),
        lambda: Blocks([]),
    ],
)
def test_impossible_sizes_are_refused(build):
    with pytest.raises(ValueError, match=r"at least one|>= 1|1 to"):
        build()


def test_many_copies_of_a_rectified_unit_keep_the_weight_of_every_state():
    """The ways to a state are far below what a float64 holds; their logarithms are not."""
    unit = NReLU(1, copies=60)
    # All copies on: one way, of weight exp(sum of 1/2 - i).
    expected = sum(0.5 - i for i in range(1, 61))
    assert unit.log_ways[-1].item() == pytest.approx(expected, rel=1e-6)
    states = torch.arange(61.0)[:, None]
    log_partition = torch.logsumexp(-unit.energy(states), 0)
    assert log_partition.item() == pytest.approx(unit.log_partition(torch.zeros(1, 1)).item())

"""Gaussian and rectified units against numerical integration."""

import math

import pytest
import scipy.special
import scipy.stats
import torch
from scipy.integrate import quad

from ebm import Blocks, Gaussian, Rectified, unit_from_config
from ebm.exact import enumerate_states
from ebm.units import Moments
from ebm.units.rectified import _tail_quantile

KINDS = {"gaussian": Gaussian, "rectified": Rectified}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def unit_of(kind, bias, precision, learn=False):
    unit = kind(1, precision, learn_precision=learn).double()
    unit.shift_bias(torch.tensor([bias]).double())
    return unit


def integrate(unit, field, power=0, scale=0.0):
    """∫ s^power exp(-U(s) + field·s - scale) ds, by quadrature of the unit's own energy."""
    precision, bias = float(unit.precision), float(unit.bias.detach())
    peak = (field + bias) / precision
    width = 1 / math.sqrt(precision)
    low = peak - 12 * width
    if isinstance(unit, Rectified):
        low = max(low, 0.0)
        width = min(width, 5 / max(-(field + bias), 1e-3)) if peak < 0 else width
    high = max(peak, 0.0 if isinstance(unit, Rectified) else peak) + 12 * width

    def density(s):
        energy = float(unit.energy(torch.tensor([[s]]).double()).detach())
        return s**power * math.exp(-energy + field * s - scale)

    return quad(density, low, high, epsabs=1e-9, epsrel=1e-8)[0]


CASES = [(0.3, 1.0, 0.5), (-1.0, 4.0, 2.5), (2.0, 0.3, -1.0), (0.0, 1.0, -9.0), (0.0, 2.0, 14.0)]


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")  # rounding, not error
@pytest.mark.parametrize(("bias", "precision", "field"), CASES)
def test_cumulant_and_moments_by_quadrature(kind, bias, precision, field):
    unit = unit_of(kind, bias, precision)
    x = torch.tensor([[field]]).double()
    scale = float(unit.log_partition(x).detach())
    total = integrate(unit, field, scale=scale)
    assert total == pytest.approx(1.0, rel=1e-6)
    assert float(unit.mean(x).detach()) == pytest.approx(integrate(unit, field, 1, scale), rel=1e-6)
    second = integrate(unit, field, 2, scale)
    assert float(unit.second_moment(x).detach()) == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize("field", [-40.0, -12.0, -8.01, -7.99, -1.0, 0.0, 30.0])
def test_rectified_stays_accurate_in_single_precision(field):
    x = torch.tensor([[field]])
    single, double = Rectified(1), Rectified(1).double()
    torch.testing.assert_close(
        single.log_partition(x).double(), double.log_partition(x.double()), rtol=1e-5, atol=1e-5
    )
    torch.testing.assert_close(
        single.mean(x).double(), double.mean(x.double()), rtol=1e-4, atol=1e-6
    )


def test_mean_is_the_slope_of_the_cumulant(kind):
    unit = unit_of(kind, 0.2, 1.7)
    field = torch.linspace(-30, 30, 61).double()[:, None].requires_grad_()
    (slope,) = torch.autograd.grad(unit.log_partition(field).sum(), field)
    assert slope.isfinite().all()
    torch.testing.assert_close(unit.mean(field), slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("field", [-60.0, -20.0, -3.0, 0.0, 2.5])
def test_rectified_samples_follow_the_truncated_normal(field, generator):
    draws = Rectified(1).double().sample(torch.full((20_000, 1), field).double(), generator)
    law = scipy.stats.truncnorm(-field, float("inf"), loc=field)
    assert scipy.stats.kstest(draws[:, 0].numpy(), law.cdf).pvalue > 1e-4


@pytest.mark.parametrize("z", [-5.001, -9.0, -40.0])
def test_rectified_tail_quantiles_are_exact(z):
    uniform = torch.tensor([1.0, 0.9, 0.5, 1e-3, 1e-12], dtype=torch.float64)
    found = _tail_quantile(torch.full_like(uniform, z), uniform)
    survival = scipy.special.log_ndtr(z - found.numpy()) - scipy.special.log_ndtr(z)
    assert survival == pytest.approx(uniform.log().numpy(), rel=1e-6, abs=1e-9)


def test_gaussian_samples_have_the_given_mean_and_variance(generator):
    unit = unit_of(Gaussian, 0.7, 4.0)
    draws = unit.sample(torch.full((40_000, 1), 1.3).double(), generator)
    assert float(draws.mean()) == pytest.approx(0.5, abs=5 * 0.5 / 200)
    assert float(draws.var()) == pytest.approx(0.25, rel=5 * math.sqrt(2 / 40_000))


def test_gradients_of_bias_and_precision(kind, generator):
    unit = unit_of(kind, 0.4, 1.5, learn=True)
    field = torch.randn(9, 1, generator=generator).double()
    states = unit.sample(field, generator)
    weights = torch.rand(9, generator=generator).double()
    parameters = [unit.bias, unit.log_precision]
    bias, extra = torch.autograd.grad(-(weights @ unit.energy(states)), parameters)
    torch.testing.assert_close(bias, weights @ states)
    torch.testing.assert_close(extra, unit.extra_gradients(states, weights)["log_precision"])
    bias, extra = torch.autograd.grad(weights @ unit.log_partition(field), parameters)
    torch.testing.assert_close(bias, weights @ unit.mean(field))
    ours = unit.extra_mean_gradients(field, weights)["log_precision"]
    torch.testing.assert_close(extra, ours, rtol=1e-6, atol=1e-8)


def test_learned_precision_starts_from_the_data(generator):
    data = 3 + 2 * torch.randn(5000, 1, generator=generator).double()
    moments = Moments(data.mean(0), data.var(0, correction=0), count=len(data))
    unit = Gaussian(1, learn_precision=True).double()
    unit.set_from_moments(moments, smoothing=0.0)
    zero = torch.zeros(1, 1).double()
    torch.testing.assert_close(unit.mean(zero)[0], moments.mean)
    torch.testing.assert_close(1 / unit.precision, moments.variance)
    fixed = Gaussian(1).double()
    fixed.set_from_moments(moments)
    assert float(fixed.precision) == 1


def test_rectified_bias_from_data():
    unit = Rectified(3).double()
    mean = torch.tensor([0.0, 0.5, 4.0]).double()
    unit.set_from_moments(Moments(mean, mean, count=1000), smoothing=1.0)
    alone = unit.mean(torch.zeros(1, 3).double())[0]
    torch.testing.assert_close(alone, (1000 * mean + 1) / 1001, rtol=1e-4, atol=0)


def test_blocks_name_the_parameters_of_their_parts(generator):
    unit = Blocks([Gaussian(2, learn_precision=True), Rectified(1)]).double()
    states = torch.rand(4, 3, generator=generator).double()
    weights = torch.rand(4, generator=generator).double()
    gradients = unit.extra_gradients(states, weights)
    assert list(gradients) == ["blocks.0.log_precision"]
    (expected,) = torch.autograd.grad(
        -(weights @ unit.energy(states)), [unit.get_parameter("blocks.0.log_precision")]
    )
    torch.testing.assert_close(gradients["blocks.0.log_precision"], expected)


def test_negative_states_of_rectified_units_are_impossible():
    energy = Rectified(2).energy(torch.tensor([[0.5, 0.0], [0.5, -0.1]]))
    assert energy.isinf().tolist() == [False, True]


def test_config_round_trip(kind, generator):
    unit = kind(3, 2.5, learn_precision=True)
    again = unit_from_config(unit.to_config())
    again.load_state_dict(unit.state_dict())
    states = torch.rand(4, 3, generator=generator)
    torch.testing.assert_close(again.energy(states), unit.energy(states))


def test_continuous_units_cannot_be_enumerated(kind):
    with pytest.raises(ValueError, match="continuous"):
        enumerate_states(kind(2))


def test_precision_must_be_positive(kind):
    with pytest.raises(ValueError, match="precision"):
        kind(2, 0.0)

"""Autocorrelation of chains whose autocorrelation is known."""

import math

import pytest
import torch

from ebm.sampling import autocorrelation, autocorrelation_time, effective_sample_size


@pytest.fixture
def autoregressive(generator):
    """x' = 0.8 x + noise: ρ(t) = 0.8^t and τ = (1 + 0.8)/(1 - 0.8) = 9."""
    noise = torch.randn(2000, 200, generator=generator, dtype=torch.float64)
    series = noise.clone()
    series[0] /= math.sqrt(1 - 0.8**2)
    for step in range(1, len(series)):
        series[step] += 0.8 * series[step - 1]
    return series


def test_autocorrelation_of_an_autoregressive_chain(autoregressive):
    rho = autocorrelation(autoregressive)
    assert float(rho[0]) == pytest.approx(1.0)
    for lag in (1, 3, 8):
        assert float(rho[lag]) == pytest.approx(0.8**lag, abs=0.02)


def test_integrated_time_and_effective_sample_size(autoregressive):
    assert autocorrelation_time(autoregressive) == pytest.approx(9, rel=0.05)
    assert effective_sample_size(autoregressive) == pytest.approx(400_000 / 9, rel=0.05)


def test_independent_draws_have_a_time_of_one(generator):
    series = torch.rand(500, 50, generator=generator)
    assert autocorrelation_time(series) == pytest.approx(1.0, abs=0.05)


def test_chains_that_stand_still_or_are_too_short_have_no_finite_time(autoregressive):
    assert autocorrelation_time(torch.ones(50, 3)) == float("inf")
    assert autocorrelation_time(torch.arange(3.0).expand(50, 3)) == float("inf")
    assert autocorrelation_time(autoregressive[:40]) == float("inf")
    assert effective_sample_size(torch.ones(50, 3)) == 0

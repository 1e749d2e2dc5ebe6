"""AIS <= exact log Z <= reverse AIS, error bars that mean something, and no number without them."""

import math

import pytest
import torch

from ebm import (
    RBM,
    Bernoulli,
    Blocks,
    BracketTooWideError,
    Gaussian,
    LogPartitionBracket,
    NReLU,
    Softmax,
    Thermometer,
    estimate_log_likelihood_nats,
    estimate_log_partition,
    exact,
)
from ebm.likelihood import (
    annealed,
    base_rate_path,
    log_partition_of_independent_units,
    reverse_annealed,
)

CHAINS = 400


def exact_samples(rbm, count, generator):
    states, probability = exact.visible_distribution(rbm)
    return states[torch.multinomial(probability.detach(), count, True, generator=generator)]


def betas(count):
    return torch.linspace(0, 1, count, dtype=torch.float64)


@pytest.mark.parametrize(
    ("visible", "hidden"),
    [
        (Bernoulli(8), Bernoulli(6)),
        (Blocks([Thermometer([2, 3]), Softmax(3)]), Bernoulli(5)),
        (Bernoulli(7), NReLU(3, copies=3)),
    ],
    ids=["bits", "blocks", "nrelu"],
)
@pytest.mark.parametrize("with_data", [False, True])
def test_bracket_holds_the_exact_value(strong_machine, visible, hidden, with_data, generator):
    rbm = strong_machine(visible, hidden, scale=1.0)
    true = float(exact.log_partition(rbm).detach())
    samples = exact_samples(rbm, CHAINS, generator)
    bracket = estimate_log_partition(
        rbm,
        data=samples if with_data else None,
        chains=CHAINS,
        betas=400,
        model_samples=samples,
        generator=generator,
    )
    lower, upper = bracket.lower, bracket.upper
    assert lower.log_partition_nats <= true + 4 * lower.standard_error_nats
    assert upper.log_partition_nats >= true - 4 * upper.standard_error_nats
    assert bracket.value_nats(0.2) == pytest.approx(true, abs=4 * bracket.standard_error_nats)


def test_few_temperatures_leave_a_gap_on_the_right_sides(strong_machine, generator):
    """Far from equilibrium the bias shows: forwards below, backwards above."""
    rbm = strong_machine(Bernoulli(8), Bernoulli(6), scale=2.0)
    true = float(exact.log_partition(rbm).detach())
    samples = exact_samples(rbm, 50, generator)
    ends = [
        (
            annealed(path, betas(3), 50, generator).log_partition_nats,
            reverse_annealed(path, betas(3), samples, generator).log_partition_nats,
        )
        for path in [base_rate_path(rbm)] * 20
    ]
    lower, upper = torch.tensor(ends).mean(0).tolist()
    assert lower < true - 0.1
    assert upper > true + 0.1


def test_weights_are_unbiased(strong_machine, generator):
    """E[w] = Z/Z₀ forwards and Z₀/Z backwards, whatever the number of temperatures."""
    rbm = strong_machine(Bernoulli(6), Bernoulli(4), scale=0.7)
    path = base_rate_path(rbm)
    log_ratio = float(
        (exact.log_partition(rbm) - log_partition_of_independent_units(path)).detach()
    )
    forwards = annealed(path, betas(8), 20_000, generator)
    samples = exact_samples(rbm, 20_000, generator)
    backwards = reverse_annealed(path, betas(8), samples, generator)
    for estimate, expected in ((forwards, log_ratio), (backwards, -log_ratio)):
        weights = (estimate.log_weights - expected).exp()
        error = float(weights.std()) / len(weights) ** 0.5
        assert error < 0.02
        assert float(weights.mean()) == pytest.approx(1, abs=4 * error)


def test_error_bars_are_the_spread_of_repetitions(strong_machine):
    rbm = strong_machine(Bernoulli(6), Bernoulli(4), scale=0.7)
    path = base_rate_path(rbm)
    estimates = [
        annealed(path, betas(10), 200, torch.Generator().manual_seed(seed)) for seed in range(60)
    ]
    spread = float(torch.tensor([e.log_partition_nats for e in estimates]).std())
    stated = float(torch.tensor([e.standard_error_nats for e in estimates]).mean())
    assert stated == pytest.approx(spread, rel=0.3)


@pytest.mark.parametrize("size", [1, 5])
def test_a_machine_without_weights_is_its_own_start(size, generator):
    """The edge case of hidden units that do nothing: exact, with no spread at all."""
    rbm = RBM(Bernoulli(6), Bernoulli(size), weight_scale=0.0)
    rbm.visible.shift_bias(torch.linspace(-2, 2, 6))
    true = float(exact.log_partition(rbm).detach())
    bracket = estimate_log_partition(rbm, chains=10, betas=5, burn_in=1, generator=generator)
    assert bracket.lower.log_partition_nats == pytest.approx(true, abs=1e-5)
    assert bracket.upper.log_partition_nats == pytest.approx(true, abs=1e-5)
    assert bracket.lower.effective_sample_size == pytest.approx(10)
    assert bracket.standard_error_nats < 1e-6


def test_gaussian_visible_units(generator):
    rbm = RBM(Gaussian(5, precision=2.0), Bernoulli(4), weight_scale=0.7, generator=generator)
    rbm.visible.shift_bias(torch.randn(5, generator=generator))
    true = float(exact.log_partition(rbm).detach())
    bracket = estimate_log_partition(rbm, chains=CHAINS, betas=300, burn_in=50, generator=generator)
    assert bracket.value_nats(0.2) == pytest.approx(true, abs=4 * bracket.standard_error_nats)


def test_start_has_the_base_rates_of_the_data(strong_machine, generator):
    rbm = strong_machine(Bernoulli(30), Bernoulli(5), scale=0.3)
    data = (torch.rand(5000, 30, generator=generator) < 0.04).double()
    path = base_rate_path(rbm, data)
    alone = rbm.visible.mean(path.to_visible[None])[0].detach()
    torch.testing.assert_close(alone, (data.sum(0) + 1) / 5002)


def test_the_start_at_base_rates_is_the_better_one(generator):
    """Sparse data: without base rates the first temperatures are spent on finding them."""
    data = (torch.rand(400, 60, generator=generator) < 0.05).double()
    rbm = RBM(Bernoulli(60), Bernoulli(4), weight_scale=0.5, generator=generator).double()
    with torch.no_grad():
        mean_field = rbm.weights @ torch.full((4,), 0.5, dtype=torch.float64)
        rbm.visible.bias.copy_(torch.logit((data.mean(0) * 400 + 1) / 402) - mean_field)
    spread = [
        float(annealed(path, betas(20), 200, generator).log_weights.std())
        for path in (base_rate_path(rbm), base_rate_path(rbm, data))
    ]
    assert spread[1] < spread[0]


def test_no_number_when_the_ends_disagree(strong_machine, generator):
    rbm = strong_machine(Bernoulli(8), Bernoulli(6), scale=3.0)
    bracket = estimate_log_partition(rbm, chains=20, betas=3, burn_in=200, generator=generator)
    assert bracket.gap_nats > 1
    with pytest.raises(BracketTooWideError, match="more than the tolerance of 1"):
        bracket.value_nats()
    with pytest.raises(BracketTooWideError, match="effective sample size"):
        estimate_log_likelihood_nats(rbm, torch.zeros(1, 8).double(), bracket)
    assert math.isfinite(bracket.value_nats(tolerance_nats=1000))


def test_a_broken_estimate_is_no_number(strong_machine, generator):
    rbm = strong_machine(Bernoulli(4), Bernoulli(3))
    bracket = estimate_log_partition(rbm, chains=5, betas=5, burn_in=2, generator=generator)
    broken = LogPartitionBracket(
        bracket.lower, type(bracket.upper)(math.nan, 0.0, 1.0, bracket.upper.log_weights)
    )
    with pytest.raises(BracketTooWideError):
        broken.value_nats(1000)


def test_log_likelihood_of_rows(strong_machine, generator):
    rbm = strong_machine(Bernoulli(6), Bernoulli(4), scale=0.7)
    rows = exact_samples(rbm, 10, generator)
    bracket = estimate_log_partition(rbm, data=rows, betas=300, burn_in=100, generator=generator)
    found = estimate_log_likelihood_nats(rbm, rows, bracket).detach()
    expected = exact.log_likelihood_nats(rbm, rows).detach()
    torch.testing.assert_close(found, expected, rtol=0, atol=0.05)


def test_equal_seeds_give_equal_estimates(strong_machine):
    rbm = strong_machine(Bernoulli(6), Bernoulli(4))
    values = [
        estimate_log_partition(
            rbm, chains=5, betas=20, burn_in=5, generator=torch.Generator().manual_seed(1)
        ).lower.log_partition_nats
        for _ in range(2)
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize("wrong", [[0.0, 0.5], [0.1, 1.0], [0.0, 0.7, 0.3, 1.0], [1.0]])
def test_impossible_temperatures(strong_machine, wrong, generator):
    rbm = strong_machine(Bernoulli(4), Bernoulli(3))
    with pytest.raises(ValueError, match="rise from 0 to 1"):
        estimate_log_partition(rbm, betas=torch.tensor(wrong), generator=generator)

"""Each sampler leaves the enumerated law of a small machine unchanged, and converges to it.

Chains start from exact draws, run a kernel, and their histogram is compared with the exact law by
total variation. Weights are strong, because with weak ones every kernel, right or wrong, is close
to independent bits. The tolerance is derived, not tuned: for N independent chains the expected
total variation of the histogram is at most ½ Σ sqrt(p(1-p)/N), and moving one chain changes it by
at most 1/N, so McDiarmid's inequality bounds the chance of exceeding that by t with exp(-2Nt²).
"""

import math

import pytest
import torch

from ebm import (
    RBM,
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    NReLU,
    Rectified,
    Softmax,
    Thermometer,
    exact,
)
from ebm.sampling import (
    ContrastiveDivergence,
    ParallelTempering,
    PersistentChains,
    TemperedPath,
    gibbs,
    gibbs_clamped,
)

CHAINS = 200_000

MACHINES = {
    "bernoulli": lambda: (Bernoulli(4), Bernoulli(3)),
    "label": lambda: (Blocks([Bernoulli(2), Softmax(3)]), Bernoulli(3)),
    "thermometer": lambda: (Thermometer([2, 3]), Bernoulli(2)),
    "binomial": lambda: (Binomial(2, 3), Softmax(3)),
    "gaussian_hidden": lambda: (Bernoulli(4), Gaussian(2)),
    "rectified_hidden": lambda: (Bernoulli(4), Rectified(2)),
    "nrelu_hidden": lambda: (Bernoulli(4), NReLU(2, copies=4)),
}


def tolerance(probability, chains):
    spread = 0.5 * float((probability * (1 - probability) / chains).sqrt().sum().detach())
    return spread + math.sqrt(math.log(1e6) / (2 * chains))


def total_variation(states, probability, draws):
    """Between the histogram of `draws` and the law; a draw outside the states counts in full."""
    probability = probability.detach()
    found = torch.zeros_like(probability)
    for index, state in enumerate(states):
        found[index] = (draws == state).all(-1).double().mean()
    return float((found - probability).abs().sum() + (1 - found.sum()).abs()) / 2


def draw(states, probability, count, generator):
    index = torch.multinomial(probability, count, replacement=True, generator=generator)
    return states[index]


@pytest.fixture(params=MACHINES)
def rbm(request, strong_machine):
    return strong_machine(*MACHINES[request.param](), scale=1.3)


@pytest.fixture
def binary_machine(strong_machine):
    return strong_machine(Bernoulli(4), Bernoulli(3), scale=2.0)


@pytest.fixture
def tempering_machine():
    """No biases: both temperatures have several likely states, and a wrong swap moves both laws."""
    generator = torch.Generator().manual_seed(6)
    return RBM(Bernoulli(4), Bernoulli(3), weight_scale=2.0, generator=generator).double()


def test_gibbs_keeps_the_exact_law(rbm, generator):
    states, law = exact.visible_distribution(rbm)
    draws = gibbs(rbm, draw(states, law.detach(), CHAINS, generator), 2, generator)
    assert total_variation(states, law, draws) < tolerance(law, CHAINS)


def test_gibbs_converges_to_the_exact_law(strong_machine, generator):
    rbm = strong_machine(Bernoulli(4), Bernoulli(3), scale=0.8)
    states, law = exact.visible_distribution(rbm)
    start = states[law.argmin()].expand(CHAINS, -1)
    assert total_variation(states, law, start) > 0.5
    draws = gibbs(rbm, start, 100, generator)
    assert total_variation(states, law, draws) < tolerance(law, CHAINS)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("kind", ["cd", "pcd"])
def test_training_samplers_keep_the_exact_law(kind, steps, binary_machine, generator):
    states, law = exact.visible_distribution(binary_machine)
    start = draw(states, law.detach(), CHAINS, generator)
    field = binary_machine.hidden_field(start).detach()
    sampler = ContrastiveDivergence(steps) if kind == "cd" else PersistentChains(start, steps)
    draws = sampler.sample(binary_machine, field, generator)
    assert total_variation(states, law, draws) < tolerance(law, CHAINS)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_k_of_cd_and_pcd_counts_sweeps(steps, binary_machine, generator, monkeypatch):
    sweeps = []
    sample = binary_machine.visible.sample

    def counted(field, source):
        sweeps.append(len(field))
        return sample(field, source)

    monkeypatch.setattr(binary_machine.visible, "sample", counted)
    start = torch.zeros(2, 4).double()
    field = binary_machine.hidden_field(start).detach()
    ContrastiveDivergence(steps).sample(binary_machine, field, generator)
    assert len(sweeps) == steps
    PersistentChains(start, steps).sample(binary_machine, field, generator)
    assert len(sweeps) == 2 * steps


def test_persistent_chains_do_not_look_at_the_batch(binary_machine, generator):
    states, law = exact.visible_distribution(binary_machine)
    sampler = PersistentChains(draw(states, law.detach(), CHAINS, generator))
    misleading = torch.full((5, 3), 50.0).double()
    for _ in range(2):
        draws = sampler.sample(binary_machine, misleading, generator)
    assert total_variation(states, law, draws) < tolerance(law, CHAINS)


def tempered_law(path, states, beta):
    """The law of one temperature, straight from its energy: enumerated over both layers."""
    rbm = path.rbm
    hidden = exact.enumerate_states(rbm.hidden)
    joint = (
        -rbm.visible.energy(states)[:, None]
        - rbm.hidden.energy(hidden)
        + beta * states @ rbm.weights @ hidden.T
        + (1 - beta) * ((states @ path.to_visible)[:, None] + hidden @ path.to_hidden)
    )
    return torch.softmax(torch.logsumexp(joint, 1), 0).detach()


def tempering_from_exact_draws(rbm, betas, visible_mean, generator, kind=ParallelTempering):
    path = TemperedPath.from_means(rbm, visible_mean)
    states = exact.enumerate_states(rbm.visible)
    laws = [tempered_law(path, states, beta) for beta in betas]
    sampler = kind(states[:1].expand(CHAINS, -1), torch.tensor(betas), 1, visible_mean)
    for level, law in enumerate(laws):
        sampler.visible[level] = draw(states, law, CHAINS, generator)
    return sampler, states, laws


@pytest.mark.parametrize("mean", [0.0, 0.8])
def test_tempering_keeps_the_law_of_every_temperature(mean, tempering_machine, generator):
    visible_mean = torch.full((4,), mean).double()
    sampler, states, laws = tempering_from_exact_draws(
        tempering_machine, [0.0, 0.3, 1.0], visible_mean, generator
    )
    for _ in range(4):
        sampler.advance(tempering_machine, generator)
    for level, law in enumerate(laws):
        assert total_variation(states, law, sampler.visible[level]) < tolerance(law, CHAINS)
    assert 0 < float(sampler.acceptance.min()) < 1


@pytest.mark.parametrize("name", ["label", "thermometer", "rectified_hidden"])
def test_tempering_keeps_the_law_of_other_units(name, strong_machine, generator):
    rbm = strong_machine(*MACHINES[name](), scale=1.3)
    states, law = exact.visible_distribution(rbm)
    mean = law.detach() @ states
    path = TemperedPath.from_means(rbm, mean)
    betas = torch.tensor([0.4, 1.0]).double()[:, None, None]
    both = torch.stack([states, states])
    laws = torch.softmax(path.log_weight(both, betas) - rbm.visible.energy(states), 1).detach()
    torch.testing.assert_close(laws[1], law.detach())
    sampler = ParallelTempering(states[:1].expand(CHAINS, -1), betas[:, 0, 0], 1, mean)
    for level in range(2):
        sampler.visible[level] = draw(states, laws[level], CHAINS, generator)
    for _ in range(3):
        sampler.advance(rbm, generator)
    for level in range(2):
        found = total_variation(states, laws[level], sampler.visible[level])
        assert found < tolerance(laws[level], CHAINS)


class SwapByOwnFreeEnergy(TemperedPath):
    """A published package's swap rule: (β - β')(F(v) - F(v')) with the free energy at β = 1."""

    def log_weight(self, visible, beta):
        free_energy = self.rbm.free_energy(visible.flatten(0, -2)).view(visible.shape[:-1])
        return -beta[..., 0] * free_energy


def test_field_bug_wrong_tempering_swap_is_caught(tempering_machine, generator):
    """The same test as above must fail for the wrong rule, or it would prove nothing."""
    zero = torch.zeros(4).double()
    sampler, states, laws = tempering_from_exact_draws(
        tempering_machine, [0.3, 1.0], zero, generator
    )
    # Only the rule differs: the sweeps are those of the right path.
    path = SwapByOwnFreeEnergy(tempering_machine, zero, torch.zeros(3).double())
    for _ in range(4):
        sampler.visible = path.sweep(sampler.visible, sampler.betas, generator)
        sampler._swap(path, generator)
    for level, law in enumerate(laws):
        assert total_variation(states, law, sampler.visible[level]) > tolerance(law, CHAINS)


def test_mean_field_in_place_of_sampling_is_caught(binary_machine, generator):
    """A kernel that sends hidden means instead of samples does not keep the law."""
    states, law = exact.visible_distribution(binary_machine)
    start = draw(states, law.detach(), CHAINS, generator)
    draws = binary_machine.sample_visible(binary_machine.hidden_mean(start), generator)
    assert total_variation(states, law, draws) > tolerance(law, CHAINS)


def test_tempering_converges_where_gibbs_does_not(generator):
    """Two deep wells, no path between them but through high temperature."""
    rbm = RBM(Bernoulli(6), Bernoulli(2), weight_scale=0.0).double()
    with torch.no_grad():
        rbm.weights.add_(6.0)
        rbm.visible.shift_bias(torch.full((6,), -6.0).double())
        rbm.hidden.shift_bias(torch.full((2,), -18.0).double())
    states, law = exact.visible_distribution(rbm)
    start = torch.zeros(3000, 6).double()
    limit = tolerance(law, 3000)
    assert total_variation(states, law, gibbs(rbm, start, 200, generator)) > 5 * limit
    sampler = ParallelTempering(start, torch.linspace(0, 1, 12), 1, torch.full((6,), 0.5).double())
    for _ in range(200):
        draws = sampler.advance(rbm, generator)
    assert total_variation(states, law, draws) < limit


def test_clamped_sampling_follows_the_conditional_law(strong_machine, generator):
    rbm = strong_machine(Blocks([Bernoulli(3), Softmax(3)]), Bernoulli(3), scale=0.8)
    states, law = exact.visible_distribution(rbm)
    label = torch.tensor([0.0, 1.0, 0.0]).double()
    law = law.detach() * (states[:, 3:] == label).all(1)
    law = law / law.sum()
    chains = 50_000
    visible = torch.full((chains, 6), torch.nan).double()
    visible[:, 3:] = label
    before = visible.clone()
    draws = gibbs_clamped(rbm, visible, ~visible[0].isnan(), 60, generator)
    assert total_variation(states, law, draws) < tolerance(law, chains)
    torch.testing.assert_close(visible, before, equal_nan=True)  # the input is not changed
    kept = gibbs_clamped(rbm, draws, torch.arange(6) >= 3, 1, generator)
    assert total_variation(states, law, kept) < tolerance(law, chains)


def test_clamping_row_by_row(binary_machine, generator):
    visible = torch.tensor([[1.0, 0, torch.nan, 1], [torch.nan, 1, 0, 0]]).double()
    filled = gibbs_clamped(binary_machine, visible, ~visible.isnan(), 5, generator)
    assert set(filled.flatten().tolist()) <= {0.0, 1.0}
    known = ~visible.isnan()
    assert torch.equal(filled[known], visible[known])


def test_clamping_half_a_variable_is_refused(strong_machine, generator):
    rbm = strong_machine(Blocks([Bernoulli(1), Softmax(3)]), Bernoulli(2))
    visible = torch.zeros(1, 4).double()
    with pytest.raises(ValueError, match="all columns"):
        gibbs_clamped(rbm, visible, torch.tensor([True, True, False, False]), 1, generator)
    visible[0, 0] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        gibbs_clamped(rbm, visible, torch.tensor([True, False, False, False]), 1, generator)


def test_gaussian_visible_units_keep_their_moments(strong_machine, generator):
    """Continuous states cannot be counted: their moments are compared with the exact mixture."""
    rbm = strong_machine(Gaussian(2), Bernoulli(3), scale=1.0)
    hidden = exact.enumerate_states(rbm.hidden)
    law = torch.softmax(-rbm.free_energy_of_hidden(hidden), 0).detach()
    means = rbm.visible_mean(hidden).detach()
    start = rbm.sample_visible(draw(hidden, law, CHAINS, generator), generator)
    draws = gibbs(rbm, start, 3, generator)
    expected = law @ means
    covariance = (law[:, None] * means).T @ means - expected[:, None] * expected
    covariance = covariance + torch.eye(2).double()
    error = (covariance.diagonal() / CHAINS).sqrt()
    assert ((draws.mean(0) - expected).abs() < 5 * error).all()
    centred = draws - expected
    products = centred[:, :, None] * centred[:, None, :]
    error = products.std(0) / math.sqrt(CHAINS)
    assert ((products.mean(0) - covariance).abs() < 5 * error).all()


def test_tempering_needs_rising_betas_that_end_at_one():
    for betas in ([0.0, 0.5], [0.5, 0.5, 1.0], [1.0]):
        with pytest.raises(ValueError, match="betas must rise"):
            ParallelTempering(torch.zeros(2, 3), torch.tensor(betas))

"""The pseudo-likelihood against a slow oracle that asks for whole free energies."""

import pytest
import torch

from ebm import (
    RBM,
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    Rectified,
    Softmax,
    Thermometer,
    pseudo_log_likelihood_nats,
)
from ebm.pseudo_likelihood import site_log_probabilities

MACHINES = {
    "bits": (lambda: Bernoulli(5), lambda: Bernoulli(3)),
    "label": (lambda: Blocks([Bernoulli(2), Softmax([3, 2])]), lambda: Bernoulli(3)),
    "counts": (lambda: Blocks([Thermometer([3, 2]), Binomial(2, 3)]), lambda: Gaussian(2)),
    "rectified": (lambda: Bernoulli(4), lambda: Rectified(2)),
}


def slow_oracle(rbm, row):
    """Σ over variables of log p(variable | rest), each by free energies of all its states."""
    terms = []
    for site in rbm.visible.sites():
        free_energies, mine = [], None
        for state in site.states:
            other = row.clone()
            other[site.start : site.stop] = state
            free_energies.append(float(rbm.free_energy(other[None]).detach()))
            if torch.equal(other, row):
                mine = free_energies[-1]
        log_total = torch.logsumexp(-torch.tensor(free_energies, dtype=torch.float64), 0)
        terms.append(-mine - float(log_total))
    return terms


@pytest.mark.parametrize("name", MACHINES)
def test_equals_the_slow_oracle(name, strong_machine, generator):
    visible, hidden = (build() for build in MACHINES[name])
    rbm = strong_machine(visible, hidden, scale=0.7)
    rows = visible.sample(torch.randn(6, visible.size, generator=generator).double(), generator)
    expected = torch.tensor([slow_oracle(rbm, row) for row in rows], dtype=torch.float64)
    torch.testing.assert_close(site_log_probabilities(rbm, rows), expected)
    torch.testing.assert_close(pseudo_log_likelihood_nats(rbm, rows), expected.sum(1))
    per_variable = pseudo_log_likelihood_nats(rbm, rows, per_variable=True)
    torch.testing.assert_close(per_variable, expected.mean(1))


def test_independent_bits_have_their_exact_likelihood():
    """Without weights the pseudo-likelihood is the likelihood: nats per image, summed over bits."""
    rbm = RBM(Bernoulli(3), Bernoulli(2), weight_scale=0.0)
    rbm.visible.shift_bias(torch.logit(torch.tensor([0.9, 0.5, 0.2])))
    value = pseudo_log_likelihood_nats(rbm, torch.tensor([[1.0, 0.0, 0.0]]))
    torch.testing.assert_close(value, torch.tensor([0.9 * 0.5 * 0.8]).log())


def test_a_probability_counts_as_either_state(strong_machine):
    """A variable at 0.3 is scored as 0.3 of a one and 0.7 of a zero, given the others."""
    rbm = strong_machine(Bernoulli(4), Bernoulli(3))
    row = torch.tensor([[1.0, 0.3, 0.0, 1.0]]).double()
    on, off = row.clone(), row.clone()
    on[0, 1], off[0, 1] = 1, 0
    expected = 0.3 * site_log_probabilities(rbm, on)[0, 1]
    expected = expected + 0.7 * site_log_probabilities(rbm, off)[0, 1]
    torch.testing.assert_close(site_log_probabilities(rbm, row)[0, 1], expected)


def test_continuous_units_are_refused():
    with pytest.raises(ValueError, match="continuous"):
        pseudo_log_likelihood_nats(RBM(Gaussian(2), Bernoulli(2)), torch.zeros(1, 2))

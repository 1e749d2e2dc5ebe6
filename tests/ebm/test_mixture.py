"""Mixtures of Bernoullis against literal sums."""

import itertools

import pytest
import torch

from ebm.mixture import BernoulliMixture, fit_mixture


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_mixture() -> BernoulliMixture:
    draw = torch.rand(3, 4, generator=generator(), dtype=torch.float64)
    weights = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    return BernoulliMixture(weights.log(), draw * 0.8 + 0.1)


def test_the_probabilities_of_all_states_are_those_of_the_definition_and_sum_to_one():
    mixture = some_mixture()
    states = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)), dtype=torch.float64)
    literal = []
    for state in states:
        total = 0.0
        for weight, bits in zip(mixture.log_weights.exp(), mixture.probabilities, strict=True):
            product = float(weight)
            for bit, value in zip(bits, state, strict=True):
                product *= float(bit if value else 1 - bit)
            total += product
        literal.append(total)
    found = mixture.log_likelihood_nats(states).exp()
    torch.testing.assert_close(found, torch.tensor(literal, dtype=torch.float64))
    assert float(found.sum()) == pytest.approx(1)


def test_one_component_is_the_model_of_independent_bits():
    data = (torch.rand(200, 6, generator=generator()) < 0.3).double()
    mixture = fit_mixture(data, 1, generator=generator(1))
    expected = (data.sum(0) + 1) / (len(data) + 2)
    torch.testing.assert_close(mixture.probabilities[0], expected)


def test_each_round_of_em_raises_the_posterior():
    data = (torch.rand(300, 8, generator=generator(2)) < 0.4).double()
    values = []
    for iterations in range(1, 12):
        mixture = fit_mixture(data, 4, iterations=iterations, generator=generator(3))
        prior = (mixture.probabilities.log() + torch.log1p(-mixture.probabilities)).sum()
        log_prior = float(prior + mixture.log_weights.sum())
        values.append(float(mixture.log_likelihood_nats(data).sum()) + log_prior)
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(values))
    assert values[-1] > values[0]


def test_two_clear_groups_are_found():
    prototypes = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).double()
    labels = torch.randint(2, (400,), generator=generator(4))
    flips = (torch.rand(400, 6, generator=generator(5)) < 0.05).double()
    data = (prototypes[labels] - flips).abs()
    mixture = fit_mixture(data, 2, generator=generator(6))
    groups = mixture.log_joint_nats(data).argmax(1)
    agreement = float((groups == labels).double().mean())
    assert max(agreement, 1 - agreement) > 0.99


@pytest.mark.parametrize(("components", "iterations"), [(0, 5), (3, 0), (11, 5)])
def test_impossible_settings_are_refused(components: int, iterations: int):
    with pytest.raises(ValueError, match="components"):
        fit_mixture(torch.ones(10, 2), components, iterations=iterations, generator=generator())

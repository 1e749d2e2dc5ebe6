"""The sampler leaves the enumerated law unchanged, and comes to it from elsewhere.

For the tolerance see `tests/ebm/sampling/test_stationarity.py`.
"""

import math

import pytest
import torch

from ebm import exact
from ebm.dbm import PersistentChains, gibbs, mean_field
from tests.ebm.dbm.conftest import LAYERS

CHAINS = 40_000


def law_of_even_layers(dbm):
    """Every state of the even layers, side by side, with its probability."""
    states, law = exact.visible_distribution(dbm.as_rbm())
    return states, law.detach()


def total_variation(states, law, draws):
    found = torch.zeros_like(law)
    for index, state in enumerate(states):
        found[index] = (draws == state).all(-1).double().mean()
    return float((found - law).abs().sum() + (1 - found.sum()).abs()) / 2


def tolerance(law):
    spread = 0.5 * float((law * (1 - law) / CHAINS).sqrt().sum())
    return spread + math.sqrt(math.log(1e6) / (2 * CHAINS))


def exact_draws(dbm, generator):
    """Draws of all layers: the even ones by enumeration, the odd ones given them."""
    states, law = law_of_even_layers(dbm)
    even = states[torch.multinomial(law, CHAINS, True, generator=generator)]
    drawn = [even[:, :0]] * len(dbm.units)
    drawn[::2] = torch.split(even, dbm.sizes[::2], dim=1)
    for number in range(1, len(drawn), 2):
        drawn[number] = dbm.units[number].sample(dbm.field(number, drawn), generator)
    return drawn


@pytest.mark.parametrize("sampler", ["gibbs", "chains"])
def test_the_exact_law_is_kept(dbm, sampler, generator):
    dbm.requires_grad_(False)
    start = exact_draws(dbm, generator)
    if sampler == "gibbs":
        drawn = gibbs(dbm, start, 2, generator)
    else:
        chains = PersistentChains(start, 2)
        sweep = chains.advance(dbm, generator)
        drawn = sweep.states
        assert all(map(torch.equal, drawn, chains.states))
        for number, field in enumerate(sweep.odd_fields):
            assert torch.equal(field, dbm.field(2 * number + 1, drawn))
    states, law = law_of_even_layers(dbm)
    even = torch.cat(drawn[::2], dim=1)
    assert total_variation(states, law, even) < tolerance(law)


def test_it_comes_to_the_exact_law(build, generator):
    dbm = build(LAYERS["bits"](), scale=0.8).requires_grad_(False)
    start = [torch.ones(CHAINS, size).double() for size in dbm.sizes]
    states, law = law_of_even_layers(dbm)
    assert total_variation(states, law, torch.cat(start[::2], dim=1)) > 0.5
    drawn = gibbs(dbm, start, 60, generator)
    assert total_variation(states, law, torch.cat(drawn[::2], dim=1)) < tolerance(law)


def test_the_steps_of_the_chains_are_sweeps(build, generator):
    dbm = build(LAYERS["bits"]())
    start = [torch.zeros(3, size).double() for size in dbm.sizes]
    again = torch.Generator().manual_seed(1)
    one = PersistentChains(start, 3).advance(dbm, torch.Generator().manual_seed(1)).states
    assert all(map(torch.equal, one, gibbs(dbm, start, 3, again)))


def test_draws_of_the_posterior_have_its_means(dbm, generator):
    dbm.requires_grad_(False)
    row = dbm.units[0].sample(torch.zeros(1, dbm.sizes[0]).double(), generator)
    posterior = mean_field(dbm, row.expand(20_000, -1), steps=20)
    for drawn, mean in zip(posterior.sample(dbm, generator), posterior.means, strict=True):
        error = drawn.std(0) / math.sqrt(len(drawn))
        assert bool(((drawn.mean(0) - mean[0]).abs() < 5 * error + 1e-6).all())

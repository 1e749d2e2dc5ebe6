"""Pretraining that goes on: the same as training each RBM further; fewer visible units."""

import copy
from dataclasses import replace

import pytest
import torch

from ebm import DBN, RBM, Bernoulli, Gaussian, TrainingOptions, fit_rbm, pretrain_greedily
from ebm.dbn import continue_greedily, select_visible
from ebm.dbn.greedy import hidden_means

SHORT = TrainingOptions(epochs=2, batch_size=32)


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def begun(patterns) -> DBN:
    return pretrain_greedily(patterns, [6, 4], SHORT, generator=seeded())[0]


def state(dbn):
    return [tensor.clone() for tensor in dbn.state_dict().values()]


def test_each_machine_is_trained_further_on_what_the_one_below_then_says(begun, patterns):
    before = state(begun)
    further, histories = continue_greedily(begun, patterns, SHORT, generator=seeded(4))
    assert all(map(torch.equal, before, state(begun)))

    by_hand, generator = copy.deepcopy(begun), seeded(4)
    on = replace(SHORT, set_visible_bias=False)
    fit_rbm(by_hand.machines[0], patterns, on, generator=generator)
    fit_rbm(
        by_hand.machines[1], hidden_means(by_hand.machines[0], patterns), on, generator=generator
    )
    assert all(map(torch.equal, state(by_hand), state(further)))
    assert len(histories) == 2
    assert not torch.equal(further.machines[0].weights, begun.machines[0].weights)


def test_columns_left_out_count_as_off(begun):
    """Hidden units say of the chosen columns what the whole stack says with the others off."""
    n = begun.sizes[0]
    columns = [n - 1, 0, 2]
    narrow = select_visible(begun, columns)
    assert narrow.sizes == [3, 6, 4]
    bits = torch.randint(0, 2, (20, 3), generator=seeded()).float()
    wide = torch.zeros(20, n)
    wide[:, columns] = bits
    assert torch.allclose(
        hidden_means(narrow.machines[0], bits), hidden_means(begun.machines[0], wide), atol=1e-6
    )
    with torch.no_grad():
        narrow.machines[0].weights.zero_()
        narrow.machines[1].weights.zero_()
    assert all(bool(machine.weights.any()) for machine in begun.machines)


def test_numbers_have_no_off(patterns):
    dbn = DBN([RBM(Gaussian(3), Bernoulli(2), generator=seeded())])
    with pytest.raises(TypeError, match="must be Bernoulli, not Gaussian"):
        select_visible(dbn, [0])

"""A DBM as the start of a network: before fine-tuning it repeats an update of mean field."""

import numpy as np
import pytest
import torch

from ebm import DBM, Bernoulli, Binomial, FinetuneOptions, Softmax, fine_tune, predict_logits
from ebm.dbm import augmented_inputs, hidden_means, mean_field, network_from_dbm


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("middle", [Bernoulli(4), Binomial(4, 3)], ids=lambda unit: unit.kind)
def test_the_network_repeats_an_update(build, middle):
    dbm = build([Bernoulli(5), middle, Bernoulli(3)], scale=0.7).requires_grad_(False)
    rows = torch.rand(20, 5).double()
    x = augmented_inputs(dbm, rows, tolerance=1e-10, steps=1000)
    network = network_from_dbm(dbm, 2, generator=seeded())
    assert network.sizes == [8, 4, 3]
    posterior = mean_field(dbm, rows, tolerance=1e-10, steps=1000)
    torch.testing.assert_close(x, torch.cat([rows, posterior.means[1]], dim=1))
    torch.testing.assert_close(network.hidden(x).detach(), posterior.means[1])


def test_one_and_three_hidden_layers(build):
    rows = torch.rand(6, 5).double()
    one = build([Bernoulli(5), Bernoulli(4)])
    assert augmented_inputs(one, rows) is rows
    network = network_from_dbm(one, 1, generator=seeded())
    torch.testing.assert_close(network.hidden(rows), mean_field(one, rows).means[0])
    three = build([Bernoulli(5), Bernoulli(4), Bernoulli(3), Bernoulli(2)])
    network = network_from_dbm(three, 1, dropout=0.1, input_dropout=0.2, generator=seeded())
    assert network.sizes == [8, 4, 3, 2]
    assert (network.dropout, network.input_dropout) == (0.1, 0.2)
    torch.testing.assert_close(network.layers[1].weights, 2 * three.weights[1])
    torch.testing.assert_close(network.layers[2].weights, three.weights[2])


def test_means_of_many_rows_and_numpy(build):
    dbm = build([Bernoulli(5), Bernoulli(4), Bernoulli(3)])
    rows = np.random.default_rng(0).random((1500, 5))
    means = hidden_means(dbm, rows)
    assert [len(mean) for mean in means] == [1500, 1500]
    alone = hidden_means(dbm, rows[1400:1401])
    torch.testing.assert_close(means[1][1400], alone[1][0])


def test_fine_tuning_learns(patterns, generator):
    dbm = DBM([Bernoulli(12), Bernoulli(6), Bernoulli(5)], generator=generator)
    labels = (patterns[:, 0] != patterns[:, 1]).float()
    x = augmented_inputs(dbm, patterns)
    network = network_from_dbm(dbm, 1, generator=generator)
    options = FinetuneOptions(epochs=60, learning_rate=0.03)
    fine_tune(network, x, labels, options, generator=generator)
    found = (predict_logits(network, x)[:, 0] > 0).float()
    assert float((found == labels).float().mean()) > 0.95


def test_units_without_a_counterpart_in_a_network():
    with pytest.raises(ValueError, match="'softmax' cannot become a layer"):
        network_from_dbm(DBM([Bernoulli(4), Softmax(3)]), 1, generator=seeded())

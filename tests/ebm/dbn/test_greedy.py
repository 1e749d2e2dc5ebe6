"""Greedy pretraining of any depth, any units and any kind of data; conversion to a network."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import (
    DBN,
    RBM,
    Bernoulli,
    Binomial,
    Blocks,
    Callback,
    Gaussian,
    NReLU,
    Rectified,
    Softmax,
    Thermometer,
    TrainingOptions,
    fit_rbm,
    pretrain_greedily,
)

SHORT = TrainingOptions(epochs=2, batch_size=32)


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def same(first, second):
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


def test_each_layer_learns_the_hidden_means_of_the_one_below(patterns):
    """The same as two trainings by hand with one generator."""
    dbn, histories = pretrain_greedily(patterns, [6, 4], SHORT, generator=seeded())
    generator = seeded()
    first = RBM(Bernoulli(12), Bernoulli(6), generator=generator)
    one = fit_rbm(first, patterns, SHORT, generator=generator)
    second = RBM(Bernoulli(6), Bernoulli(4), generator=generator)
    two = fit_rbm(second, first.hidden_mean(patterns).detach(), SHORT, generator=generator)
    assert same(dbn, DBN([first, second]))
    assert [history.records for history in histories] == [one.records, two.records]


def test_sparse_dense_and_streamed_data_agree(patterns):
    sources = [
        patterns,
        sp.csr_matrix(patterns.numpy()),
        lambda: (patterns,),
    ]
    weights = [
        pretrain_greedily(source, [6, 4], SHORT, generator=seeded())[0].top.weights.detach()
        for source in sources
    ]
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(weights[0], weights[2], rtol=1e-3, atol=1e-5)


def test_a_stream_of_many_blocks_is_never_gathered(patterns):
    dbn, _ = pretrain_greedily(lambda: patterns.split(50), [6, 4], SHORT, generator=seeded())
    assert dbn.sizes == [12, 6, 4]


@pytest.mark.parametrize(
    "hidden",
    [
        Gaussian(6),
        Rectified(6),
        NReLU(6),
        Binomial(6, 3),
        Softmax([3, 3]),
        Thermometer([2, 4]),
        Blocks([Bernoulli(3), Softmax(3)]),
    ],
    ids=lambda unit: unit.kind,
)
def test_any_units_in_any_layer(patterns, hidden):
    options = TrainingOptions(epochs=2, batch_size=32, learning_rate=0.005)
    visible = Blocks([Thermometer([2, 2]), Bernoulli(8)])
    data = patterns.clone()
    data[:, 1] *= data[:, 0]
    data[:, 3] *= data[:, 2]
    dbn, _ = pretrain_greedily(data, [hidden, 5, 4], options, visible=visible, generator=seeded())
    assert dbn.sizes == [12, 6, 5, 4]
    assert dbn.machines[1].visible.kind == hidden.kind
    assert dbn.transform(data).isfinite().all()
    assert all(value.isfinite().all() for value in dbn.parameters())


@pytest.mark.parametrize(
    ("hidden", "exactly"),
    [
        (Bernoulli(6), True),
        (Gaussian(6, precision=2.0), True),
        (Binomial(6, 3), True),
        (Rectified(6, precision=0.5), False),
        (NReLU(6), False),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_network_computes_the_means_that_go_up(patterns, hidden, exactly):
    options = TrainingOptions(epochs=2, batch_size=32, learning_rate=0.01)
    dbn, _ = pretrain_greedily(patterns, [hidden, 5], options, generator=seeded())
    with torch.no_grad():
        dbn.machines[1].weights.mul_(20)
    network = dbn.to_network(1, generator=seeded())
    if exactly:
        torch.testing.assert_close(network.hidden(patterns), dbn.hidden_mean(patterns))
    else:
        assert network.activations[0] == "relu"


def test_units_without_a_counterpart_in_a_network():
    dbn = DBN([RBM(Bernoulli(4), Softmax(3))])
    with pytest.raises(ValueError, match="'softmax' cannot become a layer"):
        dbn.to_network(1, generator=seeded())


def test_network_of_a_joint_machine_leaves_the_labels_out(patterns):
    labels = patterns[:, 0].long()
    dbn, _ = pretrain_greedily(patterns, [6, 4], SHORT, labels=labels, generator=seeded())
    network = dbn.to_network(2, dropout=0.1, input_dropout=0.2, generator=seeded())
    assert network.sizes == [12, 6, 4]
    assert (network.dropout, network.input_dropout) == (0.1, 0.2)
    torch.testing.assert_close(network.hidden(patterns), dbn.hidden_mean(patterns))


def test_callbacks_are_made_for_each_layer(patterns):
    seen = []

    class Note(Callback):
        def __init__(self, layer):
            self.layer = layer

        def on_epoch_end(self, trainer):
            seen.append(self.layer)

    pretrain_greedily(
        patterns, [6, 4], SHORT, generator=seeded(), callbacks=lambda layer: [Note(layer)]
    )
    assert seen == [0, 0, 1, 1]


def test_validation_rows_go_up_too(patterns):
    _, histories = pretrain_greedily(
        patterns[:150], [6, 4], SHORT, validation=patterns[150:], generator=seeded()
    )
    for history in histories:
        assert all(np.isfinite(history.column("free_energy_gap_nats")))


def test_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match="RBM 1 has 3 hidden units, but the RBM above it has 4"):
        DBN([RBM(Bernoulli(5), Bernoulli(3)), RBM(Bernoulli(4), Bernoulli(2))])
    with pytest.raises(ValueError, match="at least one RBM"):
        DBN([])
    with pytest.raises(ValueError, match="2 layers need as many options"):
        pretrain_greedily(torch.rand(5, 3), [2, 2], [SHORT], generator=seeded())

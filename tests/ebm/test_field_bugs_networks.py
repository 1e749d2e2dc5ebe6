"""One test for each bug found in the field's DBN and fine-tuning code, named after it.

The bugs of RBM training are in test_field_bugs.py.
"""

import math
from itertools import chain, pairwise

import pytest
import torch

from ebm import (
    DBN,
    RBM,
    Bernoulli,
    FinetuneOptions,
    FineTuner,
    Network,
    TrainingOptions,
    fine_tune,
    predict_logits,
    pretrain_greedily,
)


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def stack(sizes=(12, 9, 5)):
    generator = seeded(0)
    return DBN([RBM(Bernoulli(a), Bernoulli(b), generator=generator) for a, b in pairwise(sizes)])


class RowRecorder:
    """Notes the rows of each step."""

    def __init__(self, tuner):
        self.rows = []
        step = tuner.step
        tuner.step = lambda rows: (self.rows.append(rows.tolist()), step(rows))


def test_double_softmax(patterns):
    """A softmax layer before the cross-entropy keeps the loss above ln(1 + 9/e) = 1.4612."""
    generator = seeded()
    labels = torch.randint(10, (40,), generator=generator)
    network = Network.from_sizes([12, 64], 10, generator=generator)
    x = torch.eye(40)[:, :12] + torch.rand(40, 12, generator=generator)
    options = FinetuneOptions(task="multi_class", epochs=200, learning_rate=0.03, weight_decay=0)
    history = fine_tune(network, x, labels, options, generator=generator)
    assert history.records[-1].train_loss_nats < 0.5 < math.log(1 + 9 / math.e)
    # Logits are no probabilities: they have both signs and rows that do not add up to one.
    logits = predict_logits(network, x)
    assert float(logits.min()) < 0
    assert float((logits.sum(1) - 1).abs().min()) > 1e-3


def test_fine_tuning_changes_the_pretrained_machines(patterns):
    """A network that shares the RBM's tensors destroys it. Ours are clones."""
    dbn = stack()
    before = {name: value.clone() for name, value in dbn.state_dict().items()}
    network = dbn.to_network(1, generator=seeded())
    fine_tune(network, patterns, patterns[:, 0], FinetuneOptions(epochs=3), generator=seeded())
    assert all(torch.equal(value, before[name]) for name, value in dbn.state_dict().items())
    addresses = {value.data_ptr() for value in dbn.parameters()}
    assert not addresses & {value.data_ptr() for value in network.parameters()}
    assert not torch.equal(network.layers[0].weights, before["rbms.0.weights"])


def test_last_rbm_thrown_away(patterns):
    """Every pretrained RBM becomes a layer, the top one too, and the head comes on top of it."""
    dbn = stack()
    network = dbn.to_network(4, generator=seeded())
    assert network.sizes == [12, 9, 5]
    assert network.n_outputs == 4
    for layer, rbm in zip(network.layers, dbn.machines, strict=True):
        assert torch.equal(layer.weights, rbm.weights)
        assert torch.equal(layer.bias, rbm.hidden.bias)
    torch.testing.assert_close(network.hidden(patterns), dbn.hidden_mean(patterns))


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 65])
def test_last_batch_dropped_and_data_not_shuffled(rows):
    """`range(0, N - batch, batch)` never saw the end, and the order was always the same."""
    x = torch.rand(rows, 12)
    network = Network.from_sizes([12, 3], 1, generator=seeded())
    y = torch.arange(rows).remainder(2).float()
    options = FinetuneOptions(epochs=2, batch_size=32)
    tuner = FineTuner(network, x, y, options, generator=seeded())
    recorder = RowRecorder(tuner)
    tuner.run()
    steps = math.ceil(rows / 32)
    assert len(recorder.rows) == 2 * steps
    epochs = [list(chain(*recorder.rows[:steps])), list(chain(*recorder.rows[steps:]))]
    assert all(sorted(epoch) == list(range(rows)) for epoch in epochs)
    if rows > 1:
        assert epochs[0] != epochs[1]


def test_last_short_batch_divided_by_the_wrong_number():
    """The loss of a batch is a mean over its own labels: one row and its copies step alike."""
    x, y = torch.rand(1, 12), torch.ones(1)
    results = []
    for copies in (1, 7):
        network = Network.from_sizes([12, 3], 1, generator=seeded())
        options = FinetuneOptions(epochs=1, batch_size=32, optimiser="sgd")
        fine_tune(network, x.repeat(copies, 1), y.repeat(copies), options, generator=seeded())
        results.append(network.head.weights.detach())
    torch.testing.assert_close(results[0], results[1])


def test_mean_loss_over_batches_of_unequal_size():
    """An accuracy divided by batch_size and by the number of batches is wrong for the last one.

    The validation loss is one mean over all labels, whatever the batches.
    """
    generator = seeded()
    x = torch.rand(70, 12, generator=generator)
    y = torch.randint(2, (70,), generator=generator).float()
    network = Network.from_sizes([12, 3], 1, generator=generator)
    tuner = FineTuner(
        network, x, y, FinetuneOptions(batch_size=32), validation=(x, y), generator=generator
    )
    logits = predict_logits(network, x)[:, 0]
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, y)
    assert tuner.validation_loss_nats() == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_weight_decay_on_biases(optimiser):
    """Without a gradient only decay moves parameters: weights shrink, biases stay."""
    network = Network.from_sizes([12, 4], 1, generator=seeded())
    with torch.no_grad():
        network.head.weights.zero_()  # so that no gradient reaches the hidden layer
        network.layers[0].bias.fill_(2.0)
        network.layers[0].weights.fill_(1.0)
    x = torch.zeros(4, 12)
    options = FinetuneOptions(
        epochs=1,
        batch_size=4,
        learning_rate=0.1,
        schedule="constant",
        weight_decay=0.5,
        optimiser=optimiser,
    )
    fine_tune(network, x, torch.tensor([0.0, 1, 0, 1]), options, generator=seeded())
    assert torch.equal(network.layers[0].bias, torch.full((4,), 2.0))
    torch.testing.assert_close(network.layers[0].weights, torch.full((12, 4), 1 - 0.1 * 0.5))


def test_adam_corrected_by_epoch():
    """Bias correction counts steps: the first step of every parameter is the rate, exactly."""
    network = Network.from_sizes([12, 4], 1, generator=seeded())
    before = network.head.bias.detach().clone()
    options = FinetuneOptions(epochs=1, batch_size=4, learning_rate=0.01, schedule="constant")
    fine_tune(network, torch.rand(4, 12), torch.ones(4), options, generator=seeded())
    assert float((network.head.bias.detach() - before).abs()) == pytest.approx(0.01, rel=1e-4)


def test_epoch_of_the_best_test_error():
    """Selection looks at the validation data only; nothing else is asked for."""
    generator = seeded()
    x = torch.rand(60, 12, generator=generator)
    y = torch.randint(2, (60,), generator=generator).float()
    network = Network.from_sizes([12, 3], 1, generator=generator)
    history = fine_tune(
        network, x, y, FinetuneOptions(epochs=5), validation=(x, y), generator=generator
    )
    losses = history.column("validation_loss_nats")
    assert history.best_epoch == 1 + losses.index(min(losses))


def test_settings_hard_coded_in_the_stack(patterns):
    """A DBN elsewhere fixes mode, rate and k for every layer; here each layer has its options."""
    options = [
        TrainingOptions(epochs=2, learning_rate=0.1),
        TrainingOptions(epochs=3, learning_rate=0.02),
    ]
    _, histories = pretrain_greedily(patterns, [6, 4], options, generator=seeded())
    assert [len(history.records) for history in histories] == [2, 3]
    assert [history.records[0].learning_rate for history in histories] == [0.1, 0.02]


def test_transform_gives_negative_phase_means(patterns):
    """YELL's transform returned hidden means of the negative phase. Ours are those of the data."""
    dbn, _ = pretrain_greedily(patterns, [6, 4], TrainingOptions(epochs=2), generator=seeded())
    first = torch.sigmoid(patterns @ dbn.machines[0].weights + dbn.machines[0].hidden.bias)
    second = torch.sigmoid(first @ dbn.machines[1].weights + dbn.machines[1].hidden.bias)
    torch.testing.assert_close(dbn.transform(patterns), second.detach())

"""Joint labels in the top RBM: the class posterior and class-conditional samples, enumerated."""

import math

import pytest
import torch

from ebm import (
    TrainingOptions,
    class_log_probabilities,
    exact,
    generate_class,
    pretrain_greedily,
)


def test_class_posterior_is_the_enumerated_one(tiny_labelled_rbm):
    dbn = tiny_labelled_rbm()
    states, probability = exact.visible_distribution(dbn.top)
    found = class_log_probabilities(dbn, states[:, :4]).exp()
    for row in range(0, len(states), 3):
        same = (states[:, :4] == states[row, :4]).all(1)
        joint = torch.stack(
            [probability[same & (states[:, 4 + label] == 1)].sum() for label in range(3)]
        )
        torch.testing.assert_close(found[row], (joint / joint.sum()).detach())


def test_class_posterior_of_a_deep_stack_is_that_of_its_top(tiny_dbn):
    dbn = tiny_dbn(2)
    rows = exact.enumerate_states(dbn.machines[0].visible)[:6]
    up = dbn.machines[0].hidden_mean(rows)
    hidden = exact.enumerate_states(dbn.top.hidden)
    weights = []
    for label in (0, 1):
        one_hot = torch.eye(2, dtype=torch.float64)[label].expand(len(up), 2)
        x = torch.cat([up, one_hot], dim=1)
        energies = [dbn.top.energy(x, h.expand(len(x), -1)) for h in hidden]
        weights.append(torch.exp(-torch.stack(energies)).sum(0))
    expected = torch.stack(weights, dim=1)
    expected = expected / expected.sum(1, keepdim=True)
    torch.testing.assert_close(class_log_probabilities(dbn, rows).exp(), expected.detach())


@pytest.mark.parametrize("label", [0, 2])
def test_samples_of_a_class_follow_its_exact_law(tiny_labelled_rbm, label, generator):
    dbn = tiny_labelled_rbm().requires_grad_(False)
    states, probability = exact.visible_distribution(dbn.top)
    inside = states[:, 4 + label] == 1
    code_of = 2.0 ** torch.arange(3, -1, -1, dtype=torch.float64)
    expected = torch.zeros(16, dtype=torch.float64)
    expected[(states[inside][:, :4] @ code_of).long()] = probability[inside]
    expected /= expected.sum()
    count = 60_000
    samples = generate_class(dbn, label, count, 80, generator)
    found = torch.bincount((samples @ code_of).long(), minlength=16) / count
    floor = float((expected * (1 - expected) / count).sqrt().sum()) * math.sqrt(2 / math.pi) / 2
    assert float((found - expected).abs().sum()) / 2 < 2.5 * floor


@pytest.fixture
def labelled_patterns():
    generator = torch.Generator().manual_seed(8)
    prototypes = torch.tensor([[1.0] * 6 + [0.0] * 6, [0.0] * 6 + [1.0] * 6])
    labels = torch.randint(2, (200,), generator=generator)
    noise = (torch.rand(200, 12, generator=generator) < 0.08).float()
    return (prototypes[labels] - noise).abs(), labels


@pytest.mark.parametrize("layers", [[12], [10, 12]])
def test_a_trained_joint_machine_classifies_and_dreams(labelled_patterns, layers, generator):
    x, y = labelled_patterns
    options = TrainingOptions(epochs=60, batch_size=20, learning_rate=0.1)
    dbn, _ = pretrain_greedily(x, layers, options, labels=y, generator=generator)
    assert dbn.label_size == 2
    assert dbn.sizes == [12, *layers]
    predicted = class_log_probabilities(dbn, x).argmax(1)
    assert float((predicted == y).double().mean()) > 0.97
    for label, half in ((0, slice(0, 6)), (1, slice(6, 12))):
        dreams = generate_class(dbn, label, 100, 100, generator)
        assert float(dreams[:, half].mean()) > 0.75


def test_labels_are_checked(labelled_patterns, tiny_dbn, generator):
    x, y = labelled_patterns
    with pytest.raises(ValueError, match="class numbers from 0 to 1"):
        pretrain_greedily(x, [3], labels=y + 1, n_classes=2, generator=generator)
    with pytest.raises(ValueError, match="199 labels for 200 rows"):
        pretrain_greedily(x, [3], labels=y[:-1], generator=generator)
    with pytest.raises(ValueError, match="no label block"):
        class_log_probabilities(tiny_dbn(), x[:, :5].double())
    with pytest.raises(ValueError, match="from 0 to 1, not 2"):
        generate_class(tiny_dbn(2), 2, 1, 1, generator)

"""Up-down training raises the exact likelihood, and its gradients are those of the paper."""

import pytest
import torch

from ebm import SamplerOptions, TrainingOptions, UpDownOptions, pretrain_greedily, train_up_down
from ebm.dbn import exact_log_likelihood_nats


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def pretrained(patterns):
    options = TrainingOptions(epochs=5, batch_size=20, learning_rate=0.1)
    dbn, _ = pretrain_greedily(patterns, [8, 6], options, generator=seeded())
    return dbn


def test_exact_log_likelihood_rises(patterns, pretrained):
    before = float(exact_log_likelihood_nats(pretrained, patterns).mean())
    options = UpDownOptions(epochs=60, batch_size=20, learning_rate=0.05)
    dbn, history = train_up_down(pretrained, patterns, options, generator=seeded())
    after = float(exact_log_likelihood_nats(dbn, patterns).mean())
    assert after > before + 0.5
    assert len(history.records) == 60
    assert history.records[-1].wake_nats < history.records[0].wake_nats


def test_the_given_dbn_is_not_changed_and_weights_come_apart(patterns, pretrained):
    before = {name: value.clone() for name, value in pretrained.state_dict().items()}
    dbn, _ = train_up_down(pretrained, patterns, UpDownOptions(epochs=2), generator=seeded())
    assert all(torch.equal(value, before[name]) for name, value in pretrained.state_dict().items())
    assert not torch.equal(dbn.machines[0].weights, dbn.recognition[0].weights)


def test_equal_seeds_give_equal_machines(patterns, pretrained):
    options = UpDownOptions(epochs=2)
    first, one = train_up_down(pretrained, patterns, options, generator=seeded())
    second, two = train_up_down(pretrained, patterns, options, generator=seeded())
    assert torch.equal(first.top.weights, second.top.weights)
    assert one == two


def test_labels_go_through(patterns):
    labels = patterns[:, 0].long()
    options = TrainingOptions(epochs=5, batch_size=20, learning_rate=0.1)
    dbn, _ = pretrain_greedily(patterns, [8, 6], options, labels=labels, generator=seeded())
    trained, history = train_up_down(
        dbn, patterns, UpDownOptions(epochs=3), labels=labels, generator=seeded()
    )
    assert trained.label_size == 2
    assert history.column("epoch") == [1, 2, 3]
    with pytest.raises(ValueError, match="labels are needed exactly when"):
        train_up_down(dbn, patterns, generator=seeded())


def test_impossible_options():
    with pytest.raises(ValueError, match="sampler steps"):
        UpDownOptions(sampler=SamplerOptions(steps=0))
    with pytest.raises(ValueError, match="learning_rate"):
        UpDownOptions(learning_rate=-1.0)

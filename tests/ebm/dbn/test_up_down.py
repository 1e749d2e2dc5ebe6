"""Up-down training raises the exact likelihood, and its gradients are those of the paper."""

import pytest
import torch

from ebm import TrainingOptions, UpDownOptions, pretrain_greedily, train_up_down
from ebm.dbn import exact_log_likelihood_nats
from ebm.dbn.up_down import _losses


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


def test_gradients_are_those_of_the_paper(patterns, tiny_dbn):
    """Appendix B: (v - p(v|h)) h' for generative, (h - q(h|v)) v' for recognition weights."""
    dbn = tiny_dbn(untied=True)
    rows = patterns[:20, :5].double()
    wake, _, _ = _losses(dbn, rows, 3, seeded(1))
    wake.backward()
    hidden = dbn.recognition[0].sample_hidden(rows, seeded(1))  # the first draw of the same seed
    below = dbn.machines[0]
    error = rows - below.visible_mean(hidden)
    torch.testing.assert_close(below.weights.grad, -(error.T @ hidden) / 20)
    torch.testing.assert_close(below.visible.bias.grad, -error.mean(0))
    assert not dbn.recognition[0].weights.grad.any()  # wake does not touch what went up
    assert not dbn.top.weights.grad.any()

    dbn.zero_grad()
    _, sleep, top = _losses(dbn, rows, 3, seeded(1))
    (sleep + top).backward()
    assert dbn.recognition[0].weights.grad.abs().sum() > 0
    assert dbn.top.weights.grad.abs().sum() > 0
    assert not below.weights.grad.any()


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
    with pytest.raises(ValueError, match="gibbs_steps"):
        UpDownOptions(gibbs_steps=0)
    with pytest.raises(ValueError, match="learning_rate"):
        UpDownOptions(learning_rate=-1.0)

"""Fine-tuning learns, stops, restores, and repeats itself."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import (
    Callback,
    FinetuneOptions,
    FineTuner,
    Network,
    fine_tune,
    predict_logits,
    probabilities,
)
from ebm.finetune.adversarial import backward_with_adversary


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def network_for(n_outputs, *, sizes=(20, 32), **more):
    return Network.from_sizes(list(sizes), n_outputs, generator=seeded(0), **more)


def noisy_data(rows=300, seed=1):
    generator = seeded(seed)
    x = (torch.rand(rows, 20, generator=generator) < 0.3).float()
    flip = (torch.rand(rows, generator=generator) < 0.25).float()
    return x, (x[:, 0] - flip).abs()


@pytest.mark.parametrize("task", ["binary", "multi_label", "multi_class"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_one_batch_is_overfitted(task, activation):
    generator = seeded()
    x = (torch.rand(16, 20, generator=generator) < 0.5).float()
    y = {
        "binary": torch.randint(2, (16,), generator=generator),
        "multi_label": torch.randint(2, (16, 3), generator=generator),
        "multi_class": torch.randint(3, (16,), generator=generator),
    }[task].float()
    network = network_for(1 if task == "binary" else 3, activation=activation)
    options = FinetuneOptions(
        task=task, epochs=400, batch_size=16, learning_rate=0.05, weight_decay=0
    )
    history = fine_tune(network, x, y, options, generator=seeded())
    assert history.records[-1].train_loss_nats < 0.01
    probability = probabilities(predict_logits(network, x), task)
    if task == "multi_class":
        assert (probability.argmax(1) == y).all()
    else:
        assert ((probability > 0.5).float() == y.reshape(16, -1)).all()


def test_early_stopping_restores_the_best_weights():
    x, y = noisy_data()
    network = network_for(1, sizes=(20, 64))
    options = FinetuneOptions(
        epochs=200, learning_rate=0.03, schedule="constant", patience=7, weight_decay=0
    )
    held = (x[200:], y[200:])
    tuner = FineTuner(network, x[:200], y[:200], options, validation=held, generator=seeded())
    history = tuner.run()
    losses = history.column("validation_loss_nats")
    assert len(losses) < 200
    assert "no lower validation loss in 7 epochs" in history.stopped_because
    assert history.best_epoch == 1 + int(np.argmin(losses)) == len(losses) - 7
    assert tuner.validation_loss_nats() == min(losses) < losses[-1]


def test_best_weights_are_restored_without_patience_too():
    x, y = noisy_data()
    options = FinetuneOptions(
        epochs=40, learning_rate=0.03, schedule="constant", patience=None, weight_decay=0
    )
    network = network_for(1, sizes=(20, 64))
    held = (x[200:], y[200:])
    tuner = FineTuner(network, x[:200], y[:200], options, validation=held, generator=seeded())
    history = tuner.run()
    assert len(history.records) == 40
    assert history.best_epoch < 40
    assert tuner.validation_loss_nats() == min(history.column("validation_loss_nats"))


def test_the_first_epoch_can_be_the_best():
    """A best loss that begins at 0 would lie below every loss there is."""
    x, y = noisy_data()
    network = network_for(1)
    options = FinetuneOptions(epochs=3, learning_rate=1e-6, patience=None)
    history = fine_tune(network, x, y, options, validation=(x, y), generator=seeded())
    assert history.best_epoch >= 1


def test_sparse_and_dense_train_to_the_same_network():
    x, y = noisy_data()
    results = []
    for data in (x, x.numpy(), sp.csr_matrix(x.numpy())):
        network = network_for(1)
        fine_tune(network, data, y, FinetuneOptions(epochs=3), generator=seeded())
        results.append(predict_logits(network, data))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)
    torch.testing.assert_close(results[0], results[2], rtol=1e-3, atol=1e-4)


def test_equal_seeds_give_equal_results_and_leave_global_state_alone():
    x, y = noisy_data()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    logits = []
    for seed in (3, 3, 4):
        network = network_for(1, dropout=0.3, input_dropout=0.1)
        fine_tune(network, x, y, FinetuneOptions(epochs=2), generator=seeded(seed))
        logits.append(predict_logits(network, x))
    assert torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[0], logits[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_row_of_weight_zero_is_not_learned_from():
    x, y = noisy_data(64)
    wrong = y.clone()
    wrong[:10] = 1 - wrong[:10]
    weights = torch.ones(64)
    weights[:10] = 0
    results = []
    for labels in (y, wrong):
        network = network_for(1)
        fine_tune(
            network,
            x,
            labels,
            FinetuneOptions(epochs=2),
            sample_weight=weights,
            generator=seeded(),
        )
        results.append(predict_logits(network, x))
    assert torch.equal(results[0], results[1])


def test_class_weights_move_the_base_rate():
    """With one column that tells nothing, p is the weighted share: 3·50 / (3·50 + 150) = 1/2."""
    x = torch.ones(200, 1)
    y = (torch.arange(200) < 50).float()
    shares = []
    for class_weight in (None, [1.0, 3.0], "balanced"):
        network = network_for(1, sizes=(1, 4))
        options = FinetuneOptions(
            epochs=200, batch_size=200, learning_rate=0.1, weight_decay=0, class_weight=class_weight
        )
        fine_tune(network, x, y, options, generator=seeded())
        shares.append(float(torch.sigmoid(predict_logits(network, x[:1]))))
    assert shares == pytest.approx([0.25, 0.5, 0.5], abs=0.02)


def test_the_adversary_is_the_worst_small_move_of_a_linear_loss():
    generator = seeded()
    weights = torch.randn(20, 1, generator=generator, requires_grad=True)
    x = torch.randn(8, 20, generator=generator)
    seen = []

    def loss_of(rows):
        seen.append(rows.detach().clone())
        return (rows @ weights).sum()

    loss = backward_with_adversary(loss_of, x, 0.1)
    torch.testing.assert_close(seen[1], x + 0.1 * weights.detach().sign().T.expand(8, 20))
    torch.testing.assert_close(weights.grad[:, 0], (seen[0] + seen[1]).sum(0) / 2)
    rise = 0.5 * 0.1 * 8 * float(weights.detach().abs().sum())
    assert float(loss) == pytest.approx(float((x @ weights.detach()).sum()) + rise, rel=1e-5)


def test_adversarial_training_makes_a_network_harder_to_move():
    x, y = noisy_data()

    def loss_after_the_worst_move(step):
        network = network_for(1, sizes=(20, 64))
        options = FinetuneOptions(
            epochs=100, learning_rate=0.01, weight_decay=0, adversarial_step=step
        )
        fine_tune(network, x, y, options, generator=seeded())
        rows = x.clone().requires_grad_()

        def loss_of(rows):
            logits = network(rows)[:, 0]
            return torch.nn.functional.binary_cross_entropy_with_logits(logits, y)

        (slope,) = torch.autograd.grad(loss_of(rows), rows)
        return float(loss_of(x + 0.2 * slope.sign()).detach())

    assert loss_after_the_worst_move(0.2) < 0.7 * loss_after_the_worst_move(0.0)


def test_adversarial_training_refuses_sparse_rows():
    x, y = noisy_data()
    options = FinetuneOptions(adversarial_step=0.1)
    with pytest.raises(ValueError, match="dense"):
        fine_tune(network_for(1), sp.csr_matrix(x.numpy()), y, options, generator=seeded())


def test_tasks_with_missing_labels_learn_from_what_is_there():
    x, _ = noisy_data()
    y = torch.stack([x[:, 0], x[:, 1]], dim=1)
    y[::2, 0] = torch.nan
    y[1::2, 1] = torch.nan
    network = network_for(2)
    options = FinetuneOptions(task="multi_label", epochs=60, learning_rate=0.02)
    fine_tune(network, x, y, options, generator=seeded())
    predicted = (predict_logits(network, x) > 0).float()
    assert torch.equal(predicted, x[:, :2])


def test_callbacks_can_stop_the_training():
    class StopAfter(Callback):
        def on_step_end(self, trainer):
            if trainer.total_steps == 3:
                trainer.stop_because = "enough"

    x, y = noisy_data()
    tuner = FineTuner(
        network_for(1), x, y, FinetuneOptions(), generator=seeded(), callbacks=[StopAfter()]
    )
    assert tuner.run().stopped_because == "enough"
    assert tuner.total_steps == 3


def test_rows_are_named_when_they_do_not_fit():
    x, y = noisy_data(10)
    network = network_for(1)
    with pytest.raises(ValueError, match="x has 19 columns, but the network takes 20"):
        fine_tune(network, x[:, :19], y, generator=seeded())
    x[4, 2] = torch.nan
    with pytest.raises(ValueError, match="row 4, column 2"):
        fine_tune(network, x, y, generator=seeded())


def test_sgd_is_momentum_with_decoupled_decay():
    """Two steps of Nesterov momentum, written out."""
    x, y = noisy_data(8)
    network = network_for(1, sizes=(20, 3)).double()
    copy = network_for(1, sizes=(20, 3)).double()
    options = FinetuneOptions(
        epochs=2,
        batch_size=8,
        learning_rate=0.1,
        schedule="constant",
        optimiser="sgd",
        momentum=0.9,
        weight_decay=0.05,
    )
    fine_tune(network, x, y, options, generator=seeded())
    velocity = {name: torch.zeros_like(value) for name, value in copy.named_parameters()}
    for _ in range(2):
        copy.zero_grad()
        logits = copy(x.double())[:, 0]
        torch.nn.functional.binary_cross_entropy_with_logits(logits, y.double()).backward()
        with torch.no_grad():
            for name, value in copy.named_parameters():
                if value.ndim > 1:
                    value.mul_(1 - 0.1 * 0.05)
                velocity[name] = 0.9 * velocity[name] + value.grad
                value.sub_(0.1 * (value.grad + 0.9 * velocity[name]))
    for name, value in copy.named_parameters():
        torch.testing.assert_close(network.get_parameter(name), value)

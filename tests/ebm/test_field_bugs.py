"""One test for each bug found in the field's RBM code, named after it.

The wrong tempering swap is in sampling/test_stationarity.py, momentum and Adam in
train/test_update_rule.py, the flipped data of uncentred gradients in train/test_gradient.py.
"""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import (
    RBM,
    Bernoulli,
    Callback,
    Gaussian,
    SamplerOptions,
    Trainer,
    TrainingOptions,
    fit_rbm,
    pseudo_log_likelihood_nats,
)
from ebm.train.batches import DataSource, Placement

PLACEMENT = Placement(torch.float32, torch.device("cpu"))


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


class Recorder(Callback):
    """Keeps a copy of the parameters after each step."""

    def __init__(self):
        self.states = []

    def on_step_end(self, trainer):
        self.states.append({k: v.clone() for k, v in trainer.rbm.state_dict().items()})


class FixedStates:
    def __init__(self, states):
        self.states = states

    def sample(self, rbm, data_field, generator):
        return self.states

    def weights(self, data_weights):
        return (data_weights.sum() / len(self.states)).expand(len(self.states))


def one_step(data, options, states, rbm=None):
    rbm = rbm or RBM(Bernoulli(data.shape[1]), Bernoulli(3), generator=seeded(0))
    trainer = Trainer(rbm, data, options, generator=seeded())
    trainer.sampler = FixedStates(states)
    before = {name: value.clone() for name, value in rbm.state_dict().items()}
    trainer.run(max_steps=1)
    return {name: value - before[name] for name, value in rbm.state_dict().items()}


@pytest.mark.parametrize("rows", [1, 9, 10, 11, 25])
@pytest.mark.parametrize("kind", ["dense", "sparse", "stream"])
def test_last_batch_dropped(rows, kind):
    """`range(0, N - batch, batch)` never saw the end. Every row comes once an epoch."""
    data = torch.arange(1.0, rows + 1)[:, None]
    source = {
        "dense": data,
        "sparse": sp.csr_matrix(data.numpy()),
        "stream": lambda: data.split(7),
    }[kind]
    batches = list(DataSource(source, PLACEMENT).batches(10, seed=1))
    seen = torch.cat([batch.visible.to_dense() for batch in batches])
    assert sorted(seen[:, 0].tolist()) == data[:, 0].tolist()


def test_last_short_batch_divided_by_the_wrong_number(patterns):
    """scikit-learn divides one phase by 1 and adds 10 chains: the step was off by a factor of 10.

    One row alone, or the same row ten times, must make the same step.
    """
    options = TrainingOptions(epochs=1, batch_size=10, set_visible_bias=False)
    row, states = patterns[:1], patterns[100:110]
    torch.testing.assert_close(
        one_step(row, options, states), one_step(row.repeat(10, 1), options, states)
    )
    batch = list(DataSource(patterns[:11], PLACEMENT).batches(10, seed=1))[-1]
    assert batch.weights.tolist() == [1.0]


def test_persistent_phase_of_another_size_has_the_same_mass(patterns):
    """A batch equal to the chains' states leaves no gradient, however many copies there are."""
    options = TrainingOptions(epochs=1, batch_size=10, weight_decay=0)
    rows = patterns[:10]
    step = one_step(rows, options, rows.repeat(7, 1), RBM(Bernoulli(12), Bernoulli(3)))
    assert (
        max(float(change.abs().max()) for name, change in step.items() if "bias" not in name) < 1e-6
    )
    assert float(step["hidden.bias"].abs().max()) < 1e-6


def test_data_not_shuffled():
    """The order changes from epoch to epoch, and with the seed, and is the seed's alone."""
    source = DataSource(torch.arange(50.0)[:, None], PLACEMENT)

    def order(seed):
        return [v for batch in source.batches(10, seed) for v in batch.visible[:, 0].tolist()]

    assert order(1) != order(2)
    assert order(1) == order(1)
    assert order(1) != sorted(order(1))


def test_weight_decay_on_biases(patterns):
    """Decay on the biases pulls rare bits to one half. Weights only, and scaled by the rate."""
    rbm = RBM(Bernoulli(12), Bernoulli(3), weight_scale=0.5, generator=seeded(0))
    rbm.visible.shift_bias(torch.full((12,), -4.0))
    rbm.hidden.shift_bias(torch.full((3,), -2.0))
    before = rbm.weights.detach().clone()
    options = TrainingOptions(
        epochs=1,
        batch_size=10,
        learning_rate=0.1,
        weight_decay=0.5,
        centred=False,
        set_visible_bias=False,
    )
    rows = patterns[:10]
    step = one_step(rows, options, rows, rbm)  # both phases equal: decay is all there is
    torch.testing.assert_close(step["weights"], -0.1 * 0.5 * before, rtol=1e-4, atol=1e-6)
    assert float(step["visible.bias"].abs().max()) < 1e-6
    assert float(step["hidden.bias"].abs().max()) < 1e-6


@pytest.mark.parametrize("kind", ["pcd", "tempering"])
def test_chains_from_noise(kind, generator):
    """Chains from Bernoulli(0.5) put 1024 bits on in a fingerprint of 50. Ours start from data."""
    data = (torch.rand(300, 400, generator=generator) < 0.03).float()
    rbm = RBM(Bernoulli(400), Bernoulli(5))
    options = TrainingOptions(sampler=SamplerOptions(kind, chains=64, temperatures=4))
    chains = Trainer(rbm, data, options, generator=generator).sampler.visible
    rows = {tuple(row) for row in data.tolist()}
    assert all(tuple(row) in rows for row in chains.reshape(-1, 400).tolist())


def test_visible_biases_start_at_zero(generator):
    """Then the first epochs learn base rates only. Smoothed: never-on bits are finite."""
    data = (torch.rand(500, 30, generator=generator) < 0.04).float()
    data[:, 0] = 0
    rbm = RBM(Bernoulli(30), Bernoulli(5), weight_scale=0.0)
    Trainer(rbm, data, TrainingOptions(), generator=generator)
    alone = rbm.visible_mean(torch.zeros(1, 5))[0].detach()
    torch.testing.assert_close(alone, (data.sum(0) + 1) / 502)
    assert float(alone[0]) == pytest.approx(1 / 502, rel=1e-4)


def test_last_hidden_state_sampled(patterns):
    """The statistics use E[h|v]; sampled ones would add noise and differ between generators."""
    options = TrainingOptions(epochs=1, batch_size=10)
    steps = []
    for seed in (1, 2):
        rbm = RBM(Bernoulli(12), Bernoulli(3), generator=seeded(0))
        trainer = Trainer(rbm, patterns[:10], options, generator=seeded(seed))
        trainer.sampler = FixedStates(patterns[20:30])
        trainer.run(max_steps=1)
        steps.append(rbm.weights.detach().clone())
    torch.testing.assert_close(*steps)


def test_sparsity_summed_and_not_multiplied_by_the_input(patterns):
    """The pull is a mean over rows, and on W it is through v: no input, no pull."""
    data = patterns[:10].clone()
    data[:, 4] = 0
    rbm_options = {
        "epochs": 1,
        "batch_size": 100,
        "weight_decay": 0.0,
        "centred": False,
        "set_visible_bias": False,
    }
    states = patterns[100:110].clone()
    states[:, 4] = 0

    def pull(rows):
        with_target = TrainingOptions(sparsity_target=0.05, sparsity_cost=1.0, **rbm_options)
        without = TrainingOptions(**rbm_options)
        first, second = one_step(rows, with_target, states), one_step(rows, without, states)
        return {name: first[name] - second[name] for name in first}

    once, ten_times = pull(data), pull(data.repeat(10, 1))
    torch.testing.assert_close(once, ten_times, rtol=1e-3, atol=1e-6)
    assert float(once["hidden.bias"].max()) < 0  # activity starts near one half, target 0.05
    expected = data.mean(0)[:, None] * once["hidden.bias"]
    torch.testing.assert_close(once["weights"], expected, rtol=1e-2, atol=1e-5)
    assert float(once["weights"][4].abs().max()) == 0


def test_noise_added_to_sigmoid_means(generator):
    """A "Gaussian mode" elsewhere adds N(0,1) to sigmoid means; ours is normal around the field."""
    rbm = RBM(Gaussian(1), Bernoulli(1), weight_scale=0.0)
    rbm.visible.shift_bias(torch.tensor([7.0]))
    draws = rbm.sample_visible(torch.zeros(4000, 1), generator)
    assert float(draws.mean()) == pytest.approx(7.0, abs=0.1)
    hidden = rbm.sample_hidden(draws, generator)
    assert set(hidden.flatten().tolist()) == {0.0, 1.0}


def test_step_length_normalised(patterns):
    """A unit-norm gradient never gets shorter: at the solution there must be no step."""
    options = TrainingOptions(epochs=1, batch_size=10, weight_decay=0, set_visible_bias=False)
    still = one_step(patterns[:10], options, patterns[:10])
    moving = one_step(patterns[:10], options, 1 - patterns[:10])
    assert float(still["weights"].norm()) < 1e-6 < float(moving["weights"].norm())


@pytest.mark.parametrize("kind", ["tensor", "numpy", "sparse"])
@pytest.mark.parametrize("sampler", ["cd", "pcd", "tempering"])
def test_input_mutated(kind, sampler, patterns):
    data = {
        "tensor": patterns.clone(),
        "numpy": patterns.numpy().copy(),
        "sparse": sp.csr_matrix(patterns.numpy()),
    }[kind]
    copy = data.copy() if kind != "tensor" else data.clone()
    options = TrainingOptions(
        epochs=2, sampler=SamplerOptions(sampler, chains=203, temperatures=3), monitor_rows=203
    )
    rbm = RBM(Bernoulli(12), Bernoulli(4), generator=seeded())
    fit_rbm(rbm, data, options, validation=data, generator=seeded())
    if kind == "sparse":
        assert (data != copy).nnz == 0
    else:
        assert np.array_equal(np.asarray(data), np.asarray(copy))


def test_read_only_and_integer_input(patterns):
    data = patterns.numpy().astype(np.uint8)
    data.flags.writeable = False
    rbm = RBM(Bernoulli(12), Bernoulli(4), generator=seeded())
    fit_rbm(rbm, data, TrainingOptions(epochs=1), generator=seeded())
    assert rbm.weights.isfinite().all()


def test_random_pseudo_likelihood(patterns):
    """scikit-learn scores one random bit; ours is exact, and so repeats itself."""
    rbm = RBM(Bernoulli(12), Bernoulli(4), weight_scale=1.0, generator=seeded())
    first = pseudo_log_likelihood_nats(rbm, patterns)
    assert torch.equal(first, pseudo_log_likelihood_nats(rbm, patterns))


def test_pseudo_likelihood_without_a_unit(patterns):
    """Per image or per bit: the two differ by the number of bits, and the caller says which."""
    rbm = RBM(Bernoulli(12), Bernoulli(4), weight_scale=1.0, generator=seeded())
    per_image = pseudo_log_likelihood_nats(rbm, patterns)
    per_bit = pseudo_log_likelihood_nats(rbm, patterns, per_variable=True)
    torch.testing.assert_close(per_image, 12 * per_bit)


def test_stop_by_reconstruction_error(patterns):
    """Reconstruction error decides nothing: no option of the training reads it."""
    names = set(TrainingOptions().to_dict()) | set(SamplerOptions().__dict__)
    assert not any("reconstruction" in name for name in names)


def test_global_random_state_touched(patterns):
    torch.manual_seed(11)
    before = torch.get_rng_state()
    rbm = RBM(Bernoulli(12), Bernoulli(4))
    options = TrainingOptions(epochs=1, sampler=SamplerOptions("tempering", temperatures=3))
    fit_rbm(rbm, patterns, options, generator=seeded())
    assert torch.equal(torch.get_rng_state(), before)


def test_parameters_recorded_after_each_step_are_new(patterns):
    """Every minibatch moves the machine: 203 rows in batches of 20 are 11 steps."""
    recorder = Recorder()
    rbm = RBM(Bernoulli(12), Bernoulli(4), generator=seeded())
    options = TrainingOptions(epochs=1, batch_size=20)
    fit_rbm(rbm, patterns, options, generator=seeded(), callbacks=[recorder])
    assert len(recorder.states) == 11
    for before, after in zip(recorder.states, recorder.states[1:], strict=False):
        assert not torch.equal(before["weights"], after["weights"])

"""A training stopped at any step and continued equals the uninterrupted one, bit for bit."""

import copy

import pytest
import scipy.sparse as sp
import torch

from ebm import (
    RBM,
    Bernoulli,
    Callback,
    FreeEnergyGapControl,
    SamplerOptions,
    Trainer,
    TrainingOptions,
)

# 203 rows in batches of 20: 11 steps an epoch. The stops are inside, at the end and at the start.
STOPS = [0, 1, 7, 11, 12, 22, 30]
SAMPLERS = {
    "cd": SamplerOptions("cd", steps=2),
    "pcd": SamplerOptions("pcd", chains=30),
    "tempering": SamplerOptions("tempering", chains=10, temperatures=4),
}


def new_trainer(data, sampler, optimiser="sgd", generator_seed=3, machine_seed=0):
    rbm = RBM(Bernoulli(12), Bernoulli(5), generator=torch.Generator().manual_seed(machine_seed))
    options = TrainingOptions(
        epochs=3,
        batch_size=20,
        momentum_epochs=1,
        schedule="cosine",
        optimiser=optimiser,
        sparsity_target=0.2,
        sampler=SAMPLERS[sampler],
        pseudo_likelihood_rows=5,
    )
    return Trainer(
        rbm,
        data,
        options,
        validation=(torch.arange(12) % 2).expand(4, -1),
        generator=torch.Generator().manual_seed(generator_seed),
        callbacks=[FreeEnergyGapControl("lower_rate", patience=1)],
    )


def check_equal(left, right):
    assert left.history == right.history
    first, second = left.state_dict(), right.state_dict()
    for record in first["history"]["records"] + second["history"]["records"]:
        record.pop("seconds")
    assert_same(first, second)


def assert_same(left, right):
    assert type(left) is type(right)
    if isinstance(left, torch.Tensor):
        assert torch.equal(left, right)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            assert_same(left[key], right[key])
    elif isinstance(left, list):
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    else:
        assert left == right


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_continued_equals_uninterrupted(sampler, stop, patterns):
    whole = new_trainer(patterns, sampler)
    whole.run()
    first = new_trainer(patterns, sampler)
    first.run(max_steps=stop)
    assert first.total_steps == stop
    state = first.state_dict()
    first.run(max_steps=5)  # going on must not change the state that was taken
    # The continuation starts from other seeds: everything must come from the state.
    second = new_trainer(patterns, sampler, generator_seed=99, machine_seed=98)
    second.load_state_dict(state)
    second.run()
    check_equal(second, whole)


@pytest.mark.parametrize("kind", ["sparse", "stream", "adam"])
def test_continued_equals_uninterrupted_for_other_data_and_optimisers(kind, patterns):
    data = {
        "sparse": sp.csr_matrix(patterns.numpy()),
        "stream": lambda: patterns.split(70),
        "adam": patterns,
    }[kind]
    optimiser = "adam" if kind == "adam" else "sgd"
    whole = new_trainer(data, "pcd", optimiser)
    whole.run()
    first = new_trainer(data, "pcd", optimiser)
    first.run(max_steps=15)
    second = new_trainer(data, "pcd", optimiser, generator_seed=99)
    second.load_state_dict(first.state_dict())
    second.run()
    check_equal(second, whole)


def test_stop_by_a_callback_inside_an_epoch(patterns):
    class StopAt(Callback):
        def on_step_end(self, trainer):
            if trainer.total_steps == 14:
                trainer.stop_because = "asked to"

    whole = new_trainer(patterns, "cd")
    whole.run()
    first = new_trainer(patterns, "cd")
    gap = first.callbacks
    first.callbacks = (*gap, StopAt())
    assert first.run().stopped_because == "asked to"
    assert first.total_steps == 14
    state = copy.deepcopy(first.state_dict())
    state["stop_because"], state["callbacks"] = "", state["callbacks"][:1]
    second = new_trainer(patterns, "cd", generator_seed=99)
    second.load_state_dict(state)
    second.run()
    check_equal(second, whole)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_rate_was_lowered_by_the_callback_in_these_runs(sampler, patterns):
    """Otherwise the tests above would not show that its state is kept."""
    whole = new_trainer(patterns, sampler)
    whole.run()
    assert whole.rate_factor < 1

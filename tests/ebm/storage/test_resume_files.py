"""A training stored on disk and continued equals the uninterrupted one, bit for bit."""

import pytest
import torch

from ebm import (
    RBM,
    Bernoulli,
    FinetuneOptions,
    FineTuner,
    GreedyPretrainer,
    Network,
    SamplerOptions,
    StorageError,
    Trainer,
    TrainingOptions,
    load_resume,
    run_with_checkpoints,
    save_resume,
)

SAMPLERS = {
    "cd": SamplerOptions("cd"),
    "pcd": SamplerOptions("pcd", chains=20),
    "tempering": SamplerOptions("tempering", chains=8, temperatures=3),
}


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def equal_states(first, second):
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            equal_states(first[key], second[key]) for key in first if key != "seconds"
        )
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(equal_states, first, second))
    return first == second


def new_trainer(data, kind, seed=3, optimiser="sgd"):
    rbm = RBM(Bernoulli(12), Bernoulli(5), generator=seeded(seed))
    options = TrainingOptions(
        epochs=3, batch_size=20, sampler=SAMPLERS[kind], optimiser=optimiser, sparsity_target=0.2
    )
    return Trainer(rbm, data, options, validation=data[:30], generator=seeded(seed))


def new_pretrainer(data, kind="pcd", seed=3, **more):
    options = TrainingOptions(epochs=2, batch_size=20, sampler=SAMPLERS[kind])
    return GreedyPretrainer(
        data, [7, 6, 5], options, validation=data[:30], generator=seeded(seed), **more
    )


def new_tuner(data, optimiser="adamw", seed=3, patience=3):
    network = Network.from_sizes([12, 9], 2, dropout=0.3, input_dropout=0.1, generator=seeded(seed))
    options = FinetuneOptions(
        task="multi_label",
        epochs=5,
        batch_size=20,
        learning_rate=0.05,
        optimiser=optimiser,
        patience=patience,
    )
    labels = data[:, :2].clone()
    labels[::3, 0] = torch.nan
    held = (data[:40], labels[:40])
    weights = torch.linspace(0.5, 2, len(data))
    return FineTuner(
        network,
        data,
        labels,
        options,
        validation=held,
        sample_weight=weights,
        generator=seeded(seed),
    )


def check_resume(make, stop, tmp_path):
    whole = make(seed=3)
    whole.run()
    stopped = make(seed=3)
    stopped.run(stop)
    save_resume(tmp_path / "stopped", stopped)
    del stopped
    other = make(seed=99)  # another start, which the file must overwrite altogether
    load_resume(tmp_path / "stopped", other)
    assert other.total_steps == stop
    other.run()
    assert equal_states(whole.state_dict(), other.state_dict())


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("stop", [0, 7, 11, 30])
def test_rbm_training(patterns, kind, stop, tmp_path):
    check_resume(lambda seed: new_trainer(patterns, kind, seed), stop, tmp_path)


def test_rbm_training_with_adam(patterns, tmp_path):
    check_resume(lambda seed: new_trainer(patterns, "cd", seed, "adam"), 15, tmp_path)


# 11 steps an epoch, 2 epochs a layer: the stops are inside, at the end and at the start of layers.
@pytest.mark.parametrize("stop", [0, 5, 21, 22, 23, 44, 60])
def test_greedy_pretraining(patterns, stop, tmp_path):
    check_resume(lambda seed: new_pretrainer(patterns, seed=seed), stop, tmp_path)


def test_greedy_pretraining_with_labels(patterns, tmp_path):
    labels = patterns[:, 0].long()
    check_resume(lambda seed: new_pretrainer(patterns, "cd", seed, labels=labels), 50, tmp_path)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("stop", [0, 4, 11, 12, 40, 55])
def test_fine_tuning(patterns, optimiser, stop, tmp_path):
    check_resume(lambda seed: new_tuner(patterns, optimiser, seed, patience=None), stop, tmp_path)


def test_stopping_often(patterns, tmp_path):
    """Stored and loaded by a new object after every third step."""
    whole = new_tuner(patterns)
    history = whole.run()
    while True:
        stored = (tmp_path / "often").exists()
        tuner = new_tuner(patterns, seed=5 if stored else 3)
        if stored:
            load_resume(tmp_path / "often", tuner)
        before = tuner.total_steps
        result = tuner.run(3)
        save_resume(tmp_path / "often", tuner)
        if tuner.total_steps - before < 3:
            break
    assert result == history
    assert equal_states(whole.state_dict(), tuner.state_dict())


def test_checkpoints_survive_a_crash(patterns, tmp_path):
    path = tmp_path / "run"
    expected, _ = new_pretrainer(patterns).run()

    class CrashError(Exception):
        pass

    broken = new_pretrainer(patterns)
    run = broken.run

    def crash_after_40(max_steps=None):
        if broken.total_steps >= 40:
            raise CrashError
        return run(max_steps)

    broken.run = crash_after_40
    with pytest.raises(CrashError):
        run_with_checkpoints(broken, path, every_steps=10)
    again = new_pretrainer(patterns, seed=8)
    dbn, histories = run_with_checkpoints(again, path, every_steps=10)
    assert len(histories) == 3
    assert equal_states(expected.state_dict(), dbn.state_dict())


def test_a_finished_training_stays_finished(patterns, tmp_path):
    tuner = new_tuner(patterns)
    history = run_with_checkpoints(tuner, tmp_path / "run", every_steps=1000)
    again = new_tuner(patterns, seed=8)
    assert run_with_checkpoints(again, tmp_path / "run", every_steps=1000) == history
    assert equal_states(tuner.network.state_dict(), again.network.state_dict())


def test_files_of_other_trainings_are_refused(patterns, tmp_path):
    path = tmp_path / "state"
    save_resume(path, new_trainer(patterns, "cd"))
    with pytest.raises(StorageError, match="belongs to another training: its options"):
        load_resume(path, new_trainer(patterns, "pcd"))
    with pytest.raises(StorageError, match="belongs to another training: its kind"):
        load_resume(path, new_tuner(patterns))


def test_a_machine_of_another_size_is_refused(patterns, tmp_path):
    path = tmp_path / "state"
    save_resume(path, new_trainer(patterns, "cd"))
    options = new_trainer(patterns, "cd").options
    rbm = RBM(Bernoulli(12), Bernoulli(6), generator=seeded())
    other = Trainer(rbm, patterns, options, generator=seeded())
    with pytest.raises(StorageError, match="does not fit this training"):
        load_resume(path, other)


def test_a_state_cut_short(patterns, tmp_path):
    path = tmp_path / "state"
    save_resume(path, new_trainer(patterns, "cd"))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(StorageError, match="damaged"):
        load_resume(path, new_trainer(patterns, "cd"))

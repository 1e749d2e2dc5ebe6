"""What every training has in common: one loop, one kind of callback, one state to go on from."""

import pytest
import torch

from ebm import (
    DBN,
    RBM,
    Bernoulli,
    Callback,
    FinetuneOptions,
    FineTuner,
    Network,
    StorageError,
    Trainer,
    TrainingOptions,
    UpDownOptions,
    UpDownTrainer,
    load_resume,
    save_resume,
)

# 203 rows in batches of 20: 11 steps an epoch.
EPOCHS, STEPS_AN_EPOCH, LAST_STEP = 4, 11, 38


def seeded(seed):
    return torch.Generator().manual_seed(seed)


class Budget(Callback):
    """Ends a training after so many minibatches, counted by itself, and notes each hook."""

    def __init__(self, steps=LAST_STEP):
        self.left = steps
        self.notes = []
        self.runs = 0

    def on_train_start(self, trainer):
        self.runs += 1

    def on_step_end(self, trainer):
        self.left -= 1
        if self.left == 0:
            trainer.stop_because = "the budget is spent"

    def on_epoch_end(self, trainer):
        newest = trainer.history.records[-1]
        self.notes.append([newest.epoch, trainer.epoch, trainer.step_in_epoch, self.left])

    def on_train_end(self, trainer):
        self.runs -= 1

    def state_dict(self):
        return {"left": self.left, "notes": self.notes}

    def load_state_dict(self, state):
        self.left, self.notes = state["left"], state["notes"]


def rbm_training(data, callbacks, seed):
    rbm = RBM(Bernoulli(12), Bernoulli(5), generator=seeded(seed))
    options = TrainingOptions(epochs=EPOCHS, batch_size=20)
    return Trainer(rbm, data, options, generator=seeded(seed), callbacks=callbacks)


def fine_tuning(data, callbacks, seed):
    network = Network.from_sizes([12, 6], 1, dropout=0.2, generator=seeded(seed))
    options = FinetuneOptions(epochs=EPOCHS, batch_size=20, patience=None)
    held_out = (data[:40], data[:40, 0])
    return FineTuner(
        network,
        data,
        data[:, 0],
        options,
        validation=held_out,
        generator=seeded(seed),
        callbacks=callbacks,
    )


def up_down_training(data, callbacks, seed):
    sizes = ((12, 6), (6, 4))
    dbn = DBN([RBM(Bernoulli(n), Bernoulli(m), generator=seeded(seed)) for n, m in sizes])
    options = UpDownOptions(epochs=EPOCHS, batch_size=20)
    return UpDownTrainer(dbn, data, options, generator=seeded(seed), callbacks=callbacks)


@pytest.fixture(params=[rbm_training, fine_tuning, up_down_training])
def begin(request, patterns):
    """Builder of one of the trainings with a `Budget`."""

    def build(seed=3, callbacks=None):
        return request.param(patterns, [Budget()] if callbacks is None else callbacks, seed)

    return build


def same(left, right):
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(
            same(left[key], right[key]) for key in left if key != "seconds"
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


@pytest.mark.parametrize("stop", [0, 1, 10, 11, 12, 33, 37, 38])
def test_continued_from_a_file_equals_uninterrupted_with_the_callback(begin, stop, tmp_path):
    whole = begin()
    whole.run()
    first = begin()
    first.run(max_steps=stop)
    assert first.total_steps == stop
    save_resume(tmp_path / "state", first)
    second = begin(seed=99)  # all of it must come from the file
    load_resume(tmp_path / "state", second)
    history = second.run()
    assert history.stopped_because == "the budget is spent"
    assert second.total_steps == LAST_STEP
    assert same(second.state_dict(), whole.state_dict())


def test_a_callback_sees_every_step_and_every_epoch(begin):
    training = begin()
    training.run(max_steps=5)
    history = training.run()
    (budget,) = training.callbacks
    assert budget.notes == [
        [epoch, epoch, 0, LAST_STEP - epoch * STEPS_AN_EPOCH] for epoch in (1, 2, 3)
    ]
    assert budget.runs == 0
    assert (training.epoch, training.step_in_epoch) == divmod(LAST_STEP, STEPS_AN_EPOCH)
    assert history.column("epoch") == [1, 2, 3]
    assert training.is_over


def test_a_training_without_callbacks_runs_all_epochs(begin):
    training = begin(callbacks=[])
    training.run(max_steps=EPOCHS * STEPS_AN_EPOCH - 1)
    assert not training.is_over
    history = training.run()
    assert training.is_over
    assert training.total_steps == EPOCHS * STEPS_AN_EPOCH
    assert history.stopped_because == ""
    assert type(history).from_dict(history.to_dict()) == history
    before = training.state_dict()
    training.run()  # nothing is left to do
    assert same(training.state_dict(), before)


def test_the_state_of_other_callbacks_is_refused(begin, tmp_path):
    save_resume(tmp_path / "state", begin(callbacks=[]))
    with pytest.raises(StorageError, match="does not fit this training"):
        load_resume(tmp_path / "state", begin())

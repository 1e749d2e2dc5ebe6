"""Which epoch of a training counts, by the rule of each experiment."""

from workflows.mnist.experiments.tutorial_and_best import chosen_epoch
from workflows.mnist.training.protocols import counted_epoch
from workflows.mnist.training.supervised import SupervisedEpoch


def epochs(*measured: tuple[float | None, float | None]) -> list[SupervisedEpoch]:
    """Epochs of given validation losses and accuracies."""
    return [
        SupervisedEpoch(number, 0.1, 0.99, loss, accuracy, 0.98, 1.0)
        for number, (loss, accuracy) in enumerate(measured, start=1)
    ]


VALIDATED = epochs((0.09, 0.97), (0.06, 0.985), (0.05, 0.98), (0.05, 0.985))
NOT_VALIDATED = epochs((None, None), (None, None), (None, None))


def test_the_first_of_the_most_accurate_validation_epochs_counts_for_the_tutorial():
    assert chosen_epoch(VALIDATED).epoch == 2


def test_the_first_epoch_of_the_lowest_validation_loss_counts_for_the_sound_protocol():
    assert counted_epoch(VALIDATED).epoch == 3


def test_without_validation_digits_the_last_epoch_counts():
    assert chosen_epoch(NOT_VALIDATED).epoch == 3
    assert counted_epoch(NOT_VALIDATED).epoch == 3

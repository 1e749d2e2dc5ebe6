"""Which epoch of a preset counts."""

from workflows.mnist.preset import chosen_epoch


def epochs(*accuracies):
    return [{"epoch": i, "validation_accuracy": a} for i, a in enumerate(accuracies, start=1)]


def test_the_first_of_the_best_validation_epochs_counts():
    assert chosen_epoch(epochs(0.97, 0.985, 0.98, 0.985))["epoch"] == 2


def test_without_validation_digits_the_last_epoch_counts():
    assert chosen_epoch(epochs(None, None, None))["epoch"] == 3

"""A longer up-down training begins as a shorter one, so that it can take over its stages."""

import pytest

from workflows.mnist.experiments.generative_up_down import cycles


@pytest.mark.parametrize("epochs", [1, 4, 10, 19, 30, 31, 70, 75, 150])
def test_cycles_double_and_add_up(epochs: int):
    lengths = cycles(epochs)
    assert sum(lengths) == epochs
    assert lengths[:-1] == [10 * 2**k for k in range(len(lengths) - 1)]
    if len(lengths) > 1:  # the rest is not shorter than a whole cycle
        assert lengths[-1] >= 2 * lengths[-2]


def test_a_longer_training_begins_as_a_shorter_one():
    whole = cycles(150)
    assert whole == [10, 20, 40, 80]
    assert [cycles(sum(whole[:count])) for count in (1, 2, 3)] == [whole[:1], whole[:2], whole[:3]]

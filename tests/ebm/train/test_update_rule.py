"""Changes of the parameters by each update rule, and the schedules."""

import math

import pytest
import torch

from ebm import TrainingOptions
from ebm.train.gradient import Gradient
from ebm.train.products import Products
from ebm.train.update_rule import Adam, MomentumSGD, Rates


def steps_of(rule, gradients, rate=0.1, momentum=0.9):
    steps = []
    for value in gradients:
        # As weights, a row times a column; as a bias, the number itself.
        weights = Products(torch.tensor([[2.0]]), torch.tensor([[value / 2]]))
        gradient = Gradient(weights, {"hidden_bias": torch.tensor([value])})
        step = rule.update(gradient, Rates(rate, rate), momentum)
        assert float(step["weights"]) == pytest.approx(float(step["hidden_bias"]), rel=1e-5)
        steps.append(float(step["weights"]))
    return steps


def test_momentum_sums_a_constant_gradient_to_rate_over_one_minus_momentum():
    """Field bug: momentum times the rate, so that the effective momentum was rate · momentum."""
    steps = steps_of(MomentumSGD(), [2.0] * 200)
    assert steps[0] == pytest.approx(0.2)
    assert steps[1] == pytest.approx(0.2 * 1.9)
    assert steps[-1] == pytest.approx(0.2 / (1 - 0.9), rel=1e-6)


def test_adam_equals_torch():
    gradients = [0.3, -1.0, 2.0, 0.01, 0.0, -0.5]
    parameter = torch.zeros(1, requires_grad=True)
    theirs = torch.optim.Adam([parameter], lr=0.1, betas=(0.9, 0.999))
    expected = []
    for value in gradients:
        before = parameter.detach().clone()
        parameter.grad = torch.tensor([-value])  # torch goes down, we go up
        theirs.step()
        expected.append(float(parameter.detach() - before))
    assert steps_of(Adam(), gradients) == pytest.approx(expected, rel=1e-4)


def test_adam_first_step_is_the_rate_while_the_momentum_ramps():
    """Field bug: bias correction by epoch. A constant gradient must give steps of the rate."""
    adam = Adam()
    first = steps_of(adam, [0.3] * 10, momentum=0.5)
    later = steps_of(adam, [0.3] * 10, momentum=0.9)
    assert first + later == pytest.approx([0.1] * 20, rel=1e-4)


@pytest.mark.parametrize("kind", [MomentumSGD, Adam])
def test_state_is_a_copy_and_continues(kind):
    first, second = kind(), kind()
    steps_of(first, [1.0, -0.4])
    state = first.state_dict()
    expected = steps_of(first, [0.7, 0.2])
    second.load_state_dict(state)
    assert steps_of(second, [0.7, 0.2]) == expected


def test_schedules():
    options = TrainingOptions(epochs=11, learning_rate=0.2, final_rate_fraction=0.1)
    assert options.learning_rate_at(7) == 0.2
    for schedule in ("linear", "cosine", "exponential"):
        options = TrainingOptions(
            epochs=11, learning_rate=0.2, final_rate_fraction=0.1, schedule=schedule
        )
        assert options.learning_rate_at(0) == pytest.approx(0.2)
        assert options.learning_rate_at(10) == pytest.approx(0.02)
    assert options.learning_rate_at(5) == pytest.approx(0.2 * math.sqrt(0.1))
    one = TrainingOptions(epochs=1, schedule="cosine")
    assert one.learning_rate_at(0) == one.learning_rate


def test_momentum_ramp():
    options = TrainingOptions()
    assert [options.momentum_at(epoch) for epoch in (0, 4, 5, 9)] == [0.5, 0.5, 0.9, 0.9]


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"momentum": 1.0},
        {"weight_decay": -1.0},
        {"optimiser": "rmsprop"},
        {"schedule": "steps"},
        {"sampler": {"kind": "hmc"}},
        {"sampler": {"steps": 0}},
        {"sampler": {"chains": 0}},
        {"sampler": {"temperatures": 1}},
    ],
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        TrainingOptions.from_dict(wrong)


def test_options_round_trip_and_refuse_unknown_names():
    options = TrainingOptions(epochs=3, sparsity_target=0.1)
    assert TrainingOptions.from_dict(options.to_dict()) == options
    with pytest.raises(TypeError, match="learning_rates"):
        TrainingOptions.from_dict({"learning_rates": 0.1})

"""Monitors against their definitions, and the control by the free-energy gap."""

import pytest
import torch

from ebm import (
    RBM,
    Bernoulli,
    FreeEnergyGapControl,
    Gaussian,
    History,
    SamplerOptions,
    TrainingOptions,
    fit_rbm,
    pseudo_log_likelihood_nats,
)
from ebm.train.monitors import MonitorRows, cross_entropy_nats, measure


@pytest.fixture
def rbm(generator):
    return RBM(Bernoulli(12), Bernoulli(5), weight_scale=0.5, generator=generator)


def test_each_monitor_is_what_its_name_says(rbm, patterns):
    train, held = patterns[:50], patterns[50:80]
    rows = MonitorRows(train, held, patterns.mean(0), pseudo_likelihood_rows=10)
    values = measure(rbm, rows)
    gap = rbm.free_energy(held).mean() - rbm.free_energy(train).mean()
    assert values["free_energy_gap_nats"] == pytest.approx(float(gap.detach()), rel=1e-5)
    expected = pseudo_log_likelihood_nats(rbm, held[:10]).mean()
    assert values["pseudo_log_likelihood_validation_nats"] == pytest.approx(
        float(expected.detach())
    )
    r = rbm.reconstruct(train).detach()
    literal = -(train * r.log() + (1 - train) * (1 - r).log()).sum(1).mean()
    assert values["reconstruction_cross_entropy_nats"] == pytest.approx(float(literal), rel=1e-5)
    p = patterns.mean(0)
    literal = -(train * p.log() + (1 - train) * (1 - p).log()).sum(1).mean()
    assert values["independent_bit_cross_entropy_nats"] == pytest.approx(float(literal), rel=1e-5)
    activity = rbm.hidden_mean(train).mean().detach()
    assert values["hidden_activity"] == pytest.approx(float(activity))


def test_silent_and_saturated_units_are_counted(rbm, patterns):
    rbm.hidden.shift_bias(torch.tensor([-50.0, 50.0, 50.0, 0.0, 0.0]))
    rows = MonitorRows(patterns, None, patterns.mean(0), 0)
    values = measure(rbm, rows)
    assert values["hidden_units_silent"] == pytest.approx(0.2)
    assert values["hidden_units_saturated"] == pytest.approx(0.4)
    assert values["free_energy_gap_nats"] is None
    assert values["pseudo_log_likelihood_train_nats"] is None


def test_real_numbers_have_no_cross_entropy_or_pseudo_likelihood(generator):
    rbm = RBM(Gaussian(3), Bernoulli(2))
    rows = torch.randn(10, 3, generator=generator)
    values = measure(rbm, MonitorRows(rows, rows, rows.mean(0), 5))
    assert values["reconstruction_cross_entropy_nats"] is None
    assert values["pseudo_log_likelihood_train_nats"] is None


def test_cross_entropy_of_a_certain_wrong_bit_is_finite():
    value = cross_entropy_nats(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0]]))
    assert 10 < value < 20


def overfit(patterns, callback, epochs=60):
    """Few rows, many hidden units: the gap to held-out rows must grow."""
    rbm = RBM(Bernoulli(12), Bernoulli(40), generator=torch.Generator().manual_seed(0))
    options = TrainingOptions(
        epochs=epochs, batch_size=10, learning_rate=0.1, sampler=SamplerOptions("cd", 3)
    )
    return fit_rbm(
        rbm,
        patterns[:20],
        options,
        validation=patterns[100:],
        generator=torch.Generator().manual_seed(1),
        callbacks=[callback],
    )


def test_growing_gap_stops_the_training(patterns):
    history = overfit(patterns, FreeEnergyGapControl("stop", patience=3))
    assert len(history.records) < 60
    assert "free-energy gap grew 3 times" in history.stopped_because
    gaps = history.column("free_energy_gap_nats")
    assert gaps[-4] < gaps[-3] < gaps[-2] < gaps[-1]


def test_growing_gap_lowers_the_rate(patterns):
    history = overfit(patterns, FreeEnergyGapControl("lower_rate", patience=3, factor=0.1))
    assert len(history.records) == 60
    rates = history.column("learning_rate")
    assert rates[0] == 0.1
    assert rates[-1] < 0.05
    assert history.stopped_because == ""


def test_gap_control_without_validation_is_refused(rbm, patterns):
    with pytest.raises(ValueError, match="validation"):
        fit_rbm(rbm, patterns, generator=torch.Generator(), callbacks=[FreeEnergyGapControl()])
    with pytest.raises(ValueError, match="action"):
        FreeEnergyGapControl("warn")


def test_history_round_trip_and_recording_rhythm(rbm, patterns):
    options = TrainingOptions(epochs=5, monitor_every=2)
    history = fit_rbm(rbm, patterns, options, generator=torch.Generator())
    assert history.column("epoch") == [2, 4, 5]
    assert History.from_dict(history.to_dict()) == history

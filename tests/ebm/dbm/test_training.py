"""Joint training raises the exact likelihood; stopped anywhere it goes on bit for bit."""

from dataclasses import replace

import pytest
import scipy.sparse as sp
import torch

from ebm import (
    DBM,
    Bernoulli,
    Gaussian,
    JointOptions,
    JointTrainer,
    Softmax,
    fit_dbm,
    load_resume,
    run_with_checkpoints,
    save_resume,
)
from ebm.dbm import exact_log_likelihood_nats
from tests.ebm.dbm.conftest import LAYERS
from tests.ebm.train.test_resume import check_equal

OPTIONS = JointOptions(
    epochs=3, batch_size=40, learning_rate=0.05, momentum=0.5, chains=20, gibbs_steps=2,
    weight_decay=1e-3, set_visible_bias=True, monitor_rows=30,
)  # fmt: skip


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def new_dbm(seed=0):
    return DBM([Bernoulli(12), Bernoulli(6), Bernoulli(5)], generator=seeded(seed))


def new_trainer(patterns, seed=3, machine_seed=0, options=OPTIONS):
    return JointTrainer(
        new_dbm(machine_seed), patterns, options, validation=patterns[:9], generator=seeded(seed)
    )


@pytest.mark.parametrize("centred", [True, False])
def test_exact_log_likelihood_rises(patterns, centred):
    options = replace(OPTIONS, epochs=25, centred=centred, batch_size=20, learning_rate=0.2)
    dbm = new_dbm()
    start = replace(options, epochs=1, learning_rate=1e-9)
    fit_dbm(dbm, patterns, start, generator=seeded())  # sets the visible biases
    before = float(exact_log_likelihood_nats(dbm, patterns).mean().detach())
    history = fit_dbm(dbm, patterns, options, generator=seeded())
    after = float(exact_log_likelihood_nats(dbm, patterns).mean().detach())
    assert after > before + 1.5
    assert history.records[-1].score_train_nats > history.records[0].score_train_nats


@pytest.mark.parametrize("kind", ["label", "thermometer", "gaussian", "rectified", "four"])
def test_any_units_in_any_layer(kind, build, generator):
    dbm = build(LAYERS[kind](), scale=0.3)
    rows = dbm.units[0].sample(torch.zeros(50, dbm.sizes[0]).double(), generator)
    before = [value.clone() for value in dbm.parameters()]
    options = replace(OPTIONS, learning_rate=0.01)
    history = fit_dbm(dbm, rows.numpy(), options, generator=seeded())
    assert all(value.isfinite().all() for value in dbm.parameters())
    assert not any(map(torch.equal, before, dbm.parameters()))
    assert history.records[-1].score_validation_nats is None


def test_gaussian_pixels_learn(generator):
    rows = torch.randn(200, 3, generator=generator)
    rows[:, 1] = rows[:, 0]
    dbm = DBM([Gaussian(3), Bernoulli(6), Bernoulli(4)], generator=seeded())
    history = fit_dbm(dbm, rows, replace(OPTIONS, epochs=20), generator=seeded())
    assert history.records[-1].score_train_nats > history.records[0].score_train_nats


def test_sparse_dense_and_streamed_data_agree(patterns):
    found = []
    for data in (patterns, sp.csr_matrix(patterns.numpy()), lambda: (patterns,)):
        dbm = new_dbm()
        fit_dbm(dbm, data, OPTIONS, generator=seeded())
        found.append(dbm.weights[0].detach())
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)
    assert torch.equal(found[0], found[2])


# 203 rows in batches of 40: 6 steps an epoch. The stops are inside, at the end and at the start.
@pytest.mark.parametrize("stop", [0, 1, 6, 7, 13])
def test_continued_equals_uninterrupted(stop, patterns, tmp_path):
    whole = new_trainer(patterns)
    whole.run()
    first = new_trainer(patterns)
    first.run(max_steps=stop)
    state = first.state_dict()
    save_resume(tmp_path / "state", first)
    first.run(max_steps=5)  # going on must not change the state that was taken
    # The continuation starts from other seeds: everything must come from the state.
    second = new_trainer(patterns, seed=99, machine_seed=98)
    second.load_state_dict(state)
    second.run()
    check_equal(second, whole)
    third = new_trainer(patterns, seed=97, machine_seed=96)
    load_resume(tmp_path / "state", third)
    third.run()
    check_equal(third, whole)


def test_written_as_it_goes(patterns, tmp_path):
    whole = new_trainer(patterns)
    whole.run()
    checked = new_trainer(patterns)
    run_with_checkpoints(checked, tmp_path / "state", every_steps=5)
    check_equal(checked, whole)


def test_rows_without_weight_are_not_learned(patterns):
    foreign = torch.cat([patterns, 1 - patterns])
    weights = torch.cat([torch.ones(203), torch.zeros(203)])
    dbm = new_dbm()
    options = replace(OPTIONS, epochs=20, learning_rate=0.2)
    fit_dbm(dbm, foreign, options, sample_weight=weights, generator=seeded())
    kept = float(exact_log_likelihood_nats(dbm, patterns).mean().detach())
    left_out = float(exact_log_likelihood_nats(dbm, 1 - patterns).mean().detach())
    assert kept > left_out + 3


def test_impossible_options_and_data(patterns):
    for name in ("epochs", "chains", "learning_rate", "momentum", "schedule"):
        with pytest.raises(ValueError, match=name):
            JointOptions(**{name: -1})
    dbm = DBM([Softmax(3), Bernoulli(2)])
    with pytest.raises(ValueError, match="12 columns, but the machine has 3"):
        fit_dbm(dbm, patterns, generator=seeded())

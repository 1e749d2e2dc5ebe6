"""What a user of `fit_rbm` sees: the exact likelihood rises, for every kind of data and sampler."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import (
    RBM,
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    NReLU,
    Rectified,
    SamplerOptions,
    Softmax,
    Thermometer,
    Trainer,
    TrainingOptions,
    exact,
    fit_rbm,
)
from ebm.units import Moments


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def new_machine(n_visible=12, n_hidden=6):
    return RBM(Bernoulli(n_visible), Bernoulli(n_hidden), generator=seeded(0))


def mean_log_likelihood(rbm, data):
    return float(exact.log_likelihood_nats(rbm, data.to(rbm.weights)).mean().detach())


def independent_bits_nats(data):
    """Log-likelihood of the column means: what a machine without weights can reach."""
    p = data.double().mean(0).clamp(1e-9, 1 - 1e-9)
    return -float((p * p.log() + (1 - p) * (1 - p).log()).sum().neg())


OPTIONS = {
    "cd1": TrainingOptions(epochs=40, batch_size=20),
    "cd5": TrainingOptions(epochs=40, batch_size=20, sampler=SamplerOptions("cd", steps=5)),
    "pcd": TrainingOptions(
        epochs=60,
        batch_size=20,
        learning_rate=0.02,
        schedule="linear",
        sampler=SamplerOptions("pcd", steps=5, chains=100),
    ),
    "tempering": TrainingOptions(
        epochs=60,
        batch_size=20,
        learning_rate=0.02,
        schedule="linear",
        sampler=SamplerOptions("tempering", chains=50, temperatures=6),
    ),
    "plain": TrainingOptions(epochs=40, batch_size=20, centred=False),
    "adam": TrainingOptions(epochs=40, batch_size=20, optimiser="adam", learning_rate=0.01),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_exact_log_likelihood_rises(name, patterns):
    rbm = new_machine()
    baseline = independent_bits_nats(patterns)
    fit_rbm(rbm, patterns, OPTIONS[name], generator=seeded())
    assert mean_log_likelihood(rbm, patterns) > baseline + 1.5


def test_one_batch_can_be_overfitted():
    rows = torch.eye(4).repeat(1, 2)
    rbm = RBM(Bernoulli(8), Bernoulli(8), generator=seeded(0))
    options = TrainingOptions(
        epochs=4000,
        batch_size=4,
        learning_rate=0.05,
        weight_decay=0,
        monitor_every=4000,
        sampler=SamplerOptions("cd", steps=5),
    )
    fit_rbm(rbm, rows, options, generator=seeded())
    assert mean_log_likelihood(rbm, rows) > -math.log(4) - 0.4


MIXED = {
    "label": (lambda: Blocks([Bernoulli(4), Softmax(2)]), lambda: Bernoulli(4)),
    "thermometer": (lambda: Thermometer([2, 2, 2]), lambda: Bernoulli(4)),
    "nrelu": (lambda: Bernoulli(6), lambda: NReLU(4, copies=4)),
    "rectified": (lambda: Bernoulli(6), lambda: Rectified(4, 2.0)),
    "binomial": (lambda: Binomial(6, 2), lambda: Bernoulli(4)),
}


@pytest.mark.parametrize("name", MIXED)
def test_every_kind_of_unit_learns(name):
    visible, hidden = (build() for build in MIXED[name])
    columns = torch.arange(6)
    rows = torch.stack([(columns % 2 == 0).float(), (columns % 2 == 1).float()]).repeat(40, 1)
    if name == "thermometer":
        rows = torch.tensor([[1.0, 1, 0, 0, 1, 1], [0, 0, 1, 1, 0, 0]]).repeat(40, 1)
    if name == "label":
        rows = torch.tensor([[1.0, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]]).repeat(40, 1)
    alone = RBM(visible, hidden, weight_scale=0.0)
    data_mean = Moments(rows.mean(0), rows.var(0), count=len(rows))
    alone.visible.set_from_moments(data_mean)
    independent = mean_log_likelihood(alone, rows)
    rbm = RBM(visible, hidden, generator=seeded(0))
    options = TrainingOptions(epochs=80, batch_size=20, learning_rate=0.03)
    fit_rbm(rbm, rows, options, generator=seeded())
    assert mean_log_likelihood(rbm, rows) > independent + 1.0


def test_gaussian_machine_learns_two_clusters(generator):
    """Learned variance: it ends near the variance inside the clusters, not that of the data."""
    centres = torch.tensor([[2.0, 2.0], [-2.0, -2.0]])
    rows = centres[torch.randint(2, (400,), generator=generator)]
    rows = rows + 0.5 * torch.randn(rows.shape, generator=generator)
    rbm = RBM(Gaussian(2, learn_precision=True), Bernoulli(3), generator=seeded(0))
    options = TrainingOptions(
        epochs=150, batch_size=40, learning_rate=0.01, monitor_every=150, weight_decay=0
    )
    fit_rbm(rbm, rows, options, generator=seeded())
    variance = (1 / rbm.visible.precision).detach()
    assert variance.max() < 1.0
    normal = torch.distributions.MultivariateNormal(rows.mean(0), rows.T.cov())
    assert mean_log_likelihood(rbm, rows) > float(normal.log_prob(rows).mean()) + 0.2


def test_sparse_rows_train_the_same_machine(patterns):
    dense, sparse = new_machine(), new_machine()
    options = TrainingOptions(epochs=3, batch_size=20)
    history = fit_rbm(dense, patterns, options, validation=patterns[:40], generator=seeded())
    matrix = sp.csr_matrix(patterns.numpy().astype(np.uint8))
    other = fit_rbm(sparse, matrix, options, validation=matrix[:40], generator=seeded())
    torch.testing.assert_close(dense.state_dict(), sparse.state_dict(), rtol=1e-4, atol=1e-6)
    for name in ("free_energy_gap_nats", "pseudo_log_likelihood_train_nats"):
        assert history.column(name) == pytest.approx(other.column(name), rel=1e-3, abs=1e-4)


def test_sparse_data_are_never_dense_as_a_whole(monkeypatch):
    """5000 x 20000 would be 400 MB; only the few monitor rows are ever made dense."""
    random = np.random.default_rng(1)
    columns = random.integers(0, 20_000, size=50_000)
    rows = np.arange(50_000) // 10
    matrix = sp.csr_matrix((np.ones(50_000), (rows, columns)), shape=(5000, 20_000))
    matrix.data[:] = 1
    made_dense = []
    original = torch.Tensor.to_dense

    def counted(tensor, *args, **kwargs):
        made_dense.append(tensor.shape[0])
        return original(tensor, *args, **kwargs)

    def forbidden(*args, **kwargs):
        raise AssertionError("the data set was made dense")

    monkeypatch.setattr(torch.Tensor, "to_dense", counted)
    monkeypatch.setattr(sp.csr_matrix, "toarray", forbidden)
    monkeypatch.setattr(sp.csr_matrix, "todense", forbidden)
    options = TrainingOptions(
        epochs=1,
        batch_size=1000,
        monitor_rows=7,
        pseudo_likelihood_rows=0,
        sampler=SamplerOptions("pcd", chains=5),
    )
    rbm = new_machine(20_000, 2)
    fit_rbm(rbm, matrix, options, generator=seeded())
    # The chains are dense anyway; the minibatches stay sparse, and only monitors and chains do not.
    assert max(made_dense) == options.monitor_rows


def test_a_stream_of_blocks_equals_the_same_rows_in_memory(patterns):
    """One block as a stream is the data; several blocks see every row once an epoch."""
    first, second = new_machine(), new_machine()
    options = TrainingOptions(epochs=2, batch_size=20)
    fit_rbm(first, patterns, options, generator=seeded())
    history = fit_rbm(second, lambda: iter([patterns]), options, generator=seeded())
    assert torch.equal(first.weights, second.weights)
    history = fit_rbm(new_machine(), lambda: patterns.split(50), options, generator=seeded())
    assert history.records[-1].step == 2 * (4 * 3 + 1)


def test_equal_seeds_give_equal_results_whatever_the_global_state(patterns):
    results = []
    for global_seed in (1, 2):
        torch.manual_seed(global_seed)
        rbm = new_machine()
        fit_rbm(rbm, patterns, TrainingOptions(epochs=2), generator=seeded())
        results.append(rbm.weights.detach().clone())
    assert torch.equal(*results)


def test_single_and_double_precision_agree(patterns):
    """Random numbers differ between the types, so likelihoods are compared over several seeds."""

    def reached(dtype, seed):
        rbm = new_machine().to(dtype)
        options = TrainingOptions(epochs=15, batch_size=20, monitor_every=15)
        fit_rbm(rbm, patterns, options, generator=seeded(seed))
        assert rbm.weights.dtype == dtype
        return mean_log_likelihood(rbm, patterns)

    single = torch.tensor([reached(torch.float32, seed) for seed in range(8)])
    double = torch.tensor([reached(torch.float64, seed) for seed in range(8)])
    noise = ((single.var() + double.var()) / 8).sqrt()
    assert (single.mean() - double.mean()).abs() < 4 * noise
    assert noise < 0.2


def test_flipped_data_train_to_the_same_likelihood_when_centred(patterns):
    """1 - v: the centred training does not mind, within the noise between seeds."""

    def reached(data, seed):
        rbm = new_machine()
        options = TrainingOptions(epochs=15, batch_size=20, learning_rate=0.03, monitor_every=15)
        fit_rbm(rbm, data, options, generator=seeded(seed))
        return mean_log_likelihood(rbm, data)

    straight = torch.tensor([reached(patterns, seed) for seed in range(8)])
    mirrored = torch.tensor([reached(1 - patterns, seed) for seed in range(8)])
    noise = ((straight.var() + mirrored.var()) / 8).sqrt()
    assert (straight.mean() - mirrored.mean()).abs() < 4 * noise
    assert noise < 0.2


class FixedStates:
    """A negative phase without chance."""

    def __init__(self, states):
        self.states = states

    def sample(self, rbm, data_field, generator):
        return self.states

    def weights(self, data_weights):
        return (data_weights.sum() / len(self.states)).expand(len(self.states))


def test_sample_weights_equal_repeated_rows(patterns):
    """A weight of 3 is the row three times, and a weight of 0 is the row left out."""
    data = patterns[:10]
    repeats = torch.tensor([1, 3, 0, 2, 1, 1, 5, 1, 0, 2])
    options = TrainingOptions(epochs=3, batch_size=100, set_visible_bias=False, sparsity_target=0.1)
    machines = []
    for rows, weight in ((data, repeats), (data.repeat_interleave(repeats, 0), None)):
        rbm = new_machine()
        trainer = Trainer(rbm, rows, options, sample_weight=weight, generator=seeded())
        trainer.sampler = FixedStates(patterns[50:70])
        trainer.run()
        machines.append(rbm)
    torch.testing.assert_close(*(rbm.state_dict() for rbm in machines))


def test_contrastive_divergence_weights_its_chains_like_their_rows(patterns):
    """A row of weight zero must not be in the negative phase either."""
    machines = []
    for junk in (0.0, 1.0):
        data = torch.cat([patterns[:10], torch.full((1, 12), junk)])
        weight = [1.0] * 10 + [0.0]
        rbm = new_machine()
        options = TrainingOptions(epochs=3, batch_size=11)
        fit_rbm(rbm, data, options, sample_weight=weight, generator=seeded())
        machines.append(rbm)
    torch.testing.assert_close(*(rbm.state_dict() for rbm in machines))


def test_sparsity_target_pulls_the_activity(patterns):
    def activity(target):
        rbm = new_machine(n_hidden=10)
        options = TrainingOptions(
            epochs=60,
            batch_size=20,
            sparsity_target=target,
            sparsity_cost=1.0,
            sparsity_decay=0.9,
            monitor_every=60,
        )
        history = fit_rbm(rbm, patterns, options, generator=seeded())
        return history.records[-1].hidden_activity

    assert activity(0.1) == pytest.approx(0.1, abs=0.04)
    assert activity(0.3) == pytest.approx(0.3, abs=0.06)


def counts():
    """Sparse counts where bits are wanted."""
    matrix = sp.lil_matrix((6, 12))
    matrix[1, 2] = 1
    matrix[3, 7] = 3
    return matrix.tocsr()


@pytest.mark.parametrize(
    ("data", "weights", "message"),
    [
        (torch.zeros(0, 12), None, "matrix with rows"),
        (torch.zeros(12), None, "matrix with rows"),
        (torch.zeros(5, 11), None, "11 columns, but the machine has 12"),
        (torch.full((5, 12), torch.nan), None, "row 0, column 0"),
        (sp.csr_matrix(np.diag([1.0] * 5 + [np.inf] + [0.0] * 6)), None, "row 5, column 5"),
        (torch.zeros(5, 12), [1.0, 2.0], "for 5 rows"),
        (torch.zeros(5, 12), [0.0] * 5, "not zero everywhere"),
        (torch.zeros(5, 12), [1.0, -1, 1, 1, 1], "not negative"),
        (lambda: iter([]), None, "empty"),
        (lambda: [torch.zeros(5, 12)], [1.0] * 5, "not a stream"),
        (torch.eye(12) * 2, None, r"value 2 at row 0, column 0, .* from 0 to 1"),
        (lambda: [torch.zeros(5, 12), -torch.eye(12)], None, "value -1 at row 5, column 0"),
        (counts(), None, "value 3 at row 3, column 7"),
    ],
)
def test_bad_data_are_refused_by_name(data, weights, message):
    with pytest.raises(ValueError, match=message):
        fit_rbm(new_machine(), data, sample_weight=weights, generator=seeded())


def test_impossible_thermometer_rows_are_refused():
    rbm = RBM(Thermometer([2, 2]), Bernoulli(2), generator=seeded())
    rows = torch.tensor([[1.0, 1, 0, 0], [0, 1, 1, 0]])
    with pytest.raises(ValueError, match="ones followed by zeros"):
        fit_rbm(rbm, rows, generator=seeded())


def test_a_generator_on_another_device_is_refused(patterns):
    with pytest.raises(ValueError, match=r"generator is on cpu, but the machine is on meta"):
        fit_rbm(new_machine(), patterns, generator=seeded(), device="meta")

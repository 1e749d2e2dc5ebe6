"""Sparse minibatches: the same steps as dense ones, and sampled zeros that leave the mean alone."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import (
    RBM,
    Bernoulli,
    Blocks,
    Gaussian,
    SamplerOptions,
    Softmax,
    Thermometer,
    Trainer,
    TrainingOptions,
)
from ebm.exact import enumerate_states
from ebm.sampling import sampled_zeros
from ebm.sampling.sampled_zeros import SampledColumns, draw_columns, reconstruct_sparsely
from ebm.sparse import (
    csr_of_dense,
    is_worth_it,
    sparse_times_dense,
    stack_rows,
    to_torch_csr,
    transposed_times_dense,
    transposed_times_vector,
)
from ebm.train.products import Products

WIDTH = 60


def rows_of_bits(count, width=WIDTH, seed=3):
    """About two bits a row: few enough for the sparse products."""
    generator = torch.Generator().manual_seed(seed)
    rates = torch.rand(width, generator=generator) ** 3 * 0.12
    return (torch.rand(count, width, generator=generator) < rates).double()


def trainer(data, visible=None, seed=3, **options):
    rbm = RBM(visible or Bernoulli(WIDTH), Bernoulli(7), weight_scale=0.3).double()
    options = {"epochs": 3, "batch_size": 20, "momentum_epochs": 1, **options}
    settings = TrainingOptions(**options, pseudo_likelihood_rows=0)
    return Trainer(rbm, data, settings, generator=torch.Generator().manual_seed(seed))


def assert_same_machine(one, other, **tolerance):
    for left, right in zip(one.rbm.parameters(), other.rbm.parameters(), strict=True):
        torch.testing.assert_close(left, right, **tolerance)


# The products, against those of the dense matrix.


def test_sparse_products_are_the_dense_ones(generator):
    dense = rows_of_bits(15) * torch.rand(15, WIDTH, generator=generator).double()
    dense[4] = 0
    sparse = csr_of_dense(dense)
    torch.testing.assert_close(sparse.to_dense(), dense)
    right = torch.randn(15, 4, generator=generator).double()
    weights = torch.randn(WIDTH, 4, generator=generator).double()
    torch.testing.assert_close(sparse_times_dense(sparse, weights), dense @ weights)
    torch.testing.assert_close(transposed_times_dense(sparse, right), dense.T @ right)
    torch.testing.assert_close(transposed_times_vector(sparse, right[:, 0]), dense.T @ right[:, 0])
    small = to_torch_csr(sp.csr_matrix(dense.numpy()), torch.float64, "cpu")  # 32-bit indices
    torch.testing.assert_close(stack_rows([small, sparse]).to_dense(), torch.cat([dense, dense]))
    assert is_worth_it(sparse)
    assert not is_worth_it(csr_of_dense(torch.ones(2, 3)))
    nothing = csr_of_dense(torch.zeros(2, WIDTH).double())
    assert torch.equal(sparse_times_dense(nothing, weights), torch.zeros(2, 4).double())
    assert not transposed_times_dense(nothing, right[:2]).any()


def test_sums_of_sparse_and_dense_outer_products(generator):
    left = rows_of_bits(6)
    right = torch.randn(6, 4, generator=generator).double()
    few = (torch.randn(WIDTH, generator=generator).double(), right[0])
    many = (torch.randn(5, WIDTH, generator=generator).double(), right[:5])
    matrix = torch.randn(WIDTH, 4, generator=generator).double()
    for other in (few, many):
        sums = [
            Products.stacked([(x, right)]).minus(Products.stacked([(x, 2 * right), other]))
            for x in (left, csr_of_dense(left))
        ]
        dense, sparse = (part.with_matrix(matrix, 0.3) for part in sums)
        torch.testing.assert_close(sparse.dense(), dense.dense())
        totals = [part.add_to(matrix.clone(), keep=0.5, scale=-2.0) for part in (dense, sparse)]
        torch.testing.assert_close(*totals)


# The whole step.


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"centred": False, "weight_decay": 0.01},
        {"sparsity_target": 0.1},
        {"optimiser": "adam"},
        {"sampler": SamplerOptions("cd", steps=3)},
        {"sampler": SamplerOptions("pcd", chains=30)},
        {"sampler": SamplerOptions("tempering", chains=5, temperatures=3)},
    ],
)
def test_sparse_data_give_the_steps_of_dense_data(options):
    data = rows_of_bits(203)
    dense, sparse = trainer(data, **options), trainer(sp.csr_matrix(data.numpy()), **options)
    batch = next(iter(sparse.source.batches(20, 1)))
    assert batch.fit_for_products() is batch  # the sparse way is taken
    dense.run()
    sparse.run()
    assert_same_machine(dense, sparse, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "visible",
    [
        lambda: Thermometer([3] * 20),
        lambda: Blocks([Bernoulli(40), Gaussian(20, learn_precision=True)]),
    ],
)
def test_other_visible_units_too(visible):
    if isinstance(visible(), Thermometer):
        data = torch.zeros(100, WIDTH).double()
        data[torch.arange(100), 3 * (torch.arange(100) % 20)] = 1
        data[torch.arange(50), 3 * (torch.arange(50) % 20) + 1] = 1
    else:
        data = rows_of_bits(100)
    dense = trainer(data, visible())
    sparse = trainer(sp.csr_matrix(data.numpy()), visible())
    dense.run()
    sparse.run()
    assert_same_machine(dense, sparse, rtol=1e-9, atol=1e-11)


def test_sparse_rows_with_many_entries_are_made_dense():
    full = sp.csr_matrix(np.ones((4, WIDTH)))
    (batch,) = trainer(full, epochs=1).source.batches(4, 1)
    assert batch.fit_for_products().visible.layout == torch.strided


def test_weights_of_rows_count_in_sparse_steps():
    data = rows_of_bits(60)
    weights = torch.arange(1.0, 61.0)
    machines = []
    for block in (data, sp.csr_matrix(data.numpy())):
        rbm = RBM(Bernoulli(WIDTH), Bernoulli(7)).double()
        options = TrainingOptions(epochs=2, batch_size=20)
        generator = torch.Generator().manual_seed(3)
        Trainer(rbm, block, options, sample_weight=weights, generator=generator).run()
        machines.append(rbm)
    for left, right in zip(*(machine.parameters() for machine in machines), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-11)


# Sampled zeros.


@pytest.fixture
def small():
    """Machine of 7 bits, and two rows that use columns 0, 1 and 4."""
    rbm = RBM(Bernoulli(7), Bernoulli(3), weight_scale=0.6).double()
    rbm.visible.shift_bias(torch.linspace(-1, 1, 7).double())
    rows = torch.tensor([[1, 1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0]]).double()
    return rbm, csr_of_dense(rows)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.6, 1.0])
def test_columns_in_use_are_always_there_and_others_with_their_weight(share, small, generator):
    _, data = small
    count = math.ceil(share * 4)
    found = torch.zeros(7)
    for _ in range(2000):
        columns = draw_columns(data.col_indices(), data.values(), 7, share, generator)
        assert len(columns.places) == len(set(columns.places.tolist())) == 3 + count
        expected = torch.tensor([1.0] * 3 + [4 / count] * count).double()
        torch.testing.assert_close(columns.weights, expected)
        found[columns.places] += 1
    assert (found[[0, 1, 4]] == 2000).all()
    inside = count / 4
    limit = 5 * (2000 * inside * (1 - inside)) ** 0.5
    assert ((found[[2, 3, 5, 6]] - 2000 * inside).abs() <= limit).all()


def expected_over_samples(states, count):
    """v̂ for every sample of `count` of the columns 2, 3, 5, 6, v' given; shape (s, n, 7)."""
    each = []
    for drawn in itertools.combinations([2, 3, 5, 6], count):
        factor = torch.zeros(7).double()
        factor[[0, 1, 4]] = 1
        factor[list(drawn)] = 4 / count
        each.append(states * factor)
    return torch.stack(each)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_mean_over_all_samples_is_the_whole_reconstruction(count, small):
    """Enumeration: states, field and products are unbiased; the hidden mean up to second order."""
    rbm, _ = small
    states = torch.tensor([[1, 0, 1, 0, 0, 1, 0], [0, 1, 0, 1, 1, 0, 1]]).double()
    with torch.no_grad():
        sampled = expected_over_samples(states, count)
        torch.testing.assert_close(sampled.mean(0), states)
        field = sampled @ rbm.weights
        torch.testing.assert_close(field.mean(0), states @ rbm.weights)
        # The variance of the module's description.
        part = (states[:, :, None] * rbm.weights)[:, [2, 3, 5, 6]]
        variance = 4 * (4 - count) / count * part.var(1)
        torch.testing.assert_close(field.var(0, correction=0), variance)
        # Halving the weights makes the bias of h' eight times smaller (σ'' is linear around 0),
        # or four where it is not: second order at least.
        rbm.hidden.bias.fill_(1.0)
        biases = []
        for scale in (0.1, 0.05):
            fields = scale * field
            whole = rbm.hidden.mean(scale * (states @ rbm.weights))
            biases.append((rbm.hidden.mean(fields).mean(0) - whole).abs().max())
        assert biases[1] <= 0.3 * biases[0] + 1e-15
        if count == 4:
            assert biases[0] < 1e-12


def test_drawn_states_have_the_law_of_the_columns_times_the_weight(small, generator, monkeypatch):
    """Many rows at once from the same field: column means are p(v | h)·weight, within 5 errors."""
    rbm, data = small
    chosen = SampledColumns(torch.tensor([0, 1, 4, 6, 2]), torch.tensor([1, 1, 1, 2, 2]).double())
    monkeypatch.setattr(sampled_zeros, "draw_columns", lambda *_: chosen)
    monkeypatch.setattr(sampled_zeros, "ROWS_TOGETHER", 7000)
    many = stack_rows([data] * 10_000)
    field = torch.full((20_000, 3), 60.0).double()  # the hidden states are all ones
    with torch.no_grad():
        states = reconstruct_sparsely(
            rbm, many, field, share=0.5, steps=1, generator=generator
        ).to_dense()
        probability = rbm.visible_mean(torch.ones(1, 3).double())[0]
    weight = torch.tensor([1, 1, 2, 0, 1, 0, 2]).double()
    error = 5 * weight * (probability * (1 - probability) / 20_000).sqrt()
    assert ((states.mean(0) - weight * probability).abs() <= error).all()
    assert set(states[:, 2].tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("steps", [1, 3])
def test_all_zeros_sampled_follow_the_law_of_contrastive_divergence(steps, small, generator):
    """With share 1 the states are those of CD-k: histogram against the enumerated kernel."""
    rbm, data = small
    count = 40_000
    row = stack_rows([data] * (count // 2))
    field = rbm.hidden_field(row).detach()
    with torch.no_grad():
        states = reconstruct_sparsely(
            rbm, row, field, share=1.0, steps=steps, generator=generator
        ).to_dense()
        hidden = enumerate_states(rbm.hidden)

        def law_of_hidden(fields):
            return torch.softmax(fields @ hidden.T - rbm.hidden.energy(hidden), 1)

        visible = enumerate_states(rbm.visible)
        forward = torch.softmax(
            rbm.visible_field(hidden) @ visible.T - rbm.visible.energy(visible), 1
        )
        law = law_of_hidden(field[:2])
        for step in range(steps):
            seen = law @ forward
            if step < steps - 1:
                law = seen @ law_of_hidden(rbm.hidden_field(visible))
        mean = seen @ visible
    for start in (0, 1):
        error = 5 * 0.5 / (count / 2) ** 0.5
        assert (states[start::2].mean(0) - mean[start]).abs().max() < error


def test_training_with_sampled_zeros_goes_on_bit_for_bit():
    data = sp.csr_matrix(rows_of_bits(203).numpy())
    whole = trainer(data, zeros_sampled=0.3, sampler=SamplerOptions("cd", steps=2))
    whole.run()
    for stop in (1, 11, 17):
        first = trainer(data, zeros_sampled=0.3, sampler=SamplerOptions("cd", steps=2))
        first.run(max_steps=stop)
        second = trainer(data, seed=77, zeros_sampled=0.3, sampler=SamplerOptions("cd", steps=2))
        second.load_state_dict(first.state_dict())
        second.run()
        assert_same_machine(second, whole, rtol=0, atol=0)
    plain = trainer(data, sampler=SamplerOptions("cd", steps=2))
    plain.run()
    assert not torch.equal(plain.rbm.weights, whole.rbm.weights)


def test_sampled_zeros_learn_as_much():
    """Free energy of held-out rows below that of flipped rows: nearly as with all columns."""
    data = rows_of_bits(2000)
    data[:, 30:] = torch.roll(data[:, :30], 1, 0)[torch.arange(2000).roll(-1)]  # copied bits
    contrast = data[1500:].clone()
    contrast[:, 30:] = data[1500:, 30:].roll(7, 0)
    gains = []
    for share in (None, 0.25):
        run = trainer(
            sp.csr_matrix(data[:1500].numpy()), epochs=15, zeros_sampled=share, learning_rate=0.2
        )
        run.run()
        with torch.no_grad():
            true, false = (run.rbm.free_energy(rows).mean() for rows in (data[1500:], contrast))
        gains.append(float(false - true))
    assert gains[0] > 0.3
    assert gains[1] > 0.75 * gains[0]


def test_options_that_do_not_fit_are_refused():
    for wrong in ({"zeros_sampled": 0.0}, {"zeros_sampled": 1.5}):
        with pytest.raises(ValueError, match="zeros_sampled must be in"):
            TrainingOptions(**wrong)
    for wrong in ({"optimiser": "adam"}, {"sampler": SamplerOptions("pcd")}):
        with pytest.raises(ValueError, match="must be 'cd' and 'sgd'"):
            TrainingOptions(zeros_sampled=0.5, **wrong)
    with pytest.raises(ValueError, match="needs Bernoulli visible units, not Blocks"):
        trainer(rows_of_bits(20), Blocks([Bernoulli(WIDTH - 3), Softmax(3)]), zeros_sampled=0.5)
    options = TrainingOptions(zeros_sampled=0.5)
    assert TrainingOptions.from_dict(options.to_dict()) == options

"""The network computes what its equation says, dense and sparse, and drops by its seed."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import Network
from ebm.network import drop
from ebm.sparse import to_torch_csr

CPU = torch.device("cpu")


@pytest.fixture
def network(generator):
    return Network.from_sizes([30, 7, 5], 3, generator=generator)


def sparse_rows(rows=9, columns=30, seed=0):
    dense = sp.random(rows, columns, 0.2, dtype=np.float64, random_state=seed).toarray()
    dense[3] = 0  # a molecule without a single bit
    return sp.csr_matrix(dense)


def test_forward_is_the_equation(network):
    x = torch.rand(4, 30)
    weights = {name: value.detach() for name, value in network.state_dict().items()}
    rows = []
    for row in x:
        state = row
        for layer in (0, 1):
            field = state @ weights[f"layers.{layer}.weights"] + weights[f"layers.{layer}.bias"]
            state = torch.tensor([1 / (1 + math.exp(-value)) for value in field.tolist()])
        rows.append(state @ weights["head.weights"] + weights["head.bias"])
    torch.testing.assert_close(network(x).detach(), torch.stack(rows))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sparse_and_dense_agree_in_value_and_gradient(network, dtype):
    network.to(dtype)
    matrix = sparse_rows()
    gradients, outputs = [], []
    for x in (torch.as_tensor(matrix.toarray(), dtype=dtype), to_torch_csr(matrix, dtype, CPU)):
        network.zero_grad()
        logits = network(x)
        logits.square().sum().backward()
        outputs.append(logits.detach())
        gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    torch.testing.assert_close(outputs[0], outputs[1])
    for dense, sparse in zip(*gradients, strict=True):
        torch.testing.assert_close(dense, sparse)


def test_a_batch_without_any_entry(network):
    empty = sp.csr_matrix((2, 30), dtype=np.float32)
    torch.testing.assert_close(
        network(to_torch_csr(empty, torch.float32, CPU)), network(torch.zeros(2, 30))
    )


def test_dropout_comes_from_the_generator_alone(generator):
    network = Network.from_sizes(
        [30, 7], 1, dropout=0.5, input_dropout=0.3, generator=generator
    ).train()
    x = torch.rand(5, 30)
    before = torch.get_rng_state()
    first, again, other = (network(x, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(network(x), network(x))  # no generator, no dropout, in training mode too


@pytest.mark.parametrize("layout", ["dense", "sparse"])
def test_dropout_keeps_the_mean_and_drops_its_share(layout, generator):
    network = Network.from_sizes(
        [200, 2], 1, activation="identity", input_dropout=0.25, generator=generator
    )
    matrix = sp.csr_matrix(np.ones((4000, 200), dtype=np.float32))
    x = torch.ones(4000, 200)
    if layout == "sparse":
        x = to_torch_csr(matrix, torch.float32, CPU)
    kept = network(torch.ones(1, 200)).item()
    dropped = network(x, generator).detach()[:, 0]
    head, weights = network.head.weights[:, 0].detach(), network.layers[0].weights.detach()
    spread = float(((weights @ head) ** 2).sum() * 0.25 / 0.75) ** 0.5
    assert float(dropped.mean()) == pytest.approx(kept, abs=4 * spread / 4000**0.5)
    assert float(dropped.std()) == pytest.approx(spread, rel=0.1)


def test_dropped_entries_of_a_sparse_matrix_are_stored_no_more():
    """What is kept is what dropping among the stored values keeps, row by row."""
    rows = sparse_rows(40)
    x = to_torch_csr(rows, torch.float32, CPU)
    dropped = drop(x, 0.25, torch.Generator().manual_seed(1))
    values = drop(x.values(), 0.25, torch.Generator().manual_seed(1)).numpy()
    literal = sp.csr_matrix((values, rows.indices, rows.indptr), rows.shape)
    assert np.array_equal(dropped.to_dense().numpy(), literal.toarray())
    assert 0 < dropped.values().numel() == np.count_nonzero(values) < rows.nnz
    assert dropped.col_indices().dtype == dropped.crow_indices().dtype == torch.int32


def test_initial_weights_are_uniform_within_glorot_bounds(generator):
    """SEED took the bound 4√(6/(n+m)) of a uniform law for a standard deviation."""
    network = Network.from_sizes([400, 300], 1, generator=generator)
    weights = network.layers[0].weights.detach()
    bound = 4 * math.sqrt(6 / 700)
    assert float(weights.abs().max()) <= bound
    assert float(weights.std()) == pytest.approx(bound / math.sqrt(3), rel=0.02)


def test_description_gives_the_network_back(generator):
    network = Network.from_sizes(
        [6, 5, 4], 2, activation="relu", dropout=0.1, input_dropout=0.2, generator=generator
    )
    other = Network.from_config(network.to_config())
    other.load_state_dict(network.state_dict())
    x = torch.rand(3, 6)
    assert torch.equal(network(x), other(x))
    assert other.to_config() == network.to_config()


@pytest.mark.parametrize("wrong", [{"dropout": 1.0}, {"input_dropout": -0.1}])
def test_impossible_dropout(wrong, generator):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Network.from_sizes([3, 2], 1, **wrong, generator=generator)

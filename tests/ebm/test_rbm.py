"""The machine against enumeration of the joint law, and against scikit-learn."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.neural_network import BernoulliRBM

from ebm import RBM, Bernoulli, Binomial, Blocks, Gaussian, Softmax, Thermometer, exact
from ebm.sparse import to_torch_csr

MACHINES = {
    "bernoulli": lambda: (Bernoulli(4), Bernoulli(3)),
    "label": lambda: (Blocks([Bernoulli(2), Softmax(3)]), Bernoulli(3)),
    "molecule": lambda: (Blocks([Thermometer([2, 2]), Bernoulli(1)]), Bernoulli(2)),
    "counts": lambda: (Binomial(2, 3), Softmax([2, 3])),
}


@pytest.fixture(params=MACHINES)
def rbm(request, strong_machine):
    return strong_machine(*MACHINES[request.param]())


@pytest.fixture
def joint(rbm):
    """All pairs of states and their probability, straight from the energy."""
    visible, hidden = exact.enumerate_states(rbm.visible), exact.enumerate_states(rbm.hidden)
    v = visible.repeat_interleave(len(hidden), 0)
    h = hidden.repeat(len(visible), 1)
    literal = rbm.visible.energy(v) + rbm.hidden.energy(h)
    literal = literal - torch.stack([a @ rbm.weights @ b for a, b in zip(v, h, strict=True)])
    torch.testing.assert_close(rbm.energy(v, h), literal)
    return visible, hidden, (-literal).exp().view(len(visible), len(hidden)).detach()


def test_free_energies_and_log_partition(rbm, joint):
    visible, hidden, weight = joint
    torch.testing.assert_close(-rbm.free_energy(visible), weight.sum(1).log())
    torch.testing.assert_close(-rbm.free_energy_of_hidden(hidden), weight.sum(0).log())
    torch.testing.assert_close(exact.log_partition(rbm), weight.sum().log())


def test_conditionals(rbm, joint):
    visible, hidden, weight = joint
    given_v = weight / weight.sum(1, keepdim=True)
    given_h = weight / weight.sum(0)
    torch.testing.assert_close(rbm.hidden_mean(visible), given_v @ hidden)
    torch.testing.assert_close(rbm.visible_mean(hidden), given_h.T @ visible)


def test_log_likelihood_and_distribution(rbm, joint):
    visible, _, weight = joint
    probability = weight.sum(1) / weight.sum()
    torch.testing.assert_close(exact.log_likelihood_nats(rbm, visible), probability.log())
    states, found = exact.visible_distribution(rbm)
    assert torch.equal(states, visible)
    torch.testing.assert_close(found, probability)


def test_log_partition_is_the_same_from_either_layer(strong_machine):
    """With Gaussian visible units only the hidden layer can be enumerated."""
    rbm = strong_machine(Gaussian(2), Bernoulli(3), scale=0.5)
    grid = torch.linspace(-14, 14, 561, dtype=torch.float64)
    v = torch.cartesian_prod(grid, grid)
    step = float(grid[1] - grid[0])
    numeric = torch.logsumexp(-rbm.free_energy(v), 0) + 2 * np.log(step)
    torch.testing.assert_close(exact.log_partition(rbm), numeric, rtol=1e-6, atol=1e-6)


def test_free_energy_equals_scikit_learn(generator):
    rbm = RBM(Bernoulli(7), Bernoulli(5), weight_scale=1.0, generator=generator).double()
    rbm.visible.shift_bias(torch.randn(7, generator=generator).double())
    rbm.hidden.shift_bias(torch.randn(5, generator=generator).double())
    theirs = BernoulliRBM(n_components=5)
    theirs.components_ = rbm.weights.detach().numpy().T
    theirs.intercept_visible_ = rbm.visible.bias.detach().numpy()
    theirs.intercept_hidden_ = rbm.hidden.bias.detach().numpy()
    v = (torch.rand(20, 7, generator=generator) < 0.5).double()
    np.testing.assert_allclose(
        rbm.free_energy(v).detach().numpy(), theirs._free_energy(v.numpy()), rtol=1e-10
    )
    np.testing.assert_allclose(
        rbm.hidden_mean(v).detach().numpy(), theirs.transform(v.numpy()), rtol=1e-10
    )


def test_sparse_visible_states(generator):
    rbm = RBM(Bernoulli(30), Bernoulli(4), weight_scale=0.5, generator=generator)
    dense = (torch.rand(6, 30, generator=generator) < 0.1).float()
    sparse = to_torch_csr(sp.csr_matrix(dense.numpy()), torch.float32, "cpu")
    torch.testing.assert_close(rbm.hidden_mean(sparse), rbm.hidden_mean(dense))
    torch.testing.assert_close(rbm.free_energy(sparse), rbm.free_energy(dense))


def test_config_round_trip(rbm):
    again = RBM.from_config(rbm.to_config()).double()
    again.load_state_dict(rbm.state_dict())
    visible = exact.enumerate_states(rbm.visible)
    assert torch.equal(again.free_energy(visible), rbm.free_energy(visible))


def test_weights_come_from_the_generator_alone():
    torch.manual_seed(1)
    first = RBM(Bernoulli(3), Bernoulli(2), generator=torch.Generator().manual_seed(5))
    torch.manual_seed(2)
    second = RBM(Bernoulli(3), Bernoulli(2), generator=torch.Generator().manual_seed(5))
    assert torch.equal(first.weights, second.weights)
    wide = RBM(Bernoulli(300), Bernoulli(200))
    assert float(wide.weights.detach().std()) == pytest.approx(0.01, rel=0.02)


def test_everything_lives_on_the_device_of_the_machine():
    """The meta device has no data, so any step that leaves it is an error."""
    rbm = RBM(Blocks([Bernoulli(3), Softmax(2), Gaussian(2)]), Bernoulli(4)).to("meta")
    v = torch.zeros(2, 7, device="meta")
    assert rbm.free_energy(v).device.type == "meta"
    assert rbm.reconstruct(v).device.type == "meta"


def test_too_many_states_are_refused():
    with pytest.raises(ValueError, match="too many"):
        exact.log_partition(RBM(Bernoulli(30), Bernoulli(30)))
    with pytest.raises(ValueError, match="continuous"):
        exact.log_partition(RBM(Gaussian(2), Gaussian(2)))

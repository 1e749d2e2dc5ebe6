"""Both phases of the gradient against autograd of the exact log-likelihood."""

import pytest
import torch

from ebm import Bernoulli, Blocks, Gaussian, NReLU, Rectified, Softmax, Thermometer, exact
from ebm.train.batches import Batch
from ebm.train.gradient import Offsets, apply_update, log_likelihood_gradient, phase_statistics

MACHINES = {
    "bernoulli": lambda: (Bernoulli(4), Bernoulli(3)),
    "molecule": lambda: (Blocks([Thermometer([2, 1]), Bernoulli(2)]), Bernoulli(3)),
    "label": lambda: (Blocks([Bernoulli(2), Softmax(3)]), NReLU(2, copies=3)),
    "learned_hidden_precision": lambda: (Bernoulli(4), Gaussian(2, learn_precision=True)),
    "rectified": lambda: (Bernoulli(3), Rectified(2, 1.4, learn_precision=True)),
}


@pytest.fixture(params=MACHINES)
def rbm(request, strong_machine):
    return strong_machine(*MACHINES[request.param](), scale=0.8)


@pytest.fixture
def data(rbm, generator):
    field = torch.randn(7, rbm.visible.size, generator=generator).double()
    weights = torch.rand(7, generator=generator).double()
    return Batch(rbm.visible.sample(field, generator), weights / weights.sum())


def statistics(rbm, batch):
    field = rbm.hidden_field(batch.visible)
    return phase_statistics(rbm, batch, field, rbm.hidden.mean(field))


def exact_gradient(rbm, data, offsets):
    """What the training computes, with the model's states enumerated instead of sampled."""
    states, law = exact.visible_distribution(rbm)
    with torch.no_grad():
        model = statistics(rbm, Batch(states, law))
        return multiplied(log_likelihood_gradient(statistics(rbm, data), model, offsets))


def multiplied(gradient):
    return {"weights": gradient.weights.dense(), **gradient.others}


def by_autograd(rbm, data, parameters):
    likelihood = data.weights @ exact.log_likelihood_nats(rbm, data.visible)
    return torch.autograd.grad(likelihood, parameters)


def zero_offsets(rbm):
    zeros = torch.zeros(rbm.visible.size + rbm.hidden.size).double()
    return Offsets(zeros[: rbm.visible.size], zeros[rbm.visible.size :])


def test_plain_gradient_is_that_of_the_exact_log_likelihood(rbm, data):
    gradient = exact_gradient(rbm, data, zero_offsets(rbm))
    named = dict(rbm.named_parameters())
    slopes = dict(zip(named, by_autograd(rbm, data, list(named.values())), strict=True))
    torch.testing.assert_close(gradient.pop("weights"), slopes.pop("weights"))
    for layer in ("visible", "hidden"):
        names = [name for name in slopes if name.startswith(layer) and name.endswith("bias")]
        ours = torch.cat([slopes.pop(name) for name in names])
        torch.testing.assert_close(gradient.pop(f"{layer}_bias"), ours)
    assert gradient.keys() == slopes.keys()  # what is left: the units' own parameters
    for name, slope in slopes.items():
        torch.testing.assert_close(gradient[name], slope, rtol=1e-6, atol=1e-8)


def test_positive_phase_is_the_slope_of_minus_the_free_energy(rbm, data):
    phase = statistics(rbm, data)
    (slope,) = torch.autograd.grad(-(data.weights @ rbm.free_energy(data.visible)), [rbm.weights])
    torch.testing.assert_close(phase.products.dense(), slope)


def test_negative_phase_is_the_slope_of_log_z(rbm):
    phase = statistics(rbm, Batch(*exact.visible_distribution(rbm)))
    (slope,) = torch.autograd.grad(exact.log_partition(rbm), [rbm.weights])
    torch.testing.assert_close(phase.products.dense(), slope)


def test_centred_gradient_is_that_of_the_centred_parametrisation(rbm, data, generator):
    """W, a' and b' are changed with a = a' - W·μ and b = b' - Wᵀ·λ; autograd of exactly that."""
    offsets = Offsets(
        torch.rand(rbm.visible.size, generator=generator).double(),
        torch.rand(rbm.hidden.size, generator=generator).double(),
    )
    gradient = exact_gradient(rbm, data, offsets)
    sizes = {"weights": rbm.weights.shape}
    sizes |= {"visible_bias": (rbm.visible.size,), "hidden_bias": (rbm.hidden.size,)}
    epsilon = 1e-5
    for name, size in sizes.items():
        direction = torch.randn(size, generator=generator).double()
        step = {key: torch.zeros(shape).double() for key, shape in sizes.items()}
        values = []
        for sign in (1, -1):
            step[name] = sign * epsilon * direction
            apply_update(rbm, step, offsets)
            likelihood = data.weights @ exact.log_likelihood_nats(rbm, data.visible)
            values.append(float(likelihood.detach()))
            step[name] = -step[name]
            apply_update(rbm, step, offsets)
        slope = (values[0] - values[1]) / (2 * epsilon)
        assert float((gradient[name] * direction).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_learned_variance_of_gaussian_visible_units(strong_machine, generator):
    """States cannot be enumerated: the negative phase is a large exact sample, within its error."""
    rbm = strong_machine(Gaussian(2, learn_precision=True), Bernoulli(3), scale=0.7)
    hidden = exact.enumerate_states(rbm.hidden)
    law = torch.softmax(-rbm.free_energy_of_hidden(hidden), 0).detach()
    count = 100_000
    index = torch.multinomial(law, count, replacement=True, generator=generator)
    visible = rbm.sample_visible(hidden[index], generator)
    data = Batch(torch.randn(5, 2, generator=generator).double(), torch.full((5,), 0.2).double())
    model = Batch(visible, torch.full((count,), 1 / count).double())
    with torch.no_grad():
        phases = statistics(rbm, data), statistics(rbm, model)
        gradient = multiplied(log_likelihood_gradient(*phases, zero_offsets(rbm)))
    parameters = [rbm.weights, rbm.visible.log_precision]
    weights, precision = by_autograd(rbm, data, parameters)
    error = (rbm.visible.precision / 2 * visible.square()).std(0).detach() / count**0.5
    assert ((gradient["visible.log_precision"] - precision).abs() < 5 * error).all()
    torch.testing.assert_close(gradient["weights"], weights, rtol=0, atol=0.05)


def test_flipped_bits_give_the_flipped_step(strong_machine, generator):
    """With v -> 1-v and the equivalent machine only the centred step is equivalent too."""
    rbm = strong_machine(Bernoulli(4), Bernoulli(3), scale=0.8)
    flipped = strong_machine(Bernoulli(4), Bernoulli(3), scale=0.8)
    with torch.no_grad():
        flipped.hidden.shift_bias(rbm.weights.sum(0))
        flipped.weights.neg_()
        flipped.visible.bias.neg_()
    visible = (torch.rand(6, 4, generator=generator) < 0.2).double()
    weights = torch.full((6,), 1 / 6).double()
    mirrored = 1 - visible
    torch.testing.assert_close(
        exact.log_likelihood_nats(rbm, visible), exact.log_likelihood_nats(flipped, mirrored)
    )

    def likelihood_after_step(machine, states, centred):
        offsets = zero_offsets(machine)
        if centred:
            hidden = machine.hidden_mean(states).mean(0).detach()
            offsets = Offsets(states.mean(0), hidden)
        gradient = exact_gradient(machine, Batch(states, weights), offsets)
        before = [parameter.detach().clone() for parameter in machine.parameters()]
        apply_update(machine, {name: 0.5 * value for name, value in gradient.items()}, offsets)
        after = exact.log_likelihood_nats(machine, states).mean().detach()
        with torch.no_grad():
            for parameter, old in zip(machine.parameters(), before, strict=True):
                parameter.copy_(old)
        return after

    one = likelihood_after_step(rbm, visible, centred=True)
    other = likelihood_after_step(flipped, mirrored, centred=True)
    torch.testing.assert_close(one, other)
    one = likelihood_after_step(rbm, visible, centred=False)
    other = likelihood_after_step(flipped, mirrored, centred=False)
    assert (one - other).abs() > 1e-3

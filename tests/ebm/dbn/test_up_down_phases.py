"""A step of up-down goes down the gradient of the paper's losses, taken here by autograd."""

import copy

import pytest
import torch

from ebm import (
    DBN,
    RBM,
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    SamplerOptions,
    Softmax,
    UpDownOptions,
    UpDownTrainer,
)
from ebm.sampling import PersistentChains, gibbs
from ebm.train.products import Products
from ebm.train.rounding import RoundedRBM, rounded

RATE, DECAY = 0.01, 0.1
LAYERS = {
    "bits": [Bernoulli(5), Bernoulli(4), Bernoulli(3), Bernoulli(4)],
    "gaussian": [Gaussian(5), Bernoulli(4), Binomial(3, 4), Bernoulli(4)],
    "softmax": [Blocks([Bernoulli(2), Softmax(3)]), Softmax(4), Bernoulli(3), Bernoulli(4)],
}


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def build(units, label_size):
    """A DBN with strong, untied weights in double precision."""
    generator = seeded(8)

    def machine(below, above):
        rbm = RBM(copy.deepcopy(below), copy.deepcopy(above), weight_scale=0.7, generator=generator)
        with torch.no_grad():
            for layer in (rbm.visible, rbm.hidden):
                layer.shift_bias(torch.randn(layer.size, generator=generator))
        return rbm.double()

    below_top = Blocks([units[2], Softmax(label_size)]) if label_size else units[2]
    low, middle = machine(units[0], units[1]), machine(units[1], units[2])
    recognition = [machine(units[0], units[1]), machine(units[1], units[2])]
    return DBN(
        [low, middle, machine(below_top, units[3])], label_size=label_size, recognition=recognition
    )


def literal_loss(dbn, visible, sweeps, generator):
    """Wake, top and sleep loss as in appendix B, states being constants; the sum."""
    states, labels = visible[:, : dbn.n_visible], visible[:, dbn.n_visible :]
    pairs = list(zip(dbn.machines[:-1], dbn.recognition, strict=True))
    loss = torch.zeros(())
    for generative, recognition in pairs:
        above = recognition.sample_hidden(states, generator)
        field = generative.visible_field(above)
        loss = loss - generative.visible.log_conditional_nats(states, field).mean()
        states = above
    at_data = torch.cat([states, labels], dim=1)
    fantasy = gibbs(dbn.top, at_data, sweeps, generator)
    loss = loss + dbn.top.free_energy(at_data).mean() - dbn.top.free_energy(fantasy).mean()
    states = fantasy[:, : dbn.sizes[-2]]
    for generative, recognition in reversed(pairs):
        below = generative.sample_visible(states, generator)
        field = recognition.hidden_field(below)
        loss = loss - recognition.hidden.log_conditional_nats(states, field).mean()
        states = below
    return loss


@pytest.mark.parametrize("label_size", [0, 2])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_step_is_down_the_gradient_of_the_literal_losses(kind, label_size):
    dbn = build(LAYERS[kind], label_size)
    rows = dbn.machines[0].visible.sample(torch.zeros(20, 5).double(), seeded(1))
    labels = torch.arange(20) % 2 if label_size else None
    sampler = SamplerOptions("cd", steps=3)
    options = UpDownOptions(
        batch_size=20, learning_rate=RATE, momentum=0.0, weight_decay=DECAY, sampler=sampler
    )
    trainer = UpDownTrainer(dbn, rows, options, labels=labels, generator=seeded(2))
    (batch,) = trainer.batches()
    literal_loss(dbn, batch.visible, 3, seeded(2)).backward()
    trainer.step(batch)
    moved = dict(trainer.dbn.named_parameters())
    for name, parameter in dbn.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        decay = DECAY * parameter if name.endswith("weights") else 0.0
        expected = parameter - RATE * (gradient + decay)
        torch.testing.assert_close(moved[name], expected.detach(), msg=name)
        # Every weight and every bias that a phase is about has moved.
        silent = name.startswith(("rbms.0.hidden", "rbms.1.hidden")) or ".visible" in name
        assert silent or not torch.equal(moved[name], parameter), name


def test_chains_of_the_top_machine_go_on(patterns, tiny_dbn):
    """Whatever the minibatch: they are a Gibbs sampler of the top machine, from where they were."""
    dbn = tiny_dbn(label_size=2, untied=True)
    rows = patterns[:, :5].double()
    labels = patterns[:, 0].long()
    sampler = SamplerOptions("pcd", steps=2, chains=7)
    options = UpDownOptions(learning_rate=1e-12, sampler=sampler)
    trainer = UpDownTrainer(dbn, rows, options, labels=labels, generator=seeded())
    chains = trainer.sampler
    assert isinstance(chains, PersistentChains)
    assert chains.visible.shape == (7, 6)
    assert bool((chains.visible[:, 4:].sum(1) == 1).all())
    batch = next(iter(trainer.batches()))
    before = chains.visible.clone()
    generator = seeded()
    generator.set_state(trainer.generator.get_state())
    dbn.recognition[0].sample_hidden(batch.visible[:, :5], generator)  # the way up draws first
    trainer.step(batch)
    assert torch.equal(chains.visible, gibbs(dbn.top, before, 2, generator))


def test_rounded_products_are_near_and_bits_exact():
    rbm = RBM(Bernoulli(40), Bernoulli(30), weight_scale=0.3, generator=seeded())
    bits = (torch.rand(50, 40, generator=seeded(1)) < 0.3).float()
    hidden = rbm.sample_hidden(bits, seeded(2))
    coarse = RoundedRBM(rbm)
    exact = RBM(Bernoulli(40), Bernoulli(30))
    with torch.no_grad():
        exact.weights.copy_(rbm.weights.bfloat16().float())
    # Equal to a machine with rounded weights, up to the rounding of the sums.
    for ours, theirs in (
        (coarse.hidden_field(bits), exact.hidden_field(bits)),
        (coarse.visible_field(hidden), exact.visible_field(hidden)),
    ):
        torch.testing.assert_close(ours, theirs, rtol=2**-8, atol=1e-6)
    products = Products.stacked([(bits, rbm.hidden_mean(bits).detach())])
    total = torch.ones(40, 30)
    found = rounded(products).add_to(total.clone(), keep=0.5, scale=2.0)
    torch.testing.assert_close(
        found, products.add_to(total, keep=0.5, scale=2.0), rtol=2**-6, atol=1e-3
    )


def test_a_training_with_rounded_products_is_like_one_without(patterns, tiny_dbn):
    dbn = tiny_dbn(untied=True).float()
    rows = patterns[:, :5]
    ends = []
    for products in ("full", "bfloat16"):
        options = UpDownOptions(epochs=1, batch_size=203, learning_rate=0.1, products=products)
        trainer = UpDownTrainer(dbn, rows, options, generator=seeded())
        trainer.run()
        ends.append(trainer.dbn.machines[0].weights.detach())
    start = dbn.machines[0].weights.detach()
    full, coarse = (end - start for end in ends)
    assert not torch.equal(full, coarse)
    assert float((full - coarse).norm() / full.norm()) < 0.2

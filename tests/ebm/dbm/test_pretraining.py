"""Greedy pretraining of a DBM: which input counts twice, what becomes of the RBMs, resuming."""

from dataclasses import replace

import pytest
import torch

from ebm import (
    RBM,
    Bernoulli,
    Blocks,
    DBMPretrainer,
    Gaussian,
    NReLU,
    Softmax,
    TrainingOptions,
    fit_rbm,
    load_resume,
    pretrain_dbm,
    save_resume,
)
from ebm.dbm import exact_log_likelihood_nats, machine_from_rbms
from ebm.dbm.pretraining import RBMWithCopies

SHORT = TrainingOptions(epochs=2, batch_size=40, centred=False, pseudo_likelihood_rows=0)


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def test_what_counts_twice():
    rows, hidden = torch.rand(4, 3), torch.rand(4, 2)
    plain = RBM(Bernoulli(3), Bernoulli(2), weight_scale=1.0, generator=seeded())
    twice = RBMWithCopies(
        Bernoulli(3), Bernoulli(2), visible_copies=2, hidden_copies=1,
        weight_scale=1.0, generator=seeded(),
    )  # fmt: skip
    torch.testing.assert_close(twice.hidden_mean(rows), torch.sigmoid(2 * rows @ plain.weights))
    torch.testing.assert_close(twice.visible_mean(hidden), plain.visible_mean(hidden))


def test_each_layer_learns_from_the_one_below_with_doubled_inputs(patterns):
    """The same as trainings by hand with one generator: 2 and 1, then 2 and 2, then 1 and 2."""
    dbm, histories = pretrain_dbm(patterns, [6, 5, 4], SHORT, generator=seeded())
    generator, below, rbms, by_hand = seeded(), patterns, [], []
    for sizes, copies in (((12, 6), (2, 1)), ((6, 5), (2, 2)), ((5, 4), (1, 2))):
        rbm = RBMWithCopies(
            Bernoulli(sizes[0]), Bernoulli(sizes[1]),
            visible_copies=copies[0], hidden_copies=copies[1], generator=generator,
        )  # fmt: skip
        by_hand.append(fit_rbm(rbm, below, SHORT, generator=generator))
        below = rbm.hidden_mean(below).detach()
        rbms.append(rbm)
    expected = machine_from_rbms(rbms).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in dbm.state_dict().items())
    assert [history.records for history in histories] == [part.records for part in by_hand]


def test_a_shared_layer_gets_the_mean_of_both():
    first = RBM(Bernoulli(4), Gaussian(3, 2.0, learn_precision=True), generator=seeded(1))
    second = RBM(Gaussian(3, 4.0, learn_precision=True), Bernoulli(2), generator=seeded(2))
    with torch.no_grad():
        for layer in (first.visible, first.hidden, second.visible, second.hidden):
            layer.shift_bias(torch.randn(layer.size, generator=seeded(layer.size)))
        second.visible.bias.add_(1.0)
    dbm = machine_from_rbms([first, second])
    assert torch.equal(dbm.weights[1], second.weights)
    middle = dbm.units[1].state_dict()
    for name in ("bias", "log_precision"):
        both = (first.hidden.state_dict()[name] + second.visible.state_dict()[name]) / 2
        torch.testing.assert_close(middle[name], both)
    assert torch.equal(dbm.units[0].bias, first.visible.bias)
    assert torch.equal(dbm.units[2].bias, second.hidden.bias)


def test_a_pretrained_machine_knows_more_than_independent_bits(patterns):
    options = replace(SHORT, epochs=30, learning_rate=0.1)
    dbm, _ = pretrain_dbm(patterns, [6, 5], options, generator=seeded())
    found = float(exact_log_likelihood_nats(dbm, patterns).mean().detach())
    mean = patterns.mean(0).clamp(1e-3, 1 - 1e-3)
    alone = float((mean * mean.log() + (1 - mean) * (1 - mean).log()).sum())
    assert found > alone + 2


@pytest.mark.parametrize(
    "hidden", [NReLU(5), Softmax([2, 3]), Blocks([Bernoulli(2), Softmax(3)])], ids=lambda u: u.kind
)
def test_any_units(patterns, hidden):
    options = replace(SHORT, learning_rate=0.01)
    dbm, _ = pretrain_dbm(patterns, [hidden, 4], options, generator=seeded())
    assert dbm.units[1].kind == hidden.kind
    assert all(value.isfinite().all() for value in dbm.parameters())


@pytest.mark.parametrize("stop", [1, 11, 12, 17])
def test_continued_from_a_file(patterns, tmp_path, stop):
    whole, first, second = (
        DBMPretrainer(patterns, [6, 4], SHORT, generator=seeded()) for _ in range(3)
    )
    whole.run()
    first.run(stop)
    save_resume(tmp_path / "state", first)
    load_resume(tmp_path / "state", second)
    second.run()
    expected = whole.dbm().state_dict()
    assert all(torch.equal(v, expected[name]) for name, v in second.dbm().state_dict().items())


def test_only_contrastive_divergence_is_taken(patterns):
    with pytest.raises(ValueError, match="centred=False"):
        pretrain_dbm(patterns, [3, 2], TrainingOptions(), generator=seeded())

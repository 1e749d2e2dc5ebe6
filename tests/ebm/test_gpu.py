"""The engine on a GPU: the same laws, energies and trainings as on the processor.

Each test compares with an enumerated law, or with what the processor computes. Where there is no
GPU all of them are skipped, and the summary of the tests says so.
"""

import pytest
import torch

import ebm
from ebm import (
    DBM,
    RBM,
    Bernoulli,
    Blocks,
    FinetuneOptions,
    FineTuner,
    Gaussian,
    JointOptions,
    JointTrainer,
    Network,
    Rectified,
    SamplerOptions,
    Softmax,
    Thermometer,
    Trainer,
    TrainingOptions,
    UpDownOptions,
    estimate_log_partition,
    exact,
    pretrain_greedily,
    train_up_down,
)
from ebm.dbm import bracket_log_partition, exact_log_partition
from ebm.sampling import gibbs

DEVICE = "cuda"
pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="NO GPU HERE: nothing of the engine was tested on one"
)

MACHINES = {
    "bernoulli": lambda: (Bernoulli(4), Bernoulli(3)),
    "label": lambda: (Blocks([Bernoulli(2), Softmax(3)]), Bernoulli(3)),
    "thermometer": lambda: (Thermometer([2, 3]), Bernoulli(2)),
    "gaussian": lambda: (Bernoulli(4), Gaussian(2)),
    "rectified": lambda: (Bernoulli(4), Rectified(2)),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator(DEVICE).manual_seed(seed)


@pytest.fixture(params=MACHINES)
def rbm(request, strong_machine) -> RBM:
    return strong_machine(*MACHINES[request.param](), scale=0.8)


def on_gpu(rbm: RBM) -> RBM:
    return RBM.from_config(rbm.to_config()).double().to(DEVICE)


def copied(rbm: RBM) -> RBM:
    machine = on_gpu(rbm)
    machine.load_state_dict(rbm.state_dict())
    return machine


def test_free_energies_and_means_are_those_of_the_processor(rbm):
    states = exact.enumerate_states(rbm.visible)
    machine, placed = copied(rbm), states.to(DEVICE)
    torch.testing.assert_close(machine.free_energy(placed).cpu(), rbm.free_energy(states))
    torch.testing.assert_close(machine.hidden_mean(placed).cpu(), rbm.hidden_mean(states))


def test_chains_have_the_enumerated_law(rbm):
    states, law = (part.detach() for part in exact.visible_distribution(rbm))
    chains = 50_000
    start = states[torch.multinomial(law, chains, replacement=True)].to(DEVICE)
    drawn = gibbs(copied(rbm), start, 5, generator()).cpu()
    found = torch.stack([(drawn == state).all(1).double().mean() for state in states])
    assert float((found - law).abs().sum()) / 2 < 0.02


@pytest.mark.parametrize("kind", ["cd", "pcd", "tempering"])
def test_a_training_learns_as_much_as_on_the_processor(patterns, kind):
    options = TrainingOptions(epochs=40, batch_size=20, sampler=SamplerOptions(kind))

    def learned(device: str) -> float:
        source = torch.Generator(device).manual_seed(1)
        rbm = RBM(Bernoulli(12), Bernoulli(6)).to(device)
        Trainer(rbm, patterns, options, generator=source).run()
        rbm = rbm.cpu()
        score = -rbm.free_energy(patterns).mean() - exact.log_partition(rbm)
        return float(score.detach())

    assert abs(learned(DEVICE) - learned("cpu")) < 0.5


def test_a_stopped_training_goes_on_to_the_same_bits(patterns, tmp_path):
    options = TrainingOptions(epochs=4, batch_size=20)

    def trainer() -> Trainer:
        rbm = RBM(Bernoulli(12), Bernoulli(6)).to(DEVICE)
        return Trainer(rbm, patterns, options, generator=generator(3))

    whole, stopped, continued = trainer(), trainer(), trainer()
    whole.run()
    stopped.run(17)
    ebm.save_resume(tmp_path / "training", stopped)
    ebm.load_resume(tmp_path / "training", continued, DEVICE)
    continued.run()
    assert torch.equal(whole.rbm.weights, continued.rbm.weights)


def test_log_z_is_bracketed(strong_machine):
    rbm = strong_machine(Bernoulli(8), Bernoulli(5), scale=0.5)
    known = float(exact.log_partition(rbm).detach())
    found = estimate_log_partition(copied(rbm), betas=2000, chains=200, generator=generator())
    assert abs(found.lower.log_partition_nats - known) < 0.2
    assert abs(found.upper.log_partition_nats - known) < 0.2


def test_a_deep_boltzmann_machine_learns_and_is_measured(patterns):
    dbm = DBM([Bernoulli(12), Bernoulli(6), Bernoulli(4)]).to(DEVICE)
    bits = patterns.to(DEVICE)
    options = JointOptions(epochs=10, batch_size=20)
    history = JointTrainer(dbm, bits, options, generator=generator()).run()
    assert history.records[-1].score_train_nats != history.records[0].score_train_nats
    bracket = bracket_log_partition(dbm, bits, betas=2000, chains=200, generator=generator())
    known = float(exact_log_partition(dbm.cpu().double()).detach())
    assert abs(bracket.lower.log_partition_nats - known) < 0.3


def test_labels_a_stack_and_a_network_are_learned_there(patterns):
    labels = (patterns[:, 0] > 0.5).long().to(DEVICE)
    bits = patterns.to(DEVICE)
    dbn, _ = pretrain_greedily(
        bits,
        [8, 6],
        TrainingOptions(epochs=3, batch_size=20),
        labels=labels,
        generator=generator(),
        device=DEVICE,
    )
    trained, _ = train_up_down(
        dbn, bits, UpDownOptions(epochs=2), labels=labels, generator=generator()
    )
    assert trained.top.weights.device.type == torch.device(DEVICE).type
    network = Network.from_sizes([12, 16], 1, generator=generator())
    options = FinetuneOptions(epochs=30, batch_size=20, learning_rate=1e-2)
    tuner = FineTuner(network, bits, labels, options, generator=generator())
    losses = tuner.run().column("train_loss_nats")
    assert losses[-1] < 0.5 * losses[0]

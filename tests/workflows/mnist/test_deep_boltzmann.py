"""Joint training in phases: their settings, and a killed phase that goes on to the same bits."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from ebm import DBM, Bernoulli
from tests.same_bytes import same_bytes
from workflows.mnist.training import deep_boltzmann, stages
from workflows.mnist.training.deep_boltzmann import phases, pretrained_dbm, train_phase
from workflows.mnist.training.stages import ExperimentFolder


def test_the_rate_falls_through_all_phases_whatever_their_end():
    parts = phases(60)
    assert [part.epochs for part in parts] == [10, 15, 25, 10]
    assert phases(100)[:3] == parts[:3]
    rates = [part.learning_rate_at(epoch) for part in parts for epoch in range(part.epochs)]
    assert all(next_one <= rate for rate, next_one in pairwise(rates))
    for before, after in pairwise(parts):
        end = before.learning_rate * before.final_rate_fraction
        assert end == pytest.approx(after.learning_rate)


class KilledError(Exception):
    """Stands for a kill in the middle of a training."""


@pytest.fixture
def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(250, 784, generator=generator) ** 3


def train(folder: ExperimentFolder, images: torch.Tensor):
    dbm = DBM([Bernoulli(784), Bernoulli(6), Bernoulli(5)])
    options = phases(3)[0]
    return train_phase(
        folder, dbm, images, images[:20].round(), options, number=2, epochs_before=4, seed=0
    )


@pytest.mark.parametrize("steps", [2, 5, 6])
def test_a_killed_phase_continues_to_the_same_bits(
    tmp_path: Path, images: torch.Tensor, monkeypatch: pytest.MonkeyPatch, steps: int
):
    said: list[str] = []
    whole = ExperimentFolder(tmp_path / "whole", said.append, lambda *_: None)
    killed = ExperimentFolder(tmp_path / "killed", lambda _: None, lambda *_: None)
    _, epochs = train(whole, images)
    assert [epoch.epoch for epoch in epochs] == [5, 6, 7]
    assert len(said) == 3

    def kill(self: stages.StepProgress, trainer: object) -> None:
        if trainer.total_steps == steps:
            raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(stages, "STEPS_BETWEEN_CHECKPOINTS", 2)
        patched.setattr(stages.StepProgress, "on_step_end", kill)
        with pytest.raises(KilledError):
            train(killed, images)
    _, continued = train(killed, images)
    assert [epoch.score_test_nats for epoch in continued] == [e.score_test_nats for e in epochs]
    name = "stages/seed-0-joint-2.safetensors"
    assert same_bytes(killed.path / name, (whole.path / name).read_bytes())
    # What is there is not trained again.
    monkeypatch.setattr(deep_boltzmann, "JointTrainer", None)
    assert train(whole, images)[1] == epochs


def test_pretraining_makes_the_machine_of_both_layers(tmp_path: Path, images: torch.Tensor):
    folder = ExperimentFolder(tmp_path, lambda _: None, lambda *_: None)
    dbm = pretrained_dbm(folder, images, (6, 5), 1, 0)
    assert dbm.sizes == [784, 6, 5]
    again = pretrained_dbm(folder, images, (6, 5), 1, 0)
    assert torch.equal(dbm.weights[1], again.weights[1])

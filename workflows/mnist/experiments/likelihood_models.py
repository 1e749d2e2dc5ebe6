"""The models of `mnist likelihood`, trained on digits that are binarised stochastically.

A grey level is the probability of its bit. Training bits are drawn anew each epoch.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm import DBN, RBM, Bernoulli, SamplerOptions, TrainingOptions
from ebm.mixture import fit_mixture
from ebm.train import Trainer
from workflows.mnist.digits import PIXELS
from workflows.mnist.training.bits import FreshBits, binarise
from workflows.mnist.training.stages import ExperimentFolder, Stage, StepProgress


@dataclass(frozen=True)
class ModelSettings:
    """Sizes and epochs.

    Attributes
    ----------
    hidden : int
        Hidden units of the RBMs, and of the DBN's first layer.
    top : int
        Of the DBN's second layer, at least 784: it begins as the mirror image of the first machine.
    rbm_epochs : dict of str to int
        Of each RBM, by the name of its training.
    dbn_epochs : int
        Of the DBN's top machine.
    mixtures : tuple of int
        Components of the mixtures that are shown beside.
    seed : int
    """

    hidden: int
    top: int
    rbm_epochs: dict[str, int]
    dbn_epochs: int
    mixtures: tuple[int, ...]
    seed: int


def mixture_log_likelihood(
    folder: ExperimentFolder, images: Tensor, test: Tensor, components: int, seed: int
) -> float:
    """Mean log-likelihood of the test bits under a mixture of Bernoullis, in nats per image.

    Parameters
    ----------
    folder : ExperimentFolder
    images : Tensor of shape (n, 784)
        Training digits.
    test : Tensor of shape (m, 784)
        Bits.
    components : int
        1 is independent bits.
    seed : int
    """

    def compute() -> float:
        generator = torch.Generator(images.device).manual_seed(seed)
        bits = binarise(images, seed)
        mixture = fit_mixture(bits, components, iterations=60, generator=generator)
        return float(mixture.log_likelihood_nats(test).mean())

    chosen = {"components": components, "rows": len(images), "seed": seed}
    return float(folder.stage(f"seed-{seed}-mixture-{components}").result(chosen, compute))


def rbm_options(name: str, epochs: int) -> TrainingOptions:
    """Return the settings of the RBM called CD-1, CD-25, PCD or tempering."""
    samplers = {
        "CD-1": SamplerOptions("cd", 1),
        "CD-25": SamplerOptions("cd", 25),
        "PCD": SamplerOptions("pcd", 1, chains=100),
        "tempering": SamplerOptions("tempering", 1, chains=100, temperatures=10),
    }
    return TrainingOptions(
        epochs=epochs,
        batch_size=100,
        learning_rate=0.1,
        schedule="linear",
        final_rate_fraction=0.01,
        initial_momentum=0.0,
        momentum=0.0,
        weight_decay=0.0,
        sampler=samplers[name],
        monitor_every=10,
        pseudo_likelihood_rows=0,
    )


def trained_rbm(
    folder: ExperimentFolder, images: Tensor, settings: ModelSettings, name: str
) -> RBM:
    """Train the RBM of a name, or take it from its stage."""
    options = rbm_options(name, settings.rbm_epochs[name])
    stage = folder.stage(f"seed-{settings.seed}-rbm-{name}")

    def train() -> tuple[RBM, Any]:
        generator = torch.Generator(images.device).manual_seed(settings.seed)
        rbm = RBM(Bernoulli(PIXELS), Bernoulli(settings.hidden), generator=generator)
        return rbm, _train_on_fresh_bits(stage, rbm, FreshBits(images, settings.seed), options)

    chosen = {
        "hidden": settings.hidden,
        "options": options.to_dict(),
        "rows": len(images),
        "seed": settings.seed,
    }
    rbm, _ = stage.model(chosen, train)
    return rbm


def trained_dbn(
    folder: ExperimentFolder, images: Tensor, settings: ModelSettings, first: RBM
) -> DBN:
    """Stack a second machine on the hidden states of the first, begun as its mirror image.

    With the first machine's weights transposed the bound begins at the RBM's own likelihood and
    rises from there (Hinton, Osindero, Teh 2006, section 4); further units begin near zero.
    """
    options = dataclasses.replace(
        rbm_options("PCD", settings.dbn_epochs), set_visible_bias=False, learning_rate=0.05
    )
    stage = folder.stage(f"seed-{settings.seed}-dbn-top")

    def train() -> tuple[DBN, Any]:
        generator = torch.Generator(images.device).manual_seed(settings.seed + 1)
        second = RBM(Bernoulli(settings.hidden), Bernoulli(settings.top), generator=generator)
        second.to(images.device)
        with torch.no_grad():
            second.weights[:, :PIXELS] = first.weights.T
            second.hidden.bias[:PIXELS] = first.visible.bias
            second.visible.bias.copy_(first.hidden.bias)
        bits = FreshBits(images, settings.seed + 1, below=first)
        history = _train_on_fresh_bits(stage, second, bits, options)
        return DBN([first, second]), history

    chosen = {
        "hidden": settings.hidden,
        "top": settings.top,
        "options": options.to_dict(),
        "rows": len(images),
        "seed": settings.seed,
    }
    dbn, _ = stage.model(chosen, train)
    return dbn


def _train_on_fresh_bits(
    stage: Stage, rbm: RBM, bits: FreshBits, options: TrainingOptions
) -> list[dict[str, Any]]:
    """Train a machine in place, and return its history; a killed training continues."""
    total = options.epochs * math.ceil(len(bits.images) / options.batch_size)
    trainer = Trainer(
        rbm,
        bits,
        options,
        generator=torch.Generator(bits.images.device).manual_seed(bits.seed),
        callbacks=[StepProgress(stage, total)],
        device=bits.images.device,
    )
    bits.trainer = trainer
    stage.run_with_checkpoints(trainer)
    records: list[dict[str, Any]] = trainer.history.to_dict()["records"]
    return records

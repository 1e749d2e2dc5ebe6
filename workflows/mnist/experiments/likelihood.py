"""`mnist likelihood`: how likely the test digits are, in nats per image.

Under an RBM-500, trained in four ways, and a DBN 500-2000, beside models whose likelihood is known
exactly: independent bits and mixtures of Bernoullis. Test bits are drawn once from a fixed seed,
whatever the seed of the models.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ebm import DBN, RBM
from ebm.sampling import gibbs
from workflows.mnist.digits import Digits
from workflows.mnist.experiments.likelihood_estimates import (
    TOLERANCE_NATS,
    Annealing,
    Estimate,
    dbn_estimate,
    estimate_lines,
    exact_estimate,
    kept_estimate,
    rbm_estimate,
)
from workflows.mnist.experiments.likelihood_models import (
    ModelSettings,
    mixture_log_likelihood,
    trained_dbn,
    trained_rbm,
)
from workflows.mnist.inputs import ExperimentInputs, ExperimentOptions
from workflows.mnist.results import documented, figures
from workflows.mnist.results.tables import ComparisonRow, publish, write_csv
from workflows.mnist.training.bits import binarise
from workflows.mnist.training.epochs import as_rows
from workflows.mnist.training.stages import ExperimentFolder

TEST_BITS_SEED = 9
ANNEALING_ROWS = 20_000
CHAIN_SWEEPS = 1000
ANNEALING = Annealing(betas=10_000, chains=100, burn_in=2000)
QUICK_ANNEALING = Annealing(betas=1000, chains=50, burn_in=300)
DOCUMENTED_HIDDEN, DOCUMENTED_TOP = 500, 2000
RBM_EPOCHS = {"PCD": 200, "CD-1": 15, "CD-25": 12, "tempering": 12}
DBN_EPOCHS = 40
FIRST_LAYER = "PCD"  # of the DBN: persistent chains make the better density (Tieleman 2008)


def settings_for(options: ExperimentOptions, seed: int) -> ModelSettings:
    """Return the settings of the models of one seed, as the user chose them."""
    quick = options.quick
    return ModelSettings(
        hidden=32 if quick else DOCUMENTED_HIDDEN,
        top=800 if quick else DOCUMENTED_TOP,
        rbm_epochs={name: options.used_epochs(n, quick=3) for name, n in RBM_EPOCHS.items()},
        dbn_epochs=options.used_epochs(DBN_EPOCHS, quick=3),
        mixtures=(10,) if quick else (10, 100, 500),
        seed=seed,
    )


def run(inputs: ExperimentInputs) -> None:
    """Train the machines, bracket their log Z, say the table and draw samples."""
    annealing = QUICK_ANNEALING if inputs.options.quick else ANNEALING
    folder = inputs.experiment("likelihood")
    digits = inputs.digits
    found: dict[int, list[Estimate]] = {}
    for seed in inputs.options.used_seeds(1):
        settings = settings_for(inputs.options, seed)
        found[seed], rbms, dbn = _one_seed(folder, digits, settings, annealing)
        for line in estimate_lines(found[seed], annealing.chains):
            folder.say(line)
    _draw(folder, digits.test.images[:20], rbms, dbn)
    rows = [{"seed": seed, **row} for seed, known in found.items() for row in as_rows(known)]
    write_csv(rows, folder.path / "likelihood.csv")
    publish(folder, _compared(found))


def _one_seed(
    folder: ExperimentFolder, digits: Digits, settings: ModelSettings, annealing: Annealing
) -> tuple[list[Estimate], dict[str, RBM], DBN]:
    """Return what every model of a seed is worth, and the machines to draw samples of."""
    images = digits.train.images
    test = binarise(digits.test.images, TEST_BITS_SEED)
    estimates = _exact_estimates(folder, images, test, settings)
    rbms: dict[str, RBM] = {}
    for name in settings.rbm_epochs:
        rbms[name] = trained_rbm(folder, images, settings, name)
        estimate = _of_rbm(folder, rbms[name], name, images, test, settings, annealing)
        estimates.append(estimate)
        folder.say(f"{estimate.model}, seed {settings.seed}: {estimate.shown()} nats per image")
    dbn = trained_dbn(folder, images, settings, rbms[FIRST_LAYER])
    estimates.append(_of_dbn(folder, dbn, images, test, settings, annealing))
    return estimates, rbms, dbn


def _exact_estimates(
    folder: ExperimentFolder, images: Tensor, test: Tensor, settings: ModelSettings
) -> list[Estimate]:
    """Independent bits and mixtures of Bernoullis."""
    estimates = []
    for components in (1, *settings.mixtures):
        value = mixture_log_likelihood(folder, images, test, components, settings.seed)
        name = "independent bits" if components == 1 else f"mixture of {components} Bernoullis"
        known = str(documented.LIKELIHOOD_MIXTURE.get(components, "-"))
        estimates.append(exact_estimate(name, value, known))
        folder.say(f"{name}: {value:.2f} nats per image")
    return estimates


def _of_rbm(
    folder: ExperimentFolder,
    rbm: RBM,
    name: str,
    images: Tensor,
    test: Tensor,
    settings: ModelSettings,
    annealing: Annealing,
) -> Estimate:
    known = documented.LIKELIHOOD_RBM_500 if settings.hidden == DOCUMENTED_HIDDEN else {}
    seed = settings.seed

    def compute() -> Estimate:
        bits = binarise(images[:ANNEALING_ROWS], seed)
        model = f"RBM-{settings.hidden} {name}"
        return rbm_estimate(rbm, bits, test, annealing, seed, model, str(known.get(name, "-")))

    stage = folder.stage(f"seed-{seed}-rbm-{name}-likelihood")
    return kept_estimate(stage, annealing, settings.rbm_epochs[name], seed, compute)


def _of_dbn(
    folder: ExperimentFolder,
    dbn: DBN,
    images: Tensor,
    test: Tensor,
    settings: ModelSettings,
    annealing: Annealing,
) -> Estimate:
    known = f"{documented.LIKELIHOOD_DBN_BOUND}" if settings.top == DOCUMENTED_TOP else "-"
    seed = settings.seed

    def compute() -> Estimate:
        bits = binarise(images[:ANNEALING_ROWS], seed)
        model = f"DBN {settings.hidden}-{settings.top}"
        return dbn_estimate(dbn, bits, test, annealing, seed, model, known)

    stage = folder.stage(f"seed-{seed}-dbn-likelihood")
    return kept_estimate(stage, annealing, settings.dbn_epochs, seed, compute)


def _compared(found: Mapping[int, list[Estimate]]) -> list[ComparisonRow]:
    """Return the models whose ends are near each other with every seed, one row each."""
    of_models = zip(*found.values(), strict=True)
    return [
        ComparisonRow(
            f"test log-likelihood, {estimates[0].model}, nats",
            estimates[0].documented,
            documented.SALAKHUTDINOV_MURRAY,
            [(estimate.from_ais_nats + estimate.lower_nats) / 2 for estimate in estimates],
            estimates[0].kind,
            2,
        )
        for estimates in of_models
        if all(estimate.gap_nats <= TOLERANCE_NATS for estimate in estimates)
    ]


def _draw(folder: ExperimentFolder, digits: Tensor, rbms: dict[str, RBM], dbn: DBN) -> None:
    """Draw samples of each machine: chains from test digits, 1,000 sweeps later."""
    start = binarise(digits, TEST_BITS_SEED)
    rows = {"test digits": start}
    with torch.no_grad():
        for name, rbm in rbms.items():
            generator = torch.Generator(start.device).manual_seed(0)
            states = gibbs(rbm, start, CHAIN_SWEEPS, generator)
            rows[name] = rbm.visible_mean(rbm.sample_hidden(states, generator))
        generator = torch.Generator(start.device).manual_seed(0)
        up = dbn.machines[0].sample_hidden(start, generator)
        rows["DBN"] = dbn.down_mean(gibbs(dbn.top, up, CHAIN_SWEEPS, generator), generator)
    figures.picture_rows(rows, folder.path / "samples.png", width=9)

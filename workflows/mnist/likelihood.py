"""How likely the test digits are under an RBM-500 and a DBN 500-2000, in nats per image.

Training and test digits are binarised stochastically: a grey level is the probability of its bit.
Training bits are drawn anew each epoch, test bits once from a fixed seed. log Z is bracketed by AIS
and reverse AIS; a machine whose ends are more than a nat apart gets no single number.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm import (
    DBN,
    RBM,
    Bernoulli,
    LogPartitionBracket,
    SamplerOptions,
    TrainingOptions,
    estimate_log_partition,
    log_likelihood_bound,
)
from ebm.mixture import fit_mixture
from ebm.sampling import gibbs
from workflows.mnist import documented, figures
from workflows.mnist.binarised import FreshBits, binarise, train_on_fresh_bits
from workflows.mnist.digits import PIXELS, Digits
from workflows.mnist.study import Study
from workflows.mnist.tables import Compared, aligned, comparison_lines, write_csv

TOLERANCE_NATS = 1.0
TEST_BITS_SEED = 9
ANNEALING_ROWS = 20_000
BOUND_DRAWS = 20
DOCUMENTED_HIDDEN, DOCUMENTED_TOP = 500, 2000
FIRST_LAYER = "PCD"  # of the DBN: persistent chains make the better density (Tieleman 2008)


@dataclass(frozen=True)
class LikelihoodSettings:
    """What the user chooses.

    Attributes
    ----------
    hidden : int
        Hidden units of the RBM, and of the DBN's first layer.
    top : int
        Of the DBN's second layer, at least 784: it begins as the mirror image of the first machine.
    epochs : dict of str to int
        Of each training, by its name.
    mixtures : tuple of int
        Components of the mixtures that are shown beside.
    betas, chains, burn_in : int
        Of the annealing.
    seed : int
    """

    hidden: int
    top: int
    epochs: dict[str, int]
    mixtures: tuple[int, ...]
    betas: int
    chains: int
    burn_in: int
    seed: int


@dataclass(frozen=True)
class Estimate:
    """Test log-likelihood of one model, in nats per image.

    Attributes
    ----------
    model : str
    from_ais_nats : float
        With log Z from AIS: too high in the mean.
    from_reverse_nats : float or None
        With log Z from reverse AIS: too low in the mean. None where log Z is exact.
    error_nats : float
        Standard error of the gap between the two.
    effective_sample_size, reverse_effective_sample_size : float or None
        Of the two runs, out of `chains`.
    kind : str
        'exact', 'bracketed' or 'lower bound'.
    documented : str
    """

    model: str
    from_ais_nats: float
    from_reverse_nats: float | None
    error_nats: float
    effective_sample_size: float | None
    reverse_effective_sample_size: float | None
    kind: str
    documented: str

    @property
    def gap_nats(self) -> float:
        """Distance of the two ends."""
        reverse = self.from_ais_nats if self.from_reverse_nats is None else self.from_reverse_nats
        return self.from_ais_nats - reverse

    def shown(self) -> str:
        """Return the one number, or both ends when they are too far apart for one."""
        if self.from_reverse_nats is None:
            return f"{self.from_ais_nats:.2f}"
        low, high = sorted((self.from_ais_nats, self.from_reverse_nats))
        if high - low > TOLERANCE_NATS:
            return f"between {low:.2f} and {high:.2f}"
        return f"{(low + high) / 2:.2f}"


def machine_options(name: str, epochs: int) -> TrainingOptions:
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


def run_likelihood(study: Study, digits: Digits, settings: LikelihoodSettings) -> list[Compared]:
    """Train the machines, bracket their log Z, print the table and draw samples.

    Returns
    -------
    list of Compared
        The rows of "documented / here".
    """
    test = binarise(digits.test.images, TEST_BITS_SEED)
    estimates = _baselines(study, digits, settings, test)
    machines: dict[str, RBM] = {}
    for name in settings.epochs:
        if name != "DBN":
            machines[name] = _machine(study, digits, settings, name)
            estimates.append(_evaluate(study, name, machines[name], digits, settings, test))
            study.say(f"RBM-{settings.hidden} {name}: {estimates[-1].shown()} nats per image")
    dbn = _stack(study, digits, settings, machines[FIRST_LAYER])
    estimates.append(_bound(study, dbn, digits, settings, test))
    _draw(study, digits, machines, dbn)
    write_csv([dataclasses.asdict(e) for e in estimates], study.folder / "likelihood.csv")
    for line in table(estimates, settings):
        study.say(line)
    compared = [
        Compared(
            f"test log-likelihood, {estimate.model}, nats",
            estimate.documented,
            documented.SALAKHUTDINOV_MURRAY,
            [(estimate.from_ais_nats + (estimate.from_reverse_nats or estimate.from_ais_nats)) / 2],
            estimate.kind,
            2,
        )
        for estimate in estimates
        if estimate.gap_nats <= TOLERANCE_NATS
    ]
    write_csv([row.as_dict() for row in compared], study.folder / "summary.csv")
    for line in comparison_lines(compared):
        study.say(line)
    return compared


def table(estimates: list[Estimate], settings: LikelihoodSettings) -> list[str]:
    """Return both ends, their error and effective sample sizes as lines of text."""
    cells = [("model", "AIS", "reverse AIS", "gap", "error", "ESS", "reverse ESS", "nats / image")]
    for e in estimates:
        sizes = (e.effective_sample_size, e.reverse_effective_sample_size)
        cells.append(
            (
                e.model,
                f"{e.from_ais_nats:.2f}",
                "-" if e.from_reverse_nats is None else f"{e.from_reverse_nats:.2f}",
                f"{e.gap_nats:.2f}",
                f"{e.error_nats:.2f}",
                "-" if sizes[0] is None else f"{sizes[0]:.0f} of {settings.chains}",
                "-" if sizes[1] is None else f"{sizes[1]:.0f} of {settings.chains}",
                f"{e.shown()} ({e.kind})",
            )
        )
    return aligned(cells)


def _baselines(
    study: Study, digits: Digits, settings: LikelihoodSettings, test: Tensor
) -> list[Estimate]:
    """Independent bits and mixtures of Bernoullis, exactly."""
    estimates = []
    for components in (1, *settings.mixtures):

        def compute(components: int = components) -> float:
            generator = torch.Generator().manual_seed(settings.seed)
            bits = binarise(digits.train.images, settings.seed)
            mixture = fit_mixture(bits, components, iterations=60, generator=generator)
            return float(mixture.log_likelihood_nats(test).mean())

        chosen = {"components": components, "rows": len(digits.train), "seed": settings.seed}
        value = study.result(f"mixture-{components}", chosen, compute)
        name = "independent bits" if components == 1 else f"mixture of {components} Bernoullis"
        known = documented.LIKELIHOOD_MIXTURE.get(components)
        estimates.append(
            Estimate(
                name, value, None, 0.0, None, None, "exact", "-" if known is None else f"{known}"
            )
        )
        study.say(f"{name}: {value:.2f} nats per image")
    return estimates


def _machine(study: Study, digits: Digits, settings: LikelihoodSettings, name: str) -> RBM:
    options = machine_options(name, settings.epochs[name])

    def train() -> tuple[RBM, Any]:
        generator = torch.Generator().manual_seed(settings.seed)
        rbm = RBM(Bernoulli(PIXELS), Bernoulli(settings.hidden), generator=generator)
        stage = f"rbm-{name}"
        bits = FreshBits(digits.train.images, settings.seed)
        history = train_on_fresh_bits(study, stage, rbm, bits, options)
        return rbm, history.to_dict()["records"]

    chosen = {
        "hidden": settings.hidden,
        "options": options.to_dict(),
        "rows": len(digits.train),
        "seed": settings.seed,
    }
    rbm, _ = study.model(f"rbm-{name}", chosen, train)
    return rbm


def _bracket(rbm: RBM, data: Tensor, settings: LikelihoodSettings) -> LogPartitionBracket:
    return estimate_log_partition(
        rbm,
        data=data,
        chains=settings.chains,
        betas=settings.betas,
        burn_in=settings.burn_in,
        generator=torch.Generator().manual_seed(settings.seed),
    )


def _annealing(settings: LikelihoodSettings) -> dict[str, int]:
    return {"betas": settings.betas, "chains": settings.chains, "burn_in": settings.burn_in}


def _evaluate(
    study: Study,
    name: str,
    rbm: RBM,
    digits: Digits,
    settings: LikelihoodSettings,
    test: Tensor,
) -> Estimate:
    def compute() -> dict[str, Any]:
        bits = binarise(digits.train.images[:ANNEALING_ROWS], settings.seed)
        bracket = _bracket(rbm, bits, settings)
        with torch.no_grad():
            score = float(-rbm.free_energy(test).mean())
        known = documented.LIKELIHOOD_RBM_500 if settings.hidden == DOCUMENTED_HIDDEN else {}
        model = f"RBM-{settings.hidden} {name}"
        return dataclasses.asdict(
            _estimate(model, score, bracket, "bracketed", str(known.get(name, "-")))
        )

    chosen = {**_annealing(settings), "epochs": settings.epochs[name], "seed": settings.seed}
    return Estimate(**study.result(f"rbm-{name}-likelihood", chosen, compute))


def _estimate(
    model: str, score: float, bracket: LogPartitionBracket, kind: str, known: str
) -> Estimate:
    return Estimate(
        model=model,
        from_ais_nats=score - bracket.lower.log_partition_nats,
        from_reverse_nats=score - bracket.upper.log_partition_nats,
        error_nats=bracket.standard_error_nats,
        effective_sample_size=bracket.lower.effective_sample_size,
        reverse_effective_sample_size=bracket.upper.effective_sample_size,
        kind=kind,
        documented=known,
    )


def _stack(study: Study, digits: Digits, settings: LikelihoodSettings, first: RBM) -> DBN:
    """Stack a second machine on the hidden states of the first, begun as its mirror image.

    With the first machine's weights transposed the bound begins at the RBM's own likelihood and
    rises from there (Hinton, Osindero, Teh 2006, section 4); further units begin near zero.
    """
    options = dataclasses.replace(
        machine_options("PCD", settings.epochs["DBN"]), set_visible_bias=False, learning_rate=0.05
    )

    def train() -> tuple[DBN, Any]:
        generator = torch.Generator().manual_seed(settings.seed + 1)
        second = RBM(Bernoulli(settings.hidden), Bernoulli(settings.top), generator=generator)
        with torch.no_grad():
            second.weights[:, :PIXELS] = first.weights.T
            second.hidden.bias[:PIXELS] = first.visible.bias
            second.visible.bias.copy_(first.hidden.bias)
        bits = FreshBits(digits.train.images, settings.seed + 1, below=first)
        history = train_on_fresh_bits(study, "dbn-top", second, bits, options)
        return DBN([first, second]), history.to_dict()["records"]

    chosen = {
        "hidden": settings.hidden,
        "top": settings.top,
        "options": options.to_dict(),
        "rows": len(digits.train),
        "seed": settings.seed,
    }
    dbn, _ = study.model("dbn-top", chosen, train)
    return dbn


def _bound(
    study: Study, dbn: DBN, digits: Digits, settings: LikelihoodSettings, test: Tensor
) -> Estimate:
    def compute() -> dict[str, Any]:
        generator = torch.Generator().manual_seed(settings.seed)
        bits = binarise(digits.train.images[:ANNEALING_ROWS], settings.seed)
        with torch.no_grad():
            up = dbn.machines[0].sample_hidden(bits, generator)
        bracket = _bracket(dbn.top, up, settings)
        bound = log_likelihood_bound(dbn, test, 0.0, samples=BOUND_DRAWS, generator=generator)
        return dataclasses.asdict(
            _estimate(
                f"DBN {settings.hidden}-{settings.top}",
                float(bound.log_likelihood_nats.mean()),
                bracket,
                "lower bound",
                f"{documented.LIKELIHOOD_DBN_BOUND}" if settings.top == DOCUMENTED_TOP else "-",
            )
        )

    chosen = {**_annealing(settings), "epochs": settings.epochs["DBN"], "seed": settings.seed}
    return Estimate(**study.result("dbn-likelihood", chosen, compute))


def _draw(study: Study, digits: Digits, machines: dict[str, RBM], dbn: DBN) -> None:
    """Draw samples of each machine: chains from test digits, 1,000 sweeps later."""
    start = binarise(digits.test.images[:20], TEST_BITS_SEED)
    rows = {"test digits": start}
    with torch.no_grad():
        for name, rbm in machines.items():
            generator = torch.Generator().manual_seed(0)
            states = gibbs(rbm, start, 1000, generator)
            rows[name] = rbm.visible_mean(rbm.sample_hidden(states, generator))
        generator = torch.Generator().manual_seed(0)
        up = dbn.machines[0].sample_hidden(start, generator)
        rows["DBN"] = dbn.down_mean(gibbs(dbn.top, up, 1000, generator), generator)
    figures.picture_rows(rows, study.folder / "samples.png", width=9)

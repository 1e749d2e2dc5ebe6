"""How likely test digits are under a machine: log Z bracketed by AIS and reverse AIS.

A machine whose ends are more than a nat apart gets no single number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ebm import DBM, DBN, RBM, LogPartitionBracket, estimate_log_partition, log_likelihood_bound
from ebm.dbm import bracket_log_partition, variational_bound_nats
from workflows.mnist.results.tables import aligned
from workflows.mnist.training.stages import Stage

TOLERANCE_NATS = 1.0
BOUND_DRAWS = 20


@dataclass(frozen=True)
class Annealing:
    """Settings of AIS and reverse AIS.

    Attributes
    ----------
    betas : int
        Temperatures.
    chains : int
    burn_in : int
        Sweeps from data before reverse AIS begins.
    """

    betas: int
    chains: int
    burn_in: int


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
    def lower_nats(self) -> float:
        """The end from reverse AIS, or the exact value."""
        return self.from_ais_nats if self.from_reverse_nats is None else self.from_reverse_nats

    @property
    def gap_nats(self) -> float:
        """Distance of the two ends."""
        return self.from_ais_nats - self.lower_nats

    def shown(self) -> str:
        """Return the one number, or both ends when they are too far apart for one."""
        if self.from_reverse_nats is None:
            return f"{self.from_ais_nats:.2f}"
        low, high = sorted((self.from_ais_nats, self.from_reverse_nats))
        if high - low > TOLERANCE_NATS:
            return f"between {low:.2f} and {high:.2f}"
        return f"{(low + high) / 2:.2f}"


def exact_estimate(model: str, log_likelihood_nats: float, documented: str) -> Estimate:
    """Return the estimate of a model whose log Z is known."""
    return Estimate(model, log_likelihood_nats, None, 0.0, None, None, "exact", documented)


def rbm_estimate(
    rbm: RBM, bits: Tensor, test: Tensor, annealing: Annealing, seed: int, model: str, known: str
) -> Estimate:
    """Bracket the test log-likelihood of an RBM.

    Parameters
    ----------
    rbm : RBM
    bits, test : Tensor of shape (n, n_visible)
        Training bits, where reverse AIS begins; and test bits.
    annealing : Annealing
    seed : int
    model, known : str
        Its name, and what is documented of it.
    """
    bracket = _bracket(rbm, bits, annealing, seed)
    with torch.no_grad():
        score = float(-rbm.free_energy(test).mean())
    return _bracketed(model, score, bracket, "bracketed", known)


def dbn_estimate(
    dbn: DBN, bits: Tensor, test: Tensor, annealing: Annealing, seed: int, model: str, known: str
) -> Estimate:
    """Bracket the lower bound on the test log-likelihood of a DBN; see `rbm_estimate`."""
    generator = torch.Generator(bits.device).manual_seed(seed)
    with torch.no_grad():
        up = dbn.machines[0].sample_hidden(bits, generator)
    bracket = _bracket(dbn.top, up, annealing, seed)
    bound = log_likelihood_bound(dbn, test, 0.0, samples=BOUND_DRAWS, generator=generator)
    score = float(bound.log_likelihood_nats.mean())
    return _bracketed(model, score, bracket, "lower bound", known)


def dbm_estimate(
    dbm: DBM, bits: Tensor, test: Tensor, annealing: Annealing, seed: int, model: str, known: str
) -> Estimate:
    """Bracket the lower bound on the test log-likelihood of a DBM; see `rbm_estimate`."""
    bracket = bracket_log_partition(
        dbm,
        bits,
        chains=annealing.chains,
        betas=annealing.betas,
        burn_in=annealing.burn_in,
        generator=torch.Generator(bits.device).manual_seed(seed),
    )
    with torch.no_grad():
        score = float(variational_bound_nats(dbm, test, 0.0).mean())
    return _bracketed(model, score, bracket, "lower bound", known)


def kept_estimate(
    stage: Stage, annealing: Annealing, epochs: int, seed: int, compute: Callable[[], Estimate]
) -> Estimate:
    """Return an estimate of a machine trained for so many epochs, computed once."""
    settings = {**dataclasses.asdict(annealing), "epochs": epochs, "seed": seed}
    return Estimate(**stage.result(settings, lambda: dataclasses.asdict(compute())))


def estimate_lines(estimates: Sequence[Estimate], chains: int) -> list[str]:
    """Return both ends, their error and effective sample sizes as lines of text."""

    def size(value: float | None) -> str:
        return "-" if value is None else f"{value:.0f} of {chains}"

    cells = [("model", "AIS", "reverse AIS", "gap", "error", "ESS", "reverse ESS", "nats / image")]
    cells += [
        (
            e.model,
            f"{e.from_ais_nats:.2f}",
            "-" if e.from_reverse_nats is None else f"{e.from_reverse_nats:.2f}",
            f"{e.gap_nats:.2f}",
            f"{e.error_nats:.2f}",
            size(e.effective_sample_size),
            size(e.reverse_effective_sample_size),
            f"{e.shown()} ({e.kind})",
        )
        for e in estimates
    ]
    return aligned(cells)


def _bracket(rbm: RBM, data: Tensor, annealing: Annealing, seed: int) -> LogPartitionBracket:
    return estimate_log_partition(
        rbm,
        data=data,
        chains=annealing.chains,
        betas=annealing.betas,
        burn_in=annealing.burn_in,
        generator=torch.Generator(data.device).manual_seed(seed),
    )


def _bracketed(
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

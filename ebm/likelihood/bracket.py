"""Log Z between two estimates, and a single number only when they agree."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.likelihood.annealing import AnnealedEstimate, annealed, base_rate_path, reverse_annealed
from ebm.rbm import RBM
from ebm.sampling import gibbs
from ebm.units import as_dense


class BracketTooWideError(ValueError):
    """The two ends are further apart than the tolerance, so there is no number to give."""


@dataclass(frozen=True)
class LogPartitionBracket:
    """Both ends of log Z.

    Attributes
    ----------
    lower : AnnealedEstimate
        AIS: in the mean below log Z.
    upper : AnnealedEstimate
        Reverse AIS: in the mean above log Z, when its chains began in samples of the machine.
    """

    lower: AnnealedEstimate
    upper: AnnealedEstimate

    @property
    def gap_nats(self) -> float:
        """Upper minus lower end; within its error when negative."""
        return self.upper.log_partition_nats - self.lower.log_partition_nats

    @property
    def standard_error_nats(self) -> float:
        """Standard error of the gap, from both ends' errors."""
        lower, upper = self.lower.standard_error_nats, self.upper.standard_error_nats
        return float((lower**2 + upper**2) ** 0.5)

    def value_nats(self, tolerance_nats: float = 1.0) -> float:
        """Middle of the bracket.

        Parameters
        ----------
        tolerance_nats : float
            Widest distance of the ends, either way round, at which a single number is honest.

        Raises
        ------
        BracketTooWideError
            If the ends are further apart.
        """
        lower, upper = self.lower.log_partition_nats, self.upper.log_partition_nats
        # Not "gap > tolerance": a NaN must not pass.
        if not abs(self.gap_nats) <= tolerance_nats:
            raise BracketTooWideError(
                f"log Z is between {lower:.2f} (AIS, effective sample size "
                f"{self.lower.effective_sample_size:.1f} of {len(self.lower.log_weights)}) and "
                f"{upper:.2f} (reverse AIS, {self.upper.effective_sample_size:.1f} of "
                f"{len(self.upper.log_weights)}) nats: {self.gap_nats:.2f} apart, more than the "
                f"tolerance of {tolerance_nats:g}. Use more betas, more chains, or a longer burn-in"
            )
        return (lower + upper) / 2


@torch.no_grad()
def estimate_log_partition(
    rbm: RBM,
    *,
    data: Tensor | None = None,
    chains: int = 100,
    betas: int | Tensor = 1000,
    burn_in: int = 1000,
    model_samples: Tensor | None = None,
    generator: torch.Generator,
) -> LogPartitionBracket:
    """Both ends of log Z of a machine, by AIS and reverse AIS.

    Parameters
    ----------
    rbm : RBM
    data : Tensor of shape (n, n_visible), optional
        Training rows: the annealing starts at their base rates, and the chains that make the
        samples for the reverse run start at them. Strongly advised.
    chains : int
        Number of runs in each direction.
    betas : int or Tensor of shape (n_betas,)
        Inverse temperatures from 0 to 1; a number stands for so many at equal distances.
    burn_in : int
        Gibbs sweeps from the data to the start of the reverse run.
    model_samples : Tensor of shape (n, n_visible), optional
        Samples of the machine for the reverse run, in place of those chains (exact ones, or from
        parallel tempering).
    generator : torch.Generator
        The only source of randomness.

    Notes
    -----
    The upper end holds in the mean only if the samples of the reverse run are the machine's. When
    the chains do not mix in `burn_in` sweeps it knows no more than the modes they have seen.

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli, estimate_log_partition, exact
    >>> rbm = RBM(Bernoulli(8), Bernoulli(4), weight_scale=0.5)
    >>> generator = torch.Generator().manual_seed(1)
    >>> bracket = estimate_log_partition(rbm, betas=200, burn_in=50, generator=generator)
    >>> abs(bracket.value_nats() - float(exact.log_partition(rbm).detach())) < 0.1
    True
    """
    if data is not None:
        data = as_dense(data)
    path = base_rate_path(rbm, data)
    if isinstance(betas, int):
        betas = torch.linspace(0, 1, betas, dtype=torch.float64)
    lower = annealed(path, betas, chains, generator)
    if model_samples is None:
        start = _chain_starts(rbm, data, chains, generator)
        model_samples = gibbs(rbm, start, burn_in, generator)
    upper = reverse_annealed(path, betas, model_samples.to(rbm.weights), generator)
    return LogPartitionBracket(lower, upper)


def estimate_log_likelihood_nats(
    rbm: RBM, rows: Tensor, bracket: LogPartitionBracket, tolerance_nats: float = 1.0
) -> Tensor:
    """Log p(v) of each row in nats, shape (n,), with log Z from the middle of the bracket.

    Raises
    ------
    BracketTooWideError
        If the ends of log Z are further apart than the tolerance.

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli, estimate_log_likelihood_nats, estimate_log_partition
    >>> rbm, rows = RBM(Bernoulli(8), Bernoulli(4)), torch.ones(3, 8)
    >>> generator = torch.Generator().manual_seed(1)
    >>> bracket = estimate_log_partition(rbm, betas=50, burn_in=10, generator=generator)
    >>> estimate_log_likelihood_nats(rbm, rows, bracket).shape
    torch.Size([3])
    """
    return -rbm.free_energy(rows) - bracket.value_nats(tolerance_nats)


def _chain_starts(rbm: RBM, data: Tensor | None, chains: int, generator: torch.Generator) -> Tensor:
    if data is None:
        return rbm.visible.sample(rbm.weights.new_zeros(chains, rbm.visible.size), generator)
    rows = torch.randint(len(data), (chains,), generator=generator, device=generator.device)
    return data[rows.to(data.device)].to(rbm.weights)

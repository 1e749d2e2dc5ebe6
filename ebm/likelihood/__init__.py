"""Log-likelihood of machines too large to enumerate: log Z from below and from above."""

from ebm.likelihood.annealing import (
    AnnealedEstimate,
    annealed,
    base_rate_path,
    log_partition_of_independent_units,
    reverse_annealed,
)
from ebm.likelihood.bracket import (
    BracketTooWideError,
    LogPartitionBracket,
    estimate_log_likelihood_nats,
    estimate_log_partition,
)

__all__ = [
    "AnnealedEstimate",
    "BracketTooWideError",
    "LogPartitionBracket",
    "annealed",
    "base_rate_path",
    "estimate_log_likelihood_nats",
    "estimate_log_partition",
    "log_partition_of_independent_units",
    "reverse_annealed",
]

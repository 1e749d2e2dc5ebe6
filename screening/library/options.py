"""Every setting of a library run, and which of them decide its result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from screening.chemistry import Limits

Engine = Literal["local", "dask"]
_WHO_COMPUTES = ("workers", "engine", "scheduler")


@dataclass(frozen=True)
class ScreenOptions:
    """How a library is screened.

    Attributes
    ----------
    smiles_column, id_column : str, optional
        Columns of the library; guessed when None.
    top : int
        Number of hits.
    rank_by : str, optional
        Task that decides the rank; the model's first when None.
    risk : float in (0, 1)
        Accepted share of wrong conformal sets.
    prevalence : float in (0, 1), optional
        Share of actives in the library; the assay's base rate when None.
    limits : Limits
        Size and time that one molecule may take.
    shard_size : int
        Rows of a shard: what a killed run loses. Does not change the result.
    workers : int
        Processes. Does not change the result.
    engine : {'local', 'dask'}
        Processes of this machine, or those of a dask.distributed cluster. Does not change the
        result.
    scheduler : str, optional
        Address of the cluster; with None, dask gets a cluster on this machine.
    """

    smiles_column: str | None = None
    id_column: str | None = None
    top: int = 1000
    rank_by: str | None = None
    risk: float = 0.1
    prevalence: float | None = None
    limits: Limits = field(default_factory=Limits)
    shard_size: int = 2000
    workers: int = 1
    engine: Engine = "local"
    scheduler: str | None = None

    def identity(self) -> dict[str, Any]:
        """Return the settings that a continued run must share: those that shards depend on."""
        everything = asdict(self)
        return {key: value for key, value in everything.items() if key not in _WHO_COMPUTES}

"""How a library is read for `prepare`, whatever is made of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screening.chemistry import Limits
from screening.library.engines.workers import ScorerMaker, Task
from screening.library.shards import ShardFiles, ShardRecord


@dataclass(frozen=True, kw_only=True)
class LibraryOptions(ABC):
    """What is the same for every kind of prepared library.

    Attributes
    ----------
    smiles_column, id_column : str, optional
        Columns of the library; guessed when None.
    sheet : str, optional
        Of Excel files; the first of each when None.
    limits : Limits
        Size and time that one molecule may take.
    part_size : int
        Rows of a part: what a killed run loses. A preparation that is there keeps its own.
    workers : int
        Processes. Does not change the result.
    """

    smiles_column: str | None = None
    id_column: str | None = None
    sheet: str | None = None
    limits: Limits = field(default_factory=Limits)
    part_size: int = 2000
    workers: int = 1

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """Return what decides the content of a part, beside the limits.

        Raises
        ------
        UserError
            There is no such content.
        """

    @abstractmethod
    def files(self, folder: Path, made_by: str) -> ShardFiles:
        """Return where parts lie in the folder of the library."""

    @abstractmethod
    def task(self, folder: Path, made_by: str) -> Task:
        """Return what every worker needs to know."""

    @property
    @abstractmethod
    def maker(self) -> ScorerMaker[ShardRecord]:
        """What makes parts in the workers."""

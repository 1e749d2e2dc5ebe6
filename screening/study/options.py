"""What is compared with what, on which splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from screening.learners import DEFAULT_MODELS

SplitKind = Literal["scaffold", "random", "cluster", "time", "column"]

SPLITS = 30
CURVE = (25, 50, 100, 200, 500)


@dataclass(frozen=True)
class StudyOptions:
    """How models are compared.

    Attributes
    ----------
    kind : str
        How compounds are held out: whole scaffolds, whole clusters, at random, the newest, or as
        a column of the assay says.
    n_splits : int or None
        30, but 1 where the parts are given by time or by a column, when None.
    models : tuple of str
        Names of `MODELS`.
    gap : bool
        Also split at random (by scaffold when `kind` is random), and compare.
    label_counts : tuple of int
        Also learn from so many labelled compounds of each training part; empty for no curve.
    prevalence : float in (0, 1)
        Share of actives in the library that the hits are stated for.
    """

    kind: SplitKind = "scaffold"
    n_splits: int | None = None
    models: tuple[str, ...] = DEFAULT_MODELS
    gap: bool = False
    label_counts: tuple[int, ...] = ()
    prevalence: float = 0.01

    @property
    def splits(self) -> int:
        """How many splits of each kind."""
        if self.n_splits is not None:
            return self.n_splits
        return 1 if self.kind in ("time", "column") else SPLITS

    @property
    def kinds(self) -> tuple[SplitKind, ...]:
        """The kinds of split that are made, the one that is judged by first."""
        other: SplitKind = "scaffold" if self.kind == "random" else "random"
        return (self.kind, other) if self.gap else (self.kind,)

"""Every setting of a library run, and what each of them decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, get_args

from screening.chemistry import Limits, Pattern, read_patterns
from screening.errors import UserError
from screening.hits import By, Wanted

EngineName = Literal["local", "dask"]
FirstPassName = Literal["auto", "on", "off"]


# Before the name of a task: its predicted value decides, instead of its score.
_VALUE_OF = "value:"


class RankedBy(NamedTuple):
    """What decides the rank: the score of a task, or its predicted value."""

    task: str
    by: By


def ranked_by(asked: str | None, tasks: Sequence[str], valued: Collection[str]) -> RankedBy:
    """Return what decides the rank.

    Parameters
    ----------
    asked
        A task, `value`, `value:TASK`, or None. A task of that name comes first.
    tasks
        Of the model.
    valued
        Those of them whose values it predicts.

    Raises
    ------
    UserError
        There is no such task, or no values of it are predicted.

    Examples
    --------
    >>> ranked_by("value", ["IC50"], ["IC50"])
    RankedBy(task='IC50', by='value')
    """
    if asked is None or asked in tasks:
        return RankedBy(asked or tasks[0], "score")
    task = tasks[0] if asked == _VALUE_OF[:-1] else asked.removeprefix(_VALUE_OF)
    if task not in tasks or task == asked:
        raise UserError(f"rank_by (--rank-by) {asked!r}: the model's tasks are {', '.join(tasks)}.")
    if task not in valued:
        raise UserError(
            f"rank_by (--rank-by) {asked!r}: the model predicts no values of {task}, only classes; "
            "it learns them from at least 50 measured values."
        )
    return RankedBy(task, "value")


@dataclass(frozen=True)
class ScreenOptions:
    """How a library is screened.

    Scores depend on the columns and the limits alone. What ranks and describes (`top`, `rank_by`,
    `wanted`, `require`, `exclude`, `risk`, `prevalence`, `title`) may be another one on a run that
    is there: no row is scored again.

    Attributes
    ----------
    smiles_column, id_column : str, optional
        Columns of the library; guessed when None.
    sheet : str, optional
        Of Excel files; the first of each when None.
    top : int
        Number of hits.
    rank_by : str, optional
        Task whose score decides the rank; the model's first when None. Or `value`, for the
        predicted value of the first task, and `value:TASK` for that of another; see `ranked_by`.
    risk : float in (0, 1)
        Accepted share of wrong conformal sets.
    prevalence : float in (0, 1), optional
        Share of actives in the library; the assay's base rate when None.
    wanted : {'active', 'inactive'}
        Which compounds are best: those likely to be active, or, where activity is a liability,
        those likely to be inactive. Scores stay probabilities of being active.
    require, exclude : tuple of str
        SMARTS, or files of them, as `read_patterns` takes them: only rows that match all of the
        former and none of the latter become hits.
    title : str
        Of the report; made of the task when empty.
    first_pass : {'auto', 'on', 'off'}
        Whether a scout says which rows are scored, and the others are passed over. 'auto': where
        there are so many rows that it saves time, and none of `require` and `exclude`.
    recall : float in (0, 1)
        Share of the best `top` rows that a first pass is to score, with 95 % confidence.
    max_atoms : int, optional
        Heavy atoms; larger molecules are rejected. The model's limit when None.
    timeout_seconds : float, optional
        Time for one molecule; the model's limit when None.
    shard_size : int
        Rows of a shard: what a killed run loses. Does not change the result; a run that is there
        keeps its own.
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
    sheet: str | None = None
    top: int = 1000
    rank_by: str | None = None
    risk: float = 0.1
    prevalence: float | None = None
    wanted: Wanted = "active"
    require: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    title: str = ""
    first_pass: FirstPassName = "auto"  # noqa: S105 - no password
    recall: float = 0.95
    max_atoms: int | None = None
    timeout_seconds: float | None = None
    shard_size: int = 2000
    workers: int = 1
    engine: EngineName = "local"
    scheduler: str | None = None

    def __post_init__(self) -> None:
        """Tell a mistake before anything is scored.

        Raises
        ------
        UserError
            A text is no SMARTS, a file of them cannot be read, a number is out of its range, or
            nothing such can be wanted.
        """
        if self.wanted not in get_args(Wanted):
            raise UserError(f"wanted (--wanted) {self.wanted!r}: write active or inactive.")
        if self.first_pass not in get_args(FirstPassName):
            raise UserError(
                f"first_pass (--first-pass) {self.first_pass!r}: write auto, on or off."
            )
        if not 0 < self.recall < 1:
            raise UserError(f"recall (--recall) {self.recall:g}: it lies between 0 and 1.")
        _ = self.required, self.excluded

    @cached_property
    def required(self) -> tuple[Pattern, ...]:
        """The patterns of `require`."""
        return read_patterns(self.require, "--require")

    @cached_property
    def excluded(self) -> tuple[Pattern, ...]:
        """The patterns of `exclude`."""
        return read_patterns(self.exclude, "--exclude")

    def limits(self, of_model: Limits) -> Limits:
        """Return what a molecule may cost, where the model was trained with the limits given."""
        return Limits(
            of_model.max_atoms if self.max_atoms is None else self.max_atoms,
            of_model.timeout_seconds if self.timeout_seconds is None else self.timeout_seconds,
        )

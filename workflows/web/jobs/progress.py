"""How far a job is: the stage, its rate and the time left."""

from __future__ import annotations

import json
from dataclasses import dataclass

from workflows.web.jobs.job import Job

# A rate over less time says little.
_LEAST_SECONDS = 0.5


@dataclass(frozen=True)
class Progress:
    """What a running command last told.

    Attributes
    ----------
    stage : str
        What it is at; empty where it has not said.
    done : int
        Steps, or rows.
    total : int or None
        Steps in all; None where rows of a stream are counted.
    share : float or None
        How much of the stage is done, 0-1; None where that is not known.
    rejects : int
        Rows without a score.
    rate : float or None
        Steps or rows a second, since the stage began.
    left : float or None
        Seconds until the stage is done, at that rate.
    """

    stage: str = ""
    done: int = 0
    total: int | None = None
    share: float | None = None
    rejects: int = 0
    rate: float | None = None
    left: float | None = None


def progress_of(job: Job) -> Progress:
    """Return how far a job is, as far as it has told."""
    try:
        told = json.loads((job.folder / "progress.json").read_text(encoding="utf-8"))
        done, total = int(told["done"]), told["total"]
        share = told["share"] if total is None else done / total if total else 1.0
        first = told["first_share"] if total is None else told["first"] / total if total else 1.0
        spent = float(told["at"]) - float(told["began"])
        moved, gained = done - int(told["first"]), (share or 0.0) - (first or 0.0)
        known = spent >= _LEAST_SECONDS
        return Progress(
            stage=str(told["stage"]),
            done=done,
            total=total,
            share=share,
            rejects=int(told["rejects"]),
            rate=moved / spent if known and moved > 0 else None,
            left=spent * (1 - share) / gained if known and share and gained > 0 else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Progress()

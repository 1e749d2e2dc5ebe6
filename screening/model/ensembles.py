"""Ensembles of several parts of an assay, trained beside each other: every stack, then all members.

A stack is learned once and shared, and no process waits for another part's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ebm.dbn import DBN
from screening.jobs import in_processes
from screening.model.ensemble import Job, train_members
from screening.model.member import Member
from screening.model.options import ModelOptions
from screening.model.parcel import Parcel
from screening.model.start import Part, Start, learn_start

Step = Callable[[str, int, int], None]


@dataclass
class Trained:
    """What was learned from one part.

    Attributes
    ----------
    start : Start
        Pretrained stack and novelty.
    members : list of Member
    """

    start: Start
    members: list[Member]


def train_ensembles(
    parts: Sequence[Part],
    options: ModelOptions,
    *,
    begun: DBN | None = None,
    workers: int,
    on_step: Step,
) -> list[Trained]:
    """Train an ensemble on each part, in processes; the result is the same for any number of them.

    Parameters
    ----------
    parts
        Compounds, labels and seed of each.
    options
        Settings shared by all.
    begun
        A stack pretrained on other compounds of the same columns, for every part to go on with.
    workers
        Processes; with 1 everything happens in this one.
    on_step
        Is told (stage, done, total) as work goes on.
    """
    stack = None if begun is None else Parcel.of(begun)
    results = in_processes(_learn_start, ((part, options, stack) for part in parts), workers)
    starts = list(_counted(results, "pretraining", len(parts), on_step))
    jobs = [
        Job(part.x, part.y, part.seed + member, start.dbn)
        for part, start in zip(parts, starts, strict=True)
        for member in range(part.members or options.ensemble_size)
    ]
    done = 0

    def on_member() -> None:
        nonlocal done
        done += 1
        on_step("networks", done, len(jobs))

    members = iter(train_members(jobs, options, workers, on_member))
    return [
        Trained(start, list(islice(members, part.members or options.ensemble_size)))
        for part, start in zip(parts, starts, strict=True)
    ]


def _learn_start(part: Part, options: ModelOptions, begun: Parcel | None) -> Start:
    return learn_start(part, options, None if begun is None else begun.model())


def _counted(results: Any, stage: str, total: int, on_step: Step) -> Iterator[Any]:
    for done, result in enumerate(results, start=1):
        on_step(stage, done, total)
        yield result

"""From scored rows to hits: ranked, and described by guarded workers.

A molecule that hangs or crashes while it is described costs its own cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from screening.chemistry import Failure, Limits, Substructures, prepare_molecule
from screening.hits import (
    VALUE,
    VALUE_SPREAD,
    AboutHit,
    Hits,
    Ranked,
    about_hits,
    columns_for,
    describe_hits,
    make_hits,
    molecule_of,
    named,
)
from screening.hits.schema import NUMBER
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.options import ScreenOptions, ranked_by
from screening.library.ranking import Ranking, Row, duplicates_among
from screening.library.shards import ShardFiles, Watch
from screening.model import ScreeningModel
from screening.tables import Announce, silent

# Hits of one piece.
_TOGETHER = 50
Described = tuple[int, list[AboutHit]]


@dataclass(frozen=True)
class DescribeTask:
    """What every worker needs to know, sent once."""

    model: ScreeningModel
    task: str
    limits: Limits


def describer(task: DescribeTask) -> Scorer[Described]:
    """Return what describes one piece, a list of SMILES."""
    model = task.model

    def about(smiles: str, failure: Failure | None) -> AboutHit:
        mol = failure or prepare_molecule(smiles, model.standardiser, task.limits)
        return about_hits([mol], model, task.task)[0]

    def describe(assignment: Assignment, watch: Watch) -> Described:
        found = []
        for position, smiles in enumerate(assignment.piece):
            watch.molecule(position)
            found.append(about(smiles, assignment.failures.get(position)))
        return assignment.number, found

    # What is loaded with the first molecule is not time of its own.
    about("C", None)
    return describe


def describe_molecules(
    smiles: Sequence[str],
    model: ScreeningModel,
    task: str,
    limits: Limits,
    workers: int,
    make_scorer: ScorerMaker[Described] = describer,
) -> list[AboutHit]:
    """Tell what there is to tell of hits, in their order; the same for any number of workers.

    Parameters
    ----------
    smiles
        As the library has them; all were scored.
    model
    task
        That is ranked by.
    limits
        That they were read with; a molecule that takes longer, or ends its process, is told of as
        one of which nothing could be told.
    workers
        Processes.
    make_scorer
        What describes in the workers; another one stands in for it in tests.

    Raises
    ------
    UserError
        No worker can start.
    """
    if not smiles:
        return []
    starts = range(0, len(smiles), _TOGETHER)
    pieces = [list(smiles[start : start + _TOGETHER]) for start in starts]
    task_of_all = DescribeTask(model, task, limits)
    with Workers(task_of_all, min(workers, len(pieces)), make_scorer) as running:
        done = dict(running.run(enumerate(pieces)))
    return [hit for number in sorted(done) for hit in done[number]]


def rank(
    files: ShardFiles,
    shards: int,
    model: ScreeningModel,
    options: ScreenOptions,
    limits: Limits,
    announce: Announce = silent,
) -> Hits:
    """Rank scored rows and describe the best of those that may be hits.

    Parameters
    ----------
    files
        Of scores, at the assay's base rate.
    shards
        How many there are, in input order.
    model
        That scored them.
    options
        What to rank by, which substructures hits must and must not have, and how many.
    limits
        That molecules were read with.
    announce
        Is told how many rows were passed over for their substructures.
    """
    task, by = ranked_by(options.rank_by, model.tasks, model.values)
    base_rate = model.calibrations[model.tasks.index(task)].base_rate
    ranked = Ranked(
        model.tasks,
        task,
        options.risk,
        base_rate,
        options.prevalence,
        options.wanted,
        options.title,
        by=by,
        low_is_active=by == "value" and not model.values[task].above,
    )
    ranking = Ranking(files, shards, ranked.column, lowest_first=ranked.lowest_first)
    choice = Substructures(options.required, options.excluded)
    if choice:
        best = ranking.best_of(
            options.top, lambda row: choice.takes(molecule_of(row["structure"])), ["structure"]
        )
        announce(
            f"{choice.looked_at:,} scored rows were searched for substructures, best first, for "
            f"{len(best):,} hits: {choice.passed_over()}."
        )
    else:
        best = ranking.best(options.top)
    rows = ranking.rows(best.numbers)
    twins = duplicates_among(rows)
    for place, (row, twin) in enumerate(zip(rows, twins, strict=True), start=1):
        row |= {"rank": place, "duplicate_of": twin}
    described = describe_hits(
        _as_table(rows, model),
        describe_molecules([row["smiles"] for row in rows], model, task, limits, options.workers),
        model,
        task=task,
        risk=options.risk,
        prevalence=options.prevalence,
    )
    ranked = replace(
        ranked,
        required=choice.required,
        excluded=choice.excluded,
        looked_at=choice.looked_at,
    )
    return make_hits(described, [row["input"] for row in rows], ranked)


def missing_of(hits: Hits) -> str:
    """Say which hits lack something; empty where nothing is missing."""
    why = hits.described["not_described"].to_pylist()
    places = [place for place, missing in enumerate(why) if missing]
    if not places:
        return ""
    first = places[0]
    name = hits.described["id"][first].as_py()
    return (
        f"of {len(places)} of {len(hits)} hits something could not be worked out, and its cells "
        f"are empty (the column not_described of hits.parquet has all); hit {first + 1}, {name}: "
        f"{why[first]}."
    )


def _as_table(rows: Sequence[Row], model: ScreeningModel) -> pa.Table:
    if rows:
        return pa.Table.from_pylist(list(rows))
    types = {name: column.type for name, column in columns_for(model.tasks, csv=True).items()}
    for task in model.values:
        types |= {named(column, task, model.tasks): NUMBER for column in (VALUE, VALUE_SPREAD)}
    return pa.table({name: pa.array([], kind) for name, kind in types.items()})

"""Scores of one shard: from rows or prepared features to the table that everybody may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import Failure, Limits, Standardiser, prepare_molecule
from screening.errors import UserError
from screening.features import BlockSet, RawFeatures
from screening.hits import LOG_ODDS, VALUE, named, score_columns
from screening.library.engines.workers import Assignment, Scorer
from screening.library.featurise import Featurised, MoleculeReader, featurise_chunk
from screening.library.first_pass.pieces import (
    ChosenRows,
    FinishedPart,
    as_chosen,
    read_chosen,
    read_finished,
    round_files,
)
from screening.library.packed.format import PackedPart, read_rows
from screening.library.prepared.format import PreparedPart, read_part
from screening.library.ranking import extremes_of
from screening.library.shards import Clock, ShardFiles, ShardRecord, Watch
from screening.model import (
    ModelOptions,
    Near,
    ScreeningModel,
    TrainingTable,
    ValueModel,
    load_model,
)
from screening.trust import Packed

# Of the columns in scores/: a run whose shards have others is not continued.
SCORES_VERSION = 3


@dataclass(frozen=True)
class WorkerTask:
    """What every worker of a screen needs to know, sent once.

    Attributes
    ----------
    model : Path
    model_hash : str
        Of that file when the run began.
    run : Path
    limits : Limits
    made_by : str
        Hash of all that shards depend on beside their rows.
    """

    model: Path
    model_hash: str
    run: Path
    limits: Limits
    made_by: str


def model_scorer(task: WorkerTask) -> Scorer[ShardRecord]:
    """Load the model and return what scores shards with it.

    Raises
    ------
    UserError
        The file holds another model than when the run began.
    """
    model = load_model(task.model)
    if model.model_hash != task.model_hash:
        raise UserError(
            f"{task.model} was replaced while the run went on (SHA-256 {task.model_hash[:12]}…, "
            f"now {model.model_hash[:12]}…). Put the first one back: the same command continues."
        )
    reader = MoleculeReader(model.standardiser, task.limits)
    files = ShardFiles.of_run(task.run, task.made_by)
    ranked_by = [named(LOG_ODDS, name, model.tasks) for name in model.tasks]
    ranked_by += [named(VALUE, name, model.tasks) for name in model.values]

    def score(assignment: Assignment, watch: Watch) -> ShardRecord:
        clock = Clock()
        piece = assignment.piece
        if isinstance(piece, FinishedPart):
            whole, rejects, over = read_finished(piece, task.run)
            clock.lap("read")
            best = extremes_of(whole, ranked_by)
            return files.write(
                assignment.number,
                piece.digest(),
                whole,
                rejects,
                clock,
                extremes=best,
                passed_over=over,
            )
        if isinstance(piece, ChosenRows):
            rows, texts = read_chosen(piece)
            clock.lap("read")
            found, rejects = featurise_chunk(
                replace(assignment, piece=rows), reader, model.features, watch=watch, clock=clock
            )
        elif isinstance(piece, PackedPart):
            rows, unread = read_rows(piece)
            clock.lap("read")
            found, rejects = featurise_chunk(
                replace(assignment, piece=rows), reader, model.features, watch=watch, clock=clock
            )
            rejects = sorted(unread + rejects, key=lambda reject: reject.row)
        elif isinstance(piece, PreparedPart):
            found, rejects = read_part(piece, model.features)
            clock.lap("read")
        else:
            found, rejects = featurise_chunk(
                assignment, reader, model.features, watch=watch, clock=clock
            )
        table = score_table(model, found, watch=watch, clock=clock).rows
        if assignment.trial:
            return ShardRecord.of_trial(assignment.number)
        if isinstance(piece, ChosenRows):
            table, rejects = as_chosen(table, rejects, texts)
            of_round = round_files(task.run, piece.round, task.made_by)
            return of_round.write(assignment.number, piece.digest(), table, rejects, clock)
        extremes = extremes_of(table, ranked_by)
        digest = piece.digest()
        return files.write(assignment.number, digest, table, rejects, clock, extremes=extremes)

    return score


class Scored(NamedTuple):
    """Rows that were scored, and what they lie next to.

    Attributes
    ----------
    rows : Table
        As in `scores/`.
    near : Near
        The most similar training compounds.
    """

    rows: pa.Table
    near: Near

    def one(self, position: int) -> Scored:
        """Return one of the rows."""
        return Scored(self.rows.slice(position, 1), self.near.take(slice(position, position + 1)))


class Knowing(Protocol):
    """A model of whatever kind, as far as rows are read for it and compared with its compounds."""

    options: ModelOptions
    tasks: tuple[str, ...]
    features: BlockSet
    training: TrainingTable
    values: dict[str, ValueModel]

    @property
    def standardiser(self) -> Standardiser:
        """Brings molecules into the form that the model was trained on."""

    def near(self, fingerprints: Packed) -> Near:
        """Return what lies nearest among its compounds."""


# What a model says of rows with these features, near these of its compounds, by column.
Say = Callable[[Any, RawFeatures, Near], dict[str, NDArray[Any]]]


def scores_said(model: ScreeningModel, raw: RawFeatures, near: Near) -> dict[str, NDArray[Any]]:
    """Return scores at the assay's base rate, as `scores/` has them."""
    return score_columns(model.score_near(raw, near), model.tasks, model.values)


def score_table(
    model: Knowing, found: Featurised, *, watch: Watch, clock: Clock, say: Say = scores_said
) -> Scored:
    """Let a model say what it has to say of molecules; one row each, in their order.

    Parameters
    ----------
    model
    found
        With the features of this model.
    watch
        Is told before each piece of work.
    clock
        Is given the laps neighbours and network.
    say
        What the model says.
    """
    watch.batch(len(found))
    near = model.near(found.fingerprints)
    clock.lap("neighbours")
    watch.batch(len(found))
    said = say(model, found.raw, near)
    clock.lap("network")
    columns: dict[str, pa.Array] = {
        "source": pa.array([found.source] * len(found), pa.string()),
        "row": pa.array(found.rows, pa.int64()),
        "id": pa.array(found.ids, pa.string()),
        "smiles": pa.array(found.smiles, pa.string()),
        **{n: pa.array(column) for n, column in said.items()},
        "structure": pa.array(found.standardised, pa.string()),
        "structure_key": pa.array(found.keys, pa.int64()),
        "in_training": pa.array(np.isin(found.keys, model.training.keys), pa.bool_()),
        "same_skeleton": pa.array(
            model.training.same_skeleton(found.keys, found.standardised, near.similarity),
            pa.bool_(),
        ),
        "input": pa.array(found.inputs, pa.string()),
    }
    return Scored(pa.table(columns), near)


def molecule_again(model: ScreeningModel, smiles: str, limits: Limits) -> Chem.Mol | Failure:
    """Return the molecule of a row that was scored, as it was scored; or why there is none now."""
    return prepare_molecule(smiles, model.standardiser, limits)

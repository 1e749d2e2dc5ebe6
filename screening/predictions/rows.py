"""Every row of compound tables predicted, in input order, in a memory that does not grow.

Workers finish out of order, and the columns of an SD file are known only at its end. So predicted
pieces lie on disk until all are done, and are then read one after the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.hits import columns_for
from screening.hits.schema import TEXT, free_names
from screening.library.engines.workers import Assignment, ScorerMaker
from screening.library.loop import Counts, OnCounts, ignore_counts
from screening.library.predict import (
    Predicted,
    PredictTask,
    guarded_predictor,
    predict_pieces,
    predictor,
)
from screening.library.shards import Watch
from screening.progress import Rows
from screening.tables import Announce, Chunk, Columns, open_library, silent

# Rows of a piece.
TOGETHER = 500
_DUPLICATE, _SOURCE, _REASON, _MESSAGE = "duplicate_of", "source", "reason", "message"
# What a piece on disk has beside our columns and those of the file.
_KEY, _NAME, _STRUCTURE = "row:key", "row:name", "row:structure"
# Has pieces predicted: `predict_here`, or `predict_pieces` with a number of workers.
Predict = Callable[[PredictTask, Iterable[Chunk]], Iterator[Predicted]]


class CompoundStream(Protocol):
    """The rows of tables as pieces: a `LibraryStream`, or `GivenCompounds`."""

    sources: list[str]
    columns: dict[str, Columns]

    def __iter__(self) -> Iterator[Chunk]: ...

    def share_read(self) -> float | None:
        """Return the share of the input that was read, or None when that is not known."""


@dataclass(frozen=True)
class RowPiece:
    """Consecutive rows.

    Attributes
    ----------
    table : Table
        The columns of `PredictedRows.schema`; ours are null in a row without a score.
    names : list of str
        What each row is called.
    structures : list of str
        The SMILES of each row, as the file has it.
    scored : list of bool
        Whether it has a score.
    """

    table: pa.Table
    names: list[str]
    structures: list[str]
    scored: list[bool]


@dataclass
class PredictedRows:
    """All rows, to be gone through in input order, as often as wanted.

    Attributes
    ----------
    folder : Path
        Where they lie.
    own : dict of str to DataType
        Our columns, in their order.
    inputs : list of str
        The columns of the files, in their order.
    counts : Counts
        Rows read, scored and rejected.
    """

    folder: Path
    own: dict[str, pa.DataType]
    inputs: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    _keys: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """What each column of the files is called: `input_<name>` where a name is one of ours."""
        return free_names(self.inputs, self.own)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the files, then ours."""
        return pa.schema([*((name, TEXT) for name in self.renamed.values()), *self.own.items()])

    def add(self, piece: Chunk, found: Predicted) -> None:
        """Keep one piece; they may come in any order."""
        place = np.full(len(piece), -1)
        place[found.places] = np.arange(len(found.places))
        scored = pa.array(place, mask=place < 0)
        there = found.known.column_names
        made = pa.schema([(name, kind) for name, kind in self.own.items() if name in there])
        known = found.known.select(made.names).cast(made).take(scored)
        why = {reject.row: reject for reject in found.rejects}
        rows = range(len(piece))
        columns = {
            **{f"own:{name}": known[name] for name in known.column_names},
            f"own:{_SOURCE}": pa.array([piece.source] * len(piece), TEXT),
            f"own:{_REASON}": pa.array([why[i].reason if i in why else "" for i in rows], TEXT),
            f"own:{_MESSAGE}": pa.array([why[i].message if i in why else "" for i in rows], TEXT),
            _KEY: pa.array(found.keys, pa.int64()).take(scored),
            _NAME: pa.array(piece.ids, TEXT),
            _STRUCTURE: pa.array(piece.smiles, TEXT),
            **{f"file:{name}": pa.array(cells, TEXT) for name, cells in piece.cells.items()},
        }
        pq.write_table(pa.table(columns), self._path(found.number))
        self._keys[found.number] = found.keys
        self.counts.read += len(piece)
        self.counts.scored += len(found.known)
        self.counts.rejected += len(found.rejects)

    def __iter__(self) -> Iterator[RowPiece]:
        first: dict[int, str] = {}
        for number in range(len(self._keys)):
            kept = pq.read_table(self._path(number))
            names = kept[_NAME].to_pylist()
            twins = pa.array(self._twins(kept[_KEY], names, first), TEXT)
            made = [twins if n == _DUPLICATE else kept[f"own:{n}"] for n in self.own]
            empty = pa.array([""] * len(names), TEXT)
            there = set(kept.column_names)
            cells = [kept[f"file:{n}"] if f"file:{n}" in there else empty for n in self.inputs]
            table = pa.table([*cells, *made], schema=self.schema)
            scored = kept[_KEY].is_valid().to_pylist()
            yield RowPiece(table, names, kept[_STRUCTURE].to_pylist(), scored)

    @cached_property
    def _repeated(self) -> NDArray[np.int64]:
        """Hashes of the structures that are there more than once: eight bytes a row to find out."""
        keys = np.concatenate([*self._keys.values(), np.zeros(0, np.int64)])
        found, times = np.unique(keys, return_counts=True)
        return np.asarray(found[times > 1])

    def _twins(
        self, column: pa.ChunkedArray, names: list[str], first: dict[int, str]
    ) -> list[str | None]:
        keys = column.to_pylist()
        found: list[str | None] = [None if key is None else "" for key in keys]
        repeated = np.isin(column.fill_null(0).to_numpy(), self._repeated)
        for place in np.flatnonzero(repeated).tolist():
            if keys[place] is None:
                continue
            if keys[place] in first:
                found[place] = first[keys[place]]
            else:
                first[keys[place]] = names[place]
        return found

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:07d}.parquet"


@contextmanager
def predicted_rows(
    stream: CompoundStream,
    task: PredictTask,
    predict: Predict,
    *,
    scratch: Path | None = None,
    on_progress: OnCounts = ignore_counts,
) -> Iterator[PredictedRows]:
    """Predict every row of a stream; the rows are there until the block ends.

    Parameters
    ----------
    stream
    task
        The model, and what is to be told of each compound.
    predict
        Who does it.
    scratch
        Folder for what lies on disk meanwhile; the system's when None.
    on_progress
        Is told the counts, and the share of the input read where that is known.

    Raises
    ------
    UserError
        A file cannot be read, or no worker can start.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".predict.") as folder:
        rows = PredictedRows(Path(folder), _own_columns(task, len(stream.sources) > 1))
        flying: dict[int, Chunk] = {}
        for found in predict(task, _sent(stream, flying)):
            rows.add(flying.pop(found.number), found)
            on_progress(rows.counts, stream.share_read())
        files = [stream.columns[name] for name in stream.sources if name in stream.columns]
        rows.inputs = list(dict.fromkeys(name for columns in files for name in columns.names))
        yield rows


def _sent(stream: CompoundStream, flying: dict[int, Chunk]) -> Iterator[Chunk]:
    """Yield of each piece what a worker needs; the cells of the file stay here."""
    for number, piece in zip(count(), stream):
        flying[number] = piece
        yield Chunk("", np.arange(len(piece)), piece.smiles, [""] * len(piece), {}, piece.problems)


def _own_columns(task: PredictTask, several: bool) -> dict[str, pa.DataType]:
    """Return our columns: those that the task gives, in the order of hits.csv, and the reason."""
    nothing = Chunk("", np.zeros(0, np.int64), [], [])
    made = {*predictor(task)(Assignment(0, nothing), Watch()).known.column_names, _DUPLICATE}
    made |= {_SOURCE} if several else set()
    types = {
        name: TEXT if pa.types.is_nested(column.type) else column.type
        for name, column in columns_for(
            task.model.tasks, csv=True, valued=task.model.values
        ).items()
        if name in made
    }
    return {**types, _REASON: TEXT, _MESSAGE: TEXT}


@contextmanager
def predict_tables(
    sources: Sequence[str],
    task: PredictTask,
    *,
    workers: int,
    smiles_column: str | None = None,
    id_column: str | None = None,
    sheet: str | None = None,
    scratch: Path | None = None,
    progress: bool = True,
    announce: Announce = silent,
    make_scorer: ScorerMaker[Predicted] = guarded_predictor,
) -> Iterator[PredictedRows]:
    """Predict every row of files; a molecule that hangs or ends its worker is a row with a reason.

    Parameters
    ----------
    sources
        Files of any size, globs, or `-` for stdin.
    task, scratch
        See `predicted_rows`.
    workers
        Processes; the result is the same for any number.
    smiles_column, id_column
        Guessed for each file when not given.
    sheet
        Of Excel files; the first of each when not given.
    progress
        Whether a bar is shown.
    announce
        Is told what was recognised in each file.
    make_scorer
        What predicts in the workers; another one stands in for it in tests.

    Raises
    ------
    UserError
        A file cannot be read, or no worker can start.
    """
    stream = open_library(
        sources,
        smiles_column=smiles_column,
        id_column=id_column,
        sheet=sheet,
        chunk_size=TOGETHER,
        announce=announce,
    ).begun()
    predict = partial(predict_pieces, workers=workers, make_scorer=make_scorer)
    with Rows(progress) as bar:
        predicting = predicted_rows(
            stream,
            task,
            predict,
            scratch=scratch,
            on_progress=lambda counts, share: bar.show(counts.read, counts.rejected, share),
        )
        with predicting as rows:
            yield rows

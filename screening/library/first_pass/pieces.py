"""What workers get of a packed library: rows of a round, and a whole part at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.chemistry import Reject
from screening.library.first_pass.scout import Scout
from screening.library.packed.format import PackedPart, read_bits, read_texts
from screening.library.shards import ShardFiles
from screening.tables import Chunk

FOLDER = "first_pass"
# Columns of the tables of a round, and of scores/.
NUMBER, SCOUT_SCORE = "number", "scout_score"
# Metadata of a table of a round: numbers of the rows that were rejected, in their order.
_REJECTED = b"rejected"
# Shards of rounds that a worker holds: parts that follow each other have rows in the same ones.
_HELD = 32


def round_files(run: Path, number: int, made_by: str = "") -> ShardFiles:
    """Return where the shards of a round lie."""
    folder = run / FOLDER / f"round-{number:03d}"
    return ShardFiles(folder, folder / "shards", made_by)


@dataclass(frozen=True)
class ChosenRows:
    """Rows that a round scores fully; they lie in one part, or some in each of many.

    Attributes
    ----------
    parts : tuple of PackedPart
        With their chosen rows.
    begins : tuple of int
        Number of the first row of each part in the library.
    round : int
        From 0.
    """

    parts: tuple[PackedPart, ...]
    begins: tuple[int, ...]
    round: int

    def alone(self, position: int) -> ChosenRows:
        """Return one of these rows."""
        for part, begin in zip(self.parts, self.begins, strict=True):
            size = len(part.chosen or ())
            if position < size:
                return replace(self, parts=(part.alone(position),), begins=(begin,))
            position -= size
        raise IndexError(position)

    def digest(self) -> str:
        """Return a hash of all that it holds."""
        parts = [part.digest() for part in self.parts]
        return sha256(f"{parts} {self.begins}".encode()).hexdigest()

    def place(self) -> str:
        """Return where its rows are, for a sentence."""
        return self.parts[0].place()


def read_chosen(piece: ChosenRows) -> tuple[Chunk, pa.Table]:
    """Read the rows of a piece.

    Returns
    -------
    Chunk
        Its rows are numbered by their place in the piece: several files may have a row 5.
    Table
        What else is known of each: its columns as they were packed, and its number in the library.
    """
    tables = []
    for part, begin in zip(piece.parts, piece.begins, strict=True):
        chosen = np.array(part.chosen, np.int64)
        texts = read_texts(part)[0].replace_schema_metadata().take(chosen)
        tables.append(texts.append_column(NUMBER, pa.array(begin + chosen)))
    rows = pa.concat_tables(tables).combine_chunks()
    names = rows["id"].to_pylist()
    return Chunk("", np.arange(len(names)), rows["smiles"].to_pylist(), names), rows


def as_chosen(
    scored: pa.Table, rejects: list[Reject], rows: pa.Table
) -> tuple[pa.Table, list[Reject]]:
    """Give scored and rejected rows back what they are in the library, by their places in a piece.

    Parameters
    ----------
    scored, rejects
        Of the chunk that `read_chosen` gave.
    rows
        The table that it gave.

    Returns
    -------
    Table
        With the column `number`.
    list of Reject
    """
    own = rows.take(scored["row"])
    for name in ("source", "row", "input"):
        scored = scored.set_column(scored.schema.get_field_index(name), name, own[name])
    places = [reject.row for reject in rejects]
    bad = rows.take(pa.array(places, pa.int64()))
    rejects = [
        replace(reject, source=source, row=row)
        for reject, source, row in zip(
            rejects, bad["source"].to_pylist(), bad["row"].to_pylist(), strict=True
        )
    ]
    about = {_REJECTED: json.dumps(bad[NUMBER].to_pylist()).encode()}
    return scored.append_column(NUMBER, own[NUMBER]).replace_schema_metadata(about), rejects


@dataclass(frozen=True)
class FinishedPart(PackedPart):
    """A part whose rows were scored or passed over.

    Attributes
    ----------
    begin : int
        Number of its first row in the library.
    shards : tuple of (int, int)
        Round and number of each shard that has rows of it.
    rounds : int
        That the first pass took.
    """

    begin: int = 0
    shards: tuple[tuple[int, int], ...] = ()
    rounds: int = 0

    def digest(self) -> str:
        """Return a hash of all that it holds."""
        return sha256(f"{self.hash} {self.begin} {self.shards} {self.rounds}".encode()).hexdigest()


def scout_file(run: Path) -> Path:
    """Return where the scout lies whose guesses go into scores/."""
    return run / FOLDER / "scout.npz"


@lru_cache(maxsize=1)
def _scout(path: Path, changed: float) -> Scout:
    del changed
    with np.load(path) as arrays:
        return Scout.of(dict(arrays))


@dataclass(frozen=True)
class _Shard:
    """A shard of a round: its table, numbers of its rows, and its rejects with theirs."""

    table: pa.Table
    numbers: NDArray[np.int64]
    rejects: list[tuple[int, Reject]]


def _shard(run: Path, number: int, shard: int) -> _Shard:
    path = round_files(run, number).scores(shard)
    return _read_shard(run, number, shard, path.stat().st_mtime)


@lru_cache(maxsize=_HELD)
def _read_shard(run: Path, number: int, shard: int, changed: float) -> _Shard:
    del changed
    files = round_files(run, number)
    with pq.ParquetFile(files.scores(shard)) as file:
        table = file.read(use_threads=False)
    numbers: list[int] = json.loads(table.schema.metadata[_REJECTED])
    rejects = files.read_record(shard).rejects
    return _Shard(
        table.replace_schema_metadata(),
        table[NUMBER].to_numpy(),
        list(zip(numbers, rejects, strict=True)),
    )


def read_finished(part: FinishedPart, run: Path) -> tuple[pa.Table, list[Reject], int]:
    """Put a part together: every row once, in the order of the library.

    Returns
    -------
    Table
        As `scores/` has it, and with the guess of the scout; of rows that were passed over, the
        columns of scores are empty.
    list of Reject
        Rows that are no molecules, or could not be scored.
    int
        Rows of the table that were passed over.
    """
    texts, rejects = read_texts(part)
    path = scout_file(run)
    guess = _scout(path, path.stat().st_mtime)(read_bits(part))
    begin, end = part.begin, part.begin + texts.num_rows
    passed = np.ones(texts.num_rows, bool)
    tables: list[pa.Table] = []
    for shard in [_shard(run, *place) for place in part.shards]:
        own = slice(*np.searchsorted(shard.numbers, [begin, end]).tolist())
        tables.append(shard.table.slice(own.start, own.stop - own.start))
        passed[shard.numbers[own] - begin] = False
        for number, reject in shard.rejects:
            if begin <= number < end:
                passed[number - begin] = False
                rejects.append(reject)
    rest = np.flatnonzero(passed)
    over = texts.replace_schema_metadata().take(rest).append_column(NUMBER, pa.array(begin + rest))
    like = _shard(run, 0, 0).table.slice(0, 0)
    whole = pa.concat_tables([like, *tables, over], promote_options="default")
    numbers = whole[NUMBER].to_numpy()
    order = np.argsort(numbers)
    whole = whole.take(order).drop_columns([NUMBER])
    guesses = guess[numbers[order] - begin]
    whole = whole.append_column(SCOUT_SCORE, pa.array(guesses, pa.float32()))
    return whole, sorted(rejects, key=lambda reject: reject.row), len(rest)

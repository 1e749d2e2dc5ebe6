"""Parts of a packed library as workers get them: rows of a round, and a whole part at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screening.chemistry import Reject
from screening.library.first_pass.scout import Scout
from screening.library.packed.format import PackedPart, read_bits, read_texts
from screening.library.shards import ShardFiles

FOLDER = "first_pass"
# Columns of the tables of a round, and of scores/.
PLACE, SCOUT_SCORE = "place", "scout_score"


def round_files(run: Path, number: int, made_by: str = "") -> ShardFiles:
    """Return where the shards of a round lie."""
    folder = run / FOLDER / f"round-{number:03d}"
    return ShardFiles(folder, folder / "shards", made_by)


@dataclass(frozen=True)
class ChosenPart(PackedPart):
    """The rows of a part that a round scores fully.

    Attributes
    ----------
    round : int
        From 0.
    """

    round: int = 0


@dataclass(frozen=True)
class FinishedPart(PackedPart):
    """A part whose rows were scored or passed over.

    Attributes
    ----------
    shards : tuple of (int, int)
        Round and number of each shard that has rows of it.
    rounds : int
        That the first pass took.
    """

    shards: tuple[tuple[int, int], ...] = ()
    rounds: int = 0

    def digest(self) -> str:
        """Return a hash of all that it holds."""
        return sha256(f"{self.hash} {self.shards} {self.rounds}".encode()).hexdigest()


def scout_file(run: Path) -> Path:
    """Return where the scout lies whose guesses go into scores/."""
    return run / FOLDER / "scout.npz"


@lru_cache(maxsize=1)
def _scout(path: Path, changed: float) -> Scout:
    del changed
    with np.load(path) as arrays:
        return Scout.of(dict(arrays))


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
    tables: list[pa.Table] = []
    of_rounds: list[Reject] = []
    for number, shard in part.shards:
        files = round_files(run, number)
        of_rounds += files.read_record(shard).rejects
        tables.append(_read(files.scores(shard)))
    passed = ~np.isin(texts["row"].to_numpy(), [reject.row for reject in of_rounds])
    for table in tables:
        passed[table[PLACE].to_numpy()] = False
    rest = np.flatnonzero(passed)
    over = texts.replace_schema_metadata().take(rest).append_column(PLACE, pa.array(rest))
    like = pq.read_schema(round_files(run, 0).scores(0)).empty_table()
    whole = pa.concat_tables([like, *tables, over], promote_options="default")
    places = whole[PLACE].to_numpy()
    whole = whole.take(np.argsort(places)).drop_columns([PLACE])
    places = np.sort(places)
    whole = whole.append_column(SCOUT_SCORE, pa.array(guess[places], pa.float32()))
    return whole, sorted(rejects + of_rounds, key=lambda reject: reject.row), len(rest)


def _read(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False)

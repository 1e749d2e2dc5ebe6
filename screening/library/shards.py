"""What a shard leaves: a Parquet file or two, and a record of counts and rejects."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from screening.chemistry import Reject
from screening.model import file_hash
from screening.tables import write_atomically

STAGES = (
    "read",
    "parse",
    "standardise",
    "features",
    "neighbours",
    "network",
    "write",
)


# Of a column: `ranked`, the number of rows that have a value; and of its `highest` and its `lowest`
# rows, best first, the values and the places in the shard.
Extremes = dict[str, Any]

# Rows of a file that are read together where only some are wanted.
_TOGETHER = 4096
# How the table of packed bits is written: each of its columns comes back as one buffer.
PACKING: dict[str, Any] = {
    "use_dictionary": False,
    "write_statistics": False,
    "data_page_size": 2**30,
}


class Watch:
    """Told what a shard is busy with, so that whoever guards it knows where it stopped."""

    def molecule(self, position: int) -> None:
        """Note that a molecule is being read or computed."""

    def batch(self, size: int) -> None:
        """Note that so many molecules are being computed together."""


class Clock:
    """Seconds by stage: each lap goes to the stage that it is called with."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Give the time since the last lap to a stage."""
        now = time.perf_counter()
        self.add(stage, now - self._last)
        self._last = now

    def move(self, seconds: float, from_stage: str, to_stage: str) -> None:
        """Take time from one stage and give it to another."""
        self.add(from_stage, -seconds)
        self.add(to_stage, seconds)

    def add(self, stage: str, seconds: float) -> None:
        """Give time to a stage."""
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + seconds, 6)


@dataclass
class ShardRecord:
    """What became of one shard; its file is the proof that the shard is done.

    Attributes
    ----------
    number : int
    read, scored, passed_over : int
        Rows; the others of those read were rejected.
    scores_hash, bits_hash : str
        SHA-256 of the Parquet file, and of that of packed bits where there is one.
    rows_hash, made_by : str
        Hashes of the rows that were read, and of what they were done with.
    rejects : list of Reject
    seconds : dict of str to float
        One entry a stage.
    extremes : dict of str to Extremes
        The best and the worst rows by each column that ranks; see `extremes_of`.
    """

    number: int
    read: int
    scored: int
    scores_hash: str
    rows_hash: str = ""
    made_by: str = ""
    rejects: list[Reject] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    bits_hash: str = ""
    extremes: dict[str, Extremes] = field(default_factory=dict)
    passed_over: int = 0

    @classmethod
    def of_trial(cls, number: int) -> ShardRecord:
        """Return the record of a molecule that was tried alone, of which nothing is kept."""
        return cls(number, read=0, scored=0, scores_hash="")

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> ShardRecord:
        """Read what `to_json` wrote."""
        stored = json.loads(text)
        return cls(**{**stored, "rejects": [Reject(**reject) for reject in stored["rejects"]]})


@dataclass(frozen=True)
class ShardFiles:
    """Where the files of a run's shards lie.

    Attributes
    ----------
    tables, records : Path
        Folders of the Parquet files, for anyone to read, and of the records, for the run itself.
    made_by : str
        Hash of what shards are done with: a shard of anything else is not done.
    bits : Path, optional
        Folder of packed bits, where shards have them.
    """

    tables: Path
    records: Path
    made_by: str = ""
    bits: Path | None = None

    @classmethod
    def of_run(cls, run: Path, made_by: str = "") -> ShardFiles:
        """Return the places in the folder of a screen."""
        return cls(run / "scores", run / "shards", made_by)

    def scores(self, number: int) -> Path:
        """Return the Parquet file of a shard."""
        return self.tables / f"part-{number:05d}.parquet"

    def bits_of(self, number: int) -> Path:
        """Return the Parquet file of packed bits of a shard."""
        assert self.bits is not None
        return self.bits / f"part-{number:05d}.parquet"

    def record(self, number: int) -> Path:
        """Return the record of a shard."""
        return self.records / f"{number:05d}.json"

    def read_record(self, number: int) -> ShardRecord:
        """Return the record of a shard that is done."""
        return ShardRecord.from_json(self.record(number).read_text(encoding="utf-8"))

    def finished(self, number: int) -> ShardRecord | None:
        """Return the record of a shard whose files are whole, or None when it must be done."""
        try:
            record = self.read_record(number)
            if record.made_by != self.made_by:
                return None
            whole = file_hash(self.scores(number)) == record.scores_hash
            if self.bits is not None:
                whole = whole and file_hash(self.bits_of(number)) == record.bits_hash
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if whole else None

    def there(self, number: int) -> bool:
        """Tell whether all files of a shard are there, whatever they hold."""
        paths = [self.scores(number), self.record(number)]
        if self.bits is not None:
            paths.append(self.bits_of(number))
        return all(path.is_file() for path in paths)

    def last(self) -> int:
        """Return the highest number of a shard that has a record; -1 when there is none."""
        names = (path.stem for path in self.records.glob("*.json"))
        return max((int(name) for name in names if name.isdecimal()), default=-1)

    def forget(self, numbers: Iterable[int]) -> None:
        """Have shards done again, whatever is there of them."""
        for number in numbers:
            self.record(number).unlink(missing_ok=True)

    def write(
        self,
        number: int,
        rows_hash: str,
        table: pa.Table,
        rejects: list[Reject],
        clock: Clock,
        *,
        bits: pa.Table | None = None,
        extremes: dict[str, Extremes] | None = None,
        passed_over: int = 0,
    ) -> ShardRecord:
        """Write the files of a shard, the record last; each row is a row of the table or a reject.

        Parameters
        ----------
        number : int
            Of the shard, from 0 in input order.
        rows_hash : str
            Of the piece.
        table : Table
        rejects : list of Reject
        clock : Clock
            What was spent on the shard so far.
        bits : Table, optional
            Of packed bits, as `bits_table` makes it.
        extremes : dict of str to Extremes, optional
            By each column that ranks, as `extremes_of` gives them.
        passed_over : int
            Rows of the table that have no score.
        """
        digest = _write_table(table, self.scores(number))
        bits_digest = "" if bits is None else _write_table(bits, self.bits_of(number), **PACKING)
        clock.lap("write")
        read = table.num_rows + len(rejects)
        record = ShardRecord(
            number=number,
            read=read,
            scored=table.num_rows - passed_over,
            passed_over=passed_over,
            scores_hash=digest,
            rows_hash=rows_hash,
            made_by=self.made_by,
            rejects=rejects,
            seconds=clock.seconds,
            bits_hash=bits_digest,
            extremes=extremes or {},
        )
        with write_atomically(self.record(number)) as temporary:
            temporary.write_text(record.to_json(), encoding="utf-8")
        return record


def _write_table(table: pa.Table, path: Path, **writing: Any) -> str:
    """Write a table; return the hash of its file."""
    with write_atomically(path) as temporary:
        pq.write_table(table, temporary, row_group_size=_TOGETHER, compression="zstd", **writing)
        return file_hash(temporary)

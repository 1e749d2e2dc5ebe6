"""The packed library: what a first pass reads, and apart from it what the few best rows need.

A folder like that of a prepared library. Of each part there are two files:

    part-NNNNN.parquet         source, row, id, smiles, and input: the other cells, as JSON; one row
                               a molecule, in the order of the library
    _bits/part-NNNNN.parquet   Morgan counts (radius 2, 2048) of the same molecules, by column

Structures are those of the rows as they stand, of a salt its largest organic part. Nothing else is
standardised: whoever scores a row begins with its text, as for a raw file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import csr_matrix

from screening.chemistry import Reject
from screening.features import BlockSet
from screening.library.featurise import input_of
from screening.library.packed.bits import bits_table, read_counts
from screening.library.prepared.format import METADATA_KEY, PreparedPart, as_was_prepared, record_of
from screening.library.shards import ShardFiles
from screening.model import file_hash
from screening.tables import Chunk

PACKED_VERSION = 1
PACKED = "packed"
FEATURES = BlockSet(("morgan_counts",))


@dataclass(frozen=True)
class PackedPart(PreparedPart):
    """One part of a packed library, or some rows of it.

    Attributes
    ----------
    chosen : tuple of int, optional
        Places of the rows in the part, ascending; all of them when None.
    """

    chosen: tuple[int, ...] | None = None

    def only(self, chosen: Sequence[int]) -> PackedPart:
        """Return some rows of the part, by their places in it, ascending."""
        return replace(self, chosen=tuple(int(place) for place in chosen))

    def alone(self, position: int) -> PackedPart:
        """Return one of these rows."""
        return self.only([position if self.chosen is None else self.chosen[position]])

    def digest(self) -> str:
        """Return a hash of all that it holds."""
        if self.chosen is None:
            return self.hash
        return sha256(f"{self.hash} {self.chosen}".encode()).hexdigest()


def packed_files(folder: Path, made_by: str = "") -> ShardFiles:
    """Return the places in the folder of a packed library."""
    return ShardFiles(folder, folder / "_parts", made_by, folder / "_bits")


def packed_parameters() -> dict[str, Any]:
    """Return what decides the content of a part."""
    return {
        "kind": PACKED,
        "schema_version": PACKED_VERSION,
        "features": FEATURES.to_config(),
        "standardize": "none",
    }


def packed_tables(
    chunk: Chunk, kept: Sequence[int], counts: csr_matrix, parameters: dict[str, Any]
) -> tuple[pa.Table, pa.Table]:
    """Return the two tables of a part: of rows, and of bits.

    Parameters
    ----------
    chunk
    kept
        Places of the rows that are molecules.
    counts
        Of these, Morgan counts.
    parameters
        Go into the metadata of both.
    """
    rows = pa.table(
        {
            "source": pa.array([chunk.source] * len(kept), pa.string()),
            "row": pa.array(chunk.rows[list(kept)], pa.int64()),
            "id": pa.array([chunk.ids[place] for place in kept], pa.string()),
            "smiles": pa.array([chunk.smiles[place] for place in kept], pa.string()),
            "input": pa.array([input_of(chunk, place) for place in kept], pa.string()),
        }
    )
    metadata = {METADATA_KEY: json.dumps(parameters).encode()}
    bits = bits_table(counts)
    return (
        rows.replace_schema_metadata(metadata),
        bits.replace_schema_metadata(metadata | bits.schema.metadata),
    )


def read_bits(part: PackedPart) -> csr_matrix:
    """Read the Morgan counts of a part, of all its rows.

    Returns
    -------
    CSR matrix of uint8, shape (n, 2048)
        Counts are at most 255; columns are sorted in each row.

    Raises
    ------
    UserError
        The file is not what was packed.
    """
    files = packed_files(part.folder)
    path = files.bits_of(part.number)
    with as_was_prepared(path):
        if file_hash(path) != record_of(files, part).bits_hash:
            raise ValueError("it was changed")
        return read_counts(path)


def read_texts(part: PackedPart) -> tuple[pa.Table, list[Reject]]:
    """Read the rows of a part as they were packed: `source`, `row`, `id`, `smiles` and `input`.

    Returns
    -------
    Table
        All rows that are molecules.
    list of Reject
        The others.

    Raises
    ------
    UserError
        The file is not what was packed.
    """
    files = packed_files(part.folder)
    path = files.scores(part.number)
    with as_was_prepared(path):
        record = record_of(files, part)
        if file_hash(path) != record.scores_hash:
            raise ValueError("it was changed")
        with pq.ParquetFile(path) as file:
            return file.read(use_threads=False), record.rejects


def read_rows(part: PackedPart) -> tuple[Chunk, list[Reject]]:
    """Read the rows of a part as a reader of raw files gives them.

    Returns
    -------
    Chunk
        The chosen rows, or all that are molecules.
    list of Reject
        The rows of the part that are none; empty where rows are chosen.

    Raises
    ------
    UserError
        The file is not what was packed.
    """
    table, rejects = read_texts(part)
    with as_was_prepared(packed_files(part.folder).scores(part.number)):
        if part.chosen is not None:
            table = table.take(list(part.chosen))
        columns = table.to_pydict()
        inputs = [json.loads(text) for text in columns["input"]]
        chunk = Chunk(
            source=columns["source"][0] if inputs else "",
            rows=table["row"].to_numpy(),
            smiles=columns["smiles"],
            ids=columns["id"],
            extra={name: [cells[name] for cells in inputs] for name in inputs[0]} if inputs else {},
        )
    return chunk, rejects if part.chosen is None else []

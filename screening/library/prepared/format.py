"""The prepared library: molecules and their features as Parquet, for any model that uses them.

A folder of `part-NNNNN.parquet` files that pyarrow, DuckDB and pandas read as one data set:

    source, row, id, smiles     as the file has them (`smiles` is the text of the row)
    standardised                canonical SMILES after standardisation
    structure_key               64-bit hash of that, for duplicates
    input                       every other column of the row, as JSON
    fingerprint                 packed Morgan bits (radius 2, 2048), 256 bytes
    <block>_bits, <block>_counts   a fingerprint's bits that are on, ascending, and their counts
    <block>                     a dense block's numbers

The metadata key `ebmscreen` of every part has the parameters as JSON. Names that begin with `_` are
the library's own: readers of Parquet folders leave them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.chemistry import Reject
from screening.errors import UserError
from screening.features import BlockSet, RawFeatures
from screening.library.featurise import Featurised
from screening.library.shards import ShardFiles, ShardRecord
from screening.model.archive import as_json, file_hash

SCHEMA_VERSION = 2
METADATA_KEY = b"ebmscreen"
# Name of the description, written when the library is complete.
DESCRIPTION = "_library.json"


@dataclass(frozen=True)
class PreparedPart:
    """One part of a prepared library, to be read by whoever scores it.

    Attributes
    ----------
    folder : Path
        The library.
    number : int
        Of the part, from 0.
    hash : str
        SHA-256 of its record, which has that of its file; by the library's description.
    """

    folder: Path
    number: int
    hash: str

    def digest(self) -> str:
        """Return a hash of all that it holds."""
        return self.hash

    def place(self) -> str:
        """Return where its rows are, for a sentence."""
        return f"{self.folder}, part {self.number}"


def files_of(folder: Path, made_by: str = "") -> ShardFiles:
    """Return the places in the folder of a prepared library."""
    return ShardFiles(folder, folder / "_parts", made_by)


def parameters_of(features: BlockSet, standardize: str) -> dict[str, Any]:
    """Return what decides the content of a part."""
    return {
        "schema_version": SCHEMA_VERSION,
        "features": features.to_config(),
        "standardize": standardize,
    }


def description_hash(description: dict[str, Any]) -> str:
    """Return the SHA-256 of a library's description as it is without this hash."""
    plain = {name: value for name, value in description.items() if name != "sha256"}
    return sha256(as_json(plain).encode()).hexdigest()


def part_table(found: Featurised, parameters: dict[str, Any]) -> pa.Table:
    """Return the rows of one part, with the parameters in its metadata."""
    size = found.fingerprints.shape[1]
    columns: dict[str, pa.Array] = {
        "source": pa.array([found.source] * len(found), pa.string()),
        "row": pa.array(found.rows, pa.int64()),
        "id": pa.array(found.ids, pa.string()),
        "smiles": pa.array(found.smiles, pa.string()),
        "standardised": pa.array(found.standardised, pa.string()),
        "structure_key": pa.array(found.keys, pa.int64()),
        "input": pa.array(found.inputs, pa.string()),
        "fingerprint": _bytes_column(found.fingerprints, size),
    }
    for name, matrix in found.raw.sparse.items():
        ends = pa.array(matrix.indptr.astype(np.int32), pa.int32())
        columns[f"{name}_bits"] = pa.ListArray.from_arrays(
            ends, pa.array(matrix.indices.astype(np.uint16))
        )
        if matrix.dtype != np.uint8:  # counts; of bits, the place says it all
            columns[f"{name}_counts"] = pa.ListArray.from_arrays(
                ends, pa.array(np.minimum(matrix.data, np.iinfo(np.uint16).max).astype(np.uint16))
            )
    for name, values in found.raw.dense.items():
        flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
        columns[name] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    metadata = {METADATA_KEY: json.dumps(parameters).encode()}
    return pa.table(columns).replace_schema_metadata(metadata)


def _bytes_column(values: NDArray[np.uint8], size: int) -> pa.Array:
    buffer = pa.py_buffer(np.ascontiguousarray(values).tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(values), [None, buffer])


def read_part(part: PreparedPart, features: BlockSet) -> tuple[Featurised, list[Reject]]:
    """Read the molecules of one part with the features that a model wants.

    Parameters
    ----------
    part
    features
        Blocks that the library was prepared with, or some of them.
    """
    files = files_of(part.folder)
    names = _columns_for(features)
    path = files.scores(part.number)
    with as_was_prepared(path):
        record = record_of(files, part)
        if file_hash(path) != record.scores_hash:
            raise ValueError("it was changed")
        # One thread: a worker has one core.
        with pq.ParquetFile(path) as file:
            table = file.read(columns=names, use_threads=False).select(names).combine_chunks()
    raw = RawFeatures()
    for block in features.blocks:
        if block.kind == "continuous":
            raw.dense[block.name] = _dense(table[block.name])
        else:
            counts = table[f"{block.name}_counts"] if block.kind == "count" else None
            width = len(block.get_feature_names_out())
            raw.sparse[block.name] = _sparse(table[f"{block.name}_bits"], counts, width)
    sources = table["source"].unique().to_pylist()
    found = Featurised(
        source=sources[0] if sources else "",
        rows=table["row"].to_numpy(),
        ids=table["id"].to_pylist(),
        smiles=table["smiles"].to_pylist(),
        standardised=table["standardised"].to_pylist(),
        keys=table["structure_key"].to_numpy(),
        inputs=table["input"].to_pylist(),
        raw=raw,
        fingerprints=_packed(table["fingerprint"]),
    )
    return found, record.rejects


@contextmanager
def as_was_prepared(path: Path) -> Iterator[None]:
    """Say in one sentence that a file cannot be read, or holds something else.

    Raises
    ------
    UserError
        The block failed as reading such a file does.
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        words = str(error).splitlines()[0]
        raise UserError(
            f"{path} is not what was prepared ({words}); prepare the library anew."
        ) from error


def record_of(files: ShardFiles, part: PreparedPart) -> ShardRecord:
    """Return the record of a part.

    Raises
    ------
    OSError, ValueError
        It is not the one that was written.
    """
    if file_hash(files.record(part.number)) != part.hash:
        raise ValueError("its record was changed")
    return files.read_record(part.number)


def _columns_for(features: BlockSet) -> list[str]:
    names = ["source", "row", "id", "smiles", "standardised", "structure_key", "input"]
    names.append("fingerprint")
    for block in features.blocks:
        if block.kind == "continuous":
            names.append(block.name)
        else:
            names.append(f"{block.name}_bits")
            names += [f"{block.name}_counts"] if block.kind == "count" else []
    return names


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _dense(column: pa.ChunkedArray) -> NDArray[np.float32]:
    array = _whole(column)
    flat = array.flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(len(array), array.type.list_size)


def _sparse(bits: pa.ChunkedArray, counts: pa.ChunkedArray | None, width: int) -> csr_matrix:
    array = _whole(bits)
    ends = array.offsets.to_numpy().astype(np.int64)
    indices = array.flatten().to_numpy(zero_copy_only=False).astype(np.int32)
    if counts is None:
        data = np.ones(len(indices), np.uint8)
    else:
        data = _whole(counts).flatten().to_numpy(zero_copy_only=False).astype(np.int32)
    return csr_matrix((data, indices, ends - ends[0]), shape=(len(array), width))


def _packed(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    array = _whole(column)
    size = array.type.byte_width
    flat = np.frombuffer(array.buffers()[1], np.uint8) if len(array) else np.zeros(0, np.uint8)
    start = array.offset * size
    return flat[start : start + len(array) * size].reshape(len(array), size)

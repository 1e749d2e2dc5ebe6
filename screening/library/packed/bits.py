"""Counts of a fingerprint by column, as bytes: small on the disk, and quick to read back.

Of each column the rows that have it are written as gaps, from one to the next and to the first from
-1, and beside them the counts. Columns of one fingerprint differ in how often they are on, and gaps
within one are of like size, so a third less is left after compression than of the columns of each
row. A gap is bytes that are added up: 255 means that more follows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

# The byte that says: and more.
_MORE = 255
# Counts are stored up to this one.
MOST = 255


def bits_table(counts: csr_matrix) -> pa.Table:
    """Return counts as a table of one row a column, with their number of rows in its metadata.

    Parameters
    ----------
    counts : CSR matrix of shape (n, n_bits)
        Counts of 1 or more where there is an entry; what is above 255 is stored as 255.

    Examples
    --------
    >>> counts_of(bits_table(csr_matrix([[0, 2], [0, 0], [1, 3]]))).toarray().tolist()
    [[0, 2], [0, 0], [1, 3]]
    """
    by_column = counts.tocsc()
    starts = by_column.indptr[:-1][np.diff(by_column.indptr) > 0]
    gaps = np.diff(by_column.indices.astype(np.int64), prepend=-1)
    gaps[starts] = by_column.indices[starts] + 1
    ends = np.concatenate([[0], np.cumsum(gaps // _MORE + 1)])
    data = np.full(ends[-1], _MORE, np.uint8)
    data[ends[1:] - 1] = gaps % _MORE
    columns = {
        "gaps": _binary(data, ends[by_column.indptr]),
        "counts": _binary(np.minimum(by_column.data, MOST).astype(np.uint8), by_column.indptr),
    }
    return pa.table(columns, metadata={b"rows": str(counts.shape[0]).encode()})


def counts_of(table: pa.Table) -> csr_matrix:
    """Return the counts of a table that `bits_table` made.

    Returns
    -------
    CSR matrix of uint8, shape (n, n_bits)
        Columns are sorted in each row.

    Raises
    ------
    ValueError, KeyError
        The table is another one.
    """
    rows = int((table.schema.metadata or {})[b"rows"])
    gap_ends, gaps = _buffers(table["gaps"])
    ends, counts = _buffers(table["counts"])
    reached = np.concatenate([np.zeros(1, np.int32), np.cumsum(gaps, dtype=np.int32)])
    before = reached[gap_ends[:-1]] + 1
    places = reached[1:][gaps != _MORE]
    places -= np.repeat(before, np.diff(ends))
    by_column = csc_matrix((counts, places, ends), shape=(rows, len(ends) - 1))
    return by_column.tocsr()


def read_counts(path: Any) -> csr_matrix:
    """Return the counts of a Parquet file of `bits_table`."""
    # Less work for many small files than `read_table`, which makes a data set of each.
    with pq.ParquetFile(path) as file:
        return counts_of(file.read(use_threads=False))


def _binary(data: NDArray[np.uint8], ends: NDArray[Any]) -> pa.Array:
    buffers = [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data)]
    return pa.BinaryArray.from_buffers(pa.binary(), len(ends) - 1, buffers)


def _buffers(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return where each value ends, beginning with 0, and the bytes of all."""
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if not pa.types.is_binary(array.type) or array.null_count:
        raise ValueError(f"it has no column of bytes, but of {array.type}")
    first = array.offset
    ends = np.frombuffer(array.buffers()[1], np.int32)[first : first + len(array) + 1]
    held = array.buffers()[2]
    data = np.frombuffer(held, np.uint8) if held is not None else np.zeros(0, np.uint8)
    return ends - ends[0], data[ends[0] : ends[-1]]

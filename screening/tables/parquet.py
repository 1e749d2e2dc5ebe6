"""Rows of a Parquet file, row group by row group, every value as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from screening.errors import UserError
from screening.tables.records import Record

_BATCH = 4096


class ParquetRows:
    """An open Parquet file as rows of text.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    file : binary file
        Seekable.

    Attributes
    ----------
    names : list of str
        Columns that hold text, numbers, dates or truth values; nested and binary ones are left out.
    left_out : list of str
        The others.
    share_read : float
        Share of the rows that were read from the file.

    Raises
    ------
    UserError
        The file is damaged.
    """

    def __init__(self, source: str, file: BinaryIO) -> None:
        self._source = source
        try:
            self._file = pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error
        schema = self._file.schema_arrow
        self.names = [field.name for field in schema if _is_plain(field.type)]
        self.left_out = [field.name for field in schema if not _is_plain(field.type)]
        self.share_read = 0.0

    def records(self) -> Iterator[Record]:
        """Yield every row, numbered from 1."""
        number = 0
        total = max(1, self._file.metadata.num_rows)
        batches = self._file.iter_batches(batch_size=_BATCH, columns=self.names)
        try:
            for batch in batches:
                self.share_read = (number + batch.num_rows) / total
                columns = [_as_text(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, list(cells), ""
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> UserError:
        reason = str(error).splitlines()[0].rstrip(".")
        return UserError(f"{self._source} is a damaged Parquet file ({reason}); make it again.")


def _is_plain(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return not (
        pa.types.is_nested(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _as_text(column: Any) -> list[str]:
    values = column.to_pylist()
    # A missing number is an empty cell, as it is in CSV.
    return [v if type(v) is str else "" if v is None or v != v else str(v) for v in values]

"""Predicted rows as a file of any kind that chemists use, one piece in memory at a time."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem

from screening.chemistry.molecule import captured
from screening.errors import UserError
from screening.hits import named
from screening.plate.sdf import item_names, sdf_record
from screening.plate.spreadsheet import fitting, new_book, write_cell
from screening.predictions.rows import PredictedRows
from screening.tables import guard_formula, write_atomically

# Excel's limit, less the header.
_SHEET_ROWS = 1_048_575
# What is told of a row where there is little room.
_SHORT = ("score", "score_std", "prediction_set", "value", "value_low", "value_high")
_SHORT_ONCE = ("in_domain", "nearest_id", "nearest_similarity", "nearest_label", "reason")


def check_output(path: Path, *, force: bool = False) -> None:
    """Make sure, before any work, that rows can be written under a name.

    Raises
    ------
    UserError
        The name does not say what kind of file it is, or the file is there already.
    """
    if _kind(path) is None:
        raise UserError(
            f"{path}: give the file a name that ends in .csv, .tsv, .sdf (each also .gz), .parquet "
            "or .xlsx."
        )
    if path.exists() and not force:
        raise UserError(f"{path} is there already; --force overwrites it.")


def write_rows(rows: PredictedRows, path: Path) -> None:
    """Write all rows, whole or not at all; the end of the name says as what.

    Raises
    ------
    UserError
        There are more rows than an Excel sheet holds.
    """
    kind = _kind(path)
    assert kind is not None, f"{path} was not checked"
    with (
        write_atomically(path) as temporary,
        temporary.open("wb") as file,
        _packed(path, file) as packed,
    ):
        kind(rows, packed)


def write_short(rows: PredictedRows, tasks: Sequence[str], file: BinaryIO) -> None:
    """Write name, structure and the most important columns as CSV."""
    per_task = [named(column, task, tasks) for task in tasks for column in _SHORT]
    names = [name for name in (*per_task, *_SHORT_ONCE) if name in rows.own]
    with _text(file) as text:
        write = _line_writer(text, ",")
        write(["id", "smiles", *names])
        for piece in rows:
            columns = [piece.table[name].to_pylist() for name in names]
            texts = [piece.names, piece.structures, *columns]
            for cells in zip(*texts, strict=True):
                write(cells)


def _write_text(rows: PredictedRows, file: BinaryIO, delimiter: str = ",") -> None:
    with _text(file) as text:
        write = _line_writer(text, delimiter)
        write(rows.schema.names)
        for piece in rows:
            for cells in _records(piece.table):
                write(cells)


def _line_writer(text: TextIO, delimiter: str) -> Callable[[Iterable[Any]], None]:
    plain, quoted = (
        csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting)
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )

    def write(cells: Iterable[Any]) -> None:
        texts = [guard_formula(cell) if isinstance(cell, str) else cell for cell in cells]
        # Python's writer leaves a lone carriage return without quotes, and readers take it for the
        # end of a row.
        odd = any(isinstance(cell, str) and "\r" in cell for cell in texts)
        (quoted if odd else plain).writerow(texts)

    return write


def _write_tsv(rows: PredictedRows, file: BinaryIO) -> None:
    _write_text(rows, file, "\t")


def _write_parquet(rows: PredictedRows, file: BinaryIO) -> None:
    with pq.ParquetWriter(file, rows.schema, compression="zstd") as writer:
        for piece in rows:
            writer.write_table(piece.table)


def _write_xlsx(rows: PredictedRows, file: BinaryIO) -> None:
    if rows.counts.read > _SHEET_ROWS:
        raise UserError(
            f"an .xlsx sheet holds {_SHEET_ROWS:,} rows, and these are {rows.counts.read:,}; "
            "write .csv or .parquet."
        )
    with new_book(file, "Predictions", constant_memory=True) as book:
        sheet = book.add_worksheet("Predictions")
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(rows.schema.names):
            sheet.write_string(0, column, fitting(name), bold)
        records = (cells for piece in rows for cells in _records(piece.table))
        for row, cells in enumerate(records, start=1):
            for column, cell in enumerate(cells):
                if cell is not None:
                    write_cell(sheet, row, column, cell)


def _write_sdf(rows: PredictedRows, file: BinaryIO) -> None:
    names = item_names(rows.schema.names)
    with _text(file) as text:
        for piece in rows:
            mols = map(_molecule, piece.structures, piece.scored)
            for mol, title, cells in zip(mols, piece.names, _records(piece.table), strict=True):
                there = {n: cell for n, cell in zip(names, cells, strict=True) if cell is not None}
                text.write(sdf_record(mol, title, there))


def _molecule(structure: str, scored: bool) -> Chem.Mol:
    # What was scored could be read; a row without a score is a record without atoms.
    with captured():
        return Chem.MolFromSmiles(structure.strip()) if scored else Chem.Mol()


def _records(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


@contextmanager
def _packed(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    if path.suffix.lower() != ".gz":
        yield file
        return
    # Without a name and a time, the same rows are the same bytes.
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        yield cast("BinaryIO", packed)


@contextmanager
def _text(file: BinaryIO) -> Iterator[TextIO]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield text
    finally:
        # The bytes belong to who opened them.
        text.detach()


_KINDS: dict[str, Callable[[PredictedRows, BinaryIO], None]] = {
    r"\.csv(\.gz)?": _write_text,
    r"\.(tsv|tab)(\.gz)?": _write_tsv,
    r"\.sdf?(\.gz)?": _write_sdf,
    r"\.parquet": _write_parquet,
    r"\.xlsx": _write_xlsx,
}


def _kind(path: Path) -> Callable[[PredictedRows, BinaryIO], None] | None:
    for ending, write in _KINDS.items():
        if re.search(f"{ending}$", path.name, re.IGNORECASE):
            return write
    return None

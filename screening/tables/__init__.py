"""Compound tables: files read as a stream of rows, files written whole or not at all."""

from screening.tables.assay import AssayTable, Origin, read_table
from screening.tables.atomic import remove_unfinished, write_atomically
from screening.tables.columns import Columns, NoStructuresError, names_column
from screening.tables.library import Chunk, LibraryStream, open_library
from screening.tables.sources import STDIN, names_a_table, rows_about, source_size
from screening.tables.table import Announce, silent
from screening.tables.writing import guard_formula, read_csv, write_csv, write_csv_parts

__all__ = [
    "STDIN",
    "Announce",
    "AssayTable",
    "Chunk",
    "Columns",
    "LibraryStream",
    "NoStructuresError",
    "Origin",
    "guard_formula",
    "names_a_table",
    "names_column",
    "open_library",
    "read_csv",
    "read_table",
    "remove_unfinished",
    "rows_about",
    "silent",
    "source_size",
    "write_atomically",
    "write_csv",
    "write_csv_parts",
]

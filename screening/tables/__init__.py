"""Compound tables: files read as a stream of rows, files written whole or not at all."""

from screening.tables.assay import AssayTable, read_table
from screening.tables.atomic import write_atomically
from screening.tables.columns import Columns
from screening.tables.library import Chunk, LibraryStream, open_library
from screening.tables.table import Announce, silent
from screening.tables.writing import write_csv

__all__ = [
    "Announce",
    "AssayTable",
    "Chunk",
    "Columns",
    "LibraryStream",
    "open_library",
    "read_table",
    "silent",
    "write_atomically",
    "write_csv",
]

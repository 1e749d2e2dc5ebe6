"""Tables as odd as tables get, each with the truth about its rows."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from odd_structures import NO_STRUCTURES, ODD

PLAIN = (
    "CCO",
    "c1ccccc1O",
    "CC(=O)Nc1ccccc1",
    "[Na+].[O-]C(=O)c1ccccc1",
    "C[N+](C)(C)C",
    "N[C@@H](C)C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
)
# What no page may hold as it is: each would be run, or fetched, by a browser.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><svg onload=alert(1)>",
    "<!--<script>",
    "javascript:alert(1)//<iframe src=x>",
)
_LATIN = ("café", "5 µg/ml", "Straße 7")
_WIDE = ("日本語", "😀", "\u202edesrever", "zero\u200bwidth", "line\u2028end", "＝1+1", "ﬁ\u202ex")
_PLAIN_NOISE = (
    "=cmd|'/c calc'!A0",
    "@SUM(1)",
    "+1",
    "-1",
    "-x",
    "'quoted'",
    "''=1",
    "NULL",
    "nan",
    "None",
    "#N/A",
    "1e5",
    "00012",
    "TRUE",
    "1,5",
    "$$$$",
    "> <x>",
    "M  END",
    "&amp;&lt;b&gt;",
    "{{7*7}} %s %n ${x}",
    "back\\slash\\",
    "row-3",
    "../../etc/passwd",
    "  padded  ",
    "",
    "",
    "x" * 10_000,
)
_BREAKING = ('a"b', '"', '""', "x,y;z|w", "tab\tbed", "two\nlines", "three\r\nlines\n", "a\rb")
_CONTROL = ("bell\x07", "v\x0btab", "\x1cfs", "next\x85line")
_HEADERS = (
    "score",
    "rank",
    "row",
    "source",
    "reason",
    "structure",
    "=1+1",
    "",
    "note",
    "<script>alert(1)</script>",
    "a\nb",
    "h" * 300,
    "own:score",
    "row:key",
    "input_score",
)
FILE_NAMES = (
    "library",
    "with blank & 'quotes'",
    "naïve 日本",
    "100%20off",
    "[odd] {name}",
    "-dash",
    "a;b|c",
    "<b>bold<b>",
    "n" * 200,
)


@dataclass(frozen=True)
class OddRow:
    """A row: the line on which it begins, its structure and name, and its cells."""

    line: int
    smiles: str
    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class OddLibrary:
    """A table, what a user would say of it, and what is in it.

    Attributes
    ----------
    path : Path
    words : tuple of str
        Options that name its columns.
    columns : int
        Of the table.
    rows : list of OddRow
    """

    path: Path
    words: tuple[str, ...]
    columns: int
    rows: list[OddRow]


def write_odd_library(folder: Path, rows: int, seed: int) -> OddLibrary:
    """Write a table drawn by the seed, and return it with the truth about its rows."""
    draw = random.Random(seed)
    kind = draw.choices(("csv", "smi", "parquet", "xlsx"), (7, 2, 1, 1))[0]
    # Some libraries are odd throughout, and of some no row can be read.
    pools = draw.choices(((PLAIN, ODD, NO_STRUCTURES), (ODD,), (NO_STRUCTURES,)), (8, 1, 1))[0]
    structures = [draw.choice(draw.choice(pools)) for _ in range(rows)]
    stem = draw.choice(FILE_NAMES)
    if kind == "smi":
        return _smiles_file(folder / f"{stem}.smi", structures, draw)
    if kind == "parquet":
        return _parquet(folder / f"{stem}.parquet", structures, draw)
    if kind == "xlsx":
        return _excel(folder / f"{stem}.xlsx", structures, draw)
    return _text_table(folder / f"{stem}.{draw.choice(('csv', 'txt', 'tsv'))}", structures, draw)


def _text_table(path: Path, structures: Sequence[str], draw: random.Random) -> OddLibrary:
    delimiter = draw.choice((",", "\t", ";", "|"))
    end = draw.choice(("\n", "\r\n", "\r"))
    encoding = draw.choice(("utf-8", "utf-8-sig", "utf-16", "latin-1"))
    noise = (*_noise(encoding), *_BREAKING, *_CONTROL)
    header = ["note", "smiles", "name", draw.choice(_HEADERS)]
    out, truth, line = io.StringIO(newline=""), [], 1

    def put(cells: Sequence[str]) -> None:
        nonlocal line
        text = delimiter.join(_quoted(cell, delimiter, draw) for cell in cells) + end
        out.write(text)
        line += _line_breaks(text)

    put(header)
    for number, structure in enumerate(structures):
        smiles = structure if _fits(structure, encoding) else "CCN"
        cells = [draw.choice(noise), smiles, _name(number, noise, draw), draw.choice(noise)]
        kind = draw.random()
        if kind < 0.03:
            cells = cells[:3]
        elif kind < 0.06:
            cells += ["one", "too many"]
        elif kind < 0.08:
            out.write(end)
            line += 1
        name = cells[2].strip() or f"row-{line}"
        truth.append(OddRow(line, smiles.strip(), name, (*cells[:4], *[""] * (4 - len(cells)))))
        put(cells)
    path = _write(path, out.getvalue().encode(encoding), draw)
    return OddLibrary(path, ("-s", "smiles", "--id-column", "name"), len(header), truth)


def _smiles_file(path: Path, structures: Sequence[str], draw: random.Random) -> OddLibrary:
    end = draw.choice(("\n", "\r\n", "\r"))
    encoding = draw.choice(("utf-8", "latin-1"))
    noise = [text for text in _noise(encoding) if not text.startswith(" ")]
    # The first line tells what the file is.
    lines, truth = [f"CCO first{end}"], [OddRow(1, "CCO", "first", ("CCO", "first"))]
    for number, structure in enumerate(structures[1:], start=2):
        one_word = structure.split() == [structure] or structure.endswith("|")
        smiles = structure if one_word and _fits(structure, encoding) else "CCN"
        name = _name(number, noise, draw)
        truth.append(OddRow(number, smiles, name.strip() or f"row-{number}", (smiles, name)))
        lines.append(f"{smiles} {name}{end}")
    return OddLibrary(_write(path, "".join(lines).encode(encoding), draw), (), 2, truth)


def _parquet(path: Path, structures: Sequence[str], draw: random.Random) -> OddLibrary:
    noise = (*_noise("utf-8"), *_BREAKING, *_CONTROL)
    names = [_name(number, noise, draw) for number in range(len(structures))]
    other = [draw.choice(noise) for _ in structures]
    header = draw.choice([text for text in _HEADERS if text])
    table = pa.table({"smiles": list(structures), "name": names, header: other})
    pq.write_table(table, path, row_group_size=draw.choice((7, 1000)))
    truth = [
        OddRow(line, smiles.strip(), name.strip() or f"row-{line}", (smiles, name, cell))
        for line, (smiles, name, cell) in enumerate(zip(structures, names, other, strict=True), 1)
    ]
    return OddLibrary(path, ("-s", "smiles", "--id-column", "name"), 3, truth)


def _excel(path: Path, structures: Sequence[str], draw: random.Random) -> OddLibrary:
    noise = (*_noise("utf-8"), "two\nlines", 'a"b', "x,y;z|w", "tab\tbed")
    truth = []
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("smiles", "name", "note"))
        for row, structure in enumerate(structures, start=1):
            # A row without any cell is no row.
            cells = (structure, _name(row, noise, draw), draw.choice(noise) or "x")
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(row, column, cell)
            name = cells[1].strip() or f"row-{row + 1}"
            truth.append(OddRow(row + 1, structure.strip(), name, cells))
    return OddLibrary(path, ("-s", "smiles", "--id-column", "name"), 3, truth)


def _noise(encoding: str) -> tuple[str, ...]:
    return (*HOSTILE, *_PLAIN_NOISE, *_LATIN, *(() if encoding == "latin-1" else _WIDE))


def _name(number: int, noise: Sequence[str], draw: random.Random) -> str:
    return draw.choice((f"c{number}", f"c{number}", f"dup{number % 7}", "", draw.choice(noise)))


def _fits(text: str, encoding: str) -> bool:
    return encoding != "latin-1" or text.isascii()


def _write(path: Path, content: bytes, draw: random.Random) -> Path:
    if draw.random() < 0.2:
        path = path.with_name(f"{path.name}.gz")
        content = gzip.compress(content)
    path.write_bytes(content)
    return path


def _quoted(cell: str, delimiter: str, draw: random.Random) -> str:
    must = any(sign in cell for sign in (delimiter, '"', "\n", "\r"))
    if must or draw.random() < 0.3:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _line_breaks(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def read_strictly(path: Path, delimiter: str = ",") -> list[list[str]]:
    """Return the rows of a CSV file that any reader takes apart in the same way.

    Raises
    ------
    ValueError
        It is not UTF-8, has a NUL, is not quoted well, or its rows are not of one length.
    """
    text = path.read_bytes().decode("utf-8")
    if "\0" in text:
        raise ValueError("there is a NUL in it")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"rows have {sorted({len(row) for row in rows})} cells")
    return rows

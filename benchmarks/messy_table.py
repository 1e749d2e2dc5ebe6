"""Screen a table with every defect that tables have, and account for each of its rows.

    python benchmarks/messy_table.py --model model.ebm [--rows 100000] [--seed 0] [--workers 2]

The table has quotes, quoted line breaks, long and short rows, empty cells, broken and odd
structures, equal and missing names. The program knows on which line each row begins: it must be in
the scores or in the rejects, once, with its own text. Ends with status 1 otherwise.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from screening.library import ScreenOptions, screen

GOOD = (
    "CCO",
    "c1ccccc1O",
    "CC(=O)Nc1ccccc1",
    "[Na+].[O-]C(=O)c1ccccc1",
    "C[N+](C)(C)C",
    "N[C@@H](C)C(=O)O",
)
ODD = (
    "",
    " ",
    "nonsense",
    "C1CC",
    "c1ccccc1(",
    "[Xx]",
    "CCO CCN",
    "*",
    "[H][H]",
    "F/C=C/F",
    "'CCO'",
)
NOISE = (
    'a"b',
    "x,y",
    "p;q",
    "tab\tbed",
    "two\nlines",
    "three\r\nlines\n",
    "=cmd()",
    "日本語",
    "é",
    "  ",
    "",
)


@dataclass(frozen=True)
class MessyRow:
    """A row's structure and name, and the line on which it begins in the file."""

    line: int
    smiles: str
    name: str


def write_messy_table(path: Path, rows: int, seed: int) -> list[MessyRow]:
    """Write the table and return its rows."""
    draw = random.Random(seed)
    delimiter = draw.choice((",", "\t", ";"))
    end = draw.choice(("\n", "\r\n"))
    bom = "\ufeff" if draw.random() < 0.5 else ""
    truth, line = [], 1
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(bom)

        def put(cells: list[str]) -> None:
            nonlocal line
            quoted = [_quoted(cell, delimiter, draw) for cell in cells]
            text = delimiter.join(quoted) + end
            file.write(text)
            line += _line_breaks(text)

        put(["note", "smiles", "name", "value"])
        for number in range(rows):
            smiles = draw.choice(GOOD) if draw.random() < 0.8 else draw.choice(ODD)
            name = draw.choice((f"c{number}", f"c{number}", f"dup{number % 7}", ""))
            cells = [draw.choice(NOISE), smiles, name, str(draw.random())]
            kind = draw.random()
            if kind < 0.02:
                cells = cells[:3]  # a short row
            elif kind < 0.04:
                cells += ["one", "too many"]
            truth.append(MessyRow(line, smiles, name))
            put(cells)
    return truth


def _quoted(cell: str, delimiter: str, draw: random.Random) -> str:
    must = any(sign in cell for sign in (delimiter, '"', "\n", "\r"))
    if must or draw.random() < 0.3:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _line_breaks(text: str) -> int:
    return text.replace("\r\n", "\n").count("\n")


def faults_of(run: Path, truth: list[MessyRow]) -> list[str]:
    """Return what is wrong with a finished run, in sentences; nothing when all rows are there."""
    found: dict[int, tuple[str, str]] = {}
    faults = []

    def meet(line: int, smiles: str, name: str) -> None:
        if line in found:
            faults.append(f"line {line} is there twice")
        found[line] = (smiles, name)

    for part in sorted((run / "scores").glob("*.parquet")):
        for row in pq.read_table(part, columns=["row", "smiles", "id"]).to_pylist():
            meet(row["row"], row["smiles"], row["id"])
    with (run / "rejects.csv").open(encoding="utf-8", newline="") as file:
        for reject in csv.DictReader(file):
            meet(int(reject["row"]), reject["smiles"], reject["id"])
    for row in truth:
        if row.line not in found:
            faults.append(f"line {row.line} is lost")
            continue
        smiles, name = found.pop(row.line)
        if smiles.strip() != row.smiles.strip():
            faults.append(f"line {row.line} has structure {smiles!r}, not {row.smiles!r}")
        if row.name and name != row.name:
            faults.append(f"line {row.line} has name {name!r}, not {row.name!r}")
    faults += [f"line {line} was invented" for line in found]
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "messy.csv"
        truth = write_messy_table(table, given.rows, given.seed)
        options = ScreenOptions(smiles_column="smiles", id_column="name", workers=given.workers)
        started = time.perf_counter()
        summary = screen([str(table)], given.model, Path(folder) / "run", options)
        seconds = time.perf_counter() - started
        faults = faults_of(Path(folder) / "run", truth)
    counts = summary.counts
    print(
        f"{len(truth)} rows written; {counts.read} read = {counts.scored} scored + "
        f"{counts.rejected} rejected; {len(faults)} faults; {seconds:.0f} s"
    )
    for fault in faults[:20]:
        print(fault)
    return 1 if faults or counts.read != len(truth) else 0


if __name__ == "__main__":
    sys.exit(main())

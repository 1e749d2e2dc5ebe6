"""Push odd tables of odd structures through every command, and account for each of their rows.

    python benchmarks/odd_libraries.py --cases 100 --rows 60 --seed 0

Each case is a library with every defect that tables and structures have: dialects, encodings, line
ends, quoted line breaks, hostile names, organometallics, polymers, isotopes, radicals, queries,
macrocycles, broken SMILES (see odd_tables.py and odd_structures.py). It is screened twice,
reported, prepared, screened as prepared, predicted into two kinds of file, and two of its
structures are explained. Every tenth case trains the model anew, on an assay of odd structures.
Each row must be scored or rejected once, with its own text and the same scores everywhere. Ends
with status 1 otherwise.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
from odd_structures import ODD
from odd_tables import HOSTILE, OddLibrary, read_strictly, write_odd_library

from screening.tables import guard_formula, read_csv, read_table
from workflows.cli import main as ebmscreen

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
_SAYS = "ebmscreen: "
_SCORES = ("score", "score_std", "p_active", "p_inactive", "novelty_percentile")


@dataclass(frozen=True)
class Said:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        """The errors that it tells."""
        return [line for line in self.err.splitlines() if line.startswith(_SAYS)]


@dataclass
class Findings:
    """What cases came to.

    Attributes
    ----------
    faults : list of str
        What is wrong, in sentences.
    rows, scored : int
    rejected : Counter
        Rows by reason.
    commands : Counter
        Commands by name and status.
    """

    faults: list[str] = field(default_factory=list)
    rows: int = 0
    scored: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)

    def add(self, other: Findings) -> None:
        """Count another case too."""
        self.faults += other.faults
        self.rows += other.rows
        self.scored += other.scored
        self.rejected += other.rejected
        self.commands += other.commands

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.rejected.most_common())
        return (
            f"{self.rows} rows: {self.scored} scored, {self.rejected.total()} rejected "
            f"({reasons}); {len(self.faults)} wrong"
        )

    def run(self, *words: object) -> Said:
        """Run a command in this process; it must be done, or say in one sentence why not."""
        told, err = io.BytesIO(), io.StringIO()
        out = io.TextIOWrapper(told, "utf-8")
        name = str(words[0])
        try:
            with redirect_stdout(out), redirect_stderr(err):
                status = ebmscreen([str(word) for word in words])
        except Exception as error:  # what must not happen, whatever it is
            status = -1
            self.faults.append(f"{name} raised {type(error).__name__}: {str(error)[:300]}")
        out.flush()
        said = Said(status, told.getvalue().decode(), err.getvalue())
        self.commands[f"{name} {status}"] += 1
        if status not in (-1, 0, 1):
            self.faults.append(f"{name} ended with status {status}: {said.err[-300:]}")
        for noise in ("Traceback", "WARNING"):
            self.check(noise not in said.err, f"{name} says {noise}: {said.err[-300:]}")
        if len(said.sentences) != (status == 1):
            self.faults.append(f"{name} ended with {status} and said {said.err[-300:]!r}")
        return said

    def done(self, *words: object) -> bool:
        """Run a command that must succeed."""
        said = self.run(*words)
        if said.status == 1:
            self.faults.append(f"{words[0]} refused: {said.sentences}")
        return said.status == 0

    def check(self, fine: bool, sentence: str) -> None:
        """Note a fault unless all is fine."""
        if not fine:
            self.faults.append(sentence)

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Note as a fault that something cannot be read."""
        try:
            yield
        except Exception as error:  # whatever a reader raises
            self.faults.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")


def train_odd_model(folder: Path, seed: int) -> tuple[Path, Findings]:
    """Train a model on an assay in which every third structure is odd."""
    draw = random.Random(seed)
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        plain = [(row["mol"], row["Class"]) for row in csv.DictReader(file)]
    odd = [(smiles, draw.choice("01")) for smiles in draw.sample(ODD, 40)]
    rows = [*draw.sample(plain, 80), *odd]
    draw.shuffle(rows)
    assay, model, found = folder / "assay.csv", folder / "model.ebm", Findings()
    with assay.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "name", "active"])
        writer.writerows([s, draw.choice((*HOSTILE, f"m{n}")), y] for n, (s, y) in enumerate(rows))
    features = draw.choice(
        (
            "morgan_counts,atom_pairs,torsions,descriptors",
            "fcfp_counts,rdkit_path,maccs,avalon",
            "morgan_bits,erg,rdkit_descriptors",
        )
    )
    words = ["-t", "active", "--features", features, "--blend", draw.choice(("none", "forest"))]
    quick = ["--ensemble-size", 1, "--epochs", 2, "-n", 1, "-q"]
    if found.done("train", assay, "-o", model, *words, *quick):
        found.done("report", model)
        told = json.loads(found.run("inspect", model, "--json").out)
        ledger = told["provenance"]["ledger"]
        kept = ledger["kept"] + len(ledger["rejects"]) + ledger["unlabelled"]
        kept += sum(len(merge["rows"]) - 1 for merge in ledger["merges"])
        kept += sum(conflict["resolution"] == "dropped" for conflict in ledger["conflicts"])
        found.check(ledger["read"] == len(rows) == kept, f"train kept {kept} of {len(rows)} rows")
    return model, found


def faults_of(library: OddLibrary, model: Path, folder: Path, seed: int = 0) -> Findings:
    """Push a library through every command, and return what is wrong."""
    found, draw = Findings(), random.Random(seed)
    run, given = folder / "run", ("-m", model, "-n", 1, "-q")
    screen = ("screen", library.path, "-o", run, *given, *library.words, "--no-report")
    screen += ("--top", draw.choice((5, 1000)), "--shard-size", draw.choice((7, 2000)))
    if not found.done(*screen):
        return found
    scores = _rows_of(run, library, found)
    found.rows, found.scored = len(library.rows), len(scores)
    found.rejected.update(read_csv(run / "rejects.csv")["reason"])
    _check_run(run, library, scores, found)
    before = _digests(run)
    found.done(*screen)
    found.check(_digests(run) == before, "the same command again changed files")
    _check_report(run, found)
    _check_prepared(library, scores, run, folder, given, found)
    _check_predictions(library, scores, folder, given, draw, found)
    for row in draw.sample(library.rows, 2):
        _check_picture(row.smiles, scores.get(row.line), model, folder / "why.svg", found)
    return found


def _rows_of(run: Path, library: OddLibrary, found: Findings) -> dict[int, dict[str, Any]]:
    """Return scored rows by line; every row must be there or among the rejects, once."""
    scores = {}
    met: dict[int, tuple[str, str]] = {}

    def meet(line: int, smiles: str, name: str) -> None:
        found.check(line not in met, f"line {line} is there twice")
        met[line] = (smiles, name)

    for part in sorted((run / "scores").glob("*.parquet")):
        for row in pq.read_table(part).to_pylist():
            meet(row["row"], row["smiles"], row["id"])
            scores[row["row"]] = row
    for reject in read_csv(run / "rejects.csv").to_dict("records"):
        meet(int(reject["row"]), reject["smiles"], reject["id"])
    for row in library.rows:
        got = met.pop(row.line, None)
        wanted = (row.smiles, row.name)
        found.check(got == wanted, f"line {row.line} is {str(got)[:200]}, not {wanted!r:.200}")
    found.check(not met, f"lines {sorted(met)} were invented")
    return scores


def _check_run(
    run: Path, library: OddLibrary, scores: dict[int, dict[str, Any]], found: Findings
) -> None:
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))["counts"]
    sums = told["read"] == told["scored"] + told["rejected"] == len(library.rows)
    found.check(sums and told["scored"] == len(scores), f"counts do not add up: {told}")
    with found.reading("rejects.csv"):
        rejects = read_strictly(run / "rejects.csv")[1:]
        found.check(len(rejects) == told["rejected"], f"rejects.csv has {len(rejects)} rows")
    with found.reading("hits.csv"):
        head, *hits = read_strictly(run / "hits.csv")
        for rank, cells in enumerate(hits, start=1):
            hit = dict(zip(head, cells, strict=True))
            row = next(row for row in library.rows if row.line == int(hit["row"]))
            same = hit["rank"] == str(rank) and hit["id"] == guard_formula(row.name)
            same &= float(hit["score"]) == scores[row.line]["score"]
            found.check(same, f"hit {rank} is not the row on line {row.line}")


def _check_report(run: Path, found: Findings) -> None:
    if not found.done("report", run, "-n", 1, "-q"):
        return
    page = (run / "report.html").read_text(encoding="utf-8")
    for text in HOSTILE:
        found.check(text not in page, f"report.html holds {text}")
    found.check(page.count("</html>") == 1, "report.html does not end as a page")


def _check_prepared(
    library: OddLibrary,
    scores: dict[int, dict[str, Any]],
    run: Path,
    folder: Path,
    given: tuple[object, ...],
    found: Findings,
) -> None:
    prepared, again = folder / "prepared.parquet", folder / "run of prepared"
    prepare = ("prepare", library.path, "-o", prepared, *given, *library.words)
    if not found.done(*prepare):
        return
    before = _digests(prepared)
    found.done(*prepare)
    found.check(_digests(prepared) == before, "preparing again changed files")
    if found.done("screen", prepared, "-o", again, *given, "--no-report"):
        same = _rows_of(again, library, found)
        found.check(_told(same) == _told(scores), "a prepared library has other scores")
        rejects = [read_csv(folder / "rejects.csv") for folder in (run, again)]
        found.check(rejects[0].equals(rejects[1]), "a prepared library has other rejects")


def _check_predictions(
    library: OddLibrary,
    scores: dict[int, dict[str, Any]],
    folder: Path,
    given: tuple[object, ...],
    draw: random.Random,
    found: Findings,
) -> None:
    wanted = [scores[row.line]["score"] if row.line in scores else None for row in library.rows]
    for end in ("csv", draw.choice(("tsv", "xlsx", "sdf", "parquet"))):
        path = folder / f"predictions.{end}"
        if not found.done("predict", library.path, "-o", path, *given, *library.words):
            continue
        with found.reading(path.name):
            cells, told = _predicted(path, library)
            found.check(told == wanted, f"{path.name} has other scores, or another order")
            for row, got in zip(library.rows, cells, strict=True):
                same = end in ("sdf", "xlsx") or got == _guarded(row.cells, end)
                found.check(same, f"{path.name}: line {row.line} has the cells {got!r:.300}")


def _predicted(path: Path, library: OddLibrary) -> tuple[list[tuple[str, ...]], list[float | None]]:
    """Return the library's own cells, and the score, of each row of a file of predictions."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        own = [table.column(i).to_pylist() for i in range(library.columns)]
        return list(zip(*own, strict=True)), table["score"].to_pylist()
    if path.suffix in (".csv", ".tsv"):
        head, *rows = read_strictly(path, "\t" if path.suffix == ".tsv" else ",")
        place = head.index("score")
        cells = [tuple(row[: library.columns]) for row in rows]
        return cells, [float(row[place]) if row[place] else None for row in rows]
    smiles = "smiles_2" if path.suffix == ".sdf" else "smiles"
    found = read_table(str(path), smiles_column=smiles).cells
    scores = [float(text) if text else None for text in found["score"]]
    return [() for _ in scores], scores


def _guarded(cells: tuple[str, ...], end: str) -> tuple[str, ...]:
    return cells if end == "parquet" else tuple(map(guard_formula, cells))


def _check_picture(
    smiles: str, scored: dict[str, Any] | None, model: Path, path: Path, found: Findings
) -> None:
    path.unlink(missing_ok=True)
    said = found.run("explain", "-m", model, "-o", path, "--", smiles)
    found.check(path.exists() == (said.status == 0), f"explain {smiles[:80]}: status and file")
    if said.status == 0:
        with found.reading("the picture"):
            ElementTree.parse(path)  # noqa: S314 - we wrote it
        alike = scored is None or abs(float(said.out.split()[-1]) - scored["score"]) < 2e-6
        found.check(alike, f"explain {smiles[:80]} has another score")


def _told(scores: dict[int, dict[str, Any]]) -> dict[int, tuple[Any, ...]]:
    return {line: tuple(row[name] for name in _SCORES) for line, row in scores.items()}


def _digests(folder: Path) -> dict[str, str]:
    """Return a hash of each file of results; times and options may change."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.suffix in (".csv", ".parquet")
    }


def check_case(folder: Path, model: Path, rows: int, seed: int) -> Findings:
    """Make a library, push it through, and name its seed beside each fault."""
    folder.mkdir()
    library = write_odd_library(folder, rows, seed)
    found = faults_of(library, model, folder, seed)
    found.faults = [f"seed {seed} ({library.path.name[:40]}): {fault}" for fault in found.faults]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    whole, started = Findings(), time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(given.cases):
            seed = given.seed + number
            with tempfile.TemporaryDirectory(dir=scratch) as name:
                if number % 10 == 0:
                    model, found = train_odd_model(Path(scratch), seed)
                    whole.add(found)
                found = check_case(Path(name) / "case", model, given.rows, seed)
            whole.add(found)
            for fault in found.faults[:5]:
                print(fault, flush=True)
            if number % 10 == 9:
                print(f"{number + 1} libraries, {whole}", file=sys.stderr, flush=True)
    print(f"{given.cases} libraries, {whole}; {time.perf_counter() - started:.0f} s")
    print(", ".join(f"{name}: {count}" for name, count in sorted(whole.commands.items())))
    return 1 if whole.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Standardising with the short cut against RDKit's whole pipeline: differences and time.

    python benchmarks/standardise.py [--data ../shared/data] [--rows 10000]

Both sides standardise the same parsed molecules in the same process; every result is compared as
canonical SMILES. Ends with status 1 when a single one differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rdkit import Chem, rdBase

from screening.chemistry import Failure, Standardiser, canonical_smiles, read_molecule
from screening.chemistry.standardise import needs_nothing
from screening.tables import open_library

SETS = (
    "lib_moses/train.csv.gz",
    "lib_walters/set_A.smi.gz",
    "lib_walters/set_B.smi.gz",
    "hiv/HIV.csv.gz",
    "muv/muv.csv.gz",
    "tox21/tox21.csv.gz",
    "lib_nci5k/first_5K.smi",
    "lib_wehi/wehi_mols.csv.gz",
    "bbbp/BBBP.csv",
    "b3db/B3DB_classification.tsv.gz",
    "clintox/clintox.csv",
    "sider/sider.csv",
    "bace/bace.csv",
    "moleculeace/*.csv",
)


def molecules(path: Path, rows: int) -> Iterator[Chem.Mol]:
    """Yield what can be read of the first rows."""
    stream = open_library([str(path)])
    for smiles in islice((text for chunk in stream for text in chunk.smiles), rows):
        mol = read_molecule(smiles)
        if not isinstance(mol, Failure):
            yield mol


def main() -> int:
    """Compare, print one line a set and the total."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rows", type=int, default=10_000, help="of each set at most")
    options = parser.parse_args()
    standardiser = Standardiser("parent")
    total = dict.fromkeys(("molecules", "skipped", "changed", "differences"), 0)
    seconds = [0.0, 0.0]
    print(f"{'set':34}{'molecules':>10}{'skipped':>9}{'changed':>9}{'differ':>7}{'ratio':>7}")
    for name in SETS:
        mols = list(molecules(options.data / name, options.rows))
        with rdBase.BlockLogs():
            start = time.perf_counter()
            short = [standardiser(mol) for mol in mols]
            middle = time.perf_counter()
            whole = [standardiser.full_parent(mol) for mol in mols]
            spent = middle - start, time.perf_counter() - middle
        pairs = [
            (canonical_smiles(a), canonical_smiles(b)) for a, b in zip(short, whole, strict=True)
        ]
        for given, (a, b) in zip(mols, pairs, strict=True):
            if a != b:
                print(f"  {canonical_smiles(given)}: {a} instead of {b}")
        figures = {
            "molecules": len(mols),
            "skipped": sum(map(needs_nothing, mols)),
            "changed": sum(canonical_smiles(m) != b for m, (_, b) in zip(mols, pairs, strict=True)),
            "differences": sum(a != b for a, b in pairs),
        }
        line(name, figures, spent)
        total = {key: total[key] + value for key, value in figures.items()}
        seconds = [s + t for s, t in zip(seconds, spent, strict=True)]
    line("all", total, seconds)
    return int(total["differences"] > 0)


def line(name: str, figures: dict[str, int], spent: list[float] | tuple[float, float]) -> None:
    """Print counts and the ratio of times, whole pipeline over short cut."""
    n = figures["molecules"]
    shares = "".join(f"{figures[key] / n:9.1%}" for key in ("skipped", "changed"))
    print(
        f"{name:34}{n:10}{shares}{figures['differences']:7}{spent[1] / spent[0]:7.1f}", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())

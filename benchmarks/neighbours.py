"""Nearest training compounds beside RDKit's BulkTanimotoSimilarity, on one thread.

    python benchmarks/neighbours.py [--queries 1000] [--repeats 3]

Known compounds and queries are molecules of the bundled WEHI and BACE-1 files (Morgan bits, radius
2, 2048). Both sides start from their own fingerprint objects, find the most similar known compound
of every query, and must agree on every similarity. In turns; the best of the repeats counts.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import time
from pathlib import Path

import numpy as np
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from threadpoolctl import threadpool_limits

from screening.trust import nearest

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
KNOWN = (1000, 3000, 10_000)


def bit_vectors(smiles: list[str]) -> list[DataStructs.ExplicitBitVect]:
    """Return Morgan fingerprints of what can be read."""
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    with rdBase.BlockLogs():
        mols = [Chem.MolFromSmiles(text) for text in smiles]
    return [generator.GetFingerprint(mol) for mol in mols if mol is not None]


def packed(vectors: list[DataStructs.ExplicitBitVect]) -> np.ndarray:
    """Return the same bits as uint8 rows."""
    rows = np.zeros((len(vectors), 2048), np.uint8)
    for row, vector in zip(rows, vectors, strict=True):
        DataStructs.ConvertToNumpyArray(vector, row)
    return np.packbits(rows, axis=1)


def by_rdkit(queries: list, known: list) -> np.ndarray:
    """Return each query's highest similarity."""
    return np.array([max(DataStructs.BulkTanimotoSimilarity(query, known)) for query in queries])


def main() -> int:
    """Print microseconds a query, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with gzip.open(SAMPLES / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        known = bit_vectors([row[0] for row in csv.reader(file)])
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        queries = bit_vectors([row["mol"] for row in csv.DictReader(file)])[: args.queries]
    packed_queries = packed(queries)
    wrong = 0
    print(f"{'known':>8}{'RDKit, us':>12}{'ours, us':>12}{'ratio':>8}")
    for count in KNOWN:
        part, table = known[:count], packed(known[:count])
        best = {"rdkit": np.inf, "ours": np.inf}
        for _ in range(args.repeats):
            started = time.perf_counter()
            theirs = by_rdkit(queries, part)
            between = time.perf_counter()
            with threadpool_limits(1):
                _, ours = nearest(packed_queries, table)
            best["rdkit"] = min(best["rdkit"], between - started)
            best["ours"] = min(best["ours"], time.perf_counter() - between)
        wrong += int((np.abs(ours - theirs) > 1e-6).sum())
        rdkit, mine = (1e6 * best[side] / len(queries) for side in ("rdkit", "ours"))
        print(f"{len(part):8}{rdkit:12.0f}{mine:12.0f}{rdkit / mine:8.1f}")
    print(f"{wrong} similarities differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

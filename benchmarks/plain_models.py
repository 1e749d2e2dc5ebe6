"""What others would write: a random forest on Morgan counts, and scikit-fingerprints alone.

    python benchmarks/plain_models.py forest-train TRAIN.csv MODEL.joblib --workers 2
    python benchmarks/plain_models.py forest-predict LIBRARY.csv MODEL.joblib OUT.csv --workers 2
    python benchmarks/plain_models.py fingerprints LIBRARY.csv --workers 2

Started by `against_others.py`, with the Python that has scikit-learn, RDKit and
scikit-fingerprints. Tables have the columns smiles and, to train, active.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import sys
from pathlib import Path

import numpy as np

CHUNK = 1000


def read(path: str) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counts(smiles: list[str]) -> np.ndarray:
    """Return Morgan counts, radius 2, 2048 positions; zeros for what cannot be read."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    generator = GetMorganGenerator(radius=2, fpSize=2048)
    table = np.zeros((len(smiles), 2048), np.float32)
    with rdBase.BlockLogs():
        for row, text in zip(table, smiles, strict=True):
            mol = Chem.MolFromSmiles(text)
            if mol is not None:
                row[:] = generator.GetCountFingerprintAsNumPy(mol)
    return table


def _start(path: str) -> None:
    import joblib

    global forest
    forest = joblib.load(path)
    forest.n_jobs = 1


def _score(smiles: list[str]) -> np.ndarray:
    return forest.predict_proba(counts(smiles))[:, 1]


def forest_train(table: str, model: str, workers: int) -> None:
    import joblib
    from sklearn.ensemble import RandomForestClassifier

    rows = read(table)
    labels = np.array([int(row["active"]) for row in rows])
    fitted = RandomForestClassifier(500, random_state=0, n_jobs=workers)
    joblib.dump(fitted.fit(counts([row["smiles"] for row in rows]), labels), model)


def forest_predict(table: str, model: str, out: str, workers: int) -> None:
    rows = read(table)
    smiles = [row["smiles"] for row in rows]
    chunks = [smiles[start : start + CHUNK] for start in range(0, len(smiles), CHUNK)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _start, (model,)) as pool:
        scores = np.concatenate(list(pool.imap(_score, chunks)))
    with Path(out).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "score"])
        writer.writerows(zip(smiles, scores, strict=True))


def fingerprints(table: str, workers: int) -> None:
    from skfp.fingerprints import ECFPFingerprint

    smiles = [row["smiles"] for row in read(table)]
    transformer = ECFPFingerprint(count=True, sparse=True, n_jobs=workers)
    print(transformer.transform(smiles).shape)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["forest-train", "forest-predict", "fingerprints"])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    run = {
        "forest-train": forest_train,
        "forest-predict": forest_predict,
        "fingerprints": fingerprints,
    }[given.what]
    run(*given.paths, given.workers)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Plain models to compare with: a random forest on Morgan counts, and scikit-fingerprints alone.

    python benchmarks/plain_models.py forest-train TRAIN.csv MODEL.txt --workers 2
    python benchmarks/plain_models.py forest-predict LIBRARY.csv MODEL.txt OUT.csv --workers 2
    python benchmarks/plain_models.py fingerprints LIBRARY.csv --workers 2

Started by `against_others.py`, with the Python that has scikit-learn, RDKit and
scikit-fingerprints. Tables have the columns smiles and, to train, active. MODEL names the training
table: a forest is fitted again before it predicts, since scikit-learn would store it as a pickle.
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


def fitted(table: str, workers: int):
    from sklearn.ensemble import RandomForestClassifier

    rows = read(table)
    labels = np.array([int(row["active"]) for row in rows])
    forest = RandomForestClassifier(500, random_state=0, n_jobs=workers)
    return forest.fit(counts([row["smiles"] for row in rows]), labels)


def _score(smiles: list[str]) -> np.ndarray:
    return forest.predict_proba(counts(smiles))[:, 1]


def forest_train(table: str, model: str, workers: int) -> None:
    fitted(table, workers)
    Path(model).write_text(str(Path(table).resolve()), encoding="utf-8")


def forest_predict(table: str, model: str, out: str, workers: int) -> None:
    global forest
    forest = fitted(Path(model).read_text(encoding="utf-8"), workers)
    forest.n_jobs = 1
    rows = read(table)
    smiles = [row["smiles"] for row in rows]
    chunks = [smiles[start : start + CHUNK] for start in range(0, len(smiles), CHUNK)]
    # Forked, so that the workers have the forest without a file.
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        scores = np.concatenate(list(pool.imap(_score, chunks)))
    with Path(out).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "score"])
        writer.writerows(zip(smiles, scores, strict=True))


def fingerprints(table: str, workers: int) -> None:
    try:
        from skfp.fingerprints import ECFPFingerprint
    except ImportError as error:
        raise SystemExit("scikit-fingerprints is not installed for this Python.") from error

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

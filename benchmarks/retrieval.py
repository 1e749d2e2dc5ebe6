"""How well networks alone find hidden actives in a library, with any settings.

    python benchmarks/retrieval.py [--seeds 1 2 3 4] [--set learning_rate=0.001 ...]

Splits as in `ebmscreen demo`, whose own is seed 0. The networks are scored by their mean logit,
beside a random forest on the same columns: no blend and no calibration.
"""

from __future__ import annotations

import argparse
import ast
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from screening.assay import curate
from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.demo import Retrieval, hide, judge
from screening.features import Encoder, FeatureSet
from screening.learners import ModelOptions
from screening.learners.baselines import morgan_forest
from screening.learners.ensemble import Ensemble
from screening.learners.networks import EncodedPart, train_ensembles
from screening.tables import read_table

FIGURES = ("roc_auc_held_out", "roc_auc", "ef_1", "ef_5", "bedroc_20", "hits_in_top_100")


def settings(given: list[str]) -> ModelOptions:
    """Return the default options with `name=value` changes."""
    changes = dict(entry.split("=", 1) for entry in given)
    return replace(ModelOptions(), **{k: ast.literal_eval(v) for k, v in changes.items()})


def one_split(seed: int, options: ModelOptions, workers: int) -> list[Retrieval]:
    """Train both models on one split and judge them on the same library."""
    with tempfile.TemporaryDirectory() as folder:
        known = hide(Path(folder), seed)
        table = read_table(f"{folder}/assay.csv", smiles_column="smiles", id_column="id")
        assay = curate(table, ("active",))
        library = read_table(f"{folder}/library.csv", smiles_column="smiles", id_column="id")
    standardiser, features = Standardiser(options.standardize), FeatureSet(options.features)
    read = [prepare_molecule(smiles, standardiser) for smiles in library.smiles]
    kept = [i for i, mol in enumerate(read) if not isinstance(mol, Failure)]
    raw = features.by_block(assay.mols)
    encoder = Encoder().fit(raw)
    x, x_library = (
        encoder.transform(raw),
        encoder.transform(features.by_block([read[i] for i in kept])),
    )
    labels = pd.Series([library.ids[i] for i in kept]).map(known)
    part = EncodedPart(x, assay.labels, seed * 1000, options.ensemble_size)
    (trained,) = train_ensembles([part], options, workers=workers)
    ensemble = Ensemble(trained.members, x.shape[1])
    parts = range(0, x_library.shape[0], 1000)
    logits = np.concatenate([ensemble.logits(x_library[i : i + 1000]) for i in parts], axis=1)
    fitted = morgan_forest(seed).make(x, assay.labels[:, 0], workers)
    forest = fitted.predict_proba(x_library)[:, 1]
    return [
        judge("DBN ensemble", labels, logits.mean(axis=0)[:, 0]),
        judge("Random forest", labels, forest),
    ]


def main() -> None:
    """Print a line a split and model, then means and standard deviations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("-n", "--num-workers", type=int, default=2)
    given = parser.parse_args()
    options = settings(given.set)
    print("seed model            " + " ".join(f"{name:>16}" for name in FIGURES))
    found: dict[str, list[list[float]]] = {}
    for seed in given.seeds:
        for result in one_split(seed, options, given.num_workers):
            row = [float(getattr(result, name)) for name in FIGURES]
            found.setdefault(result.name, []).append(row)
            print(f"{seed:4} {result.name:16} " + " ".join(f"{v:16.3f}" for v in row), flush=True)
    for name, rows in found.items():
        print(f"mean {name:16} " + " ".join(f"{v:16.3f}" for v in np.mean(rows, axis=0)))
        if len(rows) > 1:
            print(f"  sd {name:16} " + " ".join(f"{v:16.3f}" for v in np.std(rows, axis=0, ddof=1)))


if __name__ == "__main__":
    main()

"""How often prediction sets miss the class of a new compound, by class, beside what they promise.

    python benchmarks/coverage.py -o cells/ --data ../shared/data --seeds 5

For each of ten assays and each seed, a fifth of the compounds is set aside: at random, which is
what the sets promise to hold for, or as whole scaffolds (`--splits scaffold`), which is harder. The
model learns from the rest as `train` has it. Each cell of assay, split and seed is a table of its
own below `-o`, and is not computed again: a run that was stopped goes on, and figures are printed
of the cells that are there. `--quick` takes 560 compounds of an assay and small networks without
pretraining, at a tenth of the time; its cells are others than those of the default.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from screening.assay import Assay, choose_targets, curate, make_threshold
from screening.chemistry import Standardiser
from screening.evaluation import (
    Parts,
    draw_parts,
    expected_calibration_error,
    grouped_parts,
    random_parts,
)
from screening.learners import Compounds, ModelOptions
from screening.model import train_model
from screening.tables import read_table

ASSAYS = {
    "BACE": ("bace/bace.csv", "Class", None),
    "BBBP": ("bbbp/BBBP.csv", "p_np", None),
    "ClinTox": ("clintox/clintox.csv", "CT_TOX", None),
    **{
        name: (f"moleculeace/{name}_Ki.csv", "y", -2.0)
        for name in (
            "CHEMBL1862",
            "CHEMBL219",
            "CHEMBL231",
            "CHEMBL262",
            "CHEMBL2971",
            "CHEMBL4005",
            "CHEMBL4203",
        )
    },
}
RISKS = (0.05, 0.1, 0.2)
QUICK = {
    "features": ("morgan_counts", "descriptors"),
    "hidden": (128,),
    "ensemble_size": 2,
    "pretrain": "none",
}
QUICK_COMPOUNDS = 700  # of which four fifths are learned from


class Cell(NamedTuple):
    """One model: what it learns from, how the others were set aside, and the seed of all that."""

    assay: str
    split: str
    seed: int
    quick: bool

    def path(self, folder: Path) -> Path:
        """Return where the cell's table is."""
        kind = "-quick" if self.quick else ""
        return folder / f"{self.assay}-{self.split}-{self.seed}{kind}.csv"


def main() -> None:
    """Compute the cells that are missing, and print the table of those that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--assays", nargs="+", default=list(ASSAYS))
    parser.add_argument("--splits", nargs="+", default=["random"], choices=["random", "scaffold"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("-n", "--num-workers", type=int, default=1)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    wanted = [
        Cell(assay, split, seed, arguments.quick)
        for seed in range(arguments.seeds)
        for split in arguments.splits
        for assay in arguments.assays
    ]
    compounds = cache(partial(read_assay, arguments.data))
    for cell in wanted:
        path = cell.path(arguments.output)
        if not path.exists():
            table = compute(cell, compounds(cell.assay), arguments.num_workers)
            table.to_csv(path, index=False)
            print(*cell, flush=True)
    report({cell: pd.read_csv(cell.path(arguments.output)) for cell in wanted})


def read_assay(data: Path, name: str) -> Assay:
    """Return an assay, curated."""
    file, target, above = ASSAYS[name]
    # MoleculeACE's values are -log10 of nM: 100 nM is -2, and itself active.
    threshold = None if above is None else make_threshold(above - 1e-9, None)
    table = read_table(str(data / file), smiles_column=None, id_column=None)
    targets = choose_targets(table, (target,), threshold, lambda _: None)
    return curate(table, targets, threshold=threshold, standardiser=Standardiser("parent"))


def compute(cell: Cell, assay: Assay, workers: int) -> pd.DataFrame:
    """Train on one part, and return what is said of each compound of the other."""
    if cell.quick:
        order = np.random.default_rng(0).permutation(len(assay))
        assay = assay.take(np.sort(order[:QUICK_COMPOUNDS]))
    options = ModelOptions(seed=cell.seed, **(QUICK if cell.quick else {}))
    compounds = Compounds(assay, workers)
    ways: dict[str, Callable[[np.random.Generator], Parts]] = {
        "random": lambda rng: random_parts(len(assay), rng),
        "scaffold": lambda rng: grouped_parts(compounds.scaffolds, rng),
    }
    parts = draw_parts(ways[cell.split], assay.labels, [9, cell.seed]).parts
    if parts is None:
        raise SystemExit(f"no split of {cell.assay} has both classes in every part")
    test = np.concatenate([parts.valid, parts.test])
    model = train_model(assay.take(parts.train), options, workers=workers)
    scores = model.score(compounds.raw(options.blocks).take(test), compounds.fingerprints[test])
    return pd.DataFrame(
        {
            "active": assay.labels[test, 0].astype(int),
            "score": scores.score[:, 0],
            "p_active": scores.p_active[:, 0],
            "p_inactive": scores.p_inactive[:, 0],
            "similarity": scores.nearest_similarity,
        }
    )


def report(cells: dict[Cell, pd.DataFrame]) -> None:
    """Print for each assay the share of each class that is missed, and the means over assays."""
    rows = []
    for cell, table in cells.items():
        own = table["p_active"].where(table["active"] == 1, table["p_inactive"])
        sets = table[["p_active", "p_inactive"]]
        row: dict[str, object] = {"split": cell.split, "assay": cell.assay, "cells": 1}
        for name, label in (("actives", 1), ("inactives", 0)):
            for risk in RISKS:
                row[f"{name} {risk:g}"] = (own[table["active"] == label] <= risk).mean()
        row["either at 0.1"] = (sets > 0.1).all(axis=1).mean()
        row["ECE"] = expected_calibration_error(
            table["active"].to_numpy(float), table["score"].to_numpy()
        )
        rows.append(row)
    every = pd.DataFrame(rows)
    figures = {name: "sum" if name == "cells" else "mean" for name in every.columns[2:]}
    by_assay = every.groupby(["split", "assay"]).agg(figures)
    means = by_assay.groupby("split").agg(figures)
    print("share of each class that is missed at each risk, means over seeds")
    print(by_assay.round(3).to_string())
    print("means over assays")
    print(means.round(3).to_string())


if __name__ == "__main__":
    main()

"""How often prediction sets miss the class of a new compound, by class, beside what they promise.

    python benchmarks/coverage.py -o cells/ --splits random scaffold

For each of ten assays and each seed, a fifth of the compounds is set aside: at random, which is
what the sets promise to hold for, or as whole scaffolds (`--splits scaffold`), which is harder. The
model learns from the rest as `train` has it. Each cell of assay, split and seed is a table of its
own below `-o`, and is not computed again: a run that was stopped goes on, and prints all figures at
the end. `--model` is `default`, whose hundred cells take hours; `quick`, small networks without
pretraining beside the forest, on 700 compounds of each assay; or `kernel`, a ridge regression on
Tanimoto similarity in place of networks and forest, on 800 compounds, calibrated and made conformal
as they are. For `kernel` the table also has p-values under covariate shift (Tibshirani et al. 2019,
arXiv:1904.06019): held-out compounds count as much as the likelihood ratio of their similarity
among the compounds asked about and among those held out.

The last lines count shares that are off by more than two points, beside how many would be by
chance: a share of n compounds, compared with 4 n held-out ones, has a variance of
1.25 r (1 - r) / n at a risk of r.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from screening.assay import choose_targets, curate, make_threshold
from screening.chemistry import Standardiser
from screening.evaluation import (
    Parts,
    Split,
    draw_parts,
    expected_calibration_error,
    grouped_parts,
    random_folds,
    random_parts,
    scaffold_folds,
)
from screening.learners import Compounds, ModelOptions
from screening.learners.compounds import Rows
from screening.model import train_model
from screening.tables import read_table
from screening.trust import fit_calibration, fit_conformal, tanimoto

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
MODELS = {"default": None, "quick": 700, "kernel": 800}  # compounds of an assay at most
QUICK = {
    "features": ("morgan_counts", "descriptors"),
    "hidden": (128,),
    "ensemble_size": 2,
    "pretrain": "none",
}
FOLDS = 5
# Of the names of p-values under covariate shift.
SHIFTED = "_shifted"
# A share that is further from its risk than this is off.
FAR = 0.02


class Cell(NamedTuple):
    """One model: what it learns from, how the others were set aside, and the seed of all that."""

    assay: str
    split: str
    seed: int
    model: str

    def path(self, folder: Path) -> Path:
        """Return where the cell's table is."""
        return folder / f"{self.assay}-{self.split}-{self.seed}-{self.model}.csv"


def main() -> None:
    """Compute the cells that are missing, and print the table of those that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--assays", nargs="+", default=list(ASSAYS))
    parser.add_argument("--splits", nargs="+", default=["random"], choices=["random", "scaffold"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--model", default="default", choices=list(MODELS))
    parser.add_argument("-n", "--num-workers", type=int, default=1)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    wanted = [
        Cell(assay, split, seed, arguments.model)
        for seed in range(arguments.seeds)
        for split in arguments.splits
        for assay in arguments.assays
    ]
    read = cache(partial(read_assay, arguments.data, arguments.num_workers, arguments.model))
    for cell in wanted:
        path = cell.path(arguments.output)
        if not path.exists():
            compute(cell, read(cell.assay), arguments.num_workers).to_csv(path, index=False)
            print(*cell, flush=True)
    report({cell: pd.read_csv(cell.path(arguments.output)) for cell in wanted})


def read_assay(data: Path, workers: int, model: str, name: str) -> Compounds:
    """Return an assay, curated, or as much of it as the model takes."""
    file, target, above = ASSAYS[name]
    # MoleculeACE's values are -log10 of nM: 100 nM is -2, and itself active.
    threshold = None if above is None else make_threshold(above - 1e-9, None)
    table = read_table(str(data / file), smiles_column=None, id_column=None)
    targets = choose_targets(table, (target,), threshold, lambda _: None)
    assay = curate(table, targets, threshold=threshold, standardiser=Standardiser("parent"))
    some = np.random.default_rng(0).permutation(len(assay))[: MODELS[model]]
    return Compounds(assay.take(np.sort(some)), workers)


def compute(cell: Cell, compounds: Compounds, workers: int) -> pd.DataFrame:
    """Learn from one part, and return what is said of each compound of the other."""
    ways: dict[str, Callable[[np.random.Generator], Parts]] = {
        "random": lambda rng: random_parts(len(compounds), rng),
        "scaffold": lambda rng: grouped_parts(compounds.scaffolds, rng),
    }
    parts = draw_parts(ways[cell.split], compounds.labels, [9, cell.seed]).parts
    if parts is None:
        raise SystemExit(f"no split of {cell.assay} has both classes in every part")
    asked = np.concatenate([parts.valid, parts.test])
    if cell.model == "kernel":
        said = said_by_kernel(compounds, parts.train, asked, cell.seed)
    else:
        options = ModelOptions(seed=cell.seed, **(QUICK if cell.model == "quick" else {}))
        model = train_model(compounds.assay.take(parts.train), options, workers=workers)
        raw = compounds.raw(options.blocks).take(asked)
        scores = model.score(raw, compounds.fingerprints[asked])
        said = {name: getattr(scores, name)[:, 0] for name in ("score", "p_active", "p_inactive")}
    return pd.DataFrame({"active": compounds.labels[asked, 0].astype(int), **said})


def said_by_kernel(
    compounds: Compounds, known: Rows, asked: Rows, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Return scores and p-values of a ridge regression on Tanimoto similarity."""
    similar = tanimoto(compounds.fingerprints, compounds.fingerprints).astype(np.float64)
    labels = compounds.labels[known]
    scaffolds = [compounds.scaffolds[row] for row in known]

    def said(train: Rows, others: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        known_labels = compounds.labels[train, 0]
        centre = known_labels.mean()
        kernel = similar[np.ix_(train, train)] + np.eye(len(train))
        near = similar[np.ix_(others, train)]
        weights = np.linalg.solve(kernel, known_labels - centre)
        return near @ weights + centre - 0.5, near.max(axis=1)

    def held_out(folds: Sequence[Split]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        logits, near = np.zeros(len(known)), np.zeros(len(known))
        for fold in folds:
            logits[fold.test], near[fold.test] = said(known[fold.train], known[fold.test])
        return logits, near

    by_scaffold = held_out(scaffold_folds(scaffolds, labels, FOLDS, seed))
    calibration = fit_calibration(*by_scaffold, labels[:, 0])
    logits, near = held_out(random_folds(labels, FOLDS, seed))
    own, own_near = calibration.log_odds(logits, near), near
    conformal = fit_conformal(own, own_near, labels[:, 0])
    logits, near = said(known, asked)
    log_odds = calibration.log_odds(logits, near)
    found = {"score": calibration(logits, near)}
    found["p_active"], found["p_inactive"] = conformal.p_values(log_odds, near)
    weight = likelihood_ratio(own_near, near)
    for name, label, sign in (("p_active", 1, 1), ("p_inactive", 0, -1)):
        rows = labels[:, 0] == label
        found[f"{name}{SHIFTED}"] = weighted_p_values(
            sign * own[rows], weight(own_near[rows]), sign * log_odds, weight(near)
        )
    return found


def likelihood_ratio(
    held_out: NDArray[np.float64], asked: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return how much likelier similarities are among those asked than among those held out."""

    def columns(near: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([near, near**2])

    told = LogisticRegression(C=10, max_iter=1000).fit(
        columns(np.concatenate([held_out, asked])), np.repeat([0, 1], [len(held_out), len(asked)])
    )
    return lambda near: np.exp(told.decision_function(columns(near)))


def weighted_p_values(
    known: NDArray[np.float64],
    of_known: NDArray[np.float64],
    asked: NDArray[np.float64],
    of_asked: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return which share of the weight lies at or below each asked one, its own included."""
    below = (known <= asked[:, None]) @ of_known
    return np.asarray((below + of_asked) / (of_known.sum() + of_asked))


def report(cells: dict[Cell, pd.DataFrame]) -> None:
    """Print for each assay the share of each class that is missed, and the means over assays."""
    print("share of each class that is missed at each risk, means over seeds")
    told(cells, "")
    if all(f"p_active{SHIFTED}" in table for table in cells.values()):
        print("the same under covariate shift by similarity")
        told(cells, SHIFTED)


def told(cells: dict[Cell, pd.DataFrame], ending: str) -> None:
    """Print the same of p-values whose columns have this ending."""
    rows, counts = [], []
    for cell, table in cells.items():
        p_active, p_inactive = (table[f"{name}{ending}"] for name in ("p_active", "p_inactive"))
        own = p_active.where(table["active"] == 1, p_inactive)
        sets = pd.concat([p_active, p_inactive], axis=1)
        row: dict[str, object] = {"split": cell.split, "assay": cell.assay, "cells": 1}
        for name, label in (("actives", 1), ("inactives", 0)):
            for risk in RISKS:
                missed = own[table["active"] == label] <= risk
                row[f"{name} {risk:g}"] = missed.mean()
                error = np.sqrt(1.25 * risk * (1 - risk) / len(missed))
                counts.append((cell.split, cell.assay, name, risk, missed.mean(), error))
        row["either at 0.1"] = (sets > 0.1).all(axis=1).mean()
        row["ECE"] = expected_calibration_error(
            table["active"].to_numpy(float), table["score"].to_numpy()
        )
        rows.append(row)
    every = pd.DataFrame(rows)
    figures = {name: "sum" if name == "cells" else "mean" for name in every.columns[2:]}
    by_assay = every.groupby(["split", "assay"]).agg(figures)
    means = by_assay.groupby("split").agg(figures)
    print(by_assay.round(3).to_string())
    print("means over assays")
    print(means.round(3).to_string())
    by_chance(pd.DataFrame(counts, columns=["split", "assay", "class", "risk", "missed", "error"]))


def by_chance(counts: pd.DataFrame) -> None:
    """Print how many shares are far off, and how many would be by chance alone."""
    groups = counts.groupby(["split", "assay", "class", "risk"])
    over_seeds = groups.agg(
        missed=("missed", "mean"), error=("error", lambda e: np.sqrt((e**2).sum()) / len(e))
    ).reset_index()
    for what, shares in (("cells", counts), ("means over seeds", over_seeds)):
        off = (shares["missed"] - shares["risk"]).abs()
        chance = 2 * norm.sf(FAR / shares["error"])
        table = shares.assign(far=off > FAR, chance=chance, square=(off / shares["error"]) ** 2)
        each = table.groupby("split").agg(
            shares=("far", "size"),
            far=("far", "sum"),
            by_chance=("chance", "sum"),
            mean_square_of_errors=("square", "mean"),
        )
        print(f"{what}: shares off by more than {FAR:g}, and how many would be by chance")
        print(each.round(2).to_string())


if __name__ == "__main__":
    main()

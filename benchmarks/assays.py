"""The models of `ebmscreen evaluate` on many assays: means over them, and how often which leads.

    python benchmarks/assays.py --set moleculeace --splits 5 -o study/

Each assay has a folder of its own below `-o`, as `evaluate` makes it. A study that is there already
is not repeated. A set is one that the program names (bace, bace-pic50, bbbp, clintox, hiv,
moleculeace), one target of MoleculeACE (CHEMBL204_Ki), or a folder of `--data` with one table.
MoleculeACE's values count as active from 100 nM downwards (a pKi or pEC50 of at least 7).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from screening.assay import Threshold, choose_targets, curate, make_threshold
from screening.chemistry import Standardiser
from screening.learners import Compounds, ModelOptions
from screening.study import StudyOptions, run_study, write_study
from screening.tables import read_table

MODELS = "dbn,dbn-alone,forest,forest-features,logistic,boosting"


class Source(NamedTuple):
    """A file, its targets (guessed when there is none), and what counts as active."""

    name: str
    path: Path
    targets: tuple[str, ...]
    threshold: Threshold | None


def sources(data: Path, group: str) -> list[Source]:
    """Return the assays of a group, or the one of MoleculeACE's that is named."""
    if group == "moleculeace" or group.startswith("CHEMBL"):
        # Values are -log10 of nM: 100 nM is -2, and itself active.
        above = make_threshold(-2.0 - 1e-9, None)
        pattern = "CHEMBL*" if group == "moleculeace" else f"{group}.csv*"
        files = sorted((data / "moleculeace").glob(pattern))
        return [Source(f.name.split(".")[0], f, ("y",), above) for f in files]
    if group == "bace-pic50":
        # The same compounds as values: BACE's classes are those of a pIC50 of 7.
        return [Source(group, data / "bace/bace.csv", ("pIC50",), make_threshold(7 - 1e-9, None))]
    tasks = {
        "bace": ("bace.csv", ("Class",)),
        "bbbp": ("BBBP.csv", ("p_np",)),
        "clintox": ("clintox.csv", ("CT_TOX",)),
        "hiv": ("HIV.csv.gz", ("HIV_active",)),
    }
    if group in tasks:
        file, targets = tasks[group]
        return [Source(group, data / group / file, targets, None)]
    files = sorted((data / group).glob("*.csv*"))
    if not files:
        raise SystemExit(f"there is no table of the set {group} in {data}")
    file = files[0]
    columns = pd.read_csv(file, nrows=1).columns
    targets = tuple(c for c in columns if c not in ("smiles", "mol_id"))
    return [Source(group, file, targets, None)]


def study_of(source: Source, arguments: argparse.Namespace) -> pd.DataFrame:
    """Run (what is missing of) the study of one assay, and return its summary."""
    options = ModelOptions(seed=arguments.seed)
    table = read_table(str(source.path), smiles_column=None, id_column=None)
    targets = choose_targets(table, source.targets, source.threshold, lambda _: None)
    assay = curate(
        table, targets, threshold=source.threshold, standardiser=Standardiser(options.standardize)
    )
    folder = arguments.output / source.name
    study = run_study(
        Compounds(assay, arguments.num_workers),
        options,
        StudyOptions(n_splits=arguments.splits, models=tuple(arguments.models.split(","))),
        folder,
        calibrated_on="validation",
        workers=arguments.num_workers,
        on_step=lambda *_: None,
    )
    summary = write_study(study, folder).summary
    # One line an assay: the mean over its tasks where it has several.
    return summary[summary["task"] == summary["task"].iloc[-1]].assign(assay=source.name)


def main() -> None:
    """Print a table of assays, the means, and the share of assays ahead of the forest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--set", dest="groups", nargs="+", default=["moleculeace"])
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--metric", default="roc_auc")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-n", "--num-workers", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    rows = []
    for group in arguments.groups:
        for source in sources(arguments.data, group):
            started = time.perf_counter()
            rows.append(study_of(source, arguments))
            print(f"{source.name}: {time.perf_counter() - started:.0f} s", flush=True)
    table = pd.concat(rows)
    for metric in (arguments.metric, "pr_auc", "bedroc_20", "ece"):
        wide = table.pivot_table(index="assay", columns="model", values=f"{metric}_mean")
        print(f"\n{metric}\n{wide.round(4).to_string()}")
        print(f"mean\n{wide.mean().round(4).to_string()}")
        if "forest" in wide:
            ahead = wide.gt(wide["forest"], axis=0).mean()
            print(f"share of assays ahead of the forest\n{ahead.round(2).to_string()}")


if __name__ == "__main__":
    main()

"""What pretraining is worth when few compounds are labelled: networks alone, paired.

    ebmscreen pretrain ../shared/data/lib_moses/train.csv.gz --rows 20000 -o lib.ebm
    python benchmarks/few_labels.py lib.ebm --data ../shared/data --labels 50 100 200 --splits 3

In the training part of each scaffold split, 50, 100 or 200 compounds keep their labels, and the
others are left out. Three ensembles of networks learn from them: one from random weights, one from
RBMs of these compounds, one from the library's RBMs, which are trained further on these compounds.
Beside them stand the default, which is a blend, and its forest. Figures are the ROC-AUC of the test
part. Differences are means over splits and assays, with their standard error over assays.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from assays import sources
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from screening.assay import choose_targets, curate
from screening.chemistry import Standardiser
from screening.learners import MODELS, Compounds, ModelOptions, Part, hold_out
from screening.learners.registry import LearnerSettings
from screening.model import load_pretrained
from screening.study import fewer_labels, plan_splits
from screening.tables import read_table

ASSAYS = (
    "bace",
    "bbbp",
    "clintox",
    "CHEMBL204_Ki",
    "CHEMBL219_Ki",
    "CHEMBL234_Ki",
    "CHEMBL237_EC50",
    "CHEMBL244_Ki",
    "CHEMBL4005_Ki",
    "CHEMBL4792_Ki",
)
WAYS = ("dbn-unpretrained", "dbn-alone", "dbn-library", "dbn", "forest-features")
PAIRS = (
    ("dbn-alone", "dbn-unpretrained"),
    ("dbn-library", "dbn-unpretrained"),
    ("dbn-library", "dbn-alone"),
    ("dbn", "forest-features"),
)


def main() -> None:
    """Print a line for each assay and split, then the means and the differences."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--assays", nargs="+", default=ASSAYS)
    parser.add_argument("--labels", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("-n", "--num-workers", type=int, default=2)
    given = parser.parse_args()
    pretrained = load_pretrained(given.pretrained)
    options = pretrained.applied_to(ModelOptions())
    rows = []
    for name in given.assays:
        (source,) = sources(given.data, name)
        table = read_table(str(source.path), smiles_column=None, id_column=None)
        targets = choose_targets(table, source.targets, source.threshold, lambda _: None)
        standardiser = Standardiser(options.standardize)
        assay = curate(table, targets, threshold=source.threshold, standardiser=standardiser)
        compounds = Compounds(assay, given.num_workers)
        for split in plan_splits(compounds, "scaffold", given.splits, 0):
            for labels in given.labels:
                train = fewer_labels(split.parts.train, compounds.labels, labels, split.seed)
                test, valid = split.parts.test, split.parts.valid
                part = Part(compounds, train, asked=test, validation=valid)
                wanted = LearnerSettings(
                    replace(options, seed=split.seed), pretrained.stack, "validation"
                )
                truth = compounds.labels[test, 0]
                row: dict[str, object] = {"assay": name, "split": split.number, "labels": labels}
                for way in WAYS:
                    learner = MODELS[way].make(wanted)
                    logits = hold_out(learner, [part], workers=given.num_workers)
                    row[way] = roc_auc_score(truth, expit(logits[test, 0]))
                rows.append(row)
                print(row, flush=True)
    every = pd.DataFrame(rows)
    print(every.groupby("labels")[list(WAYS)].mean().round(4).to_string())
    for labels, part in every.groupby("labels"):
        for one, other in PAIRS:
            difference = (part[one] - part[other]).groupby(part["assay"]).mean()
            error = difference.std(ddof=1) / np.sqrt(len(difference))
            ahead = (difference > 0).mean()
            print(
                f"{labels} labels: {one} less {other} {difference.mean():+.4f} +- {error:.4f}, "
                f"ahead on {ahead:.0%} of assays"
            )


if __name__ == "__main__":
    main()

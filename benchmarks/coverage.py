"""Whether conformal sets and probabilities hold on new scaffolds what they promise.

    python benchmarks/coverage.py --data ../shared/data --splits 2 [--assays BACE]

A model is trained, calibrated and made conformal on the training part of a scaffold split, as
`train` does it; a fifth of the compounds, of scaffolds it has not seen, judges it. Coverage is the
share of a class whose own p-value exceeds the risk, and should be 1 - risk.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from screening.assay import choose_targets, curate, make_threshold
from screening.chemistry import Standardiser
from screening.evaluation import draw_parts, expected_calibration_error, grouped_parts
from screening.learners import Compounds, ModelOptions
from screening.model import train_model
from screening.tables import read_table

ASSAYS = {
    "BACE": ("bace/bace.csv", "Class", None),
    "BBBP": ("bbbp/BBBP.csv", "p_np", None),
    "CHEMBL204": ("moleculeace/CHEMBL204_Ki.csv", "y", -2.0),
    "CHEMBL236": ("moleculeace/CHEMBL236_Ki.csv", "y", -2.0),
    "CHEMBL244": ("moleculeace/CHEMBL244_Ki.csv.gz", "y", -2.0),
}
RISKS = (0.05, 0.1, 0.2)


def main() -> None:
    """Print a row for each assay and split, and the means weighted by compounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--assays", nargs="+", default=list(ASSAYS))
    arguments = parser.parse_args()
    rows, pooled = [], []
    for name in arguments.assays:
        file, target, above = ASSAYS[name]
        threshold = None if above is None else make_threshold(above - 1e-9, None)
        table = read_table(str(arguments.data / file), smiles_column=None, id_column=None)
        targets = choose_targets(table, (target,), threshold, lambda _: None)
        assay = curate(table, targets, threshold=threshold, standardiser=Standardiser("parent"))
        compounds = Compounds(assay)
        for number in range(arguments.splits):
            way = partial(grouped_parts, compounds.scaffolds)
            parts = draw_parts(way, compounds.labels, [9, number]).parts
            if parts is None:
                continue
            test = np.concatenate([parts.valid, parts.test])
            options = ModelOptions(seed=number)
            model = train_model(assay.take(parts.train), options, workers=2)
            raw = compounds.raw(options.blocks).take(test)
            scores = model.score(raw, compounds.fingerprints[test])
            active = compounds.labels[test, 0] == 1
            own = np.where(active, scores.p_active[:, 0], scores.p_inactive[:, 0])
            row: dict[str, object] = {"assay": name, "split": number, "n": len(test)}
            for risk in RISKS:
                row[f"actives {1 - risk:g}"] = (own[active] > risk).mean()
                row[f"inactives {1 - risk:g}"] = (own[~active] > risk).mean()
            probability = scores.score[:, 0]
            row["ECE"] = expected_calibration_error(compounds.labels[test, 0], probability)
            rows.append(row)
            pooled.append(pd.DataFrame({"own": own, "active": active, "score": probability}))
            print(name, number, flush=True)
    print(pd.DataFrame(rows).round(3).to_string(index=False))
    every = pd.concat(pooled)
    for risk in RISKS:
        kept = (every["own"] > risk).groupby(every["active"]).mean()
        print(
            f"all together, nominal {1 - risk:g}: actives {kept[True]:.3f}, "
            f"inactives {kept[False]:.3f}"
        )
    ece = expected_calibration_error(every["active"].to_numpy(float), every["score"].to_numpy())
    print(f"ECE of all {len(every)} together: {ece:.3f}")


if __name__ == "__main__":
    main()

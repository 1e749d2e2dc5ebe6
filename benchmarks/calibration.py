"""How good the probabilities are, beside the forest's, and with other calibrations.

    python benchmarks/calibration.py -o held_out/ --data ../shared/data

Eighteen assays of at most 1,200 compounds: what networks and forest of the default model say of
compounds whose scaffold they have not seen, in three folds, is kept below `-o`, and not computed
again. Blend and calibration learn from three quarters of these predictions and are judged on the
last, by whole scaffolds, with each quarter in turn, four times. `shipped` is the calibration
of `train`. `perfect` is the ECE of labels drawn with its probabilities: no calibration can be
expected to have less.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from screening.assay import Threshold, choose_targets, curate, make_threshold
from screening.chemistry import Standardiser
from screening.evaluation import expected_calibration_error
from screening.learners import Compounds, ModelOptions, Part, fold_parts, hold_out
from screening.learners.blend import fit_blending
from screening.learners.calibrated import similarities
from screening.learners.forest import Forest
from screening.learners.networks import Networks
from screening.tables import read_table
from screening.trust import fit_calibration

Values = NDArray[np.float64]
TARGETS = ("CHEMBL1862", "CHEMBL219", "CHEMBL228", "CHEMBL262", "CHEMBL2971")
MOST, FOLDS, QUARTERS, REPEATS = 1200, 3, 4, 4
SHIPPED, FOREST = "shipped", "forest"


class Said(NamedTuple):
    """Logits of the blend, similarities to the nearest known compound, logits of the forest."""

    logits: Values
    near: Values
    forest: Values

    def take(self, rows: NDArray[np.bool_]) -> Said:
        """Return what is said of some of the compounds."""
        return Said(*(values[rows] for values in self))


def assays(data: Path) -> dict[str, tuple[pd.Series, pd.Series, Threshold | None]]:
    """Return structures, labels or values, and what counts as active, by the assay's name."""
    found: dict[str, tuple[pd.Series, pd.Series, Threshold | None]] = {}
    for name in (*(f"{target}_Ki" for target in TARGETS), "CHEMBL4616_EC50"):
        table = pd.read_csv(data / f"moleculeace/{name}.csv")
        found[name] = table["smiles"], table["y"], make_threshold(-2.0 - 1e-9, None)
    bace = pd.read_csv(data / "bace/bace.csv")
    found["BACE"] = bace["mol"], bace["pIC50"], make_threshold(7 - 1e-9, None)
    esol = pd.read_csv(data / "esol/delaney-processed.csv")
    values = esol["measured log solubility in mols per litre"]
    found["ESOL"] = esol["smiles"], values, make_threshold(float(values.median()) - 1e-9, None)
    herg = pd.read_csv(data / "chembl_herg/ChEMBL_hERG.csv.gz").query(
        "standard_units == 'nM' and standard_value > 0 and standard_relation in ('=', '>', '<')"
    )
    each = herg.groupby("mol_chembl_id").agg(
        smiles=("canonical_smiles", "first"), value=("standard_value", "median")
    )
    found["hERG"] = each["smiles"], -np.log10(each["value"]), make_threshold(-4 - 1e-9, None)
    b3db = pd.read_csv(data / "b3db/B3DB_classification.tsv.gz", sep="\t")
    found["B3DB"] = b3db["SMILES"], (b3db["BBB+/BBB-"] == "BBB+").astype(int), None
    for file, tasks in (
        ("bbbp/BBBP.csv", ("p_np",)),
        ("clintox/clintox.csv", ("CT_TOX",)),
        ("tox21/tox21.csv.gz", ("NR-AhR", "SR-ARE", "SR-MMP")),
        (
            "sider/sider.csv",
            (
                "Hepatobiliary disorders",
                "Nervous system disorders",
                "Blood and lymphatic system disorders",
            ),
        ),
    ):
        table = pd.read_csv(data / file)
        for task in tasks:
            own = table[table[task].notna()]
            found[task] = own["smiles"], own[task].astype(int), None
    return found


def held_out(smiles: pd.Series, values: pd.Series, threshold: Threshold | None, path: Path) -> None:
    """Keep labels, logits of networks and forest, similarities and scaffolds of one assay."""
    table = pd.DataFrame({"smiles": smiles.to_numpy(), "y": values.to_numpy()})
    if len(table) > MOST:
        table = table.sample(MOST, random_state=0)
    as_csv = path.with_suffix(".csv")
    table.to_csv(as_csv, index=False)
    read = read_table(str(as_csv), smiles_column="smiles", id_column=None)
    targets = choose_targets(read, ("y",), threshold, lambda _: None)
    assay = curate(read, targets, threshold=threshold, standardiser=Standardiser("parent"))
    compounds, options = Compounds(assay), ModelOptions()
    folds = fold_parts(Part(compounds, np.arange(len(assay))), FOLDS, 0)
    _, scaffold = np.unique(compounds.scaffolds, return_inverse=True)
    np.savez(
        path,
        labels=assay.labels[:, 0],
        networks=hold_out(Networks(options), folds)[:, 0],
        forest=hold_out(Forest.of(options), folds)[:, 0],
        similarity=similarities(folds).astype(np.float64),
        scaffold=scaffold,
    )


def logistic(x: Values, labels: Values, *, rising: int) -> Callable[[Values], Values]:
    """Fit slopes, the first ones not negative, and an offset to labels as Platt softens them."""
    active = labels == 1
    counts = active.sum(), (~active).sum()
    soft = np.where(active, (counts[0] + 1) / (counts[0] + 2), 1 / (counts[1] + 2))

    def with_one(x: Values) -> Values:
        return np.column_stack([x, np.ones(len(x))])

    def loss(weights: Values) -> tuple[float, Values]:
        z = with_one(x) @ weights
        gradient = with_one(x).T @ (expit(z) - soft)
        return float((np.logaddexp(0, z) - soft * z).mean()), gradient / len(z)

    start = np.append(np.ones(x.shape[1]), 0.0)
    bounds = [(1e-6, None)] * rising + [(None, None)] * (len(start) - rising)
    weights = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return lambda x: expit(with_one(x) @ weights)


def evidence(said: Said, weight: Values) -> Values:
    """Return what speaks against, and what speaks for a compound times a weight."""
    return np.column_stack([np.minimum(said.logits, 0), np.maximum(said.logits, 0) * weight])


def root(said: Said) -> Values:
    """Weigh evidence for activity by the root of the similarity, not by the similarity."""
    return evidence(said, np.sqrt(said.near))


def both_sides(said: Said) -> Values:
    """Let the similarity decide the worth of evidence against activity, too."""
    sides = evidence(said, np.ones(len(said.near)))
    return np.hstack([sides, sides * said.near[:, None]])


def beta(said: Said) -> Values:
    """Return ln p and -ln(1 - p): Kull, Silva Filho and Flach 2017, equation 2."""
    return np.column_stack([-np.logaddexp(0, -said.logits), np.logaddexp(0, said.logits)])


def calibrations(known: Said, labels: Values) -> dict[str, Callable[[Said], Values]]:
    """Learn every calibration from held-out compounds."""

    def platt(columns: Callable[[Said], Values], rising: int) -> Callable[[Said], Values]:
        fitted = logistic(columns(known), labels, rising=rising)
        return lambda said: fitted(columns(said))

    shipped = fit_calibration(known.logits, known.near, labels.astype(np.float32))
    least = 0.5 / len(labels)
    steps = IsotonicRegression(out_of_bounds="clip", y_min=least, y_max=1 - least)
    steps.fit(shipped.log_odds(known.logits, known.near), labels)
    signed = (2 * labels - 1) * known.logits
    heat = minimize(lambda t: np.logaddexp(0, -signed * np.exp(t[0])).mean(), [0.0]).x[0]
    return {
        SHIPPED: lambda said: shipped(said.logits, said.near),
        "root of similarity": platt(root, 2),
        "both sides": platt(both_sides, 4),
        "no similarity": platt(lambda said: said.logits[:, None], 1),
        "temperature": lambda said: expit(said.logits * np.exp(heat)),
        "beta": platt(beta, 2),
        "isotonic": lambda said: steps.predict(shipped.log_odds(said.logits, said.near)),
        FOREST: lambda said: expit(said.forest),
        # Votes of all trees would be infinite evidence.
        "forest, Platt": platt(lambda said: np.clip(said.forest, -8, 8)[:, None], 1),
    }


def judge(path: Path) -> list[dict[str, object]]:
    """Return a row for each calibration and repeat on one assay."""
    kept = np.load(path)
    labels, networks, forest = kept["labels"], kept["networks"], kept["forest"]
    near, scaffold = kept["similarity"], kept["scaffold"]
    asked = ~np.isnan(labels) & ~np.isnan(near)
    rows: list[dict[str, object]] = []
    for repeat in range(REPEATS):
        draw = np.random.default_rng(repeat)
        quarter = draw.integers(QUARTERS, size=scaffold.max() + 1)[scaffold]
        said: dict[str, Values] = {}
        for number in range(QUARTERS):
            taught, tested = asked & (quarter != number), asked & (quarter == number)
            if not tested.any():
                continue
            learned = fit_blending([networks[taught], forest[taught]], labels[taught])
            blending = replace(learned, weights=(0.5, 0.5))
            logits = blending(networks, [forest])
            every = Said(logits, near, forest)
            for name, calibrate in calibrations(every.take(taught), labels[taught]).items():
                out = said.setdefault(name, np.full(len(labels), np.nan))
                out[tested] = calibrate(every.take(tested))
        truth = labels[asked].astype(float)
        for name, probabilities in said.items():
            p = np.clip(probabilities[asked], 1e-6, 1 - 1e-6)
            row = {"assay": path.stem, "calibration": name, "Brier": ((p - truth) ** 2).mean()}
            row["log loss"] = -(np.log(np.where(truth == 1, p, 1 - p))).mean()
            row["ECE"] = expected_calibration_error(truth, p)
            if name == SHIPPED:
                lots = [expected_calibration_error(draw.random(len(p)) < p, p) for _ in range(20)]
                row["perfect"] = np.mean(lots)
            rows.append(row)
    return rows


def main() -> None:
    """Compute what is missing, and print the means over assays and who is at most the forest's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, assay in assays(arguments.data).items():
        path = arguments.output / f"{name}.npz"
        if not path.exists():
            held_out(*assay, path)
            print(name, flush=True)
    rows = [row for path in sorted(arguments.output.glob("*.npz")) for row in judge(path)]
    table = pd.DataFrame(rows).groupby(["calibration", "assay"]).mean()
    means = table.groupby("calibration").mean()
    for figure in ("Brier", "log loss", "ECE"):
        wide = table[figure].unstack("calibration")
        means[f"{figure}, at most the forest's"] = wide.le(wide[FOREST], axis=0).sum()
        less = wide.sub(wide[SHIPPED], axis=0)
        means[f"{figure}, less shipped"] = less.mean()
        means[f"{figure}, its error"] = less.std() / np.sqrt(len(less))
    print(f"{len(table.loc[SHIPPED])} assays")
    print(means.round(4).T.to_string())
    print(table["ECE"].unstack("calibration")[[SHIPPED, FOREST]].round(3).to_string())
    print(table["Brier"].unstack("calibration")[[SHIPPED, FOREST]].round(3).to_string())


if __name__ == "__main__":
    main()

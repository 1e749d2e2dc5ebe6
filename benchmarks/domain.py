"""Which measures of distance detect errors of the networks, and foreign compounds.

    python benchmarks/domain.py --data ../shared/data [--assays BACE BBBP] [--splits 3]
        [-o docs/domain.png]

Networks learn from the training parts of scaffold splits of several assays. The squared error of
each held-out compound is compared with measures that know no label: the free-energy novelty, the
plain free energy, the distance to the nearest, the three nearest and the five nearest training
compounds, the share of circular substructures that no training compound has, the share of
descriptors outside 99 % of the training compounds, the leverage in the space of descriptors, the
members' disagreement, and the mean rank of novelty and nearest distance. `outside` is the squared
error of the furthest 5 % of the held-out compounds by each measure, which a limit would call
outside the domain. Foreign compounds are those of other collections.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import roc_auc_score

from screening.assay import choose_targets, curate, make_threshold
from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.evaluation import draw_parts, grouped_parts
from screening.features import Encoder, FeatureSet, RawFeatures, stack
from screening.learners import Compounds, ModelOptions
from screening.learners.ensemble import Ensemble
from screening.learners.networks import EncodedPart, train_ensembles
from screening.tables import read_table
from screening.trust import tanimoto

matplotlib.use("Agg")
Values = NDArray[np.float64]
ASSAYS = {
    "BACE": ("bace/bace.csv", "Class", None),
    "BBBP": ("bbbp/BBBP.csv", "p_np", None),
    "CHEMBL204": ("moleculeace/CHEMBL204_Ki.csv", "y", -2.0),
    "CHEMBL214": ("moleculeace/CHEMBL214_Ki.csv", "y", -2.0),
    "CHEMBL236": ("moleculeace/CHEMBL236_Ki.csv", "y", -2.0),
    "CHEMBL244": ("moleculeace/CHEMBL244_Ki.csv.gz", "y", -2.0),
}
FOREIGN = {"NCI": "lib_nci5k/first_5K.smi", "ZINC": "lib_walters/zinc_10K.smi.gz"}
NOVELTY, NEAREST = "free-energy novelty", "distance to the nearest"
OUTSIDE = 0.05
DRAWN = (
    NOVELTY,
    NEAREST,
    "distance to the three nearest",
    "leverage of the descriptors",
    "members' disagreement",
)


def molecules(path: Path, count: int) -> tuple[RawFeatures, NDArray[np.uint8]]:
    """Return features and fingerprints of the first molecules of a file of SMILES."""
    names = pd.read_csv(path, sep=r"\s+", header=None, usecols=[0])[0].head(count)
    standardiser = Standardiser("parent")
    read = [prepare_molecule(smiles, standardiser) for smiles in names]
    mols = [mol for mol in read if not isinstance(mol, Failure)]
    features = FeatureSet()
    raw = stack([features.by_block(mols[i : i + 500]) for i in range(0, len(mols), 500)])
    return raw, features.packed_morgan(mols, raw)


class Measures:
    """Everything that is measured against one training part."""

    def __init__(self, compounds: Compounds, train: NDArray[np.int64], seed: int) -> None:
        options = ModelOptions()
        raw = compounds.raw(options.features).take(train)
        self.encoder = Encoder().fit(raw)
        x = self.encoder.transform(raw)
        part = EncodedPart(x, compounds.labels[train], seed, options.ensemble_size)
        (trained,) = train_ensembles([part], options, workers=2)
        self.novelty = trained.stack.novelty
        self.ensemble = Ensemble(trained.members, x.shape[1])
        self.known = compounds.fingerprints[train]
        self.seen = np.asarray((raw.sparse["morgan_counts"] > 0).sum(axis=0)).ravel() > 0
        descriptors = raw.dense["descriptors"].astype(np.float64)
        self.low, self.high = np.quantile(descriptors, [0.005, 0.995], axis=0)
        self.centre, self.scale = descriptors.mean(axis=0), descriptors.std(axis=0) + 1e-9
        scaled = (descriptors - self.centre) / self.scale
        self.inverse = np.linalg.pinv(scaled.T @ scaled + 1e-3 * np.eye(scaled.shape[1]))

    def __call__(
        self, raw: RawFeatures, fingerprints: NDArray[np.uint8]
    ) -> tuple[Values, dict[str, Values]]:
        """Return the probability of being active, and every measure; larger is further away."""
        x = self.encoder.transform(raw)
        logits = self.ensemble.logits(x)[:, :, 0]
        likeness = np.sort(
            np.concatenate(
                [
                    tanimoto(fingerprints[i : i + 64], self.known)
                    for i in range(0, len(fingerprints), 64)
                ]
            ),
            axis=1,
        )
        scaled = (raw.dense["descriptors"] - self.centre) / self.scale
        free = self.novelty.rbm.free_energy(x)
        counts = raw.sparse["morgan_counts"]
        unseen = np.asarray(counts[:, ~self.seen].sum(axis=1)).ravel()
        values = raw.dense["descriptors"]
        beyond = (values < self.low - 1e-9) | (values > self.high + 1e-9)
        found = {
            NOVELTY: self.novelty(x),
            "free energy": free,
            NEAREST: 1.0 - likeness[:, -1],
            "distance to the three nearest": 1.0 - likeness[:, -3:].mean(axis=1),
            "distance to the five nearest": 1.0 - likeness[:, -5:].mean(axis=1),
            "substructures never seen": unseen / np.asarray(counts.sum(axis=1)).ravel(),
            "descriptors out of range": beyond.mean(axis=1),
            "leverage of the descriptors": np.einsum("ij,jk,ik->i", scaled, self.inverse, scaled),
            "members' disagreement": expit(logits).std(axis=0),
        }
        found["novelty and nearest, mean rank"] = (
            rankdata(found[NOVELTY]) + rankdata(found[NEAREST])
        ) / (2 * len(free))
        return expit(logits.mean(axis=0)), found


def study(data: Path, assays: list[str], splits: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row for each assay, split and measure; and one for each fifth of a measure."""
    foreign = {name: molecules(data / path, 1000) for name, path in FOREIGN.items()}
    rows, fifths = [], []
    for name in assays:
        file, target, above = ASSAYS[name]
        threshold = None if above is None else make_threshold(above - 1e-9, None)
        table = read_table(str(data / file), smiles_column=None, id_column=None)
        targets = choose_targets(table, (target,), threshold, lambda _: None)
        assay = curate(table, targets, threshold=threshold, standardiser=Standardiser("parent"))
        compounds = Compounds(assay)
        for number in range(splits):
            drawn = draw_parts(
                partial(grouped_parts, compounds.scaffolds), compounds.labels, [5, number]
            ).parts
            if drawn is None:
                continue
            test = np.concatenate([drawn.valid, drawn.test])
            measures = Measures(compounds, drawn.train, number)
            probability, own = measures(
                compounds.raw(ModelOptions().features).take(test), compounds.fingerprints[test]
            )
            truth = compounds.labels[test, 0]
            error = (probability - truth) ** 2
            others = {key: measures(*both)[1] for key, both in foreign.items()}
            for measure, values in own.items():
                row = {
                    "assay": name,
                    "split": number,
                    "measure": measure,
                    "rank correlation with the error": spearmanr(values, error).statistic,
                    "AUC, wrong side of 1/2": roc_auc_score((error > 0.25).astype(int), values),
                }
                # Many compounds are equally far by some measures: chance puts them in order.
                mixed = np.random.default_rng(number).permutation(len(values))
                order = mixed[np.argsort(values[mixed], kind="stable")]
                row["outside"] = error[order[-int(OUTSIDE * len(values)) :]].mean()
                for key, far in others.items():
                    if "rank" in measure:
                        continue
                    both = np.concatenate([values, far[measure]])
                    label = np.repeat([0, 1], [len(values), len(far[measure])])
                    row[f"AUC, {key} against held out"] = roc_auc_score(label, both)
                rows.append(row)
                fifths += [
                    {"assay": name, "measure": measure, "fifth": k, "error": error[part].mean()}
                    for k, part in enumerate(np.array_split(order, 5), start=1)
                ]
            print(name, number, flush=True)
    return pd.DataFrame(rows), pd.DataFrame(fifths)


def draw(fifths: pd.DataFrame, path: Path) -> None:
    """Draw the mean squared error in each fifth of some measures, as a mean over the assays."""
    from matplotlib import pyplot as plt

    wide = fifths.pivot_table(index="fifth", columns="measure", values="error")
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for measure in DRAWN:
        own = measure == NOVELTY
        axes.plot(wide.index, wide[measure], marker="o", lw=2.5 if own else 1.2, label=measure)
    axes.set(
        xlabel="fifth of the held-out compounds, from near to far",
        ylabel="squared error",
        xticks=range(1, 6),
    )
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Print the means over assays and splits; draw the errors by fifths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--assays", nargs="+", default=list(ASSAYS), choices=list(ASSAYS))
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    rows, fifths = study(arguments.data, arguments.assays, arguments.splits)
    columns = [c for c in rows if c not in ("assay", "split", "measure")]
    print(rows.groupby("measure", sort=False)[columns].mean().round(3).to_string())
    print(fifths.pivot_table(index="measure", columns="fifth", values="error").round(4).to_string())
    if arguments.output:
        draw(fifths, arguments.output)


if __name__ == "__main__":
    main()

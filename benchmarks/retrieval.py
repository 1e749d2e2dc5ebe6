"""What each voice of the blend is worth, within assays and for hidden actives in libraries.

    python benchmarks/retrieval.py -o said/ [--data ../shared/data] [--assays 12] [--demo 3]

Of each assay the test part of `assays.py` is left out. Of the rest (1,500 compounds at most) a
fifth is hidden as whole scaffolds, and its actives lie among 7,000 molecules each of three
libraries. One training serves all blends: what every voice says of held-out compounds (three
folds), of the hidden ones and of the libraries is kept below `-o`, and not computed again.
`--demo` adds splits of the demo. Blends are compared with networks and forest of learned weights:
mean differences over assays with 95 % intervals. `in folds` is the ROC-AUC in each fold, with
weights and calibration from the two others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from calibration import assays
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from screening.assay import Threshold, choose_targets, curate, make_threshold, read_assay
from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.evaluation import bedroc, enrichment_factor, paired_difference, scaffold_split
from screening.features import FeatureSet, RawFeatures
from screening.learners import Compounds, ModelOptions, Part, fold_parts
from screening.learners.blend import fit_blending
from screening.learners.ensemble import Ensemble
from screening.learners.learner import ask
from screening.learners.networks import FittedNetworks, Networks
from screening.learners.options import UNTRUSTED
from screening.learners.voices import Seen, StoredVoice, voices_of
from screening.samples import sample
from screening.study import plan_splits
from screening.tables import open_library, read_table
from screening.trust import fit_calibration
from screening.trust.neighbours import NeighbourIndex

Values = NDArray[np.float64]
LIBRARIES = {
    "moses": "lib_moses/test.csv.gz",
    "walters": "lib_walters/set_B.smi.gz",
    "wehi": "lib_wehi/wehi_mols.csv.gz",
}
POTENCY = (
    *("CHEMBL218_EC50", "CHEMBL228_Ki", "CHEMBL4005_Ki", "CHEMBL238_Ki", "CHEMBL3979_EC50"),
    *("CHEMBL2034_Ki", "CHEMBL287_Ki", "CHEMBL4792_Ki", "CHEMBL235_EC50", "CHEMBL219_Ki"),
    *("CHEMBL4203_Ki", "CHEMBL2147_Ki", "CHEMBL239_EC50", "CHEMBL231_Ki", "CHEMBL264_Ki"),
    *("CHEMBL1862_Ki", "CHEMBL262_Ki"),
)
ADMET = (
    *("hERG", "NR-AhR", "B3DB", "SR-ARE", "p_np", "SR-MMP", "ESOL", "CT_TOX"),
    "Hepatobiliary disorders",
)
MOST, EACH, FOLDS, HIDDEN, STEP = 1500, 7000, 3, 0.2, 2000
OPTIONS = ModelOptions(blend="forest,kernel,descriptors", folds=FOLDS)
PLAIN = "learned"


class Library(NamedTuple):
    """Molecules of all libraries, and which library each is of."""

    raw: RawFeatures
    fingerprints: NDArray[np.uint8]
    names: NDArray[np.str_]


class Given(NamedTuple):
    """What voices say of some compounds, by name, and the similarity to the nearest known one."""

    said: dict[str, Values]
    near: Values

    def take(self, rows: NDArray[np.bool_]) -> Given:
        """Return what is said of some of the compounds."""
        return Given({name: own[rows] for name, own in self.said.items()}, self.near[rows])


def library(data: Path) -> Library:
    """Draw molecules of every library, and compute their features."""
    standardiser, draw = Standardiser(OPTIONS.standardize), np.random.default_rng(0)
    mols, names = [], []
    for name, file in LIBRARIES.items():
        smiles = [one for chunk in open_library([str(data / file)]).begun() for one in chunk.smiles]
        for place in np.sort(draw.permutation(len(smiles))[:EACH]):
            mol = prepare_molecule(smiles[place], standardiser)
            if not isinstance(mol, Failure):
                mols.append(mol)
                names.append(name)
    features = FeatureSet(OPTIONS.blocks)
    raw = features.by_block(mols)
    return Library(raw, features.packed_morgan(mols, raw), np.array(names))


def sources(data: Path) -> Iterator[tuple[str, pd.Series, pd.Series, Threshold | None]]:
    """Yield assays of both kinds in turn: names, structures, values, what counts as active."""
    known = assays(data)
    for name in POTENCY:
        table = pd.read_csv(data / f"moleculeace/{name}.csv")
        known[name] = table["smiles"], table["y"], make_threshold(-2.0 - 1e-9, None)
    for name in chain.from_iterable(zip_longest(("BACE", *POTENCY), ADMET)):
        if name is not None:
            yield name, *known[name]


def compounds_of(table: pd.DataFrame, threshold: Threshold | None, path: Path) -> Compounds:
    """Return the compounds of a table of smiles and y, by way of a file."""
    table.to_csv(path, index=False)
    read = read_table(str(path), smiles_column="smiles", id_column=None)
    targets = choose_targets(read, ("y",), threshold, lambda _: None)
    standardiser = Standardiser(OPTIONS.standardize)
    return Compounds(curate(read, targets, threshold=threshold, standardiser=standardiser))


def say(
    raw: RawFeatures, fitted: FittedNetworks, voices: dict[str, StoredVoice]
) -> dict[str, Values]:
    """Return what networks and voices say of molecules."""
    encoder = fitted.encoder
    width = len(encoder.get_feature_names_out())
    ensemble = Ensemble(fitted.trained.members, width, encoder.dense_from())
    found: dict[str, list[Values]] = {"networks": [], **{name: [] for name in voices}}
    for start in range(0, len(raw), STEP):
        some = raw.take(np.arange(start, min(start + STEP, len(raw))))
        seen = Seen(some, encoder, encoder.encode(some))
        found["networks"].append(ensemble.logits(seen.visible).mean(axis=0)[:, 0])
        for name, voice in voices.items():
            found[name].append(voice.logits(seen)[:, 0])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def keep(compounds: Compounds, rows: NDArray[np.int64], lib: Library, seed: int, to: Path) -> None:
    """Train once on all but a fifth of the rows, and keep what is said of all."""
    split = scaffold_split([compounds.scaffolds[row] for row in rows], HIDDEN, seed)
    train, test = rows[split.train], rows[split.test]
    if len(np.unique(compounds.labels[test, 0])) < 2:
        return
    options, part = replace(OPTIONS, seed=seed), Part(compounds, train)
    parts = [*fold_parts(part, FOLDS, seed), Part(compounds, train, number=FOLDS)]
    said, networks = ask(Networks(options).fit_parts(parts), parts)
    held_out, stored = {"networks": said[train, 0]}, {}
    for name, voice in voices_of(options).items():
        said, last = ask(voice.fit_parts(parts), parts)
        held_out[name], stored[name] = said[train, 0], last.stored([True])
    near, fold = np.full(len(compounds), np.nan), np.zeros(len(compounds), dtype=np.int64)
    for number, own in enumerate(parts[:-1]):
        near[own.asked], fold[own.asked] = own.similarity(compounds, own.asked), number
    index = NeighbourIndex(compounds.fingerprints[train])
    every = {
        "oof": held_out,
        "test": say(compounds.raw(OPTIONS.blocks).take(test), networks, stored),
        "lib": say(lib.raw, networks, stored),
    }
    temporary = to.with_name("part.npz")
    np.savez_compressed(
        temporary,
        labels=compounds.labels[train, 0],
        test_labels=compounds.labels[test, 0],
        fold=fold[train],
        near_oof=near[train],
        near_test=index.nearest(compounds.fingerprints[test])[1],
        near_lib=index.nearest(lib.fingerprints)[1],
        names=lib.names,
        **{f"{of}.{name}": own for of, given in every.items() for name, own in given.items()},
    )
    temporary.replace(to)


class Blended(NamedTuple):
    """A blend that learns from some held-out compounds of an assay."""

    voices: tuple[str, ...]
    near: tuple[bool, ...]
    equal: bool

    def log_odds(self, taught: Given, labels: Values, asked: Given) -> Values:
        """Learn weights and calibration, and return log odds of other compounds."""
        said = [taught.said[name] for name in ("networks", *self.voices)]
        trusted = (True, *(name not in UNTRUSTED for name in self.voices))
        blending = fit_blending(said, labels, taught.near, self.near, trusted)
        if self.equal:
            blending = replace(blending, weights=(0.5, 0.5))
        logits = [
            blending(of.said["networks"], [of.said[name] for name in self.voices], of.near)
            for of in (taught, asked)
        ]
        calibration = fit_calibration(logits[0], taught.near, labels)
        return calibration.log_odds(logits[1], asked.near)


BLENDS = {
    PLAIN: Blended(("forest",), (), False),
    "equal": Blended(("forest",), (), True),
    "kernel everywhere": Blended(("forest", "kernel"), (), False),
    "kernel": Blended(("forest", "kernel"), (False, False, True), False),
    "trees": Blended(("forest", "descriptors"), (), False),
    "kernel and trees": Blended(
        ("forest", "kernel", "descriptors"), (False, False, True, False), False
    ),
}


def judge(path: Path) -> list[dict[str, object]]:
    """Return the figures of every blend on one assay."""
    kept = np.load(path)
    labels, fold, truth = kept["labels"], kept["fold"], kept["test_labels"]
    taught, hidden, foreign = (
        Given(
            {k.removeprefix(f"{of}."): kept[k] for k in kept if k.startswith(f"{of}.")},
            kept[f"near_{of}"].astype(float),
        )
        for of in ("oof", "test", "lib")
    )
    rows = []
    for name, blend in BLENDS.items():
        in_folds = []
        for one in np.unique(fold):
            rest, own = fold != one, fold == one
            said = blend.log_odds(taught.take(rest), labels[rest], taught.take(own))
            if len(np.unique(labels[own])) == 2:
                in_folds.append(roc_auc_score(labels[own], said))
        of_hidden, of_foreign = (
            blend.log_odds(taught, labels, asked) for asked in (hidden, foreign)
        )
        row: dict[str, object] = {"assay": path.stem, "blend": name, "in folds": np.mean(in_folds)}
        row["hidden part"] = roc_auc_score(truth, of_hidden)
        for library in LIBRARIES:
            of_library = of_foreign[kept["names"] == library]
            scores = np.concatenate([of_hidden[truth == 1], of_library])
            active = (np.arange(len(scores)) < (truth == 1).sum()).astype(float)
            row[f"BEDROC {library}"] = bedroc(active, scores, 20.0)
            row[f"EF 1 % {library}"] = enrichment_factor(active, scores, 0.01)
        rows.append(row)
    return rows


def kind_of(assay: str) -> str:
    """Return what kind of assay one is."""
    return "the demo's" if assay.startswith("demo") else "ADMET" if assay in ADMET else "potency"


def main() -> None:
    """Compute what is missing, and print means and differences, a block for each kind of assay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--assays", type=int, default=27)
    parser.add_argument("--demo", type=int, default=3)
    arguments = parser.parse_args()
    place, lib = arguments.output, None
    place.mkdir(parents=True, exist_ok=True)
    for name, smiles, values, threshold in list(sources(arguments.data))[: arguments.assays]:
        if not (place / f"{name}.npz").exists():
            lib = lib or library(arguments.data)
            table = pd.DataFrame({"smiles": smiles.to_numpy(), "y": values.to_numpy()})
            compounds = compounds_of(table, threshold, place / "assay.csv")
            parts = plan_splits(compounds, "scaffold", 1, 0)[0].parts
            rest = np.sort(np.concatenate([parts.train, parts.valid]))
            if len(rest) > MOST:
                rest = np.sort(np.random.default_rng(0).permutation(rest)[:MOST])
            keep(compounds, rest, lib, 0, place / f"{name}.npz")
            print(name, flush=True)
    for seed in range(arguments.demo):
        if not (place / f"demo{seed}.npz").exists():
            lib = lib or library(arguments.data)
            bace = read_assay(
                sample("bace.csv"), smiles_column="mol", id_column="CID", targets="Class"
            )
            keep(Compounds(bace), np.arange(len(bace)), lib, seed, place / f"demo{seed}.npz")
    rows = [row for path in sorted(place.glob("*.npz")) for row in judge(path)]
    table = pd.DataFrame(rows).set_index(["assay", "blend"])
    for kind, own in table.groupby([kind_of(assay) for assay, _ in table.index]):
        print(f"\n{kind}: {len(own) // len(BLENDS)} assays, and the change from {PLAIN}")
        wide = own.unstack("blend")
        for figure in own.columns:
            plain = wide[figure][PLAIN]
            print(f"{figure}: {plain.mean():.3f}")
            for blend in [blend for blend in BLENDS if blend != PLAIN]:
                found = paired_difference(wide[figure][blend], plain, 0.0)
                print(
                    f"    {blend:18} {found.mean:+.4f} ({found.low:+.4f}, {found.high:+.4f}), "
                    f"ahead on {found.above}, behind on {found.below}"
                )


if __name__ == "__main__":
    main()

"""The wheel replayed over many assays: rules of `pick` beside a forest's best scores and chance.

    python benchmarks/replay.py --data ../shared/data -o replays/

Twelve assays of MoleculeACE and BACE-1; the strongest tenth of each counts as active. Fifty
compounds are known, drawn at random or of one scaffold; five times 16 are bought. Models are small,
so that all takes an hour of one core: three networks of 128 units, two folds, 60 trees; the forest
beside them has 500 trees of Morgan counts. What is in the folder is not done again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from assays import Source, sources
from scipy.special import expit

from screening.assay import choose_targets, curate, make_threshold
from screening.chemistry import Standardiser
from screening.learners import Compounds, ModelOptions
from screening.learners.forest import learner
from screening.tables import read_table
from screening.turns.replaying.replay import (
    BUYERS,
    ModelShopper,
    Shopper,
    Trainer,
    candidates,
    shopper,
)
from screening.turns.replaying.study import RollingOptions, run_rolling
from screening.turns.replaying.tables import FIGURES, curves, figures, paired

ASSAYS = (
    *("CHEMBL2835_Ki", "CHEMBL2047_EC50", "CHEMBL1871_Ki", "CHEMBL4616_EC50", "CHEMBL4203_Ki"),
    *("CHEMBL2034_Ki", "CHEMBL1862_Ki", "CHEMBL262_Ki", "CHEMBL237_EC50", "CHEMBL4005_Ki"),
    *("CHEMBL231_Ki", "CHEMBL2971_Ki", "bace-pic50"),
)
SMALL = ModelOptions(
    features=("morgan_counts", "descriptors"), hidden=(128,), ensemble_size=3, epochs=15, folds=2
)
TREES = 60
ACTIVE = 0.1


@contextmanager
def few_trees() -> Iterator[None]:
    """Make the forest of the blend small for a while."""
    with mock.patch.multiple(learner, TREES=TREES, HELD_OUT_TREES=TREES):
        yield


def compounds_of(source: Source) -> Compounds:
    """Return the compounds of an assay, the strongest tenth of them active."""
    table = read_table(str(source.path), smiles_column=None, id_column=None)
    values = pd.to_numeric(table.cells[source.targets[0]], errors="coerce")
    threshold = make_threshold(float(np.nanquantile(values, 1 - ACTIVE)), None)
    targets = choose_targets(table, source.targets, threshold, lambda _: None)
    return Compounds(
        curate(table, targets, threshold=threshold, standardiser=Standardiser(SMALL.standardize))
    )


EXTRA = ("bait", "balance-0.5")


class Bait(ModelShopper):
    """BAIT in place of k-means++, for `explore` (Ash et al. 2021, arXiv 2106.09675).

    Greedily takes what lowers tr(M^-1 I) most, I being the Fisher information of the head over the
    pool and M that over what is known and taken; of the last hidden states' 64 main directions.
    """

    def choose(self, offered: Compounds, n: int, seed: int) -> list[int]:
        """Take n, forwards only."""
        del seed
        assert self.fitted is not None
        known = self.fitted.part.compounds
        pool, before = (self._states(own) for own in (offered, known))
        middle = pool.mean(axis=0)
        axes = np.linalg.svd(pool - middle, full_matrices=False)[2][:64]
        pool, before = ((part - middle) @ axes.T for part in (pool, before))
        pool, before = (
            part * np.sqrt(p * (1 - p))[:, None]
            for part, p in ((pool, self._chance(offered)), (before, self._chance(known)))
        )
        information = pool.T @ pool / len(pool)
        inverse = np.linalg.inv(np.eye(len(information)) + before.T @ before)
        free, picked = np.ones(len(pool), dtype=bool), list[int]()
        while len(picked) < n and free.any():
            seen = pool @ inverse
            lowered = np.einsum("ij,jk,ik->i", seen, information, seen)
            gain = lowered / (1 + np.einsum("ij,ij->i", seen, pool))
            best = int(np.argmax(np.where(free, gain, -np.inf)))
            picked.append(best)
            free[best] = False
            inverse -= np.outer(seen[best], seen[best]) / (1 + seen[best] @ pool[best])
        return picked

    def _states(self, compounds: Compounds) -> np.ndarray:
        assert self.fitted is not None
        return np.concatenate(candidates(self.fitted, compounds).hidden, axis=1)

    def _chance(self, compounds: Compounds) -> np.ndarray:
        return expit(self.score(compounds))


def make(buyer: str, trainer: Trainer, workers: int) -> Shopper:
    """Return who buys, under the names of `EXTRA` too."""
    if buyer == "bait":
        return Bait("explore", trainer)
    if buyer.startswith("balance-"):
        return ModelShopper("balance", trainer, float(buyer.split("-")[1]))
    return shopper(buyer, trainer, workers)


def main() -> None:
    """Replay what is missing, and print the table, means and paired differences over assays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--assays", nargs="+", default=ASSAYS)
    parser.add_argument("--starts", nargs="+", default=["random", "scaffold"])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--extra", action="store_true", help=f"also {', '.join(EXTRA)}")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    done: list[pd.DataFrame] = []
    for repeats in range(1, given.repeats + 1):
        done = []
        for name in given.assays:
            (source,) = sources(given.data, name)
            compounds = compounds_of(source)
            for start in given.starts:
                began = time.perf_counter()
                buyers = (*BUYERS, *(EXTRA if given.extra else ()))
                options = RollingOptions(start, 50, 16, 5, repeats, buyers)
                with few_trees():
                    study = run_rolling(
                        compounds,
                        SMALL,
                        options,
                        given.output / f"{name}-{start}",
                        on_step=lambda *_: None,
                        make=make,
                    )
                done.append(figures(study, curves(study)).assign(assay=name, start=start))
                spent = time.perf_counter() - began
                print(f"{name}, {start} start, {repeats}: {spent:.0f} s", flush=True)
        tell(pd.concat(done))


def tell(table: pd.DataFrame) -> None:
    """Print means over assays with their spread, and paired differences over assays and starts."""
    columns = list(FIGURES)
    by_assay = table.groupby(["assay", "start", "buyer"], sort=False)[columns].mean().reset_index()
    wide = by_assay.pivot_table(index=["assay", "start"], columns="buyer", values="hit_rate")
    print(f"\nactives among those bought\n{wide.round(3).to_string()}")
    for start, own in [*by_assay.groupby("start", sort=False), ("all", by_assay)]:
        groups = own.groupby("buyer", sort=False)[columns]
        told = groups.mean().round(3).astype(str) + " ± " + groups.std().round(3).astype(str)
        print(f"\n{start}: mean ± standard deviation over assays\n{told.to_string()}")
    # One figure an assay: two starts on the same compounds are not independent.
    one = by_assay.groupby(["assay", "buyer"], sort=False)[columns].mean().reset_index()
    print(f"\npaired over {one['assay'].nunique()} assays, 95 % intervals")
    print(paired(one, ("assay",)).round(3).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()

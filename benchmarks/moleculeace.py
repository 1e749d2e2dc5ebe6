"""Predicted potencies on MoleculeACE: 30 targets, each with its own test set.

    python benchmarks/moleculeace.py --data ../shared/data --seeds 3 -n 2

Learns from the rows whose `split` is train, weights and intervals included, and predicts those of
test. Prints for each set, and as means over the sets and seeds: the RMSE of -log10 of the potency
by each voice and blended, of the blend on compounds with an activity cliff (`cliff_mol`), the share
of values in the intervals at a risk of 0.1, how far these reach, and seconds. `--blend none` leaves
the forest out. Sets and split:
van Tilborg, Alenicheva and Grisoni 2022, https://doi.org/10.1021/acs.jcim.2c01073
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from screening.assay import assay_of, make_threshold
from screening.learners import Compounds, ModelOptions, Part
from screening.learners.values.blend import ValueBlend
from screening.learners.values.learner import ValueVoices, measured
from screening.learners.values.voices import blend

RISK = 0.1
NANO = 9.0
BLEND = "blended"


def rmse(off: np.ndarray) -> float:
    return float(np.sqrt(np.mean(off**2)))


def compounds_of(path: Path, workers: int) -> tuple[Compounds, pd.DataFrame]:
    """Return the compounds of a set, and their rows in its file."""
    table = pd.read_csv(path)
    values = pd.Series(table["y"] + NANO, name="pK")
    # Values need no classes; an assay does.
    threshold = make_threshold(float(values.median()), None)
    assay, _ = assay_of(list(table["smiles"]), values, threshold=threshold)
    return Compounds(assay, workers), table.iloc[assay.rows].reset_index(drop=True)


def judged(
    compounds: Compounds, rows: pd.DataFrame, options: ModelOptions, workers: int
) -> dict[str, Any]:
    """Learn from the training part, and return the figures on the test part."""
    train, test = (np.flatnonzero(rows["split"] == name) for name in ("train", "test"))
    known = measured(compounds.assay, 0)
    assert known is not None
    started = time.perf_counter()
    learner = ValueBlend(ValueVoices(options, known))
    fitted = learner.fit_part(Part(compounds, train), workers=workers)
    assert fitted is not None
    learned = time.perf_counter() - started
    said = fitted.voices.said(compounds, test)
    values, spread = fitted.said(compounds, test)
    truth, reach = known.numbers[test], fitted.intervals.reach(RISK) * spread
    cliff = rows["cliff_mol"].to_numpy()[test] == 1
    return {
        **{name: rmse(own - truth) for name, own in said.items()},
        "equal weights": rmse(blend(said, dict.fromkeys(said, 1.0)) - truth),
        BLEND: rmse(values - truth),
        "cliffs": rmse((values - truth)[cliff]),
        "coverage": float(np.mean(np.abs(values - truth) <= reach)),
        "reach": float(reach.mean()),
        "seconds": learned,
    }


def figures(
    folder: Path,
    names: list[str],
    options: ModelOptions,
    seeds: int,
    workers: int,
    known: list[dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Yield a row for each set and seed that is not known, the smallest sets first."""
    done = {(row["set"], row["seed"]) for row in known}
    paths = sorted(folder.glob("CHEMBL*.csv*"), key=lambda path: path.stat().st_size)
    for seed in range(seeds):
        for path in paths:
            name = path.name.split(".")[0]
            if (names and name not in names) or (name, seed) in done:
                continue
            compounds, rows = compounds_of(path, workers)
            compounds.raw(ModelOptions().blocks)
            found = judged(compounds, rows, replace(options, seed=seed), workers)
            found = {"set": name, "seed": seed, **found}
            print(*(f"{v:.3f}" if isinstance(v, float) else v for v in found.values()), flush=True)
            yield found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="*", default=[], help="names of sets; all if not given")
    parser.add_argument("--blend", choices=["forest", "none"], default="forest")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="table of all figures, as CSV; what it has is not done again",
    )
    parser.add_argument("-n", "--num-workers", type=int, default=1)
    asked = parser.parse_args()
    folder = asked.data / "moleculeace"
    options = ModelOptions(blend=asked.blend)
    rows: list[dict[str, Any]] = []
    if asked.output is not None and asked.output.is_file():
        rows = pd.read_csv(asked.output).to_dict("records")
    for row in figures(folder, asked.sets, options, asked.seeds, asked.num_workers, list(rows)):
        rows.append(row)
        if asked.output is not None:
            pd.DataFrame(rows).to_csv(asked.output, index=False)
    table = pd.DataFrame(rows)
    print(table.groupby("set").mean(numeric_only=True).drop(columns="seed").round(3).to_string())
    numbers = table.groupby("seed").mean(numeric_only=True)
    print(numbers.mean().round(4).to_string())
    print(f"sd of {BLEND} over seeds: {numbers[BLEND].std():.4f}")


if __name__ == "__main__":
    main()

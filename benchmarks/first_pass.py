"""Recall and bound of a first pass against a full run, by rounds, on scores that are there.

    python benchmarks/first_pass.py RUN [--top 1000] [--recall 0.95] [--seeds 10] [--rows N]

RUN is the folder of a full run (`screen --first-pass off`). Its structures are packed in memory,
first passes go over them, and what would have been scored is looked up. Prints, for each round of
the first seed, the share scored and the recall of the best 100, 1,000 and 10,000; for each seed the
share scored, the recall, what was promised, and the processor time of the scout.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.dataset as pds
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix, vstack

from screening.features import FeatureSet
from screening.hits import score_parts
from screening.library.first_pass.rounds import FirstPass
from screening.library.first_pass.rows import Numbers
from screening.library.first_pass.scout import Scout
from screening.library.first_pass.state import Ask
from screening.library.packed.bits import MOST
from screening.tables import silent

_TOGETHER = 10_000


class ArrayRows:
    """The rows of a library whose counts are in memory."""

    def __init__(self, counts: csr_matrix) -> None:
        self._counts = counts

    def __len__(self) -> int:
        return int(self._counts.shape[0])

    def guesses(self, scout: Scout) -> NDArray[np.float32]:
        """Return what a scout guesses of each row."""
        starts = range(0, len(self), _TOGETHER)
        return np.concatenate([scout(self._counts[s : s + _TOGETHER]) for s in starts])

    def counts(self, numbers: Numbers) -> csr_matrix:
        """Return the counts of rows."""
        return self._counts[numbers]


def read(run: Path, rows: int | None) -> tuple[csr_matrix, NDArray[np.float64]]:
    """Return Morgan counts and log odds of a run's rows."""
    parts = score_parts(run / "scores")
    table = pds.dataset(parts).head(rows or 2**40, columns=["smiles", "log_odds"])
    (block,) = FeatureSet(("morgan_counts",)).blocks
    texts = table["smiles"].to_pylist()
    found = [
        block.columns_of([Chem.MolFromSmiles(text) for text in texts[start : start + _TOGETHER]])
        for start in range(0, len(texts), _TOGETHER)
    ]
    counts = vstack(found, format="csr")
    counts.data = np.minimum(counts.data, MOST).astype(np.uint8)
    return counts, table["log_odds"].to_numpy()


def recall_of_best(log_odds: NDArray[np.float64], chosen: NDArray[np.bool_], top: int) -> float:
    """Return the share of the best rows that were chosen."""
    return float(chosen[np.argsort(-log_odds, kind="stable")[:top]].mean())


def one(rows: ArrayRows, log_odds: NDArray[np.float64], ask: Ask, seed: int) -> tuple[float, bool]:
    """Do one first pass and print what it came to; return its recall, and whether it kept word."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "first_pass").mkdir()
        found = FirstPass(
            rows,  # type: ignore[arg-type]
            Path(folder),
            ask,
            lambda _number, numbers, _column: log_odds[numbers],
            silent,
            seed=seed,
        )
        outcome = found.go()
    if not seed:
        chosen = np.zeros(len(rows), bool)
        for made in found.rounds:
            chosen[made.numbers] = True
            tops = [recall_of_best(log_odds, chosen, top) for top in (100, 1000, 10_000)]
            recalls = (f"{recall:6.3f}" for recall in tops)
            print(f"  {made.kind:>6} {chosen.mean():6.3f}", *recalls, flush=True)
    true = recall_of_best(log_odds, found.chosen, ask.top)
    kept = true >= outcome.recall.at_least
    print(
        f"seed {seed}: share scored {found.chosen.mean():.3f}, recall {true:.4f}, "
        f"estimate {outcome.recall.estimate:.4f}, at least {outcome.recall.at_least:.4f} "
        f"({'holds' if kept else 'DOES NOT HOLD'}), "
        f"scout {time.process_time() - started:.1f} s",
        flush=True,
    )
    return true, kept


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--top", type=int, default=1000)
    parser.add_argument("--recall", type=float, default=0.95)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rows", type=int)
    asked = parser.parse_args()
    counts, log_odds = read(asked.run, asked.rows)
    ask = Ask("log_odds", lowest_first=False, top=asked.top, recall=asked.recall)
    rows = ArrayRows(counts)
    found = [one(rows, log_odds, ask, seed) for seed in range(asked.seeds)]
    mean = np.mean([recall for recall, _ in found])
    print(
        f"{len(rows):,} molecules, best {asked.top:,}: recall {mean:.4f}, "
        f"bound held in {sum(kept for _, kept in found)} of {len(found)} seeds"
    )


if __name__ == "__main__":
    main()

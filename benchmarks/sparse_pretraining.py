"""Pretraining on sparse fingerprints: dense, sparse, and with sampled zeros.

    python benchmarks/sparse_pretraining.py fp.parquet [--rows 100000] [--hidden 256] [--epochs 3]
        [--batch 100 512] [--zeros-sampled 0.1]

`fp.parquet` is written by stream_pretraining.py. The sides learn the same rows in the same
minibatches, an epoch each in turns, on one thread. Seconds are of processor time, which a busy
machine disturbs least. After each epoch the exact pseudo-log-likelihood of held-out rows is
printed, in nats a molecule.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from fingerprints import BITS, blocks
from scipy.sparse import csr_matrix, vstack

from ebm import RBM, Bernoulli, Trainer, TrainingOptions, pseudo_log_likelihood_nats


def main() -> None:
    """Print a line for each side and epoch."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--held-out", type=int, default=100)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, nargs="+", default=[100, 512])
    parser.add_argument("--zeros-sampled", type=float, nargs="+", default=[0.1])
    args = parser.parse_args()
    torch.set_num_threads(1)
    every = read(args.file, args.rows + args.held_out)
    data, held = every[: -args.held_out], torch.from_numpy(every[-args.held_out :].toarray())
    print(f"{data.shape[0]} rows, {data.nnz / data.shape[0] / BITS:.2%} on; held out {len(held)}")
    for batch in args.batch:
        sides = {
            "dense": trainer(torch.from_numpy(data.toarray()), batch, args.hidden, args.epochs),
            "sparse": trainer(data, batch, args.hidden, args.epochs),
        }
        for share in args.zeros_sampled:
            sides[f"zeros {share}"] = trainer(data, batch, args.hidden, args.epochs, share)
        compare(sides, held, args.epochs, -(-data.shape[0] // batch), f"{args.hidden}, {batch}")


def read(path: Path, rows: int) -> csr_matrix:
    """Return the first rows of the file."""
    parts, count = [], 0
    for block in blocks(path):
        parts.append(block)
        count += block.shape[0]
        if count >= rows:
            break
    return csr_matrix(vstack(parts, format="csr")[:rows])


def trainer(
    data: object, batch: int, hidden: int, epochs: int, share: float | None = None
) -> Trainer:
    """Return one side, from the same seeds."""
    options = TrainingOptions(
        epochs=epochs,
        batch_size=batch,
        momentum_epochs=1,
        zeros_sampled=share,
        monitor_every=10**6,
        pseudo_likelihood_rows=0,
    )
    rbm = RBM(Bernoulli(BITS), Bernoulli(hidden))
    return Trainer(rbm, data, options, generator=torch.Generator().manual_seed(0))


def compare(
    sides: dict[str, Trainer], held: torch.Tensor, epochs: int, steps: int, head: str
) -> None:
    """Train and print."""
    spent = dict.fromkeys(sides, 0.0)
    for epoch in range(epochs):
        for name, side in sides.items():
            started = time.process_time()
            side.run(max_steps=steps)
            spent[name] += time.process_time() - started
            with torch.no_grad():
                likelihood = float(pseudo_log_likelihood_nats(side.rbm, held).mean())
            print(
                f"hidden, batch {head:10} epoch {epoch + 1} {name:10} {spent[name]:7.1f} s  "
                f"dense / this {spent['dense'] / spent[name]:5.2f}  "
                f"pseudo-likelihood {likelihood:8.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

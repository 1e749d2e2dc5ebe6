"""Pretraining on fingerprints larger than memory: peak memory beside the number of molecules.

    python benchmarks/stream_pretraining.py fp.parquet [--source train.csv.gz --molecules 1000000]
        [--hidden 256] [--batch 512] [--zeros-sampled 0.1]

With `--source`, the file is written first, in a process of its own. Then one epoch goes over it, a
row group of 20,000 at a time. The file is read twice, once for the column means.
"""

from __future__ import annotations

import argparse
import resource
import time
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq
import torch
from fingerprints import BITS, blocks, prepare

from ebm import RBM, Bernoulli, Trainer, TrainingOptions


def main() -> None:
    """Print seconds, molecules a second and the peak memory of this process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--molecules", type=int, default=1_000_000)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--zeros-sampled", type=float)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.source:
        work = get_context("spawn").Process(
            target=prepare, args=(args.source, args.file, args.molecules)
        )
        work.start()
        work.join()
    rows = pq.ParquetFile(args.file).metadata.num_rows
    print(f"{rows} molecules, before: {peak():.0f} MB")
    options = TrainingOptions(
        epochs=1,
        batch_size=args.batch,
        zeros_sampled=args.zeros_sampled,
        pseudo_likelihood_rows=0,
    )
    wall, cpu = time.perf_counter(), time.process_time()
    rbm = RBM(Bernoulli(BITS), Bernoulli(args.hidden))
    trainer = Trainer(
        rbm, lambda: blocks(args.file), options, generator=torch.Generator().manual_seed(0)
    )
    begun = time.process_time() - cpu
    trainer.run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{trainer.total_steps} minibatches in {wall:.0f} s ({cpu:.0f} s of processor,")
    print(f"of which {begun:.0f} s for the column means), peak memory {peak():.0f} MB")
    print(trainer.history.records[-1])


def peak() -> float:
    """Return the largest resident size of this process so far, MB (kB are what Linux counts)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

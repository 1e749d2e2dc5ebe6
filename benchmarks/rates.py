"""Molecules a second of a screen, raw and prepared, beside RDKit alone doing the same chemistry.

    python benchmarks/rates.py LIBRARY.smi.gz --model model.ebm [--rows 50000] [--workers 2]

RDKit alone: the same number of processes parse the same SMILES and compute the same features by
RDKit's own functions, without standardisation, networks, neighbours or files. Seconds are
wall-clock. They leave out the start of the processes; for a screen they cover its shards alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors

from screening.features import DEFAULT
from screening.library import PrepareOptions, ScreenOptions, prepare_library, screen
from screening.tables import open_library

# Rows of a shard. The first shard starts the clock, so there must be two.
SHARD = 2000


def rdkit_alone(smiles: list[str]) -> int:
    """Parse and featurise by RDKit's own functions."""
    generators = (
        rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048),
        rdFingerprintGenerator.GetAtomPairGenerator(fpSize=2048),
        rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=2048),
    )
    table = np.empty((len(smiles), 88), np.float32)
    counts = []
    for row, text in zip(table, smiles, strict=True):
        mol = Chem.MolFromSmiles(text)
        counts.extend(g.GetCountFingerprint(mol).GetNonzeroElements() for g in generators)
        row[:] = [
            *rdMolDescriptors.MQNs_(mol),
            *rdMolDescriptors.SlogP_VSA_(mol),
            *rdMolDescriptors.SMR_VSA_(mol),
            *rdMolDescriptors.PEOE_VSA_(mol),
            *rdMolDescriptors.CalcCrippenDescriptors(mol),
            rdMolDescriptors.CalcTPSA(mol),
            rdMolDescriptors.CalcLabuteASA(mol),
            rdMolDescriptors.CalcFractionCSP3(mol),
            rdMolDescriptors.CalcKappa1(mol),
            rdMolDescriptors.CalcKappa2(mol),
            rdMolDescriptors.CalcKappa3(mol),
            rdMolDescriptors.CalcHallKierAlpha(mol),
            rdMolDescriptors.CalcExactMolWt(mol),
        ]
    return len(counts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=50_000, help="two shards (4,000) at least")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.rows < 2 * SHARD:
        parser.error(f"--rows must be {2 * SHARD} or more: a rate needs two shards")
    stream = open_library([given.library], chunk_size=SHARD)
    chunks = list(islice(stream, given.rows // SHARD))
    rows = sum(map(len, chunks))
    if rows <= SHARD:
        raise SystemExit(f"{given.library} has only {rows} rows; a rate needs two shards")

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        library = place / "library.smi"
        library.write_text(
            "".join(
                f"{smiles} {name}\n"
                for chunk in chunks
                for smiles, name in zip(chunk.smiles, chunk.ids, strict=True)
            )
        )
        with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
            pool.map(rdkit_alone, [["CCO"]] * given.workers)  # started and imported
            started = time.perf_counter()
            pool.map(rdkit_alone, [chunk.smiles for chunk in chunks], chunksize=1)
            alone = rows / (time.perf_counter() - started)
        options = ScreenOptions(workers=given.workers, shard_size=SHARD)
        raw = _rate(place / "raw", [str(library)], given.model, options, rows)
        prepared = PrepareOptions(DEFAULT, workers=given.workers)
        prepare_library([str(library)], place / "library.parquet", prepared)
        fast = _rate(place / "fast", [str(place / "library.parquet")], given.model, options, rows)
    print(f"{rows} molecules, {given.workers} processes")
    print(f"RDKit alone          {alone:8.0f} a second")
    print(f"screen, raw          {raw:8.0f} a second, {raw / alone:.2f} of RDKit alone")
    print(f"screen, prepared     {fast:8.0f} a second, {fast / raw:.1f} times the raw rate")
    return 0


def _rate(
    folder: Path, library: list[str], model: Path, options: ScreenOptions, rows: int
) -> float:
    """Rows a second between the first shard's end and the last one's."""
    ends: list[tuple[float, int]] = []
    screen(
        library,
        model,
        folder,
        options,
        on_progress=lambda counts, _: ends.append((time.perf_counter(), counts.read)),
    )
    (first, before), (last, _) = ends[0], ends[-1]
    return (rows - before) / (last - first)


if __name__ == "__main__":
    sys.exit(main())

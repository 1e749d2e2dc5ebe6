"""Morgan fingerprints (radius 2) of the molecules of a CSV file, for the benchmarks of pretraining.

Kept as Parquet in row groups, each row the packed bits, so that they can be read as a stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem, RDLogger
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_matrix

BITS = 2048
ROWS_AT_ONCE = 20_000


def prepare(source: Path, target: Path, count: int) -> None:
    """Write the fingerprints of the first `count` molecules that RDKit can read."""
    schema = pa.schema([("bits", pa.binary(BITS // 8))])
    rows = islice(packed(source), count)
    partial = target.with_suffix(".partial")
    with pq.ParquetWriter(partial, schema) as writer:
        while block := list(islice(rows, ROWS_AT_ONCE)):
            writer.write_table(pa.table([pa.array(block, pa.binary(BITS // 8))], schema=schema))
    partial.replace(target)


def packed(source: Path) -> Iterator[bytes]:
    """Yield the packed bits of each molecule of the first column."""
    RDLogger.DisableLog("rdApp.*")
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)
    for chunk in pd.read_csv(source, chunksize=ROWS_AT_ONCE, usecols=[0]):
        for smiles in chunk.iloc[:, 0]:
            mol = Chem.MolFromSmiles(smiles)
            if mol is not None:
                yield np.packbits(generator.GetFingerprintAsNumPy(mol)).tobytes()


def blocks(path: Path) -> Iterator[csr_matrix]:
    """Yield the fingerprints as CSR of float32, a row group at a time."""
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        column = file.read_row_group(group)["bits"].combine_chunks()
        flat = np.frombuffer(b"".join(column.to_pylist()), dtype=np.uint8)
        yield csr_matrix(np.unpackbits(flat.reshape(-1, BITS // 8), axis=1), dtype=np.float32)

"""Damage stored files by the thousand: each is refused in one sentence, or is whole.

    python benchmarks/damaged_files.py FILE [--cases 10000] [--seed 0]

Of a prepared library one file is damaged at a time, by accident: bytes changed, lost, added or
moved. It must be refused, or give what the whole one gives. Of models (of classes, and of values
alone, as `ScreeningRegressor.save` writes them) and pretrained stacks, half of the cases are
accidents too. The other half are meant: numbers of the description replaced by extremes, arrays by
others, parts left out or swapped, and all sums made right again. Such a file must be refused, or
give finite scores between 0 and 1, and values that are finite. Ends with status 1 otherwise.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import random
import resource
import shutil
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from safetensors.numpy import load, save
from tqdm import tqdm

from screening.chemistry import Failure, prepare_molecule
from screening.errors import UserError
from screening.features import BlockSet
from screening.library.prepared.format import read_part
from screening.library.prepared.source import PreparedStream, open_prepared
from screening.model import load_model
from screening.model.archive import (
    MODEL,
    PRETRAINED,
    VALUES,
    Kind,
    is_pretrained_file,
    is_values_file,
    sums_of,
)
from screening.model.pretrained import load_pretrained
from screening.model.regression.file import load_regression

Parts = dict[str, bytes]
Reader = Callable[[Path], np.ndarray]

EXTREMES = (0, -1, -5, 1, 7, 10**6, 2**40, 2**70, 1e-300, 1e308, -1e308, None, True, "", [], {})
STRUCTURES = ("CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "C[N+](C)(C)CC(=O)[O-]", "FC(F)(F)c1ccncc1")
# A sentence of this length takes two lines beside a path.
LONGEST = 300


def scores_of(path: Path) -> np.ndarray:
    """Return what a model says of some molecules."""
    model = load_model(path)
    mols = [model.prepare(smiles) for smiles in (*STRUCTURES, *model.training.smiles[:20])]
    scores = model.score_molecules(mols)
    told = [scores.score, scores.p_active, scores.novelty_percentile[:, None] / 100]
    if model.values:
        told += [finite(scores.value), finite(scores.value_spread)]
    return np.hstack(told)


def values_of(path: Path) -> np.ndarray:
    """Return what a model of values says of some molecules."""
    model = load_regression(path)
    texts = (*STRUCTURES, *model.training.smiles[:20])
    read = (prepare_molecule(text, model.standardiser, model.options.limits) for text in texts)
    mols = [mol for mol in read if not isinstance(mol, Failure)]
    raw = model.features.by_block(mols)
    _, similarity = model.training.nearest(model.features.packed_morgan(mols, raw))
    return finite(np.hstack(model.predict_near(raw, similarity)))


def finite(values: np.ndarray) -> np.ndarray:
    """Return values squeezed between 0 and 1, as they have no range; NaN where not finite."""
    return np.where(np.isfinite(values), 0.5 + np.arctan(values) / np.pi, np.nan)


def states_of(path: Path) -> np.ndarray:
    """Return what a pretrained stack makes of an empty and of a full row, between 0 and 1."""
    dbn = load_pretrained(path).dbn
    with torch.no_grad():
        states = dbn.up(torch.stack([torch.zeros(dbn.n_visible), torch.ones(dbn.n_visible)]))
    return torch.sigmoid(states).numpy()


def rows_of(folder: Path) -> np.ndarray:
    """Return sums over what a prepared library holds: rows, rejects, structures and features."""
    library = open_prepared(str(folder))
    features = BlockSet.from_config(library.description["parameters"]["features"])
    found = []
    for part in PreparedStream([library]):
        rows, rejects = read_part(part, features)
        texts = "".join((*rows.smiles, *rows.ids, *rows.inputs, *map(str, rejects)))
        sums = [block.sum() for block in (*rows.raw.sparse.values(), *rows.raw.dense.values())]
        places = [rows.rows.sum(), rows.keys.sum() % 2**31, rows.fingerprints.sum()]
        found.append([len(rows), len(rejects), zlib.crc32(texts.encode()), *places, *sums])
    return np.array(found, dtype=np.float64)


@dataclass(frozen=True)
class Whole:
    """A file that is right, and what is read from it."""

    kind: Kind
    data: bytes
    parts: Parts
    read: Reader
    result: np.ndarray

    @classmethod
    def of(cls, path: Path) -> Whole:
        """Read a file, of which kind it may be."""
        kind, read = MODEL, scores_of
        if is_pretrained_file(path):
            kind, read = PRETRAINED, states_of
        elif is_values_file(path):
            kind, read = VALUES, values_of
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in kind.parts}
        return cls(kind, path.read_bytes(), parts, read, read(path))


def accident(whole: bytes, draw: random.Random) -> bytes:
    """Return a file as a disk, a network or a hand may spoil it."""
    data = bytearray(whole)
    start = draw.randrange(len(data))
    length = draw.choice((1, 4, 64, 4096))
    kind = draw.choice(("bit", "bytes", "cut", "lost", "added", "blank", "moved"))
    if kind == "bit":
        data[start] ^= 1 << draw.randrange(8)
    elif kind == "bytes":
        for _ in range(draw.randint(2, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
    elif kind == "cut":
        del data[start:]
    elif kind == "lost":
        del data[start : start + length]
    elif kind == "added":
        data[start:start] = draw.randbytes(length)
    elif kind == "blank":
        data[start : start + length] = bytes(len(data[start : start + length]))
    else:
        data[start : start + length] = whole[: len(data[start : start + length])]
    return bytes(data)


def meant(whole: Whole, draw: random.Random) -> bytes:
    """Return the file with something wrong in it, and with sums that say it is right."""
    parts = dict(whole.parts)
    first, weights = whole.kind.parts[:2]
    kind = draw.choice(("number", "number", "array", "array", "column", "part"))
    if kind == "number":
        description = json.loads(parts[first])
        for _ in range(draw.choice((1, 1, 1, 3))):
            holder, key = draw.choice(list(leaves(description)))
            holder[key] = draw.choice(EXTREMES)
        parts[first] = json.dumps(description).encode()
    elif kind == "array":
        arrays = dict(load(parts[weights]))
        name = draw.choice(list(arrays))
        arrays[name] = another_array(arrays[name], draw)
        parts[weights] = save(arrays)
    elif kind == "column" and len(whole.kind.parts) > 2:
        parts[whole.kind.parts[2]] = another_table(parts[whole.kind.parts[2]], draw)
    else:
        one, other = draw.sample(whole.kind.parts, 2)
        parts[one] = draw.choice((b"", parts[other], parts[one][: len(parts[one]) // 2]))
    return packed(whole.kind, parts)


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield holder and key of every value that holds no others."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(entries):
        if isinstance(item, dict | list) and item:
            yield from leaves(item)
        else:
            yield value, key


def another_array(array: np.ndarray, draw: random.Random) -> np.ndarray:
    """Return an array with other values, another shape or another type."""
    changed = np.array(array)
    kind = draw.choice(("value", "value", "short", "empty", "type", "reversed", "flat"))
    if kind == "value" and changed.size:
        place = draw.randrange(changed.size)
        values = (math.nan, math.inf, -1.0, 0.0, 1e30, 2.0**31)
        with np.errstate(all="ignore"):
            changed.reshape(-1)[place] = np.array(draw.choice(values)).astype(changed.dtype)
        return changed
    return np.ascontiguousarray(
        {
            "short": changed[:-1],
            "empty": changed[:0],
            "type": changed.astype(draw.choice((np.float64, np.float32, np.int32, np.uint8))),
            "reversed": changed[::-1],
            "flat": changed.reshape(-1),
        }.get(kind, changed)
    )


def another_table(data: bytes, draw: random.Random) -> bytes:
    """Return a table without a column, with fewer rows, or with its rows turned round."""
    table = pq.read_table(io.BytesIO(data))
    kind = draw.choice(("dropped", "short", "turned"))
    if kind == "dropped":
        table = table.drop_columns([draw.choice(table.column_names)])
    elif kind == "short":
        table = table.slice(0, draw.randrange(table.num_rows))
    else:
        table = table.take(list(range(table.num_rows))[::-1])
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False)
    return buffer.getvalue()


def packed(kind: Kind, parts: Parts) -> bytes:
    """Return the archive of these parts, with sums that are right where there can be any."""
    first, *further = kind.parts
    try:
        description = {k: v for k, v in json.loads(parts[first]).items() if k != "sha256"}
        sums = sums_of(kind, description, *(parts[name] for name in further))
        parts = {**parts, first: json.dumps({**description, "sha256": sums}).encode()}
    except (ValueError, AttributeError):
        pass
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def verdict_of(read: Reader, expected: np.ndarray, path: Path, *, by_accident: bool) -> str:
    """Return refused, equal or another, or what is wrong.

    Parameters
    ----------
    read
    expected
        What is read where nothing is damaged.
    path
        Of what is damaged.
    by_accident
        Whether another result is wrong.
    """
    try:
        result = read(path)
    except UserError as error:
        text = str(error)
        clear = "\n" not in text and len(text) < LONGEST + len(str(path))
        return "refused" if clear else f"refused in {len(text)} characters: {text[:200]}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if result.shape == expected.shape and np.allclose(result, expected, atol=1e-9):
        return "equal"
    if by_accident:
        return "other results by accident"
    sound = np.isfinite(result).all() and result.min() >= 0 and result.max() <= 1
    return "another" if sound else "results that are no probabilities"


KNOWN = ("refused", "equal", "another")


def damaged(whole: Whole, cases: int, seed: int, path: Path) -> Iterator[tuple[str, float]]:
    """Yield verdict and processor seconds of each case; it depends on its number and the seed."""
    for number in range(cases):
        draw = random.Random(f"{seed}-{number}")
        by_accident = number % 2 == 0
        path.write_bytes(accident(whole.data, draw) if by_accident else meant(whole, draw))
        started = time.process_time()
        verdict = verdict_of(whole.read, whole.result, path, by_accident=by_accident)
        yield verdict, time.process_time() - started


def damaged_library(folder: Path, cases: int, seed: int, path: Path) -> Iterator[tuple[str, float]]:
    """Yield the same of a prepared library, of which one file is damaged at a time."""
    shutil.copytree(folder, path)
    files = sorted(p for p in path.rglob("*") if p.is_file() and p.name not in _NOT_READ)
    expected = rows_of(path)
    for number in range(cases):
        draw = random.Random(f"{seed}-{number}")
        file = draw.choice(files)
        whole = file.read_bytes()
        file.write_bytes(accident(whole, draw))
        started = time.process_time()
        yield verdict_of(rows_of, expected, path, by_accident=True), time.process_time() - started
        file.write_bytes(whole)


# Of a prepared library: for its reader, and for who made it.
_NOT_READ = ("_rejects.csv", "manifest.json", "config.toml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    library = asked.file.is_dir()
    whole = None if library else Whole.of(asked.file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "damaged.ebm"
        cases = (
            damaged_library(asked.file, asked.cases, asked.seed, place)
            if whole is None
            else damaged(whole, asked.cases, asked.seed, place)
        )
        for number, (verdict, seconds) in enumerate(tqdm(cases, total=asked.cases, unit=" files")):
            counts[verdict if verdict in KNOWN else "wrong"] += 1
            slowest = max(slowest, seconds)
            if verdict not in KNOWN:
                tqdm.write(f"case {number}: {verdict}")
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{asked.cases} files: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    print(f"slowest {slowest:.2f} s; {more:.0f} MB more than the whole file takes")
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())

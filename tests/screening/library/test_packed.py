"""A packed library: the bits and rows that were packed come back, and are screened as raw rows."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_matrix

from screening.chemistry import Failure, Limits, read_molecule
from screening.errors import UserError
from screening.library import (
    PackOptions,
    PrepareOptions,
    ScreenOptions,
    open_prepared,
    prepare_library,
    screen,
)
from screening.library.engines.workers import Assignment
from screening.library.packed.bits import bits_table, read_counts
from screening.library.packed.format import PackedPart, read_bits, read_rows
from screening.library.packed.pack import look
from screening.library.scoring import WorkerTask, model_scorer
from screening.library.shards import PACKING, Clock, Watch
from screening.model import load_model
from screening.tables import Chunk, open_library, read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_packers as faulty  # noqa: E402 - spawned workers find them on the same path
import faulty_scorers  # noqa: E402

from tests.same_bytes import same_bytes  # noqa: E402


@pytest.fixture(scope="module")
def library(samples, tmp_path_factory) -> Path:
    """Real compounds with a column of their own, salts, and rows that cannot be used."""
    table = read_table(str(samples / "wehi.csv.gz"))
    rows = [f"{s},{i},{n}" for n, (s, i) in enumerate(zip(table.smiles, table.ids, strict=True))]
    rows = rows[:120]
    rows[7:7] = ["nonsense,bad 1,x", ",bad 2,y", "CC(=O)[O-].[Na+],salt,z"]
    rows.append(rows[3].replace(",3", ',"a ""copy"", later"'))
    path = tmp_path_factory.mktemp("library") / "vendor.csv"
    path.write_text("\n".join(["smiles,name,price", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def packed(library, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("packed") / "vendor.packed"
    summary = prepare_library([str(library)], folder, PackOptions(part_size=50))
    assert (summary.counts.read, summary.counts.rejected) == (124, 2)
    return folder


counts = st.one_of(st.integers(1, 3), st.sampled_from([255, 256, 70_000]))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.sampled_from([1, 2, 254, 255, 256, 511, 1300]),
    width=st.integers(1, 4),
    entries=st.dictionaries(st.tuples(st.integers(0, 1299), st.integers(0, 3)), counts),
)
def test_counts_come_back_whatever_the_gaps(tmp_path_factory, rows, width, entries):
    dense = np.zeros((rows, width), np.int32)
    for (row, column), count in entries.items():
        if row < rows and column < width:
            dense[row, column] = count
    path = tmp_path_factory.mktemp("bits") / "bits.parquet"
    pq.write_table(bits_table(csr_matrix(dense)), path, compression="zstd", **PACKING)
    found = read_counts(path)
    assert found.dtype == np.uint8
    assert found.has_sorted_indices
    np.testing.assert_array_equal(found.toarray(), np.minimum(dense, 255))


ODD = [
    *(
        "[H][H]",
        "[2H]C([2H])Cl",
        "[H]c1ccccc1",
        "[H+].[Cl-]",
        "C[N](C)(C)(C)C",
        "c1ccc1c",
        "C(C",
        " ",
    ),
    *(
        "[Fe+2].[cH-]1cccc1.[cH-]1cccc1",
        "CC[Mg]Br",
        "[NH3][Pt](Cl)(Cl)[NH3]",
        "B1(O)OO1",
        "*c1ccccc1",
    ),
    *("C[C@H](F)Cl", "F/C=C/F", "CC=[C@]=CF", "C[S@](=O)c1ccccc1", "[O-][n+]1ccccc1", "CN(=O)=O"),
    *(
        "c1cc[nH]c1",
        "O=c1cc[nH]cc1",
        "C1=CC=C[CH+]C=C1",
        "[CH3]",
        "O=[Cl](=O)(=O)O",
        "C" * 30,
        "c1ccccc1c",
    ),
    "Cc1cccc(I)c1-c1c(C)cccc1Br |wU:7.7|",
]


def test_structures_are_read_as_everywhere_as_far_as_counts_go(samples):
    smiles = [*ODD, *read_table(str(samples / "wehi.csv.gz")).smiles[:300]]
    limits = Limits(max_atoms=28)
    chunk = Chunk("", np.arange(len(smiles)), smiles, ["x"] * len(smiles))
    kept, counts, rejects = look(Assignment(0, chunk), limits, watch=Watch(), clock=Clock())
    mols = [read_molecule(text, limits) for text in smiles]
    bad = {place: mol for place, mol in enumerate(mols) if isinstance(mol, Failure)}
    assert {reject.row: Failure(reject.reason, reject.message) for reject in rejects} == bad
    assert len(bad) > 5
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    for row, place in enumerate(kept):
        if "." not in smiles[place]:
            expected = generator.GetCountFingerprint(mols[place]).GetNonzeroElements()
            own = counts[row]
            assert dict(zip(own.indices.tolist(), own.data.tolist(), strict=True)) == expected


def test_no_rows_have_no_counts(tmp_path):
    path = tmp_path / "bits.parquet"
    pq.write_table(bits_table(csr_matrix((0, 2048), dtype=np.int32)), path, **PACKING)
    assert read_counts(path).shape == (0, 2048)


def test_bits_are_those_of_each_structure_or_of_the_largest_part_of_a_salt(library, packed):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    raw = list(open_library([str(library)], chunk_size=50))
    parts = open_prepared(str(packed)).parts
    assert len(parts) == len(raw) == 3
    for chunk, part in zip(raw, parts, strict=True):
        matrix, (rows, rejects) = read_bits(part), read_rows(part)
        bad = [place for place, reject in enumerate(chunk.rows) if reject in {9, 10}]
        assert [reject.row for reject in rejects] == chunk.rows[bad].tolist()
        for name in ("smiles", "ids"):
            kept = [text for n, text in enumerate(getattr(chunk, name)) if n not in bad]
            assert getattr(rows, name) == kept
        assert rows.rows.tolist() == np.delete(chunk.rows, bad).tolist()
        assert rows.extra["price"] == np.delete(chunk.extra["price"], bad).tolist()
        for place, smiles in enumerate(rows.smiles):
            pieces = [Chem.MolFromSmiles(text) for text in smiles.split(".")]
            largest = max(pieces, key=Chem.Mol.GetNumHeavyAtoms)
            expected = generator.GetCountFingerprint(largest)
            row = matrix[place]
            found = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
            assert found == expected.GetNonzeroElements()


def test_a_screen_of_it_is_that_of_the_raw_files(library, packed, model_file, tmp_path):
    options = ScreenOptions(top=30, shard_size=70)
    screen([str(library)], model_file, tmp_path / "raw", options)
    done = screen([str(packed)], model_file, tmp_path / "packed", options)
    assert (done.counts.read, done.counts.scored, done.counts.rejected) == (124, 122, 2)
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(tmp_path / "packed" / name, tmp_path / "raw" / name)
    raw, again = (pd.read_parquet(tmp_path / run / "scores") for run in ("raw", "packed"))
    pd.testing.assert_frame_equal(raw, again)


def test_rows_that_are_chosen_are_scored_alone(packed, model_file, tmp_path):
    model = load_model(model_file)
    task = WorkerTask(model_file, model.model_hash, tmp_path, Limits(), "")
    score = model_scorer(task)
    part = open_prepared(str(packed)).parts[0]
    score(Assignment(0, part), Watch())
    score(Assignment(1, part.only([3, 40])), Watch())
    whole, some = (pd.read_parquet(tmp_path / "scores" / f"part-0000{n}.parquet") for n in (0, 1))
    pd.testing.assert_frame_equal(some, whole.iloc[[3, 40]].reset_index(drop=True))
    assert part.only([3, 40]).alone(1) == part.only([40])
    assert part.alone(5) == part.only([5])
    assert len({part.digest(), part.only([3]).digest(), part.only([4]).digest()}) == 3


def test_the_limits_of_the_screen_hold(packed, model_file, tmp_path):
    options = ScreenOptions(max_atoms=20)
    done = screen([str(packed)], model_file, tmp_path / "run", options)
    rejects = pd.read_csv(tmp_path / "run" / "rejects.csv")
    assert {"parse", "empty", "too_large"} == set(rejects["reason"])
    assert rejects["row"].is_monotonic_increasing
    assert len(rejects) + done.counts.scored == 124
    with pytest.raises(UserError, match=re.escape("max_atoms (--max-atoms) 20, and this")):
        screen([str(packed)], model_file, tmp_path / "run", ScreenOptions(max_atoms=30))


class StoppedError(Exception):
    pass


def test_neither_workers_nor_a_stop_change_a_byte(library, packed, tmp_path):
    folder = tmp_path / "again.packed"
    options = PackOptions(part_size=50, workers=2)

    def stop(counts, share):
        raise StoppedError

    with pytest.raises(StoppedError):
        prepare_library([str(library)], folder, options, on_progress=stop)
    with pytest.raises(UserError, match="not finished"):
        open_prepared(str(folder))
    assert prepare_library([str(library)], folder, options).continued >= 1
    paths = [path.relative_to(packed) for path in packed.rglob("part-*.parquet")]
    assert len(paths) == 6
    for path in paths:
        assert same_bytes(folder / path, packed / path)


def test_a_part_without_its_bits_is_packed_again(library, packed, tmp_path):
    folder = tmp_path / "vendor.packed"
    shutil.copytree(packed, folder)
    (folder / "_bits" / "part-00001.parquet").unlink()
    with pytest.raises(UserError, match=r"lacks part-00001\.parquet or what belongs to it"):
        open_prepared(str(folder))
    assert prepare_library([str(library)], folder, PackOptions()).continued == 2
    assert len(open_prepared(str(folder)).parts) == 3


def test_a_molecule_that_crashes_costs_itself_only(samples, model_file, tmp_path):
    good = read_table(str(samples / "wehi.csv.gz")).smiles[:8]
    smiles = [*good[:5], faulty.CRASHES, *good[5:], faulty_scorers.CRASHES]
    path = tmp_path / "library.csv"
    path.write_text("smiles,id\n" + "".join(f"{s},c{i}\n" for i, s in enumerate(smiles)))
    folder = tmp_path / "made.packed"
    summary = prepare_library([str(path)], folder, PackOptions(), make_scorer=faulty.make)
    assert (summary.counts.scored, summary.counts.rejected) == (9, 1)
    run = tmp_path / "run"
    screen([str(folder)], model_file, run, make_scorer=faulty_scorers.make)
    rejects = pd.read_csv(run / "rejects.csv")
    assert rejects["smiles"].tolist() == [faulty.CRASHES, faulty_scorers.CRASHES]
    assert rejects["reason"].tolist() == ["crash", "crash"]


@pytest.mark.parametrize("name", ["part-00001.parquet", "_bits/part-00001.parquet"])
def test_a_damaged_part_is_told_in_one_sentence(packed, tmp_path, name):
    folder = tmp_path / "damaged.packed"
    shutil.copytree(packed, folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-20])
    part = open_prepared(str(folder)).parts[1]
    read = read_bits if name.startswith("_bits") else read_rows
    with pytest.raises(UserError, match=r"part-00001\.parquet is not what was prepared \(it was"):
        read(part)


def test_a_record_of_another_part_is_told(packed):
    part = open_prepared(str(packed)).parts[1]
    with pytest.raises(UserError, match="its record was changed"):
        read_bits(PackedPart(packed, 0, part.hash))


def test_packed_and_prepared_are_not_mixed(library, packed, model_file, tmp_path):
    prepared = tmp_path / "vendor.parquet"
    features = ("morgan_counts", "descriptors")
    prepare_library([str(library)], prepared, PrepareOptions(features))
    with pytest.raises(UserError, match="in two runs"):
        screen([str(packed), str(prepared)], model_file, tmp_path / "run")
    with pytest.raises(UserError, match="is a packed library"):
        prepare_library([str(library)], prepared, PackOptions())

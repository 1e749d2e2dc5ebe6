"""A prepared library: the same result as the raw files, readable by others, checked against use."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest

from screening.chemistry import Limits, Standardiser
from screening.errors import UserError
from screening.features import FeatureSet
from screening.library import PrepareOptions, ScreenOptions, open_prepared, prepare_library, screen
from screening.library.engines.workers import Assignment
from screening.library.featurise import MoleculeReader, featurise_chunk
from screening.library.prepared.format import PreparedPart, read_part
from screening.library.shards import Clock, Watch
from screening.model import file_hash, load_model
from screening.tables import open_library, read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_preparers as faulty  # noqa: E402 - spawned workers find it on the same path

from tests.same_bytes import same_bytes  # noqa: E402

FEATURES = ("morgan_counts", "descriptors")


def first_part(folder: Path) -> PreparedPart:
    return PreparedPart(folder, 0, file_hash(folder / "_parts" / "00000.json"))


@pytest.fixture(scope="module")
def library(samples, tmp_path_factory) -> Path:
    """Real compounds with a column of their own, and rows that cannot be used."""
    table = read_table(str(samples / "wehi.csv.gz"))
    rows = [f"{s},{i},{n}" for n, (s, i) in enumerate(zip(table.smiles, table.ids, strict=True))]
    rows = rows[:300]
    rows[7:7] = ["nonsense,bad 1,x", ",bad 2,y"]
    rows.append(rows[3].replace(",3", ',"a ""copy"", later"'))
    path = tmp_path_factory.mktemp("library") / "vendor.csv"
    path.write_text("\n".join(["smiles,name,price", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def prepared(library, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "vendor.parquet"
    summary = prepare_library([str(library)], folder, PrepareOptions(FEATURES, part_size=100))
    assert (summary.counts.read, summary.counts.rejected) == (303, 2)
    return folder


def test_a_screen_of_it_is_that_of_the_raw_files(library, prepared, model_file, tmp_path):
    options = ScreenOptions(top=50, shard_size=70)
    screen([str(library)], model_file, tmp_path / "raw", options)
    done = screen([str(prepared)], model_file, tmp_path / "prepared", options)
    assert (done.counts.read, done.counts.scored, done.counts.rejected) == (303, 301, 2)
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(tmp_path / "prepared" / name, tmp_path / "raw" / name)
    raw, again = (
        ds.dataset(tmp_path / run / "scores").to_table().to_pandas() for run in ("raw", "prepared")
    )
    pd.testing.assert_frame_equal(raw, again)


def test_every_value_comes_back_as_it_was(library, prepared):
    features = FeatureSet(("morgan_counts", "descriptors"))
    chunk = next(iter(open_library([str(library)], chunk_size=100)))
    reader = MoleculeReader(Standardiser("parent"), Limits())
    expected, rejects = featurise_chunk(
        Assignment(0, chunk), reader, features, watch=Watch(), clock=Clock()
    )
    found, again = read_part(first_part(prepared), features)
    assert again == rejects
    for name in ("source", "ids", "smiles", "standardised", "inputs"):
        assert getattr(found, name) == getattr(expected, name)
    for name in ("rows", "keys", "fingerprints"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name, matrix in expected.raw.sparse.items():
        assert (found.raw.sparse[name] != matrix).nnz == 0
        assert found.raw.sparse[name].dtype == matrix.dtype
    for name, values in expected.raw.dense.items():
        np.testing.assert_array_equal(found.raw.dense[name], values)


def test_others_read_it(prepared):
    table = pd.read_parquet(prepared)
    assert len(table) == 301
    assert {"id", "standardised", "source", "row", "morgan_counts_bits"} <= set(table.columns)
    assert list(table["row"]) == sorted(table["row"])
    schema = ds.dataset(prepared).schema
    parameters = json.loads(schema.metadata[b"ebmscreen"])
    assert parameters["standardize"] == "parent"
    assert [block["name"] for block in parameters["features"]["blocks"]] == list(FEATURES)
    counts = table["morgan_counts_counts"].map(sum)
    assert (counts > 0).all()


@pytest.mark.parametrize("features", [("morgan_bits", "maccs"), ("erg", "torsions", "rdkit_path")])
def test_every_kind_of_block_comes_back(library, tmp_path, features):
    folder = tmp_path / "other.parquet"
    prepare_library([str(library)], folder, PrepareOptions(features, part_size=1000))
    found, _ = read_part(first_part(folder), FeatureSet(features))
    reader = MoleculeReader(Standardiser("parent"), Limits())
    mols = [reader(smiles) for smiles in found.smiles]
    raw = FeatureSet(features).by_block(mols)
    for name, matrix in raw.sparse.items():
        assert (found.raw.sparse[name] != matrix).nnz == 0
    for name, values in raw.dense.items():
        np.testing.assert_array_equal(found.raw.dense[name], values)


def test_the_parts_do_not_depend_on_the_workers(library, prepared, tmp_path):
    folder = tmp_path / "two.parquet"
    prepare_library([str(library)], folder, PrepareOptions(FEATURES, part_size=100, workers=2))
    for part in sorted(prepared.glob("*.parquet")):
        assert same_bytes(folder / part.name, part)


def test_hanging_and_crashing_molecules_cost_themselves_only(samples, tmp_path):
    good = read_table(str(samples / "wehi.csv.gz")).smiles[:20]
    rows = [*good[:10], faulty.CRASHES, *good[10:15], faulty.HANGS, *good[15:]]
    path = tmp_path / "library.csv"
    path.write_text("smiles,id\n" + "".join(f"{s},c{i}\n" for i, s in enumerate(rows)))
    options = PrepareOptions(FEATURES, part_size=8, limits=Limits(timeout_seconds=2.0), workers=2)
    folder = tmp_path / "made.parquet"
    summary = prepare_library([str(path)], folder, options, make_scorer=faulty.make)
    assert (summary.counts.scored, summary.counts.rejected) == (20, 2)
    rejects = pd.read_csv(folder / "_rejects.csv")
    assert dict(zip(rejects["smiles"], rejects["reason"], strict=True)) == {
        faulty.CRASHES: "crash",
        faulty.HANGS: "timeout",
    }


class StoppedError(Exception):
    pass


def test_an_interrupted_preparation_continues_to_the_same_bytes(library, prepared, tmp_path):
    folder = tmp_path / "again.parquet"
    options = PrepareOptions(FEATURES, part_size=100)

    def stop(counts, share):
        raise StoppedError

    with pytest.raises(StoppedError):
        prepare_library([str(library)], folder, options, on_progress=stop)
    with pytest.raises(UserError, match="not finished"):
        open_prepared(str(folder))
    done = prepare_library([str(library)], folder, options)
    assert done.continued >= 1
    for part in sorted(prepared.glob("*.parquet")):
        assert same_bytes(folder / part.name, part)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"standardize": "none"}, "begun with --standardize parent, and this command's is none"),
        ({"features": ("maccs",)}, "with the features morgan_counts, descriptors, and this"),
        (
            {"limits": Limits(max_atoms=300)},
            "begun with max_atoms (--max-atoms) 200, and this command's is 300",
        ),
        ({"smiles_column": "name"}, "structures were taken from the column 'smiles', and this"),
    ],
)
def test_other_settings_for_the_same_folder_are_refused_in_plain_words(
    library, prepared, changes, said
):
    options = PrepareOptions(**{"features": FEATURES, "part_size": 100, **changes})
    with pytest.raises(UserError, match=re.escape(said)) as refused:
        prepare_library([str(library)], prepared, options)
    assert "None" not in str(refused.value)


def test_a_preparation_that_is_there_keeps_the_size_of_its_parts(library, prepared):
    options = PrepareOptions(FEATURES, part_size=50, smiles_column="smiles")
    assert prepare_library([str(library)], prepared, options).continued == 4


def test_a_library_that_does_not_fit_the_model_is_refused(library, model_file, tmp_path):
    bits, none = tmp_path / "bits.parquet", tmp_path / "none.parquet"
    prepare_library([str(library)], bits, PrepareOptions(("morgan_bits",)))
    with pytest.raises(UserError, match="without the model's feature block 'morgan_counts'"):
        screen([str(bits)], model_file, tmp_path / "run")
    prepare_library([str(library)], none, PrepareOptions(FEATURES, standardize="none"))
    with pytest.raises(UserError, match="--standardize none, and the model wants parent"):
        screen([str(none)], model_file, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_raw_and_prepared_sources_are_not_mixed(library, prepared, model_file, tmp_path):
    with pytest.raises(UserError, match="in two runs"):
        screen([str(prepared), str(library)], model_file, tmp_path / "run")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("description", "is damaged"),
        ("version", "of version 99"),
        ("number", "was changed"),
        ("part", r"lacks part-00001\.parquet"),
    ],
)
def test_a_damaged_library_is_told(prepared, model_file, tmp_path, damage, words):
    folder = tmp_path / "damaged.parquet"
    shutil.copytree(prepared, folder)
    description = folder / "_library.json"
    if damage == "description":
        description.write_text(description.read_text()[:100])
    elif damage == "version":
        content = json.loads(description.read_text())
        content["parameters"]["schema_version"] = 99
        description.write_text(json.dumps(content))
    elif damage == "number":
        content = json.loads(description.read_text())
        content["options"]["limits"]["max_atoms"] += 1
        description.write_text(json.dumps(content))
    else:
        (folder / "part-00001.parquet").unlink()
    with pytest.raises(UserError, match=words):
        screen([str(folder)], model_file, tmp_path / "run")


def test_a_truncated_part_is_told_in_one_sentence(prepared, model_file, tmp_path):
    folder = tmp_path / "damaged.parquet"
    shutil.copytree(prepared, folder)
    part = folder / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:500])
    with pytest.raises(UserError, match=r"part-00001\.parquet is not what was prepared"):
        screen([str(folder)], model_file, tmp_path / "run")


def test_a_changed_reject_is_told(prepared, model_file, tmp_path):
    """Rejects lie in the records, of which the description has the hash."""
    folder = tmp_path / "damaged.parquet"
    shutil.copytree(prepared, folder)
    record = folder / "_parts" / "00000.json"
    record.write_text(record.read_text().replace('"read": ', '"read": 1', 1))
    with pytest.raises(UserError, match="its record was changed"):
        screen([str(folder)], model_file, tmp_path / "run")


def test_a_model_file_with_fewer_blocks_takes_a_richer_library(library, model_file, tmp_path):
    folder = tmp_path / "rich.parquet"
    prepare_library([str(library)], folder, PrepareOptions((*FEATURES, "torsions")))
    assert load_model(model_file).features.names == FEATURES
    done = screen([str(folder)], model_file, tmp_path / "run")
    assert done.counts.scored == 301


def test_an_empty_library(tmp_path, model_file):
    path = tmp_path / "bad.csv"
    path.write_text("smiles,id\nnonsense,1\n")
    folder = tmp_path / "bad.parquet"
    summary = prepare_library([str(path)], folder, PrepareOptions(FEATURES))
    assert (summary.counts.scored, summary.counts.rejected) == (0, 1)
    done = screen([str(folder)], model_file, tmp_path / "run")
    assert (done.counts.scored, done.counts.rejected, len(done.hits)) == (0, 1, 0)

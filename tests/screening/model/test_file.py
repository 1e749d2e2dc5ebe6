"""The model file: whole, the same every time, harmless, and clear about what is wrong with it."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from screening.errors import UserError
from screening.model import file_hash, load_model, save_model
from screening.model.archive import CANARIES, MODEL, sums_of
from tests.same_bytes import same_bytes

PARTS = ("model.json", "weights.safetensors", "training.parquet", "canary.json")


def signed(parts: dict[str, bytes]) -> dict[str, bytes]:
    """Return the parts with the sums that they should have, as who means harm would write them."""
    try:
        description = json.loads(parts["model.json"])
        rest = {k: v for k, v in description.items() if k != "sha256"}
    except (ValueError, AttributeError, RecursionError, KeyError):
        return parts
    further = [parts.get(name, b"") for name in PARTS[1:]]
    rest["sha256"] = sums_of(MODEL, rest, *further)
    return {**parts, "model.json": json.dumps(rest).encode()}


@pytest.fixture(scope="module")
def parts(model_file) -> dict[str, bytes]:
    with zipfile.ZipFile(model_file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def stored(small_model, tmp_path) -> Path:
    """The file of the model of this process; `model_file` may come from another one."""
    path = tmp_path / "stored.ebm"
    save_model(small_model, path)
    return path


@pytest.fixture
def rebuilt(parts, tmp_path):
    """Write a well-formed archive with some parts replaced, or left out where None."""

    def write(sign=signed, **changes):
        path = tmp_path / "changed.ebm"
        changed = {name: changes.get(name.split(".")[0], data) for name, data in parts.items()}
        kept = {name: data for name, data in changed.items() if data is not None}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in sign(kept).items():
                archive.writestr(name, data)
        return path

    return write


def refused(path) -> str:
    with pytest.raises(UserError) as caught:
        load_model(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_what_was_stored_comes_back(small_model, stored):
    loaded = load_model(stored)
    assert loaded.options == small_model.options
    assert loaded.tasks == small_model.tasks == ("Class",)
    assert loaded.calibrations == small_model.calibrations
    assert loaded.thresholds == small_model.thresholds
    assert loaded.quality == small_model.quality
    for name in ("ids", "smiles"):
        assert getattr(loaded.training, name) == getattr(small_model.training, name)
    for name in ("rows", "keys", "fingerprints", "labels", "values", "folds"):
        ours, theirs = (getattr(m.training, name) for m in (small_model, loaded))
        assert ours.dtype == theirs.dtype, name
        assert np.array_equal(ours, theirs, equal_nan=True), name
    assert loaded.training.held_out.keys() == small_model.training.held_out.keys()
    for name, scores in small_model.training.held_out.items():
        assert np.array_equal(loaded.training.held_out[name], scores, equal_nan=True)
    # A reader of the provenance finds the data, the seed and the counts.
    assert loaded.provenance["counts"]["Class"] == {"active": 100, "inactive": 100, "missing": 0}
    assert loaded.provenance["source"].endswith("bace.csv")


def test_the_same_model_is_the_same_file(small_model, stored, tmp_path):
    save_model(small_model, tmp_path / "twice.ebm")
    assert same_bytes(tmp_path / "twice.ebm", stored)
    save_model(load_model(stored), tmp_path / "again.ebm")
    assert same_bytes(tmp_path / "again.ebm", stored)


def test_the_hash_is_of_the_file(small_model, stored, model_file, rebuilt):
    assert small_model.model_hash == load_model(stored).model_hash == file_hash(stored)
    path = rebuilt()
    assert load_model(path).model_hash == file_hash(path) != file_hash(model_file)


def test_saving_leaves_nothing_beside_the_file(small_model, tmp_path):
    save_model(small_model, tmp_path / "new" / "m.ebm")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["m.ebm"]


def test_a_save_that_fails_keeps_the_old_file(small_model, tmp_path, monkeypatch):
    path = tmp_path / "m.ebm"
    path.write_bytes(b"the old model")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space"):
        save_model(small_model, path)
    assert path.read_bytes() == b"the old model"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_file_holds_json_safetensors_and_parquet_and_no_pickle(parts):
    assert tuple(parts) == PARTS
    for name in ("model.json", "canary.json"):
        # Strict JSON: NaN and Infinity are no JSON.
        json.loads(parts[name], parse_constant=pytest.fail)
    assert parts["training.parquet"][:4] == b"PAR1" == parts["training.parquet"][-4:]
    assert load_tensors(parts["weights.safetensors"])


def test_every_truncation_is_told(model_file, tmp_path):
    whole = model_file.read_bytes()
    path = tmp_path / "short.ebm"
    for length in (0, 1, 3, 30, 1000, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "not a whole model file" in refused(path)


def test_a_flipped_byte_is_told_wherever_it_is(model_file, tmp_path):
    whole = model_file.read_bytes()
    with zipfile.ZipFile(model_file) as archive:
        starts = {i.filename: (i.header_offset, i.compress_size) for i in archive.infolist()}
    path = tmp_path / "flipped.ebm"
    for name, (start, size) in starts.items():
        for share in (0.0, 0.2, 0.5, 0.8, 0.99):
            position = start + 31 + len(name) + int(share * (size - 2))
            data = bytearray(whole)
            data[position] ^= 0x55
            path.write_bytes(data)
            refused(path)


def test_random_damage_never_escapes_as_another_error(model_file, tmp_path):
    """Some damage hits dates or padding and does no harm; all else is one sentence."""
    whole = model_file.read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.ebm"
    # The directory at the end and the first header are where a zip reader is easiest to confuse.
    places = [*range(60), *range(len(whole) - 120, len(whole)), *rng.integers(0, len(whole), 60)]
    said = []
    for place in places:
        data = bytearray(whole)
        data[place] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        try:
            load_model(path)
        except UserError as error:
            said.append(str(error))
    assert len(said) > len(places) / 2
    assert all(path.name in sentence for sentence in said)


def test_a_packed_archive_is_refused_before_it_is_unpacked(parts, tmp_path, monkeypatch):
    path = tmp_path / "packed.ebm"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert "packed anew" in refused(path)


@pytest.mark.parametrize("content", [b"", b"smiles,id\nCCO,1\n", bytes(2000), b"PK\x03\x04 no zip"])
def test_what_is_no_archive_is_told(tmp_path, content):
    path = tmp_path / "other.ebm"
    path.write_bytes(content)
    assert "no .ebm file" in refused(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    assert "no such model file" in refused(tmp_path / "absent.ebm")
    (tmp_path / "folder.ebm").mkdir()
    refused(tmp_path / "folder.ebm")


def test_another_archive_is_told(tmp_path):
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "no ebmscreen model" in refused(path)


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_part_is_told(rebuilt, name):
    assert "no ebmscreen model" in refused(rebuilt(**{name.split(".")[0]: None}))


@pytest.mark.parametrize("schema", [0, 1, "2", None])
def test_another_schema_is_told_with_both_numbers(rebuilt, parts, schema):
    changed = json.loads(parts["model.json"]) | {"schema": schema}
    message = refused(rebuilt(model=json.dumps(changed)))
    assert f"schema {schema!r}" in message
    assert "reads 5" in message


def test_an_archive_that_claims_to_be_huge_is_not_unpacked(model_file, tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    data = bytearray(model_file.read_bytes())
    # Uncompressed size of the weights in the central directory: 24 bytes into the entry.
    entry = data.rfind(b"PK\x01\x02", 0, data.rfind(b"weights.safetensors"))
    data[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    path = tmp_path / "bomb.ebm"
    path.write_bytes(data)
    assert "can be right" in refused(path)


@pytest.mark.parametrize("part", PARTS[1:])
def test_a_part_that_is_not_what_was_written_is_told(rebuilt, parts, part):
    """Well-formed, and with the archive's own checks in order: only the sum can tell."""
    data = bytearray(parts[part])
    data[len(data) // 2] ^= 1
    path = rebuilt(sign=lambda kept: kept, **{part.split(".")[0]: bytes(data)})
    assert f"{part} is not what was written" in refused(path)


def test_a_description_that_is_not_what_was_written_is_told(rebuilt, parts):
    changed = json.loads(parts["model.json"])
    changed["calibrations"][0]["offset"] += 1e-9
    path = rebuilt(sign=lambda kept: kept, model=json.dumps(changed))
    assert "model.json is not what was written" in refused(path)
    del changed["sha256"]
    assert "not what was written" in refused(
        rebuilt(sign=lambda kept: kept, model=json.dumps(changed))
    )


@pytest.mark.parametrize("part", ["model", "canary"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"3", b"{}", b'"text"', b"\xff\xfe", b"[" * 20_000],
    ids=["empty", "cut", "list", "null", "number", "object", "text", "not utf-8", "deep"],
)
def test_json_of_another_shape_is_told(rebuilt, part, content):
    refused(rebuilt(**{part: content}))


def test_every_missing_or_foreign_entry_of_the_description_is_told(rebuilt, parts):
    description = json.loads(parts["model.json"])
    read = [k for k in description if k not in ("quality", "provenance", "sha256")]
    for key in read:
        without = {k: v for k, v in description.items() if k != key}
        # A model of an earlier version has had no turns.
        if key != "turns":
            refused(rebuilt(model=json.dumps(without)))
        for wrong in (None, 7, [], {}, "text"):
            if wrong != description[key]:
                refused(rebuilt(model=json.dumps(description | {key: wrong})))


def test_a_limit_of_novelty_that_a_file_holds_decides_nothing(rebuilt, parts, small_model):
    description = json.loads(parts["model.json"])
    kept = description["domain"] | {"novelty_limit": 0.0}
    loaded = load_model(rebuilt(model=json.dumps(description | {"domain": kept})))
    scores = loaded.score_molecules([loaded.prepare(smiles) for smiles in ("CCO", "c1ccccc1N")])
    assert loaded.domain.similarity_limit == small_model.domain.similarity_limit
    scores.nearest_similarity[:] = 1.0
    assert loaded.in_domain(scores).all()


def test_a_model_whose_voices_are_gone_is_told(rebuilt, parts):
    description = json.loads(parts["model.json"])
    options = description["options"] | {"blend": "forest"}
    assert "voices" in refused(rebuilt(model=json.dumps(description | {"options": options})))


def test_weights_that_are_missing_or_of_another_shape_are_told(rebuilt, parts):
    tensors = load_tensors(parts["weights.safetensors"])
    for name in tensors:
        without = {k: v for k, v in tensors.items() if k != name}
        refused(rebuilt(weights=save_tensors(without)))
    for name in ("member.0.columns", "novelty.bit_logits", "encoder.grid.descriptors"):
        shorter = tensors | {name: tensors[name][:-1].clone()}
        refused(rebuilt(weights=save_tensors(shorter)))
    for junk in (b"", b"\xff" * 64, parts["weights.safetensors"][:-8]):
        refused(rebuilt(weights=junk))


def test_a_training_table_that_is_none_is_told(rebuilt, parts):
    for junk in (b"", b"PAR1", parts["training.parquet"][:-20], b"x" * 500):
        refused(rebuilt(training=junk))


def test_altered_weights_are_found_by_the_canaries(rebuilt, parts):
    tensors = load_tensors(parts["weights.safetensors"])
    name = next(k for k in tensors if k.startswith("member.0.network") and tensors[k].dim() == 2)
    message = refused(rebuilt(weights=save_tensors(tensors | {name: tensors[name] * 1.2})))
    assert "other scores" in message
    assert "altered" in message


def test_weights_that_are_not_numbers_are_refused(rebuilt, parts):
    tensors = load_tensors(parts["weights.safetensors"])
    name = next(k for k in tensors if k.startswith("member.1.network") and tensors[k].dim() == 2)
    broken = tensors[name].clone()
    broken[:] = float("nan")
    assert "no finite numbers" in refused(rebuilt(weights=save_tensors(tensors | {name: broken})))


def test_other_versions_are_named_when_scores_differ(rebuilt, parts):
    canaries = json.loads(parts["canary.json"])
    canaries["versions"]["rdkit"] = "1999.01.1"
    canaries["scores"] = [[1 - score[0]] for score in canaries["scores"]]
    assert "rdkit 1999.01.1 -> " in refused(rebuilt(canary=json.dumps(canaries)))


def test_other_versions_that_give_the_same_scores_are_fine(rebuilt, parts):
    canaries = json.loads(parts["canary.json"])
    canaries["versions"]["rdkit"] = "1999.01.1"
    assert load_model(rebuilt(canary=json.dumps(canaries))).tasks == ("Class",)


def test_canaries_are_training_compounds_of_both_classes(parts, small_model):
    canaries = json.loads(parts["canary.json"])
    table = small_model.training
    labels = {table.labels[table.smiles.index(s), 0] for s in canaries["smiles"]}
    assert labels == {0.0, 1.0}
    assert len(canaries["scores"]) == CANARIES


def set_at(description, path: str, value):
    """Return the description with one entry, named by a path of keys, replaced."""
    changed = json.loads(json.dumps(description))
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    inner = changed
    for key in way:
        inner = inner[key]
    assert last in inner if isinstance(inner, dict) else last < len(inner), path
    inner[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("novelty/rbm/config/hidden/copies", 10**6),
        ("novelty/rbm/config/hidden/copies", 2**40),
        ("novelty/rbm/config/hidden/size", 2**40),
        ("novelty/rbm/config/visible/size", 2**31),
        ("members/0/network/config/sizes/1", 2**33),
        ("members/0/network/config/n_outputs", 2**33),
        ("features/blocks/0/n_bits", -5),
        ("features/blocks/0/n_bits", 2**40),
        ("encoder/n_ramps", 10**8),
        ("encoder/n_ramps", 0),
        ("encoder/n_quantiles", 10**9),
        ("calibrations/0/base_rate", 0),
        ("calibrations/0/base_rate", 1.0),
        ("calibrations/0/base_rate", None),
        ("calibrations/0/slope_for", -1),
        ("thresholds/0", 7),
        ("domain/similarity_limit", 1e308),
        ("novelty/centre", None),
        ("options/limits/max_atoms", -1),
        ("options/limits/timeout_seconds", 0),
        ("tasks", []),
    ],
)
def test_a_number_out_of_its_range_is_refused_in_two_lines(rebuilt, parts, path, value):
    """With sums that are right: nothing is built or divided by before it is looked at."""
    changed = set_at(json.loads(parts["model.json"]), path, value)
    assert len(refused(rebuilt(model=json.dumps(changed)))) < 300


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("novelty.rbm.weights", lambda a: a * np.nan),
        ("novelty.bit_logits", lambda a: a + np.inf),
        ("conformal.0.active", lambda a: a * np.nan),
        ("conformal.0.active", lambda a: a[:0]),
        ("conformal.0.inactive", lambda a: a[::-1]),
        ("conformal.0.active_similarity", lambda a: a[1:]),
        ("conformal.0.inactive_similarity", lambda a: a * np.nan),
        ("domain.novelties", lambda a: a[:0]),
        ("domain.novelties", lambda a: a * np.nan),
        ("encoder.grid.descriptors", lambda a: a[:, ::-1]),
        ("encoder.grid.descriptors", lambda a: a * np.nan),
    ],
)
def test_arrays_that_are_no_numbers_or_not_in_order_are_refused(rebuilt, parts, name, change):
    arrays = load_arrays(parts["weights.safetensors"])
    arrays[name] = np.ascontiguousarray(change(arrays[name]))
    refused(rebuilt(weights=save_arrays(arrays)))


def test_a_table_that_unpacks_to_much_is_refused(rebuilt):
    rows = 3_000_000
    table = pa.table({"id": pa.array(["x"] * rows), "smiles": pa.array(["C"] * rows)})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False)
    assert "unpack to" in refused(rebuilt(training=buffer.getvalue()))


def test_a_compound_without_structure_is_refused(rebuilt, parts):
    table = pq.read_table(io.BytesIO(parts["training.parquet"]))
    smiles = table["smiles"].to_pylist()
    at = table.column_names.index("smiles")
    buffer = io.BytesIO()
    without = table.set_column(at, "smiles", pa.array([None, *smiles[1:]]))
    pq.write_table(without, buffer, use_dictionary=False)
    assert "no name or no structure" in refused(rebuilt(training=buffer.getvalue()))

"""Models in files: what is loaded equals what was saved, and damage is one clear error."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ebm import (
    DBM,
    DBN,
    RBM,
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    Network,
    NReLU,
    Rectified,
    Softmax,
    StorageError,
    Thermometer,
    load,
    save,
)
from ebm.storage import files as storage_files
from ebm.storage import from_state, to_state, write_tensors
from tests.same_bytes import same_bytes


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


def make_rbm(visible=None, hidden=None):
    return RBM(visible or Bernoulli(6), hidden or Bernoulli(4), generator=seeded())


def make_dbn():
    top = make_rbm(Blocks([Bernoulli(4), Softmax(3)]), Bernoulli(5))
    return DBN([make_rbm(), top], label_size=3)


def make_network():
    return Network.from_sizes([6, 4, 3], 2, activation="relu", dropout=0.2, generator=seeded())


MODELS = {
    "rbm": make_rbm,
    "dbn": make_dbn,
    "untied": lambda: make_dbn().with_untied_weights(),
    "network": make_network,
    "dbm": lambda: DBM(
        [Blocks([Bernoulli(3), Softmax(2)]), NReLU(4, 3), Gaussian(2, learn_precision=True)],
        generator=seeded(),
    ),
    "blocks": lambda: make_rbm(
        Blocks([Thermometer([3, 1]), Binomial(2, 5), Gaussian(3, 2.0, learn_precision=True)]),
        Rectified(4, 0.5),
    ),
    "nrelu": lambda: make_rbm(Softmax([2, 4]), NReLU(3, 5)),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_round_trip(name, dtype, tmp_path):
    model = MODELS[name]().to(dtype)
    save(tmp_path / "model.ebm", model)
    other = load(tmp_path / "model.ebm")
    assert type(other) is type(model)
    assert other.to_config() == model.to_config()
    before, after = model.state_dict(), other.state_dict()
    assert list(before) == list(after)
    assert all(
        torch.equal(before[key], after[key]) and before[key].dtype == after[key].dtype
        for key in before
    )


def test_a_loaded_network_predicts_the_same(tmp_path):
    model = make_network()
    save(tmp_path / "n", model)
    x = torch.rand(5, 6)
    assert torch.equal(load(tmp_path / "n")(x), model(x))


def test_the_file_is_safetensors_with_json(tmp_path):
    save(tmp_path / "model", make_dbn())
    assert set(load_file(tmp_path / "model")) == set(make_dbn().state_dict())
    raw = (tmp_path / "model").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    about = json.loads(header["__metadata__"]["ebm"])
    assert json.loads(about["description"])["kind"] == "dbn"


def test_description_survives_json():
    config, tensors = to_state(make_dbn())
    other = from_state(json.loads(json.dumps(config)), tensors)
    assert torch.equal(other.top.weights, make_dbn().top.weights)


def damaged_files(good: bytes):
    yield "empty", b""
    yield "short", good[:5]
    yield "half a header", good[:60]
    yield "no last byte", good[:-1]
    yield "half", good[: len(good) // 2]
    yield "longer", good + b"\0"
    yield "changed number", good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]
    yield "text", b"smiles,label\nCCO,1\n" * 20
    yield "pickle", pickle.dumps({"weights": [1, 2]})
    yield "zip", b"PK\x03\x04" + bytes(100)


def test_damaged_and_foreign_files(tmp_path):
    save(tmp_path / "good", make_rbm())
    for name, content in damaged_files((tmp_path / "good").read_bytes()):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(StorageError) as caught:
            load(path)
        assert str(path) in str(caught.value), name
        assert len(str(caught.value).splitlines()) == 1, name


def test_safetensors_of_others(tmp_path):
    save_file({"weights": torch.zeros(3)}, tmp_path / "theirs")
    with pytest.raises(StorageError, match="not one of this program's"):
        load(tmp_path / "theirs")


@pytest.mark.parametrize("path", ["absent", "."])
def test_no_file(tmp_path, path):
    with pytest.raises(StorageError, match="there is no file"):
        load(tmp_path / path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "forest"}, "unknown kind of model 'forest'"),
        ({"version": 99}, "format version 99"),
        ({"config": {}}, "do not fit"),
        ({"config": make_rbm(Bernoulli(7)).to_config()}, "do not fit"),
        ({"config": {"visible": {"kind": "spin"}, "hidden": {}}}, "unknown kind of unit"),
    ],
)
def test_descriptions_that_do_not_fit(tmp_path, change, message):
    config, tensors = to_state(make_rbm())
    write_tensors(tmp_path / "odd", {**config, **change}, tensors)
    with pytest.raises(StorageError, match=message):
        load(tmp_path / "odd")


def test_tensors_that_do_not_fit():
    config, tensors = to_state(make_rbm())
    del tensors["weights"]
    with pytest.raises(StorageError, match="do not fit"):
        from_state(config, tensors)


def test_a_failing_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    save(tmp_path / "model", make_rbm())
    before = (tmp_path / "model").read_bytes()

    def half_written(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(storage_files, "save_file", half_written)
    with pytest.raises(OSError, match="no space left"):
        save(tmp_path / "model", make_network())
    assert same_bytes(tmp_path / "model", before)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_other_objects_are_refused(tmp_path):
    with pytest.raises(TypeError, match="Linear cannot be stored"):
        save(tmp_path / "x", torch.nn.Linear(2, 2))


def test_equal_models_give_equal_files(tmp_path):
    for name in ("one", "two"):
        save(tmp_path / name, make_dbn())
    assert same_bytes(tmp_path / "one", tmp_path / "two")

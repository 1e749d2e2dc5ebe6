"""Stacks pretrained on a library: kept whole, told from models, and where the networks begin."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from ebm.dbn import continue_greedily
from screening.errors import UserError
from screening.features import Encoder
from screening.learners.networks import EncodedPart, train_ensembles
from screening.learners.pretraining import pretraining_options
from screening.model import (
    is_pretrained_file,
    load_model,
    load_pretrained,
    pretrain_on,
    save_model,
    save_pretrained,
    train_model,
)
from tests.same_bytes import same_bytes


@pytest.fixture(scope="module")
def tiny(small_options):
    return replace(small_options, hidden=(12, 6), ensemble_size=2, epochs=2, pretrain_epochs=1)


@pytest.fixture(scope="module")
def made(bace, tiny):
    return pretrain_on(bace.mols[::5], tiny, origin={"sources": ["bace"]}, on_step=lambda *_: None)


@pytest.fixture(scope="module")
def stored(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("pretrained") / "stack.ebm"
    save_pretrained(made, path)
    return path


def test_what_was_stored_comes_back(made, stored):
    loaded = load_pretrained(stored)
    assert loaded.options == made.options
    assert loaded.provenance == made.provenance
    assert loaded.sha256 == made.sha256 != ""
    ours, theirs = made.dbn.state_dict(), loaded.dbn.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    names = made.encoder.get_feature_names_out()
    assert np.array_equal(names, loaded.encoder.get_feature_names_out())
    assert made.dbn.sizes == [len(names), 12, 6]


def test_the_same_stack_is_the_same_file(made, stored, tmp_path):
    save_pretrained(made, tmp_path / "again.ebm")
    assert same_bytes(tmp_path / "again.ebm", stored)


def test_models_and_stacks_are_told_apart(stored, model_file):
    assert is_pretrained_file(stored)
    assert not is_pretrained_file(model_file)
    with pytest.raises(UserError, match=r"stack\.ebm is .*pretrained"):
        load_model(stored)
    with pytest.raises(UserError, match=r"bace\.ebm is .*model"):
        load_pretrained(model_file)


def test_damage_is_named(stored, tmp_path):
    cut = tmp_path / "cut.ebm"
    cut.write_bytes(stored.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"cut\.ebm"):
        load_pretrained(cut)
    with zipfile.ZipFile(stored) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = next(name for name in parts if name.endswith(".safetensors"))
    for name, data in ((weights, parts[weights][:-8]), ("pretrained.json", b'{"schema": 99}')):
        with zipfile.ZipFile(tmp_path / "changed.ebm", "w") as archive:
            for part in parts:
                archive.writestr(part, data if part == name else parts[part])
        with pytest.raises(UserError, match=r"damaged|schema 99"):
            load_pretrained(tmp_path / "changed.ebm")


def test_a_network_starts_where_the_stack_ended(made, small_assay, tiny):
    """Pretraining goes on from the stack with the part's own random numbers, by hand too."""
    x = made.encoder.transform(_raw(small_assay, tiny))
    options = replace(tiny, learning_rate=1e-12, weight_decay=0.0)
    part = EncodedPart(x, small_assay.labels, 7, members=tiny.ensemble_size)
    (trained,) = train_ensembles([part], options, begun=made.dbn)
    expected, _ = continue_greedily(
        made.dbn,
        x,
        pretraining_options(tiny, x.shape[0]),
        generator=torch.Generator().manual_seed(7),
    )
    assert len(trained.members) == tiny.ensemble_size
    for member in trained.members:
        own = member.network.weights[:-1]
        for machine, weights in zip(expected.machines, own, strict=True):
            assert np.allclose(machine.weights.detach().numpy(), weights, rtol=0, atol=1e-6)


def _raw(assay, options):
    from screening.features import FeatureSet

    return FeatureSet(options.features).by_block(assay.mols)


def test_a_model_from_a_stack_has_its_columns_and_is_one_for_any_workers(
    made, stored, small_assay, tiny, tmp_path
):
    first = train_model(small_assay, tiny, pretrained=made, workers=1)
    second = train_model(small_assay, tiny, pretrained=load_pretrained(stored), workers=2)
    assert np.array_equal(
        first.encoder.get_feature_names_out(), made.encoder.get_feature_names_out()
    )
    mols = small_assay.mols[:20]
    scores = first.score_molecules(mols).score
    assert np.array_equal(scores, second.score_molecules(mols).score)
    plain = train_model(small_assay, tiny)
    assert not np.array_equal(scores, plain.score_molecules(mols).score)
    about = second.provenance["pretrained"]
    assert about["sha256"] == made.sha256
    assert about["sources"] == ["bace"]
    save_model(second, tmp_path / "m.ebm")
    again = load_model(tmp_path / "m.ebm")
    assert np.array_equal(again.score_molecules(mols).score, scores)
    assert again.provenance["pretrained"] == about


def test_the_share_of_substructures_without_a_column_is_counted(made, small_assay, tiny):
    raw = _raw(small_assay, tiny)
    every = Encoder(made.encoder.thresholds, min_molecules=1).fit(raw)
    end, own_end = every.dense_from(), made.encoder.dense_from()
    known = set(made.encoder.get_feature_names_out()[:own_end])
    names = every.get_feature_names_out()[:end]
    x = every.transform(raw)[:, :end].tocoo()
    missing = sum(1 for column in x.col if names[column] not in known)
    assert 0 < missing < x.nnz
    assert made.unknown_share(raw) == pytest.approx(missing / x.nnz)


def test_sizes_and_features_come_from_the_stack(made, tiny):
    asked = replace(tiny, hidden=(3,), features=("maccs",), epochs=9)
    applied = made.applied_to(asked)
    assert (applied.hidden, applied.features, applied.epochs) == ((12, 6), tiny.features, 9)

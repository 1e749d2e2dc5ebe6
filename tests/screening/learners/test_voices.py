"""Voices beside the networks: a kernel machine, a forest of descriptors, and a model with them."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import logit
from sklearn.kernel_ridge import KernelRidge as SklearnRidge

from screening.explain import explain
from screening.features import Encoder, RawFeatures
from screening.learners import Compounds, ModelOptions, Part
from screening.learners.blend import Blend, Blending
from screening.learners.forest import learner
from screening.learners.forest.fit import fit_extra_trees, fit_forest
from screening.learners.forest.learner import DescriptorForest, Forest
from screening.learners.kernels.learner import KernelRidge
from screening.learners.kernels.ridge import RIDGE, StoredRidge, fit_ridge
from screening.learners.kernels.tanimoto import capped, tanimoto_kernel
from screening.learners.learner import random_fold_parts
from screening.learners.voices import Seen
from screening.model import load_model, save_model, train_model
from screening.model.archive import MODEL, sums_of
from screening.trust import NeighbourIndex, neighbours
from screening.trust.neighbours import tanimoto

EVERY = "forest,kernel,descriptors"


def _counts(n, seed=0):
    draw = np.random.default_rng(seed)
    return csr_matrix(draw.poisson(0.4, (n, 30)))


@pytest.fixture(scope="module")
def two_part(two_tasks) -> Part:
    return Part(two_tasks, np.arange(50), np.arange(50, 80))


@pytest.fixture(scope="module")
def machines(two_part) -> StoredRidge:
    (fitted,) = KernelRidge("graded", 0).fit_parts([two_part])
    return fitted.machines


def test_the_machine_is_scikit_learns():
    counts, labels = _counts(60), np.random.default_rng(1).random(60).astype(np.float32)
    kernel = tanimoto_kernel(counts, counts)
    worth, mean = fit_ridge(kernel, np.arange(60), labels)
    theirs = SklearnRidge(alpha=RIDGE, kernel="precomputed").fit(kernel, labels)
    np.testing.assert_allclose(worth, theirs.dual_coef_, atol=1e-6)
    # What is like none is inactive.
    assert mean == 0


def test_fewer_known_compounds_are_fitted_to_all_labels():
    """No other worth of the known ones has a lower penalised sum of squares."""
    counts, draw = _counts(60), np.random.default_rng(1)
    labels, known = draw.random(60).astype(np.float32), np.arange(0, 60, 3)
    kernel = tanimoto_kernel(counts, counts[known]).astype(np.float64)
    worth, mean = fit_ridge(kernel.astype(np.float32), known, labels)

    def loss(worth):
        left = labels - mean - kernel @ worth
        return left @ left + RIDGE * worth @ kernel[known] @ worth

    assert all(loss(worth) < loss(worth + 0.02 * draw.normal(size=20)) for _ in range(30))


def test_a_row_depends_on_its_molecule_alone(machines, two_tasks):
    counts = two_tasks.raw(["morgan_counts"]).sparse["morgan_counts"]
    together = machines.of_counts(counts)
    order = np.random.default_rng(0).permutation(80)
    assert np.array_equal(machines.of_counts(counts[order]), together[order])
    assert np.array_equal(np.vstack([machines.of_counts(row) for row in counts]), together)
    kernel = tanimoto(two_tasks.fingerprints, two_tasks.fingerprints[:50]).astype(np.float64)
    np.testing.assert_allclose(
        together, 4 * (kernel @ machines.worth + machines.means - 0.5), atol=1e-3
    )


def test_a_compound_held_out_at_random_has_taught_nothing(two_part, two_tasks):
    ridge, assay = KernelRidge("graded", 0), two_tasks.assay
    (fitted,) = ridge.fit_parts([two_part])
    folds = random_fold_parts(two_part, 3, 0)
    said = fitted.at_random(two_part, folds)
    assert np.isnan(said[50:]).all()
    labels = assay.labels.copy()
    labels[7] = 1 - labels[7]
    turned = Compounds(replace(assay, labels=labels))
    other = Part(turned, two_part.rows, two_part.asked)
    parts = [replace(fold, compounds=turned) for fold in folds]
    again = fitted.at_random(other, parts)
    own = next(fold.asked for fold in folds if 7 in fold.asked)
    assert np.array_equal(again[own], said[own], equal_nan=True)
    assert not np.array_equal(again[:50], said[:50], equal_nan=True)


def test_many_compounds_are_stood_for_by_some(two_part, monkeypatch):
    for name in ("MOST_KNOWN", "STAND_FOR_ALL"):
        monkeypatch.setattr(f"screening.learners.kernels.learner.{name}", 20)
    (fitted,) = KernelRidge("graded", 0).fit_parts([two_part])
    assert fitted.machines.counts.shape[0] == 20
    counts = two_part.compounds.raw(["morgan_counts"]).sparse["morgan_counts"][two_part.rows]
    counts = capped(counts, 1)
    known = np.sort(np.random.default_rng(0).permutation(50)[:20])
    assert np.array_equal(fitted.machines.counts.toarray(), counts[known].toarray())
    kernel = tanimoto_kernel(counts, counts[known])
    worth, _ = fit_ridge(kernel, known, two_part.labels[:, 0])
    np.testing.assert_allclose(fitted.machines.worth[:, 0], worth)


def test_machines_come_back_and_unsound_ones_are_refused(machines, two_tasks):
    described, arrays = machines.to_state(Encoder())
    again = StoredRidge.from_state(described, arrays, Encoder(), 2)
    counts = two_tasks.raw(["morgan_counts"]).sparse["morgan_counts"]
    assert np.array_equal(again.of_counts(counts), machines.of_counts(counts))
    with pytest.raises(ValueError, match="kernel"):
        StoredRidge.from_state({**described, "highest": 0}, arrays, Encoder(), 2)
    last = len(arrays["counts"]) - 1
    spoiled = {
        "columns": np.where(np.arange(last + 1) == last, 5000, arrays["columns"]),
        "ends": arrays["ends"][::-1],
        "counts": np.where(np.arange(last + 1) == last, 1 << 20, arrays["counts"]),
        "worth": arrays["worth"][1:],
        "means": arrays["means"][:1],
        "tasks": np.array([2]),
    }
    for name, wrong in spoiled.items():
        with pytest.raises(ValueError, match="kernel"):
            StoredRidge.from_state(described, arrays | {name: wrong}, Encoder(), 2)


def test_similarities_of_neighbours_serve_the_machine(machines, two_part, two_tasks, monkeypatch):
    """To the last bit, whichever known compounds are compared with which others together."""
    monkeypatch.setattr(neighbours, "_KNOWN", 7)
    monkeypatch.setattr(neighbours, "_PAIRS", 35)
    prints, counts = two_tasks.fingerprints, two_tasks.raw(["morgan_counts"])
    known, expected = prints[two_part.rows], machines.of_counts(counts.sparse["morgan_counts"])
    sums = machines.sums(len(prints))
    found = NeighbourIndex(known).nearest(prints, on_similarities=sums.add)
    assert np.array_equal(sums.logits(), expected)
    for ours, alone in zip(found, NeighbourIndex(known).nearest(prints), strict=True):
        assert np.array_equal(ours, alone)
    monkeypatch.setattr(neighbours, "_KEPT", 40)
    sums = machines.sums(2)
    NeighbourIndex(known).nearest(prints[60:62], on_similarities=sums.add)
    assert np.array_equal(sums.logits(), expected[60:62])


def test_a_machine_knows_which_compounds_it_compares_with(machines, two_part, two_tasks):
    known = two_tasks.fingerprints[two_part.rows]
    assert machines.knows(known)
    assert not machines.knows(known[1:])
    assert not machines.knows(known[::-1])
    assert not replace(machines, highest=2).knows(known)


def test_a_task_that_is_not_wanted_is_not_said_anything_of(two_part, two_tasks):
    encoder = Encoder().fit(two_tasks.raw(["morgan_counts"]))
    raw = two_tasks.raw(["morgan_counts", "descriptors"])
    seen = Seen(raw, encoder, encoder.encode(raw))
    for voice in (KernelRidge("graded", 0), DescriptorForest(("descriptors",), "graded", 0)):
        (fitted,) = voice.fit_parts([two_part])
        said = fitted.stored([False, True]).logits(seen)
        assert np.isnan(said[:, 0]).all()
        rows = np.arange(80)
        np.testing.assert_allclose(said[:, 1], fitted.logits(two_tasks, rows)[:, 1], atol=1e-5)


def test_a_forest_of_descriptors_sees_nothing_else(two_part, two_tasks):
    blocks = ("morgan_counts", "descriptors")
    (fitted,) = DescriptorForest(blocks, "graded", 3).fit_parts([two_part])
    raw = two_tasks.raw(blocks)
    encoder = Encoder().fit(raw.take(two_part.rows))
    numbers = encoder.transform(raw)[:, encoder.dense_from() :]
    labels = two_tasks.labels[two_part.rows, 0]
    by_hand = fit_extra_trees(numbers[two_part.rows], labels, seed=3, trees=learner.TREES)
    expected = logit(np.clip(by_hand.predict(numbers[50:]), 1e-3, 1 - 1e-3))
    said = fitted.logits(two_tasks, two_part.asked)[:, 0]
    np.testing.assert_allclose(np.clip(said, logit(1e-3), logit(1 - 1e-3)), expected)
    assert Forest(blocks, "graded", 3) != DescriptorForest(blocks, "graded", 3)


def test_leaves_of_graded_labels_have_few_values():
    draw = np.random.default_rng(0)
    x = csr_matrix(draw.random((100, 10)).astype(np.float32))
    for fit in (fit_forest, fit_extra_trees):
        forest = fit(x, draw.random(100).astype(np.float32), seed=0, trees=20)
        values = np.concatenate([tree.tree_.value.ravel() for tree in forest.estimators_])
        assert np.array_equal(values * 64, np.rint(values * 64))


def test_each_voice_has_the_blocks_that_it_needs():
    assert ModelOptions(blend="none").voices == ()
    assert ModelOptions(blend=" kernel, forest").voices == ("forest", "kernel")
    bits = ModelOptions(features=("maccs",), blend=EVERY)
    assert bits.blocks == ("maccs", "morgan_counts", "descriptors")
    assert bits.descriptor_blocks == ("descriptors",)
    assert ModelOptions(features=("descriptors",), blend="descriptors").blocks == ("descriptors",)
    with pytest.raises(ValueError, match="'forests' cannot be blended"):
        _ = ModelOptions(blend="forests").voices


@pytest.fixture(scope="module")
def model(eighty, tiny_options):
    return train_model(eighty, replace(tiny_options, blend=EVERY))


def test_a_model_of_every_voice_scores_explains_and_comes_back(model, eighty, tmp_path):
    assert model.blend.names == ("forest", "kernel", "descriptors")
    assert sum(model.provenance["blend"]["Class"].values()) == pytest.approx(1)
    (sentence,) = model.blend_sentences()
    assert f"kernel {model.blend.weights('kernel')[0]:.2f}" in sentence
    mols = eighty.mols[:9]
    scores = model.score_molecules(mols)
    alone = [model.score_molecules([mol]).log_odds[0, 0] for mol in mols]
    assert np.array_equal(scores.log_odds[:, 0], alone)
    assert explain(model, mols[0]).log_odds == pytest.approx(scores.log_odds[0, 0], abs=1e-6)
    raw = model.featurise(mols)
    near = model.near(model.fingerprints(mols, raw))
    assert near.by_kernel is not None
    compared_twice = model.score_near(raw, replace(near, by_kernel=None))
    assert np.array_equal(compared_twice.log_odds, scores.log_odds)
    save_model(model, tmp_path / "m.ebm")
    loaded = load_model(tmp_path / "m.ebm")
    assert np.array_equal(loaded.score_molecules(mols).log_odds, scores.log_odds)
    assert loaded.blend.described(model.tasks) == model.provenance["blend"]


def test_descriptors_that_only_a_voice_sees_contribute(eighty, tiny_options):
    options = replace(tiny_options, features=("maccs",), blend="descriptors")
    model = train_model(eighty, options)
    assert list(model.encoder.grids_) == []
    assert explain(model, eighty.mols[0]).descriptors != 0


def test_a_voice_without_weight_takes_no_time(model, eighty):
    class Asked:
        def logits(self, seen):
            raise AssertionError("it was asked")

    mols, given = eighty.mols[:5], model.blend.blendings[0]
    weights = (given.weights[0], 1 - given.weights[0], 0.0, 0.0)
    silent = Blend.of(
        {"forest": _Kept(model.blend.voices["forest"]), "kernel": None, "descriptors": None},
        [Blending(given.spreads, weights)],
    )
    assert set(silent.voices) == {"forest"}
    kept = {**model.blend.voices, "kernel": Asked(), "descriptors": Asked()}
    asked = Blend(model.blend.names, kept, silent.blendings)
    with pytest.raises(AssertionError, match="asked"):
        replace(model, blend=asked).score_molecules(mols)
    scores = replace(model, blend=silent).score_molecules(mols)
    assert np.isfinite(scores.log_odds).all()


class _Kept:
    def __init__(self, voice):
        self._voice = voice

    def stored(self, wanted):
        assert wanted == [True]
        return self._voice


def test_a_file_of_networks_and_a_forest_is_read_as_it_was(model, eighty, tmp_path):
    """Schema 5 had no weights: both weighed the same."""
    given = model.blend.blendings[0]
    halves = Blending(given.spreads[:2], (0.5, 0.5))
    blend = Blend(("forest",), {"forest": model.blend.voices["forest"]}, (halves,))
    options = replace(model.options, blend="forest")
    save_model(replace(model, blend=blend, options=options), tmp_path / "new.ebm")

    def as_schema_5(described):
        voices = described.pop("blend")["voices"]
        spreads = dict(zip(("networks", "forest"), halves.spreads, strict=True))
        described |= {"schema": 5, "forest_blend": {**voices["forest"], "blends": [spreads]}}

    _rewrite(tmp_path / "new.ebm", tmp_path / "old.ebm", as_schema_5, _renamed)
    new, old = (load_model(tmp_path / f"{name}.ebm") for name in ("new", "old"))
    mols = eighty.mols[:9]
    assert np.array_equal(old.score_molecules(mols).log_odds, new.score_molecules(mols).log_odds)


def test_a_file_whose_kernel_compares_counts_and_speaks_of_all_is_read_as_it_was(
    model, two_part, eighty, tmp_path
):
    given = model.blend.blendings[0]
    own = model.blend.voices["kernel"]
    counts = two_part.compounds.raw(["morgan_counts"]).sparse["morgan_counts"]
    kernel = StoredRidge(counts, own.worth, own.means, 1 << 14)
    voices = {**model.blend.voices, "kernel": kernel}
    blend = Blend(model.blend.names, voices, (Blending(given.spreads, given.weights),))
    then = replace(model, blend=blend)
    save_model(then, tmp_path / "new.ebm")

    def without(described):
        del described["blend"]["voices"]["kernel"]["highest"]
        del described["blend"]["tasks"][0]["near"]

    _rewrite(tmp_path / "new.ebm", tmp_path / "old.ebm", without, bytes)
    mols = eighty.mols[:9]
    found = load_model(tmp_path / "old.ebm").score_molecules(mols).log_odds
    assert np.array_equal(found, then.score_molecules(mols).log_odds)
    assert not np.array_equal(found, model.score_molecules(mols).log_odds)


def _rewrite(path, out, change, changed_weights) -> None:
    """Write a model file with another description and other weights, and right sums."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    described = json.loads(parts["model.json"])
    change(described)
    parts["weights.safetensors"] = changed_weights(parts["weights.safetensors"])
    del described["sha256"]
    rest = [parts[name] for name in MODEL.parts[1:]]
    described["sha256"] = sums_of(MODEL, described, *rest)
    parts["model.json"] = json.dumps(described).encode()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def _renamed(weights: bytes) -> bytes:
    """Return the weights with the forest's under the names that they had."""
    from safetensors.numpy import load, save

    arrays = load(weights)
    assert any(name.startswith("voice.forest.") for name in arrays)
    return save({name.removeprefix("voice."): array for name, array in arrays.items()})


def test_molecules_are_encoded_once_for_the_encoder_of_the_networks(two_tasks):
    raw = two_tasks.raw(["descriptors"])
    encoder, other = Encoder().fit(raw), Encoder(n_ramps=1).fit(raw)
    visible = encoder.encode(raw)
    seen = Seen(RawFeatures({}, raw.dense), encoder, visible)
    assert seen.by(encoder) is visible
    assert seen.by(other).dense.shape == (80, 88)

"""Training repeats itself, bears odd assays, and never scores what it has seen as held out."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import roc_auc_score

from screening.assay import Assay, curate
from screening.chemistry import murcko_scaffold
from screening.errors import UserError
from screening.evaluation import best_threshold, random_folds
from screening.features import Encoder
from screening.learners import CalibratedBlend, Compounds, Part, fold_parts
from screening.learners.ensemble import Ensemble
from screening.learners.finetuning import train_member
from screening.learners.pretraining import pretrain_part
from screening.model import FOREST, SHIPPED, load_model, nearest, save_model, train_model
from screening.tables import read_table


@pytest.fixture(scope="module")
def sixty(small_assay) -> Assay:
    labels = small_assay.labels[:, 0]
    chosen = [np.flatnonzero(labels == value)[:30] for value in (0, 1)]
    return small_assay.take(np.sort(np.concatenate(chosen)))


@pytest.fixture(scope="module")
def tiny_options(small_options):
    return replace(small_options, hidden=(12,), epochs=3, pretrain_epochs=1, folds=2)


@pytest.fixture(scope="module")
def of_sixty(sixty, tiny_options):
    return train_model(sixty, tiny_options)


def learned(model, path) -> dict[str, bytes]:
    """Everything in the model's file."""
    save_model(model, path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def assay_of(tmp_path, header: str, rows: list[str], targets: tuple[str, ...]) -> Assay:
    path = tmp_path / "assay.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return curate(read_table(str(path), smiles_column="smiles", id_column="id"), targets)


def test_one_seed_gives_one_model(sixty, tiny_options, of_sixty, tmp_path):
    again = train_model(sixty, tiny_options)
    assert learned(again, tmp_path / "b") == learned(of_sixty, tmp_path / "a")


def test_two_workers_train_the_same_model_as_one(sixty, tiny_options, of_sixty, tmp_path):
    parallel = train_model(sixty, tiny_options, workers=2)
    assert learned(parallel, tmp_path / "b") == learned(of_sixty, tmp_path / "a")


def test_another_seed_gives_another_model(sixty, tiny_options, of_sixty):
    other = train_model(sixty, replace(tiny_options, seed=1))
    scores = [m.score_molecules(sixty.mols[:10]).score for m in (of_sixty, other)]
    assert not np.array_equal(*scores)


def test_members_are_not_copies_of_each_other(of_sixty):
    first, second = of_sixty.ensemble.members
    assert not np.array_equal(first.network.weights[0], second.network.weights[0])


def test_members_may_see_other_columns_each(sixty, tiny_options):
    model = train_model(sixty, replace(tiny_options, column_share=0.6))
    first, second = model.ensemble.members
    assert not np.array_equal(first.columns, second.columns)
    share = len(first.columns) / len(model.encoder.get_feature_names_out())
    assert share == pytest.approx(0.6, abs=0.01)


def test_without_pretraining_the_start_is_another(sixty, tiny_options, of_sixty):
    plain = train_model(sixty, replace(tiny_options, pretrain="none"))
    scores = [m.score_molecules(sixty.mols[:10]).score for m in (of_sixty, plain)]
    assert np.isfinite(scores[1]).all()
    assert not np.array_equal(*scores)


def test_tasks_with_missing_labels_train_and_come_back(small_assay, small_options, tmp_path):
    rng = np.random.default_rng(3)
    labels = np.column_stack([small_assay.labels[:, 0], rng.integers(0, 2, len(small_assay))])
    labels = labels.astype(np.float32)
    missing = rng.random(len(labels)) < 0.4
    labels[missing, 1] = np.nan
    values = np.column_stack([small_assay.values[:, 0], np.full(len(labels), np.nan)])
    assay = replace(small_assay, tasks=("hit", "coin"), labels=labels, values=values)
    model = train_model(assay, replace(small_options, epochs=3, folds=2))
    scores = model.score_molecules(assay.mols[:20])
    assert scores.score.shape == scores.p_active.shape == (20, 2)
    assert np.isfinite(scores.score).all()
    quality = model.quality["tasks"]
    assert quality["hit"][SHIPPED]["n"] == len(assay)
    assert quality["coin"][SHIPPED]["n"] == int((~missing).sum())
    assert model.provenance["counts"]["coin"]["missing"] == int(missing.sum())
    # Conformal values rest on the known labels alone.
    assert len(model.conformals[1].active) == int(np.nansum(labels[:, 1]))
    save_model(model, tmp_path / "two.ebm")
    loaded = load_model(tmp_path / "two.ebm")
    assert np.array_equal(loaded.score_molecules(assay.mols[:20]).score, scores.score)
    assert np.array_equal(loaded.training.labels, labels, equal_nan=True)


def test_a_compound_without_the_first_label_still_teaches_the_second(small_assay, small_options):
    """Half the compounds have only the second label, and the second output knows them."""
    labels = np.column_stack([small_assay.labels[:, 0], small_assay.labels[:, 0]])
    labels[::2, 0] = np.nan
    assay = replace(
        small_assay,
        tasks=("half", "all"),
        labels=labels.astype(np.float32),
        values=np.tile(small_assay.values, 2),
    )
    model = train_model(assay, replace(small_options, epochs=8, folds=2))
    encoded = model.encoder.transform(model.features.by_block(assay.mols))
    logits = model.ensemble.logits(encoded).mean(axis=0)
    assert roc_auc_score(small_assay.labels[::2, 0], logits[::2, 1]) > 0.9


def test_thirty_molecules_are_enough_to_train(small_assay, tiny_options):
    labels = small_assay.labels[:, 0]
    chosen = np.concatenate([np.flatnonzero(labels == 1)[:5], np.flatnonzero(labels == 0)[:25]])
    model = train_model(small_assay.take(np.sort(chosen)), replace(tiny_options, folds=5))
    scores = model.score_molecules(small_assay.mols)
    assert np.isfinite(scores.score).all()
    assert model.quality["tasks"]["Class"][SHIPPED]["n"] == 30


def test_a_series_of_one_scaffold_trains(tmp_path, tiny_options):
    """Analogues on one ring cannot be split by scaffold; they are still an assay."""
    groups = ["C", "CC", "Cl", "Br", "F", "O", "N", "OC", "C#N", "C(=O)O", "C(F)(F)F", "S"]
    rows = [
        f"c1cc({a})ccc1{b},m{i}{j},{int('N' in a + b)}"
        for i, a in enumerate(groups)
        for j, b in enumerate(groups[:4])
    ]
    assay = assay_of(tmp_path, "smiles,id,active", rows, ("active",))
    assert {murcko_scaffold(mol) for mol in assay.mols} == {"c1ccccc1"}
    model = train_model(assay, tiny_options)
    assert model.quality["tasks"]["active"][SHIPPED]["n"] == len(assay)
    assert "single compounds of the commonest scaffold" in model.quality["protocol"]


def test_an_assay_without_rings_trains(tmp_path, tiny_options):
    rows = [f"{'C' * n}{end},m{n}{end},{int(end == 'O')}" for n in range(2, 12) for end in "ONF"]
    assay = assay_of(tmp_path, "smiles,id,active", rows, ("active",))
    model = train_model(assay, tiny_options)
    assert np.isfinite(model.score_molecules(assay.mols).score).all()


def test_held_out_predictions_come_from_models_without_the_fold(of_sixty, sixty, tiny_options):
    """Train each fold's ensemble by hand on the other folds, and get the stored figures."""
    raw = of_sixty.features.by_block(sixty.mols)
    scaffolds = [murcko_scaffold(mol) for mol in sixty.mols]
    everything = Part(Compounds(sixty), np.arange(len(sixty)))
    folds = fold_parts(everything, tiny_options.folds, tiny_options.seed)
    assert sorted(np.concatenate([fold.asked for fold in folds])) == list(range(len(sixty)))
    stored = of_sixty.training
    for number, fold in enumerate(folds):
        train, test = fold.rows, fold.asked
        assert sorted([*train, *test]) == list(range(len(sixty)))
        assert set(np.flatnonzero(stored.folds == number)) == set(test)
        assert not {scaffolds[i] for i in train if scaffolds[i]} & {scaffolds[i] for i in test}
        encoder = Encoder().fit(raw.take(train))
        x_train, x_test = (encoder.transform(raw.take(rows)) for rows in (train, test))
        stack = pretrain_part(x_train, tiny_options, 1000 * number)
        members = [
            train_member(x_train, sixty.labels[train], tiny_options, 1000 * number + k, stack.dbn)
            for k in range(2)
        ]
        logits = Ensemble(members, x_test.shape[1]).logits(x_test).mean(axis=0)
        _, near = nearest(stored.fingerprints[test], stored.fingerprints[train])
        expected = of_sixty.calibrations[0](logits[:, 0], near)
        assert np.allclose(stored.held_out[SHIPPED][test, 0], expected, rtol=0, atol=1e-12)


def test_conformal_values_come_from_networks_and_trees_without_the_compound(
    sixty, tiny_options, monkeypatch
):
    """Train each network of a random fold by hand, ask the trees that did not draw a compound."""
    options = replace(tiny_options, blend="forest")
    monkeypatch.setattr("screening.learners.forest.fit._ROWS_ASKED", 25)
    learner = CalibratedBlend(options)
    whole = Part(Compounds(sixty), np.arange(len(sixty)), number=options.folds)
    folds = fold_parts(whole, options.folds, options.seed)
    fitted = learner.fit([*folds, whole])
    (conformal,) = learner.fit_conformals(fitted)
    labels = sixty.labels[:, 0]
    encoder, stack = fitted.networks.encoder, fitted.networks.trained.stack
    x = encoder.transform(whole.compounds.raw(options.features))
    logits, near = np.zeros(len(sixty)), np.zeros(len(sixty), np.float32)
    splits = random_folds(sixty.labels, options.folds, options.seed)
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(len(sixty)))
    for number, (train, test) in enumerate((split.train, split.test) for split in splits):
        seed = options.seed + 1000 * (options.folds + 1 + number)
        member = train_member(x[train], sixty.labels[train], options, seed, stack.dbn)
        logits[test] = Ensemble([member], x.shape[1]).logits(x[test])[0, :, 0]
        fingerprints = whole.compounds.fingerprints
        near[test] = nearest(fingerprints[test], fingerprints[train])[1]
    (forest,) = fitted.voices["forest"].forests
    refitted = RandomForestRegressor(**{**forest.get_params(), "oob_score": True})
    refitted.fit(x.toarray(), labels)
    blending, calibration = fitted.held_out.blendings[0], fitted.held_out.calibrations[0]
    said = calibration.log_odds(blending(logits, [logit(refitted.oob_prediction_)]), near)
    for label, (known, similarity) in zip((1, 0), conformal.by_class(), strict=True):
        order = np.argsort(said[labels == label], kind="stable")
        assert np.allclose(known, said[labels == label][order], rtol=0, atol=1e-9)
        assert np.array_equal(similarity, near[labels == label][order])


def test_a_label_that_can_only_be_memorised_is_not_predicted(small_assay, small_options):
    """Labels by lot: a model that has seen them knows them, a held-out prediction cannot."""
    lot = np.random.default_rng(0).permutation(np.repeat([0, 1], [100, 100]))
    assay = replace(small_assay, labels=lot[:, None].astype(np.float32))
    memorising = replace(
        small_options,
        hidden=(128,),
        epochs=15,
        dropout=0.0,
        input_dropout=0.0,
        column_share=1.0,
        learning_rate=1e-2,
        weight_decay=0.0,
        ensemble_size=2,
    )
    model = train_model(assay, memorising)
    raw = model.features.by_block(assay.mols)
    seen = model.ensemble.logits(model.encoder.transform(raw)).mean(axis=0)[:, 0]
    assert roc_auc_score(lot, seen) > 0.9
    for name, scores in model.training.held_out.items():
        assert 0.35 < roc_auc_score(lot, scores[:, 0]) < 0.65, name


def test_quality_and_threshold_are_those_of_the_held_out_predictions(small_model, small_assay):
    labels = small_assay.labels[:, 0]
    for name in (SHIPPED, FOREST):
        held_out = small_model.training.held_out[name][:, 0]
        figure = small_model.quality["tasks"]["Class"][name]["roc_auc"]
        assert figure == pytest.approx(roc_auc_score(labels, held_out))
    ours = small_model.training.held_out[SHIPPED][:, 0]
    assert small_model.thresholds == [best_threshold(labels, ours)]


def test_progress_counts_networks_and_folds(sixty, tiny_options):
    told = []
    train_model(sixty, tiny_options, on_step=lambda *step: told.append(step))
    # Two members for each of two folds, and two for the final ensemble.
    assert [step for step in told if step[0] == "networks"] == [
        ("networks", done, 6) for done in range(1, 7)
    ]
    for stage in ("pretraining", "forests", "logistic regressions"):
        total = 3 if stage == "pretraining" else 2
        steps = [(stage, done, total) for done in range(1, total + 1)]
        assert [step for step in told if step[0] == stage] == steps


def test_networks_that_diverge_are_told_in_a_sentence(small_assay, tiny_options):
    with pytest.raises(UserError, match="lower learning_rate"):
        train_model(small_assay, replace(tiny_options, learning_rate=1e25))

"""The classifier over molecules: scikit-learn's contract, any labels, rows in their places."""

import inspect
import warnings
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks as checks

from screening import FeatureSet, ScreeningClassifier, load_model, predict, read_assay, sample
from screening.features import TRANSFORMERS, Descriptors, MorganCounts
from screening.model import ModelOptions
from screening.model import load_model as read_model

TINY = {
    "features": ("morgan_counts",),
    "hidden": (8,),
    "ensemble_size": 1,
    "pretrain_epochs": 1,
    "epochs": 3,
    "folds": 2,
    "blend": "none",
    "progress": False,
}


def tiny(**others) -> ScreeningClassifier:
    return ScreeningClassifier(**{**TINY, **others})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(sample("bace.csv")).iloc[::25].reset_index(drop=True)


@pytest.fixture(scope="module")
def fitted(table) -> ScreeningClassifier:
    return tiny().fit(table["mol"], table["Class"])


def test_the_defaults_are_those_of_the_model():
    own = inspect.signature(ScreeningClassifier).parameters
    for field in fields(ModelOptions):
        if field.name not in ("limits", "seed"):
            assert own[field.name].default == getattr(ModelOptions(), field.name)
    assert own["max_atoms"].default == ModelOptions().limits.max_atoms
    assert own["random_state"].default == ModelOptions().seed


@pytest.mark.parametrize(
    "check",
    [
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_get_params_invariance,
        checks.check_set_params,
        checks.check_do_not_raise_errors_in_init_or_set_params,
        checks.check_mixin_order,
        checks.check_valid_tag_types,
        checks.check_estimator_repr,
        checks.check_estimator_cloneable,
        checks.check_estimator_tags_renamed,
    ],
)
@pytest.mark.parametrize(
    "estimator",
    [
        tiny(),
        FeatureSet(["morgan_counts", "descriptors"]),
        *(block() for block in TRANSFORMERS.values()),
    ],
    ids=lambda e: type(e).__name__,
)
def test_scikit_learn_checks_that_feed_no_numbers(estimator, check):
    """The others feed tables of numbers, which are no molecules; what they ask is tested here."""
    check(type(estimator).__name__, estimator)


def test_parameters_survive_clone_and_set_params():
    model = tiny(active_above=6.5)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(epochs=7).epochs == 7
    with pytest.raises(ValueError, match="magic"):
        model.set_params(magic=1)


def test_lists_arrays_series_and_molecules_are_one(fitted, table):
    texts = list(table["mol"][:5])
    expected = fitted.predict_proba(texts)
    assert expected.shape == (5, 2)
    np.testing.assert_allclose(expected.sum(axis=1), 1)
    mols = [Chem.MolFromSmiles(text) for text in texts]
    series = pd.Series(texts, index=[9, 7, 5, 3, 1])
    for same in (np.array(texts), series, pd.DataFrame({"s": texts}), mols, tuple(mols)):
        assert np.array_equal(fitted.predict_proba(same), expected)
    of_mols = tiny().fit(mols, [0, 1, 0, 1, 1]).model_.training
    of_texts = tiny().fit(texts, [0, 1, 0, 1, 1]).model_.training
    assert of_mols.smiles == of_texts.smiles
    assert np.array_equal(of_mols.labels, of_texts.labels)


def test_one_bad_compound_shifts_no_row(fitted, table):
    good = list(table["mol"][:3])
    mixed = [good[0], "C1CC", None, good[1], float("nan"), "", good[2], "c1ccccc1" * 40]
    places = [0, 3, 6]
    found = fitted.predict_proba(mixed)
    assert np.array_equal(found[places], fitted.predict_proba(good))
    assert np.isnan(np.delete(found, places, axis=0)).all()
    labels = fitted.predict(mixed)
    assert np.array_equal(labels[places], fitted.predict(good))
    assert np.isnan(np.delete(labels, places)).all()
    rows = fitted.predict_table(mixed)
    assert rows["reason"].tolist() == ["", "parse", "empty", "", "empty", "empty", "", "too_large"]
    assert rows["score"].notna().tolist() == [r == "" for r in rows["reason"]]
    assert rows["smiles"].tolist() == [m if isinstance(m, str) else "" for m in mixed]
    np.testing.assert_allclose(rows["score"][places], found[places, 1], atol=1e-12)


def test_nothing_to_predict_is_no_error(fitted):
    assert fitted.predict_proba([]).shape == (0, 2)
    assert fitted.predict([]).shape == (0,)
    assert len(fitted.predict_table([])) == 0
    assert fitted.predict_table(["C1CC"])["reason"].tolist() == ["parse"]
    with pytest.raises(TypeError, match="list"):
        fitted.predict("CCO")
    with pytest.raises(TypeError, match="compound 1 is 5"):
        fitted.predict(["CCO", 5])
    with pytest.raises(ValueError, match="shape"):
        fitted.predict(np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("write", "inactive", "active"),
    [
        (lambda y: y, 0, 1),
        (lambda y: y.astype(float), 0.0, 1.0),
        (lambda y: y.astype(bool), False, True),
        (lambda y: np.where(y, 1, -1), -1, 1),
        (lambda y: pd.Series(np.where(y, "active", "inactive")), "inactive", "active"),
        (lambda y: np.where(y, "Yes", "No").tolist(), "No", "Yes"),
        (lambda y: pd.array(np.where(y, 1, 0), dtype="Int64"), 0, 1),
        (lambda y: pd.Categorical(np.where(y, "hit", "N")), "N", "hit"),
    ],
)
def test_labels_of_any_kind(table, fitted, write, inactive, active):
    y = table["Class"].to_numpy()
    model = tiny().fit(table["mol"], write(y))
    assert model.active_class_ == active
    assert model.classes_.tolist() == sorted([inactive, active])
    column = model.classes_.tolist().index(active)
    ours, theirs = model.predict_proba(table["mol"][:9]), fitted.predict_proba(table["mol"][:9])
    np.testing.assert_allclose(ours[:, column], theirs[:, 1], atol=1e-12)
    said = model.predict(table["mol"][:9])
    assert [label == active for label in said] == (fitted.predict(table["mol"][:9]) == 1).tolist()
    assert set(said.tolist()) <= {inactive, active}


def test_labels_that_do_not_say_which_is_active(table):
    y = np.where(table["Class"] == 1, "blocks", "safe")
    with pytest.raises(ValueError, match="active_class"):
        tiny().fit(table["mol"], y)
    model = tiny(active_class="blocks").fit(table["mol"], y)
    assert model.active_class_ == "blocks"
    assert np.array_equal(model.model_.training.labels[:, 0] == 1, table["Class"] == 1)
    with pytest.raises(ValueError, match="none of the labels"):
        tiny(active_class="x").fit(table["mol"], y)
    with pytest.raises(ValueError, match="active_above"):
        tiny().fit(table["mol"], table["pIC50"])
    with pytest.raises(ValueError, match="61 compounds have 3 labels"):
        tiny().fit(table["mol"], [0, 1, 1])


def test_values_with_a_threshold(table, fitted):
    above = tiny(active_above=7).fit(table["mol"], table["pIC50"])
    assert above.classes_.tolist() == [0, 1]
    expected = (table["pIC50"] > 7).to_numpy()
    assert np.array_equal(above.model_.training.labels[:, 0] == 1, expected)
    np.testing.assert_allclose(above.model_.training.values[:, 0], table["pIC50"])
    nanomolar = 10 ** (9 - table["pIC50"])
    censored = nanomolar.round(3).astype(str).mask(nanomolar > 5000, ">5000")
    below = tiny(active_below=100).fit(table["mol"], censored)
    assert np.array_equal(below.model_.training.labels[:, 0] == 1, nanomolar < 100)
    with_unit = tiny(active_below="100nM").fit(table["mol"], table["pIC50"])
    assert np.array_equal(with_unit.model_.training.labels[:, 0] == 1, expected)
    assert with_unit.score(table["mol"], nanomolar.astype(str) + " nM") == pytest.approx(
        (with_unit.predict(table["mol"]) == expected).mean()
    )
    assert 0 <= above.score(table["mol"], table["pIC50"]) <= 1
    right = above.predict(table["mol"]) == expected
    assert above.score(table["mol"], table["pIC50"]) == pytest.approx(right.mean())


def test_curation_is_told_and_kept(table):
    smiles, y = list(table["mol"][:60]), list(table["Class"][:60].astype(float))
    smiles += [smiles[0], "C1CC", smiles[1], smiles[2]]
    y += [y[0], 1, 1 - y[1], np.nan]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = tiny().fit(smiles, y)
    said = " ".join(str(w.message) for w in told)
    for words in ("1 row rejected; the first is position 61", "contradicting", "no label"):
        assert words in said
    ledger = model.ledger_
    assert ledger.read == 64
    assert [r.row for r in ledger.rejects] == [61]
    assert ledger.conflicts[0].rows == (1, 62)
    assert len(model.model_.training.smiles) == ledger.kept == 59


def test_several_tasks(table, tmp_path):
    y = table[["Class"]].assign(heavy=(table["MW"] > 500).astype(float))
    y.loc[3, "heavy"] = np.nan
    model = tiny().fit(table["mol"], y)
    assert model.tasks_ == ("Class", "heavy")
    first, second = model.predict_proba([*table["mol"][:4], "C1CC"])
    assert first.shape == second.shape == (5, 2)
    assert np.isnan(second[4]).all()
    assert model.predict(table["mol"][:4]).shape == (4, 2)
    assert len(model.classes_) == 2
    assert {"score_Class", "score_heavy"} <= set(model.predict_table(["CCO"]))
    assert 0 <= model.score(table["mol"], y) <= 1
    model.save(tmp_path / "two.ebm")
    again = load_model(tmp_path / "two.ebm").predict_proba(table["mol"][:4])
    assert np.array_equal(again[1], second[:4])


def test_a_saved_model_is_the_same_classifier(table, tmp_path):
    y = np.where(table["Class"] == 1, "toxic", "safe")
    model = tiny(active_class="toxic", random_state=5).fit(table["mol"], y)
    model.save(str(tmp_path / "m.ebm"))
    again = load_model(str(tmp_path / "m.ebm"))
    assert isinstance(again, ScreeningClassifier)
    assert again.classes_.tolist() == ["safe", "toxic"]
    assert again.active_class_ == "toxic"
    assert again.get_params() == {**model.get_params(), "progress": True}
    texts = [*table["mol"][:5], "C1CC"]
    assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts), equal_nan=True)
    pd.testing.assert_frame_equal(again.predict_table(texts), model.predict_table(texts))
    pd.testing.assert_frame_equal(again.quality_, model.quality_)
    assert again.ledger_ == model.ledger_
    assert again.explain("CCO")._repr_svg_() == model.explain("CCO")._repr_svg_()


def test_an_assay_has_its_labels(table, tmp_path):
    path = tmp_path / "assay.csv"
    table.to_csv(path, index=False)
    assay = read_assay(path, smiles_column="mol", targets="pIC50", active_above=7)
    model = tiny().fit(assay)
    assert model.tasks_ == ("pIC50",)
    other = tiny(active_above=7).fit(table["mol"], table["pIC50"])
    assert np.array_equal(model.predict_proba(["CCO"]), other.predict_proba(["CCO"]))
    with pytest.raises(ValueError, match="neither y"):
        tiny().fit(assay, table["Class"])
    with pytest.raises(ValueError, match="standardize='parent'"):
        tiny(standardize="none").fit(assay)


def test_it_stands_in_cross_validation_and_searches(table):
    scores = cross_val_score(tiny(), table["mol"], table["Class"], cv=3, scoring="roc_auc")
    assert np.isfinite(scores).all()
    words = np.where(table["Class"] == 1, "active", "inactive")
    same = cross_val_score(tiny(), list(table["mol"]), words, cv=3, scoring="roc_auc")
    np.testing.assert_allclose(same, scores)
    search = GridSearchCV(tiny(), {"epochs": [1, 2]}, cv=2).fit(table["mol"], table["Class"])
    assert search.best_params_["epochs"] in (1, 2)
    assert search.predict_proba(["CCO"]).shape == (1, 2)


def test_the_same_seed_and_any_number_of_workers_repeat_everything(table, fitted):
    again = tiny(n_jobs=2).fit(table["mol"], table["Class"])
    assert np.array_equal(again.predict_proba(["CCO"]), fitted.predict_proba(["CCO"]))
    other = tiny(random_state=1).fit(table["mol"], table["Class"])
    assert not np.array_equal(other.predict_proba(["CCO"]), fitted.predict_proba(["CCO"]))
    few = table[::3]
    drawn = [
        tiny(random_state=np.random.RandomState(3)).fit(few["mol"], few["Class"]) for _ in range(2)
    ]
    assert np.array_equal(drawn[0].predict_proba(["CCO"]), drawn[1].predict_proba(["CCO"]))


def test_predict_reads_files_and_sequences(fitted, table, tmp_path):
    path = tmp_path / "library.csv"
    path.write_text('smiles,id,score\nCCO,a,x\n"C1CC",b,y\nCCN,c,z,too many\n')
    found = predict(path, fitted)
    assert found["id"].tolist() == ["a", "b", "c"]
    assert found["smiles"].tolist() == ["CCO", "C1CC", "CCN"]
    assert found["reason"].tolist() == ["", "parse", "parse"]
    assert "cells" in found["message"][2]
    assert found["input_score"].tolist()[:2] == ["x", "y"]
    pd.testing.assert_frame_equal(predict(path, fitted, workers=2), found)
    assert fitted.n_jobs is None
    fitted.save(tmp_path / "m.ebm")
    read = predict(["CCO"], tmp_path / "m.ebm")
    assert read["score"][0] == found["score"][0]
    wrapped = predict(["CCO"], read_model(tmp_path / "m.ebm"))
    pd.testing.assert_frame_equal(wrapped, read)


@pytest.mark.parametrize(
    "features", [MorganCounts(256), Descriptors(), FeatureSet(["maccs", "erg"])]
)
def test_features_stand_in_a_pipeline(table, features):
    pipeline = make_pipeline(features, LogisticRegression(max_iter=5000))
    scores = cross_val_score(pipeline, table["mol"], table["Class"], cv=2)
    assert np.isfinite(scores).all()
    pipeline.fit(table["mol"], table["Class"])
    mols = [Chem.MolFromSmiles(text) for text in table["mol"]]
    assert np.array_equal(pipeline.predict(mols), pipeline.predict(table["mol"]))
    width = features.transform(["CCO"]).shape[1]
    assert len(set(features.get_feature_names_out())) == width
    with pytest.raises(ValueError, match="compound 1, 'C1CC', cannot be read"):
        features.transform(["CCO", "C1CC"])
    assert clone(features).get_params() == features.get_params()


def test_a_set_of_features_has_the_columns_of_its_blocks(table):
    texts = table["mol"][:4]
    both = FeatureSet(["morgan_counts", Descriptors()])
    found = both.transform(texts)
    names = list(both.get_feature_names_out())
    counts, numbers = MorganCounts().transform(texts), Descriptors().transform(texts)
    assert np.array_equal(found[:, :2048].toarray(), counts.toarray())
    assert np.array_equal(found[:, 2048:].toarray(), numbers)
    assert names[5] == "morgan_counts_5"
    assert names[2048] == "descriptors_MQN1"
    assert isinstance(FeatureSet(["descriptors"]).transform(texts), np.ndarray)

"""Baselines of values: scikit-learn's on what compounds hold, and blind to the test part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rdkit import DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from sklearn.ensemble import RandomForestRegressor

from screening.learners import MODELS, Compounds, Part
from screening.learners.registry import LearnerSettings
from screening.learners.values import baselines
from screening.learners.values.learner import measured_tasks
from tests.few_trees import few_trees

HERE = [name for name, model in MODELS.items() if model.make_values and name != "catboost"]
# The assay is in the order of its potencies.
ASKED = np.arange(2, 140, 5)
LEARNED = np.setdiff1d(np.arange(140), ASKED)


@pytest.fixture(scope="module")
def potencies(valued_assay) -> Compounds:
    return Compounds(valued_assay)


def said_by(name, compounds, options):
    known = measured_tasks(compounds.assay)[0]
    make = MODELS[name].make_values
    with few_trees():
        fitted = make(LearnerSettings(options), known).fit_part(Part(compounds, LEARNED))
        return known, *fitted.within(compounds, ASKED, 0.1)


@pytest.mark.parametrize("name", HERE)
def test_values_are_learned_and_the_test_part_is_not_seen(name, potencies, tiny_options):
    known, values, reach = said_by(name, potencies, tiny_options)
    exact = known.exact[ASKED]
    # Nearer than two compounds drawn at random are to each other.
    apart = np.sqrt(2) * known.numbers[LEARNED].std()
    assert np.sqrt(np.mean((values - known.numbers[ASKED])[exact] ** 2)) < apart
    assert np.isfinite(reach).all() == (name in ("dbn", "forest"))
    numbers = potencies.assay.values.copy()
    numbers[ASKED] *= 1000
    other = Compounds(replace(potencies.assay, values=numbers))
    np.testing.assert_array_equal(said_by(name, other, tiny_options)[1], values)


def test_the_forest_is_scikit_learns_on_rdkits_morgan_counts(potencies, tiny_options):
    known, values, _ = said_by("forest", potencies, tiny_options)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    x = np.stack([generator.GetCountFingerprintAsNumPy(mol) for mol in potencies.assay.mols])
    rows = LEARNED[known.exact[LEARNED]]
    assert len(rows) < len(LEARNED)
    with few_trees():
        forest = RandomForestRegressor(
            baselines.FOREST_TREES, max_features=1 / 3, random_state=tiny_options.seed
        )
    forest.fit(x[rows], known.numbers[rows].astype(np.float32))
    assert values == pytest.approx(forest.predict(x[ASKED]), abs=1e-9)


def test_the_neighbour_is_the_most_similar_with_a_value(potencies, tiny_options):
    known, values, _ = said_by("neighbour", potencies, tiny_options)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    bits = [generator.GetFingerprint(mol) for mol in potencies.assay.mols]
    rows = LEARNED[known.exact[LEARNED]]
    for row, value in zip(ASKED, values, strict=True):
        likeness = DataStructs.BulkTanimotoSimilarity(bits[row], [bits[i] for i in rows])
        assert value == known.numbers[rows[int(np.argmax(likeness))]]

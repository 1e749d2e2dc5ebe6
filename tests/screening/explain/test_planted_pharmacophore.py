"""Real molecules whose label is a substructure: the explanation must find it on unseen ones."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from sklearn.metrics import roc_auc_score

from screening.assay import curate
from screening.explain import AtomContributions, contributions_of
from screening.model import ModelOptions, train_model
from screening.tables import read_table

GROUPS = {"sulfonamide": "S(=O)(=O)N", "pyridine": "c1ccncc1"}
TRAINED, HELD_OUT = 150, 60
QUICK = ModelOptions(
    hidden=(64, 32),
    ensemble_size=1,
    epochs=8,
    pretrain_epochs=3,
    folds=2,
    batch_size=32,
    learning_rate=1e-2,
)


@dataclass
class Planted:
    """An explained model of one group, and molecules that it has not seen."""

    group: Any
    found: list[AtomContributions]
    without: list[AtomContributions]

    def atoms(self, explained: AtomContributions) -> np.ndarray:
        """Tell which atoms belong to the group."""
        holds = np.zeros(len(explained.atoms), dtype=bool)
        for match in explained.mol.GetSubstructMatches(self.group):
            holds[list(match)] = True
        return holds

    def auc(self, explained: AtomContributions) -> float:
        return float(roc_auc_score(self.atoms(explained), explained.atoms))


@pytest.fixture(scope="module")
def library(samples) -> list[tuple[str, str]]:
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        return [(smiles, name) for smiles, name in list(csv.reader(file))[:4000]]


@pytest.fixture(scope="module", params=GROUPS)
def planted(request, library, tmp_path_factory) -> Planted:
    group = Chem.MolFromSmarts(GROUPS[request.param])
    holds: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for smiles, name in library:
        holds[Chem.MolFromSmiles(smiles).HasSubstructMatch(group)].append((smiles, name))
    path = tmp_path_factory.mktemp(request.param) / "assay.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "id", "active"])
        for label in (True, False):
            writer.writerows([*row, int(label)] for row in holds[label][:TRAINED])
    model = train_model(curate(read_table(str(path)), ("active",)), QUICK)
    unseen = {
        label: [model.prepare(smiles) for smiles, _ in rows[TRAINED : TRAINED + HELD_OUT]]
        for label, rows in holds.items()
    }
    explained = {label: contributions_of(model, mols) for label, mols in unseen.items()}
    return Planted(group, explained[True], explained[False])


def test_the_atoms_that_carry_the_signal_are_found(planted) -> None:
    assert len(planted.found) == HELD_OUT
    assert np.mean([planted.auc(e) for e in planted.found]) > 0.8


def test_the_largest_contribution_is_the_planted_groups(planted) -> None:
    top = [planted.atoms(e)[e.atoms.argmax()] for e in planted.found]
    by_chance = np.mean([planted.atoms(e).mean() for e in planted.found])
    assert np.mean(top) > max(0.7, 2 * by_chance)


def test_the_group_raises_the_score_by_more_than_anything_else_does(planted) -> None:
    group = np.mean([e.atoms[planted.atoms(e)].mean() for e in planted.found])
    others = np.mean([e.atoms[~planted.atoms(e)].mean() for e in planted.found])
    elsewhere = np.mean([e.atoms.mean() for e in planted.without])
    assert group > 3 * max(others, elsewhere)
    assert group > 0.1


def test_without_the_group_the_score_is_lower(planted) -> None:
    with_group = np.array([e.score for e in planted.found])
    without = np.array([e.score for e in planted.without])
    assert roc_auc_score(np.repeat([1, 0], HELD_OUT), [*with_group, *without]) > 0.8

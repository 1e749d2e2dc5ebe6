"""Small models that learned from other parts of one assay, and runs of them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screening.assay import Assay
from screening.library import ScreenOptions, screen
from screening.model import ScreeningModel, load_model, save_model, train_model
from screening.turns.comparing.models.two_models import TwoModels
from tests.few_trees import few_trees

HOSTILE = "<script>document.title='owned'</script>"


@pytest.fixture(scope="session")
def other_file(small_assay, tiny_options, make_once) -> Path:
    """A model of every second compound of the small assay."""

    def make(path: Path) -> None:
        with few_trees():
            save_model(train_model(small_assay.take(np.arange(0, 200, 2)), tiny_options), path)

    return make_once("other.ebm", make)


@pytest.fixture(scope="session")
def first_model(model_file) -> ScreeningModel:
    return load_model(model_file)


@pytest.fixture(scope="session")
def other_model(other_file) -> ScreeningModel:
    return load_model(other_file)


@pytest.fixture
def two(first_model, other_model) -> TwoModels:
    return TwoModels(first_model, other_model, ("first.ebm", "other.ebm"))


@pytest.fixture(scope="session")
def results(bace, small_assay) -> Assay:
    """Ninety compounds, of which ten taught both models and ten only the first."""
    known = set(small_assay.smiles)
    both, first = set(small_assay.smiles[0:20:2]), set(small_assay.smiles[1:20:2])
    unknown = [i for i, smiles in enumerate(bace.smiles) if smiles not in known]
    new = [i for label in (0, 1) for i in unknown[::9] if bace.labels[i, 0] == label][:40]
    new += [i for i in unknown[::9] if bace.labels[i, 0] == 1 and i not in new][:30]
    taught = [i for i, smiles in enumerate(bace.smiles) if smiles in both | first]
    return bace.take(sorted([*new, *taught]))


def with_tasks(assay: Assay, *tasks: str) -> Assay:
    """Return an assay with so many tasks, each with the labels of the first."""
    labels, values = (np.repeat(x[:, :1], len(tasks), axis=1) for x in (assay.labels, assay.values))
    return replace(assay, tasks=tasks, labels=labels, values=values)


@pytest.fixture(scope="session")
def library(samples, make_once) -> Path:
    """Compounds of the assay, one with a hostile name and two that are repeated."""

    def make(path: Path) -> None:
        with (samples / "bace.csv").open(encoding="utf-8") as file:
            rows = [(row["mol"], row["CID"]) for row in csv.DictReader(file)][::18]
        rows[0] = (rows[0][0], HOSTILE)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("smiles", "id"), *rows, *rows[3:5]])

    return make_once("compared-library.csv", make)


@pytest.fixture(scope="session")
def first_run(library, model_file, make_once) -> Path:
    options = ScreenOptions(top=40, workers=1, shard_size=25)
    return make_once("first-run", lambda run: screen([str(library)], model_file, run, options))


@pytest.fixture(scope="session")
def other_run(library, other_file, make_once) -> Path:
    options = ScreenOptions(top=30, workers=1, shard_size=100, prevalence=0.01)
    return make_once("other-run", lambda run: screen([str(library)], other_file, run, options))

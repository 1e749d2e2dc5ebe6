"""A small model of real compounds that the rooms' tests share."""

from pathlib import Path

import numpy as np
import pytest

from screening.assay import Assay, curate
from screening.model import ModelOptions, ScreeningModel, save_model, train_model
from screening.tables import read_assay

# Few, but large steps: the scores must spread, or little could go wrong with them.
SMALL = ModelOptions(
    features=("morgan_counts", "descriptors"),  # the tests' oracles speak of these
    hidden=(32, 16),
    ensemble_size=2,
    epochs=5,
    pretrain_epochs=2,
    folds=3,
    batch_size=10,
    learning_rate=3e-3,
    blend="none",  # what the forest adds has tests of its own
)


@pytest.fixture(scope="session")
def bace(samples) -> Assay:
    """All of BACE, curated."""
    return curate(read_assay(str(samples / "bace.csv")), ("Class",))


@pytest.fixture(scope="session")
def small_assay(bace) -> Assay:
    """The first hundred actives and the first hundred inactives, in the order of the file."""
    labels = bace.labels[:, 0]
    chosen = [np.flatnonzero(labels == value)[:100] for value in (0, 1)]
    return bace.take(np.sort(np.concatenate(chosen)))


@pytest.fixture(scope="session")
def small_options() -> ModelOptions:
    return SMALL


@pytest.fixture(scope="session")
def small_model(small_assay) -> ScreeningModel:
    """Trained once; whoever changes it must copy it first."""
    return train_model(small_assay, SMALL)


@pytest.fixture(scope="session")
def model_file(small_model, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "bace.ebm"
    save_model(small_model, path)
    return path

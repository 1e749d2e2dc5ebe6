"""Small assays of real compounds and small models of them, for all tests of `screening`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from screening.assay import Assay, assay_of, curate, make_threshold
from screening.learners import Compounds, ModelOptions
from screening.model import Pretrained, ScreeningModel, pretrain_on, save_model, train_model
from screening.tables import read_table
from tests.few_trees import few_trees

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


@pytest.fixture(scope="module", autouse=True)
def _few_trees():
    with few_trees():
        yield


@pytest.fixture(scope="session")
def bace(samples) -> Assay:
    """All of BACE, curated."""
    return curate(read_table(str(samples / "bace.csv")), ("Class",))


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
    with few_trees():
        return train_model(small_assay, SMALL)


@pytest.fixture(scope="session")
def model_file(request, make_once) -> Path:
    # Trained by the first process only, unless a test of another one needs the model itself.
    return make_once(
        "bace.ebm", lambda path: save_model(request.getfixturevalue("small_model"), path)
    )


@pytest.fixture(scope="session")
def tiny_options(small_options) -> ModelOptions:
    """Networks that train in no time."""
    return replace(
        small_options, hidden=(12,), ensemble_size=2, epochs=2, pretrain_epochs=1, folds=2
    )


@pytest.fixture(scope="session")
def eighty(small_assay) -> Assay:
    """Forty of each class."""
    labels = small_assay.labels[:, 0]
    chosen = [np.flatnonzero(labels == value)[:40] for value in (0, 1)]
    return small_assay.take(np.sort(np.concatenate(chosen)))


@pytest.fixture(scope="session")
def pretrained(small_assay, tiny_options) -> Pretrained:
    """A stack that has seen every second compound, without labels."""
    mols = small_assay.mols[::2]
    return pretrain_on(mols, tiny_options, origin={}, on_step=lambda *_: None)


@pytest.fixture(scope="session")
def compounds(eighty) -> Compounds:
    return Compounds(eighty)


@pytest.fixture(scope="session")
def two_tasks(eighty) -> Compounds:
    """The second task is the first turned round, with every fifth label missing."""
    labels = np.column_stack([eighty.labels[:, 0], 1 - eighty.labels[:, 0]])
    labels[::5, 1] = np.nan
    values = np.column_stack([eighty.values] * 2)
    return Compounds(replace(eighty, tasks=("first", "second"), labels=labels, values=values))


@pytest.fixture(scope="session")
def nanomolar(samples) -> pd.DataFrame:
    """Every tenth compound of BACE with its IC50 in nM."""
    table = pd.read_csv(samples / "bace.csv").iloc[::10][:140]
    return pd.DataFrame({"smiles": table["mol"], "IC50 [nM]": 10 ** (9 - table["pIC50"])})


@pytest.fixture(scope="session")
def valued_assay(nanomolar) -> Assay:
    """These, active below 200 nM; the weakest are known to be weak alone."""
    values = nanomolar["IC50 [nM]"].map("{:.6g}".format)
    values = values.where(nanomolar["IC50 [nM]"] < 5000, ">5000")
    return assay_of(nanomolar["smiles"], values, threshold=make_threshold(None, 200))[0]


@pytest.fixture(scope="session")
def valued_file(valued_assay, tiny_options, make_once) -> Path:
    """A model that predicts their values, too."""
    options = replace(tiny_options, blend="forest")

    def make(path: Path) -> None:
        with few_trees():
            save_model(train_model(valued_assay, options), path)

    return make_once("valued.ebm", make)

"""A small model of measured values, trained once, and results that it has not seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screening import read_assay
from screening.assay import Assay
from screening.model import ScreeningModel, train_model
from tests.few_trees import few_trees


@pytest.fixture(scope="session")
def values(samples) -> pd.DataFrame:
    """240 compounds of BACE with their pIC50, drawn from the whole file."""
    table = pd.read_csv(samples / "bace.csv")[["CID", "mol", "pIC50"]]
    table = table.sample(240, random_state=4).reset_index(drop=True)
    return table.set_axis(["id", "smiles", "pIC50"], axis=1)


@pytest.fixture(scope="session")
def learned_file(values, make_once):
    return make_once("learned.csv", lambda path: values[:120].to_csv(path, index=False))


@pytest.fixture(scope="session")
def learned_compounds(learned_file) -> Assay:
    return read_assay(learned_file, active_above=7)


@pytest.fixture(scope="session")
def tiny_model(learned_compounds, tiny_options) -> ScreeningModel:
    """Of the first 120; whoever changes it must copy it first."""
    options = replace(tiny_options, features=("morgan_counts",), epochs=8)
    with few_trees():
        return train_model(learned_compounds, options)


@pytest.fixture
def results(values) -> pd.DataFrame:
    """Forty others."""
    return values[120:160].reset_index(drop=True)


@pytest.fixture
def frame(results) -> pd.DataFrame:
    """The same with an IC50 in nM instead."""
    table = results[["id", "smiles"]].copy()
    table["IC50 nM"] = np.round(10 ** (9 - results["pIC50"]), 3)
    return table

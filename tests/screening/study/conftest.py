"""Eighty compounds of BACE-1, a second task with gaps, and a network that trains in no time."""

from dataclasses import replace

import numpy as np
import pytest

from screening.assay import Assay
from screening.model import ModelOptions, Pretrained, pretrain_on
from screening.study import Compounds


@pytest.fixture(scope="session")
def tiny_options(small_options) -> ModelOptions:
    return replace(
        small_options, hidden=(12,), ensemble_size=2, epochs=2, pretrain_epochs=1, folds=2
    )


@pytest.fixture(scope="session")
def eighty(small_assay) -> Assay:
    labels = small_assay.labels[:, 0]
    chosen = [np.flatnonzero(labels == value)[:40] for value in (0, 1)]
    return small_assay.take(np.sort(np.concatenate(chosen)))


@pytest.fixture(scope="session")
def pretrained(small_assay, tiny_options) -> Pretrained:
    """A stack that has seen every second compound, without labels."""
    mols = small_assay.mols[::2]
    return pretrain_on(mols, tiny_options, described={}, on_step=lambda *_: None)


@pytest.fixture(scope="session")
def compounds(eighty, tiny_options, pretrained) -> Compounds:
    return Compounds(eighty, tiny_options, pretrained)


@pytest.fixture(scope="session")
def two_tasks(eighty, tiny_options) -> Compounds:
    """The second task is the first turned round, with every fifth label missing."""
    labels = np.column_stack([eighty.labels[:, 0], 1 - eighty.labels[:, 0]])
    labels[::5, 1] = np.nan
    values = np.column_stack([eighty.values] * 2)
    made = replace(eighty, tasks=("first", "second"), labels=labels, values=values)
    return Compounds(made, tiny_options)

"""A draft says of every threshold what reading the assay with it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.assay import Draft, read_assay
from screening.errors import UserError
from screening.tables import read_table

ROWS = [
    "smiles,Ki_nM,relation,class",
    "CCO,5,=,1", "OCC,8,=,1", "CCN,120,=,0", "CCCl,1000,>,0", "CCBr,20,<,1", "CCCC,90,=,1",
    "CCCC,115,=,0", "C1CC,7,=,1", "CCF,3000,=,0", "CCCN,,,0", "CC=O,40,=,", "CCS,0.5,=,1",
]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("draft") / "assay.csv"
    path.write_text("\n".join(ROWS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def draft(path) -> Draft:
    draft = Draft(read_table(str(path)))
    draft.read_structures()
    return draft


@settings(max_examples=20)
@given(st.floats(0.1, 5000), st.booleans())
def test_it_counts_what_the_assay_will_hold(draft, path, value, above) -> None:
    threshold = {"active_above" if above else "active_below": value}
    found = draft.counts("Ki_nM", **threshold)
    said, assay = "", None
    try:
        assay = read_assay(path, targets="Ki_nM", **threshold)
    except UserError as error:
        said = str(error)
    assert found.problem == said
    assert found.of_compounds == (assay is not None)
    if assay is None:
        return
    labels = assay.labels[:, 0]
    assert (found.active, found.inactive) == ((labels == 1).sum(), (labels == 0).sum())
    assert found.contradicting == len(assay.ledger.conflicts)
    assert found.repeated == sum(len(merge.rows) - 1 for merge in assay.ledger.merges)
    assert found.rejected == 1


def test_columns_are_told_by_what_they_hold_the_measured_one_first(draft) -> None:
    assert draft.kinds() == {"Ki_nM": "values", "class": "labels"}
    assert draft.counts("class").active == 3
    assert draft.shown("Ki_nM")[:4] == ["5 nM", "8 nM", "120 nM", ">1,000 nM"]
    with pytest.raises(UserError, match="no column 'nothing'"):
        draft.counts("nothing")


def test_the_histogram_has_every_value_once(draft) -> None:
    found = draft.histogram("Ki_nM")
    assert (found.exact.sum(), found.limits.sum()) == (9, 2)
    assert (found.unit, found.logarithmic, found.active_is_above) == ("nM", True, False)
    assert np.allclose(np.diff(np.log10(found.edges)), np.diff(np.log10(found.edges))[0])
    assert found.amount(found.proposed) == "10nM"
    with pytest.raises(UserError):
        found.amount(float("nan"))


def test_reading_ends_when_nobody_wants_it(path) -> None:
    draft = Draft(read_table(str(path)))
    draft.read_structures(lambda: draft.structures_read < 3)
    assert draft.structures_read == 3
    assert not draft.ready
    draft.read_structures()
    assert draft.ready

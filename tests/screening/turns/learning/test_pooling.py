"""Old and new rows come to what they would have come to in one table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening.assay import Assay, Ledger
from screening.assay.curation import gather, label_task, value_task
from screening.assay.labels import make_threshold
from screening.assay.values.beside import Beside
from screening.chemistry import Standardiser
from screening.tables import AssayTable, Columns
from screening.turns.learning.pooling import pooled

STRUCTURES = ["CCO", "OCC", "CCN", "CCCl", "c1ccccc1", "CC(=O)O"]
VALUES = ["4.5", "6.4", "6.9", "7.2", "8.1", "<5", ">8"]


def assay_of(rows, name="a.csv", threshold="7", below=None) -> Assay:
    target = "IC50" if below else "pIC50"
    cells = pd.DataFrame(rows, columns=["smiles", target], dtype=str)
    places = np.arange(2, 2 + len(rows), dtype=np.int64)
    table = AssayTable(name, Columns("smiles", None, tuple(cells.columns)), places, cells)
    ledger = Ledger(source=name, read=len(rows))
    if threshold is None:
        tasks = [label_task(table, target, ledger)]
    else:
        rule = make_threshold(None if below else threshold, below)
        assert rule is not None
        tasks = [value_task(table, target, rule, Beside(), ledger)]
        tasks[0].column.name = "pIC50"
    return gather(table, tasks, ledger, standardiser=Standardiser("none"))


def said_of(assay: Assay) -> dict[str, tuple[float, float]]:
    return {
        smiles: (float(label), round(float(value), 6))
        for smiles, label, value in zip(
            assay.smiles, assay.labels[:, 0], assay.values[:, 0], strict=True
        )
    }


def rows_of(cells):
    return st.lists(
        st.tuples(st.sampled_from(STRUCTURES), st.sampled_from(cells)), min_size=1, max_size=9
    )


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(rows_of(VALUES[:5]), rows_of(VALUES[:5]))
def test_values_of_both_come_to_what_one_table_would(old, new):
    both = pooled(assay_of(old), assay_of(new, "b.csv"), "drop")
    one = said_of(assay_of(old + new))
    assert {s: pytest.approx(said, nan_ok=True) for s, said in said_of(both).items()} == one
    assert both.ledger.read == len(old) + len(new)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(rows_of(VALUES), rows_of(VALUES))
def test_limits_of_both_come_to_what_one_table_would(old, new):
    both = pooled(assay_of(old), assay_of(new, "b.csv"), "drop")
    one = said_of(assay_of(old + new))
    assert {s: pytest.approx(said, nan_ok=True) for s, said in said_of(both).items()} == one


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(rows_of(["0", "1"]), rows_of(["0", "1"]))
def test_labels_of_both_come_to_what_one_table_would(old, new):
    sides = [assay_of(rows, threshold=None) for rows in (old, new)]
    both = pooled(*sides, "drop")
    one = assay_of(old + new, threshold=None)
    assert dict(zip(both.smiles, both.labels[:, 0], strict=True)) == dict(
        zip(one.smiles, one.labels[:, 0], strict=True)
    )
    assert {c.smiles for c in both.ledger.conflicts} == {c.smiles for c in one.ledger.conflicts}


def test_values_in_other_units_are_brought_to_those_of_the_model():
    old = assay_of([("CCO", "7.5"), ("CCN", "6")])
    new = assay_of([("OCC", "10 nM"), ("CCCl", "1 uM"), ("CCN", ">1 uM")], "b.csv", below="100nM")
    assert new.labels[:, 0].tolist() == [1, 0, 0]
    both = pooled(old, new, "drop")
    assert said_of(both) == {
        "CCO": (1, 7.75),
        "CCN": (0, 6),
        "CCCl": (0, 6),
    }
    assert {repeat.values for repeat in both.ledger.repeats} == {("7.5", "8"), ("6", "<6")}


def test_a_row_has_a_number_of_its_own_whichever_file_it_came_from():
    both = pooled(
        assay_of([("CCO", "7.5"), ("CCN", "6")]), assay_of([("OCC", "7.6")], "b.csv"), "drop"
    )
    assert both.ledger.merges[0].rows == (2, 5)
    assert both.ledger.notes[-1] == "line N of b.csv is counted as row 3 + N here."
    assert both.origins[0].source == "a.csv, b.csv"
    assert both.ledger.kept == len(both) == 2

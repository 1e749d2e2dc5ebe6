"""From cells to labels, and from rows to compounds: nothing happens silently."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.assay import (
    Ledger,
    Threshold,
    choose_targets,
    curate,
    decide,
    make_threshold,
    read_label,
)
from screening.assay.values.column import CellError, read_values
from screening.errors import UserError
from screening.tables import read_table

ABOVE, BELOW = Threshold(6.5, active_is_above=True), Threshold(100.0, active_is_above=False)


@pytest.mark.parametrize(
    ("cell", "threshold", "label"),
    [
        ("1", None, 1),
        ("Active", None, 1),
        (" inactive ", None, 0),
        ("FALSE", None, 0),
        ("", None, np.nan),
        ("n/a", None, np.nan),
        ("7.1", ABOVE, 1),
        ("6.5", ABOVE, 0),
        ("6.4", ABOVE, 0),
        ("99", BELOW, 1),
        ("100", BELOW, 0),
        (">10000", BELOW, 0),
        ("> 100", BELOW, 0),
        ("<= 100", BELOW, 1),
        (">50", BELOW, np.nan),
        ("<1e-1", BELOW, 1),
        ("<200", BELOW, np.nan),
        (">7", ABOVE, 1),
        ("<5", ABOVE, 0),
        ("~7", ABOVE, 1),
        ("", ABOVE, np.nan),
    ],
)
def test_cells(cell, threshold, label):
    if threshold is None:
        assert read_label(cell) == pytest.approx(label, nan_ok=True)
    else:
        (reading,) = read_values("p", [cell]).readings
        found = decide(reading.relation, reading.value, threshold) if cell else np.nan
        assert found == pytest.approx(label, nan_ok=True)


def test_other_cells_are_errors():
    for cell in ("maybe", "0.7"):
        with pytest.raises(ValueError, match=cell):
            read_label(cell)
    with pytest.raises(CellError, match="high"):
        read_values("p", ["7", "high"])


def test_only_one_threshold():
    assert make_threshold(None, None) is None
    with pytest.raises(UserError, match="both"):
        make_threshold(1.0, 2.0)


@pytest.fixture
def table_of(tmp_path):
    def make(*rows: str, header: str = "smiles,id,active"):
        path = tmp_path / "assay.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return read_table(str(path), smiles_column="smiles", id_column="id")

    return make


ROWS = (
    "CCO,a,1",
    "OCC,b,1",  # the same as a
    "CCN,c,0",
    "not a molecule,d,1",
    "CCN.Cl,e,1",  # contradicts c
    "CCCC,f,",
    "c1ccccc1O,g,0",
)


def test_what_happens_to_each_row(table_of):
    assay = curate(table_of(*ROWS), ("active",))
    assert assay.ids == ["a", "g"]
    assert assay.rows.tolist() == [2, 8]
    assert assay.labels[:, 0].tolist() == [1, 0]
    ledger = assay.ledger
    assert (ledger.read, ledger.kept, ledger.unlabelled) == (7, 2, 1)
    assert [(r.row, r.id, r.reason) for r in ledger.rejects] == [(5, "d", "parse")]
    assert [(m.rows, m.ids) for m in ledger.merges] == [((2, 3), ("a", "b")), ((4, 6), ("c", "e"))]
    (conflict,) = ledger.conflicts
    assert (conflict.rows, conflict.labels, conflict.resolution) == ((4, 6), (0, 1), "dropped")
    said = " ".join(ledger.sentences())
    assert "contradicting" in said
    assert "line 5" in said


def test_conflicts_by_majority_and_as_an_error(table_of):
    rows = [*ROWS, "NCC,h,1"]
    assay = curate(table_of(*rows), ("active",), conflicts="majority")
    assert dict(zip(assay.ids, assay.labels[:, 0], strict=True))["c"] == 1
    tie = curate(table_of(*ROWS), ("active",), conflicts="majority")
    assert "c" not in tie.ids
    with pytest.raises(UserError, match=r"lines 4, 6.*--conflicts drop"):
        curate(table_of(*ROWS), ("active",), conflicts="error")


def test_several_tasks_keep_missing_labels_apart(table_of):
    table = table_of("CCO,a,1,", "CCN,b,,0", "CCC,c,0,1", "CCO,d,,0", header="smiles,id,t,u")
    assay = curate(table, ("t", "u"))
    assert assay.ids == ["a", "b", "c"]
    np.testing.assert_array_equal(assay.labels, [[1, 0], [np.nan, 0], [0, 1]])


def test_values_of_repeated_measurements_are_their_median(table_of):
    table = table_of("CCO,a,7.0", "OCC,b,8.0", "CCN,c,5", header="smiles,id,p")
    assay = curate(table, ("p",), threshold=ABOVE)
    assert assay.values[:, 0].tolist() == [7.5, 5.0]


def test_a_value_that_cannot_be_used_rejects_its_row_unless_another_task_has_one(table_of):
    table = table_of(
        "CCO,a,10 nM,1 nM",
        "CCN,b,500 nM,57%",
        "CCC,c,57%,n.d.",
        "CCCC,d,,900 nM",
        header="smiles,id,t,u",
    )
    assay = curate(table, ("t", "u"), threshold=make_threshold(None, "100nM"))
    assert assay.ids == ["a", "b", "d"]
    np.testing.assert_array_equal(assay.labels, [[1, 1], [0, np.nan], [np.nan, 0]])
    (reject,) = assay.ledger.rejects
    assert (reject.row, reject.reason) == (4, "value")
    assert reject.message == "a value in %, where most are in nM"


def test_close_to_the_threshold_conflicts_decide(table_of):
    others = ("CCC,x,1", "CCCC,y,5000")
    table = table_of(
        "CCO,a,60", "CCO,b,130", "CCN,c,10", "CCN,d,300", *others, header="smiles,id,Ki"
    )
    below = make_threshold(None, 100)
    dropped = curate(table, ("Ki",), threshold=below)
    # Their medians are 88 and 55, both within a factor of two of 100.
    assert [c.rows for c in dropped.ledger.conflicts] == [(2, 3), (4, 5)]
    assert dropped.ids == ["x", "y"]
    far = curate(table, ("Ki",), threshold=make_threshold(None, 250))
    assert not [c for c in far.ledger.conflicts if c.rows == (4, 5)]
    assert dict(zip(far.ids, far.labels[:, 0], strict=True)) == {"a": 1, "c": 1, "x": 1, "y": 0}


def test_the_band_of_other_values_is_a_tenth_of_their_span(table_of):
    rows = [f"{'C' * n}O,n{n},{10 * n}" for n in range(1, 11)]
    repeats = ("CCN,a,45", "CCN,b,65", "CCCN,c,20", "CCCN,d,65")
    table = table_of(*rows, *repeats, header="smiles,id,inhibition")
    assay = curate(table, ("inhibition",), threshold=make_threshold(50, None))
    (conflict,) = assay.ledger.conflicts
    assert conflict.ids == ("a", "b")
    assert dict(zip(assay.ids, assay.labels[:, 0], strict=True))["c"] == 0


def test_inactive_without_a_number_counts_where_nothing_was_measured(table_of):
    rows = (
        "CCO,a,10",
        "CCN,b,inactive",
        "CCC,c,inactive",
        "CCC,d,20",
        "CCCC,e,>50",
        "CCCC,f,inactive",
    )
    table = table_of(*rows, "CCCCC,g,9000", header="smiles,id,IC50")
    assay = curate(table, ("IC50",), threshold=make_threshold(None, 100))
    found = dict(zip(assay.ids, assay.labels[:, 0], strict=True))
    assert found == {"a": 1, "b": 0, "c": 1, "e": 0, "g": 0}
    assert np.isnan(assay.values[assay.ids.index("b"), 0])
    # Where weak ones are sought, inactive up to some concentration says nothing.
    weak = curate(table, ("IC50",), threshold=make_threshold(100, None))
    assert "b" not in weak.ids


def test_a_ledger_comes_back_from_the_model_file(table_of):
    table = table_of("CCO,a,7.0", "OCC,b,8.0", "CCN,c,5", header="smiles,id,p")
    ledger = curate(table, ("p",), threshold=ABOVE).ledger
    assert [(r.rows, r.values, r.combined) for r in ledger.repeats] == [((2, 3), ("7", "8"), "7.5")]
    stored = json.loads(json.dumps(ledger.to_dict()))
    assert Ledger.from_dict(stored) == ledger
    # Files of a version that did not combine values lack these.
    del stored["repeats"], stored["warnings"]
    assert Ledger.from_dict(stored).repeats == []


def test_errors_name_line_column_and_value(table_of):
    with pytest.raises(UserError, match=r"assay.csv, line 3, column 'active': 'maybe'"):
        curate(table_of("CCO,a,1", "CCN,b,maybe"), ("active",))
    with pytest.raises(UserError, match="no column 'IC50'"):
        curate(table_of(*ROWS), ("IC50",))
    with pytest.raises(UserError, match="2 active and 0 inactive"):
        curate(table_of("CCO,a,1", "CCN,b,1"), ("active",))
    with pytest.raises(UserError, match="no compound is left"):
        curate(table_of("x,a,1", "y,b,0"), ("active",))


def test_targets_are_guessed_only_when_clear(table_of):
    said: list[str] = []
    assert choose_targets(table_of(*ROWS), (), None, said.append) == ("active",)
    assert "'active'" in said[0]
    two = table_of("CCO,a,1,0", "CCN,b,0,1", header="smiles,id,t,u")
    with pytest.raises(UserError, match=r"several columns.*t, u"):
        choose_targets(two, (), None, said.append)
    values = table_of("CCO,a,7.2", "CCN,b,3", header="smiles,id,p")
    with pytest.raises(UserError, match="--active-above"):
        choose_targets(values, (), None, said.append)
    assert choose_targets(values, (), ABOVE, said.append) == ("p",)


ROW = st.tuples(
    st.sampled_from(["CCO", "OCC", "CCN", "CCN.Cl", "c1ccccc1", "bad", "", "CCCl"]),
    st.sampled_from(["1", "0", ""]),
)


VALUE = st.tuples(
    st.sampled_from(["CCO", "OCC", "CCN", "CCN.Cl", "bad", ""]),
    st.sampled_from(
        ["10 nM", "60 nM", ">50 nM", "<1 uM", "> 10 uM", "57%", "n.d.", "inactive", ""]
    ),
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(VALUE, max_size=15), conflicts=st.sampled_from(["drop", "majority"]))
def test_rows_of_values_add_up(tmp_path_factory, rows, conflicts):
    rows = [*rows, ("CCCCO", "1 nM"), ("CCCCN", "5 uM"), ("CCCCS", "6 uM"), ("CCCCCl", "7 nM")]
    path = tmp_path_factory.mktemp("assay") / "assay.csv"
    path.write_text("smiles,x\n" + "".join(f"{s},{value}\n" for s, value in rows))
    table = read_table(str(path), smiles_column="smiles")
    below = make_threshold(None, "100nM")
    ledger = curate(table, ("x",), threshold=below, conflicts=conflicts).ledger
    dropped = sum(conflict.resolution == "dropped" for conflict in ledger.conflicts)
    merged_away = sum(len(merge.rows) - 1 for merge in ledger.merges)
    accounted = ledger.kept + dropped + merged_away + len(ledger.rejects) + ledger.unlabelled
    assert ledger.read == len(rows) == accounted


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, max_size=15), conflicts=st.sampled_from(["drop", "majority"]))
def test_rows_add_up(tmp_path_factory, rows, conflicts):
    rows = [*rows, ("CCCCO", "1"), ("CCCCN", "0")]
    path = tmp_path_factory.mktemp("assay") / "assay.csv"
    path.write_text("smiles,active\n" + "".join(f"{s},{label}\n" for s, label in rows))
    assay = curate(read_table(str(path), smiles_column="smiles"), ("active",), conflicts=conflicts)
    ledger = assay.ledger
    dropped = sum(conflict.resolution == "dropped" for conflict in ledger.conflicts)
    merged_away = sum(len(merge.rows) - 1 for merge in ledger.merges)
    # A dropped structure is one compound; the rows merged into it are counted as merged.
    accounted = ledger.kept + dropped + merged_away + len(ledger.rejects) + ledger.unlabelled
    assert ledger.read == len(rows) == accounted
    assert len(set(assay.smiles)) == len(assay) == ledger.kept

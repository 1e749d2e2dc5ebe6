"""Tables of results as laboratories send them, and the sentences for those that will not do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screening import UserError
from screening.turns import ResultsOptions, read_results


def test_other_units_of_the_same_kind_are_brought_to_the_models_threshold(
    tiny_model, results, frame
):
    as_values = read_results(tiny_model, results).assay
    as_ic50 = read_results(tiny_model, frame, ResultsOptions(targets=("IC50 nM",))).assay
    assert as_ic50.tasks == ("pIC50",)
    np.testing.assert_array_equal(as_ic50.labels, as_values.labels)
    assert 0 < as_values.labels.sum() < len(as_values)


def test_labels_count_as_they_are_beside_a_model_of_values(tiny_model, results):
    said: list[str] = []
    hits = (results["pIC50"] > 7).map({True: "active", False: "inactive"})
    read = read_results(
        tiny_model, results[["id", "smiles"]].assign(pIC50=hits), announce=said.append
    )
    expected = read_results(tiny_model, results).assay.labels
    np.testing.assert_array_equal(read.assay.labels, expected)
    assert "holds labels, which count as they are" in " ".join(said)


def test_one_class_alone_and_a_single_row_can_be_read(tiny_model, results):
    weak = results[results["pIC50"] < 7][:3]
    assert read_results(tiny_model, weak).assay.labels[:, 0].tolist() == [0, 0, 0]
    assert len(read_results(tiny_model, weak[:1]).assay) == 1


@pytest.mark.parametrize(
    ("columns", "options", "sentence"),
    [
        ({"potency": "7"}, {}, "holds no results of this model's assay: it has not the column"),
        ({"IC50": "80 %"}, {"targets": ("IC50",)}, "threshold is in p-values, and no value here"),
        ({"activity": "80"}, {"targets": ("activity",)}, "no value here is in a unit"),
        ({"pIC50": "7"}, {"active_above": 6}, "'pIC50' active above 7, and this asks for above 6"),
        ({"pIC50": ""}, {}, "no row has a structure and a result"),
        ({"pIC50": "high"}, {}, "column 'pIC50': 'high' is no number"),
        ({"pIC50": "7"}, {"targets": ("pEC50",)}, "has no column 'pEC50'"),
    ],
)
def test_results_that_cannot_be_used_get_one_sentence(tiny_model, columns, options, sentence):
    table = pd.DataFrame({"smiles": ["CCCCO", "CCCCN"], **columns})
    with pytest.raises(UserError, match=sentence.replace("(", r"\(")):
        read_results(tiny_model, table, ResultsOptions(**options))


def test_a_column_is_named_by_its_task_where_there_are_several(tiny_model):
    two = replace(tiny_model, tasks=("pIC50", "hERG"))
    table = pd.DataFrame({"smiles": ["CCCCO"], "value": ["1"]})
    with pytest.raises(UserError, match="--target-column pIC50=value"):
        read_results(two, table, ResultsOptions(targets=("value",)))


def test_a_model_that_does_not_say_its_threshold_asks_for_it(tiny_model, results):
    older = replace(tiny_model, provenance={**tiny_model.provenance, "rules": {}})
    with pytest.raises(UserError, match="does not say from where on they are active"):
        read_results(older, results)
    told = read_results(older, results, ResultsOptions(active_above=7))
    np.testing.assert_array_equal(told.assay.labels, read_results(tiny_model, results).assay.labels)


def test_an_empty_file_and_one_without_structures_say_what_to_do(tiny_model, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "head.csv").write_text("smiles,pIC50\n")
    (tmp_path / "names.csv").write_text("compound,pIC50\nA-1,7\nA-2,5\n")
    for name, sentence in (
        ("empty.csv", "empty"),
        ("head.csv", "has a header and no rows"),
        ("names.csv", "that run with run"),
    ):
        with pytest.raises(UserError, match=sentence):
            read_results(tiny_model, tmp_path / name)


def test_dates_are_kept_with_the_compounds(tiny_model, results):
    dated = results.assign(**{"Test date": ["2026-03-01", "2026-02-01"] * 20})
    read = read_results(tiny_model, dated)
    assert read.date == "2026-03-01"
    assert {origin.date for origin in read.assay.origins} == {"2026-03-01", "2026-02-01"}
    told = read_results(tiny_model, dated, ResultsOptions(date="spring"))
    assert told.date == "spring"
    none = read_results(tiny_model, dated, ResultsOptions(date_column="none"))
    assert none.date == ""

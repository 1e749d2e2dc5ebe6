"""Rows of a table and the workers that predict them: none is lost, whatever a molecule does."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from screening.chemistry import Limits
from screening.library.predict import PredictTask, told
from screening.predictions import predict_tables
from screening.predictions import rows as predictions
from screening.tables import names_a_table, read_table

sys.path.insert(0, str(Path(__file__).parents[1] / "library"))
import faulty_predictors
import faulty_scorers as faulty


def test_a_molecule_that_hangs_or_crashes_is_a_row_with_a_reason(
    small_model, samples, tmp_path, monkeypatch
):
    monkeypatch.setattr(predictions, "TOGETHER", 10)
    texts = read_table(str(samples / "wehi.csv.gz")).smiles[:40]
    bad = {4: faulty.HANGS, 17: faulty.CRASHES, 31: faulty.STOPS_FEATURES}
    for place, text in bad.items():
        texts[place] = text
    library = tmp_path / "library.csv"
    lines = (f"{text},{place}\n" for place, text in enumerate(texts))
    library.write_text("smiles,place\n" + "".join(lines))
    options = replace(small_model.options, limits=Limits(200, 2.0))
    task = PredictTask(
        replace(small_model, options=options), partial(told, risk=0.1, prevalence=None)
    )
    predicting = partial(predict_tables, [str(library)], task, progress=False)
    with predicting(workers=2, make_scorer=faulty_predictors.make) as rows:
        tables = [piece.table.to_pylist() for piece in rows]
        folder = rows.folder
    assert not folder.exists()
    found = [row for table in tables for row in table]
    assert [row["place"] for row in found] == [str(place) for place in range(40)]
    reasons = {int(row["place"]): row["reason"] for row in found if row["reason"]}
    assert reasons == {4: "timeout", 17: "crash", 31: "crash"}
    good = tmp_path / "good.csv"
    good.write_text("smiles\n" + "".join(f"{t}\n" for i, t in enumerate(texts) if i not in bad))
    with predict_tables([str(good)], task, workers=1, progress=False) as rows:
        again = [row for piece in rows for row in piece.table.to_pylist()]
    ours = [name for name in again[0] if name != "smiles"]
    assert [{n: row[n] for n in ours} for row in found if not row["reason"]] == [
        {n: row[n] for n in ours} for row in again
    ]


def test_data_items_that_come_late_in_an_sd_file_are_columns_of_all_rows(
    small_model, tmp_path, monkeypatch
):
    monkeypatch.setattr(predictions, "TOGETHER", 1)
    block = (
        "{name}\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"
        "    0.0000    0.0000    0.0000 C   0  0\nM  END\n{items}$$$$\n"
    )
    path = tmp_path / "late.sdf"
    late = ">  <price>\n3\n\n"
    path.write_text(block.format(name="a", items="") + block.format(name="b", items=late))
    task = PredictTask(small_model, partial(told, risk=0.1, prevalence=None))
    with predict_tables([str(path)], task, workers=2, progress=False) as rows:
        found = [row for piece in rows for row in piece.table.to_pylist()]
    assert [(row["title"], row["price"], row["reason"]) for row in found] == [
        ("a", "", ""),
        ("b", "3", ""),
    ]
    assert [row["duplicate_of"] for row in found] == ["", "a"]


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        *((word, True) for word in ("-", "a.csv", "x/y.sdf.gz", "aspirin.SMI", "*.parquet", "a/")),
        *((word, False) for word in ("CCO", "C/C=C\\C", "[Na+].[Cl-]", "c1ccccc1.CC", "*CC", "")),
    ],
)
def test_a_file_is_told_from_a_structure(word, is_one):
    assert names_a_table(word) == is_one

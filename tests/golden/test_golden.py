"""The predictions of small models, number for number as they are kept beside this file.

Moving, renaming or speeding up code may not change a digit of them. Each model is trained here on
`assay.csv` (95 compounds of BACE-1) and screens `library.csv` (215 molecules: the WEHI collection
and BACE-1, with salts, stereoisomers, zwitterions, peptides, isotopes, a metal). `scores/` keeps
every column of its scores and what hits.csv adds, `held_out/` what it and every baseline said of
compounds held out in training, `quality/` the figures of that. `remake.py` writes them anew, and
says when that is right.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rdkit import rdBase

from tests.golden.models import HERE, MODELS, Said, ask, processor, read

# Stored numbers have six decimals. A sum in another order shows in the last digits of float32, and
# tips the rounding of a number. Processors of two makers with the same instructions were up to 2e-6
# apart: their libraries choose by the maker, too.
TOLERANCE = 1e-5
# Another kind of processor adds up everything in another order. With the instructions of AVX2, and
# with those of SSE only, the numbers were up to 3e-5 away from those of AVX-512.
ELSEWHERE = 1e-4
# The solver of the logistic regression stops where a step gains little, and that is elsewhere on
# another processor: up to 0.0014 away in a probability, 0.015 in a calibration error by bins.
LOGISTIC_ELSEWHERE = 2e-2
# RDKit before 2026 counts deuterium otherwise among the molecular quantum numbers.
OTHERWISE = {"deuterated"} if rdBase.rdkitVersion < "2026" else set()


# What the others show nearly all of: one of the two tasks, and networks without what they go into.
AT_RELEASE = {"one_task", "networks_alone"}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.thorough if name in AT_RELEASE else ())
        for name in MODELS
    ],
)
def case(request, tmp_path_factory) -> tuple[str, Said]:
    return request.param, ask(request.param, tmp_path_factory.mktemp(request.param))


def kept_quality(name: str) -> dict[str, Any]:
    return json.loads((HERE / "quality" / f"{name}.json").read_text(encoding="utf-8"))


def tolerance(name: str, column: str) -> float:
    """How far a number of this column may be from the stored one, on the processor at hand."""
    if processor() == kept_quality(name)["processor"]:
        return TOLERANCE
    return LOGISTIC_ELSEWHERE if "Logistic regression" in column else ELSEWHERE


def test_every_column_of_the_scores_is_what_it_was(case):
    name, said = case
    assert_same(name, said.scores, read(HERE / "scores" / f"{name}.csv"))


def test_a_prepared_library_scores_the_same(case):
    _, said = case
    described = list(said.scores.columns[said.scores.columns.get_loc("same_skeleton") + 1 :])
    scores = said.scores.columns.difference(described)
    pd.testing.assert_frame_equal(said.prepared[scores], said.scores[scores])
    hits = said.prepared[said.prepared["in_domain"] != ""]
    assert len(hits) == 20
    pd.testing.assert_frame_equal(hits, said.scores.loc[hits.index])


def test_held_out_probabilities_of_model_and_baselines_are_what_they_were(case):
    name, said = case
    assert_same(name, said.held_out, read(HERE / "held_out" / f"{name}.csv"))


def test_figures_of_quality_are_what_they_were(case):
    name, said = case
    kept = kept_quality(name)
    assert said.quality["protocol"] == kept["protocol"]
    found, expected = figures(said.quality), figures(kept)
    assert list(found) == list(expected)
    for figure, value in expected.items():
        assert found[figure] == pytest.approx(value, abs=tolerance(name, figure), rel=0), figure


def figures(quality: dict) -> dict[str, float]:
    return {
        f"{task}: {model}: {figure}": value
        for task, models in quality["tasks"].items()
        for model, values in models.items()
        for figure, value in values.items()
    }


def assert_same(name: str, found: pd.DataFrame, kept: pd.DataFrame) -> None:
    """Numbers within the tolerance, all else to the letter; other columns may be there as well."""
    assert list(found.index) == list(kept.index)
    for column in kept.columns:
        assert column in found.columns, f"the column {column} is missing"
        if numeric(kept[column]):
            apart = np.abs(found[column].astype(float) - kept[column].astype(float))
            far = ~(apart <= tolerance(name, column))
        else:
            far = found[column] != kept[column]
        far &= ~found.index.isin(OTHERWISE)
        changed = pd.DataFrame({"found": found[column], "kept": kept[column]})[far]
        assert changed.empty, f"{column} differs in {len(changed)} rows:\n{changed.head(10)}"


def numeric(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column, errors="coerce").notna().all())

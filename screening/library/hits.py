"""The hit list: what is worked out for the best rows only, and hits.csv."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rdkit import Chem

from screening.chemistry import Failure, alert_names, murcko_scaffold
from screening.library.columns import PER_TASK, named
from screening.library.options import ScreenOptions
from screening.library.ranking import Row, best_rows, first_places
from screening.model import ScreeningModel, prediction_sets
from screening.tables import write_csv


def make_hits(parts: Sequence[Path], model: ScreeningModel, options: ScreenOptions) -> pd.DataFrame:
    """Rank all scored rows and describe the best.

    Returns
    -------
    DataFrame
        The columns of hits.csv, best first.
    """
    task = options.rank_by or model.tasks[0]
    rows = best_rows(parts, named("score", task, model.tasks), options.top)
    model.options = replace(model.options, limits=options.limits)
    mols = [_again(model, row["smiles"]) for row in rows]
    fingerprints = model.fingerprints(mols)
    index, similarity = model.training.nearest(fingerprints)
    alerting = alert_names(mols, options.workers)
    firsts = first_places(parts, [row["structure_key"] for row in rows])
    position = model.tasks.index(task)
    percentiles = np.array([row["novelty_percentile"] for row in rows], dtype=np.float64)
    inside = model.domain.contains(percentiles, similarity)
    records = [
        {
            "rank": rank,
            "id": row["id"],
            "smiles": row["smiles"],
            **_scores(row, model.tasks, options.risk),
            "in_domain": bool(inside[rank - 1]),
            "novelty_percentile": row["novelty_percentile"],
            "nearest_id": model.training.ids[index[rank - 1]],
            "nearest_similarity": round(float(similarity[rank - 1]), 4),
            "nearest_label": _label(model.training.labels[index[rank - 1], position]),
            "alerts": "; ".join(alerting[rank - 1]),
            "scaffold": murcko_scaffold(mols[rank - 1]),
            "source": row["source"],
            "row": row["row"],
            "duplicate_of": _duplicate(row, firsts),
            "in_training": row["in_training"],
        }
        for rank, row in enumerate(rows, start=1)
    ]
    table = pd.DataFrame(records, columns=None if records else _empty_columns(model.tasks))
    return _with_input_columns(table, [json.loads(row["input"]) for row in rows])


def _again(model: ScreeningModel, smiles: str) -> Chem.Mol:
    mol = model.prepare(smiles)
    # A row that was scored can be read again; anything else is a fault of ours.
    assert not isinstance(mol, Failure), f"a scored structure cannot be read again: {mol.message}"
    return mol


def _scores(row: Row, tasks: tuple[str, ...], risk: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for task in tasks:
        found |= {name: row[name] for name in (named(c, task, tasks) for c in PER_TASK)}
        p_active, p_inactive = (
            np.array([row[named(c, task, tasks)]]) for c in ("p_active", "p_inactive")
        )
        (found[named("prediction_set", task, tasks)],) = prediction_sets(p_active, p_inactive, risk)
    return found


def _label(value: float) -> str:
    return "" if np.isnan(value) else "active" if value == 1 else "inactive"


def _duplicate(row: Row, firsts: dict[int, tuple[str, int, str]]) -> str:
    source, line, name = firsts[row["structure_key"]]
    return "" if (source, line) == (row["source"], row["row"]) else name


def _empty_columns(tasks: tuple[str, ...]) -> list[str]:
    per_task = [named(c, task, tasks) for task in tasks for c in (*PER_TASK, "prediction_set")]
    tail = "in_domain novelty_percentile nearest_id nearest_similarity nearest_label alerts".split()
    last = "scaffold source row duplicate_of in_training".split()
    return ["rank", "id", "smiles", *per_task, *tail, *last]


def _with_input_columns(table: pd.DataFrame, inputs: Sequence[dict[str, str]]) -> pd.DataFrame:
    names = dict.fromkeys(name for values in inputs for name in values)
    extra = {}
    for name in names:
        free = name
        while free in table.columns or free in extra:
            free = f"input_{free}"
        extra[free] = [values.get(name, "") for values in inputs]
    return pd.concat([table, pd.DataFrame(extra, index=table.index)], axis=1)


def write_hits(table: pd.DataFrame, path: Path) -> None:
    """Write hits.csv: UTF-8, line feeds, quotes where needed, the same bytes on every system."""
    write_csv(table, path)

"""Scored molecules described: neighbours, alerts, scaffold, properties; each worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import Failure
from screening.chemistry.properties import Properties
from screening.hits.about import About, AboutHit, about_molecules
from screening.hits.clusters import clusters
from screening.hits.schema import VALUE, VALUE_SPREAD, columns_for, named
from screening.model import ScreeningModel, prediction_sets, restate_prevalence
from screening.model.scores import DECIMALS


def describe(
    rows: pa.Table,
    mols: Sequence[Chem.Mol | Failure],
    model: ScreeningModel,
    *,
    task: str | None = None,
    risk: float = 0.1,
    prevalence: float | None = None,
) -> pa.Table:
    """Describe scored molecules, one row each, in the order given.

    A pure function: a row of the result depends on that row and molecule, the model and the options
    alone, and nothing is changed. So it serves hits, best first, as well as any molecules in any
    order. A row that could not be read has no molecule: whoever wants it in the table leaves it out
    here and puts it back in its place. Each part that fails for a molecule leaves its own cells
    empty, and `not_described` says so.

    Parameters
    ----------
    rows : Table
        The columns of `score_columns`, at the assay's base rate. Other columns of the table of hits
        (`rank`, `id`, `smiles`, `source`, `row`, `duplicate_of`, `in_training`, `same_skeleton`)
        are taken over where they are there; any else is left out.
    mols : sequence of Mol or Failure
        Prepared as the model prepares them.
    model : ScreeningModel
    task : str, optional
        Whose label the nearest compound shows; the model's first when None.
    risk : float in (0, 1)
        Of the prediction sets.
    prevalence : float in (0, 1), optional
        Restates the scores for a library with this share of actives; None leaves them at the
        assay's base rate.

    Returns
    -------
    Table
        With the types of `screening.hits.schema`, in its order. Columns that need more than the row
        itself (`cluster`, `nearest_active`, `nearest_inactive`) are those of `describe_hits`.
    """
    found = about_molecules(mols, model)
    return typed(_columns_of_rows(rows, found, model, task, risk, prevalence), model.tasks)


def describe_scores(
    rows: pa.Table,
    nearest: tuple[NDArray[np.int64], NDArray[np.float32]],
    model: ScreeningModel,
    *,
    task: str | None = None,
    risk: float = 0.1,
    prevalence: float | None = None,
) -> pa.Table:
    """Describe scored molecules by what needs no molecule: a small part of the cost of `describe`.

    Parameters
    ----------
    rows, model, task, risk, prevalence
        As for `describe`.
    nearest : int64 and float32 arrays of shape (n,)
        Place and Tanimoto similarity of the most similar training compound of each row.

    Returns
    -------
    Table
        Scores, prediction sets, domain and neighbour, with the other columns of the table of hits
        that `rows` has.
    """
    return typed(_told_by_scores(rows, nearest, model, task, risk, prevalence), model.tasks)


def _told_by_scores(
    rows: pa.Table,
    nearest: tuple[NDArray[np.int64], NDArray[np.float32]],
    model: ScreeningModel,
    task: str | None,
    risk: float,
    prevalence: float | None,
) -> dict[str, Any]:
    position = model.tasks.index(task or model.tasks[0])
    index, similarity = nearest
    made: dict[str, Any] = {name: rows[name] for name in rows.column_names}
    for number, name in enumerate(model.tasks):
        score, p_active, p_inactive = (
            named(column, name, model.tasks) for column in ("score", "p_active", "p_inactive")
        )
        base_rate = model.calibrations[number].base_rate
        made[score] = restated(rows[score].to_numpy(), base_rate, prevalence)
        made[named("prediction_set", name, model.tasks)] = prediction_sets(
            rows[p_active].to_numpy(), rows[p_inactive].to_numpy(), risk
        )
        if name in model.values and named(VALUE, name, model.tasks) in made:
            made |= _told_by_values(rows, model, name, risk)
    labels = model.training.labels[index, position]
    made |= {
        "in_domain": model.domain.contains(similarity),
        "nearest_id": [model.training.ids[i] for i in index],
        "nearest_similarity": [round(float(value), 4) for value in similarity],
        "nearest_label": [_LABELS.get(float(label), "") for label in labels],
    }
    return made


def _told_by_values(
    rows: pa.Table, model: ScreeningModel, task: str, risk: float
) -> dict[str, NDArray[np.float64]]:
    """Return the ends of the intervals of a task's values, and the values as potencies."""
    own = model.values[task]
    values, spreads = (
        rows[named(column, task, model.tasks)].to_numpy() for column in (VALUE, VALUE_SPREAD)
    )
    learned = own.scale.learned(values)
    low, high = own.interval(learned, spreads, risk)
    found = {"value_low": low, "value_high": high}
    if own.scale.offset is not None:
        found["potency"] = own.scale.potency(learned)
    return {named(column, task, model.tasks): told for column, told in found.items()}


def _columns_of_rows(
    rows: pa.Table,
    found: Sequence[About],
    model: ScreeningModel,
    task: str | None,
    risk: float,
    prevalence: float | None,
) -> dict[str, Any]:
    index, similarity = model.training.nearest(_fingerprints(found, model))
    known = np.array([about.fingerprint.any() for about in found], dtype=bool)
    # What has no fingerprint here had one when it was scored.
    similarity = np.where(known, similarity, rows["nearest_similarity"].to_numpy())
    made = _told_by_scores(rows, (index, similarity), model, task, risk, prevalence)
    made |= {
        "alerts": [
            [{"catalog": a.catalog, "name": a.name, "atoms": a.atoms} for a in about.alerts]
            for about in found
        ],
        "scaffold": [about.scaffold for about in found],
        "structure": [about.structure for about in found],
        "fingerprint": [about.fingerprint.tobytes() for about in found],
        "not_described": [about.missing for about in found],
    }
    for place in np.flatnonzero(~known):
        made["nearest_id"][place] = made["nearest_label"][place] = ""
    numbers = [about.properties for about in found]
    made |= {name: [p and getattr(p, name) for p in numbers] for name in Properties._fields}
    return made


def _fingerprints(found: Sequence[About], model: ScreeningModel) -> NDArray[np.uint8]:
    width = model.training.fingerprints.shape[1]
    return np.array([about.fingerprint for about in found], dtype=np.uint8).reshape(-1, width)


_LABELS = {1.0: "active", 0.0: "inactive"}


def describe_hits(
    rows: pa.Table,
    found: Sequence[AboutHit],
    model: ScreeningModel,
    *,
    task: str | None = None,
    risk: float = 0.1,
    prevalence: float | None = None,
) -> pa.Table:
    """Describe ranked hits: all that `describe` tells, and what hits are to each other.

    Parameters
    ----------
    rows, model, task, risk, prevalence
        As for `describe`; rows best first.
    found
        By `about_hits`, for the same task.
    """
    molecules = [hit.about for hit in found]
    made = _columns_of_rows(rows, molecules, model, task, risk, prevalence)
    made |= {
        "cluster": clusters(_fingerprints(molecules, model)),
        "nearest_active": [hit.nearest_active for hit in found],
        "nearest_inactive": [hit.nearest_inactive for hit in found],
    }
    return typed(made, model.tasks)


def restated(
    scores: NDArray[np.float64], base_rate: float, prevalence: float | None
) -> NDArray[np.float64]:
    """Return scores for a library of which the given share is active; as they are with None."""
    if prevalence is None:
        return scores
    return np.round(restate_prevalence(scores, base_rate, prevalence), DECIMALS)


def typed(made: dict[str, Any], tasks: Sequence[str]) -> pa.Table:
    """Return those columns of the schema that were made, in its order and with its types."""
    kinds = [(name, c.type) for name, c in columns_for(tasks, valued=tasks).items() if name in made]
    return pa.Table.from_pydict(made, schema=pa.schema(kinds))


def unpacked(table: pa.Table) -> NDArray[np.uint8]:
    """Return the column `fingerprint` as an array of shape (n, n_bytes)."""
    rows = table["fingerprint"].to_pylist()
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), -1 if rows else 0)

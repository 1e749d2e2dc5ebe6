"""Scored molecules described: neighbours, alerts, scaffold, properties; each worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import alerts, canonical_smiles, murcko_scaffold
from screening.chemistry.properties import Properties, properties
from screening.hits.clusters import clusters
from screening.hits.common_part import Environments, common_atoms
from screening.hits.schema import columns_for, named
from screening.model import ScreeningModel, prediction_sets, restate_prevalence
from screening.model.scores import DECIMALS


def describe(
    rows: pa.Table,
    mols: Sequence[Chem.Mol],
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
    here and puts it back in its place.

    Parameters
    ----------
    rows : Table
        The columns of `score_columns`, at the assay's base rate. Other columns of the table of hits
        (`rank`, `id`, `smiles`, `source`, `row`, `duplicate_of`, `in_training`, `same_skeleton`)
        are taken over where they are there; any else is left out.
    mols : sequence of Mol
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
    molecules = _molecules(mols, model)
    return typed(_columns_of_rows(rows, molecules, model, task, risk, prevalence), model.tasks)


class _Molecules(NamedTuple):
    """Molecules as they were scored, and as who reads the table will draw them."""

    scored: Sequence[Chem.Mol]
    structures: list[str]
    drawn: list[Chem.Mol]
    fingerprints: NDArray[np.uint8]


def _molecules(mols: Sequence[Chem.Mol], model: ScreeningModel) -> _Molecules:
    structures = [canonical_smiles(mol) for mol in mols]
    drawn = [molecule_of(structure) for structure in structures]
    return _Molecules(mols, structures, drawn, model.fingerprints(mols))


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
    labels = model.training.labels[index, position]
    percentiles = rows["novelty_percentile"].to_numpy()
    made |= {
        "in_domain": model.domain.contains(percentiles, similarity),
        "nearest_id": [model.training.ids[i] for i in index],
        "nearest_similarity": [round(float(value), 4) for value in similarity],
        "nearest_label": [_LABELS.get(float(label), "") for label in labels],
    }
    return made


def _columns_of_rows(
    rows: pa.Table,
    molecules: _Molecules,
    model: ScreeningModel,
    task: str | None,
    risk: float,
    prevalence: float | None,
) -> dict[str, Any]:
    nearest = model.training.nearest(molecules.fingerprints)
    made = _told_by_scores(rows, nearest, model, task, risk, prevalence)
    made |= {
        "alerts": [
            [{"catalog": a.catalog, "name": a.name, "atoms": a.atoms} for a in alerts(mol)]
            for mol in molecules.drawn
        ],
        "scaffold": [murcko_scaffold(mol) for mol in molecules.scored],
        "structure": molecules.structures,
        "fingerprint": [row.tobytes() for row in molecules.fingerprints],
    }
    found = [properties(mol) for mol in molecules.scored]
    made |= {name: [getattr(p, name) for p in found] for name in Properties._fields}
    return made


_LABELS = {1.0: "active", 0.0: "inactive"}


def describe_hits(
    rows: pa.Table,
    mols: Sequence[Chem.Mol],
    model: ScreeningModel,
    *,
    task: str | None = None,
    risk: float = 0.1,
    prevalence: float | None = None,
) -> pa.Table:
    """Describe ranked hits: all that `describe` tells, and what hits are to each other.

    Parameters
    ----------
    rows, mols, model, task, risk, prevalence
        As for `describe`; rows best first.
    """
    molecules = _molecules(mols, model)
    made = _columns_of_rows(rows, molecules, model, task, risk, prevalence)
    own = [Environments(mol) for mol in molecules.drawn]
    ranked = task or model.tasks[0]
    made |= {
        "cluster": clusters(molecules.fingerprints),
        "nearest_active": _neighbours(molecules, own, model, ranked, 1),
        "nearest_inactive": _neighbours(molecules, own, model, ranked, 0),
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
    kinds = [(name, c.type) for name, c in columns_for(tasks).items() if name in made]
    return pa.Table.from_pydict(made, schema=pa.schema(kinds))


def unpacked(table: pa.Table) -> NDArray[np.uint8]:
    """Return the column `fingerprint` as an array of shape (n, n_bytes)."""
    rows = table["fingerprint"].to_pylist()
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), -1 if rows else 0)


def molecule_of(structure: str) -> Chem.Mol:
    """Return the molecule of a column `structure`, its atoms in the order of the text."""
    mol = Chem.MolFromSmiles(structure)
    if mol is None:
        # What RDKit wrote and cannot read again is rare; it can still be drawn.
        mol = Chem.MolFromSmiles(structure, sanitize=False)
        Chem.SanitizeMol(mol, catchErrors=True)
    return mol


def _neighbours(
    molecules: _Molecules,
    own: Sequence[Environments],
    model: ScreeningModel,
    task: str,
    label: int,
) -> list[dict[str, Any]]:
    """Return the assay's nearest compound of a label to each molecule, and what both share."""
    training = model.training
    index, similarity = training.nearest_labelled(
        molecules.fingerprints, model.tasks.index(task), label
    )
    # Many hits have the same neighbour.
    theirs = {i: Environments(Chem.MolFromSmiles(training.smiles[i])) for i in set(index.tolist())}
    found = []
    for position, near, mine in zip(index.tolist(), similarity.tolist(), own, strict=True):
        atoms, known_atoms = common_atoms(mine, theirs[position])
        found.append(
            {
                "id": training.ids[position],
                "similarity": near,
                "position": position,
                "atoms": atoms,
                "known_atoms": known_atoms,
            }
        )
    return found

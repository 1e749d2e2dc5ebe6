"""The hits as the page shows them: drawn, explained, described, beside what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rdkit import Chem

from screening.chemistry import alerts
from screening.chemistry.properties import properties
from screening.drawing import depict
from screening.errors import UserError
from screening.explain import AtomContributions, contributions_of
from screening.model import ScreeningModel
from screening.plate import PlateOptions, clusters, describe_for_plate, pick_plate
from screening.report.common_part import Environments, common_atoms, environments
from screening.report.run_folder import RunFolder

# Names longer than this are cut in the page; hits.csv has them whole.
LONGEST_TEXT = 2_000


@dataclass
class Compounds:
    """Records for the page.

    Attributes
    ----------
    hits : list of dict
        One a hit, best first; `drawing`, and `known` of `active` and `inactive`, are positions in
        the lists below.
    known : list of dict
        Training compounds that are some hit's nearest.
    drawings : list
        `Depiction.to_json` of every structure, each once.
    mols : list of Mol
        The hits' standardised molecules.
    full_colour : float
        Contribution, in nats, that is drawn in full colour.
    """

    hits: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)
    mols: list[Chem.Mol] = field(default_factory=list)
    full_colour: float = 1.0


def describe_hits(run: RunFolder, model: ScreeningModel, options: PlateOptions) -> Compounds:
    """Work out everything that the hits' cards show."""
    out = Compounds(mols=[_molecule(model, smiles) for smiles in run.hits["smiles"]])
    if not out.mols:
        return out
    fingerprints = model.fingerprints(out.mols)
    explained = contributions_of(model, out.mols, run.task)
    out.full_colour = _full_colour(explained)
    neighbours = _Neighbours(model, run.task, out, fingerprints)
    groups = clusters(fingerprints)
    plate = pick_plate(
        describe_for_plate(run.hits, out.mols),
        fingerprints,
        options,
        active_similarity=neighbours.similarity(1),
        score=run.column("score"),
    )
    for i, row in enumerate(plate.to_dict("records")):
        mol = out.mols[i]
        own = environments(mol)
        # Before the neighbours' drawings are added: a position is where the next one goes.
        out.drawings.append(depict(mol).to_json())
        out.hits.append(
            {
                **_row(run, model, {str(key): value for key, value in row.items()}),
                # From the run: a column of the library may be called `pick` too.
                "inputs": [cut(run.hits[name].iloc[i]) for name in run.inputs],
                "drawing": len(out.drawings) - 1,
                "atoms": [round(100 * value) for value in explained[i].atoms],
                "whole": round(explained[i].descriptors, 2),
                "active": neighbours.beside(i, 1, own),
                "inactive": neighbours.beside(i, 0, own),
                "props": list(properties(mol)),
                "alerts": [[a.catalog, a.name, list(a.atoms)] for a in alerts(mol)],
                "cluster": int(groups[i]),
            }
        )
    return out


def _molecule(model: ScreeningModel, smiles: str) -> Chem.Mol:
    mol = model.prepare(smiles)
    if not isinstance(mol, Chem.Mol):
        raise UserError(
            f"hits.csv holds a structure that the model cannot read ({smiles[:80]!r}: "
            f"{mol.reason}); it was made with another model or changed by hand. Screen again."
        )
    return mol


def _full_colour(explained: Sequence[AtomContributions]) -> float:
    """Return one scale for all hits, so that colours can be compared between cards."""
    values = np.abs(np.concatenate([e.atoms for e in explained]))
    return round(float(np.quantile(values, 0.96)), 3) or 1.0


def _row(run: RunFolder, model: ScreeningModel, row: dict[str, Any]) -> dict[str, Any]:
    known = (run.demo or {}).get("known", {})
    return {
        "rank": int(row["rank"]),
        "id": cut(row["id"]),
        "smiles": cut(row["smiles"]),
        "score": row[run.column("score")],
        "std": row[run.column("score_std")],
        "p": [row[run.column("p_active")], row[run.column("p_inactive")]],
        "set": row[run.column("prediction_set")],
        "inside": bool(row["in_domain"]),
        "why": _why_outside(row, model),
        "novelty": round(row["novelty_percentile"], 1),
        "nearest": row["nearest_similarity"],
        "scaffold": cut(row["scaffold"]),
        "source": cut(row["source"]),
        "row": int(row["row"]),
        "twin": cut(row["duplicate_of"]),
        "tested": bool(row["in_training"]),
        "pick": int(row["pick"]),
        "reason": row["pick_reason"],
        "truth": known.get(row["id"]),
        "tasks": [row[f"score_{task}"] for task in run.tasks] if len(run.tasks) > 1 else [],
    }


def _why_outside(row: dict[str, Any], model: ScreeningModel) -> list[str]:
    reasons = []
    percentile, similarity = row["novelty_percentile"], row["nearest_similarity"]
    if percentile > model.domain.novelty_limit:
        reasons.append(
            f"structure stranger to the RBM than {percentile:.0f} % of held-out assay compounds "
            f"(limit {model.domain.novelty_limit:.0f} %)"
        )
    if similarity < model.domain.similarity_limit:
        reasons.append(
            f"nearest assay compound only {similarity:.2f} similar "
            f"(limit {model.domain.similarity_limit:.2f})"
        )
    return reasons


def cut(text: object) -> str:
    """Return a text short enough for a page."""
    whole = str(text)
    if len(whole) <= LONGEST_TEXT:
        return whole
    return f"{whole[:LONGEST_TEXT]}… ({len(whole):,} characters)"


class _Neighbours:
    """Nearest known active and inactive of every hit; each training compound is drawn once."""

    def __init__(self, model: ScreeningModel, task: str, out: Compounds, fingerprints: Any) -> None:
        self._model, self._out = model, out
        self._task = model.tasks.index(task)
        table = model.training
        self._found = {
            label: table.nearest_labelled(fingerprints, self._task, label) for label in (1, 0)
        }
        self._places: dict[int, int] = {}
        self._environments: dict[int, Environments] = {}

    def similarity(self, label: int) -> Any:
        return self._found[label][1]

    def beside(self, hit: int, label: int, own: Environments) -> list[Any]:
        """Return [position in `known`, similarity, the hit's atoms, the neighbour's atoms]."""
        index, similarity = (values[hit] for values in self._found[label])
        place = self._place(int(index))
        mine, theirs = common_atoms(own, self._environments[int(index)])
        return [place, round(float(similarity), 2), mine, theirs]

    def _place(self, index: int) -> int:
        if index not in self._places:
            table = self._model.training
            mol = Chem.MolFromSmiles(table.smiles[index])
            self._environments[index] = environments(mol)
            self._places[index] = len(self._out.known)
            value = float(table.values[index, self._task])
            self._out.known.append(
                {
                    "id": cut(table.ids[index]),
                    "smiles": table.smiles[index],
                    "value": None if np.isnan(value) else float(f"{value:.4g}"),
                    "drawing": len(self._out.drawings),
                }
            )
            self._out.drawings.append(depict(mol).to_json())
        return self._places[index]

"""The hits as the page shows them: drawn, explained, beside what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rdkit import Chem

from screening.chemistry.properties import Properties
from screening.drawing import depict
from screening.explain import AtomContributions, contributions_of
from screening.hits import Hits, tag_of
from screening.model import ScreeningModel
from screening.plate import Plate
from screening.progress import OnStep, ignore_steps
from screening.report.connections import connections
from screening.report.page import cut

# Hits explained between two steps of progress.
_AT_ONCE = 64


@dataclass
class HitCards:
    """Records for the page.

    Attributes
    ----------
    hits : list of dict
        One a hit, best first; `drawing`, and the first entries of `active` and `inactive`, are
        positions in the lists below.
    known : list of dict
        Training compounds that are some hit's nearest.
    drawings : list
        `Depiction.to_json` of every structure, each once.
    full_colour : float
        Contribution, in nats, that is drawn in full colour.
    """

    hits: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)
    full_colour: float = 1.0

    def picked(self) -> list[dict[str, Any]]:
        """Return the hits that are suggested."""
        return [hit for hit in self.hits if hit["pick"]]


def cards_of(
    plate: Plate,
    model: ScreeningModel,
    truth: dict[str, int],
    on_step: OnStep = ignore_steps,
) -> HitCards:
    """Draw and explain the hits of a plate.

    Parameters
    ----------
    plate
    model
        That scored the hits.
    truth
        What is known of some hits, by name, where the screen is retrospective.
    on_step
        Is told how many hits are explained.
    """
    hits = plate.hits
    cards = HitCards()
    if not len(hits):
        return cards
    explained = _explained(hits, model, on_step)
    cards.full_colour = _full_colour(explained)
    known = _KnownCards(model, hits.ranked.task, cards)
    inputs = hits.inputs.to_numpy().tolist()
    picks = plate.table[["pick", "pick_reason"]].itertuples(index=False)
    rows = zip(hits.described.to_pylist(), hits.mols, explained, inputs, picks, strict=True)
    for row, mol, why, cells, (pick, reason) in rows:
        # Before the neighbours' drawings are added: a position is where the next one goes.
        cards.drawings.append(depict(mol).to_json())
        cards.hits.append(
            {
                **_row(hits, model, row),
                "pick": int(pick),
                "reason": reason,
                "truth": truth.get(row["id"]),
                "inputs": [cut(cell) for cell in cells],
                "drawing": len(cards.drawings) - 1,
                "connections": connections(mol),
                "atoms": [round(100 * value) for value in why.atoms],
                "whole": round(why.descriptors, 2),
                "active": known.beside(row["nearest_active"]),
                "inactive": known.beside(row["nearest_inactive"]),
                "props": [row[name] for name in Properties._fields],
                "alerts": [[a["catalog"], a["name"], a["atoms"]] for a in row["alerts"]],
                "cluster": row["cluster"],
            }
        )
    return cards


def _explained(hits: Hits, model: ScreeningModel, on_step: OnStep) -> list[AtomContributions]:
    explained: list[AtomContributions] = []
    for start in range(0, len(hits), _AT_ONCE):
        part = hits.mols[start : start + _AT_ONCE]
        explained += contributions_of(model, part, hits.ranked.task)
        on_step("explaining hits", len(explained), len(hits))
    return explained


def _full_colour(explained: Sequence[AtomContributions]) -> float:
    """Return one scale for all hits, so that colours can be compared between cards."""
    values = np.abs(np.concatenate([e.atoms for e in explained]))
    return round(float(np.quantile(values, 0.96)), 3) or 1.0


def _row(hits: Hits, model: ScreeningModel, row: dict[str, Any]) -> dict[str, Any]:
    tasks = hits.ranked.tasks
    return {
        "rank": row["rank"],
        "id": cut(row["id"]),
        "smiles": cut(row["smiles"]),
        "score": row[hits.column("score")],
        "std": row[hits.column("score_std")],
        "p": [row[hits.column("p_active")], row[hits.column("p_inactive")]],
        "set": row[hits.column("prediction_set")],
        "tag": tag_of(row[hits.column("prediction_set")], row["in_domain"]),
        "inside": row["in_domain"],
        "why": _why_outside(row, model),
        "novelty": round(row["novelty_percentile"], 1),
        "nearest": row["nearest_similarity"],
        "scaffold": cut(row["scaffold"]),
        "source": cut(row["source"]),
        "row": row["row"],
        "twin": cut(row["duplicate_of"]),
        "tested": row["in_training"],
        "skeleton": bool(row.get("same_skeleton")),
        "tasks": [row[f"score_{task}"] for task in tasks] if len(tasks) > 1 else [],
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


class _KnownCards:
    """Known compounds beside the hits; each is drawn once."""

    def __init__(self, model: ScreeningModel, task: str, cards: HitCards) -> None:
        self._training, self._cards = model.training, cards
        self._task = model.tasks.index(task)
        self._places: dict[int, int] = {}

    def beside(self, nearest: dict[str, Any]) -> list[Any]:
        """Return [position in `known`, similarity, the hit's atoms, the neighbour's atoms]."""
        place = self._place(nearest["position"])
        similarity = round(float(nearest["similarity"]), 2)
        return [place, similarity, nearest["atoms"], nearest["known_atoms"]]

    def _place(self, position: int) -> int:
        if position not in self._places:
            smiles = self._training.smiles[position]
            value = float(self._training.values[position, self._task])
            self._places[position] = len(self._cards.known)
            self._cards.known.append(
                {
                    "id": cut(self._training.ids[position]),
                    "smiles": smiles,
                    "value": None if np.isnan(value) else float(f"{value:.4g}"),
                    "drawing": len(self._cards.drawings),
                }
            )
            self._cards.drawings.append(depict(Chem.MolFromSmiles(smiles)).to_json())
        return self._places[position]

"""The hits as the page shows them: drawn, explained, beside what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from screening.chemistry.properties import Properties
from screening.hits import Hits, named, tag_of
from screening.model import ScreeningModel
from screening.plate import Plate
from screening.progress import OnStep, ignore_steps
from screening.report.page import cut
from screening.report.pictures import Picture, Wanted, pictures_of


@dataclass
class HitCards:
    """Records for the page.

    Attributes
    ----------
    hits : list of dict
        One a hit, best first; `drawing`, and the first entries of `active` and `inactive`, are
        positions in the lists below. `drawing` is None for a structure that was not drawn, `whole`
        for one that was not explained; `missing` says why.
    known : list of dict
        Training compounds that are some hit's nearest.
    drawings : list
        `Depiction.to_json` of every structure, each once.
    full_colour : float
        Contribution, in nats, that is drawn in full colour where hits are compared by it.
    rule : str
        How those that are suggested were picked.
    """

    hits: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)
    full_colour: float = 1.0
    rule: str = ""

    def picked(self) -> list[dict[str, Any]]:
        """Return the hits that are suggested."""
        return [hit for hit in self.hits if hit["pick"]]


def cards_of(
    plate: Plate,
    model: ScreeningModel,
    truth: dict[str, int],
    on_step: OnStep = ignore_steps,
    workers: int = 1,
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
        Is told how many structures are drawn.
    workers
        Processes that draw and explain, see `pictures_of`; the result is the same for any number.
    """
    hits = plate.hits
    cards = HitCards(rule=plate.rule)
    if not len(hits):
        return cards
    rows = hits.described.to_pylist()
    known = _KnownCards(model, hits.ranked.task, cards)
    beside = [
        (known.beside(row["nearest_active"]), known.beside(row["nearest_inactive"])) for row in rows
    ]
    wanted = [Wanted(row["structure"], True) for row in rows]
    neighbours = [Wanted(found["smiles"], False) for found in cards.known]
    pictures = pictures_of([*wanted, *neighbours], model, hits.ranked.task, workers, on_step)
    cards.full_colour = _full_colour(pictures)
    inputs = hits.inputs.to_numpy().tolist()
    picks = plate.table[["pick", "pick_reason"]].itertuples(index=False)
    for row, picture, near, cells, (pick, reason) in zip(
        rows, pictures[: len(rows)], beside, inputs, picks, strict=True
    ):
        cards.hits.append(
            {
                **_row(hits, model, row),
                "pick": int(pick),
                "reason": reason,
                "truth": truth.get(row["id"]),
                "inputs": [cut(cell) for cell in cells],
                **_pictured(picture, cards),
                "active": near[0],
                "inactive": near[1],
                "props": [row[name] for name in Properties._fields],
                "alerts": [[a["catalog"], a["name"], a["atoms"]] for a in row["alerts"]],
                "cluster": row["cluster"],
            }
        )
    for found, picture in zip(cards.known, pictures[len(rows) :], strict=True):
        found["drawing"] = _pictured(picture, cards)["drawing"]
    return cards


def _pictured(picture: Picture, cards: HitCards) -> dict[str, Any]:
    """Add a drawing to the page and return what a record says of it."""
    place = None
    if picture.drawing is not None:
        place = len(cards.drawings)
        cards.drawings.append(picture.drawing.to_json())
    why = picture.why
    return {
        "drawing": place,
        "connections": picture.connections,
        "missing": picture.missing,
        "atoms": [] if why is None else [round(100 * value) for value in why.atoms],
        "whole": None if why is None else round(why.descriptors, 2),
    }


def _full_colour(pictures: Sequence[Picture]) -> float:
    """Return one scale for all hits, so that colours can be compared between cards."""
    values = [np.abs(picture.why.atoms) for picture in pictures if picture.why is not None]
    if not values:
        return 1.0
    return round(float(np.quantile(np.concatenate(values), 0.96)), 3) or 1.0


def _row(hits: Hits, model: ScreeningModel, row: dict[str, Any]) -> dict[str, Any]:
    tasks = hits.ranked.tasks
    return {
        "rank": row["rank"],
        "id": cut(row["id"]),
        "smiles": cut(row["smiles"]),
        "structure": row["structure"],
        "score": row[hits.column("score")],
        "std": row[hits.column("score_std")],
        "p": [row[hits.column("p_active")], row[hits.column("p_inactive")]],
        "set": row[hits.column("prediction_set")],
        **valued(row, model, hits.ranked.task),
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


def valued(row: Mapping[str, Any], model: ScreeningModel, task: str) -> dict[str, Any]:
    """Return what a record says of the predicted value of a described row; None without one.

    `value` and its `ends` are in `unit`, which is empty where it is none or -log10 of mol/L;
    `potency` is the latter where the unit is another.
    """
    own = model.values.get(task)
    if own is None:
        return {"value": None, "ends": [None, None], "potency": None, "unit": ""}
    names = ("value", "value_low", "value_high", "potency")
    found = (row.get(named(column, task, model.tasks)) for column in names)
    value, low, high, potency = (None if x is None or np.isnan(x) else x for x in found)
    return {
        "value": value,
        "ends": [low, high],
        "potency": potency if own.scale.logarithmic else None,
        "unit": "" if own.scale.unit == "p" else own.scale.unit,
    }


def _why_outside(row: dict[str, Any], model: ScreeningModel) -> str:
    if row["in_domain"]:
        return ""
    return (
        f"nearest assay compound only {row['nearest_similarity']:.2f} similar "
        f"(limit {model.domain.similarity_limit:.2f})"
    )


class _KnownCards:
    """Known compounds beside the hits, each once."""

    def __init__(self, model: ScreeningModel, task: str, cards: HitCards) -> None:
        self._training, self._cards = model.training, cards
        self._task = model.tasks.index(task)
        self._places: dict[int, int] = {}

    def beside(self, nearest: dict[str, Any] | None) -> list[Any] | None:
        """Return [position in `known`, similarity, the hit's atoms, the neighbour's atoms]."""
        if nearest is None:
            return None
        place = self._place(nearest["position"])
        similarity = round(float(nearest["similarity"]), 2)
        return [place, similarity, nearest["atoms"], nearest["known_atoms"]]

    def _place(self, position: int) -> int:
        if position not in self._places:
            value = float(self._training.values[position, self._task])
            self._places[position] = len(self._cards.known)
            self._cards.known.append(
                {
                    "id": cut(self._training.ids[position]),
                    "smiles": self._training.smiles[position],
                    "value": None if np.isnan(value) else float(f"{value:.4g}"),
                }
            )
        return self._places[position]

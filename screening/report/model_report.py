"""The report of a model alone: how good it is, what it sees, what it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from screening.evaluation import quality_sentence, values_sentence
from screening.model import FOREST, SHIPPED, ScreeningModel, load_model
from screening.report.page import assemble, write_page
from screening.report.panels.ledger import ledger_of
from screening.report.panels.plots import with_prefix
from screening.report.panels.quality import quality_of
from screening.report.panels.space import space_map
from screening.report.panels.training_view import TrainingView, view_training
from screening.report.panels.turns import turns_of
from screening.report.panels.units import units_of
from screening.report.qmrf import model_card, qmrf_sections


def write_model_report(model_path: Path, path: Path) -> Path:
    """Write the report of a model file.

    Parameters
    ----------
    model_path
        The .ebm file.
    path
        Where the page is written.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    UserError
        The file is missing, damaged or no model.
    """
    model = load_model(model_path)
    view = view_training(model)
    tasks = [_task(model, view, index) for index in range(len(model.tasks))]
    html = assemble(
        "model.html",
        title=f"{model_path.name}: model",
        data=None,
        name=model_path.name,
        headline=_headline(model),
        lead=" ".join(_sentences(model)),
        tasks=tasks,
        turns=turns_of(model),
        ledger=ledger_of(model),
        card=model_card(model),
        sections=qmrf_sections(model),
    )
    return write_page(html, path)


def _task(model: ScreeningModel, view: TrainingView, index: int) -> dict[str, Any]:
    quality = quality_of(model, model.tasks[index])
    space = space_map(model, view, index)
    prefix = f"t{index}"
    return {
        "name": model.tasks[index],
        "quality": {
            **quality,
            "bars": quality["bars"] and with_prefix(quality["bars"], prefix),
            **{
                key: [with_prefix(p, prefix) for p in quality[key]] for key in ("plots", "learning")
            },
            "values": _values_with_prefix(quality["values"], prefix),
        },
        "space": None if space is None else with_prefix(space, prefix),
        "units": units_of(model, view, index),
    }


def _values_with_prefix(values: dict[str, Any] | None, prefix: str) -> dict[str, Any] | None:
    if values is None or values["plot"] is None:
        return values
    return {**values, "plot": with_prefix(values["plot"], prefix)}


def _headline(model: ScreeningModel) -> str:
    compounds = f"{len(model.training):,} compounds"
    if len(model.tasks) == 1:
        return f"Predicts {model.tasks[0]}, learned from {compounds}"
    return f"Predicts {len(model.tasks)} activities, learned from {compounds}"


def _sentences(model: ScreeningModel) -> list[str]:
    found = []
    for task in model.tasks:
        sentence = quality_sentence(model.quality["tasks"].get(task, {}), SHIPPED, FOREST)
        values = values_sentence(model.quality.get("values", {}).get(task), SHIPPED, FOREST)
        sentence = " ".join(filter(None, (sentence, values)))
        if sentence:
            found.append(sentence if len(model.tasks) == 1 else f"{task}: {sentence}")
    return found or ["There are too few compounds of both classes to say how good it is."]

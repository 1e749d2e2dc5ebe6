"""The report of a run: from the folder and the model to one HTML file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.chemistry import Limits
from screening.errors import UserError
from screening.model import ScreeningModel, load_model
from screening.plate import PlateOptions
from screening.report import wording
from screening.report.assemble import assemble, write_page
from screening.report.compounds import Compounds, describe_hits
from screening.report.figures import domain_plot
from screening.report.ledger import ledger_of
from screening.report.qmrf import model_card, qmrf_sections
from screening.report.quality import quality_of, retrospective
from screening.report.run_folder import RunFolder, read_run
from screening.report.space import space_map
from screening.report.training_view import view_training
from screening.report.units import units_of

# Name, decimals, long name, column of the exported CSV.
PROPERTIES = (
    ("MW", 0, "molecular weight", "mw"),
    ("logP", 1, "logP (Crippen)", "logp"),
    ("TPSA", 0, "TPSA, Å²", "tpsa"),
    ("HBD", 0, "H-bond donors", "hbd"),
    ("HBA", 0, "H-bond acceptors", "hba"),
    ("RotB", 0, "rotatable bonds", "rotatable_bonds"),
    ("Fsp3", 2, "share of sp3 carbons", "fsp3"),
    ("QED", 2, "drug-likeness (QED)", "qed"),
    ("SA", 1, "synthetic accessibility, 1 easy to 10 hard", "sa_score"),
)


def write_report(
    run_dir: Path, model_path: Path | None = None, *, plate: PlateOptions | None = None
) -> Path:
    """Write RUN/report.html.

    Parameters
    ----------
    run_dir
        Folder that `screen` finished.
    model_path
        The model file; the one that run.json names when None.
    plate
        How compounds to buy are picked; 96 by the default rules when None.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    UserError
        The run is not finished, or the model is missing or not the one that made it.
    """
    run_dir = Path(run_dir)
    run = read_run(run_dir)
    model = model_of(run, model_path)
    compounds = describe_hits(run, model, plate or PlateOptions())
    quality = quality_of(model, run.task, run.library)
    view = view_training(model)
    task = model.tasks.index(run.task)
    if compounds.hits:
        quality["plots"].append(domain_plot(model, compounds.hits))
    html = assemble(
        "run.html",
        title=f"{run.task}: hits",
        data=_data(run, compounds) if compounds.hits else None,
        task=run.task,
        headline=wording.headline(compounds),
        lead=wording.lead(run, model, compounds),
        counts=wording.counts(run, compounds),
        n_hits=len(compounds.hits),
        n_suggested=sum(1 for hit in compounds.hits if hit["pick"]),
        demo=retrospective(run.demo),
        quality=quality,
        space=space_map(model, view, task, compounds.mols, run_dir / "scores"),
        units=units_of(model, view, task),
        rejects=wording.rejects(run),
        duplicates=wording.duplicates(run),
        run_facts=wording.run_facts(run),
        ledger=ledger_of(model),
        card=model_card(model),
        sections=qmrf_sections(model),
    )
    return write_page(html, run_dir / "report.html")


def model_of(run: RunFolder, model_path: Path | None = None) -> ScreeningModel:
    """Load the model that made a run, with the limits that the run gave a molecule.

    Raises
    ------
    UserError
        It is not where the run says, or is another model.
    """
    path = _find(run, model_path)
    model = load_model(path)
    if model.model_hash != run.info["model_hash"]:
        raise UserError(
            f"{path} is not the model that {run.path} was made with (its SHA-256 differs); "
            "name the right one with --model, or screen again."
        )
    # What the run could read, its report must read too.
    model.options = replace(model.options, limits=Limits(**run.info["options"]["limits"]))
    return model


def _find(run: RunFolder, model_path: Path | None) -> Path:
    if model_path is not None:
        return Path(model_path)
    recorded = Path(run.info["model"])
    # A run may have been moved together with its model.
    places = (recorded, run.path / recorded.name, run.path.parent / recorded.name)
    for place in places:
        if place.is_file():
            return place
    raise UserError(
        f"the model {recorded} that made {run.path} is not there any more; "
        "name it with --model, or put it beside the run."
    )


def _data(run: RunFolder, compounds: Compounds) -> dict[str, Any]:
    return {
        "task": run.task,
        "tasks": list(run.tasks),
        "risk": run.info["options"]["risk"],
        "full": compounds.full_colour,
        "properties": PROPERTIES,
        "inputs": run.inputs,
        "hits": compounds.hits,
        "known": compounds.known,
        "drawings": compounds.drawings,
    }

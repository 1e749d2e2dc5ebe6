"""The report of a run: from the folder and the model to one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.chemistry import Substructures, read_patterns
from screening.errors import UserError
from screening.model import ScreeningModel, load_model
from screening.plate import PlateOptions, make_plate, write_plate
from screening.report import wording
from screening.report.cards import HitCards, cards_of
from screening.report.page import assemble, write_page
from screening.report.panels.figures import domain_plot
from screening.report.panels.ledger import ledger_of
from screening.report.panels.quality import quality_of, retrospective
from screening.report.panels.space import space_map
from screening.report.panels.training_view import view_training
from screening.report.panels.units import units_of
from screening.report.qmrf import model_card, qmrf_sections
from screening.report.run_folder import RunFolder, read_info, read_run
from screening.tables import Announce, silent

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
    run_dir: Path,
    model: ScreeningModel | Path | None = None,
    *,
    plate: PlateOptions | None = None,
    require: Sequence[str] = (),
    exclude: Sequence[str] = (),
    title: str = "",
    announce: Announce = silent,
) -> list[Path]:
    """Write RUN/report.html and, where a plate is asked for, its files.

    Parameters
    ----------
    run_dir
        Folder that `screen` finished.
    model
        The model, or its file; the one that run.json names when None.
    plate
        How compounds to buy are picked, for plate.csv, plate.sdf and plate.xlsx. With None there
        are no such files, and the report suggests 96 by the default rules.
    require, exclude
        SMARTS, or files of them, as `read_patterns` takes them: of the run's hits only those that
        have all of the former and none of the latter are shown and picked.
    title
        In place of the one that the hits have.
    announce
        Is told how many hits are left out.

    Returns
    -------
    list of Path
        Of the report, and of the plate's files.

    Raises
    ------
    UserError
        The run is not finished, the model is missing or not the one that made it, or a text is no
        SMARTS.
    """
    run_dir = Path(run_dir)
    choice = Substructures(read_patterns(require, "--require"), read_patterns(exclude, "--exclude"))
    run = read_run(run_dir)
    if choice:
        run.hits = run.hits.narrowed(choice)
        announce(
            f"{len(run.hits):,} of {choice.looked_at:,} hits are shown: {choice.passed_over()}."
        )
    if title:
        run.hits = replace(run.hits, ranked=replace(run.hits.ranked, title=title))
    model = model_of(run_dir, model)
    chosen = make_plate(run.hits, plate)
    cards = cards_of(chosen, model, (run.demo or {}).get("known", {}))
    quality = quality_of(model, run.task, run.library)
    view = view_training(model)
    task = model.tasks.index(run.task)
    if cards.hits:
        quality["plots"].append(domain_plot(model, cards.hits))
    html = assemble(
        "run.html",
        title=f"{run.task}: hits",
        data=_data(run, cards) if cards.hits else None,
        task=run.task,
        headline=wording.headline(cards),
        lead=wording.lead(run, cards),
        counts=wording.counts(run, cards),
        n_hits=len(cards.hits),
        n_suggested=len(cards.picked()),
        demo=retrospective(run.demo),
        quality=quality,
        space=space_map(model, view, task, run.hits.mols, run_dir / "scores"),
        units=units_of(model, view, task),
        rejects=wording.rejects(run),
        duplicates=wording.duplicates(run),
        run_facts=wording.run_facts(run),
        ledger=ledger_of(model),
        card=model_card(model),
        sections=qmrf_sections(model),
    )
    written = [write_page(html, run_dir / "report.html")]
    return written if plate is None else [*written, *write_plate(chosen, run_dir)]


def model_of(run_dir: Path, model: ScreeningModel | Path | None = None) -> ScreeningModel:
    """Return the model that made a run.

    Parameters
    ----------
    run_dir
        Folder that `screen` finished.
    model
        The model, or its file; the one that run.json names when None.

    Raises
    ------
    UserError
        It is not where the run says, or is another model.
    """
    info = read_info(run_dir)
    path: object = "the model given"
    if not isinstance(model, ScreeningModel):
        path = model = _find(run_dir, Path(info["model"])) if model is None else model
        model = load_model(model)
    if model.model_hash != info["model_hash"]:
        raise UserError(
            f"{path} is not the model that {run_dir} was made with (its SHA-256 differs); "
            "name the right one with --model, or screen again."
        )
    return model


def _find(run_dir: Path, recorded: Path) -> Path:
    # A run may have been moved together with its model.
    places = (recorded, run_dir / recorded.name, run_dir.parent / recorded.name)
    for place in places:
        if place.is_file():
            return place
    raise UserError(
        f"the model {recorded} that made {run_dir} is not there any more; "
        "name it with --model, or put it beside the run."
    )


def _data(run: RunFolder, cards: HitCards) -> dict[str, Any]:
    ranked = run.hits.ranked
    return {
        "task": ranked.task,
        "tasks": list(ranked.tasks),
        "risk": ranked.risk,
        "full": cards.full_colour,
        "properties": PROPERTIES,
        "inputs": list(run.hits.input_names().values()),
        "hits": cards.hits,
        "known": cards.known,
        "drawings": cards.drawings,
    }

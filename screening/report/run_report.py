"""The report of a run: from the folder and the model to one HTML file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from screening.chemistry import Substructures, read_patterns
from screening.errors import UserError
from screening.hits import TAGS, marked
from screening.model import ScreeningModel, load_model
from screening.plate import PlateOptions, make_plate, write_plate
from screening.progress import OnStep, ignore_steps
from screening.report import wording
from screening.report.cards import HitCards, cards_of
from screening.report.page import assemble, write_page
from screening.report.panels.figures import domain_plot
from screening.report.panels.ledger import ledger_of
from screening.report.panels.plots import Plot
from screening.report.panels.quality import quality_of, retrospective
from screening.report.panels.space import space_map
from screening.report.panels.training_view import view_training
from screening.report.panels.units import units_of
from screening.report.qmrf import model_card, qmrf_sections
from screening.report.run_folder import RunFolder, read_info, read_run
from screening.systems import usable_cores
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

# Columns of the page's exports that hits.csv does not have.
EXPORTED = (
    *("tag", "starred", "note", "active_similarity", "inactive_similarity"),
    *("nearest_active", "nearest_inactive", "cluster", "pick", "pick_reason"),
    *(column for *_, column in PROPERTIES),
)
# A bond of 1.5 Å in the page's drawings.
PIXELS_OF_A_BOND = 30
# Told how many of the page's parts are ready.
OnPart = Callable[[int, int], None]
_PARTS = 5


def write_report(
    run_dir: Path,
    model: ScreeningModel | Path | None = None,
    *,
    plate: PlateOptions | None = None,
    require: Sequence[str] = (),
    exclude: Sequence[str] = (),
    title: str = "",
    announce: Announce = silent,
    on_step: OnStep = ignore_steps,
    workers: int | None = None,
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
    on_step
        Is told how far the work is.
    workers
        Processes that draw and explain; one for each usable core when None. The result is the
        same for any number.

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
    model = model_of(run_dir, model)
    run = read_run(run_dir, model.domain)
    if choice:
        run.hits = run.hits.narrowed(choice)
        announce(
            f"{len(run.hits):,} of {choice.looked_at:,} hits are shown: {choice.passed_over()}."
        )
    if title:
        run.hits = replace(run.hits, ranked=replace(run.hits.ranked, title=title))
    chosen = make_plate(run.hits, plate, model)
    known = (run.demo or {}).get("known", {})
    cards = cards_of(chosen, model, known, on_step, workers or usable_cores())
    html = _page(run, cards, model, partial(on_step, "writing the report"))
    written = [write_page(html, run_dir / "report.html")]
    return written if plate is None else [*written, *write_plate(chosen, run_dir)]


def _page(run: RunFolder, cards: HitCards, model: ScreeningModel, on_part: OnPart) -> str:
    task, ranked = model.tasks.index(run.task), run.hits.ranked
    on_part(0, _PARTS)
    quality = quality_of(model, run.task, run.library)
    if cards.hits:
        quality["plots"].append(domain_plot(model, cards.hits))
    on_part(1, _PARTS)
    view = view_training(model)
    on_part(2, _PARTS)
    space = space_map(model, view, task, run.hits.mols, run.path / "scores")
    on_part(3, _PARTS)
    units = units_of(model, view, task)
    on_part(4, _PARTS)
    html = assemble(
        "run.html",
        title=f"{ranked.title or run.task}: hits",
        data=_data(run, cards, model, space) if cards.hits else None,
        subject=ranked.title or run.task,
        headline=wording.headline(run, cards),
        lead=wording.lead(run, cards),
        note=wording.note(run, cards),
        counts=wording.counts(run, cards),
        n_hits=len(cards.hits),
        n_suggested=len(cards.picked()),
        demo=retrospective(run.demo, run.library.scored),
        quality=quality,
        space=space,
        drift=wording.drift(run),
        units=units,
        rejects=wording.rejects(run),
        duplicates=wording.duplicates(run),
        run_facts=wording.run_facts(run),
        ledger=ledger_of(model),
        card=model_card(model),
        sections=qmrf_sections(model),
    )
    on_part(_PARTS, _PARTS)
    return html


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


def _data(
    run: RunFolder, cards: HitCards, model: ScreeningModel, space: Plot | None
) -> dict[str, Any]:
    ranked = run.hits.ranked
    return {
        "run": _fingerprint(run.info),
        "task": ranked.task,
        "tasks": list(ranked.tasks),
        "wanted": ranked.wanted,
        "risk": ranked.risk,
        "rising": run.task in model.values and model.values[run.task].above,
        "tags": TAGS,
        "full": cards.full_colour,
        "bond": PIXELS_OF_A_BOND,
        "properties": PROPERTIES,
        "inputs": list(run.hits.input_names(EXPORTED).values()),
        "places": space.places if space else [],
        "marks": marked(run.path),
        "hits": cards.hits,
        "known": cards.known,
        "drawings": cards.drawings,
    }


def _fingerprint(info: dict[str, Any]) -> str:
    """Return what tells this run from others, however often it is ranked or reported again."""
    about = [info["model_hash"], info["sources"], info["counts"]["read"]]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]

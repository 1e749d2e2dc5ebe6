"""Hits: the report's gallery over a run, with marks, a plate and another run beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from screening.errors import UserError
from workflows.web.folder import Folder, look
from workflows.web.forms import number, text, whole
from workflows.web.pages.results import run_folder
from workflows.web.pages.scatter import scatter
from workflows.web.serving import form_page, serving, show

# Of one request.
_MOST_CHANGES = 20_000


def page(request: Request) -> Response:
    """Show the hits of a finished run."""
    from screening.hits import marked

    folder, name = serving(request).folder, request.path_params["name"]
    run = finished(folder, name)
    beside = request.query_params.get("beside", "")
    other = finished(folder, beside) if beside else None
    drawn = _drawn(run, _versions(run), other, _versions(other) if other else (), beside)
    runs = look(folder).runs
    others = [card for card in runs if card.finished and card.path != run]
    return show(
        request,
        "run_hits.html",
        name=name,
        card=next((card for card in runs if card.path == run), None),
        suggested=drawn.suggested,
        plated=(run / "plate.csv").is_file(),
        others=others,
        beside=beside,
        plot=drawn.plot,
        data=drawn.with_marks(marked(run)),
    )


@dataclass(frozen=True)
class _Drawn:
    """What is drawn of a run: all but the marks, which change with every click."""

    data: Markup
    suggested: int
    plot: dict[str, Any] | None

    def with_marks(self, marks: Sequence[tuple[int, bool, bool, str]]) -> Markup:
        """Return the data as JSON, with the marks."""
        from screening.report import json_for_page

        return self.data[:-1] + Markup(',"marks":') + json_for_page(marks) + Markup("}")


def _versions(run: Path) -> tuple[int, ...]:
    """Return when the files were written that decide what is drawn; 0 for one that is not there."""
    paths = (run / name for name in ("report.html", "hits.parquet", "plate.csv"))
    return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in paths)


# A thousand hits take most of a second to be put together, and nobody looks at many runs at a time.
@lru_cache(maxsize=4)
def _drawn(
    run: Path, versions: tuple[int, ...], other: Path | None, others: tuple[int, ...], beside: str
) -> _Drawn:
    from screening.report import json_for_page

    del versions, others
    data = report_data(run)
    data.pop("marks", None)  # those at the time of the report
    _put_picks(data, run)
    plot = _put_beside(data, run, other, beside) if other else None
    suggested = sum(1 for hit in data["hits"] if hit["pick"])
    return _Drawn(json_for_page(data), suggested, plot)


def finished(folder: Folder, name: str) -> Path:
    """Return the folder of a run that is done.

    Raises
    ------
    UserError
        There is none of that name, or it goes on.
    """
    run = run_folder(folder, name)
    if not (run / "run.json").is_file() or not (run / "hits.parquet").is_file():
        raise UserError(f"{run.name} is not finished: its hits are there when its job is done.")
    for inside in ("report.html", "marks.json", "hits.parquet", "plate.csv"):
        if (run / inside).is_symlink():
            raise UserError(f"{inside} of {run.name} leads out of this folder.")
    return run


def report_data(run: Path) -> dict[str, Any]:
    """Return what the run's report draws; one that is missing or out of date is written first."""
    from screening.report import data_of_page, write_report

    path = run / "report.html"
    if path.is_file() and path.stat().st_mtime >= (run / "hits.parquet").stat().st_mtime:
        data = data_of_page(path.read_text(encoding="utf-8", errors="replace"))
        if data is not None:
            return data
    write_report(run)
    data = data_of_page(path.read_text(encoding="utf-8"))
    if data is None:
        raise UserError(f"no compound of {run.name} could be scored, so there are no hits.")
    return data


def _put_picks(data: dict[str, Any], run: Path) -> None:
    """Put the picks of the folder's plate in place of those that the report suggests."""
    from screening.tables import read_csv

    path = run / "plate.csv"
    if not path.is_file() or path.stat().st_mtime < (run / "hits.parquet").stat().st_mtime:
        return
    try:
        table = read_csv(path)
        rows = zip(table["rank"], table["pick"], table["pick_reason"], strict=True)
        # Controls have no place among the picks.
        picks = {int(rank): (int(pick), reason) for rank, pick, reason in rows if pick}
    except (OSError, ValueError, LookupError):  # somebody's own file
        return
    for hit in data["hits"]:
        hit["pick"], hit["reason"] = picks.get(hit["rank"], (0, "not picked for the plate"))


def _put_beside(data: dict[str, Any], run: Path, other: Path, name: str) -> dict[str, Any]:
    """Put the scores of another run into the hits, and return both as a plot."""
    from screening.hits import read_hits, scores_beside

    hits = read_hits(run)
    found = scores_beside(hits, other)
    ranks = hits.described["rank"].to_pylist()
    scores = dict(zip(ranks, found.scores.tolist(), strict=True))
    data["inputs"] = [*data["inputs"], f"score in {name}", f"this score less that in {name}"]
    for hit in data["hits"]:
        score = scores.get(hit["rank"], np.nan)
        missing = np.isnan(score)
        hit["beside"] = None if missing else score
        texts = ["", ""] if missing else [f"{score:.3f}", f"{hit['score'] - score:.3f}"]
        hit["inputs"] = [*hit["inputs"], *texts]
    plot = scatter([(hit["score"], hit["beside"]) for hit in data["hits"]])
    data["places"] = [[point.x, point.y] for point in plot.points]
    return {"plot": plot, "task": found.ranked.task, "own": hits.ranked.task, "name": name}


def marks(request: Request) -> Response:
    """Send the marks as they are now."""
    from screening.hits import marked

    run = finished(serving(request).folder, request.path_params["name"])
    return JSONResponse({"marks": marked(run)})


def mark(request: Request, form: FormData) -> Response:
    """Keep what was marked in a tab."""
    from screening.hits import change_marks

    run = finished(serving(request).folder, request.path_params["name"])
    try:
        changes = [
            ((str(source), int(row)), dict(change))
            for source, row, change in json.loads(str(form.get("changes", "")))
        ]
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError("these are no changes of marks.") from error
    if len(changes) > _MOST_CHANGES:
        raise UserError(f"mark at most {_MOST_CHANGES:,} hits at once.")
    change_marks(run, changes)
    return JSONResponse({"kept": len(changes)})


def plate(request: Request, form: FormData) -> Response:
    """Pick a plate and write it into the run's folder."""
    from screening.hits import read_hits, read_marks
    from screening.plate import ASKS_NETWORKS, PlateOptions, make_plate, write_plate
    from screening.report import model_of

    run = finished(serving(request).folder, request.path_params["name"])
    hits = read_hits(run)
    if text(form, "from") == "starred":
        stars = {place for place, mark in read_marks(run).items() if mark.starred}
        columns = (hits.described[column].to_pylist() for column in ("source", "row"))
        which = np.array([place in stars for place in zip(*columns, strict=True)], dtype=bool)
        if not which.any():
            raise UserError("no hit has a star yet; star some, or pick from all hits.")
        hits = hits.taken(which)
    diversity = number(form, "diversity", "the cost of likeness", 0, 100)
    mode: Any = text(form, "mode") or PlateOptions.mode
    options = PlateOptions(
        budget=whole(form, "budget", "compounds to buy", 1, 100_000) or 96,
        mode=mode,
        diversity=PlateOptions.diversity if diversity is None else diversity,
        barred_alerts=("PAINS",) if form.get("pains") else (),
        in_domain_only=bool(form.get("domain")),
        per_cluster=whole(form, "cluster", "most of one cluster", 1, 100_000),
    )
    made = make_plate(hits, options, model_of(run) if mode in ASKS_NETWORKS else None)
    write_plate(made, run)
    picked = made.picked()
    rows = made.table[["rank", "pick", "pick_reason"]].itertuples(index=False, name=None)
    sentence = f"{len(picked):,} compounds are picked, and written into {run.name}."
    if len(picked) < options.budget:
        sentence += " The rest of the hits is excluded: the cards say why under “More”."
    return JSONResponse(
        {"picks": [[int(r), int(p), str(w)] for r, p, w in rows], "sentence": sentence}
    )


def pattern(request: Request) -> Response:
    """Send the SMARTS of a drawn substructure."""
    from screening.chemistry import pattern_of_drawing

    return JSONResponse({"smarts": pattern_of_drawing(request.query_params.get("smiles", ""))})


ROUTES = [
    Route("/hits/{name:path}", page),
    Route("/marks/{name:path}", marks, methods=["GET"]),
    Route("/marks/{name:path}", form_page(mark), methods=["POST"]),
    Route("/plate/{name:path}", form_page(plate), methods=["POST"]),
    Route("/pattern", pattern),
]

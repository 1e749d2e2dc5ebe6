"""Draw: a structure is scored while it is drawn, and kept in the folder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from screening.errors import UserError
from workflows.web.folder import Folder, look
from workflows.web.forms import text
from workflows.web.serving import form_page, serving, show

# What is kept lies there.
KEPT = "ideas.csv"
_LONGEST_NAME = 200
_MOST_KEPT = 10_000


def page(request: Request) -> Response:
    """Show the editor, and begin to load the model."""
    from screening.report import about_cards, json_for_page

    served, query = serving(request), request.query_params
    models = [card for card in look(served.folder).models if not card.problem]
    chosen = next(
        (c for c in models if c.name == query.get("model")), models[0] if models else None
    )
    task = data = None
    kept: list[dict[str, str]] = []
    problem = ""
    if chosen:
        task = query.get("task") if query.get("task") in chosen.tasks else chosen.tasks[0]
        data = json_for_page(about_cards(str(task), chosen.tasks))
        served.desk.prepare(chosen.path)
    try:
        kept = _rows(kept_file(served.folder))
    except UserError as error:
        problem = str(error)
    return show(
        request,
        "draw.html",
        models=models,
        chosen=chosen,
        task=task,
        data=data,
        kept=json_for_page(kept),
        problem=problem,
        smiles=query.get("smiles", "")[:2000],
    )


def number(request: Request, form: FormData) -> Response:
    """Send the score of a structure, and what it means."""
    return JSONResponse(_asked(serving(request), form, card=False))


def card(request: Request, form: FormData) -> Response:
    """Send all that the report would say of a structure."""
    return JSONResponse(_asked(serving(request), form, card=True))


def _asked(served: Any, form: FormData, *, card: bool) -> dict[str, Any]:
    """Ask of a structure, or of the name of one in the assay or in a screened library."""
    model = model_path(served.folder, text(form, "model"))
    given, task = text(form, "text"), text(form, "task")
    answer: dict[str, Any] = served.desk.ask(model, given, task, card=card)
    if answer.get("reason") == "parse" and len(given) <= _LONGEST_NAME:
        smiles = _structure_named(served.folder, given)
        if smiles is not None:
            answer = served.desk.ask(model, smiles, task, card=card)
    if "error" in answer:
        raise UserError(answer["error"])
    return answer


def _structure_named(folder: Folder, name: str) -> str | None:
    from screening.hits import structure_named

    found = (structure_named(card.path, name) for card in look(folder).runs)
    return next((smiles for smiles in found if smiles is not None), None)


def model_path(folder: Folder, name: str) -> Path:
    """Return the path of a model of the folder.

    Raises
    ------
    UserError
        There is none of that name.
    """
    path = folder.existing(name)
    if path.suffix != ".ebm" or not path.is_file():
        raise UserError(f"{path.name} is no model.")
    return path


def keep_drawn(request: Request, form: FormData) -> Response:
    """Score a structure and keep it in the folder."""
    from screening.predictions import keep, read_kept

    served = serving(request)
    found = _asked(served, form, card=False)
    path = kept_file(served.folder)
    if len(read_kept(path)) >= _MOST_KEPT:
        raise UserError(f"{KEPT} holds {_MOST_KEPT:,} structures; give it another name and go on.")
    row = {name: found[name] for name in ("smiles", "score", "tag", "task")}
    name = text(form, "name")[:_LONGEST_NAME]
    row |= {"id": name, "score_std": found["std"], "model": text(form, "model")}
    keep(path, [row])
    return JSONResponse({"kept": _rows(path)})


def forget_drawn(request: Request, form: FormData) -> Response:
    """Take a structure out of what is kept."""
    from screening.predictions import forget

    path = kept_file(serving(request).folder)
    forget(path, text(form, "name"), text(form, "smiles"))
    return JSONResponse({"kept": _rows(path)})


def kept_file(folder: Folder) -> Path:
    """Return where drawn structures are kept."""
    path = folder.root / KEPT
    if path.is_symlink():
        raise UserError(f"{KEPT} leads out of this folder.")
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    from screening.predictions import read_kept

    return read_kept(path).to_dict("records")  # type: ignore[return-value]


def send_kept(request: Request) -> Response:
    """Send what is kept as a file."""
    from screening.predictions import read_kept, write_kept_sdf

    path = kept_file(serving(request).folder)
    table = read_kept(path)
    if not len(table):
        raise UserError("nothing is kept yet.")
    if request.url.path.endswith(".csv"):
        return FileResponse(path, media_type="text/csv", filename=KEPT)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "ideas.sdf"
        write_kept_sdf(table, made)
        body = made.read_bytes()
    headers = {"Content-Disposition": 'attachment; filename="ideas.sdf"'}
    return Response(body, media_type="chemical/x-mdl-sdfile", headers=headers)


ROUTES = [
    Route("/draw", page),
    Route("/draw/number", form_page(number), methods=["POST"]),
    Route("/draw/card", form_page(card), methods=["POST"]),
    Route("/draw/keep", form_page(keep_drawn), methods=["POST"]),
    Route("/draw/forget", form_page(forget_drawn), methods=["POST"]),
    Route("/draw/ideas.csv", send_kept),
    Route("/draw/ideas.sdf", send_kept),
]

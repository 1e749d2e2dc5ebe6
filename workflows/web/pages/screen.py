"""Screen: which models score which library, and what the hits should be like."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from screening.errors import UserError
from workflows.web.folder import Folder, look
from workflows.web.forms import new_name, number, text, whole
from workflows.web.jobs.words import file_word, option_words
from workflows.web.serving import form_page, serving, show

_MOST_MODELS = 8
_MOST_PATTERNS = 50


def page(request: Request) -> Response:
    """Show what can be screened with what."""
    served = serving(request)
    found = look(served.folder)
    query = request.query_params
    return show(
        request,
        "screen.html",
        models=[card for card in found.models if not card.problem],
        libraries=[card for card in found.libraries + found.tables if not card.problem],
        chosen_models=query.getlist("model"),
        chosen_library=query.get("library", ""),
        name=served.folder.fresh("run"),
        cores=served.queue.cores,
    )


def screen(request: Request, form: FormData) -> Response:
    """Have a library screened: one run for each model that is chosen."""
    served = serving(request)
    folder = served.folder
    models = [str(model) for model in form.getlist("model")]
    if not models:
        raise UserError("choose a model; there is one to make under “New model”.")
    if len(models) > _MOST_MODELS:
        raise UserError(f"choose at most {_MOST_MODELS} models.")
    library = text(form, "library")
    if not library:
        raise UserError("choose a library.")
    for name in (library, *models):
        folder.existing(name)
    name = new_name(form, "name", "the name of the run")
    outputs = [name] if len(models) == 1 else [_beside(name, model) for model in models]
    if len(set(outputs)) < len(outputs):
        raise UserError("two of the models have the same name; choose one of them at a time.")
    for output in outputs:
        _refuse_taken(folder, output)
    options = _options(form)
    workers = whole(form, "workers", "cores", 1, served.queue.cores) or served.queue.cores
    for model, output in zip(models, outputs, strict=True):
        made = option_words({"model": file_word(model), "output": output, **options})
        job = served.queue.add("screen", ("screen", file_word(library), *made), output, workers)
    return RedirectResponse(f"/job/{job.id}" if len(models) == 1 else "/", 303)


def _options(form: FormData) -> dict[str, object]:
    """Return the options of the command.

    Raises
    ------
    UserError
        A number is out of its range, or a text is no SMARTS.
    """
    share = number(form, "prevalence", "the share of actives, in %", 1e-6, 99.999)
    wanted = text(form, "wanted") or "active"
    if wanted not in ("active", "inactive"):
        raise UserError("what is wanted is active or inactive.")
    return {
        "smiles-column": text(form, "smiles"),
        "id-column": text(form, "id"),
        "sheet": text(form, "sheet"),
        "top": whole(form, "top", "compounds to list", 1, 1_000_000),
        "budget": whole(form, "budget", "compounds to buy", 1, 100_000),
        "prevalence": None if share is None else f"{share / 100:.10g}",
        "wanted": "" if wanted == "active" else wanted,
        "require": _patterns(form, "require"),
        "exclude": _patterns(form, "exclude"),
        "title": text(form, "title")[:300],
    }


def _patterns(form: FormData, name: str) -> tuple[str, ...]:
    """Return SMARTS, one a line.

    Raises
    ------
    UserError
        A line is none. The command takes what is none for the name of a file, anywhere.
    """
    from screening.chemistry import read_pattern

    lines = tuple(line.strip() for line in text(form, name).splitlines() if line.strip())
    if len(lines) > _MOST_PATTERNS:
        raise UserError(f"give at most {_MOST_PATTERNS} substructures.")
    for line in lines:
        read_pattern(line, "substructures:")
        if line.startswith("@"):
            raise UserError(f"{line[:50]!r} is no SMARTS: none begins with @.")
    return lines


def _beside(name: str, model: str) -> str:
    return f"{name}-{model.rpartition('/')[2].removesuffix('.ebm')}"


def _refuse_taken(folder: Folder, output: str) -> None:
    path = folder.inside(output)
    if path.exists():
        raise UserError(f"{output} is there already; give the run another name.")


ROUTES = [
    Route("/screen", page),
    Route("/screen", form_page(screen), methods=["POST"]),
]

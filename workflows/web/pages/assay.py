"""New model: a table of tested compounds, what is active in it, and the training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from screening.assay import Counts, Draft, Histogram
from screening.errors import UserError
from workflows.web.drafts import Opened
from workflows.web.drawn import drawn, shortened
from workflows.web.folder import look
from workflows.web.forms import new_name, number, text, whole
from workflows.web.jobs.words import file_word, option_words
from workflows.web.pages.histogram import bars_of, places_of, ticks_of
from workflows.web.serving import Serving, form_page, serving, show

_ROWS = 6
# What decides how the file is read, and what is active.
_READ = ("file", "smiles", "id", "sheet", "target", "relation", "units")


@dataclass(frozen=True)
class Asked:
    """How a table is to be read; an empty text leaves it to what is recognised."""

    file: str
    smiles: str
    id: str
    sheet: str
    target: str
    relation: str
    units: str

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> Asked:
        """Return what a form, or an address, asks for."""
        return cls(**{name: text(form, name) for name in _READ})

    def opened(self, served: Serving) -> Opened:
        """Return the assay."""
        path = served.folder.existing(self.file)
        if not path.is_file():
            raise UserError(f"{self.file} is a folder; an assay is one file.")
        return served.drafts.get(path, self.smiles or None, self.id or None, self.sheet or None)

    def beside(self) -> dict[str, str | None]:
        """Return the columns beside the values, as `Draft` takes them."""
        return {
            "relation_column": self.relation or None,
            "units_column": self.units or None,
        }


def page(request: Request) -> Response:
    """Show an assay as it was recognised, or which files there are."""
    served = serving(request)
    asked = Asked.of(request.query_params)
    if not asked.file:
        found = look(served.folder)
        return show(request, "choose_assay.html", tables=found.tables)
    served.folder.existing(asked.file)
    try:
        opened = asked.opened(served)
    except UserError as error:
        return show(request, "unclear_assay.html", status=400, asked=asked, sentence=str(error))
    return show(request, "assay.html", **_shown(served, asked, opened, request.query_params))


def _shown(
    served: Serving, asked: Asked, opened: Opened, query: Mapping[str, Any]
) -> dict[str, Any]:
    draft = opened.draft
    kinds = draft.kinds()
    target = asked.target or next(iter(kinds), "")
    kind, histogram, beside, problem = kinds.get(target), None, None, ""
    values = list(draft.table.cells[target]) if target in draft.table.columns.names else []
    if kind == "values":
        try:
            histogram = draft.histogram(target, **asked.beside())
            beside = draft.beside(target, **asked.beside())
            values = draft.shown(target, **asked.beside())
        except (ValueError, UserError) as error:
            problem = f"{target}: {error}"
    elif kind is None:
        problem = (
            f"{target!r} holds neither labels of two classes nor numbers."
            if target
            else "No column holds labels of two classes, or numbers."
        )
    name = asked.file.rpartition("/")[2].partition(".")[0]
    return {
        "asked": asked,
        "said": opened.said,
        "columns": draft.table.columns,
        "kinds": kinds,
        "target": target,
        "kind": kind,
        "problem": problem,
        "beside": beside,
        "rows": _first_rows(draft, values),
        "row_count": len(draft.table.cells),
        "chart": None if histogram is None else _chart(histogram, query),
        "name": served.folder.fresh(f"{name}.ebm").removesuffix(".ebm"),
        "cores": served.queue.cores,
        "excel": asked.file.lower().endswith(".xlsx"),
    }


def _first_rows(draft: Draft, values: list[str]) -> list[dict[str, Any]]:
    table = draft.table
    rows = zip_longest(table.smiles[:_ROWS], table.ids[:_ROWS], values[:_ROWS], fillvalue="")
    return [
        {"name": shortened(name), "drawing": drawn(smiles, name), "value": shortened(value)}
        for smiles, name, value in rows
    ]


def _chart(histogram: Histogram, query: Mapping[str, Any]) -> dict[str, Any]:
    low, high = places_of(histogram)
    value = number(query, "threshold", "the threshold", -math.inf, math.inf)
    side = text(query, "side") or ("above" if histogram.active_is_above else "below")
    return {
        "bars": bars_of(histogram),
        "ticks": ticks_of(histogram),
        "low": low,
        "high": high,
        "logarithmic": histogram.logarithmic,
        "unit": histogram.unit,
        "threshold": f"{histogram.proposed if value is None else value:.6g}",
        "side": side,
        "censored": int(histogram.limits.sum()),
    }


def look_again(request: Request, form: FormData) -> Response:
    """Show the assay as the form has it now."""
    del request
    named: tuple[str, ...] = (*_READ, "threshold", "side")
    if text(form, "target") != text(form, "target_before"):
        named = _READ[:5]  # what stands beside, and the threshold, are those of another column
    kept = {name: text(form, name) for name in named if text(form, name)}
    return RedirectResponse(f"/assay?{urlencode(kept)}", 303)


def counts(request: Request) -> Response:
    """Answer what a threshold makes of an assay."""
    query = request.query_params
    asked = Asked.of(query)
    draft = asked.opened(serving(request)).draft
    return JSONResponse(_told(draft, _count(draft, asked, query)))


def _count(draft: Draft, asked: Asked, form: Mapping[str, Any]) -> Counts:
    try:
        return draft.counts(asked.target, **_threshold(draft, asked, form), **asked.beside())
    except (ValueError, KeyError) as error:
        raise UserError(f"{asked.target}: {error}") from error


def _threshold(draft: Draft, asked: Asked, form: Mapping[str, Any]) -> dict[str, str]:
    """Return the threshold as an option with its unit; nothing for a column of labels."""
    value = number(form, "threshold", "the threshold", -math.inf, math.inf)
    if value is None:
        return {}
    amount = draft.histogram(asked.target, **asked.beside()).amount(value)
    return {"active_above" if text(form, "side") == "above" else "active_below": amount}


def _told(draft: Draft, found: Counts) -> dict[str, Any]:
    what = "compounds" if found.of_compounds else "rows"
    known = found.active + found.inactive
    share = f" ({100 * found.active / known:.0f} %)" if known else ""
    details = [
        (
            f"{found.censored:,} rows are limits (< or >); {found.undecided:,} of them do not tell "
            "on which side of the threshold they are."
        ),
    ]
    if found.of_compounds:
        details += [
            "1 row repeats a structure, and was merged."
            if found.repeated == 1
            else f"{found.repeated:,} rows repeat a structure, and were merged.",
            (
                "1 structure contradicts itself: active in one row, inactive in another."
                if found.contradicting == 1
                else f"{found.contradicting:,} structures contradict themselves: active in one "
                "row, inactive in another."
            ),
            "1 row has no usable structure or value."
            if found.rejected == 1
            else f"{found.rejected:,} rows have no usable structure or value.",
        ]
    return {
        "ready": draft.ready,
        "reading": ""
        if draft.ready
        else f"Rows are counted until structures are read: {draft.structures_read:,} of "
        f"{found.rows:,}.",
        "active": f"{found.active:,} active{share}",
        "inactive": f"{found.inactive:,} inactive",
        "what": what,
        "details": details,
        "warnings": [*found.warnings, *([found.problem] if found.problem else [])],
    }


def train(request: Request, form: FormData) -> Response:
    """Have a model trained."""
    served = serving(request)
    asked = Asked.of(form)
    draft = asked.opened(served).draft
    name = new_name(form, "name", "the name of the model").removesuffix(".ebm") + ".ebm"
    force = bool(text(form, "force"))
    if (served.folder.root / name).exists():
        raise UserError(f"{name} is there already; give the model another name.")
    if draft.ready:
        problem = _count(draft, asked, form).problem
        if problem:
            raise UserError(problem)
    threshold = {
        option.replace("_", "-"): amount
        for option, amount in _threshold(draft, asked, form).items()
    }
    columns = draft.table.columns
    options = {
        "output": name,
        "smiles-column": columns.smiles,
        "id-column": columns.id,
        "sheet": asked.sheet,
        "target-column": draft.table.column(asked.target, "the result"),
        **threshold,
        "relation-column": asked.relation if threshold else "",
        "units-column": asked.units if threshold else "",
        "ensemble-size": whole(form, "networks", "networks", 1, 50),
        "epochs": whole(form, "epochs", "epochs", 1, 1000),
        "features": text(form, "features"),
        "blend": text(form, "blend"),
        "force": force,
    }
    words = ("train", file_word(asked.file), *option_words(options))
    workers = whole(form, "workers", "cores", 1, served.queue.cores) or served.queue.cores
    job = served.queue.add("train", words, name, workers)
    return RedirectResponse(f"/job/{job.id}", 303)


ROUTES = [
    Route("/assay", page),
    Route("/assay/counts", counts),
    Route("/assay/look", form_page(look_again), methods=["POST"]),
    Route("/assay/train", form_page(train), methods=["POST"]),
]

"""What results said of earlier models: the ledger, the last judgement, its surprises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from screening.chemistry.molecule import captured
from screening.drawing import inline_svg
from screening.evaluation.metrics import share_interval
from screening.hits import molecule_of
from screening.hits.common_part import Environments, common_atoms
from screening.model import Judged, ScreeningModel, Surprise
from screening.model.turns import Bin, Turn, percent
from screening.model.verdict import RESULTS, compared_sentences, judged_sentences
from screening.report.page import cut
from screening.report.panels.plots import FAINT, INK, SERIES, Plot, plot_axes, plot_of, with_prefix
from screening.report.pictures import Wanted, pictures_of

_HEAD = (
    "turn",
    "date",
    "results",
    "new",
    "promised",
    "found",
    "ROC-AUC",
    "Brier",
    "actives in their sets",
    "inactives in theirs",
)


def turns_of(model: ScreeningModel) -> dict[str, Any] | None:
    """Return what the page shows of a model's turns; None of a model that had none."""
    if not model.turns:
        return None
    last = model.turns[-1]
    drift = [] if last.drift is None else last.drift.sentences(RESULTS)
    several = len(model.tasks) > 1
    return {
        "head": [*_HEAD[:3], *(["task"] if several else []), *_HEAD[3:]],
        "rows": [
            row
            for turn in model.turns
            for task, judged in turn.judged.items()
            for row in [_row(turn, task if several else "", judged)]
        ],
        "tasks": [
            _judgement(model, last, task, judged, place)
            for place, (task, judged) in enumerate(last.judged.items())
        ],
        "gained": [*compared_sentences(last), *drift],
    }


def _row(turn: Turn, task: str, judged: Judged) -> list[str]:
    covered = {name: f"{inside} of {of}" for name, (inside, of) in judged.covered.items()}
    rate, auc, brier = judged.hit_rate, judged.roc_auc, judged.brier
    return [
        str(turn.number),
        cut(turn.date),
        cut(turn.results),
        *([cut(task)] if task else []),
        str(judged.n),
        "" if rate is None else f"{100 * judged.promised:.0f} %",
        "" if rate is None else percent(rate),
        "" if auc is None else auc.text(),
        "" if brier is None else brier.text(),
        covered.get("active", ""),
        covered.get("inactive", ""),
    ]


def _judgement(
    model: ScreeningModel, turn: Turn, task: str, judged: Judged, place: int
) -> dict[str, Any]:
    of = f" of {turn.date}" if turn.date else ""
    title = f"Turn {turn.number}: {cut(turn.results)}{cut(of)}"
    plots = [_by_score(judged), _by_similarity(judged)]
    return {
        "title": f"{title}, {cut(task)}" if len(turn.judged) > 1 else title,
        "sentences": judged_sentences(judged),
        "plots": [with_prefix(plot, f"turn{place}") for plot in plots if plot is not None],
        "surprises": _surprises(model, task, judged.surprises),
    }


def _by_score(judged: Judged) -> Plot | None:
    """Return what was promised and found in groups of like score."""
    if not judged.reliability:
        return None
    with plot_axes() as axes:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        for part in judged.reliability:
            low, high = share_interval(round(part.found * part.n), part.n)
            axes.plot([part.promised, part.promised], [low, high], color=INK, linewidth=1.0)
        x, y = ([part[i] for part in judged.reliability] for i in (1, 2))
        axes.plot(x, y, color=SERIES[0], marker="o", markersize=4, linestyle="none")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("promised: mean score")
        axes.set_ylabel("share found active")
        summary = "; ".join(
            f"{100 * part.promised:.0f} % promised, {100 * part.found:.0f} % found of {part.n}"
            for part in judged.reliability
        )
        caption = "On the grey line a score means what it says. Lines: exact 95 % intervals."
        return plot_of(axes, "promised", "Promised and found", f"{summary}.", caption)


def _by_similarity(judged: Judged) -> Plot | None:
    """Return promised and found, from strange compounds to close analogues."""
    parts: list[Bin] = judged.by_similarity
    if len(parts) < 2:
        return None
    with plot_axes() as axes:
        for place, part in enumerate(parts):
            low, high = share_interval(round(part.found * part.n), part.n)
            axes.bar(place - 0.18, part.promised, 0.32, color=SERIES[1], alpha=0.55)
            axes.bar(place + 0.18, part.found, 0.32, color=SERIES[0], alpha=0.55)
            axes.plot([place + 0.18] * 2, [low, high], color=INK, linewidth=1.0)
        names = [f"{part.low:.2f} to {part.high:.2f}\n({part.n})" for part in parts]
        axes.set_xticks(range(len(parts)), names)
        axes.set_xlabel("similarity to the nearest compound learned from")
        axes.set_ylabel("share active")
        axes.set_ylim(0, 1.02)
        summary = "; ".join(
            f"{part.low:.2f} to {part.high:.2f}: {100 * part.promised:.0f} % promised, "
            f"{100 * part.found:.0f} % found of {part.n}, mean squared error {part.brier:.2f}"
            for part in parts
        )
        caption = "Left of each pair: promised; right: found, with its exact 95 % interval."
        title = "From strange compounds to close analogues"
        return plot_of(axes, "similarity", title, f"{summary}.", caption)


def _surprises(
    model: ScreeningModel, task: str, surprises: Sequence[Surprise]
) -> list[dict[str, Any]]:
    groups = []
    for active, title in (
        (True, "Active, and called inactive"),
        (False, "Inactive, and called active"),
    ):
        own = [surprise for surprise in surprises if surprise.active is active]
        if own:
            groups.append({"title": title, "rows": [_drawn(model, task, one) for one in own]})
    return groups


def _drawn(model: ScreeningModel, task: str, surprise: Surprise) -> dict[str, Any]:
    value = f" ({cut(surprise.value)})" if surprise.value else ""
    ruled_out = ", and its prediction set had ruled that out" if surprise.outside else ""
    measured = "active" if surprise.active else "inactive"
    shown = [
        ("the result", surprise.smiles, [], "differs"),
        *(
            (
                f"{kind} {cut(name)}, {similarity:.2f} similar",
                smiles,
                _differing(smiles, surprise.smiles),
                "differs",
            )
            for kind, (name, smiles, similarity) in (
                ("active", surprise.near_active),
                ("inactive", surprise.near_inactive),
            )
        ),
    ]
    pictures = pictures_of([Wanted(smiles, False) for _, smiles, *_ in shown], model, task, 0)
    drawings = [
        {
            "svg": ""
            if picture.drawing is None
            # Every text in it is escaped.
            else Markup(  # noqa: S704
                inline_svg(picture.drawing, marked=marked, colour=colour, name=caption)
            ),
            "caption": caption if picture.drawing is not None else f"{caption}. {picture.missing}",
        }
        for picture, (caption, _, marked, colour) in zip(pictures, shown, strict=True)
    ]
    return {
        "name": cut(surprise.id),
        "said": f"Measured {measured}{value}; the score was {surprise.score:.2f}{ruled_out}.",
        "drawings": drawings,
    }


def _differing(smiles: str, other: str) -> list[int]:
    """Return the atoms of a structure that are in no part which the other has too."""
    try:
        with captured():
            mol = molecule_of(smiles)
            shared, _ = common_atoms(Environments(mol), Environments(molecule_of(other)))
    except Exception:  # RDKit raises what it likes; the drawing stays without colours
        return []
    return sorted(set(range(mol.GetNumAtoms())) - set(shared))

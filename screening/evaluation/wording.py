"""Held-out figures in words: a model beside its baselines, and a search for settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from screening.evaluation.metrics import METRICS, auc_interval

SMALL = 100
# Differences of ROC-AUC below this are within what another cut into folds would change.
CLOSE = 0.01
BETTER, ALIKE, WORSE = "better than", "as well as", "worse than"


def quality_text(quality: dict[str, Any]) -> str:
    """Return the cross-validated figures of every task as plain text."""
    blocks = []
    for task, models in quality["tasks"].items():
        first = next(iter(models.values()), {"n": 0, "n_active": 0})
        head = f"{task}: {first['n']} compounds, {first['n_active']} active; {quality['protocol']}"
        rows = [text_row("", (metric.title for metric in METRICS.values()))]
        rows += [
            text_row(model, (metric.text(figures[key]) for key, metric in METRICS.items()))
            for model, figures in models.items()
        ]
        blocks.append("\n".join([head, *rows]))
    return "\n\n".join(blocks)


def text_row(head: str, cells: Iterable[str], room: int = 22, width: int = 9) -> str:
    """Return a row of a plain-text table: `room` characters for its head, `width` for a cell."""
    return f"{head:{room}}" + "".join(f"{cell:>{width}}" for cell in cells)


def quality_warnings(quality: dict[str, Any], ours: str, forest: str) -> list[str]:
    """Return sentences about what a user should not overlook."""
    found = []
    for task, models in quality["tasks"].items():
        mine, other = models.get(ours), models.get(forest)
        if mine is None:
            continue
        if mine["n"] < SMALL:
            found.append(
                f"{task}: only {mine['n']} compounds; the figures may be off by 0.1 or more."
            )
        if other is not None and standing(mine["roc_auc"], other["roc_auc"]) == WORSE:
            found.append(
                f"{task}: the random forest is better on held-out scaffolds "
                f"({other['roc_auc']:.3f} against {mine['roc_auc']:.3f} ROC-AUC)."
            )
        low, high = auc_interval(mine["roc_auc"], mine["n_active"], mine["n"] - mine["n_active"])
        if low <= 0.5:
            found.append(
                f"{task}: the ranking of held-out scaffolds cannot be told from chance (ROC-AUC "
                f"{mine['roc_auc']:.3f}, 95 % interval {low:.2f} to {high:.2f}); do not buy by it."
            )
        elif mine["roc_auc"] < 0.6:
            found.append(
                f"{task}: the ranking of held-out scaffolds is close to chance "
                f"({mine['roc_auc']:.3f}); do not buy by it."
            )
    return found


def standing(ours: float, other: float) -> str:
    """Say how a ROC-AUC stands to another: better than, worse than, or as well as.

    The one rule for every place that says so.

    Examples
    --------
    >>> standing(0.85, 0.80), standing(0.805, 0.80)
    ('better than', 'as well as')
    """
    if abs(ours - other) <= CLOSE:
        return ALIKE
    return BETTER if ours > other else WORSE


def quality_sentence(models: dict[str, dict[str, float]], ours: str, forest: str) -> str:
    """Return what the held-out figures of one task say of a model, in one sentence."""
    mine, other = models.get(ours), models.get(forest)
    if mine is None:
        return ""
    auc, actives = mine["roc_auc"], int(mine["n_active"])
    low, high = auc_interval(auc, actives, int(mine["n"]) - actives)
    found = (
        f"Of a held-out active and a held-out inactive, the model ranks the active first in "
        f"{100 * auc:.0f} of 100 cases (ROC-AUC {auc:.2f}, 95 % interval {low:.2f} to {high:.2f})"
    )
    if low <= 0.5:
        return f"{found}: this cannot be told from chance."
    if other is None:
        return f"{found}."
    verdict = standing(auc, other["roc_auc"])
    return f"{found}, {verdict} a random forest ({other['roc_auc']:.2f})."


def tuning_text(tuned: dict[str, Any]) -> str:
    """Return the outcome in words, from `Tuned.to_dict()`."""
    default, best = tuned["trials"][0], tuned["trials"][tuned["best"]]
    count = len(tuned["trials"])
    head = f"tuning, {count} {'trial' if count == 1 else 'trials'}: "
    if tuned["best"] == 0:
        return head + f"none beats the default settings ({default['score']:.3f} mean ROC-AUC)"
    lines = [
        head + f"the best is number {tuned['best']} with {best['score']:.3f} mean ROC-AUC on the "
        f"inner folds, the default settings have {default['score']:.3f}",
        _check_line(tuned["confirmed"]),
    ]
    unseen = tuned["unseen"]
    if not tuned["changed"]:
        why = "within noise" if unseen is None else "its networks diverge on more compounds"
        return "\n".join([*lines, f"{why}: the default settings are kept"])
    lines += ["chosen (default):", *_setting_lines(best["settings"], default["settings"])]
    lines.append(
        f"on {unseen['n']} compounds that took no part in the search: "
        f"{unseen['chosen']:.3f} with the chosen settings, {unseen['default']:.3f} with the default"
    )
    return "\n".join(lines)


def _check_line(confirmed: dict[str, Any]) -> str:
    folds = len(confirmed["default"])
    error = confirmed["standard_error"]
    noise = "too few for a standard error" if error is None else f"standard error {error:.3f}"
    return f"on another cut into {folds} folds it gains {confirmed['gain']:+.3f} ({noise})"


def _setting_lines(chosen: dict[str, Any], default: dict[str, Any]) -> list[str]:
    return [
        f"  {name.replace('_', ' '):15} {value} ({default[name]})" for name, value in chosen.items()
    ]

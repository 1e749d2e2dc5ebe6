"""The table of a model's quality beside the baselines, and what to say of it in words."""

from __future__ import annotations

from typing import Any

COLUMNS = (
    ("roc_auc", "ROC-AUC", ".3f"),
    ("pr_auc", "PR-AUC", ".3f"),
    ("bedroc_20", "BEDROC", ".3f"),
    ("ef_1", "EF 1 %", ".1f"),
    ("ef_5", "EF 5 %", ".1f"),
    ("mcc", "MCC", ".3f"),
    ("brier", "Brier", ".3f"),
    ("ece", "ECE", ".3f"),
)
SMALL = 100
# Differences of ROC-AUC below this are within what another cut into folds would change.
CLOSE = 0.01


def quality_text(quality: dict[str, Any]) -> str:
    """Return the cross-validated figures of every task as plain text."""
    blocks = []
    for task, models in quality["tasks"].items():
        first = next(iter(models.values()), {"n": 0, "n_active": 0})
        head = f"{task}: {first['n']} compounds, {first['n_active']} active; {quality['protocol']}"
        names = f"{'':22}" + "".join(f"{title:>9}" for _, title, _ in COLUMNS)
        rows = [
            f"{model:22}" + "".join(f"{figures[key]:>9{form}}" for key, _, form in COLUMNS)
            for model, figures in models.items()
        ]
        blocks.append("\n".join([head, names, *rows]))
    return "\n\n".join(blocks)


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
        if other is not None and other["roc_auc"] > mine["roc_auc"] + CLOSE:
            found.append(
                f"{task}: the random forest is better on held-out scaffolds "
                f"({other['roc_auc']:.3f} against {mine['roc_auc']:.3f} ROC-AUC)."
            )
        if mine["roc_auc"] < 0.6:
            found.append(
                f"{task}: the ranking of held-out scaffolds is close to chance "
                f"({mine['roc_auc']:.3f}); do not buy by it."
            )
    return found

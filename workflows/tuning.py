"""`train --tune`: what is asked of the search, and what is said of its outcome."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from screening.errors import UserError
from workflows.messages import Messages

# Options of the command that are also settings of the search: who names them has chosen.
SEARCHED = ("features", "epochs")


def require_optuna() -> None:
    """Raise UserError when the package that proposes settings is not installed."""
    if find_spec("optuna") is None:
        raise UserError(
            "--tune needs the package optuna, which is not installed; `pip install optuna` "
            "or the extra `tune` of ebmscreen brings it."
        )


def search_path(output: Path) -> Path:
    """Return where the search of a model is kept: `model.tune.sqlite` beside `model.ebm`."""
    return output.with_suffix(".tune.sqlite")


def search_settings(
    assay: Any,
    options: Any,
    output: Path,
    given: dict[str, Any],
    pretrained: Any,
    messages: Messages,
    on_step: Any,
) -> Any:
    """Search as the command line says, and return the outcome (`screening.tuning.Tuned`).

    Raises
    ------
    UserError
        See `screening.tuning.tune`.
    """
    from screening.tuning import tune

    return tune(
        assay,
        options,
        search_path(output),
        given["tune"],
        fixed=[name for name in SEARCHED if given[name] is not None],
        pretrained=pretrained,
        workers=given["num_workers"],
        on_step=on_step,
        on_trial=lambda trial: messages.detail(f"trial {_trial_words(trial)}"),
    )


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
    if not tuned["changed"]:
        return "\n".join([*lines, "within noise: the default settings are kept"])
    lines += ["chosen (default):", *_setting_lines(best["settings"], default["settings"])]
    unseen = tuned["unseen"]
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


def _trial_words(trial: Any) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in trial.settings.items())
    return f"{trial.number}: {trial.score:.4f} ({settings})"


def note_tuning(model: Any, tuned: Any) -> None:
    """Put the search into the model's provenance, and what it does to the figures beside them."""
    from screening.tuning import PARTS

    model.provenance["tuning"] = tuned.to_dict()
    if tuned.changed:
        model.quality["protocol"] += (
            f"; settings tuned on {PARTS - 1}/{PARTS} of these compounds, which flatters"
        )

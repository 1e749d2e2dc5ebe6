"""The stack that a training starts from: of a file, or made at once from a library."""

from __future__ import annotations

from typing import Any

import click

from workflows.messages import Messages


def stack_of(given: dict[str, Any], options: Any, messages: Messages) -> Any:
    """Return the stack that `--pretrained` or `--pretrain-on` starts from, or None.

    Raises
    ------
    UsageError
        Options exclude each other, or are not those of the stack.
    UserError
        A file cannot be used.
    """
    if given["pretrained"] and given["pretrain_on"]:
        raise click.UsageError("--pretrained and --pretrain-on exclude each other.")
    if (given["pretrained"] or given["pretrain_on"]) and given["pretrain"] == "none":
        raise click.UsageError("--pretrain none leaves nothing to pretrain; drop one of the two.")
    if given["pretrain_on"]:
        return pretrain_from(given["pretrain_on"], given["pretrain_rows"], options, messages)
    return pretrained_file(given, options)


def pretrained_file(given: dict[str, Any], options: Any) -> Any:
    """Return the stack of `--pretrained`, or None.

    Raises
    ------
    UsageError
        Features or standardisation were named, and the stack was made with others.
    UserError
        The file cannot be used.
    """
    from screening.model import load_pretrained

    if not given["pretrained"]:
        return None
    pretrained = load_pretrained(given["pretrained"])
    _refuse_others(pretrained, options)
    return pretrained


def _refuse_others(pretrained: Any, options: Any) -> None:
    """Refuse features and standardisation that were named and are not those of the stack."""
    source = click.core.ParameterSource
    context = click.get_current_context()
    for name in ("features", "units", "standardize"):
        if context.get_parameter_source(name) in (source.DEFAULT, source.DEFAULT_MAP, None):
            continue
        asked, has = getattr(options, name), getattr(pretrained.options, name)
        if asked != has:
            raise click.UsageError(
                f"--{name} {_words(asked)}, but {context.params['pretrained']} was made with "
                f"{_words(has)}; leave --{name} out, or pretrain again with it."
            )


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ",".join(value)


def pretrain_from(
    sources: tuple[str, ...],
    rows: int,
    options: Any,
    messages: Messages,
    *,
    smiles_column: str | None = None,
) -> Any:
    """Draw rows, pretrain on them, and tell what was done.

    Raises
    ------
    UserError
        A file cannot be read, or holds no molecules.
    """
    from screening.chemistry import Standardiser
    from screening.library import draw_unlabelled
    from screening.model import pretrain_on
    from screening.progress import Stages

    with Stages(messages.shows_progress) as stages:
        drawn = draw_unlabelled(
            sources,
            rows,
            standardiser=Standardiser(options.standardize),
            limits=options.limits,
            seed=options.seed,
            smiles_column=smiles_column,
            announce=messages.announce,
            on_step=stages.step,
        )
        pretrained = pretrain_on(
            drawn.molecules(), options, origin=drawn.described(), on_step=stages.step
        )
    reasons = ", ".join(f"{count} {reason}" for reason, count in drawn.rejected.items())
    made = pretrained.provenance
    messages.announce(
        f"pretrained on {made['molecules']} molecules, of {drawn.drawn} rows drawn from "
        f"{drawn.read} (rejected: {reasons or 'none'}), {made['columns']} columns, "
        f"{made['seconds']} s."
    )
    return pretrained

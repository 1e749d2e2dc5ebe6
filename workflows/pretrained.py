"""`--pretrained`: the stack that networks start from, taken from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflows.experimental import MARK
from workflows.options import FILE

if TYPE_CHECKING:
    from screening.model import ModelOptions, Pretrained

PRETRAINED = click.option(
    "--pretrained", type=FILE, help=f"{MARK} Start from this file of `ebmscreen pretrain`."
)


def refuse_other_settings(path: Path | None, options: ModelOptions) -> Pretrained | None:
    """Return the stack of a file, or None without one.

    Raises
    ------
    UsageError
        Features, units or standardisation were named, and the stack was made with others.
    UserError
        The file cannot be used.
    """
    from screening.model import load_pretrained

    if path is None:
        return None
    pretrained = load_pretrained(path)
    source = click.core.ParameterSource
    context = click.get_current_context()
    for name in ("features", "units", "standardize"):
        if context.get_parameter_source(name) in (source.DEFAULT, source.DEFAULT_MAP, None):
            continue
        asked, has = getattr(options, name), getattr(pretrained.options, name)
        if asked != has:
            raise click.UsageError(
                f"--{name} {_words(asked)}, but {path} was made with {_words(has)}; "
                f"leave --{name} out, or pretrain again with it."
            )
    return pretrained


def _words(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)

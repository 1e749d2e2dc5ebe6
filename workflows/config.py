"""Options from a TOML file, and the used options written back beside the output."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click

from screening.errors import UserError, did_you_mean
from screening.tables import write_atomically

# Options of the call itself, which say nothing about what was computed.
NOT_STORED = {"config", "quiet", "verbose", "help", "force"}


def read_config(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Take defaults for this command's options from a TOML file (a click callback).

    Keys are the long options without dashes (`top = 500`, `smiles-column = "mol"`); options on the
    command line win.

    Raises
    ------
    UserError
        The file cannot be read, is not TOML, or has a key that is no option of this command.
    """
    del parameter
    if path is None:
        return None
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: not a readable TOML file ({error}).") from error
    known = {_key(option): option for option in ctx.command.params if _key(option)}
    given = {key.replace("_", "-"): value for key, value in table.items()}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise UserError(
            f"{path}: unknown key {', '.join(map(repr, unknown))}; "
            f"{did_you_mean(unknown[0], sorted(known))}"
            f"`{ctx.command_path}` knows {', '.join(sorted(known))}."
        )
    ctx.default_map = {
        **(ctx.default_map or {}),
        **{known[k].name or k: v for k, v in given.items()},
    }
    return path


def _key(parameter: click.Parameter) -> str:
    if parameter.name in NOT_STORED or not isinstance(parameter, click.Option):
        return ""
    return max(parameter.opts, key=len).lstrip("-")


def write_config(ctx: click.Context, path: Path) -> None:
    """Write the options that this call used as TOML, to be given back with `--config`."""
    lines = [f"# options of: {ctx.command_path}"]
    for parameter in ctx.command.params:
        key = _key(parameter)
        value = _plain(ctx.params.get(parameter.name or ""))
        if key and value not in (None, []):
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    with write_atomically(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value

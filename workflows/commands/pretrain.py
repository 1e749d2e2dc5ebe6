"""`ebmscreen pretrain`: a stack of RBMs from molecules without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workflows.config import write_config
from workflows.messages import messages_of
from workflows.options import COLUMNS, COMMON, FILE, MOLECULES, STANDARDIZE, UNITS

ROWS = click.IntRange(min=10)
DEFAULT_ROWS = 20_000


@click.command(
    "pretrain",
    epilog="Example: ebmscreen pretrain vendor/*.csv.gz -o vendor.ebm && "
    "ebmscreen train assay.csv --pretrained vendor.ebm -o model.ebm",
)
@click.argument("library", nargs=-1, required=True)
@click.option("-o", "--output", type=FILE, required=True, help="The file to write (.ebm).")
@click.option(
    "--rows",
    type=ROWS,
    default=DEFAULT_ROWS,
    show_default=True,
    help="Rows to draw from the library, evenly from all files.",
)
@COLUMNS
@click.option("--features", metavar="NAME,NAME", help="Feature blocks, separated by commas.")
@UNITS
@STANDARDIZE
@MOLECULES
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the rows, for each RBM.")
@COMMON
def command(library: tuple[str, ...], output: Path, **given: Any) -> None:
    """Pretrain on the LIBRARY files without labels; `train --pretrained` starts from the result.

    `-` reads stdin.
    """
    from screening.model import save_pretrained
    from workflows.checks import writable_file
    from workflows.pretrained import pretrain_from

    messages = messages_of(given["quiet"], given["verbose"])
    writable_file(output)
    options = _options(given)
    pretrained = pretrain_from(
        library, given["rows"], options, messages, smiles_column=given["smiles_column"]
    )
    save_pretrained(pretrained, output)
    write_config(click.get_current_context(), output.with_suffix(".toml"))
    click.echo(output)


def _options(given: dict[str, Any]) -> Any:
    from dataclasses import replace

    from screening.chemistry import Limits
    from workflows.model_options import model_options

    chosen = {**given, "pretrain": "rbm", "epochs": None}
    options = model_options(chosen, Limits(given["max_atoms"], given["timeout"]))
    if given["epochs"] is not None:
        options = replace(options, pretrain_epochs=given["epochs"])
    return options

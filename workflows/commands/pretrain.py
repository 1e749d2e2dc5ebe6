"""`ebmscreen pretrain`: a stack of RBMs from molecules without labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from workflows.checks import new_file
from workflows.config import write_config
from workflows.experimental import PRETRAINING
from workflows.options import (
    COLUMNS,
    COMMON,
    FEATURES,
    FILE,
    MOLECULES,
    STANDARDIZE,
    UNITS,
    ColumnOptions,
    NetworkOptions,
)


@dataclass(frozen=True, kw_only=True)
class PretrainRequest(ColumnOptions, NetworkOptions):
    """What the command line asks for."""

    rows: int
    force: bool


@click.command(
    "pretrain",
    epilog="Example: ebmscreen pretrain vendor/*.csv.gz -o vendor.ebm && "
    "ebmscreen train assay.csv --pretrained vendor.ebm -o model.ebm",
)
@click.argument("library", nargs=-1, required=True)
@click.option("-o", "--output", type=FILE, required=True, help="The file to write (.ebm).")
@click.option(
    "--rows",
    type=click.IntRange(min=10),
    default=20_000,
    show_default=True,
    help="Rows to draw from the library, evenly from all files.",
)
@COLUMNS
@FEATURES
@UNITS
@STANDARDIZE
@MOLECULES
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the rows, for each RBM.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@COMMON
def command(library: tuple[str, ...], output: Path, **given: Any) -> None:
    """Experimental. Pretrain on the LIBRARY files without labels.

    `train --pretrained` starts from the result. No gain over the default was shown yet. `-` reads
    stdin.
    """
    asked = PretrainRequest(**given)
    new_file(output, force=asked.force)
    asked.messages.announce(PRETRAINING)
    asked.check_columns(library)
    from screening.model import save_pretrained
    from screening.runs import pretrain

    # Epochs are those of the RBMs here: nothing is fine-tuned.
    options = replace(asked, epochs=None).model_options()
    if asked.epochs is not None:
        options = replace(options, pretrain_epochs=asked.epochs)
    pretrained = pretrain(
        library,
        options,
        rows=asked.rows,
        smiles_column=asked.smiles_column,
        sheet=asked.sheet,
        progress=asked.messages.shows_progress,
        announce=asked.messages.announce,
    )
    save_pretrained(pretrained, output)
    write_config(click.get_current_context(), output.with_suffix(".toml"))
    click.echo(output)

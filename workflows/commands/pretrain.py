"""`ebmscreen pretrain`: a stack of RBMs from molecules without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workflows.config import write_config
from workflows.options import COLUMNS, COMMON, FILE, MOLECULES, STANDARDIZE, UNITS
from workflows.talk import Talk, talk_of

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

    talk = talk_of(given["quiet"], given["verbose"])
    writable_file(output)
    options = _options(given)
    pretrained = pretrain_from(
        library, given["rows"], options, talk, smiles_column=given["smiles_column"]
    )
    save_pretrained(pretrained, output)
    write_config(click.get_current_context(), output.with_suffix(".toml"))
    click.echo(output)


def pretrain_from(
    sources: tuple[str, ...],
    rows: int,
    options: Any,
    talk: Talk,
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
    from workflows.progress import Stages

    with Stages(talk) as stages:
        drawn = draw_unlabelled(
            sources,
            rows,
            standardiser=Standardiser(options.standardize),
            limits=options.limits,
            seed=options.seed,
            smiles_column=smiles_column,
            announce=talk.announce,
            on_step=stages.step,
        )
        pretrained = pretrain_on(
            drawn.molecules(), options, described=drawn.described(), on_step=stages.step
        )
    reasons = ", ".join(f"{count} {reason}" for reason, count in drawn.rejected.items())
    made = pretrained.provenance
    talk.announce(
        f"pretrained on {made['molecules']} molecules, of {drawn.drawn} rows drawn from "
        f"{drawn.read} (rejected: {reasons or 'none'}), {made['columns']} columns, "
        f"{made['seconds']} s."
    )
    return pretrained


def _options(given: dict[str, Any]) -> Any:
    from dataclasses import replace

    from screening.chemistry import Limits
    from workflows.commands.train import model_options

    chosen = {**given, "pretrain": "rbm", "epochs": None}
    options = model_options(chosen, Limits(given["max_atoms"], given["timeout"]))
    if given["epochs"] is not None:
        options = replace(options, pretrain_epochs=given["epochs"])
    return options

"""`ebmscreen explain`: which atoms carry one molecule's score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from screening.processes import begin_loading
from workflows.options import COMMON, FILE, Common


@click.command(
    "explain", epilog='Example: ebmscreen explain "CC(=O)Oc1ccccc1C(=O)O" -m model.ebm -o out.svg'
)
@click.argument("smiles")
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The model file (.ebm).",
)
@click.option("-o", "--output", type=FILE, required=True, help="The picture to write (.svg).")
@click.option("-t", "--target-column", "task", help="Task to explain; the first if not given.")
@COMMON
def command(smiles: str, model: Path, output: Path, task: str | None, **given: Any) -> None:
    """Draw the molecule SMILES with each atom coloured by what it contributes to the score."""
    begin_loading()
    from screening.errors import UserError
    from screening.model import load_model
    from screening.report import explained_picture
    from screening.tables import write_atomically
    from workflows.checks import writable_file

    messages = Common(**given).messages
    if output.suffix.lower() != ".svg":
        raise UserError(f"{output}: the picture is SVG; give the file a name that ends in .svg.")
    writable_file(output)
    found = explained_picture(load_model(model), smiles, task)
    with write_atomically(output) as temporary:
        temporary.write_text(found.svg, encoding="utf-8")
    click.echo(f"{found.task} {found.score:.6f}")
    messages.announce(f"{output}: blue atoms raise the score, orange atoms lower it.")

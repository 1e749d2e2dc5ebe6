"""`ebmscreen demo`: the whole way on bundled data, with the answer known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workflows.options import COMMON, FOLDER, Common


@click.command("demo", epilog="Example: ebmscreen demo -o demo/")
@click.option(
    "-o", "--output", type=FOLDER, default=Path("demo"), show_default=True, help="Folder to write."
)
@click.option("--force", is_flag=True, help="Begin again where the folder holds an earlier demo.")
@COMMON
def command(output: Path, force: bool, **given: Any) -> None:
    """Train on part of the bundled BACE-1 assay, hide the rest in a library, and find it again.

    The assay is split by scaffold. The held-out compounds, whose activity was measured, are hidden
    among 10,000 compounds of a screening collection; the report shows how well they were found,
    beside the random forest that the networks are blended with.
    """
    asked = Common(**given)
    from screening.demo import run_demo

    result = run_demo(
        output,
        seed=asked.seed,
        workers=asked.num_workers,
        begin_again=force,
        announce=asked.messages.announce,
        progress=asked.messages.shows_progress,
    )
    click.echo(result.table())
    click.echo(f"\nReport: {result.report}")
    click.echo(f"Open it in the browser: {result.report.resolve().as_uri()}")
    click.echo(f"Look at all of it, and draw structures of your own: ebmscreen serve {output}")

"""`ebmscreen report`: the HTML report of a run, or the QMRF of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workflows.options import COMMON, FILE, FOLDER
from workflows.plate import BUDGET, write_pages
from workflows.talk import talk_of


@click.command("report", epilog="Example: ebmscreen report run/ --budget 96")
@click.argument("run", type=FOLDER)
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The model file, when it was moved since the run.",
)
@BUDGET
@click.option(
    "--qmrf",
    type=FILE,
    metavar="FILE.html",
    help="Also write the model's QMRF (OECD principles) as a file of its own.",
)
@COMMON
def command(
    run: Path, model: Path | None, budget: int | None, qmrf: Path | None, **common: Any
) -> None:
    """Write RUN/report.html again, from the files that `screen` left in RUN."""
    talk = talk_of(common["quiet"], common["verbose"])
    talk.detail(f"reading {run}")
    for path in write_pages(run, model, budget):
        click.echo(path)
    if qmrf is not None:
        from screening.report import model_of, read_run, write_qmrf
        from workflows.checks import writable_file

        writable_file(qmrf)
        click.echo(write_qmrf(model_of(read_run(run), model), qmrf))

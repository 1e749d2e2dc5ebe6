"""The plate to buy: its option, and its files beside the report."""

from __future__ import annotations

from pathlib import Path

import click

BUDGET = click.option(
    "--budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="Pick N compounds to buy; writes plate.csv, plate.sdf and plate.xlsx.",
)


def write_pages(run: Path, model: Path | None, budget: int | None) -> list[Path]:
    """Write the report of a run and, where a budget is given, the plate's files.

    Parameters
    ----------
    run
        Folder of a finished run.
    model
        The model file; the one that the run names when None.
    budget
        Compounds to buy, or None for no plate files.

    Returns
    -------
    list of Path
        What was written.
    """
    from screening.plate import PlateOptions, make_plate, write_plate
    from screening.report import model_of, read_run, write_report

    options = None if budget is None else PlateOptions(budget=budget)
    written = [write_report(run, model, plate=options)]
    if options is not None:
        about = read_run(run)
        plate = make_plate(about.hits, model_of(about, model), options, task=about.task)
        written += write_plate(plate, run)
    return written

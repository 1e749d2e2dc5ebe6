"""`ebmscreen predict`: what a model says of some structures, or of every row of a table."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from screening.processes import begin_loading
from workflows.options import COLUMNS, COMMON, FILE, PROMISES, ColumnOptions, Common

if TYPE_CHECKING:
    from screening.library.predict import PredictTask
    from screening.model import ScreeningModel
    from screening.predictions import PredictedRows


@dataclass(frozen=True, kw_only=True)
class PredictRequest(Common, ColumnOptions):
    """What the command line asks for."""

    output: Path | None
    risk: float
    prevalence: float | None
    describe: bool
    force: bool

    def task(self, model: ScreeningModel) -> PredictTask:
        """Return what is to be told of each compound."""
        from screening.library.predict import PredictTask, described, told

        finish = described if self.describe else told
        return PredictTask(model, partial(finish, risk=self.risk, prevalence=self.prevalence))


@click.command("predict", epilog='Example: ebmscreen predict "CC(=O)Oc1ccccc1C(=O)O" -m model.ebm')
@click.argument("compounds", nargs=-1, required=True)
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The model file (.ebm).",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    help="File to write: .csv, .tsv, .sdf (each also .gz), .parquet or .xlsx.",
)
@COLUMNS
@PROMISES
@click.option(
    "--describe",
    is_flag=True,
    help="Alerts and scaffold of each compound too; they take several times as long as the score.",
)
@click.option("--force", is_flag=True, help="Overwrite the output file.")
@COMMON
def command(compounds: tuple[str, ...], model: Path, **given: Any) -> None:
    """Score COMPOUNDS: SMILES, or tables of compounds (`-` reads stdin).

    SMILES are answered by a table to read. A table comes back with every row, in its order, with
    its own columns, the scores, and a reason where there is no score. Without -o, name, structure
    and the most important columns are printed as CSV. Nothing is ranked or left out.
    """
    asked = PredictRequest(**given)
    from screening.tables import names_a_table

    tables = [word for word in compounds if names_a_table(word)]
    if tables and len(tables) < len(compounds):
        other = next(word for word in compounds if word not in tables)
        raise click.UsageError(
            f"{tables[0]} is a file and {other!r} is taken for a structure; give one kind "
            "at a time."
        )
    if tables:
        asked.check_columns(tables)
        begin_loading()
    from screening.model import load_model
    from screening.predictions import check_output, write_rows
    from workflows.checks import writable_file

    if asked.output is not None:
        check_output(asked.output, force=asked.force)
        writable_file(asked.output)
    trained = load_model(model)
    with _predicted(compounds, asked, trained, tables=bool(tables)) as rows:
        if asked.output is not None:
            write_rows(rows, asked.output)
            click.echo(asked.output)
        else:
            _print(rows, trained, to_read=not tables and sys.stdout.isatty())
    counts = rows.counts
    if tables:
        asked.messages.announce(
            f"{counts.read} rows read: {counts.scored} scored, {counts.rejected} with a reason "
            "why not."
        )


def _predicted(
    compounds: tuple[str, ...], asked: PredictRequest, model: ScreeningModel, *, tables: bool
) -> AbstractContextManager[PredictedRows]:
    from screening.library.predict import predict_here
    from screening.predictions import GivenCompounds, predict_tables, predicted_rows

    if not tables:
        return predicted_rows(GivenCompounds(compounds), asked.task(model), predict_here)
    return predict_tables(
        compounds,
        asked.task(model),
        workers=asked.num_workers,
        smiles_column=asked.smiles_column,
        id_column=asked.id_column,
        sheet=asked.sheet,
        scratch=asked.output.parent if asked.output else None,
        progress=asked.messages.shows_progress,
        announce=asked.messages.announce,
    )


def _print(rows: PredictedRows, model: ScreeningModel, *, to_read: bool) -> None:
    from screening.predictions import listing, write_short

    if to_read:
        click.echo(listing(rows, model.tasks))
    else:
        write_short(rows, model.tasks, sys.stdout.buffer)

"""`ebmscreen screen`: from a library and a model to ranked hits and a report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from screening.processes import DESCRIBING, begin_loading
from workflows.choice import CHOICE, Choice
from workflows.config import write_config
from workflows.messages import Messages
from workflows.options import COLUMNS, COMMON, FOLDER, PROMISES, ColumnOptions, Common
from workflows.plate import BUDGET, Budget

if TYPE_CHECKING:
    from screening.hits import Wanted
    from screening.library.options import FirstPassName


@dataclass(frozen=True, kw_only=True)
class ScreenRequest(Common, ColumnOptions, Choice, Budget):
    """What the command line asks for."""

    top: int
    rank_by: str | None
    wanted: Wanted
    risk: float
    prevalence: float | None
    max_atoms: int | None
    timeout: float | None
    first_pass: FirstPassName
    recall: float
    shard_size: int
    engine: str
    scheduler: str | None
    strict: bool
    no_report: bool


@click.command(
    "screen", epilog="Example: ebmscreen screen vendor.smi.gz more.csv -m model.ebm -o run/"
)
@click.argument("library", nargs=-1, required=True)
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The model file (.ebm).",
)
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder of the run.")
@COLUMNS
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Hits to list.",
)
@click.option(
    "--rank-by",
    metavar="TASK",
    help="Task whose score decides the rank; the first if not given. `value`, or value:TASK, ranks "
    "by the predicted value.",
)
@click.option(
    "--wanted",
    type=click.Choice(["active", "inactive"]),
    default="active",
    show_default=True,
    help="Best first: those likely to be active or, for a liability such as hERG, inactive.",
)
@PROMISES
@click.option(
    "--first-pass",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Score fully only rows that a quick look says may be among the best; auto: from a million "
    "raw rows on, or 200,000 packed ones.",
)
@click.option(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Share of the best --top rows that a first pass scores, with 95 % confidence.",
)
@click.option(
    "--max-atoms",
    type=click.IntRange(min=1),
    show_default="the model's",
    help="Heavy atoms; larger molecules are rejected.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    show_default="the model's",
    metavar="SECONDS",
    help="Time limit for one molecule.",
)
@click.option(
    "--shard-size",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    help="Rows that a killed run loses; does not change the result. A run that is there keeps "
    "its own.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Who computes: processes here, or a dask cluster. The result is the same.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Address of a running dask cluster, for instance tcp://head:8786.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 when any row was rejected.")
@CHOICE
@BUDGET
@click.option("--no-report", is_flag=True, help="Leave the report out.")
@COMMON
def command(library: tuple[str, ...], model: Path, output: Path, **given: Any) -> int:
    """Score every compound of the LIBRARY files, rank them, and write hits and report.

    A run that was stopped continues when the same command is given again. With other options that
    rank, describe or pick (--top, --rank-by, --wanted, --require, --exclude, --risk, --prevalence,
    --title, --budget), the same run is ranked and described again, and nothing is scored again.
    `-` reads stdin.
    """
    started = time.perf_counter()
    asked = ScreenRequest(**given)
    if asked.scheduler and asked.engine != "dask":
        raise click.UsageError("--scheduler needs --engine dask.")
    asked.check_columns(library)
    begin_loading(DESCRIBING)
    plate = asked.plate(asked.seed)
    from screening.runs import screen
    from workflows.checks import writable_folder

    writable_folder(output)
    messages = asked.messages
    try:
        run = screen(
            library,
            model,
            output,
            report=False,
            progress=messages.shows_progress,
            announce=messages.announce,
            warn=messages.warn,
            smiles_column=asked.smiles_column,
            id_column=asked.id_column,
            sheet=asked.sheet,
            top=asked.top,
            rank_by=asked.rank_by,
            wanted=asked.wanted,
            require=asked.require,
            exclude=asked.exclude,
            title=asked.title,
            risk=asked.risk,
            prevalence=asked.prevalence,
            first_pass=asked.first_pass,
            recall=asked.recall,
            max_atoms=asked.max_atoms,
            timeout_seconds=asked.timeout,
            shard_size=asked.shard_size,
            workers=asked.num_workers,
            engine=asked.engine,
            scheduler=asked.scheduler,
        )
    except KeyboardInterrupt:
        messages.warn(f"stopped; the same command continues where {output} is.")
        return 130
    write_config(click.get_current_context(), output / "config.toml")
    click.echo(output / "hits.csv")
    if not asked.no_report:
        for path in run.write_report(plate, asked.num_workers, progress=messages.shows_progress):
            click.echo(path)
    _warn_of_older_files(output, {path.name for path in run.pages}, messages)
    messages.announce(f"{run}, {time.perf_counter() - started:.0f} s.")
    if asked.strict and run.counts.rejected:
        messages.warn(f"{run.counts.rejected} rows were rejected; see {output / 'rejects.csv'}.")
        return 1
    return 0


def _warn_of_older_files(run: Path, written: set[str], messages: Messages) -> None:
    """Name the files of an earlier call that may show other hits than those written now."""
    names = ("report.html", "plate.csv", "plate.sdf", "plate.xlsx")
    older = [name for name in names if name not in written and (run / name).is_file()]
    if older:
        messages.warn(
            f"{', '.join(older)} in {run} may show earlier hits; `ebmscreen report {run}` writes "
            "the report again, and with --budget N the plate."
        )

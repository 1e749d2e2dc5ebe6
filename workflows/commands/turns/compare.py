"""`ebmscreen compare`: two models or two runs beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from screening.processes import TRAINING, begin_loading
from workflows.config import write_config
from workflows.options import ACTIVITY, COLUMNS, COMMON, MOLECULES, Activity


@dataclass(frozen=True, kw_only=True)
class CompareRequest(Activity):
    """What the command line asks for."""

    results: str | None
    retrain_on: str | None
    output: Path | None
    split: Literal["scaffold", "cluster", "random"]
    splits: int
    top: int | None
    explained: int


@click.command(
    "compare",
    epilog="Example: ebmscreen compare old.ebm new.ebm --results plate.csv -o comparison/",
)
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--results",
    metavar="TABLE",
    help="Tested compounds to judge two models on; those that either learned from are left out.",
)
@click.option(
    "--assay",
    "retrain_on",
    metavar="TABLE",
    help="Tested compounds to train two models on again, each by its own options, on the same "
    "splits.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|PAGE.html",
    help="A folder for the page and its tables, or the page alone.",
)
@COLUMNS
@ACTIVITY
@click.option(
    "--split",
    type=click.Choice(["scaffold", "cluster", "random"]),
    default="scaffold",
    show_default=True,
    help="What is held out of --assay.",
)
@click.option(
    "--splits",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="How often.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many of the best of two runs; as many as both have when not given.",
)
@click.option(
    "--explain",
    "explained",
    type=click.IntRange(min=0),
    default=12,
    show_default=True,
    metavar="N",
    help="Compounds of two runs whose change is explained.",
)
@MOLECULES
@COMMON
def command(a: Path, b: Path, output: Path | None, **given: Any) -> None:
    """Compare two models, or two runs (the folders that `screen` wrote).

    Two models are judged on --results that neither has seen; or trained again on the same splits of
    --assay; or, with neither, described by what their files hold. Two runs are matched by
    structure: which compounds entered and left the best, how far the orders agree, and why.
    """
    asked = CompareRequest(output=output, **given)
    _refuse_contradictions(asked)
    if asked.retrain_on:
        begin_loading(TRAINING)
    elif a.is_dir():
        begin_loading()
    from screening.turns import compare
    from workflows.checks import writable_file, writable_folder

    if output is not None:
        (writable_file if output.suffix.lower() == ".html" else writable_folder)(output)
    messages = asked.messages
    found = compare(
        a,
        b,
        results=None if asked.results is None else asked.table(asked.results),
        assay=None if asked.retrain_on is None else asked.table(asked.retrain_on),
        split=asked.split,
        splits=asked.splits,
        top=asked.top,
        explained=asked.explained,
        seed=asked.seed,
        workers=asked.num_workers,
        progress=messages.shows_progress,
        announce=messages.announce,
        output=output,
        **(_reading(asked) if asked.results or asked.retrain_on else {}),
    )
    click.echo(found)
    if output is not None:
        if output.is_dir():
            write_config(click.get_current_context(), output / "compare.toml")
        messages.announce(f"{output}: written.")


def _reading(asked: CompareRequest) -> dict[str, Any]:
    return {
        "targets": asked.targets,
        "active_above": asked.active_above,
        "active_below": asked.active_below,
        "relation_column": asked.relation_column,
        "units_column": asked.units_column,
        "conflicts": asked.conflicts,
        "limits": asked.limits,
    }


def _refuse_contradictions(asked: CompareRequest) -> None:
    """Raise UsageError for options that exclude or need each other."""
    if asked.results and asked.retrain_on:
        raise click.UsageError("--results and --assay exclude each other.")
    reads = {
        "--target-column": asked.targets,
        "--active-above": asked.active_above,
        "--active-below": asked.active_below,
        "--smiles-column": asked.smiles_column,
        "--id-column": asked.id_column,
        "--sheet": asked.sheet,
    }
    if not (asked.results or asked.retrain_on):
        for name, value in reads.items():
            if value not in (None, ()):
                raise click.UsageError(f"{name} is of --results or --assay; give one of them.")

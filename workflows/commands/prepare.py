"""`ebmscreen prepare`: the chemistry of a library, done once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from screening.processes import begin_loading
from workflows.config import write_config
from workflows.options import (
    COLUMNS,
    COMMON,
    FOLDER,
    MOLECULES,
    STANDARDIZE,
    ColumnOptions,
    Common,
    Molecules,
)

if TYPE_CHECKING:
    from screening.chemistry import Level
    from screening.library import LibraryOptions


@dataclass(frozen=True, kw_only=True)
class PrepareRequest(Common, ColumnOptions, Molecules):
    """What the command line asks for."""

    features: str | None
    model: Path | None
    standardize: Level
    packed: bool
    part_size: int | None
    strict: bool


@click.command(
    "prepare",
    epilog="Example: ebmscreen prepare vendor/*.csv.gz -o vendor.parquet && "
    "ebmscreen screen vendor.parquet -m model.ebm -o run/",
)
@click.argument("library", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    required=True,
    help="The prepared library, a folder of Parquet files; a preparation that stopped continues.",
)
@COLUMNS
@click.option("--features", metavar="NAME,NAME", help="Feature blocks; the default model's.")
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take features and standardisation from this model.",
)
@STANDARDIZE
@click.option(
    "--packed",
    is_flag=True,
    help="Keep of each molecule only Morgan counts, for the first pass of any model, and its row: "
    "some 60 bytes in place of 500.",
)
@MOLECULES
@click.option(
    "--part-size",
    type=click.IntRange(min=1),
    show_default="2000, or 10000 packed",
    help="Rows of one Parquet file: what an interruption may cost. A preparation that is there "
    "keeps its own.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 when any row was rejected.")
@COMMON
def command(library: tuple[str, ...], output: Path, **given: Any) -> int:
    """Parse, standardise and featurise the LIBRARY files, for `screen` to take in their place.

    With --packed, only what a first pass reads is computed: Morgan counts of the structures as they
    stand.

    `-` reads stdin. The result is a data set that pyarrow, DuckDB and pandas read.
    """
    asked = PrepareRequest(**given)
    asked.check_columns(library)
    if asked.packed and (asked.features or asked.model):
        raise click.UsageError("--packed takes neither --features nor --model: it suits any model.")
    begin_loading()
    from screening.library import Counts, prepare_library
    from screening.progress import Rows
    from workflows.checks import writable_folder

    messages = asked.messages
    options = _options(asked)
    writable_folder(output)
    with Rows(messages.shows_progress) as rows:

        def show(counts: Counts, share: float | None) -> None:
            rows.show(counts.read, counts.rejected, share)

        try:
            summary = prepare_library(
                library,
                output,
                options,
                announce=messages.announce,
                warn=messages.warn,
                on_progress=show,
            )
        except KeyboardInterrupt:
            messages.warn(f"stopped; the same command continues where {output} is.")
            return 130
    write_config(click.get_current_context(), output / "_config.toml")
    counts = summary.counts
    messages.announce(
        f"{counts.read} rows read: {counts.scored} prepared, {counts.rejected} rejected, "
        f"in {summary.seconds['total']:.0f} s."
    )
    click.echo(output)
    if asked.strict and counts.rejected:
        messages.warn(f"{counts.rejected} rows were rejected; see {output / '_rejects.csv'}.")
        return 1
    return 0


def _options(asked: PrepareRequest) -> LibraryOptions:
    from screening.library import PackOptions, PrepareOptions
    from screening.model import ModelOptions

    given: dict[str, Any] = {
        "smiles_column": asked.smiles_column,
        "id_column": asked.id_column,
        "sheet": asked.sheet,
        "limits": asked.limits,
        "workers": asked.num_workers,
    }
    if asked.part_size:
        given["part_size"] = asked.part_size
    if asked.packed:
        return PackOptions(**given)
    features, standardize = ModelOptions().blocks, asked.standardize
    if asked.features:
        features = tuple(name.strip() for name in asked.features.split(","))
    if asked.model:
        features, standardize = _of_model(asked.model, asked.features)
    return PrepareOptions(features=features, standardize=standardize, **given)


def _of_model(path: Path, features: str | None) -> tuple[tuple[str, ...], Level]:
    from screening.errors import UserError
    from screening.model import load_model

    if features:
        raise UserError("--features and --model exclude each other: the model has its features.")
    model = load_model(path)
    return model.features.names, model.options.standardize

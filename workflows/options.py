"""Options that several commands share, spelled once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from screening.processes import usable_cores
from workflows.config import read_config

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def several(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Apply several click decorators, so that --help lists them in the order given."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


COMMON = several(
    click.option(
        "--config",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        is_eager=True,
        callback=read_config,
        help="TOML file with options of this command; the command line wins.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Makes a run repeatable.",
    ),
    click.option(
        "-n",
        "--num-workers",
        type=click.IntRange(min=1),
        default=usable_cores,
        show_default="usable cores",
        help="Worker processes; the result is the same for any number.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Say only warnings."),
    click.option("-v", "--verbose", count=True, help="Say more; twice for debugging."),
)

COLUMNS = several(
    click.option("-s", "--smiles-column", help="Column of the structures; guessed when clear."),
    click.option("--id-column", help="Column of the compound names; guessed when clear."),
)

MOLECULES = several(
    click.option(
        "--max-atoms",
        type=click.IntRange(min=1),
        default=200,
        show_default=True,
        help="Heavy atoms; larger molecules are rejected.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="Time limit for one molecule.",
    ),
)

FOREST_FEATURES = click.option(
    "--forest-features",
    metavar="NAME,NAME",
    help="Further blocks that only the forest sees; none by default.",
)
UNITS = click.option(
    "--units",
    type=click.Choice(["rectified", "sigmoid"]),
    help="Hidden units of the networks and of the RBMs they start from; rectified by default.",
)
LABELS = click.option(
    "--labels",
    type=click.Choice(["graded", "hard"]),
    help="graded (default): a compound teaches the more, the farther its measured value is from "
    "the threshold; hard: active or inactive.",
)
STANDARDIZE = click.option(
    "--standardize",
    type=click.Choice(["none", "parent", "tautomer"]),
    default="parent",
    show_default=True,
    help="How structures are cleaned: parent = largest organic fragment, neutral.",
)

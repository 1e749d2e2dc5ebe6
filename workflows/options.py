"""Options that several commands share, spelled once, and their values by type.

A command gathers what click hands it in a dataclass made of those below: one field an option.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from screening.systems import usable_cores
from workflows.config import read_config
from workflows.messages import Messages

if TYPE_CHECKING:
    from screening.assay import Assay, Conflicts
    from screening.chemistry import Level, Limits
    from screening.model import ModelOptions
    from screening.tables import AssayTable

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


@dataclass(frozen=True, kw_only=True)
class Common:
    """Values of `COMMON`."""

    config: Path | None
    seed: int
    num_workers: int
    quiet: bool
    verbose: int

    @property
    def messages(self) -> Messages:
        """What -q and -v ask for."""
        return Messages.of(self.quiet, self.verbose)


COLUMNS = several(
    click.option("-s", "--smiles-column", help="Column of the structures; guessed when clear."),
    click.option("--id-column", help="Column of the compound names; guessed when clear."),
    click.option("--sheet", metavar="NAME", help="Sheet of an Excel file; the first if not given."),
)


@dataclass(frozen=True, kw_only=True)
class ColumnOptions:
    """Values of `COLUMNS`."""

    smiles_column: str | None
    id_column: str | None
    sheet: str | None

    def check_columns(self, library: Sequence[str]) -> None:
        """Look at the first file of a library before what takes seconds to load is needed.

        What could come once only (stdin), and what is no file, is left to those who read it.

        Raises
        ------
        UserError
            The file cannot be read, or lacks a named column.
        """
        if not Path(library[0]).is_file():
            return
        from screening.tables import open_library

        open_library(
            library[:1],
            smiles_column=self.smiles_column,
            id_column=self.id_column,
            sheet=self.sheet,
            chunk_size=1,
        ).begun()


class _Amount(click.ParamType[float | str]):
    """A number, alone or with a unit; what units there are is known where values are read."""

    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return a number where it is one, else the text."""
        text = str(value).strip()
        try:
            return float(text)
        except ValueError:
            pass
        if not re.match(r"[-+]?[\d.]", text):
            self.fail(f"{value!r} is no number, alone (100) or with a unit (100nM).", param, ctx)
        return text


AMOUNT = _Amount()

ACTIVITY = several(
    click.option(
        "-t",
        "--target-column",
        "targets",
        multiple=True,
        help="Column of labels or values; several times for several tasks.",
    ),
    click.option(
        "--active-above",
        type=AMOUNT,
        metavar="X",
        help="A value above X is active; X may have a unit (10uM).",
    ),
    click.option(
        "--active-below",
        type=AMOUNT,
        metavar="X",
        help="A value below X is active; X may have a unit (100nM), for p-values too.",
    ),
    click.option(
        "--relation-column",
        metavar="NAME",
        help="Column of <, > and = beside the values; found when clear, `none` for none.",
    ),
    click.option(
        "--units-column",
        metavar="NAME",
        help="Column of units beside the values; found when clear, `none` for none.",
    ),
    click.option(
        "--conflicts",
        type=click.Choice(["drop", "majority", "error"]),
        default="drop",
        show_default=True,
        help="What to do with one structure that is both active and inactive; repeated values are "
        "combined first.",
    ),
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


@dataclass(frozen=True, kw_only=True)
class Molecules:
    """Values of `MOLECULES`."""

    max_atoms: int
    timeout: float

    @property
    def limits(self) -> Limits:
        """What one molecule may cost."""
        from screening.chemistry import Limits

        return Limits(self.max_atoms, self.timeout)


@dataclass(frozen=True, kw_only=True)
class Activity(Common, ColumnOptions, Molecules):
    """Values of `COLUMNS`, `ACTIVITY`, `MOLECULES` and `COMMON`: how an assay is read."""

    targets: tuple[str, ...]
    active_above: float | str | None
    active_below: float | str | None
    relation_column: str | None
    units_column: str | None
    conflicts: Conflicts

    def table(self, path: str) -> AssayTable:
        """Read the table of an assay, and tell what was recognised.

        What takes seconds to load is not needed for it, so a mistyped column is told at once.

        Raises
        ------
        UserError
            The file cannot be read, or lacks a named column.
        """
        from screening.tables import read_table

        table = read_table(
            path,
            smiles_column=self.smiles_column,
            id_column=self.id_column,
            sheet=self.sheet,
            announce=self.messages.announce,
        )
        for target in self.targets:
            table.column(target, "--target-column")
        beside = {"relation": self.relation_column, "units": self.units_column}
        for what, name in beside.items():
            if name and name.lower() != "none":
                table.column(name, f"--{what}-column")
        return table

    def assay(self, table: AssayTable, standardize: Level) -> Assay:
        """Curate an assay, and tell what became of its rows.

        Raises
        ------
        UserError
            See `screening.read_assay`.
        """
        from screening.assay import read_assay

        assay = read_assay(
            table,
            targets=self.targets,
            active_above=self.active_above,
            active_below=self.active_below,
            relation_column=self.relation_column,
            units_column=self.units_column,
            conflicts=self.conflicts,
            standardize=standardize,
            limits=self.limits,
            workers=self.num_workers,
            announce=self.messages.announce,
        )
        for sentence in assay.ledger.sentences():
            self.messages.announce(sentence)
        for sentence in assay.ledger.warnings:
            self.messages.warn(sentence)
        return assay


# What scores and prediction sets are to promise.
PROMISES = several(
    click.option(
        "--risk",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.1,
        show_default=True,
        help="Accepted share of wrong prediction sets.",
    ),
    click.option(
        "--prevalence",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        metavar="P",
        help="Share of actives expected among the compounds; restates the score.",
    ),
)
FEATURES = click.option(
    "--features", metavar="NAME,NAME", help="Feature blocks, separated by commas."
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
EPOCHS = click.option("--epochs", type=click.IntRange(min=1), help="Epochs of fine-tuning.")
ENSEMBLE = click.option(
    "--ensemble-size", type=click.IntRange(min=1), help="Networks in the ensemble."
)
# Everything that decides how a network is made of an assay.
NETWORKS = several(FEATURES, FOREST_FEATURES, LABELS, UNITS, STANDARDIZE, ENSEMBLE, EPOCHS)


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(Common, Molecules):
    """Values of `NETWORKS`, `MOLECULES` and `COMMON`; None leaves the default of the model."""

    features: str | None = None
    forest_features: str | None = None
    labels: str | None = None
    units: str | None = None
    standardize: Level
    ensemble_size: int | None = None
    epochs: int | None = None
    pretrain: str | None = None
    blend: str | None = None

    def model_options(self) -> ModelOptions:
        """Return the settings of the model.

        Raises
        ------
        UserError
            A feature block is unknown or named twice, or what is blended is unknown.
        """
        from screening.model import ModelOptions

        chosen: dict[str, Any] = {
            "features": _blocks("--features", self.features),
            "forest_features": _blocks("--forest-features", self.forest_features),
            "labels": self.labels,
            "units": self.units,
            "standardize": self.standardize,
            "ensemble_size": self.ensemble_size,
            "epochs": self.epochs,
            "pretrain": self.pretrain,
            "blend": _voices(self.blend),
            "limits": self.limits,
            "seed": self.seed,
        }
        return ModelOptions(**{name: value for name, value in chosen.items() if value is not None})


def _blocks(option: str, words: str | None) -> tuple[str, ...] | None:
    from screening.errors import UserError
    from screening.features import BlockSet

    if not words:
        return None
    try:
        return BlockSet([name.strip() for name in words.split(",")]).names
    except ValueError as error:
        raise UserError(f"{option}: {error}.") from error


def _voices(words: str | None) -> str | None:
    from screening.errors import UserError
    from screening.model import ModelOptions

    if words is None:
        return None
    try:
        return ",".join(ModelOptions(blend=words).voices) or "none"
    except ValueError as error:
        raise UserError(f"--blend: {error}.") from error

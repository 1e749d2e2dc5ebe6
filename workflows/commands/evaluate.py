"""`ebmscreen evaluate`: models against each other on repeated splits of one assay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from screening.processes import TRAINING, begin_loading
from workflows.config import write_config
from workflows.experimental import PRETRAINING
from workflows.options import (
    ACTIVITY,
    COLUMNS,
    COMMON,
    FOLDER,
    MOLECULES,
    NETWORKS,
    Activity,
    NetworkOptions,
)
from workflows.pretrained import PRETRAINED, refuse_other_settings

if TYPE_CHECKING:
    from screening.assay import Assay
    from screening.study import StudyOptions
    from screening.tables import AssayTable


@dataclass(frozen=True, kw_only=True)
class EvaluateRequest(Activity, NetworkOptions):
    """What the command line asks for."""

    split: str | None
    split_column: str | None
    time_column: str | None
    splits: int | None
    models: str | None
    gap: bool
    label_curve: bool
    prevalence: float
    calibration: Literal["folds", "validation"]
    pretrained: Path | None
    rolling: str | None
    start: int | None
    batch: int | None
    turns: int | None


@click.command(
    "evaluate",
    epilog="Example: ebmscreen evaluate assay.csv -t pIC50 --active-above 6.5 -o study/ "
    "--splits 5 --gap",
)
@click.argument("assay")
@click.option("-o", "--output", type=FOLDER, required=True, help="The folder of the study.")
@COLUMNS
@ACTIVITY
@click.option(
    "--split",
    type=click.Choice(["scaffold", "cluster", "random", "time"]),
    help="What is held out: whole scaffolds (default), clusters of similar compounds, "
    "any compounds, or the newest.",
)
@click.option("--split-column", metavar="NAME", help="Column of train, valid or test.")
@click.option("--time-column", metavar="NAME", help="Column of dates or numbers for --split time.")
@click.option(
    "--splits",
    type=click.IntRange(min=1),
    metavar="N",
    help="Repeats; 30, but 1 with --split time or --split-column, when not given.",
)
@click.option("--models", metavar="NAME,NAME", help="Which models; all when not given.")
@click.option("--gap", is_flag=True, help="Split at random too, and say how much that flatters.")
@click.option(
    "--label-curve",
    is_flag=True,
    help="Also learn from 25, 50, 100, 200 and 500 labelled compounds.",
)
@click.option(
    "--prevalence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="Share of actives in the library that the hits in the top 100 are stated for.",
)
@click.option(
    "--calibration",
    type=click.Choice(["folds", "validation"]),
    default="folds",
    show_default=True,
    help="How the DBN is calibrated: by cross-validation as `train` does, "
    "or on the validation part, without networks for folds.",
)
@click.option(
    "--rolling",
    metavar="COLUMN|random|scaffold",
    help="Replay the buying instead: from the oldest compounds by a column of dates or numbers, or "
    "from a small random set or one scaffold.",
)
@click.option(
    "--start", type=click.IntRange(min=1), help="Compounds known at the start of --rolling; 50."
)
@click.option("--batch", type=click.IntRange(min=1), help="Bought in a turn of --rolling; 24.")
@click.option("--turns", type=click.IntRange(min=1), help="Turns of --rolling; 6.")
@PRETRAINED
@NETWORKS
@MOLECULES
@COMMON
def command(assay: str, output: Path, **given: Any) -> None:
    """Judge the DBN and the baselines on repeated splits of ASSAY.

    Every model learns from the same compounds and is judged by the same others; with --pretrained,
    also a DBN that starts from that stack. Tables go to OUTPUT as CSV, figures as PNG. An
    interrupted study goes on where it stopped; models, splits and options such as --gap can be
    added to a finished one.
    """
    asked = EvaluateRequest(**given)
    refuse_contradictions(asked)
    if asked.pretrained is not None:
        asked.messages.announce(PRETRAINING)
    table = asked.table(assay)
    if asked.rolling:
        _replay(table, output, asked)
        return
    for name, option in (
        (asked.split_column, "--split-column"),
        (asked.time_column, "--time-column"),
    ):
        if name:
            table.column(name, option)
    if asked.num_workers > 1:
        begin_loading(TRAINING)
    from screening.learners import Compounds
    from screening.progress import Stages
    from screening.study import outcome_text, outcome_warnings, run_study, write_study
    from workflows.checks import writable_folder

    options = study_options(asked)
    writable_folder(output)
    models = asked.model_options()
    pretrained = refuse_other_settings(asked.pretrained, models)
    if pretrained is not None:
        models = pretrained.applied_to(models)
    curated = asked.assay(table, models.standardize)
    messages = asked.messages
    with Stages(messages.shows_progress) as stages:
        study = run_study(
            Compounds(curated, asked.num_workers),
            models,
            options,
            output,
            pretrained=pretrained,
            calibrated_on=asked.calibration,
            column=_column(table, curated, asked, options.kind),
            workers=asked.num_workers,
            on_step=stages.step,
            on_result=messages.detail,
        )
    outcome = write_study(study, output)
    write_config(click.get_current_context(), output / "evaluate.toml")
    click.echo(outcome_text(study, outcome))
    for warning in outcome_warnings(study, outcome):
        messages.warn(warning)
    messages.announce(f"{output}: {', '.join(path.name for path in outcome.files)}.")


def _replay(table: AssayTable, output: Path, asked: EvaluateRequest) -> None:
    """Replay the buying, and write and print what was found."""
    column = asked.rolling or ""
    if column not in ("random", "scaffold"):
        table.column(column, "--rolling")
    from screening.learners import Compounds
    from screening.progress import Stages
    from screening.study import read_times
    from screening.turns.replaying.outcome import write_rolling
    from screening.turns.replaying.study import RollingOptions, run_rolling
    from workflows.checks import writable_folder

    writable_folder(output)
    models = asked.model_options()
    curated = asked.assay(table, models.standardize)
    kind: Any = column if column in ("random", "scaffold") else "dated"
    options = RollingOptions(kind)
    options = replace(
        options,
        start=asked.start or options.start,
        batch=asked.batch or options.batch,
        turns=asked.turns or options.turns,
        repeats=asked.splits or options.repeats,
    )
    messages = asked.messages
    with Stages(messages.shows_progress) as stages:
        study = run_rolling(
            Compounds(curated, asked.num_workers),
            models,
            options,
            output,
            times=read_times(table, curated, column) if kind == "dated" else None,
            workers=asked.num_workers,
            on_step=stages.step,
            on_result=messages.detail,
        )
    text, files = write_rolling(study, output)
    write_config(click.get_current_context(), output / "evaluate.toml")
    click.echo(text)
    messages.announce(f"{output}: {', '.join(path.name for path in files)}.")


def refuse_contradictions(asked: EvaluateRequest) -> None:
    """Raise UsageError for options of the split that exclude or need each other."""
    _refuse_beside_rolling(asked)
    if asked.split_column and asked.split:
        raise click.UsageError("--split and --split-column are both given; one of them says it.")
    if (asked.split == "time") != bool(asked.time_column):
        raise click.UsageError("--split time and --time-column need each other.")


def _refuse_beside_rolling(asked: EvaluateRequest) -> None:
    of_replay = ("start", "batch", "turns")
    of_splits = ("split", "split_column", "time_column", "models", "gap", "label_curve")
    if asked.rolling:
        wrong = [name for name in (*of_splits, "pretrained") if getattr(asked, name)]
        why = "does not go with --rolling"
    else:
        wrong = [name for name in of_replay if getattr(asked, name) is not None]
        why = "needs --rolling"
    if wrong:
        raise click.UsageError(f"--{wrong[0].replace('_', '-')} {why}.")


def study_options(asked: EvaluateRequest) -> StudyOptions:
    """Return what is compared.

    Raises
    ------
    UsageError
        Options that exclude or need each other.
    UserError
        A model is unknown, not installed or named twice.
    """
    from screening.learners import DEFAULT_MODELS
    from screening.learners.registry import LIBRARY
    from screening.study import CURVE, StudyOptions

    models = DEFAULT_MODELS
    if asked.models:
        models = _models(asked.models)
        if (LIBRARY in models) != bool(asked.pretrained):
            raise click.UsageError(f"--models {LIBRARY} and --pretrained FILE need each other.")
    elif asked.pretrained:
        models = (*DEFAULT_MODELS, LIBRARY)
    kind: Any = "column" if asked.split_column else asked.split or "scaffold"
    return StudyOptions(
        kind=kind,
        n_splits=asked.splits,
        gap=asked.gap,
        label_counts=CURVE if asked.label_curve else (),
        prevalence=asked.prevalence,
        models=models,
    )


def _models(words: str) -> tuple[str, ...]:
    from screening.errors import UserError
    from screening.learners import HAS_CATBOOST, MODELS

    names = tuple(word.strip() for word in words.split(",") if word.strip())
    if not names or len(set(names)) < len(names) or set(names) - set(MODELS):
        raise UserError(f"--models {words}: each of {', '.join(MODELS)} may be named once.")
    if "catboost" in names and not HAS_CATBOOST:
        raise UserError("--models catboost: the package catboost is not installed.")
    return names


def _column(table: AssayTable, curated: Assay, asked: EvaluateRequest, kind: str) -> Any:
    """Return the part or the time of each compound, where a column says it."""
    from screening.study import read_parts, read_times

    if kind == "time":
        assert asked.time_column is not None
        return read_times(table, curated, asked.time_column)
    if kind != "column":
        return None
    assert asked.split_column is not None
    parts, torn = read_parts(table, curated, asked.split_column)
    if torn:
        asked.messages.warn(
            f"{torn} compounds have rows in several parts of {asked.split_column!r}; "
            "they are taken for the training part, or else the validation part."
        )
    return parts

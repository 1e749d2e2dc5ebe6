"""`ebmscreen evaluate`: models against each other on repeated splits of one assay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from screening.processes import TRAINING, begin_loading
from workflows.config import write_config
from workflows.options import (
    COLUMNS,
    COMMON,
    FILE,
    FOLDER,
    FOREST_FEATURES,
    LABELS,
    MOLECULES,
    STANDARDIZE,
    UNITS,
)
from workflows.messages import Messages


@click.command(
    "evaluate",
    epilog="Example: ebmscreen evaluate assay.csv -t pIC50 --active-above 6.5 -o study/ "
    "--splits 5 --gap",
)
@click.argument("assay")
@click.option("-o", "--output", type=FOLDER, required=True, help="The folder of the study.")
@COLUMNS
@click.option(
    "-t",
    "--target-column",
    "targets",
    multiple=True,
    help="Column of labels or values; several times for several tasks.",
)
@click.option("--active-above", type=float, metavar="X", help="A value above X is active.")
@click.option("--active-below", type=float, metavar="X", help="A value below X is active.")
@click.option(
    "--conflicts",
    type=click.Choice(["drop", "majority", "error"]),
    default="drop",
    show_default=True,
    help="What to do with one structure that is both active and inactive.",
)
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
    "--pretrained",
    type=FILE,
    help="Also a DBN that starts from this file of `ebmscreen pretrain`.",
)
@click.option("--features", metavar="NAME,NAME", help="Feature blocks of the DBN.")
@FOREST_FEATURES
@LABELS
@UNITS
@STANDARDIZE
@MOLECULES
@click.option("--ensemble-size", type=click.IntRange(min=1), help="Networks in the ensemble.")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of fine-tuning.")
@COMMON
def command(assay: str, output: Path, **given: Any) -> None:
    """Judge the DBN and the baselines on repeated splits of ASSAY.

    Every model learns from the same compounds and is judged by the same others. Tables go to
    OUTPUT as CSV, figures as PNG. An interrupted study goes on where it stopped; models, splits
    and options such as --gap can be added to a finished one.
    """
    if given["num_workers"] > 1:
        begin_loading(TRAINING)
    from screening.learners import Compounds
    from screening.study import run_study, write_study
    from workflows.checks import writable_folder
    from workflows.comparison import outcome_text, warnings_of
    from workflows.model_options import model_options
    from workflows.pretrained import pretrained_file
    from screening.progress import Stages

    talk = Messages.of(given["quiet"], given["verbose"])
    options = study_options(given)
    writable_folder(output)
    limits = _limits(given)
    models = model_options({"pretrain": "rbm", **given}, limits)
    pretrained = pretrained_file(given, models)
    if pretrained is not None:
        models = pretrained.applied_to(models)
    table, curated = _curate(assay, given, models, talk)
    with Stages(talk.shows_progress) as stages:
        study = run_study(
            Compounds(curated, given["num_workers"]),
            models,
            options,
            output,
            pretrained=pretrained,
            calibrated_on=given["calibration"],
            column=_column(table, curated, given, options.kind, talk),
            workers=given["num_workers"],
            on_step=stages.step,
            on_result=talk.detail,
        )
    outcome = write_study(study, output)
    write_config(click.get_current_context(), output / "evaluate.toml")
    click.echo(outcome_text(study, outcome))
    for warning in warnings_of(study, outcome):
        talk.warn(warning)
    talk.announce(f"{output}: {', '.join(path.name for path in outcome.files)}.")


def study_options(given: dict[str, Any]) -> Any:
    """Return what is compared, from the options of the command line.

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

    if given["split_column"] and given["split"]:
        raise click.UsageError("--split and --split-column are both given; one of them says it.")
    if (given["split"] == "time") != bool(given["time_column"]):
        raise click.UsageError("--split time and --time-column need each other.")
    chosen: dict[str, Any] = {}
    if given["models"]:
        chosen["models"] = _models(given["models"])
        if (LIBRARY in chosen["models"]) != bool(given["pretrained"]):
            raise click.UsageError(f"--models {LIBRARY} and --pretrained FILE need each other.")
    elif given["pretrained"]:
        chosen["models"] = (*DEFAULT_MODELS, LIBRARY)
    return StudyOptions(
        kind="column" if given["split_column"] else given["split"] or "scaffold",
        n_splits=given["splits"],
        gap=given["gap"],
        label_counts=CURVE if given["label_curve"] else (),
        prevalence=given["prevalence"],
        **chosen,
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


def _limits(given: dict[str, Any]) -> Any:
    from screening.chemistry import Limits

    return Limits(given["max_atoms"], given["timeout"])


def _curate(assay: str, given: dict[str, Any], models: Any, talk: Talk) -> Any:
    from screening.assay import choose_targets, curate, make_threshold
    from screening.chemistry import Standardiser
    from screening.tables import read_table

    threshold = make_threshold(given["active_above"], given["active_below"])
    table = read_table(
        assay,
        smiles_column=given["smiles_column"],
        id_column=given["id_column"],
        announce=talk.announce,
    )
    curated = curate(
        table,
        choose_targets(table, given["targets"], threshold, talk.announce),
        threshold=threshold,
        standardiser=Standardiser(models.standardize),
        limits=models.limits,
        conflicts=given["conflicts"],
        workers=given["num_workers"],
    )
    for sentence in curated.ledger.sentences():
        talk.announce(sentence)
    return table, curated


def _column(table: Any, curated: Any, given: dict[str, Any], kind: str, talk: Talk) -> Any:
    from screening.study import read_parts, read_times

    if kind == "time":
        return read_times(table, curated, given["time_column"])
    if kind != "column":
        return None
    parts, torn = read_parts(table, curated, given["split_column"])
    if torn:
        talk.warn(
            f"{torn} compounds have rows in several parts of {given['split_column']!r}; "
            "they are taken for the training part, or else the validation part."
        )
    return parts

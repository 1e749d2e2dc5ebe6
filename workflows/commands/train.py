"""`ebmscreen train`: from an assay to one model file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from screening.processes import TRAINING, begin_loading
from workflows.checks import new_file
from workflows.config import write_config
from workflows.experimental import MARK, PRETRAINING, TUNING
from workflows.options import (
    ACTIVITY,
    COLUMNS,
    COMMON,
    FILE,
    MOLECULES,
    NETWORKS,
    Activity,
    NetworkOptions,
)
from workflows.pretrained import PRETRAINED, refuse_other_settings

if TYPE_CHECKING:
    from screening.assay import Assay
    from screening.model import ModelOptions, Pretrained
    from screening.progress import OnStep
    from screening.tuning import Trial, Tuned


@dataclass(frozen=True, kw_only=True)
class TrainRequest(Activity, NetworkOptions):
    """What the command line asks for."""

    pretrained: Path | None
    pretrain_on: tuple[str, ...]
    pretrain_rows: int
    force: bool
    tune: int | None


@click.command(
    "train", epilog="Example: ebmscreen train assay.csv -t pIC50 --active-above 6.5 -o model.ebm"
)
@click.argument("assay")
@click.option("-o", "--output", type=FILE, required=True, help="The model file to write (.ebm).")
@COLUMNS
@ACTIVITY
@NETWORKS
@MOLECULES
@click.option(
    "--pretrain",
    type=click.Choice(["rbm", "none"]),
    default="rbm",
    show_default=True,
    help="Start from RBMs, or from random weights (the ablation).",
)
@PRETRAINED
@click.option(
    "--pretrain-on",
    multiple=True,
    metavar="LIBRARY",
    help=f"{MARK} Pretrain on these unlabelled files first; several times for several.",
)
@click.option(
    "--pretrain-rows",
    type=click.IntRange(min=10),
    default=20_000,
    show_default=True,
    help="Rows that --pretrain-on draws.",
)
@click.option(
    "--blend",
    metavar="NAME,NAME|none",
    help="What is blended with the networks, by weights learned from held-out compounds: forest (a "
    "random forest), kernel (a ridge regression on Tanimoto similarities), descriptors (a forest "
    "of descriptors alone); all by default.",
)
@click.option(
    "--tune",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"{MARK} Search layer sizes, rates, dropout, epochs and features in N trials on inner "
    "folds; goes on with a search that was stopped. No gain over the default was shown yet.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace a model file that is there; train on fewer than 10 compounds of a class.",
)
@COMMON
def command(assay: str, output: Path, **given: Any) -> None:
    """Curate ASSAY, pretrain and fine-tune an ensemble, calibrate, and store one model file.

    Prints the cross-validated quality of the model beside the baselines.
    """
    started = time.perf_counter()
    asked = TrainRequest(**given)
    new_file(output, force=asked.force)
    name_experiments(asked)
    table = asked.table(assay)
    if asked.num_workers > 1:
        begin_loading(TRAINING)
    from screening.assay import graded_sentences
    from screening.evaluation import quality_text, quality_warnings, tuning_text, values_text
    from screening.model import FOREST, SHIPPED, save_model, train_model
    from screening.progress import Stages

    if asked.tune:
        require_optuna()
    messages = asked.messages
    options = asked.model_options()
    pretrained = stack_of(asked, options)
    if pretrained is not None:
        options = pretrained.applied_to(options)
    curated = asked.assay(table, options.standardize)
    if not asked.force:
        refuse_too_few(curated)
    for sentence in graded_sentences(curated, options.labels):
        messages.announce(sentence)
    tuned = None
    with Stages(messages.shows_progress) as stages:
        if asked.tune:
            tuned = search(curated, options, output, asked, pretrained, stages.step)
            options = tuned.options
            click.echo(tuning_text(tuned.to_dict()))
        model = train_model(
            curated,
            options,
            pretrained=pretrained,
            workers=asked.num_workers,
            on_step=stages.step,
        )
    if tuned is not None:
        from screening.tuning import note_tuning

        note_tuning(model, tuned)
    if pretrained is not None:
        share = model.provenance["pretrained"]["unknown_share"]
        messages.announce(
            f"{100 * share:.0f} % of the substructures in the assay's compounds are too rare in "
            "the pretraining library to have a column; the networks do not see them."
        )
    save_model(model, output)
    write_config(click.get_current_context(), output.with_suffix(".toml"))
    said = "\n".join([quality_text(model.quality), *model.blend_sentences()])
    click.echo("\n\n".join(filter(None, (said, values_text(model.quality)))))
    for warning in quality_warnings(model.quality, SHIPPED, FOREST):
        messages.warn(warning)
    seconds = time.perf_counter() - started
    messages.announce(f"{output}: {len(curated)} compounds, {seconds:.0f} s.")


def name_experiments(asked: TrainRequest) -> None:
    """Say what of that which is asked for has not been shown to help."""
    if asked.tune:
        asked.messages.announce(TUNING)
    if asked.pretrained or asked.pretrain_on:
        asked.messages.announce(PRETRAINING)


def stack_of(asked: TrainRequest, options: ModelOptions) -> Pretrained | None:
    """Return the stack that `--pretrained` or `--pretrain-on` starts from, or None.

    Raises
    ------
    UsageError
        Options exclude each other, or are not those of the stack.
    UserError
        A file cannot be used.
    """
    if asked.pretrained and asked.pretrain_on:
        raise click.UsageError("--pretrained and --pretrain-on exclude each other.")
    if (asked.pretrained or asked.pretrain_on) and asked.pretrain == "none":
        raise click.UsageError("--pretrain none leaves nothing to pretrain; drop one of the two.")
    if asked.pretrain_on:
        from screening.runs import pretrain

        messages = asked.messages
        return pretrain(
            asked.pretrain_on,
            options,
            rows=asked.pretrain_rows,
            progress=messages.shows_progress,
            announce=messages.announce,
        )
    return refuse_other_settings(asked.pretrained, options)


def refuse_too_few(assay: Assay) -> None:
    """Raise UserError when there are fewer than 10 compounds of a class."""
    from screening.assay import too_few
    from screening.errors import UserError

    if sentence := too_few(assay.tasks, assay.labels):
        raise UserError(f"{assay.ledger.source}, {sentence}; --force trains nevertheless.")


def require_optuna() -> None:
    """Raise UserError when the package that proposes settings is not installed."""
    from screening.errors import UserError

    if find_spec("optuna") is None:
        raise UserError(
            "--tune needs the package optuna, which is not installed; `pip install optuna` "
            "or the extra `tune` of ebmscreen brings it."
        )


def search(
    assay: Assay,
    options: ModelOptions,
    output: Path,
    asked: TrainRequest,
    pretrained: Pretrained | None,
    on_step: OnStep,
) -> Tuned:
    """Search settings; the search of `model.ebm` is kept beside it, as `model.tune.sqlite`.

    Raises
    ------
    UserError
        See `screening.tuning.tune`.
    """
    from screening.tuning import tune

    assert asked.tune is not None
    # Who names a setting has chosen it.
    named = {"features": asked.features, "epochs": asked.epochs}

    def tell(trial: Trial) -> None:
        settings = ", ".join(f"{name} {value}" for name, value in trial.settings.items())
        asked.messages.detail(f"trial {trial.number}: {trial.score:.4f} ({settings})")

    return tune(
        assay,
        options,
        output.with_suffix(".tune.sqlite"),
        asked.tune,
        fixed=[name for name, value in named.items() if value is not None],
        pretrained=pretrained,
        workers=asked.num_workers,
        on_step=on_step,
        on_trial=tell,
    )

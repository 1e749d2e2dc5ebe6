"""`ebmscreen train`: from an assay to one model file."""

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
    FOREST_FEATURES,
    LABELS,
    MOLECULES,
    STANDARDIZE,
    UNITS,
)
from workflows.messages import Messages


@click.command(
    "train", epilog="Example: ebmscreen train assay.csv -t pIC50 --active-above 6.5 -o model.ebm"
)
@click.argument("assay")
@click.option("-o", "--output", type=FILE, required=True, help="The model file to write (.ebm).")
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
@click.option("--features", metavar="NAME,NAME", help="Feature blocks, separated by commas.")
@FOREST_FEATURES
@LABELS
@UNITS
@STANDARDIZE
@MOLECULES
@click.option("--ensemble-size", type=click.IntRange(min=1), help="Networks in the ensemble.")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of fine-tuning.")
@click.option(
    "--pretrain",
    type=click.Choice(["rbm", "none"]),
    default="rbm",
    show_default=True,
    help="Start from RBMs, or from random weights (the ablation).",
)
@click.option("--pretrained", type=FILE, help="Start from this file of `ebmscreen pretrain`.")
@click.option(
    "--pretrain-on",
    multiple=True,
    metavar="LIBRARY",
    help="Pretrain on these unlabelled files first; several times for several.",
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
    type=click.Choice(["none", "forest"]),
    help="forest (default): networks and a random forest, each in units of its spread.",
)
@click.option(
    "--tune",
    type=click.IntRange(min=1),
    metavar="N",
    help="Search layer sizes, rates, dropout, epochs and features in N trials on inner folds; "
    "goes on with a search that was stopped.",
)
@COMMON
def command(assay: str, output: Path, **given: Any) -> None:
    """Curate ASSAY, pretrain and fine-tune an ensemble, calibrate, and store one model file.

    Prints the cross-validated quality of the model beside the baselines.
    """
    if given["num_workers"] > 1:
        begin_loading(TRAINING)
    from screening.assay import choose_targets, curate, graded_sentences, make_threshold
    from screening.chemistry import Limits, Standardiser
    from screening.model import FOREST, SHIPPED, save_model, train_model
    from screening.tables import read_table
    from workflows.checks import writable_file
    from workflows.model_options import model_options
    from workflows.pretrained import stack_of
    from screening.progress import Stages
    from workflows.quality import quality_table, warnings_of
    from workflows.tuning import note_tuning, require_optuna, search_settings, tuning_text

    if given["tune"]:
        require_optuna()
    talk = Messages.of(given["quiet"], given["verbose"])
    writable_file(output)
    threshold = make_threshold(given["active_above"], given["active_below"])
    table = read_table(
        assay,
        smiles_column=given["smiles_column"],
        id_column=given["id_column"],
        announce=talk.announce,
    )
    limits = Limits(given["max_atoms"], given["timeout"])
    options = model_options(given, limits)
    pretrained = stack_of(given, options, talk)
    if pretrained is not None:
        options = pretrained.applied_to(options)
    curated = curate(
        table,
        choose_targets(table, given["targets"], threshold, talk.announce),
        threshold=threshold,
        standardiser=Standardiser(options.standardize),
        limits=limits,
        conflicts=given["conflicts"],
        workers=given["num_workers"],
    )
    for sentence in (*curated.ledger.sentences(), *graded_sentences(curated, options.labels)):
        talk.announce(sentence)
    tuned = None
    with Stages(talk.shows_progress) as stages:
        if given["tune"]:
            tuned = search_settings(curated, options, output, given, pretrained, talk, stages.step)
            click.echo(tuning_text(tuned.to_dict()))
        model = train_model(
            curated,
            options if tuned is None else tuned.options,
            pretrained=pretrained,
            workers=given["num_workers"],
            on_step=stages.step,
        )
    if tuned is not None:
        note_tuning(model, tuned)
    if pretrained is not None:
        share = model.provenance["pretrained"]["unknown_share"]
        talk.announce(
            f"{100 * share:.0f} % of the substructures in the assay's compounds are too rare in "
            "the pretraining library to have a column; the networks do not see them."
        )
    save_model(model, output)
    write_config(click.get_current_context(), output.with_suffix(".toml"))
    click.echo(quality_table(model.quality))
    for warning in warnings_of(model.quality, SHIPPED, FOREST):
        talk.warn(warning)
    talk.announce(f"{output}: {len(curated)} compounds, {model.provenance['seconds']} s.")

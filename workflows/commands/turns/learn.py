"""`ebmscreen learn`: a model is judged by results that came back, and the next one learns them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from screening.processes import TRAINING, begin_loading
from workflows.checks import new_file
from workflows.config import write_config
from workflows.options import ACTIVITY, COLUMNS, COMMON, FILE, PROMISES, ColumnOptions, Common

if TYPE_CHECKING:
    from screening.assay import Conflicts
    from screening.model import Judged, Pretrained, ScreeningModel
    from screening.turns import ResultsOptions
    from workflows.messages import Messages


@dataclass(frozen=True, kw_only=True)
class LearnRequest(Common, ColumnOptions):
    """What the command line asks for."""

    run: Path | None
    targets: tuple[str, ...]
    active_above: float | str | None
    active_below: float | str | None
    relation_column: str | None
    units_column: str | None
    conflicts: Conflicts
    date: str
    date_column: str | None
    risk: float
    prevalence: float | None
    pretrained: Path | None
    force: bool

    def results_options(self) -> ResultsOptions:
        """Return how the table is read."""
        from screening.turns import ResultsOptions

        own = {field.name: getattr(self, field.name) for field in fields(ResultsOptions)}
        if not _given("conflicts"):
            own["conflicts"] = None
        return ResultsOptions(**own)


def _given(name: str) -> bool:
    """Tell whether an option was written down, and is not its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not ParameterSource.DEFAULT


@click.command(
    "learn", epilog="Example: ebmscreen learn model.ebm results.csv --run run/ -o model2.ebm"
)
@click.argument("model", type=FILE)
@click.argument("results")
@click.option("-o", "--output", type=FILE, required=True, help="The new model file (.ebm).")
@click.option(
    "--run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="RUN",
    help="The run whose compounds the results name, where they have no structures.",
)
@COLUMNS
@ACTIVITY
@click.option("--date", default="", help="When the results were measured; kept with them.")
@click.option(
    "--date-column",
    metavar="NAME",
    help="Column of dates; one that is called so if not given, `none` for none.",
)
@PROMISES
@click.option(
    "--pretrained",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The stack that the model began from, where it was trained with --pretrained.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace a model file that is there; train where all results were known before.",
)
@COMMON
def command(model: Path, results: str, output: Path, **given: Any) -> None:
    """Judge MODEL on RESULTS that it has not seen, and train the next model on all.

    RESULTS is a table of measured compounds, with structures or with the names of a run's
    compounds (--run). A column with the name of the model's task is read by the model's threshold
    and unit; -t names another, TASK=COLUMN one of several. The judgement comes first, and is kept
    in the new model with those of the turns before it. The new model has the settings of the old.
    """
    started = time.perf_counter()
    asked = LearnRequest(**given)
    if output.resolve() == model.resolve():
        raise click.UsageError("the new model would replace the one that is judged; -o another.")
    new_file(output, force=asked.force)
    if asked.num_workers > 1:
        begin_loading(TRAINING)
    from screening.evaluation import quality_text, quality_warnings
    from screening.model import FOREST, SHIPPED, load_model, save_model
    from screening.model.verdict import RESULTS, compared_sentences, judged_sentences
    from screening.progress import Stages
    from screening.report import write_model_report
    from screening.turns import learn_from, read_results

    messages = asked.messages
    judged_model = load_model(model)
    read = read_results(
        judged_model,
        results,
        asked.results_options(),
        workers=asked.num_workers,
        announce=messages.announce,
    )
    ledger = read.assay.ledger
    for sentence in ledger.sentences():
        messages.announce(sentence)
    for warning in ledger.warnings:
        messages.warn(warning)

    def tell(judged: Mapping[str, Judged]) -> None:
        click.echo(f"{model}, judged on {results} before it was learned:")
        for task, found in judged.items():
            head = f"{task}: " if len(judged) > 1 else ""
            for sentence in judged_sentences(found):
                click.echo(f"  {head}{sentence}")

    with Stages(messages.shows_progress) as stages:
        learned = learn_from(
            judged_model,
            read,
            risk=asked.risk,
            prevalence=_prevalence(asked),
            pretrained=_stack(asked.pretrained, judged_model, messages),
            seed=asked.seed if _given("seed") else None,
            force=asked.force,
            workers=asked.num_workers,
            on_judged=tell,
            on_step=stages.step,
        )
    save_model(learned.model, output)
    write_config(click.get_current_context(), output.with_suffix(".toml"))
    drift = learned.turn.drift
    for sentence in (
        *(() if drift is None else drift.sentences(RESULTS)),
        *compared_sentences(learned.turn),
    ):
        click.echo(f"  {sentence}")
    click.echo(quality_text(learned.model.quality))
    for warning in quality_warnings(learned.model.quality, SHIPPED, FOREST):
        messages.warn(warning)
    click.echo(write_model_report(output, output.with_suffix(".report.html")))
    turn = learned.turn
    messages.announce(
        f"{output}: {len(learned.model.training)} compounds, {turn.added} of them new and "
        f"{turn.repeated} measured again; turn {turn.number}, "
        f"{time.perf_counter() - started:.0f} s."
    )


def _prevalence(asked: LearnRequest) -> float | None:
    """Return the share of actives that was promised for: as told, or that of the run."""
    if asked.prevalence is not None or asked.run is None:
        return asked.prevalence
    from screening.hits import read_hits

    return read_hits(asked.run).ranked.prevalence


def _stack(path: Path | None, model: ScreeningModel, messages: Messages) -> Pretrained | None:
    """Return the stack to begin from; warn where the model did not begin so."""
    was = model.provenance.get("pretrained")
    if path is None:
        if was is not None:
            messages.warn(
                "the model began from a stack that was pretrained on a library; without "
                "--pretrained FILE the new one is pretrained on its own compounds alone."
            )
        return None
    from screening.model import load_pretrained

    stack = load_pretrained(path)
    if was is None or was.get("sha256") != stack.sha256:
        messages.warn(f"the model did not begin from {path}; the new one does.")
    return stack

"""`ebmscreen report`: the HTML report of a run, a model or a study; the QMRF of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflows.checks import writable_file
from workflows.choice import CHOICE, Choice
from workflows.options import COMMON, FILE, Common
from workflows.plate import BUDGET, Budget

if TYPE_CHECKING:
    from screening.plate import PlateOptions


@dataclass(frozen=True, kw_only=True)
class ReportRequest(Common, Choice, Budget):
    """What the command line asks for."""

    output: Path | None
    model: Path | None
    qmrf: Path | None


@click.command("report", epilog="Example: ebmscreen report run/ --budget 96")
@click.argument("what", metavar="RUN|MODEL.ebm|STUDY", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=FILE, metavar="FILE.html", help="Where a model's report is written."
)
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The model file, when it was moved since the run.",
)
@CHOICE
@BUDGET
@click.option(
    "--qmrf",
    type=FILE,
    metavar="FILE.md",
    help="Also write the model's QMRF (OECD principles) as a file of its own.",
)
@COMMON
def command(what: Path, **given: Any) -> None:
    """Write the report of a RUN again, or that of a MODEL.ebm or of an `evaluate` folder.

    That of a run or a study is `report.html` in its folder; that of a model stands beside it.
    """
    asked = ReportRequest(**given)
    asked.messages.detail(f"reading {what}")
    plate = asked.plate(asked.seed)
    names = ("model", "budget", "require", "exclude", "title")
    of_run = {name: getattr(asked, name) or None for name in names}
    if what.is_file():
        _refuse(of_run, "belongs to the report of a run")
        _of_model(what, asked.output, asked.qmrf)
        return
    _refuse({"output": asked.output}, "belongs to the report of a model")
    if (what / "study.json").is_file():
        _refuse({**of_run, "qmrf": asked.qmrf}, "belongs to the report of a run")
        click.echo(_of_study(what))
        return
    _of_run(what, asked, plate)


def _of_run(run: Path, asked: ReportRequest, plate: PlateOptions | None) -> None:
    from screening.progress import Stages
    from screening.report import model_of, write_qmrf, write_report

    if asked.qmrf is not None:
        writable_file(asked.qmrf)
    loaded = model_of(run, asked.model)
    with Stages(asked.messages.shows_progress) as stages:
        written = write_report(
            run,
            loaded,
            plate=plate,
            require=asked.require,
            exclude=asked.exclude,
            title=asked.title,
            announce=asked.messages.announce,
            on_step=stages.step,
            workers=asked.num_workers,
        )
    for path in written:
        click.echo(path)
    if asked.qmrf is not None:
        click.echo(write_qmrf(loaded, asked.qmrf))


def _of_study(folder: Path) -> Path:
    from screening.report import write_study_report
    from screening.turns.replaying.page import is_replay, write_replay_page

    return (write_replay_page if is_replay(folder) else write_study_report)(folder)


def _of_model(path: Path, output: Path | None, qmrf: Path | None) -> None:
    from screening.model import load_model
    from screening.report import write_model_report, write_qmrf

    page = output or path.with_suffix(".report.html")
    writable_file(page)
    click.echo(write_model_report(path, page))
    if qmrf is not None:
        writable_file(qmrf)
        click.echo(write_qmrf(load_model(path), qmrf))


def _refuse(options: Mapping[str, object], why: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise click.UsageError(f"--{name} {why}.")

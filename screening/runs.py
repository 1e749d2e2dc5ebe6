"""Whole files in one call: screen a library, predict a table, pretrain on a library."""

from __future__ import annotations

import html
import shutil
import tempfile
import time
import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from screening.chemistry import Standardiser
from screening.errors import UserError
from screening.hits import Hits
from screening.hits.schema import free_names
from screening.library import Counts, RunSummary, ScreenOptions, add_seconds, draw_unlabelled
from screening.library import screen as score_library
from screening.library.manifest import MODEL
from screening.model import ModelOptions, ScreeningModel, file_hash, save_model
from screening.progress import Rows, Stages
from screening.systems import usable_cores
from screening.tables import Announce, read_csv, read_table, silent

if TYPE_CHECKING:
    import pandas as pd

    from screening.classifier import ScreeningClassifier
    from screening.model import Pretrained
    from screening.plate import PlateOptions
    from screening.regressor import ScreeningRegressor

_SHOWN = 10
AnyModel: TypeAlias = "str | Path | ScreeningClassifier | ScreeningModel"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
    counts : Counts
        Rows read, scored and rejected.
    model : ScreeningModel
        That scored.
    table : Hits
        The hits with all that is known of them.
    seconds : dict of str to float
        One entry a stage, summed over workers, and `total` by the clock.
    pages : list of Path
        The report, and the files of the plate where one was asked for.
    """

    folder: Path
    counts: Counts
    model: ScreeningModel = field(repr=False)
    table: Hits = field(repr=False)
    seconds: dict[str, float]
    pages: list[Path] = field(default_factory=list)

    @property
    def hits(self) -> pd.DataFrame:
        """The hits, best first: the columns of hits.csv."""
        return self.table.frame()

    @property
    def rejects(self) -> pd.DataFrame:
        """Every row that could not be scored, and why."""
        return read_csv(self.folder / "rejects.csv").astype({"row": int})

    def write_report(
        self,
        plate: PlateOptions | None = None,
        workers: int | None = None,
        *,
        progress: bool = True,
    ) -> list[Path]:
        """Write the report, and the files of the plate where one is asked for; name them.

        Its time is added to `seconds`, and to those of run.json.
        """
        # What draws is loaded only when it is wanted.
        from screening.report import write_report

        started = time.perf_counter()
        with Stages(progress) as stages:
            self.pages[:] = write_report(
                self.folder, self.model, plate=plate, on_step=stages.step, workers=workers
            )
        spent = time.perf_counter() - started
        self.seconds.update(add_seconds(self.folder, "report", spent))
        return self.pages

    def __str__(self) -> str:
        counts = self.counts
        first = (
            ", those likely to be inactive first," if self.table.ranked.wanted != "active" else ""
        )
        over = f", {counts.passed_over} passed over" if counts.passed_over else ""
        return (
            f"{counts.read} rows read: {counts.scored} scored{over}, {counts.rejected} rejected; "
            f"{len(self.table)} hits{first} in {self.folder / 'hits.csv'}"
        )

    def _repr_html_(self) -> str:
        pages = "".join(
            f'<li><a href="{html.escape(str(p), quote=True)}">{html.escape(p.name)}</a></li>'
            for p in self.pages
        )
        return f"<p>{html.escape(str(self))}</p><ul>{pages}</ul>{self.hits.head(_SHOWN).to_html()}"


def screen(
    sources: str | Path | Sequence[str | Path],
    model: AnyModel,
    output: str | Path,
    *,
    report: bool = True,
    plate: PlateOptions | None = None,
    workers: int | None = None,
    progress: bool = True,
    announce: Announce = silent,
    warn: Announce = lambda sentence: warnings.warn(sentence, stacklevel=4),
    **options: Any,
) -> Run:
    """Score a library, rank it, and write what `ebmscreen screen` writes.

    A run that was stopped continues when the same call is made again.

    Parameters
    ----------
    sources
        Files of any size, globs, or prepared libraries.
    model
        A model file, or a fitted classifier, which is then kept in the folder.
    output
        Folder of the run: `hits.csv`, `rejects.csv`, `scores/`, `run.json`, `report.html`.
    report
        Whether the report is written.
    plate
        What a plate of compounds to buy should be like; none is picked when None.
    workers
        Processes; all usable cores when None. The result is the same for any number.
    progress
        Whether a bar is shown.
    announce
        Is told what was recognised in each file.
    warn
        Is told what to be careful about; Python's warnings when not given.
    **options
        Settings of `ScreenOptions`, such as `top`, `rank_by`, `wanted`, `require`, `exclude`,
        `risk`, `prevalence`, `title`, `first_pass` and `recall`.

    Returns
    -------
    Run

    Raises
    ------
    UserError
        The library or the model cannot be read, the folder holds another run, or nothing can be
        written.

    Examples
    --------
    >>> from screening import ScreeningClassifier, screen
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> model = ScreeningClassifier(
    ...     hidden=(8,), ensemble_size=1, blend="none", folds=2, progress=False
    ... ).fit(acids + amines, [1] * 15 + [0] * 15)
    >>> with open("vendor.csv", "w") as file:
    ...     print("name,smiles", "A,CCCCCCN", "B,CCCCCC(=O)O", "C,C(C", sep=chr(10), file=file)
    >>> run = screen("vendor.csv", model, "run", report=False, progress=False)
    >>> run.hits["id"].tolist()
    ['B', 'A']
    >>> run.rejects[["row", "id", "reason"]].to_dict("records")
    [{'row': 4, 'id': 'C', 'reason': 'parse'}]
    """
    folder = Path(output)
    path = _model_file(model, folder)
    settings = ScreenOptions(workers=workers or usable_cores(), **options)
    files = [sources] if isinstance(sources, str | Path) else list(sources)
    with Rows(progress) as rows:
        done: RunSummary = score_library(
            [str(file) for file in files],
            path,
            folder,
            settings,
            announce=announce,
            warn=warn,
            on_progress=lambda counts, share: rows.show(counts.read, counts.rejected, share),
        )
    run = Run(folder, done.counts, done.model, done.hits, done.seconds)
    if report:
        run.write_report(plate, settings.workers, progress=progress)
    return run


def _model_file(model: AnyModel, run: Path) -> Path:
    """Return the file of a model; a fitted one is written to the run's folder first."""
    if isinstance(model, str | Path):
        return Path(model)
    trained = model if isinstance(model, ScreeningModel) else model.model_
    path = run / MODEL
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / MODEL
        save_model(trained, fresh)
        if not path.is_file():
            run.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh, path)
        elif file_hash(path) != file_hash(fresh):
            raise UserError(f"{run} holds a run of another model; write to another folder.")
    return path


def predict(
    compounds: Any,
    model: AnyModel | ScreeningRegressor,
    *,
    smiles_column: str | None = None,
    id_column: str | None = None,
    sheet: str | None = None,
    risk: float = 0.1,
    prevalence: float | None = None,
    workers: int | None = None,
    announce: Announce = silent,
) -> pd.DataFrame:
    """Return what a model says of each compound of a file or a sequence, in its order.

    Parameters
    ----------
    compounds : str, Path or sequence of n str or Mol
        A table of compounds by its path, or SMILES or molecules.
    model
        A model file, or a fitted estimator.
    smiles_column, id_column
        Of the file; guessed where there is one candidate.
    sheet
        Of an Excel file; its first when None.
    risk, prevalence
        See `ScreeningClassifier.predict_table`; a regressor takes the risk alone.
    workers
        Processes, where compounds are many; all usable cores when None. The result is the same for
        any number.
    announce
        Is told what was recognised in the file.

    Returns
    -------
    DataFrame
        One row an input. Columns of the file follow those of the model, `input_<name>` where a
        name is taken.

    Raises
    ------
    UserError
        The file or the model cannot be read.

    Examples
    --------
    >>> from screening import ScreeningClassifier, predict
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> model = ScreeningClassifier(
    ...     hidden=(8,), ensemble_size=1, blend="none", folds=2, progress=False
    ... ).fit(acids + amines, [1] * 15 + [0] * 15)
    >>> table = predict(["CCCCCCN", "C(C", "CCCCCC(=O)O"], model)
    >>> table["reason"].tolist()
    ['', 'parse', '']
    >>> bool(table["score"][2] > table["score"][0])
    True
    """
    import pandas as pd

    from screening.classifier import ScreeningClassifier

    # The caller's own estimator keeps its settings.
    fitted = copy(_fitted(model)).set_params(n_jobs=workers or -1)
    told = partial(fitted.predict_table, risk=risk)
    if isinstance(fitted, ScreeningClassifier):
        told = partial(fitted.predict_table, risk=risk, prevalence=prevalence)
    elif prevalence is not None:
        raise UserError("prevalence restates scores, and the model predicts values alone.")
    if not isinstance(compounds, str | Path):
        return told(compounds)
    table = read_table(
        str(compounds),
        smiles_column=smiles_column,
        id_column=id_column,
        sheet=sheet,
        announce=announce,
    )
    # In a row with too many cells nobody knows which one is the structure.
    clear = ["" if i in table.problems else text for i, text in enumerate(table.smiles)]
    found = told(clear, ids=table.ids)
    found["smiles"] = table.smiles
    for position, problem in table.problems.items():
        found.loc[position, ["reason", "message"]] = ["parse", problem]
    others = table.cells.drop(columns=[n for n in (table.columns.smiles, table.columns.id) if n])
    others = others.rename(columns=free_names(others.columns, found.columns))
    return pd.concat([found, others.set_axis(found.index)], axis=1)


def _fitted(model: AnyModel | ScreeningRegressor) -> ScreeningClassifier | ScreeningRegressor:
    from screening.classifier import ScreeningClassifier, load_model
    from screening.regressor import ScreeningRegressor

    if isinstance(model, ScreeningClassifier | ScreeningRegressor):
        return model
    if isinstance(model, ScreeningModel):
        return ScreeningClassifier.of_model(model)
    return load_model(model)


def pretrain(
    sources: str | Path | Sequence[str | Path],
    options: ModelOptions | None = None,
    *,
    rows: int = 20_000,
    smiles_column: str | None = None,
    sheet: str | None = None,
    progress: bool = True,
    announce: Announce = silent,
) -> Pretrained:
    """Pretrain a stack of RBMs on compounds without labels, for any assay to start from.

    Experimental: over ten assays with 50 to 200 labels it gained nothing beyond chance (see
    docs/benchmarks.md).

    Parameters
    ----------
    sources
        Files or globs.
    options
        Features, standardisation, sizes, epochs and seed; the defaults when None.
    rows
        How many rows are drawn, evenly from all files.
    smiles_column
        Guessed where there is one candidate.
    sheet
        Of Excel files; the first of each when None.
    progress
        Whether a bar is shown.
    announce
        Is told what was recognised in each file, and what was done.

    Returns
    -------
    Pretrained
        For `ScreeningClassifier(pretrained=...)`, and for `screening.model.save_pretrained`.

    Raises
    ------
    UserError
        A file cannot be read, or holds no molecules.

    Examples
    --------
    >>> from screening import ModelOptions, ScreeningClassifier, pretrain
    >>> with open("library.smi", "w") as file:
    ...     print(*("C" * n + "O" for n in range(1, 60)), sep=chr(10), file=file)
    >>> options = ModelOptions(features=("morgan_counts",), hidden=(8,))
    >>> stack = pretrain("library.smi", options, progress=False)
    >>> stack.provenance["molecules"], stack.dbn.sizes[1:]
    (59, [8])
    >>> ScreeningClassifier(pretrained=stack).get_params()["pretrained"] is stack
    True
    """
    from screening.model import pretrain_on

    started = time.perf_counter()
    settings = options or ModelOptions()
    files = [sources] if isinstance(sources, str | Path) else list(sources)
    with Stages(progress) as stages:
        drawn = draw_unlabelled(
            [str(file) for file in files],
            rows,
            standardiser=Standardiser(settings.standardize),
            limits=settings.limits,
            seed=settings.seed,
            smiles_column=smiles_column,
            sheet=sheet,
            announce=announce,
            on_step=stages.step,
        )
        pretrained = pretrain_on(
            drawn.molecules(), settings, origin=drawn.described(), on_step=stages.step
        )
    reasons = ", ".join(f"{count} {reason}" for reason, count in drawn.rejected.items())
    made = pretrained.provenance
    announce(
        f"pretrained on {made['molecules']} molecules, of {drawn.drawn} rows drawn from "
        f"{drawn.read} (rejected: {reasons or 'none'}), {made['columns']} columns, "
        f"{time.perf_counter() - started:.0f} s."
    )
    return pretrained

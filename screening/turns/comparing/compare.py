"""Two models or two runs compared in one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from screening.assay import Assay, read_assay
from screening.errors import UserError
from screening.model import ScreeningModel, load_model
from screening.progress import OnStep, Stages
from screening.runs import AnyModel, Run
from screening.systems import usable_cores
from screening.tables import Announce, AssayTable, read_table, silent
from screening.turns.comparing.models.stored import compare_stored
from screening.turns.comparing.models.two_models import TwoModels
from screening.turns.comparing.models.unseen import compare_unseen
from screening.turns.comparing.record import FIRST, SECOND, Comparison
from screening.turns.comparing.runs import compare_runs

if TYPE_CHECKING:
    from screening.turns.comparing.models.retrained import SplitKind

Results: TypeAlias = "str | Path | AssayTable | Assay"
# Where trained results are kept in the folder of a comparison.
_KEPT = "retrained"
# What folders have whose report must not be replaced.
_OTHERS = ("run.json", "study.json")
_COLUMNS = ("smiles_column", "id_column", "sheet")


@dataclass(frozen=True)
class _Task:
    """What several ways to compare need."""

    split: SplitKind
    splits: int
    seed: int
    workers: int
    on_step: OnStep
    announce: Announce


def compare(
    a: AnyModel | Run,
    b: AnyModel | Run,
    *,
    results: Results | None = None,
    assay: Results | None = None,
    output: str | Path | None = None,
    split: SplitKind = "scaffold",
    splits: int = 10,
    top: int | None = None,
    explained: int = 12,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
    announce: Announce = silent,
    **reading: Any,
) -> Comparison:
    """Say which of two models is better and how sure that is, or what changed between two runs.

    Two models are judged on `results`, without the compounds that either has learned from; or
    trained again by their own options on the same splits of `assay`; or, with neither, described by
    what their files hold. Two runs are matched by structure.

    Parameters
    ----------
    a, b
        Two model files or fitted classifiers; or two folders of finished screens, or two `Run`.
    results, assay
        Tested compounds, of which at most one may be given, and for models only: a file, or what
        `read_assay` returned.
    output
        Folder of the page and of all tables as CSV, or a name that ends in .html for the page
        alone. Nothing is written when None.
    split : {'scaffold', 'cluster', 'random'}
        What is held out of `assay`.
    splits : int
        How often. With a folder as `output`, each is kept as soon as it is there, and a comparison
        that was stopped goes on.
    top : int, optional
        How many of the best compounds of two runs; as many as both have when None.
    explained : int
        Compounds of two runs whose change is explained atom by atom.
    seed : int
        Of the resamples, or of the splits.
    workers : int, optional
        Processes; all usable cores when None. The result is the same for any number.
    progress : bool
        Whether a bar is shown.
    announce
        Is told what was recognised in the file.
    **reading
        How a file is read: `targets`, `active_above` and what else `read_assay` takes.

    Returns
    -------
    Comparison
        Prints as what `ebmscreen compare` prints.

    Raises
    ------
    UserError
        The two are not of one kind, cannot be read or have nothing in common, or the results do
        not suffice.

    Examples
    --------
    >>> from screening import ScreeningClassifier, compare
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> quick = {"hidden": (8,), "ensemble_size": 1, "blend": "none", "folds": 2}
    >>> old, new = (
    ...     ScreeningClassifier(**quick, epochs=n, progress=False).fit(
    ...         acids + amines, [1] * 15 + [0] * 15
    ...     )
    ...     for n in (2, 3)
    ... )
    >>> with open("results.csv", "w") as file:
    ...     print("smiles,active", "CC(C)CC(=O)O,1", "CC(C)CCN,0", "CCN,0", sep=chr(10), file=file)
    >>> found = compare(old, new, results="results.csv", progress=False)
    >>> found.headline
    'Cannot tell which ranks better'
    >>> found.tables["compounds"]["left_out"].tolist()
    ['', '', 'in the training set of both']
    """
    if output is not None and any((Path(output) / name).exists() for name in _OTHERS):
        raise UserError(f"{output} holds a run or a study with a report; write to another folder.")
    kinds = [_is_run(one) for one in (a, b)]
    if kinds[0] != kinds[1]:
        run, model = (FIRST, SECOND) if kinds[0] else (SECOND, FIRST)
        raise UserError(
            f"{run} is a run and {model} is a model; compare two models, or two runs (the folders "
            "that `ebmscreen screen -o` wrote)."
        )
    with Stages(progress) as stages:
        task = _Task(split, splits, seed, workers or usable_cores(), stages.step, announce)
        if kinds[0]:
            if results is not None or assay is not None:
                raise UserError(
                    "results and assays (--results, --assay) are for two models; give the models "
                    "of the two runs."
                )
            found = compare_runs(
                *(_folder(one) for one in (a, b)),
                top=top,
                explained=explained,
                workers=task.workers,
                on_step=task.on_step,
            )
        else:
            folder = None
            if output is not None and Path(output).suffix.lower() != ".html":
                folder = Path(output) / _KEPT
            found = _compare_models(_two(a, b), results, assay, folder, task, reading)
    if output is not None:
        found.write(output)
    return found


def _compare_models(
    two: TwoModels,
    results: Results | None,
    assay: Results | None,
    folder: Path | None,
    task: _Task,
    reading: dict[str, Any],
) -> Comparison:
    if results is not None and assay is not None:
        raise UserError(
            "both results and an assay are given (--results, --assay); the one judges the two "
            "models as they are, the other trains them again: give one of them."
        )
    if results is not None:
        curated, texts = _read(results, two, task, reading)
        return compare_unseen(
            two, curated, texts, seed=task.seed, workers=task.workers, on_step=task.on_step
        )
    if assay is not None:
        # What trains is loaded only when it is wanted.
        from screening.turns.comparing.models.retrained import Splits, compare_retrained

        splits = Splits(task.split, task.splits, task.seed)
        curated, texts = _read(assay, two, task, reading)
        return compare_retrained(
            two, curated, texts, splits, folder=folder, workers=task.workers, on_step=task.on_step
        )
    return compare_stored(two, seed=task.seed)


def _read(
    given: Results, two: TwoModels, task: _Task, reading: dict[str, Any]
) -> tuple[Assay, list[str]]:
    """Return tested compounds, and the structure of each as its file has it."""
    if isinstance(given, Assay):
        return given, given.smiles
    if isinstance(given, AssayTable):
        table = given
    else:
        columns = {name: reading.pop(name) for name in _COLUMNS if name in reading}
        table = read_table(str(given), **columns, announce=task.announce)
    curated = read_assay(
        table, standardize=two.level, workers=task.workers, announce=task.announce, **reading
    )
    for sentence in (*curated.ledger.sentences(), *curated.ledger.warnings):
        task.announce(sentence)
    text = dict(zip(table.rows.tolist(), table.smiles, strict=True))
    return curated, [text[row] for row in np.asarray(curated.rows).tolist()]


def _is_run(given: AnyModel | Run) -> bool:
    if not isinstance(given, str | Path):
        return isinstance(given, Run)
    if not Path(given).exists():
        raise UserError(f"{given}: there is no such model file, and no such run.")
    return Path(given).is_dir()


def _folder(given: Any) -> Path:
    return given.folder if isinstance(given, Run) else Path(given)


def _two(a: Any, b: Any) -> TwoModels:
    (first, name_a), (second, name_b) = (_opened(one) for one in (a, b))
    return TwoModels(first, second, (name_a, name_b))


def _opened(given: Any) -> tuple[ScreeningModel, str]:
    if isinstance(given, str | Path):
        return load_model(Path(given)), str(given)
    if isinstance(given, ScreeningModel):
        return given, "a model in memory"
    return given.model_, "a classifier in memory"

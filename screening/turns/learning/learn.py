"""One turn of the wheel: judge a model on results, then train the next one with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.assay import Assay
from screening.chemistry import murcko_scaffold
from screening.errors import UserError
from screening.model import (
    SHIPPED,
    Judged,
    Pretrained,
    ScreeningModel,
    Turn,
    load_pretrained,
    save_model,
    train_model,
)
from screening.model import load_model as read_model
from screening.model.turns import Compared
from screening.model.verdict import turn_sentences
from screening.progress import OnStep, Stages, ignore_steps
from screening.systems import usable_cores
from screening.tables import Announce, silent
from screening.trust import Drift, measure_drift
from screening.turns.learning.foretold import Foretold, foretell
from screening.turns.learning.gain import compare_rankings
from screening.turns.learning.judgement import judge
from screening.turns.learning.pooling import learned_assay, pooled
from screening.turns.learning.results import Results, ResultsOptions, read_results

if TYPE_CHECKING:
    import pandas as pd

    from screening.classifier import ScreeningClassifier


@dataclass(frozen=True)
class Learned:
    """A turn: the judgement of one model, and the next one.

    Attributes
    ----------
    turn : Turn
        What the judged model was worth on the results, and what the next one gained.
    model : ScreeningModel
        Trained on all compounds; its `turns` ends with this one.
    """

    turn: Turn
    model: ScreeningModel

    @property
    def judged(self) -> dict[str, Judged]:
        """The judgement of each task that has results."""
        return self.turn.judged

    @property
    def classifier(self) -> ScreeningClassifier:
        """The new model as a fitted classifier."""
        from screening.classifier import ScreeningClassifier

        return ScreeningClassifier.of_model(self.model)

    def __str__(self) -> str:
        return "\n".join(turn_sentences(self.turn))


def learn(
    model: str | Path | ScreeningClassifier | ScreeningModel,
    results: str | Path | pd.DataFrame,
    *,
    output: str | Path | None = None,
    risk: float = 0.1,
    prevalence: float | None = None,
    pretrained: str | Path | Pretrained | None = None,
    force: bool = False,
    workers: int | None = None,
    progress: bool = True,
    announce: Announce = silent,
    **options: Any,
) -> Learned:
    """Judge a model on results that it has not seen, and train the next one on all.

    Parameters
    ----------
    model
        A model file, or a fitted classifier.
    results
        A table of measured compounds, by its path or as a DataFrame: with structures, or with the
        names of a run's compounds (`run`). Columns with the names of the model's tasks are read by
        the rules of the model: its thresholds and units.
    output
        The new model's file; kept in memory only when None.
    risk
        Of the prediction sets that are judged.
    prevalence
        Share of actives that the scores were stated for.
    pretrained
        The stack that the model began from, where it began from one.
    force
        Whether a model is trained where all results were known before.
    workers
        Processes; all usable cores when None. The result is the same for any number.
    progress
        Whether a bar is shown.
    announce
        Is told what was recognised in the file.
    **options
        How the table is read: `run`, `smiles_column`, `id_column`, `sheet`, `targets` (names of
        columns, or `TASK=COLUMN`), `active_above`, `active_below`, `relation_column`,
        `units_column`, `conflicts`, `date`, `date_column`.

    Returns
    -------
    Learned

    Raises
    ------
    UserError
        The results cannot be read, are of another assay or in other units, or teach nothing new.

    Examples
    --------
    >>> import pandas as pd
    >>> from screening import ScreeningClassifier, learn
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> model = ScreeningClassifier(
    ...     hidden=(8,), ensemble_size=1, blend="none", folds=2, progress=False
    ... ).fit(acids + amines, [1] * 15 + [0] * 15)
    >>> plate = pd.DataFrame({"smiles": ["OCCC(=O)O", "OCCCN"], "active": [1, 0]})
    >>> learned = learn(model, plate, progress=False, workers=1)
    >>> judged = learned.judged["active"]
    >>> judged.n, judged.n_active
    (2, 1)
    >>> len(learned.model.training), len(learned.model.turns)
    (32, 1)
    >>> learned.classifier.predict(["CCCCCC(=O)O", "CCCCCCN"])
    array([1, 0])
    """
    judged = _model(model)
    processes = workers or usable_cores()
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}
    if isinstance(options.get("targets"), str):
        options["targets"] = (options["targets"],)
    read = read_results(
        judged, results, ResultsOptions(**options), workers=processes, announce=announce
    )
    if isinstance(pretrained, str | Path):
        pretrained = load_pretrained(Path(pretrained))
    with Stages(progress) as stages:
        learned = learn_from(
            judged,
            read,
            risk=risk,
            prevalence=prevalence,
            pretrained=pretrained,
            force=force,
            workers=processes,
            on_step=stages.step,
        )
    if output is not None:
        save_model(learned.model, Path(output))
    return learned


def _model(model: str | Path | ScreeningClassifier | ScreeningModel) -> ScreeningModel:
    if isinstance(model, ScreeningModel):
        return model
    return read_model(Path(model)) if isinstance(model, str | Path) else model.model_


OnJudged = Callable[[Mapping[str, Judged]], None]


def _not_told(judged: Mapping[str, Judged]) -> None:
    del judged


def learn_from(
    model: ScreeningModel,
    results: Results,
    *,
    risk: float = 0.1,
    prevalence: float | None = None,
    pretrained: Pretrained | None = None,
    seed: int | None = None,
    force: bool = False,
    workers: int = 1,
    on_judged: OnJudged = _not_told,
    on_step: OnStep = ignore_steps,
) -> Learned:
    """Judge, and only then train.

    Parameters
    ----------
    model
        Judged as it is; it does not change.
    results
    risk, prevalence, pretrained, force
        See `learn`.
    seed
        Of the new model; that of the judged one when None.
    workers, on_step
        See `train_model`.
    on_judged
        Is told the judgement before anything is trained.

    Raises
    ------
    UserError
        All results were known before, and `force` is not given.
    """
    foretold = foretell(model, results.assay)
    if not force and foretold.seen[~np.isnan(results.assay.labels)].all():
        raise UserError(
            f"{results.name}: the model has learned all {len(results.assay)} compounds already, so "
            "nothing is left to judge it by; force (--force) trains with them nevertheless."
        )
    judged = judge(model, foretold, results.assay, risk=risk, prevalence=prevalence)
    on_judged(judged)
    known = learned_assay(model)
    assay = pooled(known, results.assay, results.assay.conflicts)
    options = model.options if seed is None else replace(model.options, seed=seed)
    if pretrained is not None:
        options = pretrained.applied_to(options)
    trained = train_model(assay, options, pretrained=pretrained, workers=workers, on_step=on_step)
    for name in ("labels", "tuning"):
        if name in model.provenance:
            trained.provenance[name] = model.provenance[name]
    ledger = results.assay.ledger
    added = len(set(results.assay.smiles) - set(known.smiles))
    turn = Turn(
        number=len(model.turns) + 1,
        results=results.name,
        results_hash=results.sha256,
        date=results.date,
        judged_model=model.model_hash,
        rows=ledger.read,
        compounds=len(results.assay),
        rejected=len(ledger.rejects),
        added=added,
        repeated=len(results.assay) - added,
        judged=judged,
        drift=_drift(model, foretold, results.assay),
        on_known=_compared(model, trained, _held_out(model)),
        on_results=_compared(model, trained, _unseen(foretold, known, results.assay)),
    )
    trained.turns = [*model.turns, turn]
    return Learned(turn, trained)


def _drift(model: ScreeningModel, foretold: Foretold, results: Assay) -> Drift | None:
    """Compare the new compounds of the first task that has any with those learned from."""
    for task in range(len(model.tasks)):
        rows = ~np.isnan(results.labels[:, task]) & ~foretold.seen[:, task]
        if rows.any():
            return measure_drift(
                model.training.fingerprints,
                foretold.fingerprints[rows],
                foretold.scores.nearest_similarity[rows],
                active_known=model.calibrations[task].base_rate,
                active_expected=float(foretold.scores.score[rows, task].mean()),
                active_measured=float(results.labels[rows, task].mean()),
                seed=model.options.seed,
            )
    return None


Said = list[Mapping[str, float]]


def _held_out(model: ScreeningModel) -> Said:
    """Return what the model said of the compounds that it had held out, a task at a time."""
    training = model.training
    scores = training.held_out[SHIPPED]
    return [dict(zip(training.smiles, column.tolist(), strict=True)) for column in scores.T]


def _unseen(foretold: Foretold, known: Assay, results: Assay) -> Said:
    """Return what the model said of results of scaffolds that it had not seen, a task at a time.

    The next model holds out whole scaffolds: of these compounds alone both know equally little.
    """
    learned = {murcko_scaffold(mol) for mol in known.mols}
    strange = np.array([murcko_scaffold(mol) not in learned for mol in results.mols], np.bool_)
    found: Said = []
    for task, column in enumerate(foretold.scores.score.T):
        rows = np.flatnonzero(~foretold.seen[:, task] & strange).tolist()
        found.append({results.smiles[row]: float(column[row]) for row in rows})
    return found


def _compared(model: ScreeningModel, trained: ScreeningModel, before: Said) -> dict[str, Compared]:
    """Compare what the judged model said with what the new one said while it held them out."""
    found = {}
    now = _held_out(trained)
    training = trained.training
    for task, name in enumerate(model.tasks):
        labels = dict(zip(training.smiles, training.labels[:, task].tolist(), strict=True))
        shared = [smiles for smiles in before[task] if smiles in labels]
        columns = np.array(
            [(labels[s], before[task][s], now[task][s]) for s in shared], dtype=np.float64
        ).reshape(-1, 3)
        columns = columns[~np.isnan(columns).any(axis=1)]
        compared = compare_rankings(*columns.T)
        if compared is not None:
            found[name] = compared
    return found

"""Two models trained again on the same splits of one assay, each by its own options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from screening.assay import Assay
from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.errors import UserError
from screening.evaluation import paired_difference
from screening.evaluation.metrics import METRICS
from screening.learners import CalibratedBlend, Compounds, ModelOptions, Part
from screening.learners.networks import DivergedError
from screening.learners.values.blend import ValueBlend
from screening.learners.values.learner import Measured, ValueVoices, measured_tasks
from screening.model import ScreeningModel, versions
from screening.model.provenance import data_hash
from screening.progress import OnStep, ignore_steps
from screening.report.wording import count
from screening.study import PlannedSplit, plan_splits
from screening.study.folder import (
    Result,
    begin_or_continue,
    read_result,
    result_path,
    write_result,
)
from screening.study.run import result_on
from screening.study.tables import figures_on, membership
from screening.study.values import value_figures, values_on
from screening.turns.comparing.models.two_models import (
    Compared,
    TwoModels,
    figures_section,
    figures_table,
    of_tasks,
)
from screening.turns.comparing.models.values import SHOWN, values_sentence
from screening.turns.comparing.record import FIRST, SECOND, Comparison, Section
from screening.turns.comparing.verdict import (
    Verdict,
    probability_sentence,
    ranking_verdict,
    together,
)

SplitKind = Literal["scaffold", "cluster", "random"]
# Any share will do: no figure that depends on it is shown.
_PREVALENCE = 0.01


@dataclass(frozen=True)
class Splits:
    """How compounds are held out.

    Attributes
    ----------
    kind : str
        scaffold, cluster or random.
    count : int
    seed : int
        Of the splits, and of the models trained on them.
    """

    kind: SplitKind = "scaffold"
    count: int = 10
    seed: int = 0


def compare_retrained(
    two: TwoModels,
    assay: Assay,
    texts: Sequence[str],
    splits: Splits | None = None,
    *,
    folder: Path | None = None,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> Comparison:
    """Train both models anew on the same parts of an assay, and judge them on the same others.

    Parameters
    ----------
    two
        Of which only the options count.
    assay
        Curated; its tasks are those that are judged.
    texts : sequence of str
        The structure of each compound as its file has it.
    splits
    folder : Path, optional
        Where each result is kept as soon as it is there: a comparison that was stopped goes on.
    workers : int
        Processes; the results are the same for any number.
    on_step
        Is told how far the work is.

    Raises
    ------
    UserError
        A split cannot be made, networks diverge, or the folder holds another comparison.
    """
    splits = splits or Splits()
    both, dropped = _compounds(two, assay, texts, workers)
    measured = _values_to_judge(two, both[0].assay)
    planned = plan_splits(both[0], splits.kind, splits.count, splits.seed)
    if folder is not None:
        begin_or_continue(folder, _identity(two, both[0].assay, splits))
    found: dict[str, list[Result]] = {FIRST: [], SECOND: []}
    for done, (split, letter, compounds, model) in enumerate(_jobs(planned, both, two)):
        on_step("models on splits", done, 2 * len(planned))
        path = None if folder is None else result_path(folder, split.name, letter, None)
        sizes = len(split.parts.valid), len(split.parts.test), compounds.labels.shape[1]
        result = None if path is None else read_result(path, *sizes, valued=bool(measured))
        if result is None:
            result = _result(compounds, model.options, split, letter, measured, workers)
            if path is not None:
                write_result(path, result)
        found[letter].append(result)
    on_step("models on splits", 2 * len(planned), 2 * len(planned))
    return _told(two, both[0], measured, planned, found, dropped)


def _values_to_judge(two: TwoModels, assay: Assay) -> dict[int, Measured]:
    """Return the values of each task by its place, where both models predict values; else none."""
    if all(model.values for _, model in two.both):
        return measured_tasks(assay)
    return {}


def _identity(two: TwoModels, assay: Assay, splits: Splits) -> dict[str, Any]:
    return {
        "ebmscreen": versions()["ebmscreen"],
        "assay": data_hash(assay),
        "tasks": list(assay.tasks),
        "split": splits.kind,
        "seed": splits.seed,
        **{f"options of {letter}": model.options.to_dict() for letter, model in two.both},
    }


def _jobs(
    planned: Sequence[PlannedSplit], both: Sequence[Compounds], two: TwoModels
) -> Iterator[tuple[PlannedSplit, str, Compounds, ScreeningModel]]:
    for split in planned:
        for compounds, (letter, model) in zip(both, two.both, strict=True):
            yield split, letter, compounds, model


def _result(
    compounds: Compounds,
    options: ModelOptions,
    split: PlannedSplit,
    letter: str,
    measured: dict[int, Measured],
    workers: int,
) -> Result:
    parts = split.parts
    part = Part(
        compounds,
        parts.train,
        asked=np.concatenate([parts.valid, parts.test]),
        validation=parts.valid,
    )
    options, n_valid = replace(options, seed=split.seed), len(parts.valid)
    learner = CalibratedBlend(options)
    try:
        result = result_on(part, learner, n_valid, workers=workers, on_step=ignore_steps)
    except DivergedError as error:
        raise UserError(
            f"the networks of {letter} diverge on {split.name} of {compounds.assay.ledger.source} "
            f"({error}); its options do not suit this assay."
        ) from error
    if not measured:
        return result

    def learner_of(known: Measured) -> ValueBlend:
        return ValueBlend(ValueVoices(options, known))

    values = values_on(part, learner_of, measured, n_valid, workers=workers, on_step=ignore_steps)
    return replace(result, values=values)


def _compounds(
    two: TwoModels, assay: Assay, texts: Sequence[str], workers: int
) -> tuple[tuple[Compounds, Compounds], int]:
    """Return the same compounds as each model sees them, and how many one of them cannot read."""
    seen = [_as_seen(assay, texts, model.options) for _, model in two.both]
    readable = np.array([None not in pair for pair in zip(*seen, strict=True)], dtype=bool)
    rows = np.flatnonzero(readable)
    if not len(rows):
        raise UserError(f"{assay.ledger.source}: no compound of it can be read by both models.")
    taken = assay.take(rows)
    first, second = (replace(taken, mols=[mols[row] for row in rows]) for mols in seen)
    both = Compounds(first, workers), Compounds(second, workers)
    return both, len(assay) - len(rows)


def _as_seen(assay: Assay, texts: Sequence[str], options: ModelOptions) -> list[Any]:
    """Return each compound as a model standardises it; None where it cannot be read."""
    if options.standardize == assay.standardize:
        return list(assay.mols)
    standardiser = Standardiser(options.standardize)
    found = [prepare_molecule(text, standardiser, options.limits) for text in texts]
    return [None if isinstance(mol, Failure) else mol for mol in found]


def _told(
    two: TwoModels,
    compounds: Compounds,
    measured: dict[int, Measured],
    planned: Sequence[PlannedSplit],
    found: dict[str, list[Result]],
    dropped: int,
) -> Comparison:
    rows: list[dict[str, Any]] = [
        {
            "split": split.name,
            "model": letter,
            "task": name,
            **figures_on(compounds.labels[:, place], split.parts, result, place, _PREVALENCE),
            **_of_values(measured.get(place), split, result, place),
        }
        for letter, results in found.items()
        for split, result in zip(planned, results, strict=True)
        for place, name in enumerate(compounds.assay.tasks)
    ]
    table = pd.DataFrame(rows).drop(columns="hits_in_top_100")
    ratio = sum(len(s.parts.test) for s in planned) / sum(len(s.parts.train) for s in planned)
    judged = [
        _judge(table[table.task == name], name, ratio, measured.get(place))
        for place, name in enumerate(compounds.assay.tasks)
    ]
    verdict = together([own for own, *_ in judged])
    figures = {own.task: figures for own, figures, _ in judged}
    return Comparison(
        "Two models trained again on the same splits",
        *two.names,
        headline=verdict.headline,
        verdict=verdict.sentence,
        notes=(*two.notes(), *_notes(two, compounds.assay, dropped)),
        sections=of_tasks([section for *_, section in judged]),
        tables={
            "figures": figures_table(figures, "splits"),
            "splits": table,
            "parts": membership(compounds.assay, planned),
        },
    )


def _of_values(
    known: Measured | None, split: PlannedSplit, result: Result, place: int
) -> dict[str, float]:
    """Return the figures of predicted values; no columns for a task without."""
    return {} if known is None else value_figures(known, split.parts.test, result, place)


def _judge(
    table: pd.DataFrame, task: str, ratio: float, known: Measured | None
) -> tuple[Verdict, dict[str, Compared], Section]:
    ours, theirs = (table[table.model == letter] for letter in (FIRST, SECOND))
    figures = {
        key: Compared(
            float(ours[key].mean()),
            float(theirs[key].mean()),
            paired_difference(theirs[key], ours[key], ratio),
        )
        for key in (*METRICS, *(() if known is None else SHOWN))
    }
    auc, brier = figures["roc_auc"], figures["brier"]
    n = auc.difference.n
    where = "on its test part" if n == 1 else f"on the test parts of the same {n} splits"
    verdict = ranking_verdict(auc[:2], auc.difference, where)
    sentences = [
        verdict.sentence,
        (
            f"{SECOND} ranks better on {auc.difference.above} and {FIRST} on "
            f"{auc.difference.below} of {n}{_effect(auc)}."
        ),
        probability_sentence(brier[:2], brier.difference),
    ]
    if known is not None:
        sentences.append(values_sentence(figures["rmse"], known.scale.describe(), where))
    sentences.append("Intervals know that the splits overlap (Nadeau and Bengio).")
    section = figures_section(task, figures, sentences)
    return replace(verdict, task=task), figures, section


def _effect(auc: Compared) -> str:
    """Say how large a difference is beside its spread over the splits."""
    if not auc.difference.sd > 0:
        return ""
    size = auc.difference.mean / auc.difference.sd
    return f"; the mean difference is {size:+.2f} standard deviations of one split’s difference"


def _notes(two: TwoModels, assay: Assay, dropped: int) -> Iterator[str]:
    yield (
        "Both were trained anew by their own options, on parts of this assay: what is judged is "
        "how they are made, not the files."
    )
    for letter, model in two.both:
        if model.provenance.get("pretrained"):
            yield (
                f"{letter} was trained from a pretrained stack, which its file does not hold; here "
                "it was trained without."
            )
        if set(model.tasks) != set(assay.tasks):
            yield (
                f"{letter} was made for {', '.join(model.tasks)}; here it was trained on "
                f"{', '.join(assay.tasks)}."
            )
    if dropped:
        yield f"Left out, because one of the two cannot read them: {count(dropped, 'compound')}."

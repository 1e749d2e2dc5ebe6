"""Searches settings on inner folds, and chooses others than the default only if they are better."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from screening.assay import Assay
from screening.errors import UserError
from screening.learners import Compounds, ModelOptions
from screening.model import Pretrained, ScreeningModel
from screening.progress import OnStep
from screening.tuning.file import SearchFile, identity
from screening.tuning.judging import DIVERGED, PARTS, Judge, cut, divide, score_on_unseen
from screening.tuning.records import Comparison, Trial, Tuned, Verdict
from screening.tuning.sampling import propose
from screening.tuning.space import (
    OF_THE_STACK,
    Space,
    applied,
    settings_of,
    space_around,
)

# A trial trains 6 networks; a model with its cross-validation trains 14.
INNER_FOLDS = 3
# The best trial has won among many, by luck too: it meets the default again on other folds.
CHECK_FOLDS = 5
# In the seeds of cuts and networks, so that none of them is that of another step or of the model.
_DIVIDE, _SEARCH, _CHECK, _UNSEEN, _PROPOSE = 71, 72, 73, 74, 75


def tune(
    assay: Assay,
    options: ModelOptions,
    path: Path,
    n_trials: int,
    *,
    fixed: Collection[str] = (),
    pretrained: Pretrained | None = None,
    workers: int = 1,
    on_step: OnStep,
    on_trial: Callable[[Trial], None] = lambda _: None,
) -> Tuned:
    """Search, check the best against the default, and judge both by compounds never seen.

    Experimental: no gain over the default was shown (docs/decisions.md).

    Parameters
    ----------
    assay : Assay
    options : ModelOptions
        The default: settings of the first trial, and all that is not searched.
    path : Path
        File of the search. One that is there is continued; of more trials than asked for, the
        first ones count.
    n_trials : int
        In all.
    fixed : collection of str
        Names of options that stay as they are.
    pretrained : Pretrained, optional
        Whose features and sizes stay, too.
    workers : int
        Processes; the result is the same for any number.
    on_step : callable
        Told (stage, done, total).
    on_trial : callable
        Told each new trial.

    Raises
    ------
    UserError
        The file is damaged or of another search, or the assay is too small to be cut.
    """
    compounds = Compounds(assay, workers)
    library = None if pretrained is None else pretrained.stack
    space = space_around(options, {*fixed, *(OF_THE_STACK if pretrained else ())})
    division = divide(compounds, _seed(options, _DIVIDE))

    def judge(n_folds: int, code: int) -> Judge:
        seed = _seed(options, code)
        splits = [] if division is None else cut(compounds, division.train, n_folds, seed)
        return Judge(compounds, splits, seed=seed, library=library, workers=workers)

    inner = judge(INNER_FOLDS, _SEARCH)
    if division is None or not inner.parts:
        raise UserError(
            f"{assay.ledger.source}: too few scaffolds with both classes to tune on; "
            "leave --tune out, or test more compounds."
        )
    file = SearchFile(path, identity(assay, options, space, pretrained), space)
    trials = _search(inner, options, space, file, n_trials, on_step, on_trial)
    best = max(trials, key=lambda trial: (trial.score, -trial.number))
    settled = Tuned(options, options, tuple(trials), best, None, None)
    if not best.number:
        return settled
    chosen = applied(best.settings, options)
    checks = judge(CHECK_FOLDS, _CHECK).scores
    name = f"check of trial {best.number}"
    confirmed = Comparison(*_compare(checks, options, chosen, file, name, on_step))
    settled = replace(settled, confirmed=confirmed)
    if not confirmed.is_more_than_noise:
        return settled

    def unseen(tried: ModelOptions, on_step: OnStep) -> tuple[float, ...]:
        seeded = replace(tried, seed=_seed(options, _UNSEEN))
        return (score_on_unseen(compounds, division, seeded, library, workers, on_step),)

    name = f"unseen compounds, trial {best.number}"
    default, better = _compare(unseen, options, chosen, file, name, on_step)
    settled = replace(settled, verdict=Verdict(len(division.test), default[0], better[0]))
    # What could not be trained on all that was searched on is not shipped.
    return settled if better == (DIVERGED,) else replace(settled, options=chosen)


def _search(
    judge: Judge,
    options: ModelOptions,
    space: Space,
    file: SearchFile,
    n_trials: int,
    on_step: OnStep,
    on_trial: Callable[[Trial], None],
) -> list[Trial]:
    trials = file.trials()[:n_trials]
    start = settings_of(options, space)
    while len(trials) < n_trials:
        number = len(trials)
        on_step("trials", number, n_trials)
        settings = propose(space, trials, start, _seed(options, _PROPOSE))
        within = _within(f"trial {number + 1} of {n_trials}", on_step)
        trial = Trial(number, settings, judge.scores(applied(settings, options), within))
        file.add(trial)
        on_trial(trial)
        trials.append(trial)
    on_step("trials", n_trials, n_trials)
    return trials


def _compare(
    judged: Callable[[ModelOptions, OnStep], tuple[float, ...]],
    default: ModelOptions,
    chosen: ModelOptions,
    file: SearchFile,
    name: str,
    on_step: OnStep,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Judge both, or read what an earlier call found."""
    known = file.note(name)
    if known is None:
        known = [list(judged(each, _within(name, on_step))) for each in (default, chosen)]
        file.write_note(name, known)
    return tuple(known[0]), tuple(known[1])


def _within(what: str, on_step: OnStep) -> OnStep:
    return lambda stage, done, total: on_step(f"{what}: {stage}", done, total)


def _seed(options: ModelOptions, code: int) -> int:
    return int(np.random.SeedSequence([options.seed, code]).generate_state(1)[0] >> 1)


def note_tuning(model: ScreeningModel, tuned: Tuned) -> None:
    """Put a search into the model's provenance, and what it does to the figures beside them."""
    model.provenance["tuning"] = tuned.to_dict()
    if tuned.changed:
        model.quality["protocol"] += (
            f"; settings tuned on {PARTS - 1}/{PARTS} of these compounds, which flatters"
        )

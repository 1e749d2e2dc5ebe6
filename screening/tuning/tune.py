"""Searches settings on inner folds, and chooses others than the default only if they are better."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from screening.assay import Assay
from screening.errors import UserError
from screening.evaluation import Split
from screening.model import ModelOptions, Pretrained
from screening.tuning.compounds import Compounds
from screening.tuning.exam import Exam
from screening.tuning.file import SearchFile
from screening.tuning.identity import describe
from screening.tuning.records import Comparison, Trial, Tuned, Verdict
from screening.tuning.sampling import propose
from screening.tuning.space import (
    OF_THE_STACK,
    Space,
    applied,
    settings_of,
    space_around,
)

# A trial is cheap: a fifth of the networks that the model's cross-validation and it itself need.
INNER_FOLDS = 3
INNER_MEMBERS = 2
# The best trial has won among many, by luck too: it meets the default again on other folds.
CHECK_FOLDS = 5
# In the seeds of cuts and networks, so that none of them is that of another step or of the model.
_DIVIDE, _SEARCH, _CHECK, _UNSEEN, _PROPOSE = 71, 72, 73, 74, 75

Step = Callable[[str, int, int], None]


def tune(
    assay: Assay,
    options: ModelOptions,
    path: Path,
    n_trials: int,
    *,
    fixed: Collection[str] = (),
    pretrained: Pretrained | None = None,
    workers: int = 1,
    on_step: Step,
    on_trial: Callable[[Trial], None] = lambda _: None,
) -> Tuned:
    """Search, check the best against the default, and judge both by compounds never seen.

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
    compounds = Compounds(assay)
    space = space_around(options, {*fixed, *(OF_THE_STACK if pretrained else ())})
    division = compounds.divide(_seed(options, _DIVIDE))
    inner = _cut(compounds, division, INNER_FOLDS, options, _SEARCH)
    if division is None or not inner:
        raise UserError(
            f"{assay.ledger.source}: too few scaffolds with both classes to tune on; "
            "leave --tune out, or test more compounds."
        )
    file = SearchFile(path, describe(assay, options, space, pretrained), space)

    def exam(splits: list[Split], code: int, members: int) -> Exam:
        return Exam(
            compounds,
            splits,
            seed=_seed(options, code),
            members=members,
            pretrained=pretrained,
            workers=workers,
        )

    trials = _search(
        exam(inner, _SEARCH, min(INNER_MEMBERS, options.ensemble_size)),
        options,
        space,
        file,
        n_trials,
        on_step,
        on_trial,
    )
    best = max(trials, key=lambda trial: (trial.score, -trial.number))
    settled = Tuned(options, options, tuple(trials), best, None, None)
    if not best.number:
        return settled
    chosen = applied(best.settings, options)
    checks = _cut(compounds, division, CHECK_FOLDS, options, _CHECK)
    confirmed = _compare(
        exam(checks, _CHECK, min(INNER_MEMBERS, options.ensemble_size)),
        options,
        chosen,
        file,
        f"check of trial {best.number}",
        on_step,
    )
    settled = replace(settled, confirmed=confirmed)
    if not confirmed.is_more_than_noise:
        return settled
    unseen = _compare(
        exam([division], _UNSEEN, options.ensemble_size),
        options,
        chosen,
        file,
        f"unseen compounds, trial {best.number}",
        on_step,
    )
    verdict = Verdict(len(division.test), unseen.default[0], unseen.chosen[0])
    return replace(settled, options=chosen, verdict=verdict)


def _search(
    exam: Exam,
    options: ModelOptions,
    space: Space,
    file: SearchFile,
    n_trials: int,
    on_step: Step,
    on_trial: Callable[[Trial], None],
) -> list[Trial]:
    trials = file.trials()[:n_trials]
    start = settings_of(options, space)
    stage = f"search of {n_trials} trials, networks"
    while len(trials) < n_trials:
        number = len(trials)
        settings = propose(space, trials, start, _seed(options, _PROPOSE))
        count = _Counter(on_step, stage, number * exam.networks, n_trials * exam.networks)
        trial = Trial(number, settings, exam.scores(applied(settings, options), count))
        file.add(trial)
        on_trial(trial)
        trials.append(trial)
    return trials


def _compare(
    exam: Exam,
    default: ModelOptions,
    chosen: ModelOptions,
    file: SearchFile,
    name: str,
    on_step: Step,
) -> Comparison:
    """Examine both, or read what an earlier call found."""
    known = file.note(name)
    if known is None:
        count = _Counter(on_step, f"{name}, networks", 0, 2 * exam.networks)
        known = [list(exam.scores(each, count)) for each in (default, chosen)]
        file.write_note(name, known)
    return Comparison(tuple(known[0]), tuple(known[1]))


class _Counter:
    """Tells each network that is ready."""

    def __init__(self, on_step: Step, stage: str, done: int, total: int) -> None:
        self._on_step = on_step
        self._stage = stage
        self._done = done
        self._total = total

    def __call__(self) -> None:
        self._done += 1
        self._on_step(self._stage, self._done, self._total)


def _cut(
    compounds: Compounds, division: Split | None, n_folds: int, options: ModelOptions, code: int
) -> list[Split]:
    if division is None:
        return []
    return compounds.cut(division.train, n_folds, _seed(options, code))


def _seed(options: ModelOptions, code: int) -> int:
    return int(np.random.SeedSequence([options.seed, code]).generate_state(1)[0] >> 1)

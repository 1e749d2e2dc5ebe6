"""Which settings to try next: the tree-structured Parzen estimator of Optuna."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import optuna
from optuna.samplers import TPESampler
from optuna.trial import create_trial

from screening.tuning.records import Trial
from screening.tuning.space import Settings, Space, rounded


def propose(space: Space, trials: Sequence[Trial], start: Settings, seed: int) -> Settings:
    """Return the settings of the next trial.

    They depend on the trials so far and the seed, and on no state that a kill could lose: a search
    that was stopped and continued proposes what one that was not would.

    Parameters
    ----------
    space : Space
    trials : sequence of Trial
        All so far, by number.
    start : dict
        Settings of the first trial.
    seed : int

    References
    ----------
    Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"; Akiba et al. 2019,
    https://doi.org/10.1145/3292500.3330701
    """
    if not trials:
        return start
    # Its sentences on every study and trial are for another kind of program.
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    own = int(np.random.SeedSequence([seed, len(trials)]).generate_state(1)[0])
    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=own))
    for trial in trials:
        study.add_trial(
            create_trial(params=trial.settings, distributions=dict(space), value=trial.score)
        )
    return rounded(dict(study.ask(dict(space)).params), space)

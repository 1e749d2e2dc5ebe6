"""The space that is searched: what it holds, what it leaves alone, what is proposed from it."""

from dataclasses import replace

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from screening.features import FeatureSet
from screening.learners import ModelOptions
from screening.tuning.records import Trial
from screening.tuning.sampling import propose
from screening.tuning.space import applied, rounded, settings_of, space_around


def test_every_list_of_features_exists_and_every_size_can_be_read():
    space = space_around(ModelOptions())
    for words in space["features"].choices:
        assert FeatureSet(applied({"features": words}, ModelOptions()).features).names
    for words in space["hidden"].choices:
        assert all(size > 0 for size in applied({"hidden": words}, ModelOptions()).hidden)


@pytest.mark.parametrize(
    "options",
    [
        ModelOptions(),
        ModelOptions(features=("maccs",), hidden=(7, 5, 3), epochs=1, learning_rate=0.5),
        ModelOptions(dropout=0.95, input_dropout=0.9, weight_decay=1e-9),
    ],
)
def test_the_default_is_inside_and_survives_the_way_there_and_back(options):
    space = space_around(options)
    settings = settings_of(options, space)
    for name, domain in space.items():
        if isinstance(domain, CategoricalDistribution):
            assert settings[name] in domain.choices
        else:
            assert domain.low <= settings[name] <= domain.high
    assert applied(settings, ModelOptions()) == options


def test_what_is_fixed_is_not_searched():
    full = space_around(ModelOptions())
    assert set(full) - set(space_around(ModelOptions(), ("epochs", "hidden"))) == {
        "epochs",
        "hidden",
    }
    # A range of factors has no zero: who wants no decay keeps none.
    assert "weight_decay" not in space_around(ModelOptions(weight_decay=0.0))


def test_rounding_keeps_three_digits_and_stays_inside():
    space = {"rate": FloatDistribution(1e-4, 1e-2, log=True), "n": IntDistribution(10, 80)}
    assert rounded({"rate": 0.00123456, "n": 37}, space) == {"rate": 0.00123, "n": 37}
    tight = {"rate": FloatDistribution(0.123456, 0.654321)}
    assert rounded({"rate": 0.1234561}, tight) == {"rate": 0.123456}
    assert rounded({"rate": 0.6543209}, tight) == {"rate": 0.654}


def search(n, seed=0, fixed=()):
    """Trials whose score is best at a learning rate of 0.001, whatever the rest."""
    options = ModelOptions()
    space = space_around(options, fixed)
    trials = []
    for number in range(n):
        settings = propose(space, trials, settings_of(options, space), seed)
        score = 0.9 - 0.1 * abs(np.log10(settings["learning_rate"]) + 3)
        trials.append(Trial(number, settings, (score,)))
    return trials


def test_the_first_trial_is_the_default_and_the_rest_are_inside():
    space = space_around(ModelOptions())
    trials = search(14)
    assert applied(trials[0].settings, ModelOptions()) == ModelOptions()
    assert len({str(trial.settings) for trial in trials}) == len(trials)
    for trial in trials:
        for name, domain in space.items():
            value = trial.settings[name]
            if isinstance(domain, CategoricalDistribution):
                assert value in domain.choices
            else:
                assert domain.low <= value <= domain.high


def test_a_proposal_depends_on_the_trials_and_the_seed_alone():
    # Ten trials are drawn at random, from the eleventh on they are proposed from the others.
    trials = search(13)
    space = space_around(ModelOptions())
    start = settings_of(ModelOptions(), space)
    assert propose(space, trials[:12], start, 0) == trials[12].settings
    assert propose(space, trials[:12], start, 1) != trials[12].settings
    other = [replace(trial, folds=(1 - trial.score,)) for trial in trials[:12]]
    assert propose(space, other, start, 0) != trials[12].settings


def test_the_search_finds_what_it_is_rewarded_for():
    trials = search(40, fixed=("features", "hidden", "dropout", "input_dropout"))
    distance = [abs(np.log10(trial.settings["learning_rate"]) + 3) for trial in trials]
    assert np.mean(distance[-15:]) < 0.5 * np.mean(distance[1:11])

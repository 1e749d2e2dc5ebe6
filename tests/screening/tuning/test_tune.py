"""The search on real compounds: stopped and continued, fixed, refused, and when it chooses."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from screening.errors import UserError
from screening.evaluation import tuning_text
from screening.model import pretrain_on
from screening.tuning import tune
from screening.tuning.judging import DIVERGED, Judge

N = 3


@pytest.fixture(scope="module")
def done(search, tmp_path_factory):
    return search(tmp_path_factory.mktemp("whole") / "s.sqlite", N)


def test_the_default_is_the_first_trial_and_the_best_is_the_best(done, quick):
    assert [trial.number for trial in done.trials] == list(range(N))
    first = done.trials[0].settings
    assert {name: getattr(quick, name) for name in first} == first
    assert len({str(trial.settings) for trial in done.trials}) == N
    assert done.best.score == max(trial.score for trial in done.trials)
    assert all(len(trial.folds) == 3 for trial in done.trials)
    # So that what follows also goes through the check on other folds.
    assert done.best.number > 0
    assert len(done.confirmed.chosen) == 5


def never(stage, *_):
    if stage != "trials":
        pytest.fail("a network was trained again")


def test_a_search_that_was_stopped_and_raised_equals_one_that_was_not(done, search, tmp_path):
    path = tmp_path / "s.sqlite"

    def stop(stage, done, total):
        if (stage, done, total) == (f"trial 2 of {N}: networks", 2, 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(path, N, on_step=stop)
    new = []
    assert search(path, 2, on_trial=new.append).trials == done.trials[:2]
    assert [trial.number for trial in new] == [1]
    assert search(path, N, on_trial=new.append) == done
    assert [trial.number for trial in new] == [1, 2]
    # All there: nothing is trained again, and of more trials than asked for the first count.
    assert search(path, N, on_step=never) == done
    assert search(path, 1).trials == done.trials[:1]


def test_the_number_of_workers_makes_no_difference(done, search, tmp_path):
    assert search(tmp_path / "s.sqlite", 2, workers=2).trials == done.trials[:2]


def test_other_settings_are_refused(search, quick, tmp_path):
    path = tmp_path / "s.sqlite"
    search(path, 1)
    with pytest.raises(UserError, match=r"options\.seed was 0 and is 5"):
        search(path, 1, replace(quick, seed=5))
    with pytest.raises(UserError, match=r"searched\.epochs was None and is '2 to 80 by factors'"):
        search(path, 1, fixed=("features", "hidden"))


def test_a_stack_keeps_its_features_and_sizes_and_is_known_again(
    search, small_assay, quick, tmp_path, monkeypatch
):
    monkeypatch.setattr(Judge, "scores", scored_by(lambda judge: np.zeros(len(judge.parts)), []))
    stacks = [
        pretrain_on(small_assay.mols[:count], quick, origin={}, on_step=lambda *_: None)
        for count in (40, 41)
    ]
    path = tmp_path / "s.sqlite"
    tuned = search(path, 2, fixed=("epochs",), pretrained=stacks[0])
    searched = {"learning_rate", "weight_decay", "dropout", "input_dropout"}
    assert set(tuned.trials[1].settings) == searched
    # One that was never saved has no file to be known by.
    assert stacks[0].sha256 == stacks[1].sha256 == ""
    with pytest.raises(UserError, match=r"pretrained was '[0-9a-f]{16}' and is '[0-9a-f]{16}'"):
        search(path, 2, fixed=("epochs",), pretrained=stacks[1])


def scored_by(gain_of_judge, seen):
    """Let every setting but the default gain what is told of each judge; keep what was asked."""

    def scores(judge, options, on_step):
        seen.append((judge, options))
        gain = np.zeros(len(judge.parts)) if options.dropout == 0.5 else gain_of_judge(judge)
        return tuple((0.7 + gain).tolist())

    return scores


def test_a_gain_within_noise_keeps_the_default(search, quick, tmp_path, monkeypatch):
    seen = []

    def gains(judge):
        # Large where it is searched, uneven on other folds.
        n = len(judge.parts)
        return np.full(n, 0.1) if n == 3 else np.linspace(-0.1, 0.101, n)

    monkeypatch.setattr(Judge, "scores", scored_by(gains, seen))
    tuned = search(tmp_path / "s.sqlite", 2)
    assert tuned.best.number == 1
    assert tuned.confirmed.gain == pytest.approx(0.0005)
    assert not tuned.changed
    assert tuned.options == quick
    assert tuned.verdict is None


def test_a_gain_beyond_noise_is_taken_and_judged_by_compounds_never_seen(
    search, small_assay, quick, tmp_path, monkeypatch
):
    seen, last_words = [], []

    def verdict(compounds, division, options, library, workers, on_step):
        last_words.append((division, options))
        return 0.7 if options.dropout == 0.5 else 0.8

    monkeypatch.setattr(
        Judge, "scores", scored_by(lambda judge: np.full(len(judge.parts), 0.1), seen)
    )
    # The package's name for the module is its function's.
    monkeypatch.setattr(import_module("screening.tuning.tune"), "score_on_unseen", verdict)
    tuned = search(tmp_path / "s.sqlite", 2, replace(quick, ensemble_size=4))
    assert tuned.changed
    assert tuned.options == replace(quick, ensemble_size=4, **tuned.best.settings)
    assert tuned.verdict.chosen - tuned.verdict.default == pytest.approx(0.1)

    judges = list(dict.fromkeys(judge for judge, _ in seen))
    assert [len(judge.parts) for judge in judges] == [3, 5]
    assert all(options.ensemble_size == 4 for _, options in (*seen, *last_words))
    (last, default), (again, chosen) = last_words
    assert last is again
    assert default.seed == chosen.seed != quick.seed
    assert replace(chosen, seed=quick.seed) == tuned.options
    assert tuned.verdict.n == len(last.test)
    assert 0.1 * len(small_assay) < tuned.verdict.n < 0.3 * len(small_assay)
    scaffolds = np.array(judges[0].parts[0].compounds.scaffolds)
    judged = set(scaffolds[last.test])
    cuts = []
    for judge in judges:
        for part in judge.parts:
            rows = np.concatenate([part.rows, part.asked])
            assert set(rows) == set(last.train)
            assert not set(scaffolds[rows]) & judged - {""}
            assert not set(scaffolds[part.rows]) & set(scaffolds[part.asked]) - {""}
            cuts.append(frozenset(part.asked))
    assert len(set(cuts)) == 8


def test_what_diverges_on_all_compounds_is_not_chosen(search, quick, tmp_path, monkeypatch):
    def verdict(compounds, division, options, library, workers, on_step):
        return 0.7 if options.dropout == 0.5 else DIVERGED

    gains = scored_by(lambda judge: np.full(len(judge.parts), 0.1), [])
    monkeypatch.setattr(Judge, "scores", gains)
    monkeypatch.setattr(import_module("screening.tuning.tune"), "score_on_unseen", verdict)
    tuned = search(tmp_path / "s.sqlite", 2)
    assert tuned.confirmed.is_more_than_noise
    assert not tuned.changed
    assert tuned.options == quick
    assert (tuned.verdict.default, tuned.verdict.chosen) == (0.7, DIVERGED)
    assert "diverge on more compounds: the default" in tuning_text(tuned.to_dict())


def test_a_best_trial_that_is_the_default_is_not_checked(search, quick, tmp_path, monkeypatch):
    seen = []
    loss = scored_by(lambda judge: np.full(len(judge.parts), -0.1), seen)
    monkeypatch.setattr(Judge, "scores", loss)
    tuned = search(tmp_path / "s.sqlite", 3)
    assert (tuned.best.number, tuned.confirmed, tuned.options) == (0, None, quick)
    assert len(seen) == 3


def test_too_few_compounds_are_refused(small_assay, quick, tmp_path):
    actives = np.flatnonzero(small_assay.labels[:, 0] == 1)
    with pytest.raises(UserError, match="too few scaffolds with both classes"):
        tune(small_assay.take(actives), quick, tmp_path / "s.sqlite", 2, on_step=lambda *_: None)
    assert not (tmp_path / "s.sqlite").exists()

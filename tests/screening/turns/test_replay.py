"""The wheel replayed: nobody sees a label before it is bought."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from screening.errors import UserError
from screening.learners import Compounds
from screening.turns.replaying.replay import BUYERS, Trainer, replay, shopper
from screening.turns.replaying.starts import LEAST, Plan, dated_start, random_start, series_start
from screening.turns.replaying.study import RollingOptions, read_replayed, run_rolling
from screening.turns.replaying.tables import curves, figures


def bought_by(buyer, compounds, options, plan, batch=6) -> list[list[int]]:
    found = replay(compounds, plan, shopper(buyer, Trainer(options)), batch, 3)
    return [rows.tolist() for rows in found.bought]


def with_labels(compounds: Compounds, labels: np.ndarray) -> Compounds:
    assay = replace(compounds.assay, labels=labels.astype(np.float32), values=1000 * labels)
    return Compounds(assay)


@pytest.mark.parametrize("buyer", BUYERS)
def test_labels_that_are_not_bought_yet_change_nothing(buyer, compounds, tiny_options) -> None:
    """All hidden labels turned round: the turn is the same; of known ones, it need not be."""
    plan = Plan(np.arange(0, 80, 2), np.arange(1, 80, 8), np.zeros(80, dtype=np.int64), 1)
    told = with_labels(compounds, compounds.labels)
    (before,) = bought_by(buyer, told, tiny_options, plan)
    assert len(set(before)) == 6
    assert not set(before) & {*plan.start, *plan.judged}
    hidden = compounds.labels.copy()
    hidden[1::2] = 1 - hidden[1::2]
    assert bought_by(buyer, with_labels(compounds, hidden), tiny_options, plan) == [before]


def test_what_is_bought_is_learned_from(compounds, tiny_options) -> None:
    plan = Plan(np.arange(0, 80, 2), np.array([], np.int64), np.zeros(80, dtype=np.int64), 2)
    first, second = bought_by("forest", compounds, tiny_options, plan)
    revealed = compounds.labels.copy()
    revealed[first] = 1 - revealed[first]
    again = bought_by("forest", with_labels(compounds, revealed), tiny_options, plan)
    assert again[0] == first
    assert again[1] != second
    assert not set(first) & set(second)


def test_starts_know_both_classes_and_judge_by_what_is_never_on_offer(compounds) -> None:
    for make in (random_start, series_start):
        plan = make(compounds, 20, 3, 5)
        labels = compounds.labels[plan.start, 0]
        assert min((labels == 1).sum(), (labels == 0).sum()) >= LEAST
        assert not set(plan.offered(2)) & {*plan.start, *plan.judged}
        assert len(plan.offered(0)) + len(plan.start) + len(plan.judged) == len(compounds)


def test_nothing_is_on_offer_before_its_time(compounds) -> None:
    times = np.random.default_rng(2).integers(0, 30, len(compounds)).astype(float)
    plan = dated_start(compounds, times, 20, 4)
    offers = [plan.offered(turn) for turn in range(4)]
    assert all(set(early) <= set(late) for early, late in pairwise(offers))
    assert times[plan.start].max() < times[offers[3]].min()
    assert times[offers[3]].max() < times[plan.judged].min()
    for turn in range(3):
        later = np.setdiff1d(offers[3], offers[turn])
        assert not len(later) or times[offers[turn]].max() < times[later].min()


def test_a_study_continues_and_counts_what_it_found(compounds, tiny_options, tmp_path) -> None:
    options = RollingOptions("random", 20, 5, 2, 2, ("forest", "chance"))

    def study():
        return run_rolling(compounds, tiny_options, options, tmp_path, on_step=lambda *_: None)

    first = study()
    path = tmp_path / "results" / "random-00" / "forest.json"
    written = path.stat().st_mtime_ns
    again = study()
    assert path.stat().st_mtime_ns == written
    assert curves(first).equals(curves(again))
    whole = figures(again, curves(again))
    stored = read_replayed(path)
    rows = np.concatenate(stored.bought)
    assert whole["actives"][0] == (compounds.labels[rows, 0] == 1).sum()
    assert whole["bought"].tolist() == [10] * 4
    plan = again.entries[0].plan
    share = (compounds.labels[plan.offered(0), 0] == 1).mean()
    assert curves(again)["by_chance"][1] == pytest.approx(10 * share)
    with pytest.raises(UserError, match="batch was 5 and is 6"):
        run_rolling(
            compounds, tiny_options, replace(options, batch=6), tmp_path, on_step=lambda *_: None
        )


def test_too_few_of_a_class_are_told(compounds) -> None:
    labels = np.zeros_like(compounds.labels)
    labels[:3] = 1
    with pytest.raises(UserError, match="active compounds to begin with"):
        random_start(with_labels(compounds, labels), 20, 3, 0)

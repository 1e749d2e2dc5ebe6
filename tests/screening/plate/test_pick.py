"""The pick: who may be on the plate, in which order, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import UserError
from screening.hits import clusters
from screening.plate import PlateOptions, pick_plate

ALERTS = (
    "",
    "PAINS: quinone_A",
    "BRENK: nitro_group",
    "NIH: azo; PAINS: azo_A",
    "BRENK: PAINS-ish",
)


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Tanimoto of two rows of packed bits, from sets."""
    one, two = (set(np.flatnonzero(np.unpackbits(row))) for row in (a, b))
    return len(one & two) / max(1, len(one | two))


def hits_of(scores: list[float], **columns: list[Any]) -> pd.DataFrame:
    n = len(scores)
    plain = {
        "rank": list(range(1, n + 1)),
        "id": [f"c{i}" for i in range(n)],
        "score": np.array(scores, dtype=np.float64),
        "in_domain": [True] * n,
        "alerts": [""] * n,
        "duplicate_of": [""] * n,
        "in_training": [False] * n,
        "same_skeleton": [False] * n,
    }
    return pd.DataFrame({**plain, **columns})


def bits(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8), dtype=np.uint8)


@st.composite
def cases(draw: Any) -> tuple[pd.DataFrame, np.ndarray, PlateOptions, np.ndarray | None]:
    n = draw(st.integers(0, 12))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=n, max_size=n))

    # Few different values, so that there are ties of every kind.
    hits = hits_of(
        sorted(column(st.sampled_from([0.1, 0.5, 0.9])), reverse=True),
        in_domain=column(st.booleans()),
        alerts=column(st.sampled_from(ALERTS)),
        duplicate_of=column(st.sampled_from(["", "", "c0"])),
        in_training=column(st.sampled_from([False, False, True])),
        same_skeleton=column(st.sampled_from([False, False, True])),
        mw=column(st.sampled_from([100.0, 300.0, 500.0, float("nan")])),
    )
    rows = column(st.sampled_from([b"\xff" * 8, b"\x0f" * 8, b"\x00" * 7 + b"\x01", b"\xf0" * 8]))
    fingerprints = np.array([list(row) for row in rows], dtype=np.uint8).reshape(n, 8)
    options = PlateOptions(
        budget=draw(st.integers(1, 15)),
        mode="balance",
        diversity=draw(st.sampled_from([0.0, 0.5, 1.0])),
        novelty=draw(st.sampled_from([0.0, 0.25])),
        barred_alerts=tuple(draw(st.sets(st.sampled_from(["PAINS", "BRENK", "NIH"])))),
        in_domain_only=draw(st.booleans()),
        per_cluster=draw(st.none() | st.integers(1, 3)),
        windows=draw(st.sampled_from([{}, {"mw": (200.0, 400.0)}, {"mw": (None, 300.0)}])),
    )
    known = column(st.sampled_from([0.0, 0.5, 1.0]))
    active = draw(st.sampled_from([None, np.array(known, dtype=np.float32)]))
    return hits, fingerprints, options, active


def may_be_picked(row: Any, options: PlateOptions) -> bool:
    catalogs = {alert.split(":")[0] for alert in row.alerts.split("; ")}
    inside = True
    for low, high in options.windows.values():
        inside = (low is None or row.mw >= low) and (high is None or row.mw <= high)
    return bool(
        not row.in_training
        and not row.same_skeleton
        and not row.duplicate_of
        and (row.in_domain or not options.in_domain_only)
        and not catalogs & set(options.barred_alerts)
        and inside
    )


def literal_picks(
    hits: pd.DataFrame, fingerprints: np.ndarray, options: PlateOptions, active: Any
) -> list[int]:
    """Every candidate weighed anew before every pick."""
    groups = clusters(fingerprints)
    left = [row.Index for row in hits.itertuples() if may_be_picked(row, options)]
    picked: list[int] = []

    def worth(i: int) -> float:
        nearest = max((similarity(fingerprints[i], fingerprints[j]) for j in picked), default=0.0)
        novel = 0.0 if active is None else options.novelty * (1 - float(active[i]))
        return round(place(i) + novel - options.diversity * nearest, 9)

    def place(i: int) -> float:
        scores = hits["score"].tolist()
        below = sum(other < scores[i] for other in scores)
        same = sum(other == scores[i] for other in scores) - 1
        return (below + same / 2) / max(len(scores) - 1, 1)

    while len(picked) < options.budget:
        open_ = [
            i
            for i in left
            if i not in picked
            and (
                options.per_cluster is None
                or sum(groups[j] == groups[i] for j in picked) < options.per_cluster
            )
        ]
        if not open_:
            break
        picked.append(max(open_, key=lambda i: (worth(i), -i)))
    return picked


@given(cases())
def test_picks_are_eligible_hits_each_once_and_each_has_a_reason(case) -> None:
    hits, fingerprints, options, active = case
    found = pick_plate(hits, fingerprints, options, active_similarity=active)
    picked = found[found["pick"] > 0]
    assert sorted(picked["pick"]) == list(range(1, len(picked) + 1))
    eligible = [row.Index for row in hits.itertuples() if may_be_picked(row, options)]
    assert set(picked.index) <= set(eligible)
    assert len(picked) <= options.budget
    if options.per_cluster is None:
        assert len(picked) == min(options.budget, len(eligible))
    else:
        groups = clusters(fingerprints)[picked.index]
        assert max(np.bincount(groups), default=0) <= options.per_cluster
    for pick, reason in zip(found["pick"], found["pick_reason"], strict=True):
        assert reason.startswith("not picked: " if pick == 0 else "rank ")
    pd.testing.assert_frame_equal(found[list(hits.columns)], hits)


@given(cases())
def test_each_pick_is_the_best_given_those_before_it(case) -> None:
    hits, fingerprints, options, active = case
    found = pick_plate(hits, fingerprints, options, active_similarity=active)
    order = found[found["pick"] > 0].sort_values("pick").index.tolist()
    assert order == literal_picks(hits, fingerprints, options, active)


@given(st.integers(0, 1000), st.integers(2, 20))
def test_of_equal_scores_the_farthest_is_picked(seed, n) -> None:
    """MaxMin: no hit left over is farther from the plate than the one that was taken."""
    fingerprints = bits(n, seed)
    found = pick_plate(
        hits_of([0.5] * n), fingerprints, PlateOptions(budget=n, mode="balance", diversity=1.0)
    )
    order = found.sort_values("pick").index.tolist()
    assert order[0] == 0
    for k in range(1, n):
        nearest = [
            max(similarity(fingerprints[i], fingerprints[j]) for j in order[:k]) for i in order[k:]
        ]
        assert nearest[0] == pytest.approx(min(nearest), abs=1e-6)


def test_without_wish_for_diversity_the_ranking_is_the_plate() -> None:
    scores = sorted(np.random.default_rng(3).random(30).tolist(), reverse=True)
    for options in (
        PlateOptions(budget=10, mode="balance", diversity=0.0),
        PlateOptions(budget=10, mode="exploit"),
    ):
        found = pick_plate(hits_of(scores), bits(30), options)
        assert found["pick"].tolist() == [*range(1, 11), *[0] * 20]


def test_diversity_takes_a_worse_score_for_a_new_structure() -> None:
    twins = np.array([[255] * 8, [255] * 8, [1] + [0] * 7], dtype=np.uint8)
    hits = hits_of([0.9, 0.8, 0.5])
    found = pick_plate(hits, twins, PlateOptions(budget=2, mode="balance", diversity=0.6))
    assert found["pick"].tolist() == [1, 0, 2]
    found = pick_plate(hits, twins, PlateOptions(budget=2, mode="balance", diversity=0.4))
    assert found["pick"].tolist() == [1, 2, 0]


def test_novelty_prefers_what_is_unlike_known_actives() -> None:
    active = np.array([1.0, 0.0], dtype=np.float32)
    for novelty, expected in ((1.5, [0, 1]), (0.5, [1, 0])):
        options = PlateOptions(budget=1, mode="balance", novelty=novelty)
        found = pick_plate(hits_of([0.80, 0.75]), bits(2), options, active_similarity=active)
        assert found["pick"].tolist() == expected


def test_another_prevalence_changes_no_pick() -> None:
    scores = np.sort(np.random.default_rng(5).random(40))[::-1]
    restated = scores * 0.01 / (scores * 0.01 + (1 - scores) * 0.99)
    options = PlateOptions(budget=12, mode="balance")
    picks = [pick_plate(hits_of(s.tolist()), bits(40), options)["pick"] for s in (scores, restated)]
    assert picks[0].tolist() == picks[1].tolist()


def test_reasons_tell_what_was_decisive() -> None:
    hits = hits_of(
        [0.91, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3],
        in_training=[False, True, False, False, False, False, False, False],
        same_skeleton=[False, False, False, False, False, False, False, True],
        duplicate_of=["", "", "c0", "", "", "", "", ""],
        alerts=["BRENK: nitro", "", "", "NIH: x; PAINS: quinone_A(370)", "", "", "", ""],
        in_domain=[True, True, True, True, False, True, True, True],
        mw=[300.0, 300.0, 300.0, 300.0, 300.0, 512.3, 300.0, 300.0],
    )
    options = PlateOptions(budget=2, in_domain_only=True, windows={"mw": (None, 500.0)})
    active = np.full(8, 0.25, dtype=np.float32)
    fingerprints = bits(8)
    reasons = pick_plate(hits, fingerprints, options, active_similarity=active)["pick_reason"]
    assert reasons[0] == "rank 1, score 0.91, first pick, 0.25 to the nearest known active"
    assert reasons[1:6].tolist() == [
        "not picked: already tested in the assay",
        "not picked: same structure as c0",
        "not picked: alert PAINS: quinone_A(370)",
        "not picked: outside the applicability domain",
        "not picked: mw 512.3 is above 500",
    ]
    second = similarity(fingerprints[0], fingerprints[6])
    assert reasons[6] == (
        f"rank 7, score 0.40, {second:.2f} similar to the nearest pick, "
        "0.25 to the nearest known active"
    )
    assert reasons[7] == "not picked: already tested in another stereo or isotopic form"


def test_a_full_cluster_is_passed_over_and_says_so() -> None:
    same, other = [255] * 8, [1] + [0] * 7
    fingerprints = np.array([same, same, same, other, other], dtype=np.uint8)
    options = PlateOptions(budget=5, per_cluster=2)
    found = pick_plate(hits_of([0.9, 0.8, 0.7, 0.2, 0.1]), fingerprints, options)
    assert found["pick"].tolist() == [1, 2, 0, 3, 4]
    assert found["pick_reason"][2] == "not picked: 2 of its cluster are picked"


def test_a_pick_outside_the_domain_says_so() -> None:
    hits = hits_of([0.9, 0.8], in_domain=[False, True])
    reasons = pick_plate(hits, bits(2))["pick_reason"]
    assert reasons[0].endswith("outside the domain")
    assert "outside" not in reasons[1]


@pytest.mark.parametrize("cell", ["", "n/a", float("nan"), None])
def test_a_value_that_is_not_known_is_not_within_limits(cell) -> None:
    hits = hits_of([0.9, 0.8], price=[cell, "12.5"])
    found = pick_plate(hits, bits(2), PlateOptions(windows={"price": (None, 20.0)}))
    assert found["pick"].tolist() == [0, 1]
    assert found["pick_reason"][0] == "not picked: price is no number"


def test_ends_of_a_window_belong_to_it() -> None:
    hits = hits_of([0.9, 0.8, 0.7, 0.6], mw=[199.99, 200.0, 500.0, 500.01])
    found = pick_plate(hits, bits(4), PlateOptions(windows={"mw": (200.0, 500.0)}))
    assert (found["pick"] > 0).tolist() == [False, True, True, False]
    assert found["pick_reason"][0] == "not picked: mw 199.99 is below 200"
    assert found["pick_reason"][3] == "not picked: mw 500.01 is above 500"


def test_what_cannot_be_asked_for_is_refused() -> None:
    with pytest.raises(UserError, match="no column 'weight'"):
        pick_plate(hits_of([0.5]), bits(1), PlateOptions(windows={"weight": (0.0, 1.0)}))
    with pytest.raises(UserError, match="--budget 0"):
        PlateOptions(budget=0)
    with pytest.raises(UserError, match="0 picks a cluster"):
        PlateOptions(per_cluster=0)


def test_no_hits_give_no_picks() -> None:
    found = pick_plate(hits_of([]), bits(0), PlateOptions(per_cluster=2))
    assert len(found) == 0
    assert {"pick", "pick_reason"} <= set(found.columns)


def literal_clusters(fingerprints: np.ndarray, limit: float) -> list[int]:
    leaders: list[int] = []
    for i, row in enumerate(fingerprints):
        if all(similarity(row, fingerprints[j]) < limit for j in leaders):
            leaders.append(i)
    found = []
    for row in fingerprints:
        to_leaders = [similarity(row, fingerprints[j]) for j in leaders]
        found.append(int(np.argmax(to_leaders)) + 1)
    return found


@given(st.integers(0, 1000), st.sampled_from([0.3, 0.4, 0.9]))
def test_clusters_gather_around_the_best_ranked(seed, limit) -> None:
    fingerprints = bits(12, seed)
    fingerprints[seed % 12] = fingerprints[0]
    assert clusters(fingerprints, limit).tolist() == literal_clusters(fingerprints, limit)


def test_clusters_of_nothing() -> None:
    assert clusters(bits(0)).tolist() == []


def test_where_inactive_compounds_are_wanted_low_scores_are_picked_as_high_ones_else():
    scores = [0.05, 0.1, 0.1, 0.4, 0.7, 0.95]
    prints, options = bits(6), PlateOptions(budget=4, mode="balance")
    low = pick_plate(hits_of(scores), prints, options, wanted="inactive")
    high = pick_plate(hits_of([1 - score for score in scores]), prints, options)
    assert low["pick"].tolist() == high["pick"].tolist()
    assert low["pick"].iloc[0] == 1


@pytest.mark.parametrize("mode", ["exploit", "balance"])
def test_hits_that_are_ranked_by_value_are_picked_by_value(mode):
    hits = hits_of([0.2, 0.9, 0.5, 0.7]).assign(value=[12.0, 800.0, 3.0, 90.0])
    options = PlateOptions(budget=3, mode=mode, diversity=0.0)
    found = pick_plate(hits, bits(4), options, value="value", lowest_first=True)
    assert found["pick"].tolist() == [2, 0, 1, 3]
    assert "value 3, score 0.50" in found["pick_reason"].iloc[2]
    found = pick_plate(hits, bits(4), options, value="value")
    assert found["pick"].tolist() == [3, 1, 0, 2]

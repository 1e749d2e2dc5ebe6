"""Planned splits: whole groups of real compounds, repeatable, a sentence when impossible."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from screening.errors import UserError
from screening.evaluation import missing_class
from screening.hits import clusters
from screening.learners import Compounds
from screening.study import fewer_labels, plan_splits
from screening.trust import tanimoto


def parts_of(split) -> list[list[int]]:
    return [part.tolist() for part in split.parts.named().values()]


@pytest.mark.parametrize("kind", ["scaffold", "random", "cluster"])
def test_every_compound_is_in_one_part_and_both_classes_in_all(compounds, kind):
    for split in plan_splits(compounds, kind, 4, seed=0):
        assert sorted(chain(*parts_of(split))) == list(range(len(compounds)))
        assert missing_class(split.parts, compounds.labels) is None
        assert 4 <= len(split.parts.test) <= 8


@pytest.mark.parametrize("kind", ["scaffold", "cluster"])
def test_no_scaffold_and_no_cluster_is_cut(compounds, kind):
    groups = compounds.scaffolds if kind == "scaffold" else clusters(compounds.fingerprints)
    for split in plan_splits(compounds, kind, 4, seed=1):
        held = [{groups[row] for row in part} for part in parts_of(split)]
        assert not held[0] & held[1]
        assert not (held[0] | held[1]) & held[2]


def test_clusters_hold_compounds_that_are_like_their_leader(compounds):
    numbers = clusters(compounds.fingerprints)
    assert 5 < len(set(numbers)) < 80
    for number in set(numbers):
        members = np.flatnonzero(numbers == number)
        likeness = tanimoto(compounds.fingerprints[members[:1]], compounds.fingerprints[members])
        assert likeness.min() >= 0.4


def test_a_split_depends_on_seed_and_number_but_not_on_how_many_there_are(compounds):
    few, many = (plan_splits(compounds, "scaffold", n, seed=0) for n in (2, 5))
    other = plan_splits(compounds, "scaffold", 2, seed=1)
    assert [parts_of(s) for s in few] == [parts_of(s) for s in many[:2]]
    assert [s.seed for s in few] == [s.seed for s in many[:2]]
    assert len({s.seed for s in many}) == 5
    assert parts_of(few[0]) != parts_of(other[0])
    assert parts_of(many[0]) != parts_of(many[1])


def test_redraws_are_counted_and_never_scored(eighty):
    rare = np.zeros_like(eighty.labels)
    rare[::16] = 1
    compounds = Compounds(replace(eighty, labels=rare))
    splits = plan_splits(compounds, "random", 5, seed=0)
    assert sum(split.redraws for split in splits) > 0
    for split in splits:
        assert missing_class(split.parts, rare) is None


def test_an_impossible_split_names_the_class_the_task_and_the_part(eighty):
    alone = np.zeros_like(eighty.labels)
    alone[0] = 1
    compounds = Compounds(replace(eighty, labels=alone))
    with pytest.raises(
        UserError, match=r"1000 draws.*no active compound of 'Class' in its .* part"
    ):
        plan_splits(compounds, "random", 1, seed=0)


def test_cuts_through_time_go_forward_and_the_last_sees_everything(compounds):
    times = np.random.default_rng(2).permutation(80).astype(float)
    first, second = plan_splits(compounds, "time", 2, 0, times)
    assert sum(map(len, parts_of(first))) == 60
    assert sum(map(len, parts_of(second))) == 80
    for split in (first, second):
        train, valid, test = (times[part] for part in split.parts.named().values())
        assert train.max() < valid.min()
        assert valid.max() < test.min()
        assert split.redraws == 0


def test_a_cut_without_both_classes_is_no_split(compounds):
    actives_last = compounds.labels[:, 0].astype(float)
    with pytest.raises(UserError, match=r"time split 1.*--split scaffold"):
        plan_splits(compounds, "time", 1, 0, actives_last * 100 + np.arange(80))


def test_a_column_says_the_parts(compounds):
    names = ["train", "train", "valid", "train", "test"] * 16
    (split,) = plan_splits(compounds, "column", 1, 0, names)
    assert parts_of(split)[2] == list(range(4, 80, 5))
    assert parts_of(split)[1] == list(range(2, 80, 5))


def test_fewer_labels_are_nested_and_hold_two_of_each_class_of_each_task(two_tasks):
    train = np.arange(5, 75)
    smaller, larger = (fewer_labels(train, two_tasks.labels, n, seed=3) for n in (12, 30))
    assert len(smaller) == 12
    assert len(larger) == 30
    assert set(smaller) < set(larger) < set(train)
    for column in two_tasks.labels[smaller].T:
        assert (column == 1).sum() >= 2
        assert (column == 0).sum() >= 2
    assert list(fewer_labels(train, two_tasks.labels, 500, seed=3)) == list(train)


def test_fewer_labels_keep_a_rare_class():
    labels = np.zeros((1000, 1), dtype=np.float32)
    labels[[3, 500, 900]] = 1
    for seed in range(5):
        chosen = fewer_labels(np.arange(1000), labels, 25, seed)
        assert len(chosen) == 25
        assert labels[chosen].sum() >= 2

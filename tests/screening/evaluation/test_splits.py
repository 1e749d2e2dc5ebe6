"""Splits lose no compound, share no scaffold, and follow the seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from screening.chemistry import murcko_scaffold
from screening.evaluation import Split, grouped_folds, random_folds, scaffold_split
from screening.tables import read_table

some_groups = st.lists(st.sampled_from("abcdefghijklmnop"), min_size=6, max_size=80)


def whole(split: Split, n: int) -> bool:
    """Each compound stands in exactly one part, and parts are sorted."""
    return sorted([*split.train, *split.test]) == list(range(n)) and all(
        np.all(np.diff(part) > 0) for part in (split.train, split.test)
    )


def shared(groups, split: Split) -> set:
    return {groups[i] for i in split.train} & {groups[i] for i in split.test}


@pytest.fixture(scope="module")
def bace(samples):
    table = read_table(str(samples / "bace.csv"))
    mols = [Chem.MolFromSmiles(smiles) for smiles in table.smiles]
    labels = table.cells["Class"].astype(float).to_numpy(np.float32)
    return [murcko_scaffold(mol) for mol in mols], labels


@settings(max_examples=60, deadline=None)
@given(some_groups, st.floats(0.05, 0.6), st.integers(0, 1000))
def test_scaffold_split_covers_everything_and_shares_no_scaffold(groups, share, seed):
    split = scaffold_split(groups, share, seed)
    assert whole(split, len(groups))
    assert not shared(groups, split)
    assert len(split.test) <= round(share * len(groups))


@settings(max_examples=60, deadline=None)
@given(some_groups, st.integers(2, 5), st.integers(0, 1000))
def test_folds_cover_everything_once_and_share_no_group(groups, n_folds, seed):
    labels = np.arange(len(groups), dtype=np.float32) % 2
    folds = grouped_folds(groups, labels, n_folds, seed)
    assert len(folds) == n_folds
    for fold in folds:
        assert whole(fold, len(groups))
        assert not shared(groups, fold)
    held = np.concatenate([fold.test for fold in folds])
    assert sorted(held) == list(range(len(groups)))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(1, 40), st.integers(2, 5), st.integers(0, 1000))
def test_random_folds_hold_each_compound_out_once_and_spread_sizes_and_actives(
    n_active, n_inactive, n_folds, seed
):
    labels = np.repeat([1.0, 0.0], [n_active, n_inactive]).astype(np.float32)[:, None]
    n = len(labels)
    folds = random_folds(labels, n_folds, seed)
    assert len(folds) == min(n_folds, n)
    assert all(whole(fold, n) for fold in folds)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(n))
    for counts in ([len(fold.test) for fold in folds], [labels[f.test].sum() for f in folds]):
        assert max(counts) - min(counts) <= 2


def test_random_folds_follow_the_seed_alone():
    labels = np.tile([1.0, 0.0], 50).astype(np.float32)[:, None]
    tests = [[list(fold.test) for fold in random_folds(labels, 5, seed)] for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


def test_real_scaffolds_come_close_to_the_share(bace):
    scaffolds, _ = bace
    sizes = [len(scaffold_split(scaffolds, 0.2, seed).test) for seed in range(5)]
    assert all(0.19 * len(scaffolds) <= size <= round(0.2 * len(scaffolds)) for size in sizes)


def test_scaffold_split_follows_the_seed(bace):
    scaffolds, _ = bace
    first, again, other = (scaffold_split(scaffolds, 0.2, seed).test for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_scaffold_too_large_for_half_the_test_part_stays_in_training():
    scaffolds = ["large"] * 11 + [f"small {i}" for i in range(89)]
    for seed in range(10):
        split = scaffold_split(scaffolds, 0.2, seed)
        assert set(range(11)) <= set(split.train)
        assert len(split.test) == 20


def test_folds_of_real_scaffolds_are_even_in_size_and_in_actives(bace):
    scaffolds, labels = bace
    folds = grouped_folds(scaffolds, labels, 5, seed=0)
    largest = max(scaffolds.count(s) for s in set(scaffolds))
    sizes = np.array([len(fold.test) for fold in folds])
    actives = np.array([labels[fold.test].sum() for fold in folds])
    assert largest < len(scaffolds) / 5
    assert np.ptp(sizes) <= 0.05 * sizes.mean()
    assert np.ptp(actives) <= 0.1 * actives.mean()


def test_folds_follow_the_seed(bace):
    scaffolds, labels = bace
    first, again, other = (
        [list(fold.test) for fold in grouped_folds(scaffolds, labels, 5, seed)]
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_folds_spread_the_actives_of_every_task_and_bear_missing_labels():
    rng = np.random.default_rng(0)
    labels = (rng.random((600, 2)) < (0.5, 0.1)).astype(np.float32)
    labels[rng.random((600, 2)) < 0.4] = np.nan
    groups = [f"g{i}" for i in rng.integers(0, 250, 600)]
    folds = grouped_folds(groups, labels, 4, seed=2)
    for task in range(2):
        found = [np.nansum(labels[fold.test, task]) for fold in folds]
        assert np.ptp(found) <= max(3, 0.1 * np.mean(found)), found

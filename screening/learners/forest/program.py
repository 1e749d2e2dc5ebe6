"""A forest as one straight-line program on sets of rows, each instruction for many rows at once.

For every tree and every value v that its leaves have, there is a function of a row: does it end in
a leaf of value v? Written from the leaves up it is made of the tree's tests alone,

    f(node) = (test and f(left)) or (not test and f(right)),

with f(leaf) constant. On sets of rows kept as bits, one such step is three operations on machine
words, 64 rows each, without a single branch or jump. Most steps are simpler, since half of all
children are leaves: a subset is cut or added. A node below which v does not occur is no step at
all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
# The sets that every program begins with: no row, and every row.
NOTHING, EVERYTHING = 0, 1
AND, OR, CHOOSE = 1, 2, 3


@dataclass(frozen=True)
class Trees:
    """A forest as arrays: every tree is a run of nodes in them.

    A leaf has no children; an inner node sends a compound left when its column is at most the
    threshold.

    Attributes
    ----------
    roots : int64 array of shape (n_trees,)
        First node of each tree.
    left, right : int32 arrays of shape (n_nodes,)
        Children; a leaf is its own child.
    column : int32 array of shape (n_nodes,)
    threshold : float32 array of shape (n_nodes,)
    active : float32 array of shape (n_nodes,)
        Mean label of the training compounds that came there: the share of actives, where labels are
        not graded.
    """

    roots: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    column: NDArray[np.int32]
    threshold: NDArray[np.float32]
    active: NDArray[np.float32]


@dataclass(frozen=True)
class Instructions:
    """Instructions of one kind that do not need each other.

    Attributes
    ----------
    kind : int
        AND, OR, or CHOOSE: first where the test holds, second elsewhere.
    start : int
        Number of the set that the first instruction makes; the others follow.
    first, second, test : int64 arrays
        Numbers of the sets that each reads; `test` is empty but for CHOOSE.
    """

    kind: int
    start: int
    first: Ints
    second: Ints
    test: Ints


@dataclass(frozen=True)
class Program:
    """Sets 0 and 1 are constant, then come the tests, their complements, and what the steps make.

    Attributes
    ----------
    columns : int64 array of shape (n_tests,)
        The column of each test, ascending.
    thresholds : float32 array of shape (n_tests,)
        Test k holds where the column is at most this; ascending within a column.
    steps : list of Instructions
    n_sets : int
    values : float64 array
        What leaves are worth, without 0.
    ends : list of int64 arrays
        For each value, the sets of rows that end in such a leaf: at most one a tree.
    """

    columns: Ints
    thresholds: NDArray[np.float32]
    steps: list[Instructions]
    n_sets: int
    values: NDArray[np.float64]
    ends: list[Ints]


class _Nodes(NamedTuple):
    """Instructions in the order in which they were found, from the deepest nodes up."""

    left: Ints
    right: Ints
    test: Ints
    height: Ints


def compile_forest(forest: Trees) -> Program:
    """Write the program of a forest."""
    inner = np.flatnonzero(forest.left != np.arange(len(forest.left)))
    columns, thresholds, test = _tests(forest, inner)
    first_node = 2 + 2 * len(columns)
    nodes, values, ends = _steps_of(forest, inner, test, len(columns))
    kind, first, second, chosen = _instructions(nodes, len(columns))
    order = np.lexsort((kind, nodes.height))
    place = np.concatenate([np.arange(first_node), np.empty(len(order), dtype=np.int64)])
    place[first_node + order] = first_node + np.arange(len(order))
    groups = (4 * nodes.height + kind)[order]
    cuts = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(order)]
    steps = []
    for start, stop in pairwise(cuts):
        own = order[start:stop]
        if len(own):
            asked = place[chosen[own]] if kind[own[0]] == CHOOSE else np.zeros(0, dtype=np.int64)
            steps.append(
                Instructions(
                    int(kind[own[0]]),
                    first_node + start,
                    place[first[own]],
                    place[second[own]],
                    asked,
                )
            )
    return Program(
        columns, thresholds, steps, len(place), values, [place[numbers] for numbers in ends]
    )


def _tests(forest: Trees, inner: Ints) -> tuple[Ints, NDArray[np.float32], Ints]:
    """Return every test once, sorted, and which one each node makes."""
    order = inner[np.lexsort((forest.threshold[inner], forest.column[inner]))]
    column, threshold = forest.column[order], forest.threshold[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (np.diff(column) != 0) | (np.diff(threshold) != 0)
    test = np.zeros(len(forest.left), dtype=np.int64)
    test[order] = np.cumsum(fresh) - 1
    return column[fresh].astype(np.int64), threshold[fresh], test


def _steps_of(
    forest: Trees, inner: Ints, test: Ints, n_tests: int
) -> tuple[_Nodes, NDArray[np.float64], list[Ints]]:
    """Go up from the leaves, a level at a time; a pair of value and node has one set of rows."""
    n = len(forest.left)
    parent, is_left = np.full(n, -1), np.zeros(n, dtype=bool)
    parent[forest.left[inner]] = parent[forest.right[inner]] = inner
    is_left[forest.left[inner]] = True
    values, value = np.unique(forest.active, return_inverse=True)
    height = [np.zeros(2 + 2 * n_tests, dtype=np.int64)]
    heights = height[0]
    found: list[_Nodes] = []
    # Pairs of this level: the value, the node, and the number of the set.
    pairs, sets = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    ended: list[tuple[Ints, Ints]] = []
    for level in reversed(_levels(forest)):
        leaves = level[(forest.left[level] == level) & (forest.active[level] != 0)]
        above, inverse = np.unique((pairs // n) * n + parent[pairs % n], return_inverse=True)
        left, right = np.full((2, len(above)), NOTHING)
        side = is_left[pairs % n]
        left[inverse[side]], right[inverse[~side]] = sets[side], sets[~side]
        made, nodes = _made(left, right, test[above % n], n_tests, heights)
        if len(nodes.left):
            found.append(nodes)
            heights = np.concatenate([heights, nodes.height])
        pairs = np.concatenate([above, value[leaves] * n + leaves])
        sets = np.concatenate([made, np.full(len(leaves), EVERYTHING)])
        at_root = parent[pairs % n] < 0
        ended.append((pairs[at_root] // n, sets[at_root]))
        pairs, sets = pairs[~at_root], sets[~at_root]
    kinds, numbers = (np.concatenate(part) for part in zip(*ended, strict=True))
    used = np.unique(kinds)
    empty = np.zeros(0, dtype=np.int64)
    every = (
        _Nodes(*map(np.concatenate, zip(*found, strict=True))) if found else _Nodes(*[empty] * 4)
    )
    return every, values[used].astype(np.float64), [numbers[kinds == kind] for kind in used]


def _levels(forest: Trees) -> list[Ints]:
    """Return the nodes at each distance from their root."""
    levels = [forest.roots]
    while True:
        inner = levels[-1][forest.left[levels[-1]] != levels[-1]]
        if not len(inner):
            return levels
        levels.append(np.concatenate([forest.left[inner], forest.right[inner]]).astype(np.int64))


def _made(left: Ints, right: Ints, test: Ints, n_tests: int, heights: Ints) -> tuple[Ints, _Nodes]:
    """Return the set of each pair, and the instructions for those that are not there yet."""
    made = np.where(left == right, left, -1)
    made = np.where((left == EVERYTHING) & (right == NOTHING), 2 + test, made)
    made = np.where((left == NOTHING) & (right == EVERYTHING), 2 + n_tests + test, made)
    new = np.flatnonzero(made < 0)
    made[new] = len(heights) + np.arange(len(new))
    height = 1 + np.maximum(heights[left[new]], heights[right[new]])
    return made, _Nodes(left[new], right[new], test[new], height)


def _instructions(nodes: _Nodes, n_tests: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Return kind, first, second and test of every instruction."""
    holds, fails = 2 + nodes.test, 2 + n_tests + nodes.test
    left, right = nodes.left, nodes.right
    kind = np.full(len(left), CHOOSE)
    first, second = left.copy(), right.copy()
    for constant, its_kind in ((NOTHING, AND), (EVERYTHING, OR)):
        # left constant: NOTHING leaves `right and fails`, EVERYTHING leaves `right or holds`.
        here = left == constant
        kind[here] = its_kind
        first[here] = right[here]
        second[here] = (fails if constant == NOTHING else holds)[here]
        here = right == constant
        kind[here] = its_kind
        first[here] = left[here]
        second[here] = (holds if constant == NOTHING else fails)[here]
    return kind, first, second, holds

"""A forest's program run on many rows: sets of rows as bits, 64 of them in a machine word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screening.features.visible import Visible
from screening.learners.forest.program import (
    AND,
    CHOOSE,
    EVERYTHING,
    NOTHING,
    OR,
    Instructions,
    Program,
)

# Bytes that the sets may take together, and the most rows that are done at a time.
_MEMORY = 1 << 25
_ROWS = 1024
# Instructions done at a time: what they read stays in the cache.
_INSTRUCTIONS = 2048
# Values that so few leaves have are not counted one by one, but weighted so many leaves at a time.
_RARE, _LEAVES = 16, 512
_WORD = 64

Words = NDArray[np.uint64]


class BitForest:
    """Counts, for many rows at once, the leaves that each ends in.

    Parameters
    ----------
    program : Program
    n_trees : int
    """

    def __init__(self, program: Program, n_trees: int) -> None:
        self.program = program
        self.n_trees = n_trees
        columns, start, count = np.unique(program.columns, return_index=True, return_counts=True)
        # Of a column with one threshold that zero passes, as of a bit, only entries that are larger
        # need be looked at; the others are laid out.
        width = 1 + int(columns.max(initial=0))
        single = count == 1
        single[single] = program.thresholds[start[single]] >= 0
        self._single_tests = start[single]
        self._limit = np.full(width, np.inf, dtype=np.float32)
        self._limit[columns[single]] = program.thresholds[self._single_tests]
        self._laid_columns = columns[~single]
        self._laid_row = np.full(width, -1)
        self._laid_row[self._laid_columns] = np.arange(len(self._laid_columns))
        self._runs = [
            slice(int(a), int(a + n)) for a, n in zip(start[~single], count[~single], strict=True)
        ]
        rare = [len(ends) < _RARE for ends in program.ends]
        self._common = [
            (value, ends)
            for value, ends, few in zip(program.values, program.ends, rare, strict=True)
            if not few
        ]
        own = [ends for ends, few in zip(program.ends, rare, strict=True) if few]
        self._rare_ends = np.concatenate([np.zeros(0, dtype=np.int64), *own])
        self._rare_values = np.repeat(
            program.values[np.array(rare, dtype=bool)], list(map(len, own))
        )
        fitting = _MEMORY // max(1, program.n_sets) * 8
        self._rows = min(_ROWS, max(_WORD, fitting // _WORD * _WORD))

    def probability(self, x: Visible) -> NDArray[np.float64]:
        """Return the mean over the trees of what each row's leaf is worth, shape (n,)."""
        blocks = [slice(start, start + self._rows) for start in range(0, len(x), self._rows)]
        if len(blocks) == 1:
            return self._of(x)
        parts = [self._of(x.take(rows)) for rows in blocks]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _of(self, x: Visible) -> NDArray[np.float64]:
        words = -(-len(x) // _WORD)
        sets = np.empty((self.program.n_sets, words), dtype=np.uint64)
        sets[NOTHING], sets[EVERYTHING] = 0, ~np.uint64(0)
        n_tests = len(self.program.columns)
        self._test(x, sets[2 : 2 + n_tests].view(np.uint8))
        np.invert(sets[2 : 2 + n_tests], out=sets[2 + n_tests : 2 + 2 * n_tests])
        buffers = np.empty((3, _INSTRUCTIONS, words), dtype=np.uint64)
        for step in self.program.steps:
            _do(step, sets, buffers)
        total = np.zeros(_WORD * words)
        # Whole numbers times values of 24 bits: float64 holds every partial sum exactly, so that
        # the order of trees and leaves does not matter.
        for value, ends in self._common:
            rows = np.unpackbits(sets[ends].view(np.uint8), axis=1, bitorder="little")
            total += value * rows.sum(axis=0, dtype=np.uint32)
        for start in range(0, len(self._rare_ends), _LEAVES):
            some = slice(start, start + _LEAVES)
            rows = np.unpackbits(
                sets[self._rare_ends[some]].view(np.uint8), axis=1, bitorder="little"
            )
            total += self._rare_values[some] @ rows.astype(np.float64)
        return total[: len(x)] / self.n_trees

    def _test(self, x: Visible, out: NDArray[np.uint8]) -> None:
        """Write, for every test, the rows in which it holds."""
        n, n_bits = 8 * out.shape[1], x.tops.shape[1]
        dense = self._laid_columns >= n_bits
        if x.implied is not None and not dense.all():
            x = Visible(x.bits, x.dense)
        laid = np.zeros((len(self._runs), n), dtype=np.float32)
        laid[dense, : len(x)] = x.dense.T[self._laid_columns[dense] - n_bits]
        if not dense.all():
            columns = np.repeat(np.arange(n_bits), np.diff(x.by_column.indptr))
            asked = np.flatnonzero(columns < len(self._laid_row))
            some = asked[self._laid_row[columns[asked]] >= 0]
            values, rows = x.by_column.data[some], x.by_column.indices[some]
            laid[self._laid_row[columns[some]], rows] = values
        on_bits = self.program.columns[self._single_tests] < n_bits
        tests = self._single_tests[on_bits]
        out[tests] = ~self._larger(x, n)[self.program.columns[tests]]
        for test in self._single_tests[~on_bits]:
            column = x.dense[:, self.program.columns[test] - n_bits]
            packed = np.packbits(column <= self.program.thresholds[test], bitorder="little")
            out[test, : len(packed)] = packed
        self._test_laid(laid, out)

    def _larger(self, x: Visible, n: int) -> NDArray[np.uint8]:
        """Return, for every bit, the rows in which it is larger than its one threshold."""
        n_bits = x.tops.shape[1]
        limit = np.full(n_bits, np.inf, dtype=np.float32)
        limit[: len(self._limit)] = self._limit[:n_bits]
        entries = x.by_column
        columns = np.repeat(np.arange(n_bits), np.diff(entries.indptr))
        # Column after column, so that neighbours are written one after the other.
        places = columns * n + entries.indices
        above = np.zeros((n_bits, n), dtype=np.uint8)
        if x.implied is None:
            above.ravel()[places] = entries.data > limit[columns]
            return np.packbits(above, axis=1, bitorder="little")
        above.ravel()[places] = 1
        tops = np.packbits(above, axis=1, bitorder="little").view(np.uint64)
        by = x.implied.tocsc()
        larger = np.bitwise_or.reduceat(tops[by.indices], by.indptr[:-1], axis=0)
        larger[limit >= 1] = 0
        return larger.view(np.uint8)

    def _test_laid(self, laid: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
        """Write the tests of columns with several thresholds.

        A row holds from the first threshold on that is not below it: it is marked there, and the
        marks are carried on. Most values of a column are below its first threshold or above its
        last, and need no search.
        """
        if not self._runs:
            return
        thresholds = self.program.thresholds
        firsts = np.array([run.start for run in self._runs])
        lasts = np.array([run.stop - 1 for run in self._runs])
        lowest = laid <= thresholds[firsts, None]
        inside = np.flatnonzero((laid <= thresholds[lasts, None]) & ~lowest)
        values, n = laid.ravel()[inside], laid.shape[1]
        column, row = inside // n, inside % n
        cuts = np.searchsorted(column, np.arange(len(self._runs) + 1))
        place = np.empty(len(inside), dtype=np.int64)
        for run, start, stop in zip(self._runs, cuts[:-1], cuts[1:], strict=True):
            place[start:stop] = np.searchsorted(thresholds[run], values[start:stop])
        for run in self._runs:
            out[run] = 0
        out[firsts] = np.packbits(lowest, axis=1, bitorder="little")
        # Every row has a bit of its own: to add bits is to set them.
        where = (firsts[column] + place) * out.shape[1] + (row >> 3)
        np.add.at(out.reshape(-1), where, (1 << (row & 7)).astype(np.uint8))
        words = out.view(np.uint64)
        for run in self._runs:
            np.bitwise_or.accumulate(words[run], axis=0, out=words[run])


def _do(step: Instructions, sets: Words, buffers: Words) -> None:
    for start in range(0, len(step.first), _INSTRUCTIONS):
        some = slice(start, start + _INSTRUCTIONS)
        size = len(step.first[some])
        out = sets[step.start + start : step.start + start + size]
        first, second, test = buffers[:, :size]
        np.take(sets, step.first[some], axis=0, out=first, mode="clip")
        np.take(sets, step.second[some], axis=0, out=second, mode="clip")
        if step.kind == AND:
            np.bitwise_and(first, second, out=out)
        elif step.kind == OR:
            np.bitwise_or(first, second, out=out)
        else:
            assert step.kind == CHOOSE
            np.take(sets, step.test[some], axis=0, out=test, mode="clip")
            first ^= second
            first &= test
            np.bitwise_xor(first, second, out=out)

"""The rows of a packed library by number: guessed at by a scout, chosen, their counts read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from screening.library.first_pass.scout import Scout
from screening.library.packed.format import PackedPart, packed_files, read_bits

# Parts that are under way at a time, for each thread.
_AHEAD = 8
Numbers = NDArray[np.int64]


class PackedRows:
    """All molecules of packed parts, numbered from 0 in the order of the library.

    Parameters
    ----------
    parts : sequence of PackedPart
    threads : int
        That read and guess. Does not change the result.
    """

    def __init__(self, parts: Sequence[PackedPart], threads: int) -> None:
        self.parts, self._threads = list(parts), threads
        sizes = [packed_files(p.folder).read_record(p.number).scored for p in self.parts]
        self.ends = np.cumsum(sizes, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def by_part(self, numbers: Numbers) -> Iterator[tuple[int, Numbers]]:
        """Yield each part that has some of these rows, ascending, and their places in it."""
        part_of = self.part_of(numbers)
        present, first = np.unique(part_of, return_index=True)
        for part, own in zip(present.tolist(), np.split(numbers, first[1:]), strict=True):
            yield part, own - self.begin(part)

    def part_of(self, numbers: Numbers) -> NDArray[np.int64]:
        """Return the part that each row lies in."""
        return np.searchsorted(self.ends, numbers, side="right")

    def begin(self, part: int) -> int:
        """Return the number of a part's first row."""
        return int(self.ends[part - 1]) if part else 0

    def guesses(self, scout: Scout) -> NDArray[np.float32]:
        """Return what a scout guesses of each row."""
        found = np.empty(len(self), np.float32)

        def look(part: int) -> None:
            found[self.begin(part) : self.ends[part]] = scout(read_bits(self.parts[part]))

        self._each(look, range(len(self.parts)))
        return found

    def counts(self, numbers: Numbers) -> csr_matrix:
        """Return the Morgan counts of rows, ascending."""
        wanted = list(self.by_part(numbers))
        found: list[csr_matrix] = [csr_matrix((0, 0))] * len(wanted)

        def read(place: int) -> None:
            part, own = wanted[place]
            found[place] = read_bits(self.parts[part])[own]

        self._each(read, range(len(wanted)))
        return vstack(found, format="csr")

    def _each(self, work: Callable[[int], None], places: range) -> None:
        with ThreadPoolExecutor(self._threads) as pool:
            step = _AHEAD * self._threads
            for start in range(0, len(places), step):
                for done in [pool.submit(work, place) for place in places[start : start + step]]:
                    done.result()


def best_of(guesses: NDArray[np.float32], free: NDArray[np.bool_], n: int) -> Numbers:
    """Return the free rows with the best guesses, ascending; of equal ones the first.

    Parameters
    ----------
    guesses : float32 array of shape (n_rows,)
    free : bool array of shape (n_rows,)
    n
        How many.
    """
    places = np.flatnonzero(free)
    if len(places) <= n:
        return places
    own = guesses[places]
    cut = np.partition(own, len(own) - n)[len(own) - n]
    above, level = places[own > cut], places[own == cut]
    return np.sort(np.concatenate([above, level[: n - len(above)]]))

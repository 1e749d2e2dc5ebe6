"""Structures that are given by themselves, not in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from screening.tables import Chunk, Columns

_SMILES = "smiles"


class GivenCompounds:
    """Structures as a stream of one piece, as `LibraryStream` is one of many.

    Parameters
    ----------
    smiles : sequence of str

    Attributes
    ----------
    sources : list of str
        One, without a name.
    columns : dict of str to Columns
    """

    def __init__(self, smiles: Sequence[str]) -> None:
        self._smiles = list(smiles)
        self.sources = [""]
        self.columns = {"": Columns(_SMILES, None, (_SMILES,))}

    def __iter__(self) -> Iterator[Chunk]:
        texts = self._smiles
        # Each is known by its own text.
        yield Chunk("", np.arange(len(texts)), texts, texts, cells={_SMILES: texts})

    def share_read(self) -> float:
        """Return the share that was read."""
        return 1.0

"""Compounds named on a command line: a file, or a structure itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from screening.tables import Chunk, Columns

_SMILES = "smiles"
# No structure ends so; a file that is missing most often does.
_FILE = re.compile(
    r"\.(csv|tsv|tab|txt|smi|smiles|ism|can|sdf?|mol2?|parquet|pq|xlsx?|ods|json|ebm|gz|zip)$", re.I
)


def names_a_table(word: str) -> bool:
    """Tell whether a word means a file (there or missing), several, or stdin, and no structure."""
    path = Path(word)
    there = path.exists() and not path.is_dir()
    return word == "-" or there or word.endswith("/") or bool(_FILE.search(word))


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

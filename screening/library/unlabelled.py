"""Compounds drawn evenly from all rows of a library, to be learned from without labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rdkit import Chem

from screening.chemistry import Failure, Limits, Standardiser, prepare_molecule
from screening.errors import UserError
from screening.library.prepared.source import is_prepared
from screening.progress import OnStep
from screening.tables import Announce, Chunk, open_library

_CHUNK = 5000


@dataclass
class Unlabelled:
    """Rows drawn from a library, and the molecules that they become one after the other.

    A molecule of RDKit's takes some 80 kB and its text 50 bytes: the rows are kept as text, and
    whoever goes through the molecules keeps what it needs of them.

    Attributes
    ----------
    structures : list of str
        As they are in the library, in its order.
    sources : list of str
        The files.
    read : int
        Rows of the library.
    standardiser, limits
        As for any molecule.
    on_step : callable
        Told (stage, done, total).
    rejected : dict of str to int
        How many rows gave no molecule, by reason; counted by `molecules`.
    """

    structures: list[str]
    sources: list[str]
    read: int
    standardiser: Standardiser
    limits: Limits
    on_step: OnStep
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def drawn(self) -> int:
        """Rows that were drawn."""
        return len(self.structures)

    def molecules(self) -> Iterator[Chem.Mol]:
        """Yield the molecules, standardised, in the order of the library.

        Raises
        ------
        UserError
            At the end, when no row held a molecule.
        """
        self.rejected.clear()
        found = 0
        for done, smiles in enumerate(self.structures, start=1):
            mol = prepare_molecule(smiles, self.standardiser, self.limits)
            self.on_step("structures", done, self.drawn)
            if isinstance(mol, Failure):
                self.rejected[mol.reason] = self.rejected.get(mol.reason, 0) + 1
            else:
                found += 1
                yield mol
        if not found:
            raise UserError(
                f"none of the {self.drawn} rows drawn from {', '.join(self.sources)} holds a "
                "molecule; check which column holds the structures (smiles_column, -s)."
            )

    def described(self) -> dict[str, Any]:
        """Return where the molecules come from, as a JSON-able dict.

        Its `rejected` is that of this object: complete once the molecules have been gone through.
        """
        return {
            "sources": self.sources,
            "read": self.read,
            "drawn": self.drawn,
            "rejected": self.rejected,
        }


def draw_unlabelled(
    sources: Sequence[str],
    count: int,
    *,
    standardiser: Standardiser,
    limits: Limits,
    seed: int,
    smiles_column: str | None = None,
    sheet: str | None = None,
    announce: Announce,
    on_step: OnStep,
) -> Unlabelled:
    """Draw rows of a library, to make molecules of them.

    Every row is as likely as any other, whatever file it is in. The files are read once, and no
    more than some `count` rows are held.

    Parameters
    ----------
    sources : sequence of str
        Files, globs, or `-` for stdin.
    count : int
        Rows to draw; all when the library has no more.
    standardiser, limits
        As for any molecule.
    seed : int
        Decides which rows.
    smiles_column, sheet : str, optional
    announce, on_step : callable

    Raises
    ------
    UserError
        A file cannot be read.
    """
    for source in sources:
        if is_prepared(source):
            raise UserError(
                f"{source} is a prepared library; pretraining reads raw files: give those that "
                "it was made from."
            )
    stream = open_library(
        sources, smiles_column=smiles_column, sheet=sheet, chunk_size=_CHUNK, announce=announce
    )
    structures, read = draw_rows(stream, count, seed)
    return Unlabelled(structures, stream.sources, read, standardiser, limits, on_step)


def draw_rows(chunks: Iterable[Chunk], count: int, seed: int) -> tuple[list[str], int]:
    """Return the structures of `count` rows drawn without replacement, and how many rows there are.

    A row that its file's reader could not make sense of is drawn as an empty one. Each row gets a
    random number and the rows of the smallest ones are kept, so that the draw does not depend on
    how the rows come in chunks.
    """
    draw = np.random.default_rng(seed)
    keys = np.zeros(0)
    structures: list[str] = []
    read = 0
    for chunk in chunks:
        fresh = draw.random(len(chunk))
        keys = np.concatenate([keys, fresh])
        structures += [
            "" if place in chunk.problems else smiles for place, smiles in enumerate(chunk.smiles)
        ]
        read += len(chunk)
        if len(keys) > count:
            kept = np.sort(np.argpartition(keys, count - 1)[:count])
            keys = keys[kept]
            structures = [structures[i] for i in kept]
    return structures, read

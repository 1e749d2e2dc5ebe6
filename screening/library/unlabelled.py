"""Compounds drawn evenly from all rows of a library, to be learned from without labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rdkit import Chem

from screening.chemistry import Failure, Limits, Standardiser, prepare_molecule
from screening.errors import UserError
from screening.library.prepared_source import is_prepared
from screening.library.raw_source import RawStream
from screening.tables import Announce, Chunk

_CHUNK = 5000


@dataclass(frozen=True)
class Unlabelled:
    """Molecules drawn from a library.

    Attributes
    ----------
    mols : list of Mol
        Standardised, in the order of the library.
    sources : list of str
        The files.
    read, drawn : int
        Rows of the library, and those that were looked at.
    rejected : dict of str to int
        How many of the drawn rows gave no molecule, by reason.
    """

    mols: list[Chem.Mol]
    sources: list[str]
    read: int
    drawn: int
    rejected: dict[str, int]

    def described(self) -> dict[str, Any]:
        """Return where the molecules come from, as a JSON-able dict."""
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
    announce: Announce,
    on_step: Callable[[str, int, int], None],
) -> Unlabelled:
    """Draw rows of a library, and make molecules of them.

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
    smiles_column : str, optional
    announce, on_step : callable

    Raises
    ------
    UserError
        A file cannot be read, or no drawn row holds a molecule.
    """
    for source in sources:
        if is_prepared(source):
            raise UserError(
                f"{source} is a prepared library; pretraining reads raw files: give those that "
                "it was made from."
            )
    stream = RawStream(sources, smiles_column, None, _CHUNK, announce)
    structures, read = draw_rows(stream, count, seed)
    mols: list[Chem.Mol] = []
    rejected: Counter[str] = Counter()
    for done, smiles in enumerate(structures, start=1):
        mol = prepare_molecule(smiles, standardiser, limits)
        if isinstance(mol, Failure):
            rejected[mol.reason] += 1
        else:
            mols.append(mol)
        on_step("structures", done, len(structures))
    if not mols:
        raise UserError(
            f"none of the {len(structures)} rows drawn from {', '.join(stream.sources)} holds a "
            "molecule; check which column holds the structures (-s)."
        )
    return Unlabelled(mols, stream.sources, read, len(structures), dict(rejected))


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

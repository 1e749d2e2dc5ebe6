"""From text to a molecule, or to the reason why not: errors are values here."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rdkit import Chem, rdBase

# RDKit's messages go to Python's stderr from here on, where `captured` can read them.
rdBase.LogToPythonStderr()
rdBase.DisableLog("rdApp.info")
rdBase.DisableLog("rdApp.debug")

# RDKit puts one before each message, also where the line before has not ended.
_TIME_STAMP = re.compile(r"\[\d\d:\d\d:\d\d\] ?")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a molecule may cost.

    Attributes
    ----------
    max_atoms : int
        Heavy atoms, `*` included; larger molecules are rejected.
    timeout_seconds : float
        Time for one molecule, held by whoever runs the worker.
    """

    max_atoms: int = 200
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a text did not become a molecule.

    Attributes
    ----------
    reason : str
        One of empty, parse, sanitize, too_large, timeout, crash, no_atoms; of an assay also value.
    message : str
        RDKit's own words where it has any.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be used: where it stands, what it says, and why."""

    source: str
    row: int
    id: str
    smiles: str
    reason: str
    message: str


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """Catch what RDKit says on stderr."""
    kept, sys.stderr = sys.stderr, io.StringIO()
    try:
        yield sys.stderr
    finally:
        sys.stderr = kept


def read_molecule(smiles: str, limits: Limits | None = None) -> Chem.Mol | Failure:
    """Parse one SMILES.

    Parameters
    ----------
    smiles
        The text of the row; blanks around it are ignored.
    limits
        Size cap; the default limits when None.

    Returns
    -------
    Mol or Failure
        Never raises for a bad text.
    """
    limits = limits or Limits()
    text = smiles.strip()
    if not text:
        return Failure("empty", "there is no structure in this row")
    with captured() as said:
        mol = _parse(text, limits)
    if isinstance(mol, Failure) and not mol.message:
        return Failure(mol.reason, words_of(said.getvalue()))
    return mol


def _parse(text: str, limits: Limits) -> Chem.Mol | Failure:
    # A text is never shorter than its atoms: what is short enough is parsed in one go.
    if len(text) <= limits.max_atoms:
        mol = Chem.MolFromSmiles(text)
        if mol is not None:
            return mol if mol.GetNumAtoms() else Failure("no_atoms", "the structure has no atoms")
    raw = Chem.MolFromSmiles(text, sanitize=False)
    if raw is None:
        return Failure("parse", "")
    heavy = raw.GetNumHeavyAtoms() + sum(not atom.GetAtomicNum() for atom in raw.GetAtoms())
    if not raw.GetNumAtoms():
        return Failure("no_atoms", "the structure has no atoms")
    if heavy > limits.max_atoms:
        return Failure("too_large", f"{heavy} heavy atoms; the limit is {limits.max_atoms}")
    mol = Chem.MolFromSmiles(text)
    return mol if mol is not None else Failure("sanitize", "")


def words_of(said: str) -> str:
    """Return what RDKit said as one line, without its time stamps.

    Examples
    --------
    >>> words_of("[12:00:01] one thing[12:00:02] and another")
    'one thing and another'
    """
    lines = [line.strip() for line in _TIME_STAMP.sub("\n", said).splitlines()]
    return " ".join(dict.fromkeys(filter(None, lines))) or "RDKit gave no message"

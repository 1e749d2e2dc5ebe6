"""Substructures that compounds must have, or must not: SMARTS with names, and who matches them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem

from screening.chemistry.molecule import captured
from screening.errors import UserError


@dataclass(frozen=True)
class Pattern:
    """A substructure by its SMARTS, and what people call it.

    Attributes
    ----------
    smarts : str
    name : str
    """

    smarts: str
    name: str

    def query(self) -> Chem.Mol:
        """Return the pattern as RDKit searches for it."""
        return Chem.MolFromSmarts(self.smarts)

    def __str__(self) -> str:
        return self.name if self.name == self.smarts else f"{self.name} ({self.smarts})"


def read_patterns(texts: str | Iterable[str], option: str) -> tuple[Pattern, ...]:
    """Read patterns as they stand on a command line.

    Parameters
    ----------
    texts
        Each `SMARTS`, `SMARTS name`, or a file of such lines: `@FILE`, or its path where that is no
        SMARTS itself. Empty lines of a file, and those that begin with `#`, say nothing.
    option
        That has them, for messages.

    Returns
    -------
    tuple of Pattern
        Each once, in the order given. Without a name, a pattern is called by its SMARTS.

    Raises
    ------
    UserError
        A text is no SMARTS, or a file cannot be read or holds none.

    Examples
    --------
    >>> read_patterns(["c1ccncc1 pyridine", "[OX2H]"], "--require")
    (Pattern(smarts='c1ccncc1', name='pyridine'), Pattern(smarts='[OX2H]', name='[OX2H]'))
    """
    found: list[Pattern] = []
    for text in [texts] if isinstance(texts, str) else texts:
        if text.startswith("@"):
            found += _of_file(Path(text[1:]), option)
            continue
        try:
            found.append(_pattern(text, option))
        except UserError:
            if not _is_file(text):
                raise
            found += _of_file(Path(text), option)
    return tuple(dict.fromkeys(found))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # no file can have such a name
        return False


def _of_file(path: Path, option: str) -> list[Pattern]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise UserError(f"{option} @{path}: the file cannot be read ({error}).") from error
    found = [
        _pattern(line, f"{option} @{path}, line {number}:")
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not found:
        raise UserError(f"{option} @{path}: the file holds no patterns; write one SMARTS a line.")
    return found


def _pattern(text: str, place: str) -> Pattern:
    smarts, *rest = text.split(maxsplit=1) or [""]
    with captured() as said:
        query = Chem.MolFromSmarts(smarts)
    if query is None or not query.GetNumAtoms():
        raise UserError(f"{place} {smarts!r} is no SMARTS: {_fault(said.getvalue())}.")
    return Pattern(smarts, rest[0].strip() if rest else smarts)


def _fault(said: str) -> str:
    """Return what RDKit says of a text in a few words."""
    if place := re.search(r"around position (\d+)", said):
        return f"it cannot be read at position {place[1]}"
    words = re.search(r"Error: (.+?) for input", said)
    return words[1] if words else "it has no atoms"

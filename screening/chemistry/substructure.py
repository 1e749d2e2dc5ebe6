"""Substructures that compounds must have, or must not: SMARTS with names, and who matches them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem

from screening.chemistry.molecule import captured
from screening.errors import UserError

# Comparisons of a query's atom with one of the molecule in a search: a fraction of a second. Steps
# and not seconds, so that the same molecules match on every machine.
MOST_STEPS = 200_000
# Searches of one pattern given up, and their share of all, from which it is the pattern's fault.
_MANY, _SHARE = 20, 0.1


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


@dataclass(frozen=True)
class Sought(Pattern):
    """A pattern, and how many compounds were passed over for it.

    Attributes
    ----------
    passed_over : int
        Compounds that it ruled out; where several patterns would, the first does.
    given_up : int
        Of these, how many because the search took too long.
    """

    passed_over: int = 0
    given_up: int = 0


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
            found.append(read_pattern(text, option))
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
        raise UserError(f"{option} @{path}: the file cannot be read ({_reason(error)}).") from error
    found = [
        read_pattern(line, f"{option} @{path}, line {number}:")
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not found:
        raise UserError(f"{option} @{path}: the file holds no patterns; write one SMARTS a line.")
    return found


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def read_pattern(text: str, place: str) -> Pattern:
    """Read one pattern, `SMARTS` or `SMARTS name`; never a file.

    Parameters
    ----------
    text, place
        The pattern, and where it stands, for messages.

    Raises
    ------
    UserError
        The text is no SMARTS.
    """
    smarts, *rest = text.split(maxsplit=1) or [""]
    with captured() as said:
        query = Chem.MolFromSmarts(smarts)
    if query is None or not query.GetNumAtoms():
        raise UserError(f"{place} {smarts!r} is no SMARTS: {_fault(said.getvalue())}.")
    return Pattern(smarts, rest[0].strip() if rest else smarts)


def pattern_of_drawing(smiles: str) -> str:
    """Return the SMARTS of a structure that was drawn as a part of others.

    Atoms keep element, aromaticity and charge, with any number of hydrogens; stereo is left out.

    Raises
    ------
    UserError
        The structure cannot be read.

    Examples
    --------
    >>> pattern_of_drawing("C1=CC=CN1"), pattern_of_drawing("C[C@H](N)C(=O)[O-]")
    ('c1ccnc1', 'CC(N)C(=O)[O-]')
    """
    with captured():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        raise UserError("what is drawn cannot be read as a structure: look for a wrong valence.")
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetNumExplicitHs(0)
        atom.SetNoImplicit(False)
        atom.SetAtomMapNum(0)
    return str(Chem.MolToSmiles(mol))


def _fault(said: str) -> str:
    """Return what RDKit says of a text in a few words."""
    if place := re.search(r"around position (\d+)", said):
        return f"it cannot be read at position {place[1]}"
    words = re.search(r"Error: (.+?) for input", said)
    return words[1] if words else "it has no atoms"


class Substructures:
    """Takes molecules that have all of some patterns and none of others, and counts the rest.

    Stereo that a pattern states must be there. A molecule in which the search for a pattern is
    given up, after `MOST_STEPS` comparisons of atoms, is not taken.

    Parameters
    ----------
    required, excluded : sequence of Pattern

    Attributes
    ----------
    looked_at : int
        Molecules that were asked about.
    required, excluded : tuple of Sought
        The patterns, counted.

    Examples
    --------
    >>> from rdkit import Chem
    >>> acids = Substructures([Pattern("C(=O)[OX2H]", "acid")], [Pattern("[#7]", "nitrogen")])
    >>> [acids.takes(Chem.MolFromSmiles(text)) for text in ("CC(=O)O", "NCC(=O)O", "CCO")]
    [True, False, False]
    >>> acids.passed_over()
    '1 lacks acid (C(=O)[OX2H]), 1 has nitrogen ([#7])'
    """

    def __init__(self, required: Sequence[Pattern], excluded: Sequence[Pattern]) -> None:
        self._patterns = (*required, *excluded)
        self._queries = [pattern.query() for pattern in self._patterns]
        self._n_required = len(required)
        self._ruled_out = [0] * len(self._patterns)
        self._given_up = [0] * len(self._patterns)
        self.looked_at = 0

    def __bool__(self) -> bool:
        return bool(self._patterns)

    @property
    def required(self) -> tuple[Sought, ...]:
        """Patterns that a molecule must have."""
        return self._counted()[: self._n_required]

    @property
    def excluded(self) -> tuple[Sought, ...]:
        """Patterns that a molecule must not have."""
        return self._counted()[self._n_required :]

    def _counted(self) -> tuple[Sought, ...]:
        counted = zip(self._patterns, self._ruled_out, self._given_up, strict=True)
        return tuple(Sought(p.smarts, p.name, n, given_up) for p, n, given_up in counted)

    def takes(self, mol: Chem.Mol) -> bool:
        """Tell whether a molecule is taken, and count it.

        Raises
        ------
        UserError
            The search for a pattern is given up again and again.
        """
        self.looked_at += 1
        for number, query in enumerate(self._queries):
            found = has_substructure(mol, query)
            if found is not (number < self._n_required):
                self._ruled_out[number] += 1
                if found is None:
                    self._give_up(number)
                return False
        return True

    def _give_up(self, number: int) -> None:
        self._given_up[number] += 1
        if self._given_up[number] > max(_MANY, _SHARE * self.looked_at):
            raise UserError(
                f"the pattern {self._patterns[number]} takes too long: the search was given up in "
                f"{self._given_up[number]} of {self.looked_at} compounds. Write it with fewer "
                "wildcards, and fewer parts that are joined by dots."
            )

    def passed_over(self) -> str:
        """Say how many compounds each pattern ruled out."""
        lacks = [_ruled_out(pattern, "lacks", "lack") for pattern in self.required]
        return ", ".join(lacks + [_ruled_out(pattern, "has", "have") for pattern in self.excluded])


def _ruled_out(pattern: Sought, one: str, several: str) -> str:
    words = f"{pattern.passed_over:,} {one if pattern.passed_over == 1 else several} {pattern}"
    if not pattern.given_up:
        return words
    return f"{words} (of these {pattern.given_up:,} where the search took too long)"


def has_substructure(mol: Chem.Mol, query: Chem.Mol, most_steps: int = MOST_STEPS) -> bool | None:
    """Tell whether a molecule has a substructure; None when that is not found out in time.

    Parameters
    ----------
    mol
    query
        Of a SMARTS.
    most_steps
        Comparisons of a query's atom with one of the molecule.
    """
    steps = 0

    def goes_on(*_: Chem.Atom) -> bool:
        # The search cannot be ended from outside, but without atoms that match it soon is.
        nonlocal steps
        steps += 1
        return steps <= most_steps

    asked = Chem.SubstructMatchParameters()
    asked.useChirality = True  # type: ignore[assignment]
    asked.maxMatches = 1  # type: ignore[assignment]
    asked.setExtraAtomCheckFunc(goes_on)
    found = bool(mol.HasSubstructMatch(query, asked))
    return found if steps <= most_steps else None

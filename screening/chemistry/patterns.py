"""Many patterns against one molecule: most cannot match, and that is found without trying them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs

Words = NDArray[np.uint64]
_SYMBOL = re.compile(r"Br|Cl|[BCNOPSFIbcnopsaA*]|#\d+")
# Queries that look at an atom or a bond alone, and at nothing that its kind does not tell (see
# `_kind_of_atom`). Queries of another name are left out, or weakened.
_OF_ATOMS = frozenset(
    "AtomAnd AtomOr AtomNull AtomType AtomAtomicNum AtomIsAromatic AtomIsAliphatic AtomHCount "
    "AtomFormalCharge AtomExplicitDegree AtomTotalDegree AtomTotalValence AtomInRing AtomInNRings "
    "AtomMinRingSize".split()
)
_OF_BONDS = frozenset("BondAnd BondOr BondNull BondOrder SingleOrAromaticBond BondInRing".split())


class PatternScreen:
    """Tells which of many patterns a molecule may match.

    Two things are asked of a molecule that holds a pattern: all bits of the pattern's RDKit pattern
    fingerprint, and a match of each of its bonds (two query atoms and what joins them). Patterns
    have most bonds in common, and molecules most kinds of bonds, so that nearly every answer is
    known already. Patterns within an atom, `$(...)`, are reduced to their first atom. A pattern of
    one atom that only lists others, `[$(A),$(B)]`, is taken as these.

    Nothing that matches is ever left out: a part of what matches, matches.

    Parameters
    ----------
    patterns : sequence of Mol or None
        Queries; None where a pattern is not known, which may then always match.
    """

    def __init__(self, patterns: Sequence[Chem.Mol | None]) -> None:
        self._bonds = _BondQueries()
        # RDKit's atoms and bonds do not keep their molecule: without it they are gone.
        self._kept = [_forms(pattern) for pattern in patterns]
        forms = [form for own in self._kept for form in own]
        self._pattern_of = np.repeat(np.arange(len(patterns)), [len(own) for own in self._kept])
        numbers = [self._bonds_of(form) for form in forms]
        self._needed = np.stack(
            [
                np.concatenate([_bits(form), self._bonds.words(own)])
                for form, own in zip(forms, numbers, strict=True)
            ]
        )

    def candidates(self, mol: Chem.Mol) -> list[int]:
        """Return the patterns that the molecule may match, by number, ascending."""
        there = np.concatenate([_bits(mol), self._bonds.of_molecule(mol)])
        possible = ((self._needed & ~there) == 0).all(axis=1)
        return np.unique(self._pattern_of[possible]).tolist()

    def _bonds_of(self, form: Chem.Mol) -> list[int]:
        ends = [self._bonds.end(self._alone(atom)) for atom in form.GetAtoms()]
        return [
            self._bonds.add(ends[bond.GetBeginAtomIdx()], ends[bond.GetEndAtomIdx()], bond)
            for bond in form.GetBonds()
            if _names(bond) <= _OF_BONDS
        ]

    def _alone(self, atom: Chem.Atom) -> Chem.Atom:
        """Return the query itself, or a weaker one that looks at the atom alone."""
        if _names(atom) <= _OF_ATOMS:
            return atom
        for smarts in (_weaker(atom.GetSmarts()), "*"):
            query = Chem.MolFromSmarts(smarts)
            if query is not None and _names(query.GetAtomWithIdx(0)) <= _OF_ATOMS:
                break
        self._kept.append([query])
        return query.GetAtomWithIdx(0)


class _BondQueries:
    """Queries for a bond and its two atoms, and which of them each kind of bond answers."""

    def __init__(self) -> None:
        self._atoms: dict[str, tuple[int, Chem.Atom]] = {}
        self._orders: dict[str, tuple[int, Chem.Bond]] = {}
        self._queries: dict[tuple[int, int, int], int] = {}
        self._of_atom: dict[Any, NDArray[np.bool_]] = {}
        self._of_order: dict[Any, NDArray[np.bool_]] = {}
        self._of_bond: dict[Any, Words] = {}

    def end(self, atom: Chem.Atom) -> int:
        """Return the number of a query for an atom, the same for the same one."""
        return self._atoms.setdefault(_text(atom), (len(self._atoms), atom))[0]

    def add(self, first: int, second: int, bond: Chem.Bond) -> int:
        """Return the number of a query for a bond and its ends, the same for the same one."""
        order = self._orders.setdefault(_text(bond), (len(self._orders), bond))[0]
        ends = (min(first, second), max(first, second), order)
        return self._queries.setdefault(ends, len(self._queries))

    def words(self, numbers: Sequence[int]) -> Words:
        """Return some queries as bits."""
        flags = np.zeros(-(-len(self._queries) // 64) * 64, dtype=bool)
        flags[list(numbers)] = True
        return np.packbits(flags).view(np.uint64)

    def of_molecule(self, mol: Chem.Mol) -> Words:
        """Return the queries that some bond of a molecule answers, as bits."""
        rings = mol.GetRingInfo()
        atoms = [_kind_of_atom(atom, rings) for atom in mol.GetAtoms()]
        found = self.words([])
        kinds: dict[Any, Chem.Bond] = {}
        for bond in mol.GetBonds():
            ends = (atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
            kinds[*ends, bond.GetBondType(), bond.IsInRing()] = bond
        for kind, bond in kinds.items():
            if kind not in self._of_bond:
                self._of_bond[kind] = self._answered(kind, bond)
            found |= self._of_bond[kind]
        return found

    def _answered(self, kind: Any, bond: Chem.Bond) -> Words:
        for atom, own in zip((bond.GetBeginAtom(), bond.GetEndAtom()), kind[:2], strict=True):
            if own not in self._of_atom:
                self._of_atom[own] = np.array([q.Match(atom) for _, q in self._atoms.values()])
        if kind[2:] not in self._of_order:
            self._of_order[kind[2:]] = np.array([q.Match(bond) for _, q in self._orders.values()])
        first, second, order = np.array(list(self._queries)).T
        left, right = self._of_atom[kind[0]], self._of_atom[kind[1]]
        either = (left[first] & right[second]) | (left[second] & right[first])
        return self.words(np.flatnonzero(either & self._of_order[kind[2:]][order]).tolist())


def _kind_of_atom(atom: Chem.Atom, rings: Any) -> tuple[Any, ...]:
    number = atom.GetIdx()
    return (
        atom.GetAtomicNum(),
        atom.GetIsAromatic(),
        atom.GetFormalCharge(),
        atom.GetTotalNumHs(includeNeighbors=True),
        atom.GetDegree(),
        atom.GetTotalDegree(),
        atom.GetTotalValence(),
        rings.NumAtomRings(number),
        rings.MinAtomRingSize(number),
    )


def _weaker(smarts: str) -> str:
    """Return an atom's query without its patterns: of `$(CO)` the first atom, of `!$(CO)` none."""
    found, rest = "", smarts
    while rest:
        before, mark, after = rest.partition("$(")
        inner = _until_closed(after) if mark else ""
        if before.endswith("!"):
            found += before[:-1] + "*"
        else:
            found += before + (_first_atom(inner) if mark else "")
        rest = after[len(inner) + 1 :]
    return found


def _first_atom(smarts: str) -> str:
    if not smarts.startswith("["):
        found = _SYMBOL.match(smarts)
        return found[0] if found else "*"
    query = _weaker(_until_closed(smarts[1:]))
    # In a list these would bind otherwise.
    return "*" if "," in query or ";" in query else query


def _until_closed(text: str) -> str:
    """Return what stands before the bracket that closes one opened before the text."""
    depth = 1
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if not depth:
            return text[:place]
    return text


def _names(query: Chem.Atom | Chem.Bond) -> set[str]:
    return {line.split()[0] for line in query.DescribeQuery().splitlines()}


def _text(query: Chem.Atom | Chem.Bond) -> str:
    return f"{query.GetSmarts()} {query.DescribeQuery()}"  # type: ignore[call-arg]


def _bits(mol: Chem.Mol) -> Words:
    text = DataStructs.BitVectToBinaryText(Chem.PatternFingerprint(mol))
    return np.frombuffer(text, dtype=np.uint64)


def _forms(pattern: Chem.Mol | None) -> list[Chem.Mol]:
    """Return queries of which a molecule must match one to match the pattern."""
    if pattern is None:
        return [Chem.Mol()]
    if pattern.GetNumAtoms() > 1:
        return [pattern]
    smarts = Chem.MolToSmarts(pattern)
    listed = _alternatives(smarts[1:-1]) if smarts.startswith("[") else []
    if not all(text.startswith("$(") and text.endswith(")") for text in listed):
        return [pattern]
    forms = [Chem.MolFromSmarts(text[2:-1]) for text in listed]
    return forms if forms and all(forms) else [pattern]


def _alternatives(text: str) -> list[str]:
    """Cut at the commas that stand in no bracket."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts

"""Make a large library by exchanging R-groups: every core with every group, in random order.

    python benchmarks/exchanged_library.py ../shared/data/lib_moses/train.csv.gz -o ten_million.csv

Each source molecule is cut at one single bond between a ring and a chain or another ring. The large
side is a core, the small side an R-group. Cores and groups are drawn by the seed, and a core with a
group is one row. `--check` parses that many of the rows and counts how many molecules are repeated.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rdkit import Chem

from screening.tables import open_library, write_atomically

_AT_A_RING, _ANYWHERE = Chem.MolFromSmarts("[R]-!@[!#0]"), Chem.MolFromSmarts("[!#0]-!@[!#0]")
_DUMMY = "[99*]"
# The first atom of a SMILES with its ring closures, and the rest.
_FIRST = re.compile(r"(\[[^\]]*\]|Cl|Br|[BCNOSPFIbcnosp])((?:%\d\d|\d)*)(.*)", re.DOTALL)
_RING_CLOSURE = re.compile(r"(\[[^\]]*\])|%(\d\d)|(\d)")
CORE_ATOMS, GROUP_ATOMS = (10, 22), (1, 9)
# Source molecules looked at for each core that is wanted.
_PER_CORE = 12
# Shorter pieces are groups, which many cores have.
_SHARED_BY_MANY = 24
_TOGETHER = 2**16


def cut(smiles: str) -> tuple[str, str] | None:
    """Return a core and an R-group as text that begins at the cut; None where no bond will do.

    Examples
    --------
    >>> cut("CCOC(=O)c1ccc2[nH]c(C)nc2c1")
    ('c1ccc2[nH]c(C)nc2c1', 'C(=O)OCC')
    """
    for sides in _cuts(Chem.MolFromSmiles(smiles), _AT_A_RING):
        if _fits(sides[1], CORE_ATOMS) and _fits(sides[0], GROUP_ATOMS):
            core, group = _from_cut(sides[1]), _from_cut(sides[0])
            if core and group and not group.startswith("[C@"):
                return core, group
    return None


def _cuts(mol: Chem.Mol | None, where: Chem.Mol) -> Iterator[list[Chem.Mol]]:
    """Yield the two sides of each bond that may be cut, the smaller one first."""
    for ends in [] if mol is None else mol.GetSubstructMatches(where):
        bond = mol.GetBondBetweenAtoms(*ends).GetIdx()
        pieces = Chem.FragmentOnBonds(mol, [bond], dummyLabels=[(99, 99)])
        sides = sorted(Chem.GetMolFrags(pieces, asMols=True), key=Chem.Mol.GetNumHeavyAtoms)
        if len(sides) == 2:
            yield sides


def relatives(core: str) -> set[str]:
    """Return what a core shares with cores that can give the same molecule with another group.

    Two cores give the same molecule only where one is the other, or where both are one piece with
    another group on it.
    """
    mol = Chem.MolFromSmiles(_DUMMY + core)
    return {
        Chem.MolToSmiles(mol),
        *(Chem.MolToSmiles(side) for sides in _cuts(mol, _ANYWHERE) for side in sides),
    }


def _fits(side: Chem.Mol, atoms: tuple[int, int]) -> bool:
    return atoms[0] <= side.GetNumHeavyAtoms() <= atoms[1]


def _from_cut(side: Chem.Mol) -> str:
    """Return the text after the cut; empty where a bond's direction stands there."""
    (dummy,) = (atom.GetIdx() for atom in side.GetAtoms() if atom.GetIsotope() == 99)
    text = Chem.MolToSmiles(side, rootedAtAtom=dummy)
    rest = text.removeprefix(_DUMMY)
    return "" if rest == text or rest[0] in "/\\" else rest


def joiner(group: str) -> tuple[str, str]:
    """Return what stands before and after a core to put an R-group on it.

    The core is written as a branch of the group's first atom. Ring closures of the group are given
    numbers from 90 on, so that none is open when the core uses it.

    Examples
    --------
    >>> before, after = joiner("c1ccncc1")
    >>> before + "C1CC1" + after
    'c%91(C1CC1)ccncc%91'
    """
    renamed = _RING_CLOSURE.sub(lambda m: m[1] or f"%9{int(m[2] or m[3]) % 10}", group)
    found = _FIRST.fullmatch(renamed)
    assert found is not None, group
    first, closures, rest = found.groups()
    return (first + closures + "(", ")" + rest) if rest else (first + closures, "")


def parts(
    source: Path, n_cores: int, n_groups: int, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Return cores without common relatives, and the most frequent groups, of random molecules."""
    structures = [text for chunk in open_library([str(source)]).begun() for text in chunk.smiles]
    cores: list[str] = []
    known: set[str] = set()
    groups: dict[str, int] = {}
    for place in rng.permutation(len(structures))[: _PER_CORE * n_cores].tolist():
        found = cut(structures[place])
        if found is not None:
            groups[found[1]] = groups.get(found[1], 0) + 1
            own = {text for text in relatives(found[0]) if len(text) > _SHARED_BY_MANY}
            if known.isdisjoint(own):
                known |= own
                cores.append(found[0])
        if len(cores) >= n_cores and len(groups) >= 4 * n_groups:
            break
    if len(cores) < n_cores or len(groups) < n_groups:
        raise SystemExit(f"{source} gives {len(cores)} cores and {len(groups)} groups only")
    often = sorted(groups, key=lambda group: (-groups[group], group))
    return cores[:n_cores], often[:n_groups]


def rows(
    cores: Sequence[str], groups: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[str, str]]:
    """Yield a name and a structure for every pair, in random order."""
    joiners = [joiner(group) for group in groups]
    pairs = rng.permutation(len(cores) * len(groups))
    for start in range(0, len(pairs), _TOGETHER):
        for pair in pairs[start : start + _TOGETHER].tolist():
            core, group = divmod(pair, len(groups))
            before, after = joiners[group]
            yield f"X{core}-{group}", f"{before}{cores[core]}{after}"


def check(path: Path, n_rows: int, n_groups: int) -> None:
    """Print how many of some rows cannot be read, and how many repeat a molecule.

    Rows of the first cores are taken, whole families, since repeats are found among relatives.
    """
    seen: set[str] = set()
    read = bad = 0
    with path.open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            structure, name = line.rstrip("\n").split(",")
            if int(name[1:].split("-")[0]) * n_groups >= n_rows:
                continue
            mol = Chem.MolFromSmiles(structure)
            read += 1
            bad += mol is None
            if mol is not None:
                seen.add(Chem.MolToSmiles(mol))
    print(f"{read:,} rows checked: {bad} cannot be read, {read - bad - len(seen)} are repeats")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the library."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=20_000)
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", type=int, default=0, metavar="ROWS")
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    cores, groups = parts(given.source, given.cores, given.groups, rng)
    with write_atomically(given.output) as temporary, temporary.open("w", encoding="utf-8") as out:
        out.write("smiles,id\n")
        out.writelines(f"{structure},{name}\n" for name, structure in rows(cores, groups, rng))
    print(f"{len(cores) * len(groups):,} molecules in {given.output}")
    if given.check:
        check(given.output, given.check, given.groups)


if __name__ == "__main__":
    main(sys.argv[1:])

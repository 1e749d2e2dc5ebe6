"""Structural alerts: groups that disturb assays or harm, by RDKit's catalogs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogEntry, FilterCatalogParams

from screening.chemistry.patterns import PatternScreen

CATALOGS = ("PAINS", "BRENK", "NIH")
# What the stored form of an RDKit molecule begins with.
_MOLECULE = b"\xef\xbe\xad\xde"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that a molecule raises.

    Attributes
    ----------
    catalog : str
        PAINS, BRENK or NIH.
    name : str
    atoms : tuple of int
        Atoms of the first match.
    """

    catalog: str
    name: str
    atoms: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.catalog}: {self.name}"


def alerts(mol: Chem.Mol) -> list[Alert]:
    """Return every alert of a molecule, catalog by catalog, in the catalogs' order.

    The same as RDKit's own search of the catalogs, which tries every entry.

    References
    ----------
    PAINS: Baell and Holloway 2010, https://doi.org/10.1021/jm901137j. Brenk et al. 2008,
    https://doi.org/10.1002/cmdc.200700139. NIH: Jadhav et al. 2010,
    https://doi.org/10.1021/jm901070c.
    """
    entries, screen = _entries()
    found = []
    for number in screen.candidates(mol):
        catalog, entry = entries[number]
        if matches := entry.GetFilterMatches(mol):
            atoms = tuple(sorted({atom for _, atom in matches[0].atomPairs}))
            found.append(Alert(catalog, entry.GetDescription(), atoms))
    return found


@lru_cache(maxsize=1)
def _entries() -> tuple[list[tuple[str, FilterCatalogEntry]], PatternScreen]:
    entries = []
    for name in CATALOGS:
        parameters = FilterCatalogParams()
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
        catalog = FilterCatalog(parameters)
        entries += [
            (name, catalog.GetEntryWithIdx(number)) for number in range(catalog.GetNumEntries())
        ]
    return entries, PatternScreen([_pattern(entry) for _, entry in entries])


def _pattern(entry: FilterCatalogEntry) -> Chem.Mol | None:
    """Return the pattern that an entry looks for, or None where it cannot be told.

    RDKit shows patterns of its catalogs in their stored form only: the length of a molecule's own
    stored form as text, a blank, and that.
    """
    stored = bytes(entry.Serialize())
    before, mark, after = stored.partition(_MOLECULE)
    try:
        length = int(before.split()[-1])
        rest = (mark + after)[length:]
        pattern = Chem.Mol((mark + after)[:length])  # type: ignore[call-overload]
    except (IndexError, ValueError, RuntimeError):
        return None
    # An entry of several patterns may match without the first.
    return pattern if pattern.GetNumAtoms() and _MOLECULE not in rest else None

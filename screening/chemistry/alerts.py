"""Structural alerts: groups that disturb assays or harm, by RDKit's catalogs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem
from rdkit.Chem import rdfiltercatalog
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

CATALOGS = ("PAINS", "BRENK", "NIH")


@dataclass(frozen=True)
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


@lru_cache(maxsize=1)
def _catalogs() -> dict[str, FilterCatalog]:
    found = {}
    for name in CATALOGS:
        parameters = FilterCatalogParams()
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
        found[name] = FilterCatalog(parameters)
    return found


def alerts(mol: Chem.Mol) -> list[Alert]:
    """Return every alert of a molecule, catalog by catalog.

    References
    ----------
    PAINS: Baell and Holloway 2010, https://doi.org/10.1021/jm901137j. Brenk et al. 2008,
    https://doi.org/10.1002/cmdc.200700139. NIH: Jadhav et al. 2010,
    https://doi.org/10.1021/jm901070c.
    """
    found = []
    for name, catalog in _catalogs().items():
        for entry in catalog.GetMatches(mol):
            matches = entry.GetFilterMatches(mol)
            atoms = tuple(sorted({atom for _, atom in matches[0].atomPairs})) if matches else ()
            found.append(Alert(name, entry.GetDescription(), atoms))
    return found


def alert_names(mols: Sequence[Chem.Mol], threads: int = 1) -> list[list[str]]:
    """Return the alerts of each molecule as `CATALOG: name`, on several threads.

    Without the atoms, which cost most of the time.
    """
    texts = [Chem.MolToSmiles(mol) for mol in mols]
    found: list[list[str]] = [[] for _ in mols]
    for name, catalog in _catalogs().items():
        for own, entries in zip(
            found, rdfiltercatalog.RunFilterCatalog(catalog, texts, threads), strict=True
        ):
            own += [f"{name}: {entry.GetDescription()}" for entry in entries]
    return found

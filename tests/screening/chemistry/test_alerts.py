"""Alerts are those of RDKit's catalogs, to the atom, though most patterns are never tried."""

from __future__ import annotations

import csv
import gzip

import pytest
from rdkit import Chem
from rdkit.Chem import QED
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams, RunFilterCatalog

from screening.chemistry import Alert, alerts
from screening.chemistry.alerts import CATALOGS
from screening.chemistry.patterns import PatternScreen


@pytest.fixture(scope="module")
def smiles(samples) -> list[str]:
    """Two thousand structures of both samples, among them many that raise alerts."""
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        library = [row[0] for row in csv.reader(file)]
    with (samples / "bace.csv").open(encoding="utf-8") as file:
        assay = [row["mol"] for row in csv.DictReader(file)]
    return [*library[::6], *assay[::4]]


# Metals, ions, peroxides and other things that no library for screening has.
ODD = (
    "[Na+].[Cl-]",
    "CC[Hg]CC",
    "O=[N+]([O-])c1cc([N+](=O)[O-])cc([N+](=O)[O-])c1",
    "CCOCCOCCOCCOCCOCC",
    "C1COCCOCCOCCOCCOCCO1",
    "N#CC(C#N)=C(C#N)C#N",
    "CCN(CC)CCN(CC)CCN(CC)CCN(CC)CC",
    "C[N+](C)(C)CC[N+](C)(C)C",
    "[N-]=[N+]=NCC",
    "OB(O)c1ccccc1",
    "CC(=O)OO",
    "c1ccc2cc3cc4ccccc4cc3cc2c1",
    "CCCCCCCCCCCC",
    "C",
    "[2H]C([2H])([2H])O",
    "*c1ccccc1",
)


@pytest.mark.parametrize("nth", [8, pytest.param(3, marks=pytest.mark.thorough)])
def test_they_are_those_of_rdkits_catalogs(smiles, nth) -> None:
    texts = [*smiles[::nth], *ODD]
    found = [alerts(Chem.MolFromSmiles(text)) for text in texts]
    expected: list[list[Alert]] = [[] for _ in texts]
    for name in CATALOGS:
        parameters = FilterCatalogParams()
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
        for own, text, entries in zip(
            expected, texts, RunFilterCatalog(FilterCatalog(parameters), texts, 2), strict=True
        ):
            for entry in entries:
                match = entry.GetFilterMatches(Chem.MolFromSmiles(text))[0]
                atoms = tuple(sorted({atom for _, atom in match.atomPairs}))
                own.append(Alert(name, entry.GetDescription(), atoms))
    assert found == expected
    assert {alert.catalog for own in found for alert in own} == set(CATALOGS)
    assert len({(a.catalog, a.name) for own in found for a in own}) > 60


def test_what_matches_is_always_a_candidate(smiles) -> None:
    patterns = [*QED.StructuralAlerts, None]
    screen = PatternScreen(patterns)
    left_out = tried = 0
    for text in smiles[:400]:
        mol = Chem.MolFromSmiles(text)
        candidates = screen.candidates(mol)
        assert candidates == sorted(set(candidates))
        assert len(patterns) - 1 in candidates
        there = {i for i, p in enumerate(patterns[:-1]) if mol.HasSubstructMatch(p)}
        left_out += len(there - set(candidates))
        tried += len(candidates)
    assert left_out == 0
    assert tried < 400 * len(patterns) / 4

"""Structures drawn and explained in workers: what fails is a sentence, and the rest is there."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from screening.chemistry import Limits
from screening.drawing import depict
from screening.explain import contributions_of
from screening.report.pictures import LIMITS, Wanted, pictures_of
from tests.screening.report import faulty_painters

DRUGS = ("CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "CCO")
FULLERENE = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6"
    "c%11c2c2c7c3c3c8c4c4c9c5c1c1c6c2c3c41"
)
UGLY = {
    "ferrocene": "[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2]",
    "a phosphate that cannot be sanitised": "[K+].F[P-](F)(F)(F)(F)F",
    "too many bonds": "F[PH](F)(F)(F)(F)F",
    "a fullerene": FULLERENE,
    "a peptide of 300 atoms": "NCC(=O)" * 75 + "O",
    "a long chain": "C" * 149,
    "not SMILES at all": "C1CC(",
    "nothing": "",
}


def wanted(*structures: str) -> list[Wanted]:
    return [Wanted(structure, True) for structure in structures]


def test_pictures_are_those_of_one_process_for_any_number_of_workers(small_model) -> None:
    mols = [Chem.MolFromSmiles(smiles) for smiles in DRUGS]
    jobs = [*wanted(*DRUGS), Wanted(DRUGS[0], False)] * 20
    told: list[tuple[int, int]] = []
    one = pictures_of(jobs, small_model, "Class", 1, lambda _, *step: told.append(step))
    two = pictures_of(jobs, small_model, "Class", 2)
    assert told == [(64, 80), (80, 80)]
    for first, second, job in zip(one, two, jobs, strict=True):
        assert first.drawing == second.drawing == depict(Chem.MolFromSmiles(job.structure))
        assert first.missing == second.missing == ""
        assert (first.why is None) == (second.why is None) == (not job.explained)
        if job.explained:
            assert np.array_equal(first.why.atoms, second.why.atoms)
    for found, alone in zip(one, contributions_of(small_model, mols), strict=False):
        assert np.allclose(found.why.atoms, alone.atoms, rtol=0, atol=1e-6)


def test_ugly_structures_have_a_drawing_or_a_sentence(small_model) -> None:
    found = pictures_of(wanted(*UGLY.values(), DRUGS[0]), small_model, "Class", 1)
    by_name = dict(zip([*UGLY, "drug"], found, strict=True))
    for name, picture in by_name.items():
        assert picture.drawing is not None or picture.missing, name
        assert picture.why is not None or picture.missing, name
        assert picture.missing == "" or picture.missing.endswith("."), name
    assert by_name["drug"].missing == ""
    assert by_name["ferrocene"].drawing is not None
    assert by_name["a fullerene"].drawing is not None
    sentence = by_name["a peptide of 300 atoms"].missing
    assert sentence.startswith("It is too large to be drawn and explained: 301 atoms")
    assert by_name["a fullerene"].why is not None
    long = by_name["a long chain"]
    assert long.why is None
    assert long.drawing is not None
    assert len(long.connections[0].split()) == 149
    assert long.missing.startswith("Its score is not explained atom by atom: it has 149 atoms")
    assert by_name["not SMILES at all"].missing == "RDKit cannot draw it."


def test_one_that_hangs_or_crashes_costs_only_itself(small_model) -> None:
    bad = (faulty_painters.HANGS, faulty_painters.CRASHES, faulty_painters.RAISES)
    jobs = wanted(DRUGS[0], bad[0], DRUGS[1], bad[1], bad[2], DRUGS[2])
    found = pictures_of(
        jobs,
        small_model,
        "Class",
        1,
        limits=Limits(max_atoms=LIMITS.max_atoms, timeout_seconds=2.0),
        make_scorer=faulty_painters.make,
    )
    assert [picture.drawing is not None for picture in found] == [
        True,
        False,
        True,
        *[False] * 2,
        True,
    ]
    assert [picture.why is not None for picture in found] == [True, False, True, *[False] * 2, True]
    assert found[1].missing == "It could not be drawn and explained within 2 s."
    assert found[3].missing == "Drawing and explaining it ended the process that did it."
    assert found[4].missing == "RDKit cannot draw it."


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_wanted_is_nothing_done(small_model, number) -> None:
    assert len(pictures_of(wanted(*DRUGS[:number]), small_model, "Class")) == number

"""Units told by their names, and values brought from one to another."""

from __future__ import annotations

import pytest

from screening.assay.values.units import (
    P_VALUE,
    convert,
    names_p_value,
    names_quantity,
    unit_in_name,
    unit_of,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nM", "nM"),
        ("nm", "nM"),
        (" uM ", "uM"),
        ("\N{MICRO SIGN}M", "uM"),
        ("\N{GREEK SMALL LETTER MU}M", "uM"),
        ("pM", "pM"),
        ("mM", "mM"),
        ("M", "M"),
        ("nmol/L", "nM"),
        ("µmol/l", "uM"),
        ("micromolar", "uM"),
        ("ug.mL-1", "ug/mL"),
        ("µg/mL", "ug/mL"),
        ("-log(M)", "p"),
        ("pIC50", "p"),
        ("percent", "%"),
        ("mL/min/kg", "mL/min/kg"),
    ],
)
def test_names(text, name):
    assert unit_of(text).name == name


@pytest.mark.parametrize(
    ("value", "unit", "other", "expected"),
    [
        (100.0, "nM", "uM", 0.1),
        (0.1, "uM", "nM", 100.0),
        (5.0, "pM", "nM", 0.005),
        (2.0, "mM", "nM", 2e6),
        (100.0, "nM", "-log(M)", 7.0),
        (1.0, "uM", "-log(M)", 6.0),
        (7.0, "-log(M)", "nM", 100.0),
        (9.0, "-log(M)", "M", 1e-9),
    ],
)
def test_conversions_are_exact(value, unit, other, expected):
    assert convert(value, unit_of(unit), unit_of(other)) == expected


def test_concentrations_by_weight_need_the_molecular_weight():
    aspirin = 180.159
    assert convert(1, unit_of("ug/mL"), unit_of("uM"), aspirin) == pytest.approx(1e3 / aspirin)
    assert convert(1, unit_of("mg/L"), unit_of("uM"), aspirin) == pytest.approx(1e3 / aspirin)
    assert convert(6, P_VALUE, unit_of("ng/mL"), aspirin) == pytest.approx(aspirin)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("IC50_nM", "nM"),
        ("IC50 (uM)", "uM"),
        ("IC50nM", "nM"),
        ("Ki [µM]", "uM"),
        ("ic50_um", "uM"),
        ("exp_mean [nM]", "nM"),
        ("MIC (ug/mL)", "ug/mL"),
        ("pIC50", "p"),
        ("pChEMBL Value", "p"),
        ("pchembl_value", "p"),
        ("-log Ki", "p"),
        ("% inhibition", "%"),
        ("absorbance 450 nm", None),
        ("standard_value", None),
        ("XLogP", None),
        ("active", None),
    ],
)
def test_what_the_name_of_a_column_says(name, unit):
    found = unit_in_name(name)
    assert (found.name if found else None) == unit


def test_quantities_and_their_logarithms():
    assert [names_quantity(n) for n in ("IC50", "hERG Ki", "Kinase", "pIC50", "potency")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert not any(map(names_p_value, ("price", "pKa", "x-logP", "position", "IC50")))

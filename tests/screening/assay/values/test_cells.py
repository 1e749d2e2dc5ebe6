"""Cells of values in every spelling that tables have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.assay.values.column import CellError, read_values


def values(*cells: str, name: str = "x", commas_apart: bool = False) -> list[float]:
    return [r.value for r in read_values(name, cells, commas_apart=commas_apart).readings]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("7.5", 7.5),
        ("-2", -2.0),
        ("\N{MINUS SIGN}2.5", -2.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2E-3", 0.0012),
        ("1 000", 1000.0),
        ("1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000", 1e6),
        ("1'000", 1000.0),
        ("1\N{RIGHT SINGLE QUOTATION MARK}000.5", 1000.5),
        ("1,234,567", 1234567.0),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("7,5", 7.5),
        ("0,125", 0.125),
        ("5.2 ± 0.3", 5.2),
        ("5.2+/-0.3", 5.2),
        ("57.6%", 57.6),
        ("57.6 %", 57.6),
        ("120.2 nM", 120.2),
        ("120.2 ± 3 nM", 120.2),
        ("120,2 µM", 120.2),
        ("~7", 7.0),
        ("ca. 7", 7.0),
    ],
)
def test_numbers(cell, value):
    assert values(cell) == [pytest.approx(value)]


@pytest.mark.parametrize(
    ("cell", "relation"),
    [
        (">10000", ">"),
        ("> 10,000", ">"),
        (">= 5", ">"),
        ("≥5", ">"),
        (">>5", ">"),
        ("<5", "<"),
        ("≤ 5", "<"),
        ("= 5", "="),
    ],
)
def test_relations_within_the_cell(cell, relation):
    (reading, *_) = read_values("x", [cell], commas_apart=True).readings
    assert reading.relation == relation


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("5-10", "range"),
        ("5 to 10", "range"),
        ("5; 6", "row of its own"),
        ("1.2 x 10^3", "1.2e3"),
        ("5.2 (n=3)", "brackets"),
        ("high", "no number"),
        ("12 34", "no number"),
        ("1,00,000", "no number"),
        ("7.5 apples", "no number"),
        ("1.2.3", "no number"),
    ],
)
def test_what_is_no_value_is_refused_with_a_hint(cell, hint):
    with pytest.raises(CellError, match=hint) as caught:
        read_values("x", ["7.5", cell])
    assert caught.value.index == 1


def test_words_for_nothing_are_missing_and_counted():
    cells = ["7.5", "Inconclusive", "not determined", "N/A", "n.d.", "-", "", "Inconclusive"]
    column = read_values("x", cells)
    assert [r.measured for r in column.readings] == [True] + [False] * 7
    assert column.notes[0] == (
        "x: 6 cells are words for a missing value "
        "(Inconclusive 2, not determined 1, N/A 1, n.d. 1, - 1)."
    )


def test_words_for_inactive_are_told_apart_from_missing():
    column = read_values("IC50", ["5", "Inactive", "not active", "nd"])
    assert [r.inactive for r in column.readings] == [False, True, True, False]
    assert "2 cells say inactive" in " ".join(column.notes)


class TestCommas:
    def test_one_decimal_comma_decides_the_column(self):
        assert values("7,5", "1,234", "1.234,5", "12.345", "8") == [7.5, 1.234, 1234.5, 12345, 8]

    def test_one_decimal_point_decides_the_column(self):
        assert values("7.5", "1,234") == [7.5, 1234]

    def test_both_are_refused_by_name(self):
        with pytest.raises(CellError, match=r"'7,5' has a decimal comma and '7.5' a decimal point"):
            values("7.5", "7,5")

    def test_what_cannot_be_told_is_refused(self):
        with pytest.raises(CellError, match=r"'1,234' could mean 1234 or 1.234") as caught:
            values("5000", "1,234")
        assert caught.value.index == 1
        with pytest.raises(CellError, match="could mean"):
            values("1,234", "5,678")

    def test_small_integers_beside_say_thousands(self):
        assert values("50", "999", "10,000") == [50, 999, 10000]

    def test_commas_between_cells_say_thousands(self):
        assert values("1,234", "50000", commas_apart=True) == [1234, 50000]

    def test_logarithms_are_no_thousands(self):
        assert values("7,523", "6,100", name="pIC50") == [7.523, 6.1]


@given(
    numbers=st.lists(st.integers(1, 10**9).map(lambda n: n / 100), min_size=1, max_size=8),
    mark=st.sampled_from([".", ","]),
    apart=st.sampled_from(["", " ", "'", "other"]),
)
def test_any_way_to_write_a_number_gives_it_back(numbers, mark, apart):
    other = {".": ",", ",": "."}[mark] if apart == "other" else apart
    cells = [f"{n:,.2f}".replace(",", "t").replace(".", mark).replace("t", other) for n in numbers]
    assert values(*cells) == pytest.approx(numbers)

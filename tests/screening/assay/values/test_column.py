"""A column brought to one unit, with the columns beside it."""

from __future__ import annotations

import pytest

from screening.assay.labels import make_threshold
from screening.assay.values.beside import columns_beside
from screening.assay.values.column import CellError, read_values
from screening.assay.values.units import unit_of
from screening.errors import UserError
from screening.tables import read_table


def shown(column) -> list[str]:
    return [column.scale.text(r.relation, r.value) for r in column.readings]


def test_concentrations_come_to_the_most_frequent_unit():
    column = read_values(
        "v", ["100", "250", "0.5", "2", "7"], units=["nM", "nM", "uM", "mM", "-log(M)"]
    )
    assert column.scale.unit == unit_of("nM")
    assert shown(column) == ["100", "250", "500", "2e+06", "100"]
    assert column.notes == ["v: values 2 in nM, 1 in uM, 1 in mM, 1 in p, brought to nM."]


def test_the_cell_knows_its_unit_better_than_the_column():
    column = read_values("IC50 (uM)", ["1", "1", "120.2 nM"])
    assert shown(column) == ["1", "1", "0.1202"]


def test_other_units_are_a_problem_of_their_row():
    column = read_values("v", ["100", "200", "57", "3"], units=["nM", "nM", "%", ""])
    assert [r.problem for r in column.readings] == [
        "",
        "",
        "a value in %, where most are in nM",
        "a value in no unit, where most are in nM",
    ]
    assert "1 in %, 1 in no unit left out" in column.notes[0]


def test_nothing_and_less_is_no_concentration():
    column = read_values("v", ["100", "0"], units=["nM", "nM"])
    assert column.readings[1].problem == "0 is no concentration"
    # Without a unit the column may hold logarithms, whatever it is called.
    assert not read_values("IC50", ["-7", "-6"]).scale.logarithmic


def test_weight_turns_mass_into_moles():
    column = read_values("v", ["1", "1"], units=["uM", "ug/mL"], wanted=unit_of("nM"))
    (molar, mass) = column.readings
    assert not mass.usable
    assert column.weighed(mass, 180.159).value == pytest.approx(1000 / 180.159)
    assert column.weighed(molar, 180.159) == molar


def test_relations_join_the_value():
    column = read_values("v", ["5", ">6", "7", "8"], relations=["'>'", "=", "", "<="])
    assert shown(column) == [">5", ">6", "7", "<8"]
    with pytest.raises(CellError, match="the cell says > and its relation says <"):
        read_values("v", [">5"], relations=["<"])
    with pytest.raises(CellError, match=r"'approximately' beside it is no relation"):
        read_values("v", ["5"], relations=["approximately"])


def test_a_relation_turns_with_the_scale():
    column = read_values("pIC50", ["7", "5"], relations=["=", ">"], turned=True)
    assert shown(column) == ["7", "<5"]
    mixed = read_values(
        "v", ["6", "100", "100"], relations=[">", "=", "="], units=["pKi", "nM", "nM"]
    )
    assert shown(mixed)[0] == "<1000"


def test_a_threshold_with_a_unit_fits_any_concentration():
    asked = make_threshold(None, "100nM")
    on_p = asked.on(read_values("pIC50", ["7"]).scale)
    assert (on_p.value, on_p.active_is_above) == (7, True)
    on_micro = asked.on(read_values("IC50 (uM)", ["7"]).scale)
    assert (on_micro.value, on_micro.active_is_above) == (0.1, False)
    with pytest.raises(UserError, match="--units-column"):
        read_values("IC50", ["7"], wanted=asked.unit)
    with pytest.raises(UserError, match="above 0"):
        make_threshold(None, 0.0).on(read_values("IC50", ["7"]).scale)
    for wrong in ("100 apples", "abc", "1,5nM"):
        with pytest.raises(UserError, match="no threshold"):
            make_threshold(wrong, None)


@pytest.fixture
def table_of(tmp_path):
    def make(header: str, *rows: str):
        path = tmp_path / "assay.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return read_table(str(path), smiles_column="smiles", id_column="id")

    return make


@pytest.mark.parametrize(
    ("header", "target", "relation", "units"),
    [
        ("smiles,id,standard_relation,standard_value,standard_units", "standard_value", 2, 4),
        ("smiles,id,Standard Relation,Standard Value,Standard Units", "Standard Value", 2, 4),
        ("smiles,id,operator,IC50,unit", "IC50", 2, 4),
        ("smiles,id,IC50 qualifier,IC50 nM,units", "IC50 nM", 2, 4),
        ("smiles,id,Ki relation,IC50,Ki units", "IC50", None, None),
        ("smiles,id,Activity_Qualifier,Activity value,uom", "Activity value", 2, 4),
    ],
)
def test_columns_beside_are_found_by_name(table_of, header, target, relation, units):
    table = table_of(header, "CCO,a,'>',5,nM", "CCN,b,=,6,nM")
    names = header.split(",")
    found = columns_beside(table, target, (target,))
    assert found.relation == (None if relation is None else names[relation])
    assert found.units == (None if units is None else names[units])


def test_an_operator_may_be_a_person(table_of):
    table = table_of("smiles,id,operator,IC50", "CCO,a,Smith,5", "CCN,b,Jones,6")
    assert columns_beside(table, "IC50", ("IC50",)).relation is None


def test_the_closest_columns_count(table_of):
    table = table_of(
        "smiles,id,relation,value,units,standard_relation,standard_value,standard_units",
        "CCO,a,=,5,uM,>,5000,nM",
    )
    found = columns_beside(table, "standard_value", ("standard_value",))
    assert (found.relation, found.units) == ("standard_relation", "standard_units")
    found = columns_beside(table, "value", ("value",))
    assert (found.relation, found.units) == ("relation", "units")


def test_told_is_told(table_of):
    table = table_of("smiles,id,relation,IC50,mine", "CCO,a,=,5,uM")
    assert columns_beside(table, "IC50", ("IC50",), "none", "Mine").relation is None
    assert columns_beside(table, "IC50", ("IC50",), "none", "Mine").units == "mine"
    with pytest.raises(UserError, match=r"did you mean 'relation'.*relation"):
        columns_beside(table, "IC50", ("IC50",), "relaton")


def test_units_of_concentrations_are_not_those_of_p_values(table_of):
    table = table_of(
        "smiles,id,standard_relation,standard_value,standard_units,pchembl_value",
        "CCO,a,>,5000,nM,5.3",
    )
    found = columns_beside(table, "pchembl_value", ("pchembl_value",))
    assert (found.relation, found.units, found.turned) == ("standard_relation", None, True)


def test_several_targets_share_no_columns(table_of):
    table = table_of("smiles,id,relation,a,b_relation,b", "CCO,x,>,5,>,6")
    assert columns_beside(table, "a", ("a", "b")).relation is None
    assert columns_beside(table, "b", ("a", "b")).relation == "b_relation"

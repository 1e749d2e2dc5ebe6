"""The report's parts: the page's data, the shared substructures, the plots, the QMRF."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from screening.drawing import laid_out
from screening.evaluation import quality_sentence, quality_warnings
from screening.hits.common_part import Environments, common_atoms
from screening.model import FOREST, SHIPPED
from screening.report import write_qmrf
from screening.report.connections import connections
from screening.report.page import json_for_page
from screening.report.panels.figures import enrichment, quality_plots
from screening.report.panels.plots import SERIES, places_of, plot_axes, plot_of, scatter
from screening.report.panels.quality import figure_names

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(json_values)
def test_the_data_gives_back_what_went_in(value) -> None:
    text = str(json_for_page(value))
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_the_data_has_no_numbers_that_json_lacks() -> None:
    assert json.loads(json_for_page({"a": [math.nan, math.inf, np.float64(1.5)]})) == {
        "a": [None, None, 1.5]
    }


def test_a_damaged_name_can_be_written() -> None:
    json_for_page("half a pair \ud800").encode("utf-8")


def parts(smiles: str) -> list[str]:
    return [Chem.MolFromSmiles(s) for s in smiles.split()]


def test_a_molecule_shares_all_of_itself() -> None:
    (mol,) = parts("CC(=O)Nc1ccc(O)cc1")
    left, right = common_atoms(Environments(mol), Environments(mol))
    assert left == right == list(range(mol.GetNumAtoms()))


def test_what_two_molecules_share_is_found_in_both() -> None:
    a, b = parts("CC(=O)Nc1ccc(O)cc1 CC(=O)Nc1ccc(Br)cc1")
    left, right = common_atoms(Environments(a), Environments(b))
    acetamide = Chem.MolFromSmarts("CC(=O)N")
    assert set(a.GetSubstructMatch(acetamide)) <= set(left)
    assert set(b.GetSubstructMatch(acetamide)) <= set(right)
    bromine = [atom.GetIdx() for atom in b.GetAtoms() if atom.GetSymbol() == "Br"]
    assert not set(bromine) & set(right)


def test_unlike_molecules_share_nothing() -> None:
    a, b = parts("c1ccccc1 CCO")
    assert common_atoms(Environments(a), Environments(b)) == ([], [])


def test_plots_are_wellformed_repeatable_and_take_the_pages_colours(small_model) -> None:
    plots = quality_plots(small_model, 0)
    assert len(plots) == 4
    for plot, again in zip(plots, quality_plots(small_model, 0), strict=True):
        assert plot.svg == again.svg
        ElementTree.fromstring(str(plot.svg).replace("xlink:href", "href"))
        assert "var(--series-1)" in plot.svg
        assert "#0" not in plot.svg.replace('href="#', "").replace("url(#", "")


@pytest.mark.parametrize(
    "smiles",
    [
        "C[C@H](N)C(=O)[O-].[Na+]", "[2H]C([2H])([2H])O", "CC=CC", "C/C=C\\C", "[CH2]C", "C",
        "c1cc[nH]c1", "O=[SH](=O)C", "[BH3-][NH3+]", "C[Si]([SiH3])C", "CC(C)=[N+]=[N-]",
    ],
)  # fmt: skip
def test_connections_are_those_of_the_drawn_block(smiles) -> None:
    mol = Chem.MolFromSmiles(smiles)
    symbols, bonds, _, *lines = connections(laid_out(mol))
    assert symbols.split(" ") == [atom.GetSymbol() for atom in mol.GetAtoms()]
    assert bonds.count(",") + bool(bonds) == mol.GetNumBonds()
    block = Chem.MolToMolBlock(laid_out(mol)).splitlines()
    assert [line for line in lines if line.startswith("M")] == [
        line for line in block if line.startswith("M  ") and line != "M  END"
    ]


def test_a_molecule_too_large_for_the_format_has_no_connections() -> None:
    assert connections(Chem.MolFromSmiles("C" * 1000)) == []


def test_markers_of_a_cloud_share_their_style() -> None:
    points = np.random.default_rng(0).normal(size=(60, 2))
    with plot_axes() as axes:
        scatter(axes, "cloud", points, SERIES[0], 7, "o")
        plot = plot_of(axes, "name", "title", "")
        places = places_of(axes, points)
    ElementTree.fromstring(str(plot.svg).replace("xlink:href", "href"))
    assert len(re.findall(r"<use [^>]*style", plot.svg)) < 60
    drawn = re.findall(r'<use xlink:href="#\S+" x="([\d.]+)" y="([\d.]+)"/>', plot.svg)
    np.testing.assert_allclose(np.array(drawn, dtype=float)[-60:], places, atol=0.15)


def test_hostile_labels_in_a_plot_stay_text() -> None:
    with plot_axes() as axes:
        axes.plot([0, 1], label="</svg><script>$x_2")
        axes.legend()
        svg = str(plot_of(axes, "name", "title", "").svg)
    assert "<script" not in svg
    assert "&lt;/svg&gt;" in svg


def test_enrichment_counts_actives_from_the_top() -> None:
    tested, found = enrichment(np.array([1, 0, 1, 0]), np.array([0.9, 0.1, 0.2, 0.5]))
    assert tested.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.tolist() == [0, 0.5, 0.5, 1, 1]


def test_the_page_says_when_the_forest_is_better() -> None:
    def figures(ours: float, forest: float, n: int = 300) -> dict[str, dict[str, float]]:
        counts = {"n": n, "n_active": n // 3}
        return {SHIPPED: {"roc_auc": ours, **counts}, FOREST: {"roc_auc": forest, **counts}}

    def said(*given: float) -> str:
        return quality_sentence(figures(*given), SHIPPED, FOREST)

    assert "worse than a random forest" in said(0.80, 0.85)
    assert "better than a random forest" in said(0.90, 0.85)
    assert "as well as a random forest" in said(0.851, 0.85)
    assert "cannot be told from chance" in said(0.55, 0.85, 60)
    assert quality_sentence({}, SHIPPED, FOREST) == ""


@pytest.mark.parametrize("behind", [0.004, 0.007, 0.0099, 0.0101, 0.05])
def test_the_command_and_the_page_have_one_rule_for_being_worse_than_the_forest(behind) -> None:
    counts = {"n": 900, "n_active": 300}
    models = {SHIPPED: {"roc_auc": 0.85 - behind, **counts}, FOREST: {"roc_auc": 0.85, **counts}}
    warned = quality_warnings({"tasks": {"Class": models}}, SHIPPED, FOREST)
    worse = "worse than" in quality_sentence(models, SHIPPED, FOREST)
    assert any("the random forest is better" in sentence for sentence in warned) == worse
    assert worse == (behind > 0.01)


def test_an_enrichment_factor_says_its_maximum_or_is_left_out() -> None:
    rare, common = ({"m": {"n": 1000, "n_active": n}} for n in (20, 450))
    assert dict(figure_names(rare))["ef_1"] == "EF 1 % (at most 50.0)"
    assert dict(figure_names(rare))["ef_5"] == "EF 5 % (at most 20.0)"
    assert not {"ef_1", "ef_5"} & set(dict(figure_names(common)))
    assert "roc_auc" in dict(figure_names(common))


def test_qmrf_states_the_five_principles_and_the_models_figures(small_model, tmp_path) -> None:
    text = write_qmrf(small_model, tmp_path / "qmrf.md").read_text(encoding="utf-8")
    for number in range(1, 6):
        assert f"(principle {number})" in text
    figures = small_model.quality["tasks"]["Class"]
    for values in figures.values():
        assert f"{values['roc_auc']:.3f}" in text
    assert small_model.provenance["data_hash"] in text


@pytest.mark.parametrize("name", ["a|b", "<script>", "# title", "two\nlines"])
def test_a_hostile_task_name_does_not_break_the_qmrf(small_model, tmp_path, name) -> None:
    quality = {**small_model.quality, "tasks": {name: small_model.quality["tasks"]["Class"]}}
    model = replace(small_model, tasks=(name,), quality=quality)
    lines = write_qmrf(model, tmp_path / "qmrf.md").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("# ") for line in lines) == 1
    assert not [line for line in lines if "<script>" in line]
    assert {
        line.replace(r"\|", "").count("|") for line in lines if line.startswith("| predicts")
    } == {3}

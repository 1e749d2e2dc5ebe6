"""Assays of measured values as vendors and databases export them, through the command line."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from screening import load_model, read_assay
from screening.tables import read_table
from tests.workflows.conftest import CHEAP, SAMPLES

ACIDS = ["C" * n + "C(=O)O" for n in range(1, 13)]
AMINES = ["C" * n + "CN" for n in range(1, 13)]
HERG = "chembl_herg/ChEMBL_hERG.csv.gz"


@pytest.fixture
def curated(run, tmp_path):
    """Curate a table through `train`, which refuses it for its few compounds, and return stderr."""

    def call(header: str, *rows: str, words="--active-below 100nM"):
        path = tmp_path / "a.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        done = run("train", path, "-o", tmp_path / "m.ebm", "-n", "1", *shlex.split(words))
        assert done.status == 1
        assert not (tmp_path / "m.ebm").exists()
        return done.err

    return call


def test_a_chembl_export_is_read_with_its_relations_and_units(curated):
    said = curated(
        "Smiles,Standard Type,Standard Relation,Standard Value,Standard Units",
        "CCO,IC50,'=',50,nM",
        "CCCO,IC50,'=',0.05,uM",
        "CCN,IC50,'>',10000,nM",
        "CCCN,IC50,'>',50,nM",
        "CCCCN,IC50,'=',57,%",
        "CCCCO,Ki,'=',2,nM",
        words="-t 'standard value' --active-below 100nM",
    )
    assert "relations in 'Standard Relation', units in 'Standard Units'" in said
    assert "6 rows, 4 compounds kept" in said
    assert "(value: a value in %, where most are in nM)" in said
    assert "values 4 in nM, 1 in uM, brought to nM; 1 in % left out" in said
    assert "1 compounds have only limits" in said
    assert "warning: Standard Value mixes several measurements (IC50 4, Ki 1)" in said
    assert "3 active compounds; with fewer than 10 of a class" in said
    assert "--force" in said


def test_columns_beside_can_be_switched_off_and_named(curated):
    rows = ("smiles,IC50,relation,u", "CCO,50,=,nM", "CCN,60,>,nM", "CCC,500,=,nM")
    off = curated(*rows, words="-t IC50 --active-below 65 --relation-column none")
    assert "3 compounds kept" in off
    on = curated(*rows, words="-t IC50 --active-below 65")
    assert "2 compounds kept" in on
    named = curated(*rows, words="-t IC50 --active-below 0.1uM --units-column u")
    assert "IC50: active when below 100 nM (below 0.1 uM)." in named
    wrong = curated(*rows, words="-t IC50 --active-below 65 --relation-column relatoin")
    assert "did you mean 'relation'?" in wrong
    labels = curated("smiles,hit", "CCO,1", "CCN,0", words="--relation-column none")
    assert "--active-above" in labels


def test_a_threshold_in_nanomolar_on_p_values(curated):
    said = curated("smiles,pIC50", "CCO,7.5", "CCN,6.5", "CCC,7.0")
    assert "pIC50: active when above 7 (below 100 nM)." in said
    assert "1 active compounds" in said


def test_mass_concentrations_are_converted_by_the_weight_as_drawn(tmp_path):
    path = tmp_path / "a.csv"
    # 1 ug/mL of ethylamine hydrochloride (81.5 g/mol) is 12.3 uM, of the free base 22.2 uM.
    path.write_text("smiles,MIC (ug/mL)\nCCN.Cl,1\nCCO,1000\n")
    assay = read_assay(path, targets="MIC (ug/mL)", active_below="20uM")
    assert assay.labels[:, 0].tolist() == [1, 0]
    assert assay.values[0, 0] == pytest.approx(1e3 / 81.545, rel=1e-4)


def test_decimal_commas_in_a_semicolon_file(curated):
    said = curated("smiles;pIC50", "CCO;7,5", "CCN;6,25", words="--active-above 7")
    assert "2 compounds kept" in said
    said = curated("smiles;IC50", "CCO;1,234", "CCN;5678", words="--active-below 2000")
    assert "no column holds numbers" in said
    said = curated("smiles;IC50", "CCO;1,234", "CCN;5678", words="-t IC50 --active-below 9")
    assert "a.csv, line 2, column 'IC50': '1,234' could mean 1234 or 1.234" in said


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ('"> 10,000"', 3),
        ("120.2 nM", 3),
        ("120 ± 3", 3),
        ("1'000", 3),
        ("Inconclusive", 2),
        ("not determined", 2),
        ("inactive", 3),
        ("Not Active", 3),
    ],
)
def test_each_kind_of_cell(curated, cell, kept):
    said = curated("smiles,IC50 (nM)", "CCO,50", "CCN,5000", f"CCC,{cell}")
    assert f"{kept} compounds kept" in said


def test_what_is_no_value_is_refused_with_its_place(curated):
    said = curated("smiles,x,IC50", "CCO,,50", "CCN,,5-10", words="-t IC50 --active-below 9")
    assert "a.csv, line 3, column 'IC50': '5-10' is no number; of a range" in said


def test_repeats_meet_the_threshold_together(curated):
    rows = ["smiles,IC50 (nM)", "CCN,5000"]
    one_of_five = curated(*rows, *(f"CCO,{v}" for v in (10, 12, 9, 11, 400)))
    assert "contradicting" not in one_of_five
    assert "2 compounds kept" in one_of_five
    tacrine = [f"Nc1c2CCCCc2nc2ccccc12,{v}" for v in (*range(20, 60), 50_000)]
    forty = curated(*rows, *tacrine)
    assert "2 compounds kept" in forty
    assert "contradicting" not in forty
    assert "the widest spread is 1.65 log units (row-3, lines 3, 4, 5, 6, ...)" in one_of_five
    close = curated(*rows, *(f"CCO,{v}" for v in (80, 130)), "CCCO,1")
    assert "1 structure has contradicting labels (1 dropped)" in close
    strict = curated(
        *rows,
        *(f"CCO,{v}" for v in (80, 130)),
        words="--active-below 100nM --conflicts error",
    )
    assert "lines 3, 4 are one structure" in strict
    majority = curated(
        *rows,
        *(f"CCO,{v}" for v in (80, 90, 130)),
        words="--active-below 100nM --conflicts majority",
    )
    assert "(0 dropped)" in majority


@pytest.mark.parametrize(
    ("header", "words", "said"),
    [
        ("pIC50", "--active-below 7", "--active-above is probably meant"),
        ("pChEMBL Value", "--active-below 7", "--active-above is probably meant"),
        ("IC50 nM", "--active-above 7", "--active-below is probably meant"),
        ("Ki", "--active-above 7", "--active-below is probably meant"),
        ("pIC50", "--active-above 7", None),
        ("pIC50", "--active-below 100nM", None),
        ("Ki", "--active-below 7", None),
        ("inhibition", "--active-above 7", None),
    ],
)
def test_a_threshold_in_the_wrong_direction(curated, header, words, said):
    err = curated(f"smiles,{header}", "CCO,8", "CCN,5", words=words)
    warned = [line for line in err.splitlines() if "probably meant" in line]
    assert len(warned) == (said is not None)
    assert said is None or (said in warned[0] and warned[0].startswith("warning: "))


def test_few_compounds_and_lopsided_thresholds(curated):
    def rows(actives: int, inactives: int):
        smiles = ["C" * n + "O" for n in range(1, actives + inactives + 1)]
        return [f"{s},{int(i < actives)}" for i, s in enumerate(smiles)]

    said = curated("smiles,hit", *rows(5, 20), words="-q")
    assert "warning: hit: only 25 compounds have a label" in said
    assert "warning: hit: only 5 active compounds" in said
    said = curated("smiles,hit", *rows(1, 60), words="-q")
    assert "warning: hit: 1.6 % of 61 compounds are active" in said


def test_a_model_of_measured_values_with_all_that(run, tmp_path):
    """One real training: what was noted reaches the report, and nothing replaces the model."""
    path = tmp_path / "export.csv"
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[::12]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "standard_relation", "standard_value", "standard_units"])
        for number, row in enumerate(rows):
            nanomolar = 10 ** (9 - float(row["pIC50"]))
            value, unit = (nanomolar / 1000, "uM") if number % 3 else (nanomolar, "nM")
            writer.writerow([row["mol"], "=", f"{value:.6g}", unit])
        writer.writerow([rows[0]["mol"], "=", "1e6", "nM"])
    output = tmp_path / "m.ebm"
    words = ["-t", "standard_value", "--active-below", "100nM", *CHEAP]
    done = run("train", path, "-o", output, *words)
    assert done.status == 0, done.err
    model = load_model(output).model_
    plain = [float(row["pIC50"]) > 7 for row in rows]
    counts = model.provenance["counts"]["standard_value"]
    assert counts["active"] in range(sum(plain) - 2, sum(plain) + 1)
    ledger = model.provenance["ledger"]
    assert ledger["repeats"][0]["rows"] == [2, len(rows) + 2]
    assert 'active-below = "100nM"' in output.with_suffix(".toml").read_text()
    before = output.read_bytes()
    refused = run("train", tmp_path / "not there.csv", "-o", output, *words)
    assert refused.status == 1
    assert "is there already" in refused.err
    assert "--force" in refused.err
    assert output.stat().st_size == len(before)
    assert run("report", output, "-q").status == 0
    page = (tmp_path / "m.report.html").read_text(encoding="utf-8")
    assert "Repeated values, the widest spread first" in page
    assert "median" in run("inspect", output).out
    summary = json.loads(run("inspect", output, "--json").out)
    assert summary["provenance"]["ledger"]["notes"] == ledger["notes"]


def test_evaluate_reads_the_same_options(run, tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{s},=,50,nM" for s in ACIDS] + [f"{s},>,10,uM" for s in AMINES]
    path.write_text("\n".join(["smiles,standard_relation,standard_value,standard_units", *rows]))
    done = run(
        *("evaluate", path, "-o", tmp_path / "study", "-t", "standard_value"),
        *("--active-below", "100nM", "--units-column", "standard_units", "-n", "1"),
        *("--split", "random", "--splits", "1", "--models", "neighbour", "-q"),
    )
    assert done.status == 0, done.err
    assert "only 24 compounds" in done.err
    kept = (tmp_path / "study" / "evaluate.toml").read_text()
    assert 'units-column = "standard_units"' in kept


def test_pretrain_replaces_nothing_silently(run, tmp_path):
    there = tmp_path / "s.ebm"
    there.write_text("mine")
    done = run("pretrain", tmp_path / "nothing.csv", "-o", there)
    assert done.status == 1
    assert "is there already" in done.err
    assert there.read_text() == "mine"
    assert "no such file" in run("pretrain", tmp_path / "nothing.csv", "-o", there, "--force").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian", "a.csv"], "did you mean 'train'?"),
        (["evalute"], "did you mean 'evaluate'?"),
        (["zzz"], "there are demo, train"),
        (["train", "a.csv", "--active-blow", "3", "-o", "m.ebm"], "--active-below"),
    ],
)
def test_an_unknown_word_suggests_the_nearest(run, words, said):
    done = run(*words)
    assert done.status == 2
    assert said in done.err


def test_an_unknown_key_of_a_configuration_suggests_the_nearest(run, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('smile-column = "x"\n')
    done = run("train", "a.csv", "-o", tmp_path / "m.ebm", "--config", config)
    assert "did you mean 'smiles-column'?" in done.err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["train", "a.csv", "-t", "pIC5O", "--active-above", "7", "-o", "m.ebm"], "'pIC50'"),
        (["train", "a.csv", "-s", "SMIELS", "-o", "m.ebm"], "'smiles'"),
        (["evaluate", "a.csv", "-s", "SMIELS", "-o", "study"], "'smiles'"),
        (["prepare", "a.csv", "-s", "SMIELS", "-o", "lib.parquet"], "'smiles'"),
        (["pretrain", "a.csv", "-s", "SMIELS", "-o", "s.ebm"], "'smiles'"),
        (["screen", "a.csv", "-s", "SMIELS", "-m", "no.ebm", "-o", "run"], "'smiles'"),
        (["predict", "a.csv", "-s", "SMIELS", "-m", "no.ebm", "-o", "x.csv"], "'smiles'"),
    ],
)
def test_a_mistyped_column_is_told_before_anything_heavy_is_loaded(tmp_path, words, wanted):
    (tmp_path / "a.csv").write_text("smiles,id,pIC50\nCCO,a,7.5\nCCN,b,5\n")
    program = (
        "import sys; from workflows.cli import main; status = main(sys.argv[1:]); "
        "print(status, *sorted({'torch', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"did you mean {wanted}?" in done.stderr
    assert done.stdout.split() == ["1"]


def test_a_real_export_keeps_well_known_drugs(shared_data):
    """Many measurements of one drug do not fall for one that disagrees."""
    table = read_table(str(shared_data / HERG), id_column="mol_chembl_id")
    often = table.cells["mol_chembl_id"].value_counts()
    terfenadine, donepezil = "CHEMBL17157", "CHEMBL502"
    wanted = {*often.index[often > 15], donepezil}
    rows = np.flatnonzero(table.cells["mol_chembl_id"].isin(wanted))
    few = replace(table, cells=table.cells.iloc[rows].reset_index(drop=True), rows=table.rows[rows])
    assay = read_assay(few, targets="standard_value", active_below="1uM")
    found = dict(zip(assay.ids, assay.labels[:, 0].tolist(), strict=True))
    # Seventeen times 30 to 312 nM, and once 56 uM.
    assert found[terfenadine] == 1
    assert found[donepezil] == 0
    spread = {repeat.ids[0]: repeat.spread for repeat in assay.ledger.repeats}
    assert spread[terfenadine] == pytest.approx(np.log10(56000 / 30), abs=1e-3)
    assert list(spread.values()) == sorted(spread.values(), reverse=True)

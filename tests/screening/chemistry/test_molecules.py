"""Every text becomes a molecule or a reason; standardising equals RDKit's whole pipeline."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from screening.chemistry import (
    Failure,
    Limits,
    Standardiser,
    alerts,
    canonical_smiles,
    murcko_scaffold,
    prepare_molecule,
    read_molecule,
    standardise,
    structure_key,
)
from screening.chemistry.standardise import needs_nothing
from screening.chemistry.structure import skeleton_smiles
from screening.features import FeatureSet
from screening.hits import molecule_of
from screening.tables import read_table

LEVELS = ("none", "parent", "tautomer")


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("", "empty", "no structure"),
        ("   ", "empty", "no structure"),
        ("C1CC", "parse", "unclosed ring"),
        ("hello world", "parse", "Parse Error"),
        ("c1cccc1", "sanitize", "kekulize"),
        ("CC(C)(C)(C)C", "sanitize", "valence"),
        ("C" * 201, "too_large", "201 heavy atoms; the limit is 200"),
        ("C" * 5000, "too_large", "5000 heavy atoms"),
    ],
)
def test_a_bad_text_is_a_reason_with_words(text, reason, words):
    failure = read_molecule(text)
    assert isinstance(failure, Failure)
    assert failure.reason == reason
    assert words in failure.message
    assert "\n" not in failure.message


def test_the_size_limit_counts_heavy_atoms_not_letters():
    chain = "C" + "[C@@H](O)" * 30
    assert len(chain) > 200
    assert isinstance(read_molecule(chain, Limits(max_atoms=61)), Chem.Mol)
    failure = read_molecule(chain, Limits(max_atoms=60))
    assert isinstance(failure, Failure)
    assert failure.reason == "too_large"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30) | st.text("CNOclBr[]()=#123+-@/\\.%", max_size=30))
def test_reading_never_raises(text):
    assert isinstance(read_molecule(text), Chem.Mol | Failure)


@pytest.mark.parametrize(
    ("given_smiles", "parent"),
    [
        ("CC(=O)[O-].[Na+]", "CC(=O)O"),
        ("C[NH3+].[Cl-]", "CN"),
        ("c1ccccc1.Cl.O", "c1ccccc1"),
        ("[2H]C([2H])O", "[2H]C([2H])O"),
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O"),
        ("C/C=C/C", "C/C=C/C"),
        ("CN(=O)=O", "C[N+](=O)[O-]"),
        ("CC(=O)O[Na]", "CC(=O)O"),
        ("c1cc[nH+]cc1.[Cl-]", "c1ccncc1"),
        # Ions that have no neutral form keep their charge.
        ("[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2]", "c1cc[cH-]c1"),
        ("[Br-].c1ccc[cH+]cc1", "c1ccc[cH+]cc1"),
        ("[K+].F[P-](F)(F)(F)(F)F", "F[P-](F)(F)(F)(F)F"),
        ("F[As-](F)(F)(F)(F)F", "F[As-](F)(F)(F)(F)F"),
    ],
)
def test_parent_structures(given_smiles, parent):
    mol = prepare_molecule(given_smiles, Standardiser())
    assert canonical_smiles(mol) == canonical_smiles(Chem.MolFromSmiles(parent))


_ATOMS = (
    "C N O S P B c1ccccc1 [CH-] [cH-] [NH3+] [O-] [S-] [P-] [B-] [Fe+2] [Na+] [K+] [Cl-] [Si] [As-]"
    " [Se-] [I+] [N+] [n+] [nH] [C+] [Pt] [Mg] [Li] [Zn] [2H] [15N] F Cl * [*] = # ( ) 1 2 - . : ->"
).split()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_ATOMS), min_size=1, max_size=14), st.sampled_from(LEVELS))
def test_what_comes_out_can_be_written_and_read_again(parts, level):
    mol = prepare_molecule("".join(parts), Standardiser(level))
    if isinstance(mol, Failure):
        assert mol.message
    else:
        assert isinstance(read_molecule(canonical_smiles(mol)), Chem.Mol)


def test_what_cannot_be_written_and_read_again_is_a_reason(monkeypatch):
    monkeypatch.setattr(standardise, "can_be_read_again", lambda mol: False)
    failure = prepare_molecule("[K+].F[P-](F)(F)(F)(F)F", Standardiser())
    assert isinstance(failure, Failure)
    assert failure.reason == "sanitize"
    assert "cannot read the SMILES" in failure.message
    assert isinstance(prepare_molecule("CCO.Cl", Standardiser()), Chem.Mol)


def test_levels():
    enol = "CC(O)=CC(C)=O"
    keto = prepare_molecule("CC(=O)CC(C)=O", Standardiser("tautomer"))
    assert canonical_smiles(prepare_molecule(enol, Standardiser("tautomer"))) == canonical_smiles(
        keto
    )
    assert canonical_smiles(prepare_molecule(enol, Standardiser())) != canonical_smiles(keto)
    assert "." in canonical_smiles(prepare_molecule("CCO.Cl", Standardiser("none")))
    with pytest.raises(ValueError, match="none, parent, tautomer"):
        Standardiser("thorough")


NASTY = [
    "CS(C)=O",
    "CS(=O)(=O)N",
    "CC(O)=N",
    "CN=[N+]=[N-]",
    "C=[N+]=[N-]",
    "c1cc[n+]([O-])cc1",
    "[H]C([H])([H])O",
    "[CH2]C",
    "OP(O)(=O)O",
    "CB(O)O",
    "C[Si](C)(C)C",
    "C[N+](C)(C)CC([O-])=O",
    "[O-][N+](=O)c1ccccc1",
    "CC(=S)N",
    "CC(S)=N",
    "O=c1cc[nH]cc1",
    "C[Se]C",
    "[Fe]",
    "CN1N=CN1",
    "N#N",
    "ClI(Cl)c1ccccc1",
    "Cl",
    "[Cl]",
    "F[P](=O)=O",
    "C[As](=O)=O",
    "CN=N#N",
    "C=N#N",
    "O=n1ccccc1",
    "CP(=O)(O)O",
    "CS(=O)O",
    "CS(N)=N",
    "[O-][N+](=O)[O-]",
    "[O-][N+](=O)O",
    "NC=C[N+](=O)[O-]",
    "OC=C[N+](=O)[O-]",
    "CC(=O)C[N+](=O)[O-]",
    "O=[N+]([O-])c1ccccc1[O-]",
    "O=[N+]([O-])c1cc[nH]c1",
    "C[N+](=O)([O-])C",
    "CO[N+](=O)[O-]",
    "CN(C)[N+](=O)[O-]",
    "[O-][N+](=O)[N-]C",
    "C=[N+]([O-])O",
    "c1ccccc1[N+](=O)[O-].Cl",
    "O=[N+]([O-])c1ccc(C[NH3+])cc1",
    "O=[N+]([O-])c1ccc(C(=O)[O-])cc1",
    "*CC",
    "[2H]C",
    "[13CH4]",
    "C[S+](C)[O-]",
]


@pytest.mark.parametrize("nth", [30, pytest.param(10, marks=pytest.mark.thorough)])
def test_what_needs_nothing_is_what_the_whole_pipeline_leaves_alone(samples, nth):
    texts = read_table(str(samples / "wehi.csv.gz")).smiles[::nth]
    bace = read_table(str(samples / "bace.csv"), smiles_column="mol", id_column="CID")
    texts += bace.smiles[::nth]
    standardiser = Standardiser()
    skipped = 0
    for text in [*texts, *NASTY]:
        mol = read_molecule(text)
        if isinstance(mol, Failure) or not needs_nothing(mol):
            continue
        skipped += 1
        assert canonical_smiles(standardiser.full_parent(mol)) == canonical_smiles(mol), text
    assert skipped > 0.6 * len(texts)


def test_odd_real_structures_are_standardised_as_by_the_whole_pipeline(shared_data):
    texts = read_table(str(shared_data / "hiv" / "HIV.csv.gz")).smiles[::100]
    texts += read_table(str(shared_data / "lib_nci5k" / "first_5K.smi")).smiles[::15]
    standardiser = Standardiser()
    changed = 0
    for text in texts:
        mol = read_molecule(text)
        if isinstance(mol, Failure):
            continue
        whole = canonical_smiles(standardiser.full_parent(mol))
        assert canonical_smiles(standardiser(mol)) == whole, text
        changed += whole != canonical_smiles(mol)
    assert changed > 20


# What the normaliser's transforms ask for that do not ask for a charge (RDKit, normalizations.in).
UNCHARGED_TRANSFORMS = (
    "[N,P,As,Sb;X3](=[O,S,Se,Te])=[O,S,Se,Te]",
    "[nH0+0]=[OH0+0]",
    "[*]N=N#N",
    "[*]=N#N",
    "[!O][S+0;X3](=O)[!O]",
)


@pytest.mark.parametrize("smarts", UNCHARGED_TRANSFORMS)
def test_no_match_of_an_uncharged_transform_is_skipped(smarts):
    query = Chem.MolFromSmarts(smarts)
    found = 0
    for text in NASTY:
        # Unsanitised, since RDKit mends some of these while it reads them.
        mol = Chem.MolFromSmiles(text, sanitize=False)
        mol.UpdatePropertyCache(strict=False)
        Chem.FastFindRings(mol)
        if mol.HasSubstructMatch(query):
            found += 1
            assert not needs_nothing(mol), text
    assert found


@pytest.mark.parametrize(
    "text", ["O=[N+]([O-])c1ccccc1", "CC(O)=N", "CO[N+](=O)[O-]", "CP(C)(C)=O", "CB(O)O", "CSC"]
)
def test_what_the_pipeline_leaves_alone_is_skipped(text):
    mol = Chem.MolFromSmiles(text)
    assert needs_nothing(mol)
    assert Standardiser()(mol) is mol


@pytest.mark.parametrize(
    "text", ["CS(C)=O", "CC(=O)[O-]", "CCO.Cl", "[Fe]", "[Cl]", "[O-][N+](=O)[O-]", "C[N+](C)(C)C"]
)
def test_what_may_need_something_is_given_to_rdkit(text):
    assert not needs_nothing(Chem.MolFromSmiles(text))


def test_standardising_leaves_the_given_molecule_alone():
    mol = Chem.MolFromSmiles("CC(=O)[O-].[Na+]")
    before = mol.ToBinary()
    Standardiser()(mol)
    assert mol.ToBinary() == before


def test_the_structure_key_is_the_same_on_every_machine():
    assert structure_key("CCO") == -4371986520294612883
    assert structure_key("CCN") != structure_key("CCO")
    assert -(2**63) <= structure_key("c1ccccc1") < 2**63


def test_scaffolds():
    assert murcko_scaffold(Chem.MolFromSmiles("Cc1ccc(CC2CCNCC2)cc1F")) == "c1ccc(CC2CCNCC2)cc1"
    assert murcko_scaffold(Chem.MolFromSmiles("CCCCO")) == ""


def test_alerts_name_the_catalog_and_the_atoms():
    rhodanine = Chem.MolFromSmiles("O=C1NC(=S)SC1=Cc1ccccc1")
    found = alerts(rhodanine)
    assert {"PAINS", "BRENK"} <= {alert.catalog for alert in found}
    for alert in found:
        assert alert.atoms
        assert max(alert.atoms) < rhodanine.GetNumAtoms()
    assert str(found[0]) == f"{found[0].catalog}: {found[0].name}"
    assert alerts(Chem.MolFromSmiles("CCc1ccccc1")) == []


@pytest.mark.parametrize("smiles", ["*" * 300, ".".join("*" * 300), "C" * 100 + "*" * 101])
def test_atoms_of_any_kind_count_as_heavy(smiles) -> None:
    found = read_molecule(smiles, Limits(max_atoms=200))
    assert isinstance(found, Failure)
    assert found.reason == "too_large"
    assert found.message.startswith(f"{smiles.count('*') + smiles.count('C')} heavy atoms")


@pytest.mark.parametrize("text", ["ССО", "(" * 2000, "nonsense", "c1ccccc1c"])
def test_the_clock_is_not_in_the_reason(text):
    found = read_molecule(text)
    assert isinstance(found, Failure)
    assert re.search(r"\d\d:\d\d:\d\d", found.message) is None


@pytest.mark.parametrize("text", ["[H][H]", "[H]", "[2H+]", "[2H][2H]"])
def test_rdkits_warnings_stay_off_the_terminal(text, capsys):
    mol = prepare_molecule(text, Standardiser())
    skeleton_smiles(canonical_smiles(mol))
    molecule_of(canonical_smiles(mol))
    FeatureSet(["rdkit_descriptors"]).by_block([mol])
    assert capsys.readouterr().err == ""

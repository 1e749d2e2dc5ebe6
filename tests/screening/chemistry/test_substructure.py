"""Substructures: what is read, and who is taken, against RDKit's own search."""

from __future__ import annotations

import pytest
from rdkit import Chem

from screening.chemistry import Pattern, Sought, Substructures, read_patterns
from screening.chemistry.substructure import has_substructure
from screening.errors import UserError
from screening.tables import open_library

PATTERNS = (
    "c1ccccc1",
    "[NX3;H2,H1;!$(NC=O)]",
    "[$(C(=O)N),$(S(=O)(=O)N)]",
    "[#6]~1~[#7]~[#6]~[#6]~[#6]1",
    "[C@H](C)N",
    "[F,Cl,Br].[OX2]",
    "[!#1;!#6;!#7;!#8]",
    "[U]",
)
# Every choice of five carbons is tried before the uranium is missed.
HOPELESS = ".".join(["[#6]"] * 6 + ["[U]"])


@pytest.fixture(scope="module")
def mols(samples):
    chunk = next(iter(open_library([str(samples / "wehi.csv.gz")], chunk_size=80)))
    return [mol for mol in map(Chem.MolFromSmiles, chunk.smiles) if mol is not None]


def has(mol, smarts):
    return mol.HasSubstructMatch(Chem.MolFromSmarts(smarts), useChirality=True)


@pytest.mark.parametrize("smarts", PATTERNS)
def test_the_search_finds_what_rdkit_finds(mols, smarts):
    query = Chem.MolFromSmarts(smarts)
    assert [has_substructure(mol, query) for mol in mols] == [has(mol, smarts) for mol in mols]


def test_taken_are_those_with_all_of_some_and_none_of_others(mols):
    required, excluded = PATTERNS[0:1] + PATTERNS[2:3], PATTERNS[1:2] + PATTERNS[5:6]
    choice = Substructures(read_patterns(required, "-r"), read_patterns(excluded, "-e"))
    taken = [choice.takes(mol) for mol in mols]
    assert taken == [
        all(has(mol, s) for s in required) and not any(has(mol, s) for s in excluded)
        for mol in mols
    ]
    # The first pattern that rules a compound out counts, so that counts add up.
    left, counts = list(mols), []
    for smarts, must in [*((s, True) for s in required), *((s, False) for s in excluded)]:
        after = [mol for mol in left if has(mol, smarts) == must]
        counts.append(len(left) - len(after))
        left = after
    assert [p.passed_over for p in (*choice.required, *choice.excluded)] == counts
    assert choice.looked_at == len(mols) == sum(counts) + sum(taken)


def test_a_hopeless_search_is_given_up_and_the_compound_not_taken():
    mol = Chem.MolFromSmiles("C" * 60)
    assert has_substructure(mol, Chem.MolFromSmarts(HOPELESS), most_steps=5000) is None
    assert has_substructure(mol, Chem.MolFromSmarts(f"[!$({HOPELESS})]"), most_steps=5000) is None
    assert has_substructure(mol, Chem.MolFromSmarts("CCC"), most_steps=5000) is True


@pytest.mark.parametrize("sides", [("x", ""), ("", "x")])
def test_a_hopeless_pattern_is_named(monkeypatch, sides):
    monkeypatch.setattr(has_substructure, "__defaults__", (1000,))
    pattern = Pattern(HOPELESS, "hopeless")
    choice = Substructures(*([pattern] if side else [] for side in sides))
    mol = Chem.MolFromSmiles("C" * 60)
    assert [choice.takes(mol) for _ in range(20)] == [False] * 20
    assert [*choice.required, *choice.excluded] == [Sought(HOPELESS, "hopeless", 20, 20)]
    with pytest.raises(UserError, match=r"pattern hopeless \(.* in 21 of 21 compounds"):
        choice.takes(mol)


def test_patterns_are_read_from_texts_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rings.txt").write_text(
        "\ufeff# rings\n\nc1ccncc1\tpyridine ring \n  [#6]\n", encoding="utf-8"
    )
    (tmp_path / "CCO").write_text("N amine\n")
    rings = [Pattern("c1ccncc1", "pyridine ring"), Pattern("[#6]", "[#6]")]
    assert list(read_patterns(["@rings.txt"], "-r")) == rings
    assert list(read_patterns(["rings.txt", "[#6]"], "-r")) == rings
    assert read_patterns("CCO  an ether", "-r") == (Pattern("CCO", "an ether"),)
    assert read_patterns(["@CCO"], "-r") == (Pattern("N", "amine"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("c1ccc", "--require 'c1ccc' is no SMARTS: unclosed ring."),
        ("C(C name", "--require 'C(C' is no SMARTS: it cannot be read at position"),
        ("", "--require '' is no SMARTS: it has no atoms."),
        ("@bad.txt", "--require @bad.txt, line 3: 'C=' is no SMARTS: it cannot be read"),
        ("@none.txt", "--require @none.txt: the file cannot be read (No such file"),
        ("@empty.txt", "--require @empty.txt: the file holds no patterns"),
        ("@latin.txt", "--require @latin.txt: the file cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.txt").write_text("CC good\n# no\nC= bad\n")
    (tmp_path / "empty.txt").write_text("# none\n")
    (tmp_path / "latin.txt").write_bytes(b"CC \xe9thane\n")
    with pytest.raises(UserError) as caught:
        read_patterns([text], "--require")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)

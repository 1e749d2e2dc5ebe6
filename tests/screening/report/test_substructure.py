"""The page's substructure search beside RDKit's: atoms, rings, hydrogens, matches, refusals."""

from __future__ import annotations

import csv
import gzip
import json
from importlib.resources import files
from itertools import islice
from typing import Any

import pytest
from rdkit import Chem

# Every kind of question, and combinations that are asked in practice.
PATTERNS = r"""
c1ccccc1 C(=O)N [OX2H] [CX3](=O)[OX2H1] [NX3;H2] [NX3;H2,H1;!$(NC=O)] [#6]-[#7] n1ccccc1 c1ccncc1
[nH] c1cc[nH]c1 O=c1cccc[nH]1 S(=O)(=O)N [F,Cl,Br,I] [!#6;!#1] C#N [N+](=O)[O-] [+] [-] [R] [r5]
[r6] [x3] [D3] [X4] C@C C!@C a a:a c-c c:n [$(C(F)(F)F)] [$([NX3]C=O)] *~* C=C [C;!R] [cH]
O=C1NCCN1 [#7;R] [N;+0] C1CCNCC1 c1nc2ccccc2[nH]1 [NH]C(=O)[NH] [13C] [O;D1] [S;X2] C.N [!C] [H]
[#1] [2H] [H+] [!H] [!H0] [H,C] [Hg] [Fe+2] [Pt] [se] [Se] [si] [Si] [B] [r3] [r7] [!r6] [r0] [R0]
[x0] [x] [X] [-,+] [+2] [++] C-,=C C-;!@C C!=C c!:c C1CC1 [$([OH]),$([SH])] [$(c1ccccc1[OH])]
*1~*~*~*~*1 a1aaaa1 [C:1][N:2] [$([#6]=[$([#7])])] C%10CC%10 C=1CCCCC1 [N;R;!$(N-C=O)] [a;!c]
[$([*;R]@[*;R])] [Cr] [CR] [cR] [nX2] [CX4;H1,H2]-[#8,#7] N=C(N)N [C,c]=,:[N,n]
[!$([#6+0]);!$(C(F)(F)F);!$([#1])] [#6&!a] C~C#N [*H]
[!C,N] [!C!c;!H0] [F,!C&!c&!H0] [C!$(C=O)] [C,N;R,H3] [N,O;H1,H2;!$(*C=O)] [$([$([$(C)]C)]N)] [!!C]
c1ccc([$(c1ccccc1)])cc1 [$([#6]1aaaaa1)] [$(C.N)] O.N [nH].[nH] C-!@C C=,-@C C-;!@N c-1ccccc1
[#6]-1=[#6]-[#6]=[#6]-[#6]=[#6]-1 C@1CCCCC1 C12CCCCC1CCCC2 [nX3;H0] n[nH] [n+]([O-]) [nH+] [N+0;H1]
[!$(*#*)&!D1]-&!@[!$(*#*)&!D1] [13C,12C] [c;r5;r6] [!+] [--] [#7;+1] [$(c:c(-,=[O,N]))] [r4] [!x2]
[H&D1]
""".split()
ODD = """
[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2] [2H]C([2H])[2H] [H][H] [NH3]->[Pt](Cl)(Cl)<-[NH3] [nH+]1ccccc1
O=[N+]([O-])c1ccccc1 CP(=O)(O)O OI(=O)=O c1cc[se]c1 C[Si](C)(C)C [13CH4] [O-][Cl+3]([O-])([O-])[O-]
O=c1cc[nH]cc1 *C [CH3] [C-]#[O+] B(O)O c1ccccc1-c1ccccc1 C1=CC=CC=CC=C1 C12C3C4C1C5C2C3C45
FS(F)(F)(F)(F)F CN=[N+]=[N-] Cn1ccnc1 C1CCCCCCCCCCCCC1 C1CC1C1CC1 [O-][n+]1ccccc1 CI(C)C
C[C@H](N)C(=O)O F/C=C/F C[Hg]C C1CC2CCC1CC2 [Cr] p1ccccc1
[Cl][Pt]1([Cl])<-[NH2]CC[NH2]->1
""".split()
REFUSED = {
    "[R2]": "the number of rings",
    "[v4]": "the valence",
    "[h1]": "H counts all",
    "[C@H](N)C": "stereo",
    "F/C=C/F": "stereo",
    "(C).(C)": "parentheses",
    "[^2]": "hybridisation",
    "[D{2-3}]": "braces",
    "N->[Pt]": "dative",
    "C(": "not closed",
    "[C": "not closed",
    "C1CC": "ring is not closed",
    "C-": "leads nowhere",
    "Q": "not understood",
    "CC)": "does not belong",
    "C1C1": "three atoms",
    "C()C": "begins with an atom",
    "C((C)C)": "begins with an atom",
    "[+++]": "as +3",
    "[Nh]": "nobody has made",
    "[Og]": "nobody has made",
    "[H+;#6]": "stands alone",
    "[$(C]": "not",
    "": "no atom",
}


def script() -> str:
    folder = files("screening.report").joinpath("scripts")
    parts = [folder.joinpath(f"{name}.js").read_text("utf-8") for name in ("smiles", "smarts")]
    # What the page around it gives.
    stubs = "const plain = String, FILTERS = [];"
    return "\n".join([stubs, *parts, folder.joinpath("substructure.js").read_text("utf-8")])


@pytest.fixture(scope="module")
def mols(samples) -> list[Any]:
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        texts = [row[0] for row in islice(csv.reader(file), 1, 9000, 90)]
    with (samples / "bace.csv").open(encoding="utf-8") as file:
        texts += [row["mol"] for row in islice(csv.DictReader(file), 0, None, 50)]
    # As a run stores them: written by RDKit, and read again.
    found = [Chem.MolFromSmiles(Chem.CanonSmiles(text)) for text in (*texts, *ODD)]
    assert None not in found
    return found


def asked(browser, expression: str) -> Any:
    return browser.js(f"(() => {{ {script()}\nreturn {expression}; }})()")


def test_atoms_are_those_of_rdkit(browser, mols) -> None:
    texts = json.dumps([Chem.MolToSmiles(mol) for mol in mols])
    found = asked(
        browser,
        f"""{texts}.map(readSmiles).map((atoms) => atoms.map((atom, i) => [atom.element,
        atom.aromatic, atom.charge, atom.isotope, atom.hydrogens, smallestRing(atoms, i),
        atom.ringBonds]))""",
    )
    for theirs, text in zip(found, json.loads(texts), strict=True):
        mol = Chem.MolFromSmiles(text)
        rings = mol.GetRingInfo()
        assert theirs == [
            [
                atom.GetAtomicNum(),
                atom.GetIsAromatic(),
                atom.GetFormalCharge(),
                atom.GetIsotope(),
                atom.GetTotalNumHs(includeNeighbors=True),
                rings.MinAtomRingSize(atom.GetIdx()),
                sum(bond.IsInRing() for bond in atom.GetBonds()),
            ]
            for atom in mol.GetAtoms()
        ], text


def test_matches_are_those_of_rdkit(browser, mols) -> None:
    texts = [Chem.MolToSmiles(mol) for mol in mols]
    found = asked(
        browser,
        f"""(() => {{ const mols = {json.dumps(texts)}.map(readSmiles);
        return {json.dumps(PATTERNS)}.map((text) => {{ const pattern = readPattern(text);
        return mols.map((atoms) => findMatch(pattern, atoms)); }}); }})()""",
    )
    matched = 0
    read = [Chem.MolFromSmiles(text) for text in texts]
    for pattern, places in zip(PATTERNS, found, strict=True):
        query = Chem.MolFromSmarts(pattern)
        for mol, place, text in zip(read, places, texts, strict=True):
            assert (place is not None) == mol.HasSubstructMatch(query), (pattern, text)
            if place is not None:
                matched += 1
                every = mol.GetSubstructMatches(query, uniquify=False, maxMatches=100_000)
                assert tuple(place) in every, (pattern, text)
    assert matched > 1000


def test_what_would_be_answered_otherwise_is_refused(browser) -> None:
    said = asked(
        browser,
        f"""{json.dumps(list(REFUSED))}.map((pattern) => {{
        try {{ readPattern(pattern); return "read"; }} catch (error) {{
        return error instanceof PatternError ? error.message : "?" + error; }} }})""",
    )
    for (pattern, reason), sentence in zip(REFUSED.items(), said, strict=True):
        assert reason in sentence, (pattern, sentence)

"""What is computed of many molecules together against RDKit's own functions, one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors

from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.features import AtomPairs, Descriptors, Torsions
from screening.features.descriptors import described_alone
from screening.features.fingerprints import tally
from screening.features.graphs import MolecularGraph
from screening.features.graphs.counts import rotatable_bonds
from screening.features.graphs.graph import kinds
from screening.features.graphs.hashing import combined
from screening.features.graphs.surroundings import POLAR, Surroundings, surroundings
from screening.tables import open_library, read_table

GENERATORS = {
    AtomPairs: rdFingerprintGenerator.GetAtomPairGenerator(fpSize=2048),
    Torsions: rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=2048),
}
# Where a short way could go wrong: dative, zero and other bonds, benzynes, hydrogens in brackets,
# isotopes, charges, radicals, dummies, triangles, cages, hypervalent and lone atoms.
ODD = (
    "C[NH2]->C c1ccccn1->O Cn1cccc1 CS(C)->O CP(C)(C)->O C[N+](C)(C)C C~C c1cc#ccc1 C1#CCCCCCC1 "
    "[H]N=C(C)N C[C]([NH])=[NH] [NH]=C [CH2]=[CH][OH] C([NH2])=[O] [SH]C=[CH2] C[SiH]=C "
    "CS(=O)C CS(C)(=O)=O CS(=O)(=N)C FS(F)(F)(F)(F)F O=S=O CN=S=O CP(C)(C)=O OP(O)(O)=S C[Se]C=O "
    "C[N+](=O)[O-] CN(=O)=O CN=[N+]=[N-] C[N+]#[C-] [O-][n+]1ccccc1 [nH]1cccc1 c1c[cH-]cc1 "
    "O=c1cc[nH]cc1 [13CH4] [2H]C [14CH3]O C[18F] [CH3] C[O] C[N]C [C] [H][H] [H+] [Na+].[Cl-] * "
    "[He] *CC* C1CC1 C1OC1C1CO1 C12CC1C2 C12C3C1C23 C12C3C4C1C5C2C3C45 C1CC1C1CC1 N1CN1 p12p3p1p23 "
    "CI CI(=O)=O OBr FC(F)(F)C ClC(Cl)(Cl)C BrC(Br)(Br)C CC(C)(C)C CC(C)(C)c1ccccc1 CC#CC N#CC#N "
    "CNC(C)=O COC(C)=O CSC(C)=S CC(=[NH2+])N CNC(=[NH+]C)N CC(=O)SC NC(=O)c1ccccc1 CN1CCCC1=O "
    "OO ON On1ccccc1=O CS(O)=O CSO CP(O)(O)=O C[Si](O)(O)O OB(O)c1ccccc1 OC(=O)C=C OC(=N)C OC(=S)C "
    "OC#C OC=[Se] CC(=[OH+])C [O-]C(=O)C C[NH3+] [NH4+] S Cl N O O=C=O C=C=O C=C(O)C PC CCO.CCO "
    "[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1 [NH3]->[Pt](Cl)(Cl)<-[NH3] B1BB1 C[As](=O)=O [SeH]C O=[IH2]C"
).split()


@pytest.fixture(scope="module")
def mols(samples) -> list[Chem.Mol]:
    """Drug-like, odd and large molecules, and some of the odd ones standardised."""
    texts = read_table(str(samples / "wehi.csv.gz")).smiles[::16]
    large = ["C" * 64, "C" * 65, "C" * 32, "C" * 33, "NCC(=O)" * 30 + "O", "CO" * 260]
    with rdBase.BlockLogs():
        found = [Chem.MolFromSmiles(text) for text in [*texts, *ODD, *large]]
        parent = Standardiser("parent")
        changed = [prepare_molecule(text, parent) for text in ODD]
    return [m for m in [*found, *changed] if m is not None and not isinstance(m, Failure)]


def assert_same(mols: list[Chem.Mol]) -> None:
    for block, generator in GENERATORS.items():
        found = block().columns_of(mols)
        assert found.dtype == np.int32
        assert found.has_sorted_indices
        for mol, row in zip(mols, found, strict=True):
            expected = generator.GetCountFingerprint(mol).GetNonzeroElements()
            entries = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
            assert entries == expected, Chem.MolToSmiles(mol)
    table = Descriptors().columns_of(mols)
    for mol, row in zip(mols, table, strict=True):
        expected = np.nan_to_num(np.float32(described_alone(mol)), posinf=0, neginf=0)
        np.testing.assert_allclose(row, expected, 5e-7, 1e-6, err_msg=Chem.MolToSmiles(mol))


def test_pairs_torsions_and_descriptors_are_rdkits(mols):
    assert_same(mols)


def test_they_are_rdkits_for_odd_real_structures(shared_data):
    read = open_library(
        [str(shared_data / "lib_nci5k/first_5K.smi"), str(shared_data / "sider/sider.csv")]
    )
    texts = [text for chunk in read for text in chunk.smiles][::9]
    with rdBase.BlockLogs():
        found = [mol for text in texts if (mol := Chem.MolFromSmiles(text)) is not None]
    assert len(found) > 600
    assert_same(found)


def test_most_molecules_take_the_short_way(mols, samples):
    texts = read_table(str(samples / "wehi.csv.gz")).smiles[::40]
    graph = MolecularGraph.of([Chem.MolFromSmiles(text) for text in texts])
    assert len(graph.odd) < 0.02 * len(texts)
    odd = MolecularGraph.of(mols).odd
    assert 30 < len(odd) < 90


def test_short_fingerprints_fold_and_long_ones_are_sorted(mols):
    few = mols[::20]
    for width in (7, 1 << 20):
        generator = rdFingerprintGenerator.GetAtomPairGenerator(fpSize=width)
        for mol, row in zip(few, AtomPairs(width).columns_of(few), strict=True):
            entries = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
            assert entries == generator.GetCountFingerprint(mol).GetNonzeroElements()
    keys = np.array([5, 9, 5, 3])
    assert np.array_equal(tally(keys, 2, 5).toarray(), [[0, 0, 0, 1, 0], [2, 0, 0, 0, 1]])


def test_the_kinds_of_atom_are_rdkits_and_no_other_atom_is_taken_for_one():
    known = kinds()
    assert len(np.unique(known.invariants)) == len(known.invariants)
    mol = Chem.MolFromSmiles("C1CC1[N+](=O)[O-]")
    columns = known.columns[:, MolecularGraph.of([mol]).kind].T.tolist()
    assert columns == [
        [a.GetAtomicNum(), a.GetTotalDegree(), a.GetTotalNumHs(), a.GetFormalCharge(), a.IsInRing()]
        for a in mol.GetAtoms()
    ]
    axes = (range(119), range(9), range(7), range(-4, 5), range(-6, 7), (0, 1))
    every = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])
    seed = np.zeros(every.shape[1], np.uint32)
    for column in every[:5]:
        seed = combined(seed, column.astype(np.uint32))
    seed = np.where(every[5] == 1, combined(seed, np.uint32(1)), seed)
    same = np.flatnonzero(np.isin(seed, known.invariants))
    meant = set(map(tuple, known.columns.T.tolist()))
    met = every[:, same].T.tolist()
    assert len(met) == len(meant)
    assert {(*one[:4], one[5]) for one in met if one[4] == 0} == meant


def test_contributions_do_not_depend_on_what_was_met_before(mols):
    graphs = [MolecularGraph.of(mols[start : start + 50]) for start in range(0, len(mols), 50)]
    forward, backward = Surroundings(), Surroundings()
    one = [forward.contributions(graph) for graph in graphs]
    two = [backward.contributions(graph) for graph in graphs[::-1]][::-1]
    for left, right in zip(one, two, strict=True):
        assert np.array_equal(left, right)
    graph = graphs[0]
    expected = np.concatenate(
        [rdMolDescriptors._CalcTPSAContribs(graph.mols[row]) for row in graph.rows]
    )
    assert np.array_equal(one[0][:, POLAR], expected)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("CN1CC1", "CN1CCC1"),  # the ring of three
        ("CC(=O)[O-]", "CC(=O)O"),
        ("NC=O", "CC=O"),  # the neighbours of a terminal atom's neighbour
        ("CCO", "C=CO"),
        ("CC", "C=C"),
        ("c1ccsc1", "C1CCSC1"),
    ],
)
def test_surroundings_are_told_apart(one, two):
    graph = MolecularGraph.of([Chem.MolFromSmiles(text) for text in (one, two)])
    first, second = (set(surroundings(graph)[graph.owner == which].tolist()) for which in (0, 1))
    assert first - second
    assert second - first


def test_rotatable_bonds_are_rdkits():
    """Every way to join two ends, so that each clause of the definition decides somewhere."""
    ends = (
        "C CC C(C)(C)C C(F)(F)F C(Cl)(Cl)Cl C(Br)(Br)Br C(F)(F)Cl C(C)(C)F C#N C#CC C(=O)C C(=S)N "
        "C(=NC)C C(=[NH+]C)C NC N(C)C [NH2+]C OC SC S(=O)(=O)C c1ccccc1 n1cccc1 C1CC1 N1CCCC1 C=C "
        "[N+](=O)[O-] S CS C(=O)OC C(=O)SC"
    ).split()
    # A bracket keeps a ring of one end apart from that of the other.
    texts = [f"C({one})({two.replace('1', '2')})C" for one, two in product(ends, ends)]
    texts += [f"N({one}){two.replace('1', '2')}" for one, two in product(ends, ends)]
    graph = MolecularGraph.of([Chem.MolFromSmiles(text) for text in texts])
    assert len(graph) == len(texts)
    found = np.bincount(graph.owner[graph.source[rotatable_bonds(graph)]], minlength=len(graph))
    expected = [rdMolDescriptors.CalcNumRotatableBonds(mol) for mol in graph.mols]
    differ = [text for text, a, b in zip(texts, found, expected, strict=True) if a != b]
    assert not differ

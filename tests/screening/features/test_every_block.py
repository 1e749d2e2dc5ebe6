"""Every named block is a well-behaved transformer and gives RDKit's own values."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Avalon import pyAvalonTools
from rdkit.Chem import Descriptors as RDKitDescriptors
from rdkit.Chem import MACCSkeys, rdFingerprintGenerator, rdReducedGraphs
from scipy.sparse import issparse
from sklearn.base import clone

from screening.features import TRANSFORMERS, Encoder, FeatureSet, bit_atoms, pack_bits
from screening.tables import read_table

# Elements without parameters, isotopes, dummies, charges, ions, odd hydroxyls and small rings.
ODD = (
    "[He] [U] [Fe+2] [H][H] [H+] C [C] [2H]O[2H] [2H]C [Na+].[Cl-] * *CC* B1BB1 [At]C C1CC1 "
    "C12CC1C2 C[As](=O)=O F[U](F)(F)(F)(F)F O [OH3+] OO ON On1ccccc1=O CS(O)=O CSO CP(O)(O)=O "
    "C[Si](O)(O)O OB(O)c1ccccc1 OC(=O)C=C OC(=N)C OC(=S)C OC#C OC=[Se] CC(=[OH+])C [O-]C(=O)C "
    "C[NH3+] [NH4+] S c1cc[nH]c1 c1ccsc1 Cl N O=C=O C=C=O C=C(O)C O[N+](=O)[O-] C[S+](C)O [SeH]C "
    "PC CC~C O=n1ccccc1"
).split()

ORACLES = {
    "morgan_bits": lambda: (
        rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint
    ),
    "fcfp_bits": lambda: (
        rdFingerprintGenerator.GetMorganGenerator(
            radius=2,
            fpSize=2048,
            atomInvariantsGenerator=rdFingerprintGenerator.GetMorganFeatureAtomInvGen(),
        ).GetFingerprint
    ),
    "rdkit_path": lambda: Chem.RDKFingerprint,
    "maccs": lambda: MACCSkeys.GenMACCSKeys,
    "avalon": lambda: lambda mol: pyAvalonTools.GetAvalonCountFP(mol, 2048),
    "erg": lambda: rdReducedGraphs.GetErGFingerprint,
}


@pytest.fixture(scope="module")
def mols(request) -> list[Chem.Mol]:
    path = request.config.rootpath / "data" / "samples" / "bace.csv"
    table = read_table(str(path), smiles_column="mol", id_column="CID")
    return [Chem.MolFromSmiles(text) for text in table.smiles[::60]]


def dense(block):
    return block.toarray() if issparse(block) else block


@pytest.mark.parametrize("name", ORACLES)
def test_values_are_rdkits(name, mols):
    read = ORACLES[name]()
    expected = np.stack([np.array(list(read(mol))) for mol in mols])
    np.testing.assert_allclose(dense(TRANSFORMERS[name]().transform(mols)), expected, rtol=1e-6)


def test_all_descriptors_are_rdkits_by_name(mols):
    block = TRANSFORMERS["rdkit_descriptors"]()
    names = list(block.get_feature_names_out())
    assert names == [name for name, _ in RDKitDescriptors.descList]
    for mol, row in zip(mols[:3], block.transform(mols[:3]), strict=True):
        expected = [function(mol) for _, function in RDKitDescriptors.descList]
        np.testing.assert_allclose(row, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_block_is_a_transformer_that_changes_nothing(name, mols):
    block = clone(TRANSFORMERS[name]())
    assert block.get_params() == TRANSFORMERS[name]().get_params()
    before = [mol.ToBinary() for mol in mols]
    found = block.fit_transform(mols)
    assert [mol.ToBinary() for mol in mols] == before
    assert found.shape == (len(mols), len(block.get_feature_names_out()))
    assert issparse(found) == (block.kind != "continuous")
    assert found.dtype == {"count": np.int32, "bit": np.uint8, "continuous": np.float32}[block.kind]
    # One at a time or together, in any order: a row depends on its molecule only.
    again = dense(block.transform(mols[::-1]))[::-1]
    assert np.array_equal(again, dense(found))
    assert np.array_equal(dense(block.transform([mols[0]]))[0], dense(found)[0])
    assert block.transform([]).shape == (0, found.shape[1])


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_odd_molecules_have_finite_features(name):
    found = dense(TRANSFORMERS[name]().transform([Chem.MolFromSmiles(text) for text in ODD]))
    assert np.isfinite(found).all()


GENERATED = (
    "morgan_counts",
    "morgan_bits",
    "fcfp_counts",
    "fcfp_bits",
    "atom_pairs",
    "torsions",
    "rdkit_path",
)


@pytest.mark.parametrize("name", GENERATED)
def test_there_are_atoms_behind_every_bit_as_often_as_it_counts(name, mols):
    block = TRANSFORMERS[name]()
    for mol in mols[:6]:
        row = block.transform([mol])
        found = bit_atoms(mol, name)
        assert sorted(found) == list(row.indices)
        for bit, count in zip(row.indices, row.data, strict=True):
            assert len(found[bit]) == count if block.kind == "count" else found[bit]
            for atoms in found[bit]:
                assert len(set(atoms)) == len(atoms) <= mol.GetNumAtoms()


@pytest.mark.parametrize(("name", "size"), [("atom_pairs", 2), ("torsions", 4)])
def test_covering_an_atom_removes_exactly_the_substructures_behind_it(name, size, mols):
    mol = mols[0]
    found = bit_atoms(mol, name)
    assert {len(atoms) for places in found.values() for atoms in places} == {size}
    count = TRANSFORMERS[name]().counter()
    for atom in range(0, mol.GetNumAtoms(), 5):
        left = {b: sum(atom not in atoms for atoms in places) for b, places in found.items()}
        covered = count(mol, ignoreAtoms=[atom]).GetNonzeroElements()
        assert covered == {bit: n for bit, n in left.items() if n}


def test_unknown_atoms_are_told():
    with pytest.raises(ValueError, match="maccs"):
        bit_atoms(Chem.MolFromSmiles("CCO"), "maccs")


def test_bits_are_bernoulli_units_and_every_block_can_be_encoded(mols):
    features = FeatureSet(tuple(TRANSFORMERS))
    raw = features.by_block(mols)
    encoder = Encoder().fit(raw)
    encoded = encoder.transform(raw)
    assert encoded.min() >= 0
    assert encoded.max() <= 1
    kinds = {block.name: block.encoding for block in encoder.blocks()}
    assert kinds == {
        name: {"count": "thermometer", "bit": "bernoulli", "continuous": "quantile"}[block.kind]
        for name, block in TRANSFORMERS.items()
    }
    config, arrays = encoder.to_state()
    again = Encoder.from_state(config, arrays)
    assert again.blocks() == encoder.blocks()
    assert (again.transform(raw) != encoded).nnz == 0
    bits = next(block.columns for block in encoder.blocks() if block.name == "morgan_bits")
    used = encoder.bits_["morgan_bits"][0]
    assert np.array_equal(encoded[:, bits].toarray(), raw.sparse["morgan_bits"][:, used].toarray())


def test_neighbour_fingerprints_come_from_bits_too(mols):
    features = FeatureSet(("morgan_bits",))
    raw = features.by_block(mols)
    expected = pack_bits(TRANSFORMERS["morgan_counts"]().transform(mols))
    assert np.array_equal(features.packed_morgan(mols, raw), expected)

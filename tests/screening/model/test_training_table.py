"""Which structures were tested in another form: against InChI, which has a layer for each."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers, StereoEnumerationOptions

from screening.chemistry import canonical_smiles, skeleton_smiles, structure_key
from screening.model.training_table import TrainingTable, skeleton_keys

FEW = StereoEnumerationOptions(maxIsomers=2)


def forms(smiles: str) -> list[str]:
    """The structure flat, as two stereoisomers, deuterated, and with one atom more."""
    mol = Chem.MolFromSmiles(smiles)
    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    heavy = Chem.RWMol(mol)
    heavy.GetAtomWithIdx(0).SetIsotope(13)
    deuterated = Chem.AddHs(mol)
    for atom in deuterated.GetAtoms():
        if atom.GetAtomicNum() == 1:
            atom.SetIsotope(2)
            break
    longer = Chem.RWMol(mol)
    longer.AddBond(longer.AddAtom(Chem.Atom(53)), 0, Chem.BondType.SINGLE)
    made = [mol, flat, heavy, Chem.RemoveHs(deuterated), *EnumerateStereoisomers(flat, FEW)]
    if Chem.SanitizeMol(longer, catchErrors=True) == Chem.SanitizeFlags.SANITIZE_NONE:
        made.append(longer)
    return [canonical_smiles(mol) for mol in made]


def of(table: TrainingTable, smiles: list[str], model) -> TrainingTable:
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    keys = np.array([structure_key(text) for text in smiles], dtype=np.int64)
    return replace(
        table,
        smiles=smiles,
        keys=keys,
        skeletons=skeleton_keys(smiles),
        fingerprints=model.fingerprints(mols),
    )


@pytest.fixture(scope="module")
def tested(small_model) -> dict[str, TrainingTable]:
    table = small_model.training
    labelled = [*table.smiles[:-1], forms(table.smiles[-1])[2]]
    return {"plain": table, "with an isotope": of(table, labelled, small_model)}


@pytest.mark.parametrize("which", ["plain", "with an isotope"])
def test_forms_are_told_as_inchi_tells_them(tested, small_model, which):
    table = tested[which]
    queries = [form for text in [*table.smiles[:40], table.smiles[-1]] for form in forms(text)]
    mols = [Chem.MolFromSmiles(text) for text in queries]
    keys = np.array([structure_key(text) for text in queries], dtype=np.int64)
    found = table.same_skeleton(keys, queries, table.nearest(small_model.fingerprints(mols))[1])
    skeletons = {Chem.MolToInchiKey(Chem.MolFromSmiles(s)).split("-")[0] for s in table.smiles}
    expected = [
        Chem.MolToInchiKey(mol).split("-")[0] in skeletons and text not in table.smiles
        for mol, text in zip(mols, queries, strict=True)
    ]
    assert found.tolist() == expected
    assert 50 < sum(expected) < len(expected) - 50


def test_skeletons_are_stored_and_computed_for_files_without(tested):
    table = tested["plain"]
    data = table.to_parquet()
    stored = TrainingTable.from_parquet(data, table.tasks).skeletons
    assert stored.tolist() == table.skeletons.tolist() != table.keys.tolist()
    older, buffer = pq.read_table(io.BytesIO(data)).drop_columns(["skeleton"]), io.BytesIO()
    pq.write_table(older, buffer, use_dictionary=False)
    found = TrainingTable.from_parquet(buffer.getvalue(), table.tasks)
    assert found.skeletons.tolist() == table.skeletons.tolist()


def test_a_skeleton_has_neither_stereo_nor_isotopes():
    assert skeleton_smiles("CCO") == "CCO"
    assert (
        skeleton_smiles("C[C@H](N)C(=O)O") == skeleton_smiles("C[C@@H](N)C(=O)O") == "CC(N)C(=O)O"
    )
    assert skeleton_smiles("C/C=C\\C") == "CC=CC"
    assert skeleton_smiles("[2H]C([2H])([2H])O") == skeleton_smiles("[13CH3]O") == "CO"
    assert skeleton_smiles("[2H]O[2H]") == "O"

"""The contribution of each atom against a slow, literal reading of its definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_matrix
from scipy.special import expit

from screening.errors import UserError
from screening.explain import (
    AtomContributions,
    contributions_of,
    explain,
    explain_molecule,
    occluded_rows,
)
from screening.features import BLOCKS, FeatureSet, bit_atoms
from screening.model import train_model
from screening.trust import Calibration

DRUGS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O",
    "C1C2CC3CC1CC(C2)C3",
    "N#Cc1ccc(S(=O)(=O)NCC(F)(F)F)cc1",
)
ODD = {"one atom": "C", "no ring": "CCCCO", "two atoms": "CO", "one ion": "[Na+]"}
TRACED = (
    "morgan_counts",
    "morgan_bits",
    "fcfp_counts",
    "fcfp_bits",
    "atom_pairs",
    "torsions",
    "rdkit_path",
)


def mol_of(smiles: str) -> Any:
    return Chem.MolFromSmiles(smiles)


def literal_counts(mol: Any, covered: int | None, n_bits: int = 2048) -> dict[int, int]:
    """Circular substructures one by one: each is all atoms within its radius of its centre."""
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=n_bits)
    generator.GetCountFingerprint(mol, additionalOutput=output)
    distance = Chem.GetDistanceMatrix(mol)
    counts: dict[int, int] = {}
    for bit, places in output.GetBitInfoMap().items():
        for centre, radius in places:
            if covered is None or distance[centre, covered] > radius:
                counts[bit] = counts.get(bit, 0) + 1
    return counts


def as_row(counts: dict[int, int]) -> csr_matrix:
    row = np.zeros((1, 2048), dtype=np.int32)
    row[0, list(counts)] = list(counts.values())
    return csr_matrix(row)


def rescored(model: Any, mol: Any, covered: int | None) -> float:
    """The model's public score, with one atom's substructures taken out by hand."""
    raw = model.featurise([mol])
    fingerprints = model.fingerprints([mol], raw)
    raw.sparse["morgan_counts"] = as_row(literal_counts(mol, covered))
    return float(model.score(raw, fingerprints).score[0, 0])


@pytest.mark.parametrize("smiles", [*DRUGS, *ODD.values()])
def test_a_contribution_is_the_score_less_the_score_without_the_atom(small_model, smiles) -> None:
    mol = mol_of(smiles)
    found = explain(small_model, mol)
    literal = [rescored(small_model, mol, a) for a in range(mol.GetNumAtoms())]
    # Public scores are rounded to six places.
    assert found.score == pytest.approx(rescored(small_model, mol, None), abs=1e-6)
    assert expit(found.log_odds) == pytest.approx(found.score, abs=1e-12)
    assert np.allclose(expit(found.log_odds - found.atoms), literal, rtol=0, atol=1e-6)


def test_similarity_to_the_assay_stays_that_of_the_whole_molecule(small_model) -> None:
    """With a calibration in which it decides, for molecules that differ in it and in size."""
    steep = Calibration(slope_against=1.0, slope_for=4.0, offset=0.0, base_rate=0.5)
    model = replace(small_model, calibrations=[steep])
    mols = [mol_of(smiles) for smiles in (*DRUGS, small_model.training.smiles[0])]
    raised = 0
    for mol, found in zip(mols, contributions_of(model, mols), strict=True):
        literal = [rescored(model, mol, a) for a in range(mol.GetNumAtoms())]
        raised += found.score > 0.5
        assert np.allclose(expit(found.log_odds - found.atoms), literal, rtol=0, atol=1e-6)
    assert raised


def test_the_oracle_has_something_to_find(small_model) -> None:
    for smiles in DRUGS:
        assert np.ptp(explain(small_model, mol_of(smiles)).atoms) > 0.01


def test_the_whole_molecules_part_is_a_score_with_middling_descriptors(small_model) -> None:
    for smiles in DRUGS:
        mol = mol_of(smiles)
        raw = small_model.featurise([mol])
        of_training = [small_model.prepare(smiles) for smiles in small_model.training.smiles]
        descriptors = small_model.featurise(of_training).dense["descriptors"]
        raw.dense["descriptors"] = np.median(descriptors, axis=0, keepdims=True)
        _, similarity = small_model.training.nearest(small_model.fingerprints([mol], raw))
        logits = small_model.logits(raw, similarity)[:, :, 0].mean(axis=0)
        found = explain(small_model, mol)
        literal = found.log_odds - small_model.log_odds(logits, similarity, 0)[0]
        assert found.descriptors == pytest.approx(literal, abs=1e-6)
        assert found.descriptors != 0


@pytest.mark.parametrize("name", TRACED)
def test_a_covered_row_holds_the_occurrences_without_the_atom(name) -> None:
    block = BLOCKS[name]()
    for smiles in (*DRUGS, *ODD.values(), "CCO.c1ccccc1"):
        mol = mol_of(smiles)
        places = bit_atoms(mol, name)
        literal = np.zeros((mol.GetNumAtoms(), 2048), dtype=int)
        for atom, row in enumerate(literal):
            for bit, found in places.items():
                row[bit] = sum(atom not in place for place in found)
        if block.kind == "bit":
            literal = literal > 0
        rows = occluded_rows(mol, block)
        assert rows.has_canonical_format
        assert np.array_equal(rows.toarray(), literal)
        assert rows.dtype == block.columns_of([mol]).dtype


@pytest.mark.parametrize("smiles", DRUGS)
def test_covering_an_atom_hides_the_paths_that_deleting_it_destroys(smiles) -> None:
    mol = mol_of(smiles)
    block = BLOCKS["rdkit_path"]()
    rows = occluded_rows(mol, block).toarray()
    for atom, row in enumerate(rows):
        without = Chem.RWMol(mol)
        without.RemoveAtom(atom)
        generator = rdFingerprintGenerator.GetRDKitFPGenerator(fpSize=2048)
        assert list(generator.GetFingerprint(without.GetMol())) == row.tolist()


@pytest.mark.parametrize("features", [("morgan_bits",), ("rdkit_path",)])
def test_models_of_other_fingerprints_are_explained_too(
    small_assay, small_options, features
) -> None:
    options = replace(small_options, features=features, ensemble_size=1, pretrain_epochs=1, folds=2)
    model = train_model(small_assay, options)
    mol = mol_of(DRUGS[4])
    found = explain(model, mol)
    raw = model.featurise([mol])
    fingerprints = model.fingerprints([mol], raw)
    rows = occluded_rows(mol, model.features.blocks[0])
    for atom in range(mol.GetNumAtoms()):
        raw.sparse[features[0]] = rows[atom]
        without = model.score(raw, fingerprints).score[0, 0]
        assert expit(found.log_odds - found.atoms[atom]) == pytest.approx(without, abs=1e-6)
    assert np.ptp(found.atoms) > 0
    assert found.descriptors == 0


def test_features_without_atoms_are_refused_rather_than_drawn_blank(small_model) -> None:
    names = ("maccs", "descriptors")
    model = replace(
        small_model,
        features=FeatureSet(names),
        options=replace(small_model.options, features=names),
    )
    with pytest.raises(UserError, match=r"maccs, descriptors\) cannot be traced to atoms"):
        explain_molecule(model, "CCO")


def test_company_and_number_do_not_change_an_explanation(small_model, small_assay) -> None:
    """More molecules than one pass holds."""
    mols = small_assay.mols[:70]
    together = contributions_of(small_model, mols)
    assert len(together) == len(mols)
    for place in (0, 1, 63, 64, 69):
        alone = explain(small_model, mols[place])
        assert together[place].mol is mols[place]
        assert np.allclose(together[place].atoms, alone.atoms, rtol=0, atol=1e-6)
        assert together[place].score == pytest.approx(alone.score, abs=1e-6)
    assert contributions_of(small_model, []) == []


def test_the_order_of_atoms_is_the_molecules_own(small_model) -> None:
    mol = mol_of(DRUGS[4])
    order = np.random.default_rng(0).permutation(mol.GetNumAtoms())
    renumbered = Chem.RenumberAtoms(mol, [int(i) for i in order])
    assert np.allclose(
        explain(small_model, renumbered).atoms,
        explain(small_model, mol).atoms[order],
        rtol=0,
        atol=1e-6,
    )


def test_atom_maps_do_not_change_contributions(small_model) -> None:
    plain = explain_molecule(small_model, "CC(=O)Nc1ccccc1")
    mapped = explain_molecule(small_model, "[CH3:7][C:1](=[O:2])Nc1ccccc1")
    assert np.allclose(mapped.atoms, plain.atoms, rtol=0, atol=1e-6)
    assert mapped.score == pytest.approx(plain.score, abs=1e-9)


def test_of_several_fragments_the_one_that_was_scored_is_explained(small_model) -> None:
    salt = explain_molecule(small_model, "[Na+].CC(=O)Nc1ccccc1.Cl.O")
    assert salt.mol.GetNumAtoms() == len(salt.atoms) == 10
    assert np.allclose(salt.atoms, explain_molecule(small_model, "CC(=O)Nc1ccccc1").atoms)


def test_fragments_that_were_kept_are_explained_together(small_model) -> None:
    model = replace(small_model, options=replace(small_model.options, standardize="none"))
    found = explain_molecule(model, "CCO.c1ccccc1")
    assert found.atoms.shape == (9,)
    assert np.isfinite(found.atoms).all()


def test_each_task_has_its_own_explanation(bace, small_options) -> None:
    """The second task is the first one's opposite: what raises one lowers the other."""
    part = bace.take(np.arange(0, len(bace), 8))
    assay = replace(
        part,
        tasks=("binds", "fails"),
        labels=np.column_stack([part.labels[:, 0], 1 - part.labels[:, 0]]),
        values=np.column_stack([part.values[:, 0]] * 2),
    )
    model = train_model(assay, replace(small_options, ensemble_size=1, folds=2, learning_rate=1e-2))
    mol = mol_of("CC(C)Cc1ccc(cc1)C(C)C(=O)O")
    binds, fails = explain(model, mol), explain(model, mol, "fails")
    assert (binds.task, fails.task) == ("binds", "fails")
    scores = model.score_molecules([mol]).score[0]
    assert [binds.score, fails.score] == pytest.approx(scores.tolist(), abs=1e-6)
    assert np.corrcoef(binds.atoms, fails.atoms)[0, 1] < -0.5
    with pytest.raises(UserError, match="'none of them'; the model's are binds, fails"):
        explain(model, mol, "none of them")


def made(*atoms: float) -> AtomContributions:
    return AtomContributions(mol_of("CCO"), "t", 0.5, 0.0, np.array(atoms), 0.0)


def test_shares_keep_the_sign_and_end_at_one() -> None:
    assert made(1.0, -2.0, 0.5).shares() == {0: 0.5, 1: -1.0, 2: 0.25}
    assert made(1.0, -2.0, 0.5).shares(full=1.0) == {0: 1.0, 1: -1.0, 2: 0.5}
    assert made(0.0, 0.0, 0.0).shares() == {0: 0.0, 1: 0.0, 2: 0.0}
    assert made().shares() == {}


@pytest.mark.parametrize("smiles", ["", "   ", "C1CC", "C(C)(C)(C)(C)C", "<script>", "C" * 5000])
def test_what_is_no_molecule_is_refused_in_one_short_sentence(small_model, smiles) -> None:
    with pytest.raises(UserError, match="cannot be used") as caught:
        explain_molecule(small_model, smiles)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)

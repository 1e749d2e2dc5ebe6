"""Blocks give RDKit's own numbers; the encoder gives what visible units can take."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors as RDKitDescriptors
from rdkit.Chem import rdFingerprintGenerator

from screening.features import (
    BLOCKS,
    Descriptors,
    Encoder,
    FeatureSet,
    MorganCounts,
    bit_atoms,
    pack_bits,
    stack,
)
from screening.features.encoder import fewest_molecules
from screening.tables import read_table

GENERATORS = {
    "morgan_counts": rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048),
    "fcfp_counts": rdFingerprintGenerator.GetMorganGenerator(
        radius=2,
        fpSize=2048,
        atomInvariantsGenerator=rdFingerprintGenerator.GetMorganFeatureAtomInvGen(),
    ),
    "atom_pairs": rdFingerprintGenerator.GetAtomPairGenerator(fpSize=2048),
    "torsions": rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=2048),
}


@pytest.fixture(scope="module")
def mols(request) -> list[Chem.Mol]:
    path = request.config.rootpath / "data" / "samples" / "bace.csv"
    table = read_table(str(path), smiles_column="mol", id_column="CID")
    return [Chem.MolFromSmiles(text) for text in table.smiles[::25]]


@pytest.mark.parametrize("name", GENERATORS)
def test_counts_are_rdkits(name, mols):
    block = BLOCKS[name]()
    found = block.columns_of(mols)
    expected = np.stack([GENERATORS[name].GetCountFingerprintAsNumPy(mol) for mol in mols])
    assert np.array_equal(found.toarray(), expected)
    assert found.has_sorted_indices
    assert len(block.get_feature_names_out()) == found.shape[1]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("CrippenClogP", "MolLogP"),
        ("CrippenMR", "MolMR"),
        ("TPSA", "TPSA"),
        ("LabuteASA", "LabuteASA"),
        ("FractionCSP3", "FractionCSP3"),
        ("Kappa2", "Kappa2"),
        ("HallKierAlpha", "HallKierAlpha"),
        ("ExactMolWt", "ExactMolWt"),
        ("PEOE_VSA1", "PEOE_VSA1"),
        ("PEOE_VSA14", "PEOE_VSA14"),
        ("SMR_VSA10", "SMR_VSA10"),
        ("SlogP_VSA5", "SlogP_VSA5"),
    ],
)
def test_descriptors_are_rdkits_by_name(column, name, mols):
    block = Descriptors()
    place = list(block.get_feature_names_out()).index(column)
    expected = [getattr(RDKitDescriptors, name)(mol) for mol in mols]
    np.testing.assert_allclose(block.transform(mols)[:, place], expected, rtol=1e-5, atol=1e-4)


def test_the_descriptor_block_is_88_finite_numbers_even_for_odd_atoms():
    odd = [Chem.MolFromSmiles(text) for text in ("[He]", "[Fe+2]", "C", "[Na+].[Cl-]", "[U]")]
    table = Descriptors().transform(odd)
    assert table.shape == (5, 88)
    assert np.isfinite(table).all()


def test_a_set_of_blocks_survives_its_description(mols):
    features = FeatureSet(("torsions", "descriptors"))
    again = FeatureSet.from_config(features.to_config())
    assert again.names == features.names
    assert (
        again.by_block(mols).sparse["torsions"] != features.by_block(mols).sparse["torsions"]
    ).nnz == 0
    with pytest.raises(ValueError, match="magic"):
        _ = FeatureSet(("morgan_counts", "magic")).names
    with pytest.raises(ValueError, match="once"):
        _ = FeatureSet(("torsions", "torsions")).names


def test_packed_bits_are_rdkits(mols):
    packed = pack_bits(MorganCounts().transform(mols))
    expected = [GENERATORS["morgan_counts"].GetFingerprintAsNumPy(mol) for mol in mols]
    assert np.array_equal(np.unpackbits(packed, axis=1), np.stack(expected))
    # Computed on the side when the model's own features lack them.
    features = FeatureSet(("descriptors",))
    assert np.array_equal(features.packed_morgan(mols, features.by_block(mols)), packed)


def test_the_atoms_behind_bits_are_rdkits(mols):
    for mol in mols[:10]:
        output = rdFingerprintGenerator.AdditionalOutput()
        output.AllocateBitInfoMap()
        GENERATORS["morgan_counts"].GetCountFingerprint(mol, additionalOutput=output)
        found = bit_atoms(mol, "morgan_counts")
        assert found.keys() == output.GetBitInfoMap().keys()
        for bit, places in output.GetBitInfoMap().items():
            for (centre, radius), atoms in zip(places, found[bit], strict=True):
                distances = Chem.GetDistanceMatrix(mol)[centre]
                assert set(atoms) == set(np.flatnonzero(distances <= radius))


def test_thermometer_bits_are_what_they_say(mols):
    raw = FeatureSet(("morgan_counts",)).by_block(mols)
    encoder = Encoder(min_molecules=3)
    encoded = encoder.fit(raw).transform(raw).toarray()
    counts = raw.sparse["morgan_counts"].toarray()
    expected = []
    for level in (1, 2, 4):
        for bit in range(2048):
            column = counts[:, bit] >= level
            if column.sum() >= 3:
                expected.append((f"morgan_counts_{bit}>={level}", column))
    assert list(encoder.get_feature_names_out()) == [name for name, _ in expected]
    assert np.array_equal(encoded, np.stack([column for _, column in expected], axis=1))


def test_quantiles_grow_with_the_value_and_know_ties():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.normal(size=400), rng.integers(0, 3, 400)]).astype(np.float32)
    encoder = Encoder(n_ramps=1).fit(_raw(values))
    found = encoder.transform(_raw(values)).toarray()
    for column in range(2):
        order = np.argsort(values[:, column], kind="stable")
        assert (np.diff(found[order, column]) >= 0).all()
    # A slow literal: share below plus half of the share that is equal.
    for value in (0.0, 1.0, 2.0):
        literal = (values[:, 1] < value).mean() + (values[:, 1] == value).mean() / 2
        assert found[values[:, 1] == value, 1] == pytest.approx(literal, abs=0.01)
    literal = np.array([(values[:, 0] < v).mean() for v in values[:, 0]])
    assert np.abs(found[:, 0] - literal).max() < 0.02
    outside = encoder.transform(_raw(np.array([[-99, -99], [99, 99]], np.float32))).toarray()
    assert outside.tolist() == [[0, 0], [1, 1]]


def test_ramps_fill_one_after_the_other_and_add_up_to_the_quantile():
    values = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32)
    plain = Encoder(n_ramps=1).fit(_raw(values)).transform(_raw(values)).toarray()
    encoder = Encoder(n_ramps=4).fit(_raw(values))
    spread = encoder.transform(_raw(values)).toarray().reshape(200, 2, 4)
    for row, quantile in zip(spread.reshape(-1, 4), plain.ravel(), strict=True):
        literal = [min(max(4 * quantile - i, 0), 1) for i in range(4)]
        assert row.tolist() == pytest.approx(literal, abs=1e-6)
    assert spread.sum(axis=2) == pytest.approx(4 * plain, abs=1e-5)
    assert list(encoder.get_feature_names_out())[:4] == [
        f"descriptors_0>=q{start}" for start in ("0.00", "0.25", "0.50", "0.75")
    ]
    assert encoder.median("descriptors") == pytest.approx(np.median(values, axis=0), abs=0.05)


def _raw(values):
    raw = FeatureSet(("descriptors",)).by_block([])
    raw.dense["descriptors"] = values
    return raw


@pytest.mark.parametrize(
    ("n", "expected"), [(0, 2), (30, 2), (600, 3), (1_000, 5), (10_000, 5), (41_000, 20)]
)
def test_how_rare_a_bit_may_be_goes_with_the_number_of_molecules(n, expected):
    assert fewest_molecules(n) == expected


def test_rare_bits_are_dropped_by_that_rule(mols):
    raw = FeatureSet(("morgan_counts",)).by_block(mols)
    many = raw.take(np.arange(600) % len(mols))
    occurrences = np.bincount(many.sparse["morgan_counts"].indices, minlength=2048)
    kept = Encoder().fit(many).bits_["morgan_counts"][0]
    np.testing.assert_array_equal(kept, np.flatnonzero(occurrences >= 3))


def test_the_encoder_keeps_rows_columns_and_state(mols):
    raw = FeatureSet(("morgan_counts", "descriptors")).by_block(mols)
    encoder = Encoder(thresholds=(1, 3), min_molecules=1)
    encoded = encoder.fit(raw).transform(raw)
    assert encoded.dtype == np.float32
    assert encoded.min() >= 0
    assert encoded.max() <= 1
    again = Encoder.from_state(*encoder.to_state())
    assert (again.transform(raw) != encoded).nnz == 0
    blocks = encoder.blocks()
    assert [block.name for block in blocks] == ["morgan_counts", "descriptors"]
    assert blocks[0].columns.stop == blocks[1].columns.start
    assert blocks[1].columns.stop == encoded.shape[1] == len(encoder.get_feature_names_out())
    halves = stack([raw.take(slice(0, 7)), raw.take(slice(7, None))])
    assert (encoder.transform(halves) != encoded).nnz == 0

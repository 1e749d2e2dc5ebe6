"""Tanimoto and nearest neighbours against RDKit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from screening.trust import NeighbourIndex, nearest, neighbours, tanimoto


@pytest.fixture(scope="module")
def prints(small_model, small_assay):
    raw = small_model.featurise(small_assay.mols)
    return small_model.fingerprints(small_assay.mols, raw)


@pytest.fixture(scope="module")
def rdkits(small_assay):
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    return [generator.GetFingerprint(mol) for mol in small_assay.mols]


def test_similarities_are_rdkits(prints, rdkits):
    ours = tanimoto(prints[:50], prints)
    theirs = [DataStructs.BulkTanimotoSimilarity(rdkits[i], rdkits) for i in range(50)]
    assert np.allclose(ours, theirs, rtol=0, atol=1e-7)


def test_the_nearest_is_the_first_of_the_most_similar(prints, rdkits, monkeypatch):
    expected = [DataStructs.BulkTanimotoSimilarity(p, rdkits[100:]) for p in rdkits[:100]]
    for pairs in (1, 330, 1 << 17):
        monkeypatch.setattr(neighbours, "_PAIRS", pairs)
        index, similarity = nearest(prints[:100], prints[100:])
        assert index.tolist() == [int(np.argmax(row)) for row in expected]
        assert np.allclose(similarity, [max(row) for row in expected], rtol=0, atol=1e-7)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sets(st.integers(0, 63)), min_size=1, max_size=6))
def test_similarity_is_that_of_sets(sets):
    bits = np.zeros((len(sets), 64), dtype=np.uint8)
    for row, members in zip(bits, sets, strict=True):
        row[list(members)] = 1
    ours = tanimoto(np.packbits(bits, axis=1), np.packbits(bits, axis=1))
    for i, a in enumerate(sets):
        for j, b in enumerate(sets):
            expected = len(a & b) / len(a | b) if a | b else 0.0
            assert ours[i, j] == pytest.approx(expected)


def test_no_queries_have_no_neighbours(prints):
    index, similarity = nearest(prints[:0], prints)
    assert index.shape == similarity.shape == (0,)


def test_nearest_of_one_label_is_of_that_label(small_model, prints):
    labels = small_model.training.labels[:, 0]
    for label in (0, 1):
        index, similarity = small_model.training.nearest_labelled(prints, 0, label)
        assert (labels[index] == label).all()
        assert (similarity[labels == label] == 1).all()
        best = tanimoto(prints, prints[labels == label]).max(axis=1)
        assert np.array_equal(similarity, best)


@pytest.mark.parametrize("share", [0.02, 0.3])
@pytest.mark.parametrize("kept", [0, 1000])
def test_blocks_of_known_compounds_and_many_bits_change_nothing(monkeypatch, share, kept):
    """More than 255 bits do not fit a byte; what is not kept is laid out again for every call."""
    monkeypatch.setattr(neighbours, "_KNOWN", 7)
    monkeypatch.setattr(neighbours, "_KEPT", kept)
    draw = np.random.default_rng(0)
    known, asked = (np.packbits(draw.random((n, 2048)) < share, axis=1) for n in (50, 20))
    known[3], asked[4] = 0, 0
    asked[5] = known[30] = known[11]
    every = tanimoto(asked, known)
    table = NeighbourIndex(known)
    for _ in range(2):
        index, similarity = table.nearest(asked)
        assert np.array_equal(similarity, every.max(axis=1))
        assert index.tolist() == every.argmax(axis=1).tolist()


def test_few_queries_of_many_compounds_are_answered_alike(monkeypatch):
    draw = np.random.default_rng(0)
    known = np.packbits(draw.random((50, 2048)) < 0.05, axis=1)
    known[30] = known[11]
    but = np.array([3, 11, 30, 49])
    expected = NeighbourIndex(known).nearest(known[but], but=but)
    monkeypatch.setattr(neighbours, "_KEPT", 40)
    monkeypatch.setattr(neighbours, "_FEW", len(but))
    for asked in (slice(None), slice(1)):
        found = NeighbourIndex(known).nearest(known[but[asked]], but=but[asked])
        for ours, theirs in zip(found, expected, strict=True):
            assert np.array_equal(ours, theirs[asked])

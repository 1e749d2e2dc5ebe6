"""The Tanimoto kernel of counts against its definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_matrix

from screening.features import BlockSet
from screening.learners.kernels.tanimoto import TanimotoKernel, tanimoto_kernel


def literal(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    found = np.zeros((len(left), len(right)))
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            either = sum(max(x, y) for x, y in zip(a, b, strict=True))
            shared = sum(min(x, y) for x, y in zip(a, b, strict=True))
            found[i, j] = shared / either if either else 0.0
    return found


@pytest.mark.parametrize("largest", [2, 9, 400])
def test_it_is_the_shared_of_all_counts(largest: int) -> None:
    draw = np.random.default_rng(largest)
    left, right = (
        draw.integers(0, largest, size) * (draw.random(size) < 0.4) for size in ((17, 12), (9, 12))
    )
    left[3], right[5] = 0, 0
    found = tanimoto_kernel(csr_matrix(left), csr_matrix(right))
    np.testing.assert_allclose(found, literal(left, right), rtol=1e-6)


def test_compounds_are_as_alike_as_rdkit_says() -> None:
    smiles = ["CCO", "CCCCCCCCCCO", "c1ccccc1C(=O)NC", "[Na+].[Cl-]", "CC(=O)Nc1ccc(O)cc1"]
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    counted = [generator.GetCountFingerprint(mol) for mol in mols]
    expected = [DataStructs.BulkTanimotoSimilarity(own, counted) for own in counted]
    counts = BlockSet(("morgan_counts",)).by_block(mols).sparse["morgan_counts"]
    np.testing.assert_allclose(tanimoto_kernel(counts, counts), expected, rtol=1e-6)


def test_a_row_depends_on_its_query_alone() -> None:
    draw = np.random.default_rng(1)
    known, queries = (csr_matrix(draw.poisson(0.3, (n, 40))) for n in (300, 2000))
    kernel = TanimotoKernel(known)
    whole = kernel(queries)
    assert len(list(kernel.blocks(queries))) > 1
    order = draw.permutation(2000)
    np.testing.assert_array_equal(kernel(queries[order]), whole[order])
    assert kernel(queries[:0]).shape == (0, 300)

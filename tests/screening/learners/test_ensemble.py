"""The ensemble of networks: the same logits in 32 and 64 bits, split or whole, of any size."""

import numpy as np
from scipy.sparse import csr_matrix

from ebm import rowwise
from screening.features import Encoder, FeatureSet
from screening.learners.networks import EncodedPart, train_ensembles


def test_the_model_says_the_same_in_64_bits(small_model, small_assay, monkeypatch):
    """What a machine gets whose products depend on the place, to the last decimal but one."""
    monkeypatch.setattr(rowwise, "stands_alone", lambda *_: False)
    raw = small_model.featurise(small_assay.mols[:40])
    x = small_model.encoder.encode(raw)
    single = small_model.ensemble
    double = type(single)(
        single.members, sum(p.shape[1] for p in (x.bits, x.dense)), x.bits.shape[1]
    )
    assert np.allclose(double.logits(x), single.logits(x), rtol=0, atol=1e-5)


def test_split_and_whole_rows_have_the_same_logits(small_model, small_assay):
    raw = small_model.featurise(small_assay.mols[:40])
    encoder = small_model.encoder
    whole, split = encoder.transform(raw), encoder.encode(raw)
    assert isinstance(whole, csr_matrix)
    assert (whole != split.to_csr()).nnz == 0
    logits = small_model.ensemble.logits
    assert np.array_equal(logits(whole), logits(split))
    novelty = small_model.novelty
    assert np.allclose(novelty(whole), novelty(split), rtol=0, atol=1e-3)


def test_a_part_may_have_fewer_members_than_the_others(small_assay, small_options):
    raw = FeatureSet(small_options.blocks).by_block(small_assay.mols)
    x, size = Encoder().fit(raw).transform(raw), small_options.ensemble_size
    part = EncodedPart(x, small_assay.labels, 5, members=size)
    both, one = train_ensembles([part, part._replace(members=1)], small_options)
    assert (len(both.members), len(one.members)) == (size, 1)
    first, same = (t.members[0].network.weights for t in (both, one))
    assert all(map(np.array_equal, first, same))

"""Deep machines small enough to enumerate, with weights strong enough that errors show."""

import pytest
import torch

from ebm import DBN, RBM, Bernoulli, Blocks, Softmax


def strong(visible, hidden, generator, scale=1.5):
    rbm = RBM(visible, hidden, weight_scale=scale, generator=generator)
    with torch.no_grad():
        for layer in (rbm.visible, rbm.hidden):
            layer.shift_bias(torch.randn(layer.size, generator=generator))
    return rbm.double()


@pytest.fixture
def tiny_dbn():
    """Builder of a DBN of 5-4-3 units, or with labels or untied weights."""

    def build(label_size=0, scale=1.5, untied=False, seed=5):
        generator = torch.Generator().manual_seed(seed)
        below = strong(Bernoulli(5), Bernoulli(4), generator, scale)
        top_visible = Bernoulli(4)
        if label_size:
            top_visible = Blocks([Bernoulli(4), Softmax(label_size)])
        top = strong(top_visible, Bernoulli(3), generator, scale)
        recognition = [strong(Bernoulli(5), Bernoulli(4), generator, scale)] if untied else None
        return DBN([below, top], label_size=label_size, recognition=recognition)

    return build


@pytest.fixture
def tiny_labelled_rbm():
    """Builder of a DBN of one RBM over 4 bits and a label."""

    def build(label_size=3, seed=5):
        generator = torch.Generator().manual_seed(seed)
        rbm = strong(Blocks([Bernoulli(4), Softmax(label_size)]), Bernoulli(5), generator)
        return DBN([rbm], label_size=label_size)

    return build

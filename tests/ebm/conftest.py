"""Small machines with strong weights, on which a wrong formula or kernel shows."""

import pytest
import torch

from ebm import RBM


@pytest.fixture
def strong_machine():
    """Builder of a double-precision machine with random, strong weights and biases."""

    def build(visible, hidden, scale=1.5, seed=7):
        generator = torch.Generator().manual_seed(seed)
        rbm = RBM(visible, hidden, weight_scale=scale, generator=generator).double()
        with torch.no_grad():
            for layer in (rbm.visible, rbm.hidden):
                layer.shift_bias(torch.randn(layer.size, generator=generator).double())
        return rbm

    return build


@pytest.fixture
def patterns():
    """203 noisy copies of four 12-bit patterns: data with something to learn."""
    generator = torch.Generator().manual_seed(4)
    prototypes = (torch.rand(4, 12, generator=generator) < 0.5).float()
    clean = prototypes[torch.randint(4, (203,), generator=generator)]
    return (clean - (torch.rand(clean.shape, generator=generator) < 0.05).float()).abs()

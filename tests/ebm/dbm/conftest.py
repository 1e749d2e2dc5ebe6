"""Deep Boltzmann machines small enough to enumerate, with weights on which errors show."""

import pytest
import torch

from ebm import (
    DBM,
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    NReLU,
    Rectified,
    Softmax,
    Thermometer,
)

# Layers of every kind. The even ones can always be enumerated, so that the law is known exactly.
LAYERS = {
    "one": lambda: [Bernoulli(4), Bernoulli(3)],
    "bits": lambda: [Bernoulli(4), Bernoulli(3), Bernoulli(2)],
    "three": lambda: [Bernoulli(3), Bernoulli(3), Bernoulli(2), Bernoulli(2)],
    "four": lambda: [Bernoulli(3), Bernoulli(2), Bernoulli(2), Bernoulli(2), Bernoulli(2)],
    "label": lambda: [Blocks([Bernoulli(2), Softmax(3)]), Bernoulli(3), Binomial(2, 2)],
    "thermometer": lambda: [Thermometer([2, 2]), Softmax(3), Bernoulli(2)],
    "gaussian": lambda: [Bernoulli(3), Gaussian(2, 2.0, learn_precision=True), Bernoulli(2)],
    "rectified": lambda: [Bernoulli(3), Rectified(2, 3.0, learn_precision=True), NReLU(1, 3)],
}
DISCRETE = [name for name in LAYERS if name not in ("gaussian", "rectified")]


@pytest.fixture
def build():
    """Builder of a double-precision machine of given layers with random, strong parameters."""

    def make(layers, scale=1.2, seed=5):
        generator = torch.Generator().manual_seed(seed)
        dbm = DBM(layers, weight_scale=scale, generator=generator)
        with torch.no_grad():
            for unit in dbm.units:
                unit.shift_bias(torch.randn(unit.size, generator=generator))
        return dbm.double()

    return make


@pytest.fixture(params=LAYERS)
def dbm(request, build):
    return build(LAYERS[request.param](), scale=0.8)


@pytest.fixture(params=DISCRETE)
def discrete_dbm(request, build):
    return build(LAYERS[request.param]())

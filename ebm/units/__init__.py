"""The kinds of units a layer can be made of. See `ebm.units.base` for what they have in common."""

from ebm.units.base import Moments, Site, Unit, as_dense
from ebm.units.bernoulli import Bernoulli
from ebm.units.binomial import Binomial
from ebm.units.blocks import Blocks
from ebm.units.gaussian import Gaussian
from ebm.units.nrelu import NReLU
from ebm.units.rectified import Rectified
from ebm.units.registry import unit_from_config
from ebm.units.softmax import Softmax
from ebm.units.thermometer import Thermometer

__all__ = [
    "Bernoulli",
    "Binomial",
    "Blocks",
    "Gaussian",
    "Moments",
    "NReLU",
    "Rectified",
    "Site",
    "Softmax",
    "Thermometer",
    "Unit",
    "as_dense",
    "unit_from_config",
]

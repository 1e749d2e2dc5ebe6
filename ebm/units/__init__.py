"""The kinds of units a layer can be made of. See `ebm.units.base` for what they have in common."""

from ebm.units.base import Moments, Site, Unit
from ebm.units.bernoulli import Bernoulli
from ebm.units.registry import unit_from_config

__all__ = ["Bernoulli", "Moments", "Site", "Unit", "unit_from_config"]

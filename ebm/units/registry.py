"""From a stored description back to a layer."""

from collections.abc import Mapping
from typing import Any

from ebm.units.base import Unit
from ebm.units.bernoulli import Bernoulli
from ebm.units.binomial import Binomial
from ebm.units.blocks import Blocks
from ebm.units.gaussian import Gaussian
from ebm.units.nrelu import NReLU
from ebm.units.rectified import Rectified
from ebm.units.softmax import Softmax
from ebm.units.thermometer import Thermometer

UNITS: dict[str, type[Unit]] = {
    unit.kind: unit
    for unit in (Bernoulli, Binomial, Blocks, Gaussian, NReLU, Rectified, Softmax, Thermometer)
}


def unit_from_config(config: Mapping[str, Any]) -> Unit:
    """Build the layer that `Unit.to_config` described, its parameters at their start values.

    Raises
    ------
    ValueError
        If the kind is unknown.

    Examples
    --------
    >>> from ebm import Thermometer, unit_from_config
    >>> unit_from_config(Thermometer([3, 3]).to_config()).size
    6
    """
    kind = _require_known(config)
    if kind == Blocks.kind:
        return Blocks([unit_from_config(block) for block in config["blocks"]])
    return UNITS[kind](**{key: value for key, value in config.items() if key != "kind"})


def _require_known(config: Mapping[str, Any]) -> str:
    kind = config.get("kind")
    if kind not in UNITS:
        raise ValueError(f"unknown kind of unit {kind!r}; known are {', '.join(sorted(UNITS))}")
    return str(kind)


def size_from_config(config: Mapping[str, Any]) -> int:
    """Return the number of columns of the layer that `Unit.to_config` described; nothing is built.

    Raises
    ------
    ValueError
        If the kind is unknown.

    Examples
    --------
    >>> from ebm.units.registry import size_from_config
    >>> size_from_config({"kind": "softmax", "groups": [10, 3]})
    13
    """
    _require_known(config)
    if "blocks" in config:
        return sum(size_from_config(block) for block in config["blocks"])
    for key in ("groups", "levels"):
        if key in config:
            return sum(config[key])
    return int(config["size"])

"""From a stored description back to a layer."""

from collections.abc import Mapping
from typing import Any

from ebm.units.base import Unit
from ebm.units.bernoulli import Bernoulli

KINDS: dict[str, type[Unit]] = {unit.kind: unit for unit in (Bernoulli,)}


def unit_from_config(config: Mapping[str, Any]) -> Unit:
    """Build the layer that `Unit.to_config` described.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """
    kind = config.get("kind")
    if kind not in KINDS:
        raise ValueError(f"unknown kind of unit {kind!r}; known are {', '.join(sorted(KINDS))}")
    return KINDS[kind].from_config(config)

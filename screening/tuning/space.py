"""What is searched: which settings of a model, and how far each may go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from screening.learners import ModelOptions

# Settings of one trial: numbers as they are, sizes as "256-128", feature blocks as "a,b".
Settings = dict[str, Any]


Domain = CategoricalDistribution | FloatDistribution | IntDistribution
Space = dict[str, Domain]

_SPACE: Space = {
    # Only blocks that leave a screen quick: all RDKit descriptors take milliseconds a molecule.
    "features": CategoricalDistribution(
        (
            "morgan_counts,atom_pairs,torsions,descriptors",
            "morgan_counts,descriptors",
            "morgan_counts",
            "morgan_counts,fcfp_counts,descriptors",
            "morgan_counts,avalon,erg,descriptors",
        )
    ),
    "units": CategoricalDistribution(("rectified", "sigmoid")),
    "hidden": CategoricalDistribution(
        ("128-64", "256-128", "512-256", "256-128-64", "256", "512", "1024")
    ),
    "learning_rate": FloatDistribution(3e-4, 1e-2, log=True),
    "weight_decay": FloatDistribution(1e-3, 1.0, log=True),
    "dropout": FloatDistribution(0.0, 0.7),
    "input_dropout": FloatDistribution(0.0, 0.5),
    "epochs": IntDistribution(10, 80, log=True),
}
# They are those of a pretrained stack, or there is none.
OF_THE_STACK = ("features", "units", "hidden")
_JOINTS = {"features": ",", "hidden": "-"}


def space_around(options: ModelOptions, fixed: Collection[str] = ()) -> Space:
    """Return the space without what is fixed, widened to hold the settings of `options`."""
    start = settings_of(options, _SPACE)
    return {
        name: _widened(domain, start[name])
        for name, domain in _SPACE.items()
        if name not in fixed and _reachable(domain, start[name])
    }


def _reachable(domain: Domain, value: Any) -> bool:
    """Say whether the domain can hold the value: a range of factors has no 0."""
    return isinstance(domain, CategoricalDistribution) or not domain.log or value > 0


def _widened(domain: Domain, value: Any) -> Domain:
    if isinstance(domain, CategoricalDistribution):
        return CategoricalDistribution(tuple(dict.fromkeys((*domain.choices, value))))
    low, high = min(domain.low, value), max(domain.high, value)
    return type(domain)(low, high, log=domain.log)


def settings_of(options: ModelOptions, space: Mapping[str, Any]) -> Settings:
    """Return what `options` says of each setting of the space."""
    found = {name: getattr(options, name) for name in space}
    return {
        name: _JOINTS[name].join(map(str, value)) if name in _JOINTS else value
        for name, value in found.items()
    }


def applied(settings: Settings, options: ModelOptions) -> ModelOptions:
    """Return the options with these settings."""
    values: dict[str, Any] = dict(settings)
    if "features" in values:
        values["features"] = tuple(values["features"].split(_JOINTS["features"]))
    if "hidden" in values:
        values["hidden"] = tuple(map(int, values["hidden"].split(_JOINTS["hidden"])))
    return replace(options, **values)


def rounded(settings: Settings, space: Space) -> Settings:
    """Return the settings with three significant digits, within their ranges.

    More would pretend to a precision that no search has, and be a burden to read and repeat.
    """
    return {name: _rounded(value, space[name]) for name, value in settings.items()}


def _rounded(value: Any, domain: Domain) -> Any:
    if not isinstance(domain, FloatDistribution):
        return value
    return min(max(float(f"{value:.3g}"), domain.low), domain.high)


def in_words(space: Space) -> dict[str, str]:
    """Return each domain in words, to know a search by."""
    return {name: _words(domain) for name, domain in space.items()}


def _words(domain: Domain) -> str:
    if isinstance(domain, CategoricalDistribution):
        return " | ".join(map(str, domain.choices))
    return f"{domain.low:g} to {domain.high:g}{' by factors' if domain.log else ''}"

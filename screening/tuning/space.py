"""What is searched: which settings of a model, and how far each may go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from screening.learners import ModelOptions

# Settings of one trial: numbers as they are, sizes as "256-128", feature blocks as "a,b".
Settings = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One of several words."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included.

    Attributes
    ----------
    low, high : float
    log : bool
        Whether steps are factors.
    whole : bool
        Whether it is an integer.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False


Space = dict[str, Choice | Range]

_SPACE: Space = {
    # Only blocks that leave a screen quick: all RDKit descriptors take milliseconds a molecule.
    "features": Choice(
        (
            "morgan_counts,atom_pairs,torsions,descriptors",
            "morgan_counts,descriptors",
            "morgan_counts",
            "morgan_counts,fcfp_counts,descriptors",
            "morgan_counts,avalon,erg,descriptors",
        )
    ),
    "units": Choice(("rectified", "sigmoid")),
    "hidden": Choice(("128-64", "256-128", "512-256", "256-128-64", "256", "512", "1024")),
    "learning_rate": Range(3e-4, 1e-2, log=True),
    "weight_decay": Range(1e-3, 1.0, log=True),
    "dropout": Range(0.0, 0.7),
    "input_dropout": Range(0.0, 0.5),
    "epochs": Range(10, 80, log=True, whole=True),
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


def _reachable(domain: Choice | Range, value: Any) -> bool:
    """Say whether the domain can hold the value: a range of factors has no 0."""
    return isinstance(domain, Choice) or not domain.log or value > 0


def _widened(domain: Choice | Range, value: Any) -> Choice | Range:
    if isinstance(domain, Choice):
        return Choice(tuple(dict.fromkeys((*domain.values, value))))
    return replace(domain, low=min(domain.low, value), high=max(domain.high, value))


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


def _rounded(value: Any, domain: Choice | Range) -> Any:
    if isinstance(domain, Choice) or domain.whole:
        return value
    return min(max(float(f"{value:.3g}"), domain.low), domain.high)


def in_words(space: Space) -> dict[str, str]:
    """Return each domain in words, to know a search by."""
    return {name: _words(domain) for name, domain in space.items()}


def _words(domain: Choice | Range) -> str:
    if isinstance(domain, Choice):
        return " | ".join(domain.values)
    return f"{domain.low:g} to {domain.high:g}{' by factors' if domain.log else ''}"

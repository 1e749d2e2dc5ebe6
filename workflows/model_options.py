"""The model's options from those of a command line."""

from __future__ import annotations

from typing import Any


def model_options(given: dict[str, Any], limits: Any) -> Any:
    """Return the model's options from those of the command line.

    Raises
    ------
    UserError
        A feature name is unknown.
    """
    from screening.model import ModelOptions

    chosen: dict[str, Any] = {
        "standardize": given["standardize"],
        "pretrain": given["pretrain"],
        "seed": given["seed"],
        "limits": limits,
    }
    if given["features"]:
        chosen["features"] = _blocks("--features", given["features"])
    if given.get("forest_features"):
        chosen["forest_features"] = _blocks("--forest-features", given["forest_features"])
    optional = ("ensemble_size", "epochs", "blend", "labels", "units")
    chosen |= {key: given[key] for key in optional if given.get(key) is not None}
    return ModelOptions(**chosen)


def _blocks(option: str, words: str) -> tuple[str, ...]:
    from screening.errors import UserError
    from screening.features import FeatureSet

    names = tuple(name.strip() for name in words.split(","))
    try:
        return FeatureSet(names).names
    except ValueError as error:
        raise UserError(f"{option}: {error}.") from error

"""The forests of a model as named tensors and JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from screening.features import Encoder
from screening.model.blend import Blend, ForestBlend
from screening.model.forest import Forest


def forest_blend_to_state(
    blend: ForestBlend | None, networks: Encoder
) -> tuple[dict[str, Any] | None, dict[str, Tensor]]:
    """Return a JSON-able description, None without forests, and the arrays by name.

    The encoder is described only where it is not the networks'.
    """
    if blend is None:
        return None, {}
    encoder, tensors = None, {}
    if blend.encoder is not networks:
        encoder, arrays = blend.encoder.to_state()
        tensors = {f"forest.encoder.{k}": torch.from_numpy(v.copy()) for k, v in arrays.items()}
    for task, forest in enumerate(blend.forests):
        if forest is not None:
            own = forest.to_arrays().items()
            tensors.update({f"forest.{task}.{k}": torch.from_numpy(v.copy()) for k, v in own})
    return {"encoder": encoder, "blends": [vars(b) for b in blend.blends]}, tensors


def forest_blend_from_state(
    description: Mapping[str, Any] | None, tensors: Mapping[str, Tensor], networks: Encoder
) -> ForestBlend | None:
    """Build what `forest_blend_to_state` described.

    Raises
    ------
    ValueError
        A forest's trees do not end, or look at columns that there are not.
    """
    if description is None:
        return None
    encoder = networks
    if description["encoder"] is not None:
        arrays = {k: v.numpy() for k, v in under("forest.encoder.", tensors).items()}
        encoder = Encoder.from_state(description["encoder"], arrays)
    n_columns = len(encoder.get_feature_names_out())
    blends = tuple(Blend(**blend) for blend in description["blends"])
    found: list[Forest | None] = []
    for task in range(len(blends)):
        own = {k: v.numpy() for k, v in under(f"forest.{task}.", tensors).items()}
        found.append(Forest.from_arrays(own, n_columns) if own else None)
    return ForestBlend(encoder, tuple(found), blends)


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with the prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

"""Machines and networks as plain arrays, to be sent to another process by value.

Sent as they are, torch would put their tensors into shared memory, of which containers have little
(64 MB), and in which they would stay for as long as somebody holds them.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import torch
from numpy.typing import NDArray

from ebm.storage.objects import Storable, from_state, to_state


class ModelArrays(NamedTuple):
    """What `ebm.storage` says of a model, with arrays in place of tensors.

    Attributes
    ----------
    config : dict
    arrays : dict of str to array
    """

    config: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, model: Storable) -> Self:
        """Pack a model."""
        config, tensors = to_state(model)
        return cls(config, {name: part.detach().numpy() for name, part in tensors.items()})

    def model(self) -> Any:
        """Unpack it: an RBM, DBN or network with numbers of its own."""
        return from_state(self.config, {k: torch.from_numpy(v) for k, v in self.arrays.items()})

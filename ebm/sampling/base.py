"""What the training asks of a sampler of the model's own states (the "negative phase")."""

from typing import Any, Protocol

import torch
from torch import Tensor

from ebm.rbm import RBM


class Sampler(Protocol):
    """Source of visible states drawn, nearly, from the model."""

    def sample(self, rbm: RBM, data_field: Tensor, generator: torch.Generator) -> Tensor:
        """Visible states for one step of training, shape (m, n_visible).

        Parameters
        ----------
        rbm : RBM
            The machine as it is now.
        data_field : Tensor of shape (n, n_hidden)
            Field of the minibatch on the hidden layer, v·W, already computed by the caller.
        generator : torch.Generator
            Source of randomness.
        """

    def weights(self, data_weights: Tensor) -> Tensor:
        """Weight of each of the m states, with the sum of the minibatch's weights, shape (m,)."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue the chains."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue chains from what `state_dict` returned."""

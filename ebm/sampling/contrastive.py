"""Samplers of the model's own states (the "negative phase"): contrastive divergence, PCD."""

from typing import Any, Protocol

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.sampling.gibbs import gibbs


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


class ContrastiveDivergence:
    """CD-k: chains start from the minibatch and run k sweeps.

    Parameters
    ----------
    steps : int
        The k of CD-k.

    References
    ----------
    Hinton (2002), "Training products of experts by minimizing contrastive divergence", equation 10.
    https://doi.org/10.1162/089976602760128018

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli
    >>> from ebm.sampling import ContrastiveDivergence
    >>> rbm, rows = RBM(Bernoulli(6), Bernoulli(3)), torch.ones(4, 6)
    >>> sampler, generator = ContrastiveDivergence(steps=2), torch.Generator().manual_seed(1)
    >>> sampler.sample(rbm, rbm.hidden_field(rows), generator).shape
    torch.Size([4, 6])
    """

    def __init__(self, steps: int = 1) -> None:
        self.steps = steps

    def sample(  # noqa: D102
        self, rbm: RBM, data_field: Tensor, generator: torch.Generator
    ) -> Tensor:
        hidden = rbm.hidden.sample(data_field, generator)
        return gibbs(rbm, rbm.sample_visible(hidden, generator), self.steps - 1, generator)

    def weights(self, data_weights: Tensor) -> Tensor:  # noqa: D102
        return data_weights

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        pass


class PersistentChains:
    """PCD-k: chains go on from step to step of the training, k sweeps each.

    Parameters
    ----------
    start : Tensor of shape (n_chains, n_visible)
        First states of the chains: rows of the data, not noise. It is copied.
    steps : int
        Sweeps for each step of the training.

    References
    ----------
    Tieleman (2008), "Training restricted Boltzmann machines using approximations to the likelihood
    gradient", section 3. https://doi.org/10.1145/1390156.1390290

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli
    >>> from ebm.sampling import PersistentChains
    >>> rbm, chains = RBM(Bernoulli(6), Bernoulli(3)), PersistentChains(torch.zeros(4, 6), steps=2)
    >>> states = chains.sample(rbm, torch.zeros(1, 3), torch.Generator().manual_seed(1))
    >>> torch.equal(states, chains.visible)  # where the next call goes on
    True
    """

    def __init__(self, start: Tensor, steps: int = 1) -> None:
        self.visible = start.clone()
        self.steps = steps

    def sample(  # noqa: D102
        self,
        rbm: RBM,
        data_field: Tensor,  # noqa: ARG002
        generator: torch.Generator,
    ) -> Tensor:
        self.visible = gibbs(rbm, self.visible, self.steps, generator)
        return self.visible

    def weights(self, data_weights: Tensor) -> Tensor:  # noqa: D102
        chains = len(self.visible)
        return (data_weights.sum() / chains).expand(chains)

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"visible": self.visible.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        self.visible = state["visible"].to(self.visible)

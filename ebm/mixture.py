"""Mixtures of Bernoullis: the likelihood that a machine of bits has to beat.

    p(v) = Σ_k π_k Π_i p_ki^v_i (1 - p_ki)^(1 - v_i)

One component is the model of independent bits.

References
----------
Bishop (2006), "Pattern recognition and machine learning", section 9.3.3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.units import as_dense


@dataclass(frozen=True)
class BernoulliMixture:
    """A mixture, as its parameters.

    Attributes
    ----------
    log_weights : Tensor of shape (n_components,)
        Log π, in nats.
    probabilities : Tensor of shape (n_components, n_visible)
        Of each bit being on, within (0, 1).
    """

    log_weights: Tensor
    probabilities: Tensor

    def log_joint_nats(self, visible: Tensor) -> Tensor:
        """Log π_k p_k(v), shape (n, n_components)."""
        on, off = self.probabilities.log(), torch.log1p(-self.probabilities)
        return torch.addmm(off.sum(1) + self.log_weights, as_dense(visible), (on - off).T)

    def log_likelihood_nats(self, visible: Tensor) -> Tensor:
        """Log p(v) of each row, shape (n,)."""
        return torch.logsumexp(self.log_joint_nats(visible), dim=1)


@torch.no_grad()
def fit_mixture(
    data: Tensor,
    components: int,
    *,
    iterations: int = 50,
    smoothing: float = 1.0,
    generator: torch.Generator,
) -> BernoulliMixture:
    """Fit a mixture by expectation maximisation.

    Parameters
    ----------
    data : Tensor of shape (n, n_visible)
        Bits, or probabilities of bits.
    components : int
        Number of components; 1 is independent bits.
    iterations : int
        Rounds of EM.
    smoothing : float
        Pseudo-observations of each state of each bit in each component, so that no probability
        becomes 0 or 1. With it EM climbs the posterior of a Beta(1 + smoothing, 1 + smoothing).
    generator : torch.Generator
        Draws the rows that the components start from.

    Raises
    ------
    ValueError
        If there are fewer rows than components, or less than one component or iteration.

    Examples
    --------
    >>> import torch
    >>> from ebm.mixture import fit_mixture
    >>> bits = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).repeat(50, 1)
    >>> mixture = fit_mixture(bits, 2, generator=torch.Generator().manual_seed(2))
    >>> mixture.probabilities.round().sort(0).values.tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    data = as_dense(data)
    if components < 1 or iterations < 1 or len(data) < components:
        raise ValueError(
            f"components and iterations must be >= 1 and components at most the {len(data)} rows, "
            f"not {components} and {iterations}"
        )
    rows = torch.randperm(len(data), generator=generator, device=generator.device)[:components]
    # Halfway between a row and the mean: distinct, and far from 0 and 1.
    start = (data[rows] + data.mean(0)) / 2
    uniform = data.new_full((components,), 1 / components).log()
    mixture = BernoulliMixture(uniform, start.clamp(0.01, 0.99))
    for _ in range(iterations):
        shares = torch.softmax(mixture.log_joint_nats(data), dim=1)
        mass = shares.sum(0)
        probabilities = (shares.T @ data + smoothing) / (mass[:, None] + 2 * smoothing)
        weights = (mass + smoothing) / (len(data) + components * smoothing)
        mixture = BernoulliMixture(weights.log(), probabilities)
    return mixture

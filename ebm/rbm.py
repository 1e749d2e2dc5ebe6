"""The restricted Boltzmann machine: two layers of units and the weights between them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ebm.sparse import sparse_times_dense
from ebm.units import Unit, as_dense, unit_from_config


class RBM(nn.Module):
    """A restricted Boltzmann machine with energy E(v, h) = U_v(v) + U_h(h) - v·W·h.

    Parameters
    ----------
    visible, hidden : Unit
        The two layers. Any kind can meet any kind; `Blocks` puts several kinds into one layer.
    weight_scale : float
        Standard deviation of the initial weights.
    generator : torch.Generator, optional
        Source of the initial weights; without one, they are drawn from seed 0.

    Attributes
    ----------
    weights : Parameter of shape (n_visible, n_hidden)

    References
    ----------
    Smolensky (1986), "Information processing in dynamical systems: foundations of harmony theory".
    Hinton (2012), "A practical guide to training restricted Boltzmann machines",
    https://doi.org/10.1007/978-3-642-35289-8_32

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli
    >>> rbm = RBM(Bernoulli(6), Bernoulli(3), generator=torch.Generator().manual_seed(1))
    >>> visible = torch.ones(2, 6)
    >>> rbm.hidden_mean(visible).shape, rbm.free_energy(visible).shape
    (torch.Size([2, 3]), torch.Size([2]))
    >>> rbm.sample_hidden(visible, torch.Generator().manual_seed(2)).unique().tolist()
    [0.0, 1.0]
    """

    def __init__(
        self,
        visible: Unit,
        hidden: Unit,
        *,
        weight_scale: float = 0.01,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if generator is None:
            generator = torch.Generator().manual_seed(0)
        self.visible = visible
        self.hidden = hidden
        bias = hidden.bias
        normal = torch.randn(
            visible.size,
            hidden.size,
            generator=generator,
            dtype=bias.dtype,
            device=generator.device,
        )
        self.weights = nn.Parameter((weight_scale * normal).to(bias.device))

    # The two fields: what one layer sends to the other.

    def hidden_field(self, visible: Tensor) -> Tensor:
        """Field v·W on the hidden layer, shape (n, n_hidden); `visible` is dense or sparse CSR."""
        if visible.layout == torch.sparse_csr:
            return sparse_times_dense(visible, self.weights)
        return visible @ self.weights

    def visible_field(self, hidden: Tensor) -> Tensor:
        """Field W·h on the visible layer, shape (n, n_visible)."""
        return hidden @ self.weights.T

    # The two conditionals.

    def hidden_mean(self, visible: Tensor) -> Tensor:
        """E[h | v], shape (n, n_hidden)."""
        return self.hidden.mean(self.hidden_field(visible))

    def visible_mean(self, hidden: Tensor) -> Tensor:
        """E[v | h], shape (n, n_visible)."""
        return self.visible.mean(self.visible_field(hidden))

    def sample_hidden(self, visible: Tensor, generator: torch.Generator) -> Tensor:
        """One draw of h given v, shape (n, n_hidden)."""
        return self.hidden.sample(self.hidden_field(visible).detach(), generator)

    def sample_visible(self, hidden: Tensor, generator: torch.Generator) -> Tensor:
        """One draw of v given h, shape (n, n_visible)."""
        return self.visible.sample(self.visible_field(hidden).detach(), generator)

    def reconstruct(self, visible: Tensor) -> Tensor:
        """Mean-field reconstruction E[v | E[h | v]], shape (n, n_visible)."""
        return self.visible_mean(self.hidden_mean(visible))

    # The energies.

    def energy(self, visible: Tensor, hidden: Tensor) -> Tensor:
        """E(v, h) of each pair of rows, in nats, shape (n,)."""
        interaction = (self.hidden_field(visible) * hidden).sum(-1)
        return self.visible.energy(as_dense(visible)) + self.hidden.energy(hidden) - interaction

    def free_energy(self, visible: Tensor) -> Tensor:
        """F(v) = U_v(v) - Γ_h(v·W), in nats, shape (n,); log p(v) = -F(v) - log Z."""
        field = self.hidden_field(visible)
        return self.visible.energy(as_dense(visible)) - self.hidden.log_partition(field)

    def free_energy_of_hidden(self, hidden: Tensor) -> Tensor:
        """F(h) = U_h(h) - Γ_v(W·h), in nats, shape (n,); log p(h) = -F(h) - log Z."""
        return self.hidden.energy(hidden) - self.visible.log_partition(self.visible_field(hidden))

    # Description, for storage.

    def to_config(self) -> dict[str, Any]:
        """Describe both layers as a JSON-able dict; the numbers are in `state_dict()`."""
        return {"visible": self.visible.to_config(), "hidden": self.hidden.to_config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "RBM":
        """Build the machine that `to_config` described, with weights of zero."""
        visible, hidden = (unit_from_config(config[layer]) for layer in ("visible", "hidden"))
        return cls(visible, hidden, weight_scale=0.0)

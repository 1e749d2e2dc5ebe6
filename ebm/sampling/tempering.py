"""Parallel tempering: chains at several temperatures that exchange their states.

The chain at inverse temperature β samples, by Gibbs sweeps, from p_β(v, h) ∝ exp(-E_β(v, h)) with

    E_β(v, h) = U_v(v) + U_h(h) - β v·W·h - (1-β) (v·c_v + h·c_h).

At β = 1 this is the machine; at β = 0 the units are independent. The constants c_v = W·μ and
c_h = Wᵀ·λ make that independent law have about the data's means (base rates) λ, μ; with λ, μ = 0
they vanish. Summed over h,

    log p_β(v) = -U_v(v) + (1-β) v·c_v + Γ_h(β Wᵀ·v + (1-β) c_h) + constant = -U_v(v) + w_β(v) + ...

and this marginal, at each chain's own β, is what a swap has to respect: states v, v' of β, β' are
exchanged with probability min(1, exp(w_β(v') + w_β'(v) - w_β(v) - w_β'(v'))). Using the free energy
of the machine itself, (β - β')(F(v) - F(v')), would leave another law unchanged than the sweeps do.

References
----------
Desjardins et al. (2010), "Tempered Markov chain Monte Carlo for training of restricted Boltzmann
machines", PMLR 9:145. Swendsen, Wang (1986), https://doi.org/10.1103/PhysRevLett.57.2607
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm.rbm import RBM


@dataclass(frozen=True)
class TemperedPath:
    """The family p_β of one machine.

    Attributes
    ----------
    rbm : RBM
    to_visible, to_hidden : Tensor of shape (n_visible,) and (n_hidden,)
        The constants c_v and c_h.
    """

    rbm: RBM
    to_visible: Tensor
    to_hidden: Tensor

    @classmethod
    @torch.no_grad()
    def from_means(cls, rbm: RBM, visible_mean: Tensor) -> "TemperedPath":
        """Path whose β = 0 end has about the means of the data and of h given them."""
        to_hidden = rbm.hidden_field(visible_mean[None])[0]
        hidden_mean = rbm.hidden.mean(to_hidden[None])[0]
        return cls(rbm, rbm.visible_field(hidden_mean[None])[0], to_hidden)

    def hidden_field(self, visible: Tensor, beta: Tensor) -> Tensor:
        """Field on the hidden layer at β; visible (..., n_visible), β (..., 1)."""
        return beta * self.rbm.hidden_field(visible) + (1 - beta) * self.to_hidden

    def visible_field(self, hidden: Tensor, beta: Tensor) -> Tensor:
        """Field on the visible layer at β; hidden (..., n_hidden), β (..., 1)."""
        return beta * self.rbm.visible_field(hidden) + (1 - beta) * self.to_visible

    def log_weight(self, visible: Tensor, beta: Tensor) -> Tensor:
        """w_β(v) in nats, shape (...)."""
        field = self.hidden_field(visible, beta)
        cumulant = self.rbm.hidden.log_partition(field.flatten(0, -2)).view(field.shape[:-1])
        return (1 - beta[..., 0]) * (visible @ self.to_visible) + cumulant

    def sweep(self, visible: Tensor, beta: Tensor, generator: torch.Generator) -> Tensor:
        """One Gibbs sweep of every chain at its own β, shape (n_betas, n_chains, n_visible)."""
        field = self.hidden_field(visible, beta)
        hidden = self.rbm.hidden.sample(field.flatten(0, -2), generator).view_as(field)
        field = self.visible_field(hidden, beta)
        return self.rbm.visible.sample(field.flatten(0, -2), generator).view_as(field)


class ParallelTempering:
    """Ladders of chains at rising β, of which the last (β = 1) is the sample.

    Parameters
    ----------
    start : Tensor of shape (n_chains, n_visible)
        First states at every temperature: rows of the data.
    betas : Tensor of shape (n_betas,)
        Rising inverse temperatures; the last is 1.
    steps : int
        Sweeps between two rounds of swaps.
    visible_mean : Tensor of shape (n_visible,), optional
        The λ of the path's constants; zero without it.

    Attributes
    ----------
    visible : Tensor of shape (n_betas, n_chains, n_visible)
        States of the chains.

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli
    >>> from ebm.sampling import ParallelTempering
    >>> rbm, generator = RBM(Bernoulli(6), Bernoulli(3)), torch.Generator().manual_seed(1)
    >>> chains = ParallelTempering(torch.zeros(4, 6), torch.linspace(0, 1, 3))
    >>> with torch.no_grad():
    ...     states = [chains.advance(rbm, generator) for _ in range(10)]
    >>> states[-1].shape, chains.acceptance.shape
    (torch.Size([4, 6]), torch.Size([2]))
    """

    def __init__(
        self,
        start: Tensor,
        betas: Tensor,
        steps: int = 1,
        visible_mean: Tensor | None = None,
    ) -> None:
        betas = betas.to(start)
        if betas.ndim != 1 or len(betas) < 2 or betas[-1] != 1 or bool((betas.diff() <= 0).any()):
            raise ValueError(f"betas must rise and end at 1, not {betas.tolist()}")
        self.visible = start.expand(len(betas), *start.shape).clone()
        self.betas = betas[:, None, None]
        self.steps = steps
        zero = start.new_zeros(start.shape[1])
        self.visible_mean = zero if visible_mean is None else visible_mean
        self.rounds = 0
        self.accepted = start.new_zeros(len(betas) - 1)
        self.proposed = start.new_zeros(len(betas) - 1)

    @property
    def acceptance(self) -> Tensor:
        """Share of accepted swaps of neighbours, shape (n_betas - 1,); NaN before the first."""
        return self.accepted / self.proposed

    @torch.no_grad()
    def advance(self, rbm: RBM, generator: torch.Generator) -> Tensor:
        """Do `steps` sweeps, then swaps between neighbours; return the states at β = 1."""
        path = TemperedPath.from_means(rbm, self.visible_mean)
        for _ in range(self.steps):
            self.visible = path.sweep(self.visible, self.betas, generator)
        self._swap(path, generator)
        return self.visible[-1]

    def _swap(self, path: TemperedPath, generator: torch.Generator) -> None:
        # Pairs (0,1), (2,3), ... in one round and (1,2), (3,4), ... in the next.
        low = slice(self.rounds % 2, len(self.visible) - 1, 2)
        high = slice(self.rounds % 2 + 1, len(self.visible), 2)
        self.rounds += 1
        cold, hot = self.visible[high], self.visible[low]
        if len(cold) == 0:
            return
        cold_beta, hot_beta = self.betas[high], self.betas[low]
        change = path.log_weight(hot, cold_beta) + path.log_weight(cold, hot_beta)
        change -= path.log_weight(cold, cold_beta) + path.log_weight(hot, hot_beta)
        uniform = torch.rand(
            change.shape, generator=generator, dtype=change.dtype, device=change.device
        )
        accept = uniform.log() < change
        swapped = accept[..., None]
        self.visible[high], self.visible[low] = (
            torch.where(swapped, hot, cold),
            torch.where(swapped, cold, hot),
        )
        self.accepted[low] += accept.sum(1)
        self.proposed[low] += accept.shape[1]

    def sample(  # noqa: D102
        self,
        rbm: RBM,
        data_field: Tensor,  # noqa: ARG002
        generator: torch.Generator,
    ) -> Tensor:
        return self.advance(rbm, generator)

    def weights(self, data_weights: Tensor) -> Tensor:  # noqa: D102
        chains = self.visible.shape[1]
        return (data_weights.sum() / chains).expand(chains)

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {
            "visible": self.visible.clone(),
            "visible_mean": self.visible_mean.clone(),
            "accepted": self.accepted.clone(),
            "proposed": self.proposed.clone(),
            "rounds": self.rounds,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        self.visible = state["visible"].to(self.visible, copy=True)
        self.visible_mean = state["visible_mean"].to(self.visible)
        self.accepted = state["accepted"].to(self.visible, copy=True)
        self.proposed = state["proposed"].to(self.visible, copy=True)
        self.rounds = int(state["rounds"])

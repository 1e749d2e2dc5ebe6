"""The deep belief network: an RBM on top, directed layers below it.

    p(v, h¹, ..., h^L) = p(v | h¹) ... p(h^{L-2} | h^{L-1}) · p_top(h^{L-1}, h^L)

The top RBM is undirected, everything below it is generated downwards from it. Upwards, the exact
posterior is replaced by the factorial q(h¹ | v) q(h² | h¹) ... of the recognition weights, which
are the generative ones until up-down training unties the two.
"""

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ebm.dbn.conversion import network_from_rbms
from ebm.network import Network
from ebm.rbm import RBM
from ebm.train.batches import Matrix, Placement
from ebm.train.checks import check_block
from ebm.units import Bernoulli


class DBN(nn.Module):
    """A stack of RBMs, bottom first.

    Parameters
    ----------
    rbms : sequence of RBM
        Each one's visible layer is as wide as the hidden layer below it; the top one's may have
        `label_size` columns more, at its end.
    label_size : int
        Number of label columns (a softmax block) in the top RBM's visible layer.
    recognition : sequence of RBM, optional
        For each RBM below the top one, the machine whose hidden conditional goes up in its place.
        By default the same machines: tied weights.

    References
    ----------
    Hinton, Osindero, Teh (2006), "A fast learning algorithm for deep belief nets".
    https://doi.org/10.1162/neco.2006.18.7.1527

    Examples
    --------
    >>> import torch
    >>> from ebm import DBN, RBM, Bernoulli
    >>> dbn = DBN([RBM(Bernoulli(20), Bernoulli(10)), RBM(Bernoulli(10), Bernoulli(5))])
    >>> dbn.sizes
    [20, 10, 5]
    >>> dbn.hidden_mean(torch.ones(3, 20)).shape
    torch.Size([3, 5])
    >>> dbn.to_network(n_outputs=1, generator=torch.Generator().manual_seed(1)).sizes
    [20, 10, 5]
    """

    def __init__(
        self,
        rbms: Sequence[RBM],
        *,
        label_size: int = 0,
        recognition: Sequence[RBM] | None = None,
    ) -> None:
        super().__init__()
        if not rbms:
            raise ValueError("a DBN needs at least one RBM")
        _check_sizes(rbms, label_size)
        self.rbms = nn.ModuleList(rbms)
        self.label_size = label_size
        self.untied: nn.ModuleList | None = None
        if recognition is not None:
            if [m.weights.shape for m in recognition] != [m.weights.shape for m in rbms[:-1]]:
                raise ValueError(
                    "recognition needs one RBM of equal sizes for each but the top one"
                )
            self.untied = nn.ModuleList(recognition)

    @property
    def machines(self) -> list[RBM]:
        """The RBMs with the generative weights, bottom first."""
        return [rbm for rbm in self.rbms if isinstance(rbm, RBM)]

    @property
    def recognition(self) -> list[RBM]:
        """The machines that go up, one for each RBM but the top one."""
        if self.untied is None:
            return self.machines[:-1]
        return [rbm for rbm in self.untied if isinstance(rbm, RBM)]

    @property
    def top(self) -> RBM:
        """The undirected machine."""
        return self.machines[-1]

    @property
    def n_visible(self) -> int:
        """Number of visible columns, labels not counted."""
        size = self.machines[0].visible.size
        return size - self.label_size if len(self.rbms) == 1 else size

    @property
    def sizes(self) -> list[int]:
        """Number of visible columns, then the size of each hidden layer."""
        return [self.n_visible, *(rbm.hidden.size for rbm in self.machines)]

    # Up.

    def up(self, visible: Tensor) -> Tensor:
        """Mean-field states of the layer that the top RBM sees, shape (n, sizes[-2]).

        Parameters
        ----------
        visible : Tensor of shape (n, n_visible)
            Dense or sparse CSR.
        """
        for rbm in self.recognition:
            visible = rbm.hidden_mean(visible)
        return visible

    def hidden_mean(self, visible: Tensor) -> Tensor:
        """Mean-field states of the highest hidden layer, shape (n, sizes[-1]).

        With a label block, the labels are left out (their columns are zero).
        """
        state = self.up(visible)
        weights = self.top.weights[: self.sizes[-2]]
        return self.top.hidden.mean(state @ weights)

    @torch.no_grad()
    def transform(self, data: Matrix, batch_size: int = 4096) -> Tensor:
        """`hidden_mean` of a dense or scipy sparse matrix, batch by batch; (n, sizes[-1])."""
        data = check_block(data)
        place = Placement(self.top.weights.dtype, self.top.weights.device).place
        starts = range(0, data.shape[0], batch_size)
        return torch.cat([self.hidden_mean(place(data[s : s + batch_size])) for s in starts])

    # Down.

    def down(self, state: Tensor, generator: torch.Generator) -> Tensor:
        """Ancestral sample of v given states of the layer below the top RBM's hidden one.

        Parameters
        ----------
        state : Tensor of shape (n, sizes[-2])
            Without labels.

        Returns
        -------
        Tensor of shape (n, n_visible)
        """
        for rbm in reversed(self.machines[:-1]):
            state = rbm.sample_visible(state, generator)
        return state

    def down_mean(self, state: Tensor, generator: torch.Generator) -> Tensor:
        """Go down as `down` does, but return E[v | h¹] of the last step: grey levels, not bits."""
        below_top = self.machines[:-1]
        for rbm in reversed(below_top[1:]):
            state = rbm.sample_visible(state, generator)
        return below_top[0].visible_mean(state) if below_top else state

    # Into a network.

    def to_network(
        self,
        n_outputs: int,
        *,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        generator: torch.Generator,
    ) -> Network:
        """Build a network whose hidden layers begin as this DBN's, with clones of the weights.

        Every RBM becomes a layer, the top one too; label columns are left out. Training the network
        never changes the DBN.

        Parameters
        ----------
        n_outputs : int
            Number of logits of the new linear head.
        dropout, input_dropout : float
            See `Network`.
        generator : torch.Generator
            Source of the head's initial weights.

        Raises
        ------
        ValueError
            If hidden units have no counterpart in a network (softmax, thermometer, blocks).
        """
        return network_from_rbms(
            [*self.recognition, self.top],
            self.n_visible,
            n_outputs,
            dropout=dropout,
            input_dropout=input_dropout,
            generator=generator,
        )

    def with_untied_weights(self) -> "DBN":
        """Return a copy whose recognition weights are no longer the generative ones."""
        return DBN(
            copy.deepcopy(self.machines),
            label_size=self.label_size,
            recognition=copy.deepcopy(self.recognition),
        )

    # Description, for storage.

    def to_config(self) -> dict[str, Any]:
        """Describe the stack as a JSON-able dict; the numbers are in `state_dict()`."""
        return {
            "rbms": [rbm.to_config() for rbm in self.machines],
            "label_size": self.label_size,
            "untied": self.untied is not None,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "DBN":
        """Build the stack that `to_config` described, with weights of zero."""
        rbms = [RBM.from_config(part) for part in config["rbms"]]
        recognition = copy.deepcopy(rbms[:-1]) if config["untied"] else None
        return cls(rbms, label_size=config["label_size"], recognition=recognition)


@torch.no_grad()
def select_visible(dbn: DBN, columns: Sequence[int] | Tensor) -> DBN:
    """Return the stack as if it saw these visible units only; those left out count as off.

    Parameters
    ----------
    dbn : DBN
        With Bernoulli visible units.
    columns : sequence of int, or int64 Tensor
        Visible units to keep, in their new order.

    Raises
    ------
    TypeError
        The visible units are of another kind.

    Examples
    --------
    >>> from ebm import DBN, RBM, Bernoulli
    >>> from ebm.dbn import select_visible
    >>> select_visible(DBN([RBM(Bernoulli(20), Bernoulli(10))]), [3, 4, 19]).sizes
    [3, 10]
    """
    first = dbn.machines[0]
    if type(first.visible) is not Bernoulli:
        raise TypeError(f"visible units must be Bernoulli, not {type(first.visible).__name__}")
    index = torch.as_tensor(columns)
    narrow = RBM(Bernoulli(len(index)), copy.deepcopy(first.hidden))
    narrow.weights.copy_(first.weights[index])
    narrow.visible.bias.copy_(first.visible.bias[index])
    return DBN([narrow, *(copy.deepcopy(machine) for machine in dbn.machines[1:])])


def _check_sizes(rbms: Sequence[RBM], label_size: int) -> None:
    for number, (below, above) in enumerate(pairwise(rbms), start=1):
        labels = label_size if above is rbms[-1] else 0
        if above.visible.size != below.hidden.size + labels:
            raise ValueError(
                f"RBM {number} has {below.hidden.size} hidden units, but the RBM above it has "
                f"{above.visible.size} visible ones"
                + (f", of which {labels} are for the label" if labels else "")
            )
    if label_size < 0 or (len(rbms) == 1 and label_size >= rbms[0].visible.size):
        raise ValueError(f"label_size {label_size} does not fit into the top RBM's visible layer")

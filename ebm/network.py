"""The feed-forward network that a deep belief network becomes: hidden layers and a linear head.

    a_0 = x,   a_k = s(a_{k-1}·W_k + b_k),   logits = a_K·V + c

The head gives logits, not probabilities: the softmax or sigmoid belongs to the loss (and to
`probabilities`), once.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ebm.sparse import csr_where, sparse_times_dense

Activation = Literal["sigmoid", "relu", "identity"]
ACTIVATIONS: tuple[Activation, ...] = ("sigmoid", "relu", "identity")


class Affine(nn.Module):
    """x·W + b for dense x, or for torch's sparse CSR x.

    Attributes
    ----------
    weights : Parameter of shape (n_in, n_out)
        As in an RBM: one row for each input.
    bias : Parameter of shape (n_out,)
    """

    def __init__(self, weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights.detach().clone())
        self.bias = nn.Parameter(bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """Shape (n, n_out)."""
        if x.layout == torch.sparse_csr:
            return sparse_times_dense(x, self.weights) + self.bias
        return torch.addmm(self.bias, x, self.weights)


class Network(nn.Module):
    """Hidden layers and a linear head of `n_outputs` logits.

    Parameters
    ----------
    layers : sequence of (weights, bias)
        Of the hidden layers, bottom first: shapes (n_in, n_out) and (n_out,). They are copied.
    head : (weights, bias)
        Of the logits: shapes (n_last, n_outputs) and (n_outputs,).
    activations : sequence of {'sigmoid', 'relu', 'identity'}
        One for each hidden layer.
    dropout : float
        Share of the units of each hidden layer that training switches off, in [0, 1).
    input_dropout : float
        The same for the inputs.

    References
    ----------
    Hinton, Salakhutdinov (2006), https://doi.org/10.1126/science.1127647 (a pretrained stack as the
    start of a network); Srivastava et al. (2014), JMLR 15:1929 (dropout).

    Examples
    --------
    >>> import torch
    >>> from ebm import Network
    >>> network = Network.from_sizes([20, 8], 1, generator=torch.Generator().manual_seed(1))
    >>> network.sizes, network.n_outputs
    ([20, 8], 1)
    >>> network(torch.zeros(5, 20)).shape
    torch.Size([5, 1])
    """

    def __init__(
        self,
        layers: Sequence[tuple[Tensor, Tensor]],
        head: tuple[Tensor, Tensor],
        activations: Sequence[Activation],
        *,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(activations) != len(layers):
            raise ValueError(f"{len(layers)} hidden layers need as many activations")
        for activation in activations:
            if activation not in ACTIVATIONS:
                raise ValueError(f"activation must be one of {ACTIVATIONS}, not {activation!r}")
        for name, rate in (("dropout", dropout), ("input_dropout", input_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"{name} must be in [0, 1), not {rate}")
        self.layers = nn.ModuleList(Affine(weights, bias) for weights, bias in layers)
        self.head = Affine(*head)
        self.activations = tuple(activations)
        self.dropout = dropout
        self.input_dropout = input_dropout

    @classmethod
    def from_sizes(
        cls,
        sizes: Sequence[int],
        n_outputs: int,
        *,
        activation: Activation = "sigmoid",
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        generator: torch.Generator,
    ) -> "Network":
        """Build a network without pretraining.

        Parameters
        ----------
        sizes : sequence of int
            Number of inputs, then the size of each hidden layer.
        n_outputs : int
            Number of logits.
        activation : {'sigmoid', 'relu', 'identity'}
            Of all hidden layers.
        dropout, input_dropout : float
            See the class.
        generator : torch.Generator
            Source of the initial weights: uniform within ±g·√(6/(n_in + n_out)), with g = 4 for
            sigmoid and √2 for relu (Glorot, Bengio 2010, section 4.2.1; He et al. 2015).
        """
        gain = {"sigmoid": 4.0, "relu": math.sqrt(2.0), "identity": 1.0}[activation]
        layers = [
            (glorot_uniform(n_in, n_out, gain, generator), _zeros(n_out, generator))
            for n_in, n_out in pairwise(sizes)
        ]
        return cls(
            layers,
            new_head(sizes[-1], n_outputs, generator),
            [activation] * len(layers),
            dropout=dropout,
            input_dropout=input_dropout,
        )

    @property
    def sizes(self) -> list[int]:
        """Number of inputs, then the size of each hidden layer."""
        return [affine.weights.shape[0] for affine in self.affines()]

    @property
    def n_outputs(self) -> int:
        """Number of logits."""
        return self.head.bias.shape[0]

    def affines(self) -> Iterable[Affine]:
        """Yield all layers with weights, bottom first, the head last."""
        for layer in self.layers:
            assert isinstance(layer, Affine)
            yield layer
        yield self.head

    def hidden(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Activation of the last hidden layer, shape (n, sizes[-1])."""
        state = drop(x, self.input_dropout, generator)
        for layer, activation in zip(self.layers, self.activations, strict=True):
            state = drop(activate(layer(state), activation), self.dropout, generator)
        return state

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Logits, shape (n, n_outputs).

        Parameters
        ----------
        x : Tensor of shape (n, sizes[0])
            Dense or sparse CSR.
        generator : torch.Generator, optional
            Switches dropout on, and is the source of its masks. Without one nothing is dropped,
            in training mode too.
        """
        logits: Tensor = self.head(self.hidden(x, generator))
        return logits

    def to_config(self) -> dict[str, Any]:
        """Describe the network as a JSON-able dict; the numbers are in `state_dict()`."""
        return {
            "sizes": self.sizes,
            "n_outputs": self.n_outputs,
            "activations": list(self.activations),
            "dropout": self.dropout,
            "input_dropout": self.input_dropout,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Network":
        """Build the network that `to_config` described, with weights of zero."""
        sizes = config["sizes"]
        shapes = list(zip(sizes, [*sizes[1:], config["n_outputs"]], strict=True))
        pairs = [(torch.zeros(shape), torch.zeros(shape[1])) for shape in shapes]
        return cls(
            pairs[:-1],
            pairs[-1],
            config["activations"],
            dropout=config["dropout"],
            input_dropout=config["input_dropout"],
        )


def activate(field: Tensor, activation: Activation) -> Tensor:
    """Apply an activation by its name."""
    if activation == "sigmoid":
        return torch.sigmoid(field)
    return torch.relu(field) if activation == "relu" else field


def drop(x: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Set a share `rate` of the entries to zero and divide the rest by 1 - rate.

    torch's own dropout draws from the global generator; this one draws from `generator`, and does
    nothing without one. Of a sparse tensor only the stored entries are drawn for, and those set to
    zero are stored no more.
    """
    if generator is None or rate == 0:
        return x
    sparse = x.layout == torch.sparse_csr
    shape = x.values().shape if sparse else x.shape
    uniform = torch.rand(shape, generator=generator, dtype=x.dtype, device=x.device)
    kept = uniform >= rate
    if sparse:
        return csr_where(x, kept, torch.ones((), dtype=x.dtype, device=x.device).div_(1 - rate))
    return x * kept.to(x.dtype).div_(1 - rate)


def glorot_uniform(n_in: int, n_out: int, gain: float, generator: torch.Generator) -> Tensor:
    """Weights uniform within ±gain·√(6/(n_in + n_out)), shape (n_in, n_out)."""
    bound = gain * math.sqrt(6 / (n_in + n_out))
    uniform = torch.rand(n_in, n_out, generator=generator, device=generator.device)
    return uniform.mul_(2 * bound).sub_(bound)


def new_head(n_in: int, n_outputs: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Weights and bias of an untrained linear head."""
    return glorot_uniform(n_in, n_outputs, 1.0, generator), _zeros(n_outputs, generator)


def _zeros(size: int, generator: torch.Generator) -> Tensor:
    return torch.zeros(size, device=generator.device)

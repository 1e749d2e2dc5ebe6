"""Networks and machines as plain arrays: what is computed with where nothing is trained.

Descriptions and names of arrays are those of `ebm.storage`. numpy is all that it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit

from ebm.errors import StorageError

Activation = Literal["sigmoid", "relu", "identity"]
ACTIVATIONS: tuple[Activation, ...] = ("sigmoid", "relu", "identity")
FORMAT_VERSION = 1
# More copies than a unit is ever given; a description must not decide how much memory is taken.
_MOST_COPIES = 1024

Array = NDArray[np.floating[Any]]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class FeedForward:
    """The arrays of an `ebm.Network`.

    Attributes
    ----------
    weights : tuple of arrays of shape (n_in, n_out)
        Of the hidden layers, lowest first, and of the head.
    biases : tuple of arrays of shape (n_out,)
    activations : tuple of str
        One for each hidden layer.
    dropout, input_dropout : float
        That it was trained with.

    Examples
    --------
    >>> import numpy as np
    >>> from ebm.plain import FeedForward
    >>> layers = (np.eye(2), np.ones((2, 1))), (np.zeros(2), np.ones(1))
    >>> network = FeedForward(*layers, activations=("relu",))
    >>> network.sizes, network.logits(np.array([[2.0, -3.0]])).tolist()
    ([2, 2], [[3.0]])
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activations: tuple[Activation, ...]
    dropout: float = 0.0
    input_dropout: float = 0.0

    @property
    def sizes(self) -> list[int]:
        """Number of inputs, then the size of each hidden layer."""
        return [part.shape[0] for part in self.weights]

    @property
    def n_outputs(self) -> int:
        """Number of logits."""
        return int(self.weights[-1].shape[1])

    def hidden(self, x: csr_matrix | Array) -> Array:
        """Return the states of the first hidden layer, shape (n, sizes[1])."""
        field = np.asarray(x @ self.weights[0]) + self.biases[0]
        return activate(field, self.activations[0])

    def last_hidden(self, x: csr_matrix | Array) -> Array:
        """Return the states of the last hidden layer, which the head reads, shape (n, n_last)."""
        state = self.hidden(x)
        upper = zip(self.weights[1:-1], self.biases[1:-1], self.activations[1:], strict=True)
        for weights, bias, activation in upper:
            state = activate(state @ weights + bias, activation)
        return state

    def logits(self, x: csr_matrix | Array) -> Array:
        """Return logits, shape (n, n_outputs)."""
        return self.last_hidden(x) @ self.weights[-1] + self.biases[-1]

    def slopes(self, hidden: Array, output: int) -> Array:
        """Return the derivative of a logit by each state of the first hidden layer.

        Parameters
        ----------
        hidden : array of shape (n, sizes[1])
            Its states.
        output : int
            Which logit.
        """
        states = [hidden]
        for weights, bias, activation in zip(
            self.weights[1:-1], self.biases[1:-1], self.activations[1:], strict=True
        ):
            states.append(activate(states[-1] @ weights + bias, activation))
        slope = np.broadcast_to(self.weights[-1][:, output], states[-1].shape)
        above = zip(states[:0:-1], self.weights[-2:0:-1], self.activations[:0:-1], strict=True)
        for state, weights, activation in above:
            slope = (slope * _slope_at(state, activation)) @ weights.T
        return np.asarray(slope)

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return a JSON-able description and the arrays by name."""
        described = {
            "sizes": self.sizes,
            "n_outputs": self.n_outputs,
            "activations": list(self.activations),
            "dropout": self.dropout,
            "input_dropout": self.input_dropout,
        }
        arrays: dict[str, NDArray[Any]] = {}
        for name, weights, bias in zip(self._names(), self.weights, self.biases, strict=True):
            arrays |= {f"{name}.weights": weights, f"{name}.bias": bias}
        return _described("network", described), arrays

    def _names(self) -> list[str]:
        return _layer_names(len(self.activations))

    @classmethod
    def from_state(cls, config: Mapping[str, Any], arrays: Arrays) -> Self:
        """Build the network that `to_state`, or `ebm.storage`, described; nothing is copied.

        Raises
        ------
        StorageError
            The description is not understood, or the arrays do not fit it.
        """
        with _fitting("network", config) as described:
            activations = tuple(described["activations"])
            names = _layer_names(len(activations))
            sizes = [*described["sizes"], described["n_outputs"]]
            if len(sizes) != len(names) + 1 or not set(activations) <= set(ACTIVATIONS):
                raise ValueError(f"sizes {sizes} with activations {activations}")
            shapes: dict[str, tuple[int, ...]] = {}
            for name, (n_in, n_out) in zip(names, pairwise(sizes), strict=True):
                shapes |= {f"{name}.weights": (n_in, n_out), f"{name}.bias": (n_out,)}
            _require_shapes(shapes, arrays)
            rates = [float(described[name]) for name in ("dropout", "input_dropout")]
            if not all(0 <= rate < 1 for rate in rates):
                raise ValueError(f"dropout {rates}")
            return cls(
                tuple(arrays[f"{name}.weights"] for name in names),
                tuple(arrays[f"{name}.bias"] for name in names),
                activations,
                *rates,
            )


@dataclass(frozen=True, eq=False)
class PlainRBM:
    """The arrays of an `ebm.RBM` with Bernoulli visible and Bernoulli or NReLU hidden units.

    Attributes
    ----------
    weights : array of shape (n_visible, n_hidden)
    visible_bias, hidden_bias : arrays of shape (n_visible,) and (n_hidden,)
    copies : int
        Bits that make up a hidden unit; 0 where it is a bit itself.
    """

    weights: Array
    visible_bias: Array
    hidden_bias: Array
    copies: int = 0

    @property
    def shifts(self) -> NDArray[np.float64]:
        """By how much the biases of a hidden unit's bits differ from its own."""
        return 0.5 - np.arange(1.0, self.copies + 1) if self.copies else np.zeros(1)

    def hidden_mean(self, visible: csr_matrix | Array) -> NDArray[np.float64]:
        """Return E[h | v], shape (n, n_hidden)."""
        field = np.asarray(visible @ self.weights, dtype=np.float64) + self.hidden_bias
        return np.asarray(sum(expit(field + shift) for shift in self.shifts))

    def free_energy(self, visible: csr_matrix | Array) -> NDArray[np.float64]:
        """Return F(v) in nats, shape (n,); log p(v) = -F(v) - log Z."""
        field = np.asarray(visible @ self.weights, dtype=np.float64) + self.hidden_bias
        explained = sum(np.logaddexp(0, field + shift).sum(axis=1) for shift in self.shifts)
        return np.asarray(-(visible @ self.visible_bias.astype(np.float64)) - explained)

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return a JSON-able description and the arrays by name."""
        n_visible, n_hidden = self.weights.shape
        hidden: dict[str, Any] = {"kind": "bernoulli", "size": n_hidden}
        if self.copies:
            hidden = {"kind": "nrelu", "size": n_hidden, "copies": self.copies}
        visible = {"kind": "bernoulli", "size": n_visible}
        return _described("rbm", {"visible": visible, "hidden": hidden}), {
            "weights": self.weights,
            "visible.bias": self.visible_bias,
            "hidden.bias": self.hidden_bias,
        }

    @classmethod
    def from_state(cls, config: Mapping[str, Any], arrays: Arrays) -> Self:
        """Build the machine that `to_state`, or `ebm.storage`, described; nothing is copied.

        Raises
        ------
        StorageError
            The description is not understood, or of other units; or the arrays do not fit it.
        """
        with _fitting("rbm", config) as described:
            visible, hidden = described["visible"], described["hidden"]
            kinds = (visible["kind"], hidden["kind"])
            if kinds not in (("bernoulli", "bernoulli"), ("bernoulli", "nrelu")):
                raise ValueError(f"units {kinds}")
            copies = hidden["copies"] if hidden["kind"] == "nrelu" else 0
            if not 0 <= copies <= _MOST_COPIES or (hidden["kind"] == "nrelu" and not copies):
                raise ValueError(f"{copies} copies")
            shape = (visible["size"], hidden["size"])
            _require_shapes(
                {"weights": shape, "visible.bias": shape[:1], "hidden.bias": shape[1:]}, arrays
            )
            return cls(arrays["weights"], arrays["visible.bias"], arrays["hidden.bias"], copies)


def activate(field: Array, activation: Activation) -> Array:
    """Return what units make of their inputs."""
    if activation == "sigmoid":
        return np.asarray(expit(field))
    return np.maximum(field, 0) if activation == "relu" else field


def _slope_at(state: Array, activation: Activation) -> Array:
    """Return the derivative of an activation where it has these values."""
    if activation == "sigmoid":
        return state * (1 - state)
    return (state > 0).astype(state.dtype) if activation == "relu" else np.ones_like(state)


def _layer_names(n_hidden: int) -> list[str]:
    return [*(f"layers.{number}" for number in range(n_hidden)), "head"]


def _described(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "version": FORMAT_VERSION, "config": config}


@contextmanager
def _fitting(wanted: str, config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give what a description says; what fails while it is followed is a StorageError."""
    kind, version = config.get("kind"), config.get("version")
    if (kind, version) != (wanted, FORMAT_VERSION):
        raise StorageError(
            f"a {kind!r} of format version {version!r}, and this program reads a {wanted} of "
            f"version {FORMAT_VERSION}"
        )
    try:
        yield config["config"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(
            f"the parts of the stored {wanted} do not fit together: {error}"
        ) from error


def _require_shapes(shapes: Mapping[str, Sequence[int]], arrays: Arrays) -> None:
    if set(shapes) != set(arrays):
        raise ValueError(f"arrays {', '.join(sorted(set(shapes) ^ set(arrays)))}")
    for name, shape in shapes.items():
        if arrays[name].shape != tuple(shape) or arrays[name].dtype.kind != "f":
            raise ValueError(
                f"{name} is {arrays[name].dtype} of the shape {arrays[name].shape}, and "
                f"{tuple(shape)} is described"
            )

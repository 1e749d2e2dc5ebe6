"""RBMTransformer: hidden means of an RBM as features."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from ebm.estimators.inputs import FLOATS, checked_weights, merge_equal_rows, new_generator
from ebm.estimators.visible import check_range, learn_visible_layer
from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM
from ebm.train import SamplerOptions, TrainingOptions, fit_rbm
from ebm.train.batches import Placement
from ebm.units import Bernoulli

ROWS_AT_ONCE = 4096


class RBMTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Restricted Boltzmann machine whose hidden means E[h | v] are the new features.

    Parameters
    ----------
    n_components : int
        Number of Bernoulli hidden units.
    visible : {'auto', 'bernoulli', 'gaussian'}
        Kind of the visible units. 'auto' takes Bernoulli units (bits or probabilities) if every
        value of the training data is between 0 and 1. For Gaussian units each column is divided by
        its standard deviation.
    epochs : int
        Passes over the data.
    batch_size : int
        Rows in a minibatch.
    learning_rate : float
        For Gaussian units about a tenth of what is good for Bernoulli units.
    weight_decay : float
        L2 cost of the weights.
    sampler : {'cd', 'pcd', 'tempering'}
        Contrastive divergence, persistent chains, or parallel tempering.
    sampler_steps : int
        Gibbs sweeps for each step of training.
    sparsity_target : float, optional
        Wanted mean activity of the hidden units.
    random_state : int, RandomState or None
    device : str
        Where to train, such as 'cpu' or 'cuda'.

    Attributes
    ----------
    rbm_ : RBM
        The machine (its visible columns are scaled, see `visible_layer_`).
    visible_layer_ : VisibleLayer
        Kind of the visible units, scale of the columns.
    history_ : History
        Monitors of the training; of the last call, after `partial_fit`.
    components_ : ndarray of shape (n_components, n_features)
        Weights, in scikit-learn's orientation.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, when X had names

    Notes
    -----
    Equal rows are merged and their weights added, so an integer weight is the same as repetition,
    and the order of the rows does not matter. Computation is in float32 for training; `transform`
    computes in the number type of X.

    Examples
    --------
    >>> import numpy as np
    >>> from ebm import RBMTransformer
    >>> X = (np.random.default_rng(0).random((100, 20)) < 0.3).astype(float)
    >>> RBMTransformer(n_components=5, epochs=2, random_state=0).fit_transform(X).shape
    (100, 5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "visible": [StrOptions({"auto", "bernoulli", "gaussian"})],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "sampler": [StrOptions({"cd", "pcd", "tempering"})],
        "sampler_steps": [Interval(Integral, 1, None, closed="left")],
        "sparsity_target": [None, Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
        "device": [str],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        visible: Literal["auto", "bernoulli", "gaussian"] = "auto",
        epochs: int = 10,
        batch_size: int = 100,
        learning_rate: float = 0.05,
        weight_decay: float = 1e-4,
        sampler: Literal["cd", "pcd", "tempering"] = "cd",
        sampler_steps: int = 1,
        sparsity_target: float | None = None,
        random_state: Any = None,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.visible = visible
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.sampler = sampler
        self.sampler_steps = sampler_steps
        self.sparsity_target = sparsity_target
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Train a new machine.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS)
        check_range(X, self.visible)
        weights = checked_weights(sample_weight, X)
        self.random_state_ = check_random_state(self.random_state)
        self._begin(X, weights)
        self._train(X, weights, self.epochs, new_machine=True)
        return self

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Pass once over some more data; the first call decides the visible layer.

        Momentum and persistent chains start anew with each call.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        first = not hasattr(self, "rbm_")
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=first)
        check_range(X, self.visible)
        weights = checked_weights(sample_weight, X)
        if first:
            self.random_state_ = check_random_state(self.random_state)
            self._begin(X, weights)
        self._train(X, weights, 1, new_machine=first)
        return self

    def transform(self, X: Any) -> NDArray[np.floating[Any]]:
        """Hidden means, in [0, 1].

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components), of X's float type
        """
        return self._by_rows(X, RBM.hidden_mean)

    def inverse_transform(self, X: Any) -> NDArray[np.floating[Any]]:
        """Visible means given hidden states, in the units of the original columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        hidden = torch.as_tensor(np.asarray(X)).to(self.rbm_.weights)
        with torch.no_grad():
            visible = self.rbm_.visible_mean(hidden).cpu().numpy()
        return np.asarray(self.visible_layer_.unscaled(visible))

    def free_energy(self, X: Any) -> NDArray[np.floating[Any]]:
        """Free energy F(v) of each row in nats, shape (n_samples,); log p(v) = -F(v) - log Z."""
        return self._by_rows(X, RBM.free_energy)

    def pseudo_log_likelihood(self, X: Any) -> NDArray[np.floating[Any]]:
        """Exact log pseudo-likelihood of each row, summed over columns, in nats: (n_samples,).

        Raises
        ------
        ValueError
            If the visible units are Gaussian.
        """
        # Each row is flipped column by column.
        return self._by_rows(X, pseudo_log_likelihood_nats, at_once=256)

    @property
    def components_(self) -> NDArray[np.float32]:
        """Weights, shape (n_components, n_features)."""
        check_is_fitted(self, "rbm_")
        return np.asarray(self.rbm_.weights.detach().T.cpu().numpy())

    def _begin(self, X: Any, weights: NDArray[np.float64]) -> None:
        self.visible_layer_ = learn_visible_layer(X, weights, self.visible)
        generator = new_generator(self.random_state_, self.device)
        self.rbm_ = RBM(
            self.visible_layer_.unit(X.shape[1]), Bernoulli(self.n_components), generator=generator
        ).to(self.device)
        self._n_features_out = self.n_components

    def _train(
        self, X: Any, weights: NDArray[np.float64], epochs: int, *, new_machine: bool
    ) -> None:
        rows = merge_equal_rows(X, np.empty((X.shape[0], 0)), weights)
        options = TrainingOptions(
            epochs=epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            sparsity_target=self.sparsity_target,
            set_visible_bias=new_machine,
            sampler=SamplerOptions(kind=self.sampler, steps=self.sampler_steps),
            monitor_every=epochs,
        )
        self.history_ = fit_rbm(
            self.rbm_,
            self.visible_layer_.scaled(rows.X),
            options,
            sample_weight=rows.weights,
            generator=new_generator(self.random_state_, self.device),
        )

    def _by_rows(
        self, X: Any, of: Callable[[RBM, Tensor], Tensor], at_once: int = ROWS_AT_ONCE
    ) -> NDArray[np.floating[Any]]:
        """Return what a function of machine and rows gives for all rows, some at a time."""
        rbm, X = self._prepared(X)
        place = Placement(rbm.weights.dtype, rbm.weights.device).place
        with torch.no_grad():
            found = [of(rbm, place(X[s : s + at_once])) for s in range(0, X.shape[0], at_once)]
        return torch.cat(found).cpu().numpy()

    def _prepared(self, X: Any) -> tuple[RBM, Any]:
        """Return the machine in X's number type, and X checked and scaled."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        rbm = self.rbm_
        if X.dtype == np.float64:
            rbm = RBM.from_config(rbm.to_config()).to(rbm.weights.device, torch.float64)
            rbm.load_state_dict(self.rbm_.state_dict())
        return rbm, self.visible_layer_.scaled(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

"""DBMTransformer: mean-field means of a deep Boltzmann machine's top layer as features."""

from collections.abc import Sequence
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

from ebm.dbm import DBM, JointOptions, fit_dbm, hidden_means, pretrain_dbm, variational_bound_nats
from ebm.estimators.inputs import FLOATS, checked_weights, merge_equal_rows, new_generator
from ebm.estimators.visible import check_range, learn_visible_layer
from ebm.train import TrainingOptions
from ebm.train.batches import Placement
from ebm.units import Bernoulli

ROWS_AT_ONCE = 1024


class DBMTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Deep Boltzmann machine whose top layer's means, inferred by mean field, are the features.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int
        Sizes of the Bernoulli hidden layers, bottom first.
    visible : {'auto', 'bernoulli', 'gaussian'}
        Kind of the visible units, see `RBMTransformer`.
    pretrain_epochs : int
        Epochs of CD-1 for each layer; 0 leaves pretraining out.
    pretrain_learning_rate : float
    epochs : int
        Epochs of joint training.
    batch_size : int
        Rows in a minibatch, of pretraining and of joint training.
    learning_rate : float
        Of joint training. For both, a tenth is used for Gaussian visible units.
    gibbs_steps : int
        Sweeps of the persistent chains for each minibatch.
    centred : bool
        Whether joint training is in centred coordinates.
    tolerance : float
        Largest change of a mean at which inference ends, in `transform`.
    random_state : int, RandomState or None

    Attributes
    ----------
    dbm_ : DBM
        The machine (its visible columns are scaled, see `visible_layer_`).
    visible_layer_ : VisibleLayer
        Kind of the visible units, scale of the columns.
    history_ : JointHistory
    n_features_in_ : int
    feature_names_in_ : ndarray of str, when X had names

    Notes
    -----
    Equal rows are merged and their weights added, see `RBMTransformer`.

    Examples
    --------
    >>> import numpy as np
    >>> from ebm import DBMTransformer
    >>> X = (np.random.default_rng(0).random((100, 20)) < 0.3).astype(float)
    >>> DBMTransformer((8, 5), epochs=2, random_state=0).fit_transform(X).shape
    (100, 5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": ["array-like"],
        "visible": [StrOptions({"auto", "bernoulli", "gaussian"})],
        "pretrain_epochs": [Interval(Integral, 0, None, closed="left")],
        "pretrain_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "gibbs_steps": [Interval(Integral, 1, None, closed="left")],
        "centred": ["boolean"],
        "tolerance": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (128, 128),
        *,
        visible: Literal["auto", "bernoulli", "gaussian"] = "auto",
        pretrain_epochs: int = 10,
        pretrain_learning_rate: float = 0.05,
        epochs: int = 20,
        batch_size: int = 100,
        learning_rate: float = 0.01,
        gibbs_steps: int = 5,
        centred: bool = True,
        tolerance: float = 1e-6,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.visible = visible
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_learning_rate = pretrain_learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.gibbs_steps = gibbs_steps
        self.centred = centred
        self.tolerance = tolerance
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Pretrain a new machine, and train all its layers together.

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
        sizes = [int(size) for size in self.hidden_layer_sizes]
        if not sizes or min(sizes) < 1:
            raise ValueError(f"hidden_layer_sizes must be numbers >= 1, not {sizes}")
        check_range(X, self.visible)
        weights = checked_weights(sample_weight, X)
        random_state = check_random_state(self.random_state)
        self.visible_layer_ = learn_visible_layer(X, weights, self.visible)
        rows = merge_equal_rows(X, np.empty((X.shape[0], 0)), weights)
        scaled = self.visible_layer_.scaled(rows.X)
        generator = new_generator(random_state, "cpu")
        self.dbm_ = self._begin(scaled, rows.weights, sizes, generator)
        self._n_features_out = sizes[-1]
        self.history_ = fit_dbm(
            self.dbm_,
            scaled,
            JointOptions(
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate * self.visible_layer_.rate_factor,
                gibbs_steps=self.gibbs_steps,
                centred=self.centred,
                set_visible_bias=self.pretrain_epochs == 0,
            ),
            sample_weight=rows.weights,
            generator=generator,
        )
        return self

    def transform(self, X: Any) -> NDArray[np.floating[Any]]:
        """Means of the top layer, in [0, 1].

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, hidden_layer_sizes[-1]), of X's float type
        """
        dbm, X = self._prepared(X)
        return hidden_means(dbm, X, tolerance=self.tolerance)[-1].cpu().numpy()

    def score_samples(self, X: Any) -> NDArray[np.floating[Any]]:
        """Lower bound on log p(v) of each row, without its log Z, in nats: (n_samples,).

        Rows of one machine can be compared by it: high is likely. Gaussian columns are scaled.
        """
        dbm, X = self._prepared(X)
        place = Placement(dbm.weights[0].dtype, dbm.weights[0].device).place
        starts = range(0, X.shape[0], ROWS_AT_ONCE)
        with torch.no_grad():
            scores = [
                variational_bound_nats(dbm, place(X[start : start + ROWS_AT_ONCE]), 0.0)
                for start in starts
            ]
        return torch.cat(scores).cpu().numpy()

    def _begin(
        self,
        rows: Any,
        weights: NDArray[np.float64],
        sizes: list[int],
        generator: torch.Generator,
    ) -> DBM:
        """Return the machine that joint training starts from."""
        visible = self.visible_layer_.unit(rows.shape[1])
        if self.pretrain_epochs == 0:
            return DBM([visible, *(Bernoulli(size) for size in sizes)], generator=generator)
        rate = self.pretrain_learning_rate
        rates = [rate * self.visible_layer_.rate_factor] + [rate] * (len(sizes) - 1)
        options = [
            TrainingOptions(
                epochs=self.pretrain_epochs,
                batch_size=self.batch_size,
                learning_rate=each,
                centred=False,
                monitor_every=self.pretrain_epochs,
                pseudo_likelihood_rows=0,
            )
            for each in rates
        ]
        dbm, _ = pretrain_dbm(
            rows, sizes, options, visible=visible, sample_weight=weights, generator=generator
        )
        return dbm

    def _prepared(self, X: Any) -> tuple[DBM, Any]:
        """Return the machine in X's number type, and X checked and scaled."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        dbm = self.dbm_
        if X.dtype == np.float64:
            dbm = DBM.from_config(dbm.to_config()).to(torch.float64)
            dbm.load_state_dict(self.dbm_.state_dict())
        return dbm, self.visible_layer_.scaled(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

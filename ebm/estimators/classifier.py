"""DBNClassifier: greedy pretraining, then fine-tuning, behind scikit-learn's interface."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from ebm.dbn import DBN, pretrain_greedily
from ebm.estimators.inputs import (
    FLOATS,
    TrainingRows,
    checked_weights,
    merge_equal_rows,
    new_generator,
)
from ebm.estimators.targets import Targets, encode_targets
from ebm.estimators.visible import check_range, learn_visible_layer
from ebm.finetune import FinetuneOptions, fine_tune, predict_logits, probabilities
from ebm.finetune.options import Task
from ebm.network import Network
from ebm.train import History, TrainingOptions


class DBNClassifier(ClassifierMixin, BaseEstimator):
    """Deep belief network classifier: binary, multi-class, or multi-label with missing labels.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int
        Sizes of the hidden layers, bottom first.
    visible : {'auto', 'bernoulli', 'gaussian'}
        Kind of the visible units, see `RBMTransformer`.
    pretrain_epochs : int
        Epochs of CD-1 for each layer; 0 leaves pretraining out and starts from random weights.
    pretrain_learning_rate : float
        For Bernoulli visible units; a tenth of it is used for Gaussian ones.
    epochs : int
        Epochs of fine-tuning.
    batch_size : int
        Rows in a minibatch, of pretraining and of fine-tuning.
    learning_rate : float
        Highest rate of the fine-tuning's schedule.
    schedule : {'one_cycle', 'cosine', 'constant'}
    weight_decay : float
        Decoupled decay of AdamW; never of biases.
    dropout, input_dropout : float
        Share of hidden units and of inputs that a step of fine-tuning leaves out.
    class_weight : None, 'balanced' or dict
        Dict from class to weight; for multi-label from 0 and 1.
    label_smoothing : float
    early_stopping : bool
        Keep `validation_fraction` of the rows back, stop after `patience` epochs without a lower
        loss on them, and keep the weights of the best epoch.
    validation_fraction : float
    patience : int
    random_state : int, RandomState or None
    device : str
        Where to train, such as 'cpu' or 'cuda'.

    Attributes
    ----------
    network_ : Network
        The fine-tuned network.
    dbn_ : DBN or None
        The pretrained stack, as it was before fine-tuning; None without pretraining.
    pretraining_histories_ : list of History
    history_ : FinetuneHistory
    classes_ : ndarray
        For multi-label the column numbers of y.
    task_ : {'binary', 'multi_class', 'multi_label'}
    visible_layer_ : VisibleLayer
    n_features_in_ : int
    feature_names_in_ : ndarray of str, when X had names

    Notes
    -----
    Equal rows of (X, y) are merged and their weights added, see `RBMTransformer`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from ebm import DBNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = DBNClassifier((64,), epochs=5, random_state=0).fit(X / 16, y)
    >>> bool(model.score(X / 16, y) > 0.9)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": ["array-like"],
        "visible": [StrOptions({"auto", "bernoulli", "gaussian"})],
        "pretrain_epochs": [Interval(Integral, 0, None, closed="left")],
        "pretrain_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions({"one_cycle", "cosine", "constant"})],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [None, StrOptions({"balanced"}), dict],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "device": [str],
    }

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (256,),
        *,
        visible: Literal["auto", "bernoulli", "gaussian"] = "auto",
        pretrain_epochs: int = 10,
        pretrain_learning_rate: float = 0.05,
        epochs: int = 50,
        batch_size: int = 32,
        learning_rate: float = 1e-2,
        schedule: Literal["one_cycle", "cosine", "constant"] = "one_cycle",
        weight_decay: float = 1e-2,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        class_weight: Mapping[Any, float] | str | None = None,
        label_smoothing: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        random_state: Any = None,
        device: str = "cpu",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.visible = visible
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_learning_rate = pretrain_learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Pretrain and fine-tune a new network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes; or 0, 1 and NaN (missing) in several columns.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        rows = self._checked(X, y, sample_weight, classes=None, first=True)
        train, validation = self._split(rows) if self.early_stopping else (rows, None)
        self._begin(train)
        self._fine_tune(train, validation, self.epochs, self.schedule)
        return self

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Fine-tune for one epoch on some more data, at a constant rate.

        The first call pretrains on its data; nothing is kept back for early stopping.

        Parameters
        ----------
        X, y, sample_weight
            See `fit`.
        classes : array-like, optional
            All classes, at the first call, where y may lack some.

        Returns
        -------
        self
        """
        first = not hasattr(self, "network_")
        known = np.unique(classes) if classes is not None else None
        if not first and self.task_ != "multi_label":
            known = self.classes_
        rows = self._checked(X, y, sample_weight, classes=known, first=first)
        if first:
            self._begin(rows)
        self._fine_tune(rows, None, 1, "constant")
        return self

    def decision_function(self, X: Any) -> NDArray[np.floating[Any]]:
        """Logits: shape (n_samples,) for two classes, else (n_samples, n_classes or n_labels)."""
        logits = self._logits(X).cpu().numpy()
        return logits[:, 0] if self.task_ == "binary" else logits

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Probability of each class, shape (n_samples, n_classes), or of each label being 1."""
        probability = probabilities(self._logits(X), self.task_).cpu().numpy()
        return np.hstack([1 - probability, probability]) if self.task_ == "binary" else probability

    def predict(self, X: Any) -> NDArray[Any]:
        """Most probable class, shape (n_samples,); or 0 and 1 for each label."""
        logits = self._logits(X).cpu().numpy()
        if self.task_ == "multi_label":
            return (logits > 0).astype(np.int64)
        chosen = logits.argmax(1) if self.task_ == "multi_class" else (logits[:, 0] > 0).astype(int)
        return self.classes_[chosen]

    def _logits(self, X: Any) -> Tensor:
        """Logits in X's number type."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        network = self.network_
        if X.dtype == np.float64:
            network = Network.from_config(network.to_config()).to(
                network.head.bias.device, torch.float64
            )
            network.load_state_dict(self.network_.state_dict())
        return predict_logits(network, self.visible_layer_.scaled(X))

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, *, classes: Any, first: bool
    ) -> TrainingRows:
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=first)
        if y is None:
            raise ValueError("DBNClassifier requires y to be passed, but the target y is None")
        weights = checked_weights(sample_weight, X)
        check_consistent_length(X, y)
        check_range(X, self.visible)
        heavy = weights > 0
        y = y[heavy] if hasattr(y, "toarray") else np.asarray(y)[heavy]
        targets = encode_targets(y, classes)
        self._remember(targets, first=first)
        return merge_equal_rows(X[heavy], targets.codes, weights[heavy])

    def _remember(self, targets: Targets, *, first: bool) -> None:
        if not first and (targets.task, len(targets.classes)) != (self.task_, len(self.classes_)):
            raise ValueError(f"y is {targets.task} now, but was {self.task_} at the first call")
        self.task_: Task = targets.task
        self.classes_: NDArray[Any] = targets.classes
        self._n_outputs = targets.n_outputs

    def _begin(self, rows: TrainingRows) -> None:
        """Make the network that fine-tuning starts from."""
        sizes = [int(size) for size in self.hidden_layer_sizes]
        if not sizes or min(sizes) < 1:
            raise ValueError(f"hidden_layer_sizes must be numbers >= 1, not {sizes}")
        self.random_state_ = check_random_state(self.random_state)
        self.visible_layer_ = learn_visible_layer(rows.X, rows.weights, self.visible)
        generator = new_generator(self.random_state_, self.device)
        self.dbn_: DBN | None = None
        self.pretraining_histories_: list[History] = []
        if self.pretrain_epochs == 0:
            self.network_ = Network.from_sizes(
                [rows.X.shape[1], *sizes],
                self._n_outputs,
                dropout=self.dropout,
                input_dropout=self.input_dropout,
                generator=generator,
            )
            return
        self.dbn_, self.pretraining_histories_ = pretrain_greedily(
            self.visible_layer_.scaled(rows.X),
            sizes,
            self._pretraining_options(len(sizes)),
            visible=self.visible_layer_.unit(rows.X.shape[1]),
            sample_weight=rows.weights,
            generator=generator,
            device=self.device,
        )
        self.network_ = self.dbn_.to_network(
            self._n_outputs,
            dropout=self.dropout,
            input_dropout=self.input_dropout,
            generator=generator,
        )

    def _pretraining_options(self, depth: int) -> list[TrainingOptions]:
        rate = self.pretrain_learning_rate
        rates = [rate * self.visible_layer_.rate_factor] + [rate] * (depth - 1)
        return [
            TrainingOptions(
                epochs=self.pretrain_epochs,
                batch_size=self.batch_size,
                learning_rate=each,
                monitor_every=self.pretrain_epochs,
            )
            for each in rates
        ]

    def _fine_tune(
        self, train: TrainingRows, validation: TrainingRows | None, epochs: int, schedule: Any
    ) -> None:
        options = FinetuneOptions(
            task=self.task_,
            epochs=epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            schedule=schedule,
            weight_decay=self.weight_decay,
            patience=self.patience,
            class_weight=self._class_weight(),
            label_smoothing=self.label_smoothing,
        )
        scaled = self.visible_layer_.scaled
        held = None if validation is None else (scaled(validation.X), validation.y)
        self.history_ = fine_tune(
            self.network_,
            scaled(train.X),
            train.y,
            options,
            validation=held,
            sample_weight=train.weights,
            generator=new_generator(self.random_state_, self.device),
        )
        self.n_iter_ = len(self.history_.records)

    def _class_weight(self) -> Any:
        if not isinstance(self.class_weight, Mapping):
            return self.class_weight
        classes = [0, 1] if self.task_ == "multi_label" else self.classes_.tolist()
        unknown = set(self.class_weight) - set(classes)
        if unknown:
            raise ValueError(f"class_weight names classes that y does not have: {sorted(unknown)}")
        return [float(self.class_weight.get(label, 1.0)) for label in classes]

    def _split(self, rows: TrainingRows) -> tuple[TrainingRows, TrainingRows]:
        """Keep a part of the rows back, with each class's share where that is possible."""
        index = np.arange(len(rows.weights))
        labels = rows.y[:, 0]
        stratify = None
        if self.task_ != "multi_label" and np.unique(labels, return_counts=True)[1].min() > 1:
            stratify = labels
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        kept, held = train_test_split(
            index, test_size=self.validation_fraction, random_state=seed, stratify=stratify
        )
        return _part(rows, np.sort(kept)), _part(rows, np.sort(held))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


def _part(rows: TrainingRows, index: NDArray[np.int64]) -> TrainingRows:
    return TrainingRows(rows.X[index], rows.y[index], rows.weights[index])

"""A scikit-learn classifier over molecules: the screening model as a notebook uses it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from screening.assay import (
    PLAIN,
    Assay,
    ClassPair,
    Ledger,
    assay_of,
    labels_of,
    make_threshold,
)
from screening.chemistry import Standardiser, smiles_of
from screening.estimator import (
    MoleculeEstimator,
    figures_by_model,
    in_their_order,
    require_same_level,
)
from screening.explain import AtomContributions, explain_molecule
from screening.library.predict import described, scores_alone
from screening.model import (
    ModelOptions,
    Pretrained,
    ScreeningModel,
    is_values_file,
    load_pretrained,
    save_model,
    train_model,
)
from screening.model import load_model as read_model
from screening.model.regression.file import load_regression
from screening.progress import Stages
from screening.regressor import ScreeningRegressor

_DEFAULT = ModelOptions()


class ScreeningClassifier(ClassifierMixin, MoleculeEstimator):
    """An ensemble of deep belief networks that tells active from inactive compounds.

    What `ebmscreen train` trains, as a scikit-learn classifier over SMILES or RDKit molecules.

    Parameters
    ----------
    active_above, active_below : float or str, optional
        Labels are measured values, and compounds above (below) this one are active; one of the two.
        A text has a unit (`"100nM"`), for values that have one, or are named as in pIC50.
    active_class : object, optional
        Which of two labels is the active one, where they do not say so themselves.
    conflicts : {'drop', 'majority', 'error'}
        What is done with one structure that is both active and inactive.
    features, forest_features : sequence of str
        Feature blocks of networks and forest, and those that the forest alone sees.
    labels : {'graded', 'hard'}
        Whether measured values teach by their distance from the threshold.
    standardize : {'none', 'parent', 'tautomer'}
        How structures are cleaned.
    units : {'rectified', 'sigmoid'}
        Of the hidden layers.
    hidden : tuple of int
        Sizes of the hidden layers, lowest first.
    ensemble_size : int
        Networks.
    column_share : float in (0, 1]
        The part of the columns that each network sees.
    pretrain : {'rbm', 'none'}
        Start from restricted Boltzmann machines, or from random weights.
    pretrained : path or Pretrained, optional
        Experimental. Start from this stack (see `screening.pretrain`); it decides features,
        standardisation and sizes.
    blend : str
        What is blended with the networks: forest (a random forest), kernel (a ridge regression on
        Tanimoto similarities), descriptors (a forest of descriptors alone), joined by commas; or
        none.
    pretrain_epochs, epochs : int
        Passes over the compounds, of each RBM and of fine-tuning.
    learning_rate, weight_decay, dropout, input_dropout : float
    batch_size : int
    folds : int
        Of the cross-validation behind calibration and quality; whole scaffolds are held out.
    max_atoms : int
        Heavy atoms; larger molecules are not read.
    random_state : int, RandomState or None
        Decides everything random; the same int repeats everything on a CPU.
    n_jobs : int, optional
        Processes that train, and predict many compounds; -1 for all cores, 1 when None. Model and
        predictions are the same for any number.
    progress : bool
        Whether long calls show a bar.

    Attributes
    ----------
    classes_ : array of shape (2,), or list of them
        Both labels as scikit-learn orders them; a list for several tasks.
    active_class_ : object
        The label that stands for active.
    tasks_ : tuple of str
    ledger_ : Ledger
        What curation did with every row: rejected, merged, contradicting.
    model_ : ScreeningModel
    quality_ : DataFrame
        Held-out figures of the model beside its baselines.

    Notes
    -----
    Repeated structures are merged, and unreadable ones left out of the training, with a warning.
    What cannot be read has NaN where it is predicted, at its own place.

    More than 500 compounds are predicted by worker processes. A molecule that keeps one of them
    longer than the model's time limit (10 s), or ends it, is left out like one that cannot be read:
    `predict_table` gives `timeout` or `crash` as its reason. To begin workers takes seconds, so
    fewer compounds are predicted in this process, where nothing stops a molecule.

    Examples
    --------
    >>> from screening import ScreeningClassifier
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> model = ScreeningClassifier(
    ...     hidden=(8,), ensemble_size=1, blend="none", folds=2, progress=False
    ... )
    >>> _ = model.fit(acids + amines, ["active"] * 15 + ["inactive"] * 15)
    >>> model.classes_
    array(['active', 'inactive'], dtype='<U8')
    >>> model.predict(["CCCCCC(=O)O", "CCCCCCN"])
    array(['active', 'inactive'], dtype='<U8')
    >>> model.predict_proba(["CCCCCC(=O)O", "not a molecule"])[1]
    array([nan, nan])
    >>> model.predict_table(["not a molecule"])["reason"].tolist()
    ['parse']
    """

    def __init__(
        self,
        *,
        active_above: float | str | None = None,
        active_below: float | str | None = None,
        active_class: Any = None,
        conflicts: str = "drop",
        features: Sequence[str] = _DEFAULT.features,
        forest_features: Sequence[str] = _DEFAULT.forest_features,
        labels: str = _DEFAULT.labels,
        standardize: str = _DEFAULT.standardize,
        units: str = _DEFAULT.units,
        hidden: Sequence[int] = _DEFAULT.hidden,
        ensemble_size: int = _DEFAULT.ensemble_size,
        column_share: float = _DEFAULT.column_share,
        pretrain: str = _DEFAULT.pretrain,
        pretrained: str | Path | Pretrained | None = None,
        blend: str = _DEFAULT.blend,
        pretrain_epochs: int = _DEFAULT.pretrain_epochs,
        epochs: int = _DEFAULT.epochs,
        learning_rate: float = _DEFAULT.learning_rate,
        weight_decay: float = _DEFAULT.weight_decay,
        dropout: float = _DEFAULT.dropout,
        input_dropout: float = _DEFAULT.input_dropout,
        batch_size: int = _DEFAULT.batch_size,
        folds: int = _DEFAULT.folds,
        max_atoms: int = _DEFAULT.limits.max_atoms,
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
        progress: bool = True,
    ) -> None:
        self.active_above = active_above
        self.active_below = active_below
        self.active_class = active_class
        self.conflicts = conflicts
        self.features = features
        self.forest_features = forest_features
        self.labels = labels
        self.standardize = standardize
        self.units = units
        self.hidden = hidden
        self.ensemble_size = ensemble_size
        self.column_share = column_share
        self.pretrain = pretrain
        self.pretrained = pretrained
        self.blend = blend
        self.pretrain_epochs = pretrain_epochs
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.batch_size = batch_size
        self.folds = folds
        self.max_atoms = max_atoms
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    @classmethod
    def of_model(cls, model: ScreeningModel) -> Self:
        """Return a fitted classifier around a trained model."""
        options = model.options
        made = cls(
            **cls._chosen_in(options),
            **model.provenance.get("labels", {}).get("parameters", {}),
        )
        classes = model.provenance.get("labels", {}).get("classes")
        made._take(model, PLAIN if classes is None else ClassPair(*classes))
        return made

    def fit(self, X: Any, y: Any = None) -> Self:
        """Curate, pretrain, fine-tune, cross-validate and calibrate.

        Parameters
        ----------
        X : sequence of n str or Mol, or Assay
            Compounds; or an assay of `read_assay`, which has its labels.
        y : sequence of n, or table of shape (n, n_tasks)
            Labels of two classes, or values where `active_above` or `active_below` is given. None,
            NaN and empty texts are missing.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Parameters or labels cannot be used.
        UserError
            No compound, or one class only, is left after curation.
        """
        options, pretrained = self._settings()
        assay, classes = self._curated(X, y, options)
        with Stages(self.progress) as stages:
            model = train_model(
                assay,
                options,
                pretrained=pretrained,
                workers=self._workers(),
                on_step=stages.step,
            )
        given = {name: getattr(self, name) for name in ("active_above", "active_below")}
        model.provenance["labels"] = {
            "classes": [classes.inactive, classes.active],
            "parameters": {
                **given,
                "active_class": self.active_class,
                "conflicts": self.conflicts,
            },
        }
        self._take(model, classes)
        self.ledger_ = assay.ledger
        return self

    def _take(self, model: ScreeningModel, classes: ClassPair) -> None:
        self.model_ = model
        self.tasks_ = model.tasks
        self.active_class_ = classes.active
        in_order = classes.sorted()
        self.classes_ = in_order if len(model.tasks) == 1 else [in_order] * len(model.tasks)
        self.ledger_ = Ledger.from_dict(model.provenance["ledger"])

    def _settings(self) -> tuple[ModelOptions, Pretrained | None]:
        """Return what the model is trained with, and the stack that it starts from."""
        options, pretrained = self._options(), self.pretrained
        if isinstance(pretrained, str | Path):
            pretrained = load_pretrained(Path(pretrained))
        return (options if pretrained is None else pretrained.applied_to(options)), pretrained

    def _curated(self, X: Any, y: Any, options: ModelOptions) -> tuple[Assay, ClassPair]:
        threshold = make_threshold(self.active_above, self.active_below)
        if isinstance(X, Assay):
            if y is not None or threshold is not None:
                raise ValueError("an assay has its labels; give neither y nor a threshold beside.")
            require_same_level(X, options)
            return X, PLAIN
        assay, classes = assay_of(
            X,
            y,
            threshold=threshold,
            active_class=self.active_class,
            standardiser=Standardiser(options.standardize),
            limits=options.limits,
            conflicts=self.conflicts,
            workers=self._workers(),
        )
        self._warn_of_losses(assay.ledger)
        return assay, classes

    def predict_proba(self, X: Any) -> NDArray[np.float64] | list[NDArray[np.float64]]:
        """Return the probability of each class, calibrated at the assay's base rate.

        Parameters
        ----------
        X : sequence of n str or Mol

        Returns
        -------
        float64 array of shape (n, 2), or a list of them
            Columns as in `classes_`; NaN in the row of a compound that cannot be read. A list with
            an array a task where there are several.
        """
        active = self._active(X)
        first = self._active_column()
        both = [np.column_stack([1 - p, p] if first else [p, 1 - p]) for p in active.T]
        return both[0] if len(self.tasks_) == 1 else both

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the more probable label of each compound.

        Parameters
        ----------
        X : sequence of n str or Mol

        Returns
        -------
        array of shape (n,) or (n, n_tasks)
            Of labels as in `classes_`. Where a compound cannot be read the label is NaN, and the
            array of floats, if labels are numbers; else None, and the array of objects.
        """
        active = self._active(X)
        in_order = self.classes_ if len(self.tasks_) == 1 else self.classes_[0]
        chosen = (active > 0.5).astype(int)
        found = in_order[chosen if self._active_column() else 1 - chosen]
        unread = np.isnan(active)
        if unread.any():
            numeric = found.dtype.kind in "iuf"
            found = found.astype(np.float64 if numeric else object)
            found[unread] = np.nan if numeric else None
        return found[:, 0] if len(self.tasks_) == 1 else found

    def predict_table(
        self,
        X: Any,
        *,
        ids: Sequence[str] | None = None,
        risk: float = 0.1,
        prevalence: float | None = None,
    ) -> pd.DataFrame:
        """Return everything that the model says of each compound.

        Parameters
        ----------
        X : sequence of n str or Mol
        ids
            Names; none where None.
        risk : float in (0, 1)
            Accepted share of wrong prediction sets.
        prevalence : float in (0, 1), optional
            Share of actives among such compounds; restates the score.

        Returns
        -------
        DataFrame
            One row a compound, in the order of X. The columns are those of hits.csv that are about
            the compound itself (docs/method.md says what each means), and `reason` and `message`:
            why a row could not be read, empty where it could.
        """
        check_is_fitted(self)
        texts = smiles_of(X)
        finish = partial(described, risk=risk, prevalence=prevalence)
        return in_their_order(self._predicted(self.model_, texts, finish), texts, ids)

    def explain(self, X: str | Chem.Mol, task: str | None = None) -> AtomContributions:
        """Explain the score of one compound by what each atom contributes.

        Parameters
        ----------
        X : str or Mol
        task
            The first when None.

        Returns
        -------
        AtomContributions
            Draws itself in a notebook: blue atoms raise the score, orange atoms lower it.

        Raises
        ------
        UserError
            The structure cannot be read, or there is no such task.
        """
        check_is_fitted(self)
        (smiles,) = smiles_of([X])
        return explain_molecule(self.model_, smiles, task)

    def save(self, path: str | Path) -> None:
        """Write the model to one file, which `load_model` and `ebmscreen screen` read."""
        check_is_fitted(self)
        save_model(self.model_, Path(path))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of right labels, of the compounds that have one and can be read.

        Parameters
        ----------
        X : sequence of n str or Mol
        y : sequence of n, or table of shape (n, n_tasks)
            Labels or values, as for `fit`.
        sample_weight : array of shape (n,), optional

        Returns
        -------
        float
            NaN where no compound has a label and can be read.
        """
        active = self._active(X)
        classes = self.classes_ if len(self.tasks_) == 1 else self.classes_[0]
        inactive = classes[0] if self._active_column() else classes[1]
        threshold = make_threshold(self.active_above, self.active_below)
        truth = labels_of(y, ClassPair(inactive, self.active_class_), threshold)
        known = ~np.isnan(active) & ~np.isnan(truth)
        if not known.any():
            return float("nan")
        right = (active > 0.5) == (truth == 1)
        weights = np.ones(len(active)) if sample_weight is None else np.asarray(sample_weight)
        weights = np.broadcast_to(weights[:, None], known.shape)
        return float(np.average(right[known], weights=weights[known]))

    @property
    def quality_(self) -> pd.DataFrame:
        """Held-out figures by task and model: ROC-AUC, PR-AUC, enrichment, Brier score."""
        check_is_fitted(self, "model_")
        return figures_by_model(self.model_.quality["tasks"])

    def _active_column(self) -> int:
        classes = self.classes_ if len(self.tasks_) == 1 else self.classes_[0]
        return int(classes[1] == self.active_class_)

    def _active(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of being active, shape (n, n_tasks); NaN for what is unread."""
        check_is_fitted(self)
        texts = smiles_of(X)
        found = self._predicted(self.model_, texts, scores_alone)
        active = np.full((len(texts), len(self.tasks_)), np.nan)
        active[found.places] = found.known.to_pandas()
        return active

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        return tags


def load_model(path: str | Path) -> ScreeningClassifier | ScreeningRegressor:
    """Read a model file, and return it as a fitted estimator.

    Parameters
    ----------
    path
        What `save` of an estimator or `ebmscreen train` wrote.

    Returns
    -------
    ScreeningClassifier or ScreeningRegressor
        The latter where `ScreeningRegressor.save` wrote it.

    Raises
    ------
    UserError
        The file is missing, damaged or of another kind, or its scores cannot be reproduced here.

    Examples
    --------
    >>> from screening import ScreeningClassifier, load_model
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> model = ScreeningClassifier(
    ...     hidden=(8,), ensemble_size=1, blend="none", folds=2, progress=False
    ... ).fit(acids + amines, [1] * 15 + [0] * 15)
    >>> model.save("acids.ebm")
    >>> load_model("acids.ebm").predict(["CCCCCC(=O)O", "CCCCCCN"])
    array([1, 0])
    """
    if is_values_file(Path(path)):
        return ScreeningRegressor.of_model(load_regression(Path(path)))
    return ScreeningClassifier.of_model(read_model(Path(path)))

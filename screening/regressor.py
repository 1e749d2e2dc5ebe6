"""A scikit-learn regressor over molecules: measured values predicted, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from screening.assay import Assay, Ledger
from screening.assay.measured import MeasuredAssay, exact_values, measured_assay, named_unit
from screening.chemistry import Standardiser, smiles_of
from screening.estimator import (
    MoleculeEstimator,
    figures_by_model,
    in_their_order,
    require_same_level,
)
from screening.features import RawFeatures
from screening.hits import named
from screening.library.scoring import Scored
from screening.model import ModelOptions, Near
from screening.model.regression.file import save_regression
from screening.model.regression.model import RegressionModel
from screening.progress import Stages

_DEFAULT = ModelOptions()
_FOREST_OR_NONE = ("forest", "none")


class ScreeningRegressor(RegressorMixin, MoleculeEstimator):
    """Predicts measured values: a kernel machine and a forest, blended, with conformal intervals.

    What `ebmscreen train` adds to a classifier of measured values, alone and without a threshold,
    over SMILES or RDKit molecules.

    Parameters
    ----------
    unit : str, optional
        That values are brought to and predicted in, and that numbers without a unit are in, such as
        `"nM"` or `"p"` (-log10 of mol/L); the unit of most values, or of the name of y, when None.
    features : sequence of str
        Feature blocks that all see.
    standardize : {'none', 'parent', 'tautomer'}
        How structures are cleaned.
    blend : {'forest', 'none'}
        Whether the kernel machine is blended with a random forest.
    folds : int
        Of the cross-validation behind weights and quality; whole scaffolds are held out.
    max_atoms : int
        Heavy atoms; larger molecules are not read.
    random_state : int, RandomState or None
        Decides everything random; the same int repeats everything.
    n_jobs : int, optional
        Processes that train, and predict many compounds; -1 for all cores, 1 when None. Model and
        predictions are the same for any number.
    progress : bool
        Whether long calls show a bar.

    Attributes
    ----------
    tasks_ : tuple of str
    units_ : tuple of str
        Of the predicted values, one a task; empty where none is known.
    ledger_ : Ledger
        What curation did with every row: rejected, merged.
    model_ : RegressionModel
    quality_ : DataFrame
        Held-out figures of the model beside those of its parts.

    Notes
    -----
    Concentrations are learned by their logarithm, since their errors are factors; all other values
    as they are. Limits (`">10000"`) teach that the value lies beyond them. Repeated structures get
    their median, and unreadable ones are left out of the training, with a warning. What cannot be
    read has NaN where it is predicted, at its own place.

    Examples
    --------
    >>> from screening import ScreeningRegressor
    >>> chains = ["C" * n + "O" for n in range(1, 25)]
    >>> model = ScreeningRegressor(blend="none", folds=2, progress=False)
    >>> _ = model.fit(chains, [0.5 * n for n in range(1, 25)])
    >>> values = model.predict(["CCCCCCCO", "not a molecule"])
    >>> bool(2.5 < values[0] < 4.5), float(values[1])
    (True, nan)
    >>> low, high = model.predict_interval(["CCCCCCCO"], risk=0.2)[0]
    >>> bool(low < values[0] < high)
    True
    """

    def __init__(
        self,
        *,
        unit: str | None = None,
        features: Sequence[str] = _DEFAULT.features,
        standardize: str = _DEFAULT.standardize,
        blend: str = "forest",
        folds: int = _DEFAULT.folds,
        max_atoms: int = _DEFAULT.limits.max_atoms,
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
        progress: bool = True,
    ) -> None:
        self.unit = unit
        self.features = features
        self.standardize = standardize
        self.blend = blend
        self.folds = folds
        self.max_atoms = max_atoms
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    @classmethod
    def of_model(cls, model: RegressionModel) -> Self:
        """Return a fitted regressor around a trained model."""
        made = cls(**cls._chosen_in(model.options), unit=model.provenance["unit"])
        made._take(model)
        return made

    def fit(self, X: Any, y: Any = None) -> Self:
        """Curate, learn, cross-validate, and learn how far predictions may be off.

        Parameters
        ----------
        X : sequence of n str or Mol, or Assay
            Compounds; or an assay of `read_assay` with measured values, which has them.
        y : sequence of n, or table of shape (n, n_tasks)
            Numbers, or texts with a limit or a unit such as `">10 uM"`. None, NaN and empty texts
            are missing.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Parameters cannot be used, or a task has fewer than ten values that differ.
        UserError
            A text is no value, or none can be brought to the unit.
        """
        # What trains is loaded by who trains.
        from screening.model.regression.training import train_regression

        if self.blend not in _FOREST_OR_NONE:
            raise ValueError(f"blend is {self.blend!r}; it is forest or none.")
        options = self._options()
        measured = self._measured(X, y, options)
        with Stages(self.progress) as stages:
            model = train_regression(
                measured, options, workers=self._workers(), on_step=stages.step
            )
        model.provenance["unit"] = self.unit
        self._take(model)
        self.ledger_ = measured.assay.ledger
        return self

    def _take(self, model: RegressionModel) -> None:
        self.model_ = model
        self.tasks_ = model.tasks
        self.units_ = tuple(model.values[task].scale.unit for task in model.tasks)
        self.ledger_ = Ledger.from_dict(model.provenance["ledger"])

    def _measured(self, X: Any, y: Any, options: ModelOptions) -> MeasuredAssay:
        if isinstance(X, Assay):
            if y is not None or self.unit is not None:
                raise ValueError("an assay has its values; give neither y nor a unit beside.")
            require_same_level(X, options)
            return MeasuredAssay.of(X)
        measured = measured_assay(
            X,
            y,
            unit=self.unit,
            standardiser=Standardiser(options.standardize),
            limits=options.limits,
            workers=self._workers(),
        )
        self._warn_of_losses(measured.assay.ledger)
        return measured

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predicted value of each compound, in the unit of the training values.

        Parameters
        ----------
        X : sequence of n str or Mol

        Returns
        -------
        float64 array of shape (n,) or (n, n_tasks)
            NaN where a compound cannot be read.
        """
        values, _ = self._told(X)
        return values[:, 0] if len(self.tasks_) == 1 else values

    def predict_interval(self, X: Any, risk: float = 0.1) -> NDArray[np.float64]:
        """Return the conformal interval of each value: wider where less is known.

        Parameters
        ----------
        X : sequence of n str or Mol
        risk : float in (0, 1)
            Share of compounds like those of the training whose value lies outside.

        Returns
        -------
        float64 array of shape (n, 2) or (n, n_tasks, 2)
            Lower and upper end in the unit. NaN where a compound cannot be read, and everywhere
            where there are too few held-out compounds for the risk.

        Raises
        ------
        ValueError
            The risk is not between 0 and 1.
        """
        if not 0 < risk < 1:
            raise ValueError(f"risk is {risk!r}; it lies between 0 and 1.")
        values, spreads = self._told(X)
        found = np.empty((*values.shape, 2))
        for index, task in enumerate(self.tasks_):
            own = self.model_.values[task]
            learned = own.scale.learned(values[:, index])
            found[:, index] = np.column_stack(own.interval(learned, spreads[:, index], risk))
        return found[:, 0] if len(self.tasks_) == 1 else found

    def predict_table(
        self, X: Any, *, ids: Sequence[str] | None = None, risk: float = 0.1
    ) -> pd.DataFrame:
        """Return everything that the model says of each compound.

        Parameters
        ----------
        X : sequence of n str or Mol
        ids
            Names; none where None.
        risk : float in (0, 1)
            Of the intervals.

        Returns
        -------
        DataFrame
            One row a compound, in the order of X: `value`, `value_low` and `value_high` in the
            unit; `potency`, the value as -log10 of mol/L, where the unit is a concentration or a
            p-value; `in_domain`; `nearest_id`, `nearest_similarity` and `nearest_value` of the most
            similar training compound; `in_training`; `reason` and `message`, why a row could not be
            read, empty where it could. With several tasks there are `value_<task>` and so on.
        """
        check_is_fitted(self)
        texts = smiles_of(X)
        finish = partial(values_told, risk=risk)
        return in_their_order(self._predicted(self.model_, texts, finish, values_said), texts, ids)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² of the predictions, of compounds that have a value and can be read.

        On the scale that is learned: of concentrations it is that of their logarithms. Limits, and
        values of tasks without, do not count; with several tasks it is the mean.

        Parameters
        ----------
        X : sequence of n str or Mol
        y : sequence of n, or table of shape (n, n_tasks)
            Values, as for `fit`; numbers without a unit are in the unit of the model.
        sample_weight : array of shape (n,), optional

        Returns
        -------
        float
            NaN where fewer than two compounds have a value and can be read.
        """
        values, _ = self._told(X)
        truth = exact_values(y, [named_unit(name) if name else None for name in self.units_])
        weights = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight)
        found = []
        for index, task in enumerate(self.tasks_):
            learned = self.model_.values[task].scale.learned
            with np.errstate(divide="ignore", invalid="ignore"):
                own, said = learned(truth[:, index]), learned(values[:, index])
            known = np.isfinite(own) & np.isfinite(said)
            if known.sum() > 1:
                found.append(r2_score(own[known], said[known], sample_weight=weights[known]))
        return float(np.mean(found)) if found else float("nan")

    def save(self, path: str | Path) -> None:
        """Write the model to one file, which `load_model` reads."""
        check_is_fitted(self)
        save_regression(self.model_, Path(path))

    @property
    def quality_(self) -> pd.DataFrame:
        """Held-out figures by task and model: RMSE, MAE, rank correlation, coverage at risk 0.1."""
        check_is_fitted(self, "model_")
        found = self.model_.quality["values"].items()
        return figures_by_model({task: own["models"] for task, own in found})

    def _told(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return values in the unit, and spreads on the learned scale, each (n, n_tasks).

        NaN for what cannot be read.
        """
        check_is_fitted(self)
        texts = smiles_of(X)
        found = self._predicted(self.model_, texts, values_alone, values_said)
        told = np.full((len(texts), 2 * len(self.tasks_)), np.nan)
        told[found.places] = found.known.to_pandas()
        return told[:, : len(self.tasks_)], told[:, len(self.tasks_) :]


# What workers are asked for; each is found by its name.


def values_said(
    model: RegressionModel, raw: RawFeatures, near: Near
) -> dict[str, NDArray[np.float64]]:
    """Return `value` of each task in its unit, and `value_spread` on the learned scale."""
    values, spreads = model.predict_near(raw, near.similarity)
    found = {}
    for index, task in enumerate(model.tasks):
        own = model.values[task].scale.values(values[:, index])
        found[named("value", task, model.tasks)] = own
        found[named("value_spread", task, model.tasks)] = spreads[:, index]
    return found


def values_alone(scored: Scored, model: RegressionModel) -> pa.Table:
    """Return the value of each task, and then the spread of each."""
    columns = (named(c, t, model.tasks) for c in ("value", "value_spread") for t in model.tasks)
    return scored.rows.select(list(columns))


def values_told(scored: Scored, model: RegressionModel, *, risk: float) -> pa.Table:
    """Return the columns of `ScreeningRegressor.predict_table`."""
    rows, table = scored.rows, model.training
    columns: dict[str, Any] = {}
    for task in model.tasks:
        own = model.values[task]
        said = (rows[named(column, task, model.tasks)] for column in ("value", "value_spread"))
        value, spread = (column.to_numpy() for column in said)
        learned = own.scale.learned(value)
        low, high = own.interval(learned, spread, risk)
        told = {"value": value, "value_low": low, "value_high": high}
        if own.scale.offset is not None:
            told["potency"] = own.scale.potency(learned)
        columns |= {named(column, task, model.tasks): found for column, found in told.items()}
    similarity = np.round(scored.near.similarity.astype(np.float64), 4)
    columns["in_domain"] = scored.near.similarity >= model.similarity_limit
    columns["nearest_id"] = [table.ids[place] for place in scored.near.index]
    columns["nearest_similarity"] = similarity
    for index, task in enumerate(model.tasks):
        columns[named("nearest_value", task, model.tasks)] = table.values[scored.near.index, index]
    columns["in_training"] = rows["in_training"]
    return pa.table(columns)

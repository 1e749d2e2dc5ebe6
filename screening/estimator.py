"""What the scikit-learn estimators over molecules have in common."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from screening.assay import Assay, Ledger
from screening.chemistry import Limits
from screening.library.predict import Finish, Predicted, predict_compounds
from screening.library.scoring import Knowing, Say, scores_said
from screening.model import ModelOptions
from screening.progress import Stages
from screening.systems import usable_cores

# Below so many, a table is there before a bar could be seen.
_QUICK = 2000


class MoleculeEstimator(BaseEstimator):
    """An estimator over SMILES or RDKit molecules, trained with `ModelOptions`.

    Each setting of `ModelOptions` that a subclass has in its `__init__` is its own; the others have
    their defaults. `max_atoms`, `random_state`, `n_jobs` and `progress` it must have.
    """

    max_atoms: int
    random_state: int | np.random.RandomState | None
    n_jobs: int | None
    progress: bool

    @classmethod
    def _option_names(cls) -> tuple[str, ...]:
        """Return the settings of a model that the estimator has under the same name."""
        own = cls._get_param_names()
        return tuple(f.name for f in fields(ModelOptions) if f.name in own)

    def _options(self) -> ModelOptions:
        """Return what the model is trained with."""
        chosen = {name: getattr(self, name) for name in self._option_names()}
        for field in fields(ModelOptions):
            if field.name in chosen and isinstance(field.default, tuple):
                chosen[field.name] = tuple(chosen[field.name])
        state = self.random_state
        seed = state if isinstance(state, int | np.integer) else None
        if seed is None:
            seed = check_random_state(state).randint(2**31 - 1)
        limits = Limits(self.max_atoms, Limits().timeout_seconds)
        return ModelOptions(**chosen, limits=limits, seed=int(seed))

    @classmethod
    def _chosen_in(cls, options: ModelOptions) -> dict[str, Any]:
        """Return the parameters of an estimator that was trained with these options."""
        return {
            **{name: getattr(options, name) for name in cls._option_names()},
            "max_atoms": options.limits.max_atoms,
            "random_state": options.seed,
        }

    def _workers(self) -> int:
        if self.n_jobs is None:
            return 1
        return max(1, usable_cores() + 1 + self.n_jobs if self.n_jobs < 0 else self.n_jobs)

    def _warn_of_losses(self, ledger: Ledger) -> None:
        for sentence in ledger.losses():
            # The caller of `fit`, two calls above.
            warnings.warn(f"{sentence} See ledger_.", UserWarning, stacklevel=4)

    def _predicted(
        self, model: Knowing, smiles: Sequence[str], finish: Finish, say: Say = scores_said
    ) -> Predicted:
        with Stages(self.progress and len(smiles) > _QUICK) as stages:
            return predict_compounds(
                model, smiles, finish, say=say, workers=self._workers(), on_step=stages.step
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def require_same_level(assay: Assay, options: ModelOptions) -> None:
    """Check that the structures of an assay were cleaned as the model cleans them.

    Raises
    ------
    ValueError
        They were not.
    """
    if assay.standardize != options.standardize:
        raise ValueError(
            f"the assay was read with standardize={assay.standardize!r}, and the model's is "
            f"{options.standardize!r}."
        )


def figures_by_model(tasks: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Return held-out figures, one row for each task and model.

    Parameters
    ----------
    tasks
        Figures by task, then by model.
    """
    rows = [
        {"task": task, "model": name, **figures}
        for task, models in tasks.items()
        for name, figures in models.items()
    ]
    return pd.DataFrame(rows).set_index(["task", "model"])


def in_their_order(
    found: Predicted, smiles: Sequence[str], ids: Sequence[str] | None
) -> pd.DataFrame:
    """Return what is known of each compound, in the order given, and why the others were not read.

    Parameters
    ----------
    found
    smiles : sequence of n str
        As given.
    ids : sequence of n str, optional
        Names; no column of them when None.
    """
    lost = {reject.row: (reject.reason, reject.message) for reject in found.rejects}
    why = pd.DataFrame.from_dict(lost, orient="index", columns=["reason", "message"])
    table = pd.concat([found.known.to_pandas().set_axis(found.places), why]).sort_index()
    table.insert(0, "smiles", smiles)
    if ids is not None:
        table.insert(0, "id", list(ids))
    for name in ("reason", "message"):
        table[name] = table.pop(name).fillna("") if name in table else ""
    return table.reset_index(drop=True)

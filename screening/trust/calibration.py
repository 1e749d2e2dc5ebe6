"""From the ensemble's mean logit to a probability, and to another base rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Calibration:
    """log odds = against · min(logit, 0) + for · max(logit, 0) · similarity + offset.

    What speaks for a compound counts as much as the compound is similar to what was tested: far
    from all training compounds no network can call it active. What speaks against it counts fully,
    since most compounds are inactive, and the more so the stranger they are.

    Attributes
    ----------
    slope_against, slope_for : float >= 0
        Worth of a negative logit, and of a positive one at similarity 1.
    offset : float
    base_rate : float
        Share of actives among the compounds that it was learned on.
    """

    slope_against: float
    slope_for: float
    offset: float
    base_rate: float

    def log_odds(self, logits: Array, similarity: Array) -> NDArray[np.float64]:
        """Return calibrated log odds in nats.

        Parameters
        ----------
        logits : array of shape (..., n)
            Of the ensemble or of its members.
        similarity : array of shape (n,)
            Tanimoto similarity to the nearest training compound, 0-1.
        """
        speaks_against, speaks_for = evidence(logits, similarity)
        return np.asarray(
            self.slope_against * speaks_against + self.slope_for * speaks_for + self.offset
        )

    def __call__(self, logits: Array, similarity: Array) -> NDArray[np.float64]:
        """Return probabilities of the logits' shape."""
        return np.asarray(expit(self.log_odds(logits, similarity)))


def evidence(logits: Array, similarity: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the logits say against and for, the latter times the similarity."""
    near = np.asarray(similarity, dtype=np.float64)
    return np.minimum(logits, 0.0), np.maximum(logits, 0.0) * near


def fit_calibration(logits: Array, similarity: Array, labels: NDArray[np.float32]) -> Calibration:
    """Learn both slopes and the offset from held-out compounds.

    Labels are pulled towards the middle as Platt has it, which keeps a small, separable set from an
    infinite slope. Where one of the slopes would be negative, both sides have the same.

    Parameters
    ----------
    logits : array of shape (n,)
        Of models that had not seen the compound's scaffold.
    similarity : array of shape (n,)
        To the nearest compound that those models had seen.
    labels : array of 0 and 1, shape (n,)

    References
    ----------
    Platt 1999, "Probabilistic outputs for support vector machines", section 2.2.
    """
    base_rate = float((labels == 1).mean())
    columns = np.column_stack(evidence(logits, similarity))
    slopes, offset = _fit(columns, labels)
    if (slopes <= 0).any():
        # A slope of zero would make a tie of all compounds on its side: both sides share one.
        slopes, offset = _fit(columns.sum(axis=1, keepdims=True), labels)
    if (slopes > 0).all():
        return Calibration(float(slopes[0]), float(slopes[-1]), offset, base_rate)
    # No better than chance: a flat curve is the honest answer, risen just enough to keep the order.
    return Calibration(1e-6, 1e-6, float(logit(base_rate)), base_rate)


def _fit(x: NDArray[np.float64], labels: NDArray[np.float32]) -> tuple[Array, float]:
    # Needed where models are made, and slow to load.
    from sklearn.linear_model import LogisticRegression

    active = labels == 1
    n_active, n_inactive = int(active.sum()), int((~active).sum())
    target = np.where(active, (n_active + 1) / (n_active + 2), 1 / (n_inactive + 2))
    # Soft labels as weighted pairs of hard ones.
    model = LogisticRegression(C=np.inf, max_iter=10_000, tol=1e-8).fit(
        np.concatenate([x, x]),
        np.repeat([1, 0], len(x)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    return model.coef_[0], float(model.intercept_[0])


def restate_prevalence(
    probability: NDArray[np.float64], base_rate: float, prevalence: float
) -> NDArray[np.float64]:
    """Return the probability for compounds of which another share is active.

    Parameters
    ----------
    probability
        Calibrated at `base_rate`.
    base_rate, prevalence
        Shares of actives in the assay and in the library, in (0, 1).

    References
    ----------
    Saerens, Latinne and Decaestecker 2002, equation 2.4, https://doi.org/10.1162/089976602753284446
    """
    odds = logit(np.clip(probability, 1e-12, 1 - 1e-12))
    return np.asarray(expit(odds + logit(prevalence) - logit(base_rate)))

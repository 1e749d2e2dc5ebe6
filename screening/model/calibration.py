"""From the ensemble's mean logit to a probability, and to another base rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression


@dataclass(frozen=True)
class Calibration:
    """probability = sigmoid(slope * logit + offset); rising, so that no two ranks change places.

    Attributes
    ----------
    slope, offset : float
    base_rate : float
        Share of actives among the compounds that it was learned on.
    """

    slope: float
    offset: float
    base_rate: float

    def __call__(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities of the same shape."""
        return np.asarray(expit(self.slope * logits + self.offset))


def fit_calibration(logits: NDArray[np.float64], labels: NDArray[np.float32]) -> Calibration:
    """Learn slope and offset from out-of-fold logits.

    Labels are pulled towards the middle as Platt has it, which keeps a small, separable set from an
    infinite slope.

    References
    ----------
    Platt 1999, "Probabilistic outputs for support vector machines", section 2.2.
    """
    active = labels == 1
    n_active, n_inactive = int(active.sum()), int((~active).sum())
    high, low = (n_active + 1) / (n_active + 2), 1 / (n_inactive + 2)
    target = np.where(active, high, low)
    # Soft labels as weighted pairs of hard ones.
    x = np.concatenate([logits, logits])[:, None]
    y = np.repeat([1, 0], len(logits))
    weights = np.concatenate([target, 1 - target])
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(x, y, sample_weight=weights)
    slope = float(model.coef_[0, 0])
    # A ranking no better than chance may fit a falling curve; flat is the honest answer then.
    if slope <= 0:
        base = n_active / len(labels)
        return Calibration(1e-6, float(logit(base)), base)
    return Calibration(slope, float(model.intercept_[0]), n_active / len(labels))


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

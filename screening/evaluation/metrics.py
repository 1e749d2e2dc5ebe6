"""How good a ranking and its probabilities are; every figure is computed from scores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

BEDROC_ALPHA = 20.0


@dataclass(frozen=True)
class Metric:
    """How a figure of quality is named and written, wherever it is shown.

    Attributes
    ----------
    key : str
        Its name in files.
    title : str
        At the head of a narrow column.
    form : str
        Format of its value in printed text.
    lower_is_better : bool
    in_full : str
        What it is called where there is room, if not by its title.
    best : float or None
        The value that is best, where neither the highest nor the lowest is.
    """

    key: str
    title: str
    form: str = ".3f"
    lower_is_better: bool = False
    in_full: str = ""
    best: float | None = None

    @property
    def name(self) -> str:
        """Its name where there is room."""
        return self.in_full or self.title

    def merit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return values turned so that more is better."""
        found = np.asarray(values, dtype=np.float64)
        if self.best is not None:
            return -np.abs(found - self.best)
        return -found if self.lower_is_better else found

    def text(self, value: float) -> str:
        """Return a value as printed text has it."""
        return format(value, self.form)


# The figures of `Quality`, by key, in its order.
METRICS = {
    metric.key: metric
    for metric in (
        Metric("roc_auc", "ROC-AUC"),
        Metric("pr_auc", "PR-AUC"),
        Metric("bedroc_20", "BEDROC", in_full="BEDROC 20"),
        Metric("ef_1", "EF 1 %", ".1f"),
        Metric("ef_5", "EF 5 %", ".1f"),
        Metric("mcc", "MCC"),
        Metric("brier", "Brier", lower_is_better=True, in_full="Brier score"),
        Metric("ece", "ECE", lower_is_better=True),
    )
}
HITS_IN_TOP_100 = Metric("hits_in_top_100", "hits/100", ".1f")


def enrichment_factor(labels: ArrayLike, scores: ArrayLike, fraction: float) -> float:
    """Return how much richer in actives the top fraction is than the whole.

    EF = (actives in the top k / k) / (actives / n) with k = ceil(fraction * n). Compounds that tie
    with the last place share it: each counts for the same part, so that no order of the input
    helps.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    scores : array, shape (n,)
    fraction : float in (0, 1]
    """
    y, s = _checked(labels, scores)
    top = max(1, int(np.ceil(fraction * len(y) - 1e-9)))
    return float(_found_in_top(y, s, top) / top / y.mean())


def auc_interval(auc: float, actives: int, inactives: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of an area under the ROC curve.

    Parameters
    ----------
    auc : float in [0, 1]
    actives, inactives : int
        Compounds that it was found on, at least one of each.

    References
    ----------
    Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> [round(end, 2) for end in auc_interval(0.6, 20, 30)]
    [0.44, 0.76]
    """
    both = auc * (1 - auc)
    of_actives = (actives - 1) * (auc / (2 - auc) - auc**2)
    of_inactives = (inactives - 1) * (2 * auc**2 / (1 + auc) - auc**2)
    error = np.sqrt(max(0.0, both + of_actives + of_inactives) / (actives * inactives))
    return max(0.0, auc - 1.96 * float(error)), min(1.0, auc + 1.96 * float(error))


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the ends of the exact 95 % interval of a share.

    Parameters
    ----------
    hits, n : int
        Of n, at least one, so many.

    References
    ----------
    Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> [round(end, 3) for end in share_interval(0, 10)]
    [0.0, 0.308]
    """
    low = float(betaincinv(hits, n - hits + 1, 0.025)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 0.975)) if hits < n else 1.0
    return low, high


def largest_enrichment(n: int, actives: int, fraction: float) -> float:
    """Return the enrichment factor of a ranking with every active before every inactive.

    Examples
    --------
    >>> largest_enrichment(1000, 10, 0.01), largest_enrichment(1000, 500, 0.01)
    (100.0, 2.0)
    """
    top = max(1, int(np.ceil(fraction * n - 1e-9)))
    return min(top, actives) / top / (actives / n)


def hits_in_top(labels: ArrayLike, scores: ArrayLike, top: int) -> float:
    """Return the expected number of actives among the `top` best scores, ties shared."""
    y, s = _checked(labels, scores)
    return float(_found_in_top(y, s, min(top, len(y))))


def _found_in_top(y: NDArray[np.float64], s: NDArray[np.float64], top: int) -> float:
    last = np.sort(s)[::-1][top - 1]
    above, tied = s > last, s == last
    places = top - int(above.sum())
    return float(y[above].sum() + y[tied].sum() * places / tied.sum())


def hits_at_prevalence(
    labels: ArrayLike, scores: ArrayLike, prevalence: float, library: int = 10_000, top: int = 100
) -> float:
    """Return how many actives the best `top` of a library would hold, were it like this set.

    The library has `library` compounds, a share `prevalence` of them active; its actives score as
    the actives here do, its inactives as the inactives here. Each compound here stands for equally
    many of its class there; ties, and the compound in which the last place falls, count by the
    part of them that is within the top. With few inactives here the first places are coarse: one
    of 75 inactives stands for 132 of 9,900.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    scores : array, shape (n,)
    prevalence : float in (0, 1)
    library, top : int
    """
    y, s = _checked(labels, scores)
    actives = np.where(y == 1, prevalence * library / y.sum(), 0.0)
    others = np.where(y == 0, (1 - prevalence) * library / (len(y) - y.sum()), 0.0)
    _, group = np.unique(-s, return_inverse=True)
    found, places = np.bincount(group, actives), np.bincount(group, actives + others)
    before = np.cumsum(places) - places
    share = np.clip((min(top, library) - before) / places, 0, 1)
    return float((found * share).sum())


def bedroc(labels: ArrayLike, scores: ArrayLike, alpha: float = BEDROC_ALPHA) -> float:
    """Return the Boltzmann-enhanced discrimination of ROC, in [0, 1].

    References
    ----------
    Truchon and Bayly 2007, equations 34-36, https://doi.org/10.1021/ci600426e
    """
    y, s = _checked(labels, scores)
    n, actives = len(y), y.sum()
    order = np.argsort(-s, kind="stable")
    # Tied compounds get the mean weight of the places that they share.
    weights = np.exp(-alpha * np.arange(1, n + 1) / n)
    _, group = np.unique(-s[order], return_inverse=True)
    shared = np.bincount(group, weights) / np.bincount(group)
    total = float((shared[group] * y[order]).sum())
    share = actives / n
    rie = total / actives / ((1 / n) * (1 - np.exp(-alpha)) / (np.exp(alpha / n) - 1))
    scale = share * np.sinh(alpha / 2) / (np.cosh(alpha / 2) - np.cosh(alpha / 2 - alpha * share))
    return float(rie * scale + 1 / (1 - np.exp(alpha * (1 - share))))


def expected_calibration_error(labels: ArrayLike, scores: ArrayLike, bins: int = 10) -> float:
    """Return the mean distance of probability and frequency over bins of equal size.

    References
    ----------
    Naeini, Cooper and Hauskrecht 2015, https://doi.org/10.1609/aaai.v29i1.9602
    """
    y, s = _checked(labels, scores)
    return float(
        sum(n * abs(q - p) for n, p, q in zip(*reliability(y, s, bins), strict=True)) / len(y)
    )


def reliability(
    labels: NDArray[Any], scores: NDArray[np.float64], bins: int = 10
) -> tuple[list[int], list[float], list[float]]:
    """Return size, mean probability and share of actives of bins of equal size, lowest first.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    scores : array of probabilities, shape (n,)
    bins : int
        Fewer where there are not so many compounds.
    """
    parts = np.array_split(np.argsort(scores, kind="stable"), min(bins, len(scores)))
    return (
        [len(part) for part in parts],
        [float(scores[part].mean()) for part in parts],
        [float(labels[part].mean()) for part in parts],
    )


def best_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """Return the score at which calling a compound active has the highest MCC."""
    y, s = _checked(labels, scores)
    order = np.argsort(-s, kind="stable")
    true = np.cumsum(y[order])
    called = np.arange(1, len(y) + 1)
    actives = y.sum()
    false = called - true
    top = true * (len(y) - actives - false) - false * (actives - true)
    below = called * actives * (len(y) - actives) * (len(y) - called)
    mcc = top / np.sqrt(np.maximum(below, 1e-12))
    # A threshold may only stand where the score changes.
    ends = np.append(np.diff(s[order]) != 0, True)
    return float(s[order][np.argmax(np.where(ends, mcc, -np.inf))])


@dataclass(frozen=True)
class Quality:
    """Figures of one model on one set of compounds.

    Attributes
    ----------
    n, n_active : int
        Compounds, and actives among them.
    roc_auc, pr_auc, bedroc_20, mcc, brier, ece : float
        Area under ROC, average precision, BEDROC with alpha 20, Matthews correlation at
        `threshold`, mean squared error of the probability, expected calibration error.
    ef_1, ef_5 : float
        Enrichment factors at 1 % and 5 %.
    """

    n: int
    n_active: int
    roc_auc: float
    pr_auc: float
    bedroc_20: float
    ef_1: float
    ef_5: float
    mcc: float
    brier: float
    ece: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def assess(labels: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> Quality:
    """Compute every figure.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    scores : array of probabilities, shape (n,)
    threshold : float
        Probability from which a compound is called active, chosen on other data.

    Raises
    ------
    ValueError
        A class is missing, or a score is not finite.
    """
    # Needed where models are judged, and slow to load.
    from sklearn.metrics import average_precision_score, matthews_corrcoef, roc_auc_score

    y, s = _checked(labels, scores)
    return Quality(
        n=len(y),
        n_active=int(y.sum()),
        roc_auc=float(roc_auc_score(y, s)),
        pr_auc=float(average_precision_score(y, s)),
        bedroc_20=bedroc(y, s),
        ef_1=enrichment_factor(y, s, 0.01),
        ef_5=enrichment_factor(y, s, 0.05),
        mcc=float(matthews_corrcoef(y, s >= threshold)),
        brier=float(np.mean((s - y) ** 2)),
        ece=expected_calibration_error(y, s),
    )


def _checked(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, s = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if y.shape != s.shape or y.ndim != 1:
        raise ValueError(f"labels of shape {y.shape} and scores of shape {s.shape} do not fit")
    if not np.isfinite(s).all():
        raise ValueError("a score is not a finite number")
    if not 0 < y.sum() < len(y):
        raise ValueError("the compounds are all of one class; no ranking can be judged on them")
    return y, s

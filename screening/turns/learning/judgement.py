"""A model judged on results that it has not seen, before anything learns from them.

What the model says is worked out from structures alone, and only then laid beside what was
measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.chemistry import structure_key
from screening.evaluation import enrichment_factor, expected_calibration_error
from screening.evaluation.metrics import auc_interval, share_interval
from screening.model import Estimate, Judged, Scores, ScreeningModel, restate_prevalence
from screening.model.turns import Bin
from screening.turns.learning.foretold import Foretold
from screening.turns.learning.gain import auc_of
from screening.turns.learning.surprises import surprises_of

# With fewer results, a figure says more about chance than about the model.
LEAST = 10
LEAST_ENRICHMENT = 20
# The best of a ranking, of which the enrichment is told.
TOP = 0.2
# Similarity to the nearest known compound: unlike, related, close analogues.
BANDS = (0.0, 0.4, 0.6, 1.0 + 1e-6)
_RESAMPLES = 500

Array = NDArray[np.float64]


def judge(
    model: ScreeningModel,
    foretold: Foretold,
    results: Assay,
    *,
    risk: float = 0.1,
    prevalence: float | None = None,
) -> dict[str, Judged]:
    """Lay what a model said beside what was measured.

    Compounds that the model had learned from are counted, and not judged.

    Parameters
    ----------
    model
        That said it, as it was.
    foretold
        By `foretell`, of the same compounds.
    results
    risk
        Of the prediction sets.
    prevalence
        Share of actives that was promised for; the assay's base rate when None.

    Returns
    -------
    dict of str to Judged
        Of each task that has results.
    """
    found = {}
    for task, name in enumerate(model.tasks):
        measured = ~np.isnan(results.labels[:, task])
        if measured.any():
            found[name] = _judged(model, foretold, results, task, measured, risk, prevalence)
    return found


def _judged(
    model: ScreeningModel,
    foretold: Foretold,
    results: Assay,
    task: int,
    measured: NDArray[np.bool_],
    risk: float,
    prevalence: float | None,
) -> Judged:
    seen = foretold.seen[:, task] & measured
    rows = np.flatnonzero(measured & ~foretold.seen[:, task])
    labels = results.labels[rows, task].astype(np.float64)
    scores = foretold.scores.score[rows, task]
    promised = scores
    if prevalence is not None:
        base_rate = model.calibrations[task].base_rate
        promised = restate_prevalence(scores, base_rate, prevalence)
    n, actives = len(rows), int(labels.sum())
    counted: dict[str, Any] = {
        "seen": int(seen.sum()),
        "seen_otherwise": _otherwise(model, results, task, np.flatnonzero(seen)),
        "risk": risk,
        "prevalence": prevalence,
    }
    if not n:
        return Judged(n=0, n_active=0, promised=0.0, hit_rate=None, **counted)
    both = 0 < actives < n
    similarity = foretold.scores.nearest_similarity[rows]
    return Judged(
        n=n,
        n_active=actives,
        promised=round(float(promised.mean()), 4),
        hit_rate=_estimate(actives / n, *share_interval(actives, n)),
        roc_auc=_auc(labels, scores) if both else None,
        enrichment=_enrichment(labels, scores) if both and n >= LEAST_ENRICHMENT else None,
        brier=_brier(labels, promised) if n >= LEAST else None,
        ece=_ece(labels, promised) if both and n >= LEAST else None,
        reliability=_by_score(labels, promised) if n >= LEAST else [],
        by_similarity=_by_similarity(labels, promised, similarity),
        covered=_covered(labels, foretold.scores, rows, task, risk),
        surprises=surprises_of(model, foretold, results, task, rows, risk),
        notes=_notes(n, actives),
        **counted,
    )


def _otherwise(model: ScreeningModel, results: Assay, task: int, seen: NDArray[np.int64]) -> int:
    """Return how many compounds were learned with the other label than they have now."""
    learned = dict(
        zip(model.training.keys.tolist(), model.training.labels[:, task].tolist(), strict=True)
    )
    now = results.labels[seen, task].tolist()
    before = [learned[structure_key(results.smiles[row])] for row in seen]
    return sum(a != b for a, b in zip(now, before, strict=True))


def _estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(*(round(float(x), 4) for x in (value, low, high)))


def _auc(labels: Array, scores: Array) -> Estimate:
    auc, actives = auc_of(labels, scores), int(labels.sum())
    return _estimate(auc, *auc_interval(auc, actives, len(labels) - actives))


def _enrichment(labels: Array, scores: Array) -> Estimate:
    def factor(rows: NDArray[np.int64]) -> float:
        return enrichment_factor(labels[rows], scores[rows], TOP)

    return _resampled(labels, factor)


def _brier(labels: Array, scores: Array) -> Estimate:
    errors = (scores - labels) ** 2
    return _resampled(labels, lambda rows: float(errors[rows].mean()))


def _resampled(labels: Array, figure: Callable[[NDArray[np.int64]], float]) -> Estimate:
    """Return a figure and its percentile interval, of compounds drawn again.

    Drawings of one class alone, of which no enrichment can be told, are left out.
    """
    draw = np.random.default_rng(0)
    drawn = draw.integers(len(labels), size=(_RESAMPLES, len(labels)))
    if 0 < labels.sum() < len(labels):
        drawn = drawn[np.ptp(labels[drawn], axis=1) > 0]
    found = [figure(rows) for rows in drawn]
    return _estimate(figure(np.arange(len(labels))), *np.quantile(found, [0.025, 0.975]))


def _ece(labels: Array, scores: Array) -> float:
    return round(expected_calibration_error(labels, scores, _bins(len(labels))), 4)


def _bins(n: int) -> int:
    return min(10, max(2, n // 10))


def _bin(labels: Array, scores: Array, ordered_by: Array) -> Bin:
    figures = (
        scores.mean(),
        labels.mean(),
        ordered_by.min(),
        ordered_by.max(),
        ((scores - labels) ** 2).mean(),
    )
    return Bin(len(labels), *(round(float(figure), 4) for figure in figures))


def _by_score(labels: Array, scores: Array) -> list[Bin]:
    parts = np.array_split(np.argsort(scores, kind="stable"), _bins(len(labels)))
    return [_bin(labels[part], scores[part], scores[part]) for part in parts]


def _by_similarity(labels: Array, scores: Array, similarity: Array) -> list[Bin]:
    band = np.digitize(similarity, BANDS[1:-1])
    return [
        _bin(labels[band == i], scores[band == i], similarity[band == i])
        for i in np.unique(band).tolist()
    ]


def _covered(
    labels: Array, scores: Scores, rows: NDArray[np.int64], task: int, risk: float
) -> dict[str, tuple[int, int]]:
    found = {}
    for name, label, p_values in (
        ("active", 1, scores.p_active),
        ("inactive", 0, scores.p_inactive),
    ):
        own = p_values[rows[labels == label], task]
        if len(own):
            found[name] = (int((own > risk).sum()), len(own))
    return found


def _notes(n: int, actives: int) -> list[str]:
    notes = []
    if n < LEAST:
        results = "1 new result is" if n == 1 else f"{n} new results are"
        notes.append(
            f"{results} too few to judge calibration by; {LEAST} are needed, and "
            f"{LEAST_ENRICHMENT} for the enrichment."
        )
    elif n < LEAST_ENRICHMENT:
        notes.append(
            f"{n} new results are too few for an enrichment factor; {LEAST_ENRICHMENT} are needed."
        )
    if actives in (0, n):
        kind = "active" if actives else "inactive"
        notes.append(
            f"All {n} new results are {kind}: a ranking is judged on both classes, so there is no "
            "ROC-AUC."
            if n > 1
            else f"The one new result is {kind}, and a ranking is judged on both classes."
        )
    return notes

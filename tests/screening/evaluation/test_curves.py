"""The curves of a ranking are those of scikit-learn, whatever is tied."""

from __future__ import annotations

import numpy as np
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from screening.evaluation.curves import precision_recall_curve, roc_curve

# Few different scores, so that many are tied; at least one compound of each class.
_compounds = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40).map(
    lambda drawn: [*drawn, (True, 2), (False, 3)]
)


@given(_compounds)
def test_roc_is_that_of_scikit_learn_without_points_on_straight_lines(
    compounds: list[tuple[bool, int]],
) -> None:
    labels, scores = (np.array(part, dtype=float) for part in zip(*compounds, strict=True))

    false, true = roc_curve(labels, scores)

    # All of its points, but for those between two equal steps, which say nothing.
    x, y, _ = sklearn.metrics.roc_curve(labels, scores, drop_intermediate=False)
    kept = [
        place
        for place in range(len(x))
        if place in (0, len(x) - 1)
        or not np.allclose(
            [x[place] - x[place - 1], y[place] - y[place - 1]],
            [x[place + 1] - x[place], y[place + 1] - y[place]],
        )
    ]
    np.testing.assert_allclose(false, x[kept])
    np.testing.assert_allclose(true, y[kept])


@given(_compounds)
def test_precision_by_recall_is_that_of_scikit_learn(compounds: list[tuple[bool, int]]) -> None:
    labels, scores = (np.array(part, dtype=float) for part in zip(*compounds, strict=True))

    precision, recall = precision_recall_curve(labels, scores)

    # scikit-learn has the lowest score first, and ends with a point of no compound at all.
    expected = sklearn.metrics.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(precision[::-1], expected[0][:-1])
    np.testing.assert_allclose(recall[::-1], expected[1][:-1])

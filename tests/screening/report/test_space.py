"""The axes of the chemical-space map are the principal components."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from screening.report.panels.space import Components


def test_components_are_those_of_scikit_learn_and_point_where_their_largest_entry_is() -> None:
    draw = np.random.default_rng(0)
    points = draw.normal(size=(40, 6)) * [5, 3, 1, 1, 1, 1] + 10
    others = draw.normal(size=(7, 6))

    found = Components.of(points)

    expected = PCA(2, svd_solver="full").fit(points)
    largest = np.abs(found.directions).argmax(axis=1)
    assert (found.directions[[0, 1], largest] > 0).all()
    signs = np.sign((found.directions * expected.components_).sum(axis=1))
    np.testing.assert_allclose(found.directions, expected.components_ * signs[:, None])
    np.testing.assert_allclose(found.places(others), expected.transform(others) * signs)
    np.testing.assert_allclose(found.shares, expected.explained_variance_ratio_)


def test_points_that_are_all_alike_have_no_shares() -> None:
    alike = np.ones((4, 3))

    found = Components.of(alike)

    np.testing.assert_array_equal(found.shares, [0, 0])
    np.testing.assert_array_equal(found.places(alike), np.zeros((4, 2)))

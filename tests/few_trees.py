"""Forests of few trees, for all that does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def few_trees() -> Iterator[None]:
    """Make forests of few trees: most of a small training would go into them.

    Only for a while: golden predictions may be asked of the same process next.
    """
    from screening.learners import baselines
    from screening.learners.forest import learner
    from screening.learners.values import baselines as of_values
    from screening.learners.values import learner as values

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(learner, "TREES", 40)
        patched.setattr(learner, "HELD_OUT_TREES", 30)
        patched.setattr(values, "TREES", 20)
        patched.setattr(values, "HELD_OUT_TREES", 15)
        patched.setattr(baselines, "FOREST_TREES", 40)
        patched.setattr(of_values, "FOREST_TREES", 40)
        yield

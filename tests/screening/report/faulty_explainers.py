"""What the worker runs in the tests of one picture: the real one, with a drawing that fails."""

from __future__ import annotations

from screening.library.engines.workers import Scorer
from screening.report import explained
from tests.screening.report.faulty_painters import faulty


def make(task: explained.ExplainTask) -> Scorer:
    from screening.explain import contributions

    contributions.depict = faulty  # only this process, which is a worker
    return explained.explainer(task)

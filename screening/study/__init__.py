"""A study: models against each other on the same repeated splits."""

from screening.study.columns import read_parts, read_times
from screening.study.options import CURVE, SPLITS, StudyOptions
from screening.study.plan import PlannedSplit, fewer_labels, plan_splits
from screening.study.run import Study, run_study
from screening.study.tables import MEAN, METRICS, overall_task
from screening.study.wording import outcome_text, outcome_warnings
from screening.study.write import Outcome, write_study

__all__ = [
    "CURVE",
    "MEAN",
    "METRICS",
    "SPLITS",
    "Outcome",
    "PlannedSplit",
    "Study",
    "StudyOptions",
    "fewer_labels",
    "outcome_text",
    "outcome_warnings",
    "overall_task",
    "plan_splits",
    "read_parts",
    "read_times",
    "run_study",
    "write_study",
]

"""Judging a model: splits, metrics, baselines."""

from screening.evaluation.baselines import forest_scores, logistic_scores
from screening.evaluation.metrics import (
    Quality,
    assess,
    bedroc,
    best_threshold,
    enrichment_factor,
    expected_calibration_error,
    hits_in_top,
)
from screening.evaluation.splits import Split, grouped_folds, random_split, scaffold_split

__all__ = [
    "Quality",
    "Split",
    "assess",
    "bedroc",
    "best_threshold",
    "enrichment_factor",
    "expected_calibration_error",
    "forest_scores",
    "grouped_folds",
    "hits_in_top",
    "logistic_scores",
    "random_split",
    "scaffold_split",
]

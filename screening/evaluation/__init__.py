"""Judging a model: splits, metrics, differences."""

from screening.evaluation.differences import (
    Difference,
    paired_difference,
    unpaired_difference,
)
from screening.evaluation.metrics import (
    Quality,
    assess,
    bedroc,
    best_threshold,
    enrichment_factor,
    expected_calibration_error,
    hits_at_prevalence,
    hits_in_top,
)
from screening.evaluation.parts import (
    DrawnParts,
    Missing,
    Parts,
    draw_parts,
    grouped_parts,
    missing_class,
    named_parts,
    random_parts,
    time_parts,
)
from screening.evaluation.splits import (
    Split,
    grouped_folds,
    random_folds,
    scaffold_folds,
    scaffold_split,
    series_scaffold,
)
from screening.evaluation.values import (
    RISK,
    ValueQuality,
    assess_values,
    values_sentence,
    values_text,
)
from screening.evaluation.wording import (
    quality_sentence,
    quality_text,
    quality_warnings,
    tuning_text,
)

__all__ = [
    "RISK",
    "Difference",
    "DrawnParts",
    "Missing",
    "Parts",
    "Quality",
    "Split",
    "ValueQuality",
    "assess",
    "assess_values",
    "bedroc",
    "best_threshold",
    "draw_parts",
    "enrichment_factor",
    "expected_calibration_error",
    "grouped_folds",
    "grouped_parts",
    "hits_at_prevalence",
    "hits_in_top",
    "missing_class",
    "named_parts",
    "paired_difference",
    "quality_sentence",
    "quality_text",
    "quality_warnings",
    "random_folds",
    "random_parts",
    "scaffold_folds",
    "scaffold_split",
    "series_scaffold",
    "time_parts",
    "tuning_text",
    "unpaired_difference",
    "values_sentence",
    "values_text",
]

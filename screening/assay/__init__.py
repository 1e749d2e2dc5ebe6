"""Assays: labels read, structures merged, contradictions told."""

from screening.assay.curation import Assay, Conflicts, curate
from screening.assay.graded import (
    TaughtAs,
    graded_labels,
    graded_sentences,
    taught_labels,
)
from screening.assay.labels import Label, Threshold, make_threshold, read_label
from screening.assay.ledger import Conflict, Ledger, Merge
from screening.assay.targets import choose_targets

__all__ = [
    "Assay",
    "Conflict",
    "Conflicts",
    "Label",
    "Ledger",
    "Merge",
    "TaughtAs",
    "Threshold",
    "choose_targets",
    "curate",
    "graded_labels",
    "graded_sentences",
    "make_threshold",
    "read_label",
    "taught_labels",
]

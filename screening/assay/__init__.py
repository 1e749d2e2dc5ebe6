"""Assays: labels read, structures merged, contradictions told."""

from screening.assay.curation import Assay, Conflicts, curate
from screening.assay.graded import graded_labels
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
    "Threshold",
    "choose_targets",
    "curate",
    "graded_labels",
    "make_threshold",
    "read_label",
]

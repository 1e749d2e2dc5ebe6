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
from screening.assay.reading import (
    PLAIN,
    ClassPair,
    assay_of,
    find_classes,
    labels_of,
    read_assay,
)
from screening.assay.targets import choose_targets

__all__ = [
    "PLAIN",
    "Assay",
    "ClassPair",
    "Conflict",
    "Conflicts",
    "Label",
    "Ledger",
    "Merge",
    "TaughtAs",
    "Threshold",
    "assay_of",
    "choose_targets",
    "curate",
    "find_classes",
    "graded_labels",
    "graded_sentences",
    "labels_of",
    "make_threshold",
    "read_assay",
    "read_label",
    "taught_labels",
]

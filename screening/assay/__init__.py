"""Assays: labels read, structures merged, contradictions told."""

from screening.assay.curation import Assay, curate
from screening.assay.draft import Counts, Draft
from screening.assay.graded import (
    TaughtAs,
    graded_labels,
    graded_sentences,
    taught_labels,
)
from screening.assay.histogram import Histogram
from screening.assay.labels import Label, Rule, Threshold, decide, make_threshold, read_label
from screening.assay.ledger import Conflict, Ledger, Merge, Repeat
from screening.assay.reading import (
    PLAIN,
    ClassPair,
    assay_of,
    find_classes,
    labels_of,
    read_assay,
)
from screening.assay.sanity import too_few
from screening.assay.targets import choose_targets
from screening.assay.tasks import Conflicts

__all__ = [
    "PLAIN",
    "Assay",
    "ClassPair",
    "Conflict",
    "Conflicts",
    "Counts",
    "Draft",
    "Histogram",
    "Label",
    "Ledger",
    "Merge",
    "Repeat",
    "Rule",
    "TaughtAs",
    "Threshold",
    "assay_of",
    "choose_targets",
    "curate",
    "decide",
    "find_classes",
    "graded_labels",
    "graded_sentences",
    "labels_of",
    "make_threshold",
    "read_assay",
    "read_label",
    "taught_labels",
    "too_few",
]

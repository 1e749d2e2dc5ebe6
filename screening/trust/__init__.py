"""How far to trust a score: calibration, conformal values, neighbours, novelty, domain."""

from screening.trust.calibration import Calibration, fit_calibration, restate_prevalence
from screening.trust.conformal import Conformal, fit_conformal, prediction_sets
from screening.trust.domain import Domain, fit_domain
from screening.trust.drift import Drift, library_name, measure_drift
from screening.trust.neighbours import NeighbourIndex, OnSimilarities, Packed, nearest, tanimoto
from screening.trust.novelty import Novelty, percentile_among, read_novelty

__all__ = [
    "Calibration",
    "Conformal",
    "Domain",
    "Drift",
    "NeighbourIndex",
    "Novelty",
    "OnSimilarities",
    "Packed",
    "fit_calibration",
    "fit_conformal",
    "fit_domain",
    "library_name",
    "measure_drift",
    "nearest",
    "percentile_among",
    "prediction_sets",
    "read_novelty",
    "restate_prevalence",
    "tanimoto",
]

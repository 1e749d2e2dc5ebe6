"""Molecules: parsed, standardised, named, or rejected with a reason."""

from screening.chemistry.alerts import Alert, alerts
from screening.chemistry.molecule import Failure, Limits, Reject, read_molecule
from screening.chemistry.sequences import is_missing, molecules_of, shortened, smiles_of
from screening.chemistry.standardise import (
    Level,
    Standardiser,
    prepare_molecule,
    standardise_molecule,
)
from screening.chemistry.structure import (
    canonical_smiles,
    has_isotopes,
    murcko_scaffold,
    skeleton_smiles,
    structure_key,
)
from screening.chemistry.substructure import (
    Pattern,
    Sought,
    Substructures,
    pattern_of_drawing,
    read_pattern,
    read_patterns,
)

__all__ = [
    "Alert",
    "Failure",
    "Level",
    "Limits",
    "Pattern",
    "Reject",
    "Sought",
    "Standardiser",
    "Substructures",
    "alerts",
    "canonical_smiles",
    "has_isotopes",
    "is_missing",
    "molecules_of",
    "murcko_scaffold",
    "pattern_of_drawing",
    "prepare_molecule",
    "read_molecule",
    "read_pattern",
    "read_patterns",
    "shortened",
    "skeleton_smiles",
    "smiles_of",
    "standardise_molecule",
    "structure_key",
]

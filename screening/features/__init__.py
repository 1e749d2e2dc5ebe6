"""Features: blocks of numbers computed from molecules, and how visible units see them."""

from screening.features.blocks import CountFingerprint, FeatureBlock
from screening.features.descriptors import Descriptors
from screening.features.encoder import Encoder, VisibleBlock
from screening.features.fingerprints import (
    BITS,
    AtomPairs,
    FeatureMorganCounts,
    MorganCounts,
    Torsions,
    bit_atoms,
    pack_bits,
)
from screening.features.sets import BLOCKS, DEFAULT, FeatureSet, RawFeatures, stack

__all__ = [
    "BITS",
    "BLOCKS",
    "DEFAULT",
    "AtomPairs",
    "CountFingerprint",
    "Descriptors",
    "Encoder",
    "FeatureBlock",
    "FeatureMorganCounts",
    "FeatureSet",
    "MorganCounts",
    "RawFeatures",
    "Torsions",
    "VisibleBlock",
    "bit_atoms",
    "pack_bits",
    "stack",
]

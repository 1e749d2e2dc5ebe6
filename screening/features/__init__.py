"""Features: blocks of numbers computed from molecules, and how visible units see them."""

from screening.features.blocks import (
    BITS,
    BitFingerprint,
    CountFingerprint,
    FeatureBlock,
    MoleculeTransformer,
)
from screening.features.descriptors import Descriptors
from screening.features.encoder import Encoder, VisibleBlock
from screening.features.fingerprints import (
    AtomPairs,
    FeatureMorganBits,
    FeatureMorganCounts,
    GeneratedBits,
    GeneratedCounts,
    MorganBits,
    MorganCounts,
    RDKitPath,
    Torsions,
    bit_atoms,
    pack_bits,
)
from screening.features.other import MACCS, AvalonCounts, ErG, RDKitDescriptors
from screening.features.sets import BLOCKS, DEFAULT, FeatureSet, RawFeatures, stack
from screening.features.visible import Visible, as_csr, as_visible

__all__ = [
    "BITS",
    "BLOCKS",
    "DEFAULT",
    "MACCS",
    "AtomPairs",
    "AvalonCounts",
    "BitFingerprint",
    "CountFingerprint",
    "Descriptors",
    "Encoder",
    "ErG",
    "FeatureBlock",
    "FeatureMorganBits",
    "FeatureMorganCounts",
    "FeatureSet",
    "GeneratedBits",
    "GeneratedCounts",
    "MoleculeTransformer",
    "MorganBits",
    "MorganCounts",
    "RDKitDescriptors",
    "RDKitPath",
    "RawFeatures",
    "Torsions",
    "Visible",
    "VisibleBlock",
    "as_csr",
    "as_visible",
    "bit_atoms",
    "pack_bits",
    "stack",
]

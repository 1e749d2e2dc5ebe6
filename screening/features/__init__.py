"""Features: blocks of numbers computed from molecules, and how visible units see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked
from screening.features.blocks import BITS, BitFingerprint, CountFingerprint, FeatureBlock
from screening.features.encoder import Encoder, VisibleBlock
from screening.features.fingerprints import GeneratedBits, GeneratedCounts, bit_atoms, pack_bits
from screening.features.sets import BLOCKS, DEFAULT, BlockSet, RawFeatures, stack
from screening.features.visible import Visible, as_csr, as_visible

if TYPE_CHECKING:
    from screening.features.estimators import (
        MACCS,
        TRANSFORMERS,
        AtomPairs,
        AvalonCounts,
        Descriptors,
        ErG,
        FeatureMorganBits,
        FeatureMorganCounts,
        FeatureSet,
        MoleculeTransformer,
        MorganBits,
        MorganCounts,
        RDKitDescriptors,
        RDKitPath,
        Torsions,
    )

__all__ = [
    "BITS",
    "BLOCKS",
    "DEFAULT",
    "MACCS",
    "TRANSFORMERS",
    "AtomPairs",
    "AvalonCounts",
    "BitFingerprint",
    "BlockSet",
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

_ESTIMATORS = "screening.features.estimators"
_NAMES = (
    "MACCS TRANSFORMERS AtomPairs AvalonCounts Descriptors ErG FeatureMorganBits "
    "FeatureMorganCounts FeatureSet MoleculeTransformer MorganBits MorganCounts RDKitDescriptors "
    "RDKitPath Torsions"
).split()
__getattr__, __dir__ = loaded_when_asked(__name__, dict.fromkeys(_NAMES, _ESTIMATORS))

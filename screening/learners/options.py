"""Every setting of a screening model's training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from screening.chemistry import Level, Limits
from screening.features.descriptors import Descriptors
from screening.features.sets import BLOCKS, DEFAULT

if TYPE_CHECKING:
    from screening.assay import TaughtAs

Pretrain = Literal["rbm", "none"]
HiddenUnits = Literal["rectified", "sigmoid"]
# What may be blended with the networks.
FOREST, KERNEL, DESCRIPTORS = "forest", "kernel", "descriptors"
VOICES = (FOREST, KERNEL, DESCRIPTORS)
# What knows neighbours only, and counts as far as a compound has any.
NEAR = frozenset({KERNEL})
# What gains on some kinds of assay alone: without a weight until held-out compounds speak for it.
UNTRUSTED = frozenset({DESCRIPTORS})
# What kernel machines compare.
KERNEL_BLOCK = "morgan_counts"

# Compounds up to which the given number of passes is made, and from which time decides.
_FEW, _MANY = 1_000, 10_000
# Rows that an RBM sees in all: beyond, passes cost much and change little.
_PRETRAINING_ROWS = 60_000


def finetuning_passes(epochs: int, n: int) -> int:
    """Return how often n compounds are gone through when a network is fine-tuned; 3 at least.

    All epochs up to 1,000 compounds; then the fewer, the more compounds there are, down to half at
    2,000; half up to 20,000, and so many rows beyond as those are: 7 of 30 epochs for 41,000.
    """
    share = min(1.0, max(0.5, _FEW / n), _MANY / n)
    return min(epochs, max(3, round(epochs * share)))


def pretraining_passes(epochs: int, n: int) -> int:
    """Return how often n compounds are gone through by an RBM: all epochs up to 60,000 rows."""
    return min(epochs, max(1, _PRETRAINING_ROWS // n))


def held_out_folds(folds: int, n: int) -> int:
    """Return into how many folds n compounds are cut: the given number up to 20,000, else 3.

    What is learned from two thirds of so many is hardly less than from four fifths, and each fold
    costs a whole ensemble.
    """
    return folds if n <= 2 * _MANY else min(folds, 3)


def held_out_members(size: int) -> int:
    """Return how many networks a fold's ensemble has, where the final one has the given number.

    Two say nearly what four say (docs/decisions.md); all of them, in every fold, would be the most
    expensive part of a training.
    """
    return min(size, 2)


@dataclass(frozen=True)
class ModelOptions:
    """How an ensemble of deep belief networks is trained.

    Attributes
    ----------
    features : tuple of str
        Feature blocks that networks and forest see.
    forest_features : tuple of str
        Further blocks that the forest sees and the networks do not.
    labels : str
        graded, to teach how far a measured value lies from the threshold; or hard, to teach 1 and
        0. The same where the assay has labels only.
    standardize : str
        none, parent or tautomer.
    units : str
        Of the hidden layers: rectified (noisy rectified units while RBMs are trained, ReLU after),
        or sigmoid (bits, and their probabilities).
    hidden : tuple of int
        Sizes of the hidden layers, lowest first.
    ensemble_size : int
        Members; they share a pretrained stack, and differ in what they draw in fine-tuning. Folds
        have fewer (see `held_out_members`).
    column_share : float in (0, 1]
        The part of the columns that a member sees.
    pretrain : str
        rbm, or none for random weights (the ablation).
    blend : str
        Voices whose logits are blended with the networks', joined by commas: forest (a random
        forest), kernel (a ridge regression on Tanimoto similarities), descriptors (a forest that
        sees descriptors alone); or none.
    pretrain_epochs, epochs : int
        Passes over few compounds of each RBM, and of fine-tuning; many compounds need fewer (see
        `pretraining_passes` and `finetuning_passes`).
    learning_rate : float
        Highest rate of the one-cycle schedule.
    weight_decay : float
    dropout, input_dropout : float
        Of hidden units, and of input columns.
    batch_size : int
    folds : int
        Scaffold-grouped folds of the cross-validation behind calibration and quality, and random
        folds behind the conformal values; many compounds have fewer (see `held_out_folds`).
    limits : Limits
        How large a molecule may be.
    seed : int
        Decides everything random.

    Examples
    --------
    >>> from screening import ModelOptions
    >>> options = ModelOptions(features=("morgan_counts",), forest_features=("maccs",), seed=7)
    >>> options.hidden, options.blocks
    ((256,), ('morgan_counts', 'maccs', 'descriptors'))
    >>> ModelOptions.from_dict(options.to_dict()) == options
    True
    """

    features: tuple[str, ...] = DEFAULT
    forest_features: tuple[str, ...] = ()
    labels: TaughtAs = "graded"
    standardize: Level = "parent"
    units: HiddenUnits = "rectified"
    hidden: tuple[int, ...] = (256,)
    ensemble_size: int = 4
    column_share: float = 1.0
    pretrain: Pretrain = "rbm"
    blend: str = ",".join(VOICES)
    pretrain_epochs: int = 3
    epochs: int = 30
    learning_rate: float = 2e-3
    weight_decay: float = 0.1
    dropout: float = 0.5
    input_dropout: float = 0.2
    batch_size: int = 256
    folds: int = 5
    limits: Limits = field(default_factory=Limits)
    seed: int = 0

    @property
    def voices(self) -> tuple[str, ...]:
        """What is blended with the networks, by name, each once and in the order of `VOICES`.

        Raises
        ------
        ValueError
            A name is unknown.
        """
        if self.blend == "none":
            return ()
        given = [name.strip() for name in self.blend.split(",")]
        for name in given:
            if name not in VOICES:
                raise ValueError(
                    f"{name!r} cannot be blended with the networks; give some of "
                    f"{', '.join(VOICES)}, joined by commas, or none"
                )
        return tuple(name for name in VOICES if name in given)

    @property
    def forest_blocks(self) -> tuple[str, ...]:
        """The feature blocks that a forest sees."""
        return tuple(dict.fromkeys((*self.features, *self.forest_features)))

    @property
    def descriptor_blocks(self) -> tuple[str, ...]:
        """The blocks whose numbers a forest of descriptors sees: some of the forest's."""
        there = any(BLOCKS[name].kind == "continuous" for name in self.forest_blocks)
        return self.forest_blocks if there else (Descriptors.name,)

    @property
    def blocks(self) -> tuple[str, ...]:
        """Every feature block that has to be computed, those of the networks first."""
        voices = self.voices
        forest = self.forest_blocks if FOREST in voices else ()
        kernel = (KERNEL_BLOCK,) if KERNEL in voices else ()
        descriptors = self.descriptor_blocks if DESCRIPTORS in voices else ()
        return tuple(dict.fromkeys((*self.features, *forest, *kernel, *descriptors)))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ModelOptions:
        """Build the options that `to_dict` described; an unknown name is a TypeError."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()
        }
        return cls(**{**plain, "limits": Limits(**stored["limits"])})

"""Every setting of a screening model's training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from screening.chemistry import Level, Limits
from screening.features import DEFAULT, FOREST_ONLY

Pretrain = Literal["rbm", "none"]
Blend = Literal["none", "forest"]


# Rows that a network, and an RBM, sees in all: beyond, passes cost much and change little.
FINETUNING_ROWS = 400_000
PRETRAINING_ROWS = 120_000
_LEAST_PASSES = 3


def passes(epochs: int, n: int, rows: int) -> int:
    """Return how often n compounds are gone through: as the epochs say, or until so many rows.

    30 epochs of fine-tuning are 30 up to 13,000 compounds, and 9 for 41,000; never fewer than 3.
    """
    return min(epochs, max(_LEAST_PASSES, rows // n))


@dataclass(frozen=True)
class ModelOptions:
    """How an ensemble of deep belief networks is trained.

    Attributes
    ----------
    features : tuple of str
        Feature blocks that networks and forest see.
    forest_features : tuple of str
        Further blocks that the forest sees, where there is one.
    standardize : str
        none, parent or tautomer.
    hidden : tuple of int
        Sizes of the hidden layers, lowest first.
    ensemble_size : int
        Members; they share a pretrained stack, and differ in what they draw in fine-tuning.
    column_share : float in (0, 1]
        The part of the columns that a member sees.
    pretrain : str
        rbm, or none for random weights (the ablation).
    blend : str
        forest, to blend the networks' logits with a random forest's; or none.
    pretrain_epochs, epochs : int
        Passes over the data of each RBM, and of fine-tuning, at most: see `passes`.
    learning_rate : float
        Highest rate of the one-cycle schedule.
    weight_decay : float
    dropout, input_dropout : float
        Of hidden units, and of input columns.
    batch_size : int
    folds : int
        Scaffold-grouped folds of the cross-validation behind calibration and quality.
    limits : Limits
        How large a molecule may be.
    seed : int
        Decides everything random.
    """

    features: tuple[str, ...] = DEFAULT
    forest_features: tuple[str, ...] = FOREST_ONLY
    standardize: Level = "parent"
    hidden: tuple[int, ...] = (256, 128)
    ensemble_size: int = 5
    column_share: float = 1.0
    pretrain: Pretrain = "rbm"
    blend: Blend = "forest"
    pretrain_epochs: int = 10
    epochs: int = 30
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    dropout: float = 0.5
    input_dropout: float = 0.2
    batch_size: int = 64
    folds: int = 5
    limits: Limits = field(default_factory=Limits)
    seed: int = 0

    @property
    def blocks(self) -> tuple[str, ...]:
        """Every feature block that has to be computed, those of the networks first."""
        if self.blend == "none":
            return self.features
        return (*self.features, *(n for n in self.forest_features if n not in self.features))

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

"""Supervised training of a network. Read `tuner` first: `fine_tune`, then `FineTuner.step`."""

from ebm.finetune.history import FinetuneHistory, FinetuneRecord
from ebm.finetune.options import FinetuneOptions
from ebm.finetune.predict import predict_logits, probabilities
from ebm.finetune.tuner import FineTuner, fine_tune

__all__ = [
    "FineTuner",
    "FinetuneHistory",
    "FinetuneOptions",
    "FinetuneRecord",
    "fine_tune",
    "predict_logits",
    "probabilities",
]

"""Supervised training of a network. Read `loop` first: `fine_tune`, then `FineTuner.step`."""

from ebm.finetune.history import FinetuneHistory, FinetuneRecord
from ebm.finetune.loop import FinetuneCallback, FineTuner, fine_tune
from ebm.finetune.options import FinetuneOptions
from ebm.finetune.predict import predict_logits, probabilities

__all__ = [
    "FineTuner",
    "FinetuneCallback",
    "FinetuneHistory",
    "FinetuneOptions",
    "FinetuneRecord",
    "fine_tune",
    "predict_logits",
    "probabilities",
]

"""Virtual screening with deep belief networks: train on an assay, screen a library, read why.

What a notebook or a script needs, by name; each is loaded when it is first used, so that
`import screening` costs nothing. docs/python.md shows them at work.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from screening.assay import Assay, read_assay
    from screening.classifier import ScreeningClassifier, load_model
    from screening.errors import UserError
    from screening.explain import AtomContributions
    from screening.features import FeatureSet
    from screening.model import ModelOptions
    from screening.regressor import ScreeningRegressor
    from screening.runs import predict, pretrain, screen
    from screening.samples import sample
    from screening.turns import Comparison, compare, learn, pick

# name -> module that has it.
_PUBLIC = {
    "Assay": "screening.assay",
    "AtomContributions": "screening.explain",
    "Comparison": "screening.turns.comparing.record",
    "FeatureSet": "screening.features",
    "ModelOptions": "screening.model",
    "ScreeningClassifier": "screening.classifier",
    "ScreeningRegressor": "screening.regressor",
    "UserError": "screening.errors",
    "compare": "screening.turns.comparing.compare",
    "learn": "screening.turns.learning.learn",
    "load_model": "screening.classifier",
    "pick": "screening.turns.picking",
    "predict": "screening.runs",
    "pretrain": "screening.runs",
    "read_assay": "screening.assay",
    "sample": "screening.samples",
    "screen": "screening.runs",
}

__all__ = [
    "Assay",
    "AtomContributions",
    "Comparison",
    "FeatureSet",
    "ModelOptions",
    "ScreeningClassifier",
    "ScreeningRegressor",
    "UserError",
    "compare",
    "learn",
    "load_model",
    "pick",
    "predict",
    "pretrain",
    "read_assay",
    "sample",
    "screen",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__

"""The engine behind scikit-learn's interface."""

from ebm.estimators.classifier import DBNClassifier
from ebm.estimators.transformer import RBMTransformer

__all__ = ["DBNClassifier", "RBMTransformer"]

"""The engine behind scikit-learn's interface."""

from ebm.estimators.boltzmann import DBMTransformer
from ebm.estimators.classifier import DBNClassifier
from ebm.estimators.transformer import RBMTransformer

__all__ = ["DBMTransformer", "DBNClassifier", "RBMTransformer"]

"""Tuning: settings of a model searched on inner folds of its assay, kept in a file to go on with.

Experimental: no gain over the default was shown (docs/decisions.md). Needs optuna, which only this
package imports.
"""

from screening.tuning.judging import PARTS
from screening.tuning.records import Comparison, Trial, Tuned, Verdict
from screening.tuning.tune import note_tuning, tune

__all__ = ["PARTS", "Comparison", "Trial", "Tuned", "Verdict", "note_tuning", "tune"]

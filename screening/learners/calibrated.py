"""The learner that `train` ships: networks and forest, blended, calibrated on held-out compounds.

`evaluate` and `train --tune` judge this same learner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from screening.learners.blend import Blend, FittedBlend, HeldOut
from screening.learners.compounds import Compounds, Rows
from screening.learners.learner import Logits, Part
from screening.progress import OnStep, ignore_steps
from screening.trust.calibration import Calibration, fit_calibration
from screening.trust.neighbours import nearest

CalibratedOn = Literal["folds", "validation"]


@dataclass(frozen=True)
class FittedCalibrated:
    """A blend and one calibration a task.

    Attributes
    ----------
    blend : FittedBlend
    calibrations : list of Calibration
    rows : int64 array
        The compounds that were learned from.
    """

    blend: FittedBlend
    calibrations: list[Calibration]
    rows: Rows

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return calibrated log odds in nats, shape (n_rows, n_tasks)."""
        packed = compounds.fingerprints
        _, similarity = nearest(packed[rows], packed[self.rows])
        return calibrated(self.calibrations, self.blend.logits(compounds, rows), similarity)


@dataclass(frozen=True)
class CalibratedBlend:
    """A blend whose logits become log odds.

    Attributes
    ----------
    blend : Blend
    calibrated_on : str
        `folds` of the compounds that it learns from; or the `validation` part, where there is one,
        which saves the ensembles of the folds.
    """

    blend: Blend
    calibrated_on: CalibratedOn = "folds"

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedCalibrated]:
        """Yield the calibrated blend of each part."""
        for part in parts:
            if self.calibrated_on == "folds":
                whole, held_out = self.blend.cut(part)
            else:
                whole = replace(part, asked=part.validation)
                held_out = [whole]
            yield self.fit(whole, held_out, workers=workers, on_step=on_step)

    def fit(
        self,
        whole: Part,
        held_out: Sequence[Part],
        *,
        workers: int = 1,
        on_step: OnStep = ignore_steps,
    ) -> FittedCalibrated:
        """Learn from a part, and spreads and calibrations from held-out ones; see `Blend.fit`."""
        fitted = self.blend.fit(whole, held_out, workers=workers, on_step=on_step)
        calibrations = fit_calibrations(fitted.held_out, whole.compounds.labels)
        return FittedCalibrated(fitted, calibrations, whole.rows)


def fit_calibrations(held_out: HeldOut, labels: NDArray[np.float32]) -> list[Calibration]:
    """Learn one calibration a task from what was said of held-out compounds.

    Parameters
    ----------
    held_out
    labels : array of shape (n, n_tasks)
        Of all compounds; those that were not asked for teach nothing.
    """
    asked = ~np.isnan(held_out.similarities)
    found = []
    for logits, column in zip(held_out.logits.T, labels.T, strict=True):
        known = asked & ~np.isnan(column)
        found.append(fit_calibration(logits[known], held_out.similarities[known], column[known]))
    return found


def calibrated(
    calibrations: Sequence[Calibration], logits: Logits, similarity: NDArray[np.float32]
) -> Logits:
    """Return calibrated log odds in nats, shape (n, n_tasks)."""
    columns = [one.log_odds(logits[:, t], similarity) for t, one in enumerate(calibrations)]
    return np.column_stack(columns)

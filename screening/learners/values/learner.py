"""From a part of an assay to what its voices say of the values of other compounds, task by task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from screening.assay import Assay
from screening.assay.values.column import Scale
from screening.assay.values.learned import LearnedScale
from screening.features import Encoder
from screening.learners.compounds import Compounds, Rows
from screening.learners.forest.fit import out_of_bag
from screening.learners.learner import Part, encode
from screening.learners.options import FOREST, KERNEL, ModelOptions
from screening.learners.pretraining import LibraryStack
from screening.learners.values.forest import HELD_OUT_TREES, TREES, fit_value_forest
from screening.learners.values.kernel import KernelMachine, fit_kernel
from screening.learners.values.similarity import Compared
from screening.progress import OnStep, ignore_steps

# Measured values, no limits, from which on a task has a value model; and how many must differ.
ENOUGH, DIFFERENT = 50, 10
# With fewer, as a fold may have, there is nothing to learn.
LEAST = 10

Array = NDArray[np.float64]


class Measured(NamedTuple):
    """The values of one task, of all compounds.

    Attributes
    ----------
    scale : LearnedScale
    numbers : float64 array of shape (n,)
        On that scale; NaN where there is none.
    sides : int8 array of shape (n,)
        See `LearnedScale.sides`.
    """

    scale: LearnedScale
    numbers: Array
    sides: NDArray[np.int8]

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Which compounds have a value that is no limit."""
        return np.isfinite(self.numbers) & (self.sides == 0)


def measured(assay: Assay, task: int) -> Measured | None:
    """Return the values of a task; None where there are too few to learn from."""
    rule = assay.rules.get(assay.tasks[task])
    scale = LearnedScale.of(Scale() if rule is None else rule.scale)
    numbers = scale.learned(assay.values[:, task])
    found = Measured(scale, numbers, scale.sides(assay.relations[:, task]))
    exact = numbers[found.exact]
    if len(exact) < ENOUGH or len(np.unique(exact)) < DIFFERENT:
        return None
    return found


def measured_tasks(assay: Assay) -> dict[int, Measured]:
    """Return the values of every task that a model learns the values of, by the task's place."""
    found = {}
    for task, name in enumerate(assay.tasks):
        known = measured(assay, task)
        if known is not None and name in assay.rules:
            found[task] = known
    return found


@dataclass(frozen=True)
class FittedValues:
    """What the voices learned from one part, for one task.

    Attributes
    ----------
    rows : int64 array of shape (n,)
        The compounds learned from.
    mean, spread : float
        Of their numbers; voices speak in units of the spread.
    machine : KernelMachine or None
    forest : RandomForestRegressor or None
    encoder : Encoder
        Of what the forest sees, and of the descriptors that the machine compares.
    left_out : dict of str to float64 array of shape (n,)
        What each voice says of these compounds without having learned from them, on the scale.
    """

    rows: Rows
    mean: float
    spread: float
    machine: KernelMachine | None
    forest: RandomForestRegressor | None
    encoder: Encoder
    left_out: dict[str, Array] = field(default_factory=dict)

    def said(self, compounds: Compounds, rows: Rows) -> dict[str, Array]:
        """Return what each voice says of compounds, on the learned scale, by its name."""
        found: dict[str, Array] = {}
        if self.machine is not None:
            found[KERNEL] = self.machine.predict(compared(self.encoder, compounds, rows))
        if self.forest is not None:
            found[FOREST] = self.forest.predict(encode(self.encoder, compounds, rows))
        return {name: self.mean + self.spread * numbers for name, numbers in found.items()}


@dataclass(frozen=True)
class ValueVoices:
    """The learner of the values of one task.

    Attributes
    ----------
    options : ModelOptions
    measured : Measured
    library : LibraryStack, optional
        That the networks start from, with columns of its own.
    """

    options: ModelOptions
    measured: Measured
    library: LibraryStack | None = None

    def encoder(self, part: Part) -> Encoder:
        """Return the encoder of the model's networks: what they see is encoded anyway."""
        return part.encoder(self.options.features) if self.library is None else self.library.encoder

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedValues | None]:
        """Yield the voices of each part, in order; None where it has too few values."""
        for done, part in enumerate(parts, start=1):
            yield self.fit(part, workers)
            on_step("values", done, len(parts))

    def fit(self, part: Part, workers: int = 1) -> FittedValues | None:
        """Return the voices of one part."""
        numbers, sides = self.measured.numbers[part.rows], self.measured.sides[part.rows]
        own = np.flatnonzero(np.isfinite(numbers))
        exact = own[sides[own] == 0]
        if len(exact) < LEAST or not (spread := float(numbers[exact].std())) > 0:
            return None
        mean = float(numbers[exact].mean())
        taught, rows = (numbers[own] - mean) / spread, part.rows[own]
        encoder = self.encoder(part)
        left_out: dict[str, Array] = {}
        machine = forest = None
        known = compared(encoder, part.compounds, rows)
        if known.n_kernels:
            fitted = fit_kernel(known, taught, sides[own], seed=self.options.seed)
            machine, taught = fitted.machine, fitted.completed
            left_out[KERNEL] = fitted.left_out
        if FOREST in self.options.voices:
            x = part.encoded(encoder)[own]
            forest = fit_value_forest(
                x,
                taught,
                seed=self.options.seed,
                trees=HELD_OUT_TREES if part.is_fold else TREES,
                workers=workers,
            )
            if not part.is_fold:
                left_out[FOREST] = out_of_bag(forest, x)
        said = {name: mean + spread * numbers for name, numbers in left_out.items()}
        return FittedValues(rows, mean, spread, machine, forest, encoder, said)


def compared(encoder: Encoder, compounds: Compounds, rows: Rows) -> Compared:
    """Return what the kernel machine compares of some compounds."""
    raw = compounds.raw([*encoder.bits_, *encoder.grids_]).take(rows)
    return Compared.of(raw, encoder.encode(raw).dense)

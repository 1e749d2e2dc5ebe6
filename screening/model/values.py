"""Predicted values as a model keeps them: voices, weights, intervals, and the way to the unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from screening.assay.values.learned import LearnedScale
from screening.features import BlockSet, Encoder, RawFeatures, Visible
from screening.learners.forest import StoredForest
from screening.learners.options import FOREST, KERNEL
from screening.learners.values.kernel import KernelMachine
from screening.learners.values.similarity import Compared
from screening.learners.values.voices import TITLES, blend
from screening.learners.voices.arrays import Arrays, named, under
from screening.model.scores import DECIMALS
from screening.trust.intervals import Intervals

if TYPE_CHECKING:
    from screening.learners.values.blend import FittedValueBlend

Array = NDArray[np.float64]

# Some files have the titles of voices in place of their names.
_NAMES = {title: name for name, title in TITLES.items()}


@dataclass(frozen=True)
class ValueModel:
    """What predicts the values of one task.

    Attributes
    ----------
    scale : LearnedScale
    above : bool
        Whether compounds are active above the threshold, in the unit of the assay.
    mean, spread : float
        Of the values learned from; voices speak in units of the spread.
    weights : dict of str to float
        Of the voices that count; their sum is 1.
    machine : KernelMachine or None
        None where it does not count, as for the others.
    forest : StoredForest or None
    intervals : Intervals
    """

    scale: LearnedScale
    above: bool
    mean: float
    spread: float
    weights: dict[str, float]
    machine: KernelMachine | None
    forest: StoredForest | None
    intervals: Intervals

    @classmethod
    def of(cls, fitted: FittedValueBlend, *, above: bool) -> Self:
        """Keep what was fitted."""
        from screening.learners.values.forest import stored_value_forest

        voices, weights = fitted.voices, fitted.weights
        forest = voices.forest if FOREST in weights else None
        return cls(
            scale=fitted.measured.scale,
            above=above,
            mean=voices.mean,
            spread=voices.spread,
            weights=weights,
            machine=voices.machine if KERNEL in weights else None,
            forest=None if forest is None else stored_value_forest(forest),
            intervals=fitted.intervals,
        )

    def predict(
        self, raw: RawFeatures, seen: Visible, similarity: NDArray[np.float32]
    ) -> tuple[Array, Array]:
        """Return value and spread of molecules on the learned scale, each of shape (n,).

        Parameters
        ----------
        raw
            Their features.
        seen
            The same as the networks' encoder encodes them.
        similarity
            To the nearest compound that was learned from.
        """
        said: dict[str, Array] = {}
        if self.machine is not None:
            said[KERNEL] = self.machine.predict(Compared.of(raw, seen.dense))
        if self.forest is not None:
            said[FOREST] = self.forest.probability(seen)
        values = self.mean + self.spread * blend(said, self.weights)
        return self._rounded(values), self._rounded(self.intervals.spread(similarity))

    def _rounded(self, numbers: Array) -> Array:
        """Return numbers to a millionth of the spread: beyond, sums depend on their order."""
        decimals = DECIMALS - math.floor(math.log10(self.spread))
        return np.round(numbers, decimals)

    def interval(self, values: Array, spreads: Array, risk: float) -> tuple[Array, Array]:
        """Return the ends of the conformal intervals in the unit of the assay, the smaller first.

        NaN where there are too few held-out compounds for the risk.

        Parameters
        ----------
        values, spreads
            On the learned scale.
        risk
            Share of compounds like the assay's whose value lies outside.
        """
        reach = self.intervals.reach(risk)
        far = (reach if np.isfinite(reach) else np.nan) * spreads
        return self.scale.interval(values - far, values + far)

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the numbers as a JSON-able dict, and the arrays by name."""
        intervals, ratios = self.intervals.to_state()
        arrays: dict[str, NDArray[Any]] = dict(ratios)
        numbers: dict[str, Any] = {
            "scale": self.scale.to_dict(),
            "above": self.above,
            "mean": self.mean,
            "spread": self.spread,
            "weights": self.weights,
            "intervals": intervals,
        }
        if self.machine is not None:
            numbers["machine"], own = self.machine.to_state()
            arrays |= named("machine.", own)
        if self.forest is not None:
            arrays |= named("forest.", self.forest.to_arrays())
        return numbers, arrays

    @classmethod
    def from_state(
        cls,
        numbers: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        widths: Mapping[str, int],
        n_columns: int,
    ) -> Self:
        """Build the model that `to_state` described.

        Parameters
        ----------
        numbers, arrays
        widths
            Of the fingerprints of the model by block.
        n_columns
            That the forest sees.

        Raises
        ------
        ValueError
            A voice is missing, or a part of one is not whole.
        """
        stored = numbers["weights"].items()
        weights = {_NAMES.get(str(name), str(name)): float(weight) for name, weight in stored}
        machine = forest = None
        if KERNEL in weights:
            own = under("machine.", arrays)
            machine = KernelMachine.from_state(numbers["machine"], own, widths)
        if FOREST in weights:
            forest = StoredForest.from_arrays(under("forest.", arrays), n_columns)
        spread, mean = float(numbers["spread"]), float(numbers["mean"])
        sound = min(weights.values(), default=0) > 0 and set(weights) <= {KERNEL, FOREST}
        if not sound or not (np.isfinite(mean) and 0 < spread < np.inf):
            raise ValueError("the voices of the values are not whole")
        return cls(
            scale=LearnedScale.from_dict(numbers["scale"]),
            above=bool(numbers["above"]),
            mean=mean,
            spread=spread,
            weights=weights,
            machine=machine,
            forest=forest,
            intervals=Intervals.from_state(numbers["intervals"], arrays),
        )


def values_to_state(
    values: Mapping[str, ValueModel], tasks: Sequence[str]
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return value models by task as JSON-able dicts, and the arrays of all by name."""
    described: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for task, one in values.items():
        described[task], own = one.to_state()
        arrays |= named(f"values.{tasks.index(task)}.", own)
    return described, arrays


def values_from_state(
    described: Mapping[str, Any],
    arrays: Arrays,
    tasks: Sequence[str],
    encoder: Encoder,
    features: BlockSet,
) -> dict[str, ValueModel]:
    """Build what `values_to_state` described.

    Parameters
    ----------
    described, arrays, tasks
    encoder
        Of what the forests see.
    features
        Of the model: the fingerprints that kernel machines compare.

    Raises
    ------
    ValueError
        A part of one is not whole.
    """
    widths = {block.name: getattr(block, "n_bits", 0) for block in features.blocks}
    n_columns = len(encoder.get_feature_names_out())
    return {
        task: ValueModel.from_state(
            own,
            under(f"values.{tasks.index(task)}.", arrays),
            widths=widths,
            n_columns=n_columns,
        )
        for task, own in described.items()
    }

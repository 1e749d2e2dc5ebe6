"""Voices of values, their weights and the numbers they learn, against slow definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from screening.assay.values.column import Scale
from screening.assay.values.learned import LearnedScale
from screening.assay.values.units import P_VALUE, unit_of
from screening.learners.kernels.tanimoto import tanimoto_kernel
from screening.learners.values.kernel import NOISES, KernelMachine, fit_kernel
from screening.learners.values.similarity import HIGHEST, Compared, Similarity
from screening.learners.values.voices import blend
from screening.learners.values.weights import EQUAL, learn_weights


@pytest.fixture(scope="module")
def compounds() -> Compared:
    draw = np.random.default_rng(0)
    names = ("morgan_counts", "torsions")
    counts = {name: csr_matrix(draw.poisson(0.7, (60, 30))) for name in names}
    return Compared(counts, draw.random((60, 4), dtype=np.float32))


@pytest.fixture(scope="module")
def numbers(compounds: Compared) -> np.ndarray:
    draw = np.random.default_rng(1)
    made = compounds.counts["torsions"] @ draw.normal(size=30) + draw.normal(size=60)
    return (made - made.mean()) / made.std()


def kernel_of(compounds: Compared, width: float) -> np.ndarray:
    """The kernel by its definition, from counts that are capped."""
    apart = ((compounds.dense[:, None] - compounds.dense[None]) ** 2).sum(axis=2)
    parts = [np.exp(-apart / (2 * width**2))]
    for counts in compounds.counts.values():
        capped = csr_matrix(np.minimum(counts.toarray(), HIGHEST))
        parts.append(tanimoto_kernel(capped, capped))
    return np.mean(parts, axis=0)


def test_the_similarity_is_the_mean_of_its_kernels(compounds: Compared) -> None:
    found = Similarity(compounds.capped(), 0.8)(compounds)
    np.testing.assert_allclose(found, kernel_of(compounds, 0.8), rtol=1e-5)


def test_left_out_is_what_a_machine_without_the_compound_says(
    compounds: Compared, numbers: np.ndarray
) -> None:
    fitted = fit_kernel(compounds, numbers, np.zeros(60, np.int8), seed=0)
    kernel = kernel_of(compounds, fitted.machine.width)

    def without(own: int, noise: float) -> float:
        others = np.delete(np.arange(60), own)
        inner = kernel[np.ix_(others, others)] + noise * np.eye(59)
        return float(kernel[own, others] @ np.linalg.solve(inner, numbers[others]))

    each = {noise: np.array([without(i, noise) for i in range(60)]) for noise in NOISES}
    best = min(NOISES, key=lambda noise: float(((each[noise] - numbers) ** 2).sum()))
    np.testing.assert_allclose(fitted.left_out, each[best], rtol=1e-3, atol=1e-4)
    weights = np.linalg.solve(kernel + best * np.eye(60), numbers)
    np.testing.assert_allclose(fitted.machine.predict(compounds), kernel @ weights, atol=1e-4)


def test_limits_cost_only_where_the_machine_is_on_their_wrong_side(
    compounds: Compared, numbers: np.ndarray
) -> None:
    sides = np.where(np.arange(60) % 3 == 0, np.where(numbers > 0, -1, 1), 0).astype(np.int8)
    fitted = fit_kernel(compounds, numbers, sides, seed=0)
    kernel = kernel_of(compounds, fitted.machine.width).astype(float)

    def cost(weights: np.ndarray, noise: float) -> float:
        said = kernel @ weights
        off = np.where(sides == 0, numbers - said, 0)
        off += np.where(sides > 0, np.maximum(numbers - said, 0), 0)
        off += np.where(sides < 0, np.minimum(numbers - said, 0), 0)
        return float(off @ off + noise * weights @ kernel @ weights)

    said = fitted.machine.predict(compounds)
    exact = sides == 0
    noise = float(np.median((numbers - said)[exact] / fitted.machine.weights[exact]))
    free = fitted.machine.weights == 0
    assert 0 < free.sum() < (sides != 0).sum()
    # The sum of costs is convex: where its gradient vanishes, it is least.
    for way in np.eye(60):
        up, down = (cost(fitted.machine.weights + step * way, noise) for step in (1e-4, -1e-4))
        assert abs(up - down) / 2e-4 < 1e-3
    assert (fitted.completed[sides == 0] == numbers[sides == 0]).all()
    assert ((fitted.completed - numbers) * sides >= 0).all()


def test_a_machine_is_kept_whole(compounds: Compared, numbers: np.ndarray) -> None:
    machine = fit_kernel(compounds, numbers, np.zeros(60, np.int8), seed=0).machine
    about, arrays = machine.to_state()
    widths = {"morgan_counts": 30, "torsions": 30}
    again = KernelMachine.from_state(about, arrays, widths)
    np.testing.assert_array_equal(again.predict(compounds), machine.predict(compounds))
    with pytest.raises(ValueError, match="no whole torsions"):
        KernelMachine.from_state(about, arrays, {**widths, "torsions": 5})


def test_a_row_depends_on_its_compound_alone(compounds: Compared, numbers: np.ndarray) -> None:
    machine = fit_kernel(compounds, numbers, np.zeros(60, np.int8), seed=0).machine
    order = np.random.default_rng(2).permutation(60)
    whole = machine.predict(compounds)
    np.testing.assert_array_equal(machine.predict(compounds.take(order)), whole[order])
    np.testing.assert_array_equal(machine.predict(compounds.take(slice(7, 8))), whole[7:8])


def test_weights_are_the_shrunk_least_squares() -> None:
    draw = np.random.default_rng(3)
    truth = draw.normal(size=400)
    said = np.column_stack([truth + draw.normal(size=400) * s for s in (0.5, 0.8)])
    shrinking = EQUAL * (said - said.mean(axis=1, keepdims=True)).var(axis=0).mean()

    def cost(weights: np.ndarray) -> float:
        return ((truth - said @ weights) ** 2).sum() + shrinking * ((weights - 0.5) ** 2).sum()

    least = minimize(cost, [0.5, 0.5], bounds=[(0, None)] * 2).x
    np.testing.assert_allclose(learn_weights(said, truth), least / least.sum(), atol=1e-4)


def test_few_compounds_hardly_move_the_weights_and_a_useless_voice_is_left_out() -> None:
    draw = np.random.default_rng(4)
    truth = draw.normal(size=2000)
    said = np.column_stack([truth + 0.3 * draw.normal(size=2000), draw.normal(size=2000)])
    np.testing.assert_array_equal(learn_weights(said, truth), [1, 0])
    assert learn_weights(said[:5], truth[:5])[1] > 0.3
    np.testing.assert_array_equal(learn_weights(said[:0], truth[:0]), [0.5, 0.5])


def test_a_voice_that_is_silent_leaves_its_weight_to_the_others() -> None:
    said = {"a": np.array([1.0, 1.0]), "b": np.array([3.0, np.nan])}
    np.testing.assert_allclose(blend(said, {"a": 0.25, "b": 0.75}), [2.5, 1.0])


def test_concentrations_are_learned_as_their_logarithm_and_come_back() -> None:
    scale = LearnedScale.of(Scale(unit_of("uM"), logarithmic=True))
    values = np.array([1.0, 0.02, 130.0])
    learned = scale.learned(values)
    np.testing.assert_allclose(scale.potency(learned), [6, 7.69897, 3.886057])
    np.testing.assert_array_equal(scale.values(learned), values)
    low, high = scale.interval(learned - 1, learned + 1)
    np.testing.assert_allclose([low[0], high[0]], [0.1, 10])
    # More than 10 uM is less potent than 5.
    np.testing.assert_array_equal(scale.sides(np.array([">", "<", "="])), [-1, 1, 0])
    assert LearnedScale.from_dict(scale.to_dict()) == scale


def test_other_values_are_learned_as_they_are() -> None:
    percent = LearnedScale.of(Scale(unit_of("%")))
    np.testing.assert_array_equal(percent.values(percent.learned(np.array([12.5]))), [12.5])
    with pytest.raises(ValueError, match="no p-value"):
        percent.potency(np.array([1.0]))
    p_values = LearnedScale.of(Scale(P_VALUE))
    np.testing.assert_array_equal(p_values.potency(p_values.learned(np.array([7.5]))), [7.5])
    np.testing.assert_array_equal(p_values.sides(np.array([">", "<"])), [1, -1])

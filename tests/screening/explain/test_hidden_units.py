"""Hidden units: effects against finite differences, responses against the weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ebm.sparse import to_torch_csr
from ebm.storage import ModelArrays
from screening.explain.hidden_units import column_places, important_units, unit_effects


@pytest.fixture(scope="module")
def encoded(small_model, small_assay):
    return small_model.encoder.transform(small_model.featurise(small_assay.mols))


def engine(member):
    return ModelArrays(*member.network.to_state()).model()


def literal_logits(member, hidden):
    affines = list(engine(member).affines())
    state = hidden
    for affine in affines[1:-1]:
        state = torch.relu(state @ affine.weights.double() + affine.bias.double())
    return state @ affines[-1].weights.double() + affines[-1].bias.double()


def test_effects_are_finite_differences(small_model, encoded):
    member = small_model.ensemble.members[0]
    first = next(iter(engine(member).affines()))
    with torch.no_grad():
        rows = to_torch_csr(encoded[:, member.columns], torch.float64, "cpu")
        hidden = torch.relu(rows @ first.weights.double() + first.bias.double())
        spread = hidden.std(0, unbiased=False)
        expected = []
        # A unit of the second layer that is at its bend has no slope; none is here.
        for unit in range(hidden.shape[1]):
            up, down = hidden.clone(), hidden.clone()
            up[:, unit] += 1e-4
            down[:, unit] -= 1e-4
            slope = (literal_logits(member, up) - literal_logits(member, down))[:, 0] / 2e-4
            expected.append(float(slope.mean() * spread[unit]))
    found = unit_effects(member, encoded, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_the_largest_come_first_one_of_each_network(small_model, encoded):
    units = important_units(small_model, encoded, 0)
    assert sorted(unit.member for unit in units) == list(range(len(small_model.ensemble)))
    sizes = [abs(unit.effect) for unit in units]
    assert sizes == sorted(sizes, reverse=True)
    for unit in units:
        effects = unit_effects(small_model.ensemble.members[unit.member], encoded, 0)
        assert abs(unit.effect) == pytest.approx(np.abs(effects).max())


def test_responses_are_weight_times_spread_summed_over_the_levels_of_a_count(small_model, encoded):
    (unit, *_) = important_units(small_model, encoded, 0)
    member = small_model.ensemble.members[unit.member]
    weights = member.network.weights[0].astype(np.float64)[:, unit.unit]
    dense = encoded.toarray().astype(np.float64)
    places = column_places(small_model)
    expected: dict[tuple[str, int], float] = {}
    for column, weight in zip(member.columns, weights, strict=True):
        value = weight * dense[:, column].std()
        expected[places[column]] = expected.get(places[column], 0.0) + value
    bits = {p: v for p, v in expected.items() if p[0] == "morgan_counts"}
    strongest = max(bits, key=lambda place: abs(bits[place]))
    assert (unit.bits[0].block, unit.bits[0].position) == strongest
    assert unit.bits[0].weight == pytest.approx(bits[strongest], rel=1e-5)
    assert {response.block for response in unit.numbers} == {"descriptors"}


def test_every_column_has_its_place(small_model, encoded):
    places = column_places(small_model)
    assert len(places) == encoded.shape[1]
    assert {block for block, _ in places} == {"morgan_counts", "descriptors"}

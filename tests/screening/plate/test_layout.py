"""Wells: each thing in one of its own, within the plate, the same for the same seed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import UserError
from screening.plate.layout import COMPOUND, LayoutOptions, lay_out


@given(
    st.integers(0, 500),
    st.sampled_from([96, 384]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from(["random", "rank"]),
)
def test_every_pick_and_control_has_a_well(n, wells, controls, spare, edges, placement) -> None:
    options = LayoutOptions(wells, controls, spare, edges, placement, seed=n)
    found = lay_out(n, options)
    assert not found.duplicated(["plate", "well"]).any()
    assert set(found["well"]) <= set(options.names())
    assert found.loc[found["kind"] == COMPOUND, "number"].tolist() == list(range(1, n + 1))
    for _, plate in found.groupby("plate"):
        assert (plate["kind"] != COMPOUND).sum() == controls
        assert len(plate) <= len(options.names()) - spare
    assert found["plate"].nunique() == -(-n // options.room)
    assert found.equals(lay_out(n, options))


def test_wells_have_their_usual_names() -> None:
    names = LayoutOptions().names()
    assert (names[0], names[11], names[12], names[-1], len(names)) == (
        *("A01", "A12", "B01", "H12"),
        96,
    )
    assert LayoutOptions(384).names()[-1] == "P24"
    inner = LayoutOptions(empty_edges=True).names()
    assert (inner[0], inner[-1], len(inner)) == ("B02", "G11", 60)


def test_by_rank_picks_lie_row_by_row_and_controls_behind() -> None:
    found = lay_out(3, LayoutOptions(controls=3, placement="rank"))
    assert found["well"].tolist() == ["A01", "A02", "A03", "A04", "A05", "A06"]
    kinds = [COMPOUND] * 3 + ["active control"] * 2 + ["inactive control"]
    assert found["kind"].tolist() == kinds


def test_another_seed_is_another_layout() -> None:
    wells = [lay_out(20, LayoutOptions(seed=seed))["well"].tolist() for seed in (1, 2)]
    assert wells[0] != wells[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"controls": 90, "spare": 6}, "leave no well"),
        ({"wells": 24}, "96 or 384"),
        ({"placement": "spiral"}, "random, rank"),
        ({"spare": -1}, "0 or more"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(options, said) -> None:
    with pytest.raises(UserError, match=said):
        LayoutOptions(**options)

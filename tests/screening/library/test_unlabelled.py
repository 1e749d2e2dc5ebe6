"""Drawing compounds from a library: evenly, repeatably, and whatever is in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from scipy.stats import chisquare

from screening.chemistry import Limits, Standardiser
from screening.errors import UserError
from screening.library import draw_unlabelled
from screening.library.unlabelled import draw_rows
from screening.tables import Chunk


def chunks(n: int, size: int) -> list[Chunk]:
    names = [str(i) for i in range(n)]
    return [
        Chunk("-", np.arange(at, min(at + size, n)), names[at : at + size], names[at : at + size])
        for at in range(0, n, size)
    ]


@given(n=st.integers(1, 60), count=st.integers(1, 70), size=st.integers(1, 20), seed=st.integers(0))
def test_the_draw_does_not_depend_on_how_rows_come(n, count, size, seed):
    rows, read = draw_rows(chunks(n, size), count, seed)
    assert read == n
    assert (rows, read) == draw_rows(chunks(n, n), count, seed)
    # Without replacement, in the order of the file.
    assert [str(i) for i in sorted(map(int, rows))] == rows
    assert len(set(rows)) == len(rows) == min(n, count)


def test_every_row_is_as_likely_as_any_other():
    times = np.zeros(20)
    for seed in range(2000):
        rows, _ = draw_rows(chunks(20, 7), 5, seed)
        times[[int(row) for row in rows]] += 1
    assert times.sum() == 5 * 2000
    assert chisquare(times).pvalue > 0.001


def draw(*sources, count=100, seed=0):
    return draw_unlabelled(
        [str(source) for source in sources],
        count,
        standardiser=Standardiser("parent"),
        limits=Limits(),
        seed=seed,
        announce=lambda _: None,
        on_step=lambda *_: None,
    )


def test_all_files_give_and_bad_rows_are_counted(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.smi"
    first.write_text('smiles,name\nCCO,a\nC1CC(,b\n"CCN.Cl",c\n,d\n', encoding="utf-8")
    second.write_text("c1ccccc1 benzene\nCCCC butane\n", encoding="utf-8")
    drawn = draw(first, second)
    assert [Chem.MolToSmiles(mol) for mol in drawn.molecules()] == [
        "CCO",
        "CCN",
        "c1ccccc1",
        "CCCC",
    ]
    assert drawn.described() == {
        "sources": [str(first), str(second)],
        "read": 6,
        "drawn": 6,
        "rejected": {"parse": 1, "empty": 1},
    }
    torn = tmp_path / "torn.csv"
    torn.write_text("smiles,name\nCCO,a\nCCC,b,c,d\n", encoding="utf-8")
    half = draw(torn)
    for _ in range(2):  # gone through twice, counted once
        assert len(list(half.molecules())) == 1
        assert half.rejected == {"empty": 1}
    fewer = draw(first, second, count=3)
    assert (fewer.read, fewer.drawn) == (6, 3)


def test_a_library_without_molecules_is_refused(tmp_path):
    path = tmp_path / "none.csv"
    path.write_text("smiles,name\nnonsense,a\nC1CC(,b\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"none of the 2 rows drawn from .*none\.csv holds"):
        list(draw(path).molecules())

"""One structure explained under guard: a picture, or a sentence, whatever its drawing does."""

from __future__ import annotations

import pytest

from screening.chemistry import Limits
from screening.errors import UserError
from screening.explain import draw_explanation, explain_molecule
from screening.report.explained import explained_picture
from tests.screening.report import faulty_explainers
from tests.screening.report.faulty_painters import CRASHES, HANGS, RAISES


def test_the_picture_is_the_one_made_without_a_guard(small_model):
    found = explained_picture(small_model, "CC(=O)Nc1ccccc1")
    plain = explain_molecule(small_model, "CC(=O)Nc1ccccc1")
    assert (found.task, found.score) == (plain.task, plain.score)
    assert found.svg == draw_explanation(plain)


@pytest.mark.parametrize(
    ("smiles", "words"),
    [(HANGS, "timeout: took longer than 0.2 s"), (CRASHES, "crash"), (RAISES, "cannot draw")],
)
def test_a_drawing_that_fails_is_a_sentence(small_model, smiles, words):
    with pytest.raises(UserError, match=words):
        explained_picture(
            small_model,
            smiles,
            limits=Limits(timeout_seconds=0.2),
            make_scorer=faulty_explainers.make,
        )

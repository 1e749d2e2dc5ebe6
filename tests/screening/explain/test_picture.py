"""An explanation as a picture: which atom is blue, what the caption says, whoever named things."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from screening.drawing import depict
from screening.explain import AtomContributions, draw_explanation, explain_molecule

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def explained(small_model) -> AtomContributions:
    return explain_molecule(small_model, "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O")


def circles(svg: str) -> dict[tuple[float, float], tuple[str, float]]:
    return {
        (float(c.attrib["cx"]), float(c.attrib["cy"])): (
            c.attrib["fill"],
            float(c.attrib["fill-opacity"]),
        )
        for c in ElementTree.fromstring(svg).iter(f"{SVG}circle")
    }


def caption(svg: str) -> str:
    return ElementTree.fromstring(svg).findall(f"{SVG}g/{SVG}text")[-1].text or ""


def test_each_atom_has_the_colour_of_its_contribution(explained) -> None:
    values = np.linspace(-0.9, 1.5, explained.mol.GetNumAtoms())
    explained = replace(explained, atoms=np.random.default_rng(0).permutation(values))
    found = circles(draw_explanation(explained))
    opacities = []
    for place, value in zip(depict(explained.mol).atoms, explained.atoms, strict=True):
        colour, opacity = found[place]
        opacities.append(opacity)
        if opacity:
            assert colour == ("#2171b5" if value > 0 else "#d97706")
    assert len(found) == explained.mol.GetNumAtoms()
    assert np.argmax(opacities) == np.abs(explained.atoms).argmax()
    assert max(opacities) == 0.75


def test_the_caption_tells_task_and_score(explained) -> None:
    svg = draw_explanation(explained, title="aspirin")
    assert caption(svg) == f"Class: {explained.score:.2f}; blue raises it, orange lowers it"
    assert ElementTree.fromstring(svg).attrib["aria-label"] == "aspirin"


@pytest.mark.parametrize(
    "name", ["</text><script>alert(1)</script>", "\u202eedoc\u202c", "x" * 10_000, "\x00", "a\nb"]
)
def test_a_hostile_task_leaves_the_score_in_sight(explained, name) -> None:
    svg = draw_explanation(replace(explained, task=name), title=name)
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert caption(svg).endswith(f": {explained.score:.2f}; blue raises it, orange lowers it")
    assert not set(caption(svg)) & set("\u202e\u202c")
    assert float(root.attrib["width"]) < 2000


def test_the_picture_is_the_same_every_time(small_model, explained) -> None:
    again = explain_molecule(small_model, "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O")
    assert draw_explanation(again) == draw_explanation(explained)

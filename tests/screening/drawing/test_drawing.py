"""Pictures of molecules: what RDKit drew is there, in the right place, and nothing else is."""

from __future__ import annotations

import csv
import io
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from screening.drawing import depict, diverging, draw_png, inline_svg, to_svg
from screening.drawing.colours import LOWERS, RAISES
from screening.drawing.depiction import BOND_LENGTH, FONT_SIZE

SVG = "{http://www.w3.org/2000/svg}"
ODD = {
    "no atoms": "",
    "one atom": "C",
    "one metal": "[Fe]",
    "no bonds": "[Na+].[Cl-]",
    "two fragments": "CCO.c1ccccc1",
    "mapped": "[CH3:1][OH:22]",
    "isotopes": "[2H]C[13CH3]",
    "radical": "[CH3]",
    "dummy": "*C",
    "wedges": "N[C@@H](C)C(=O)O",
    "wavy": "CC(F)Cl |w:1.0|",
    "dative": "[NH3]->[Pt](Cl)Cl",
    "own coordinates": "CC |(0,0,;1e3,0,)|",
}
HOSTILE = (
    "</svg><script>alert(1)</script>",
    "\"' onload='alert(1)",
    "<![CDATA[",
    "]]> &amp; & &#0;",
    "\x00\x08\x1b\ufffe\ud800",
    "=cmd|'/c calc'!A0",
    "two\nlines",
)


def mol_of(smiles: str) -> Any:
    mol = Chem.MolFromSmiles(smiles)
    assert mol is not None
    return mol


@pytest.fixture(scope="module")
def real(samples) -> list[Any]:
    with (samples / "bace.csv").open(encoding="utf-8") as file:
        return [mol_of(row["mol"]) for row in list(csv.DictReader(file))[::40]]


def rdkits_own(mol: Any) -> ElementTree.Element:
    """RDKit's picture with the settings of `depict`, read by an XML parser."""
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat, canonOrient=True)
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1, -1, -1, True)
    options: Any = canvas.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = False
    options.fixedBondLength = BOND_LENGTH
    options.fixedFontSize = FONT_SIZE
    options.padding = 0.02
    canvas.DrawMolecule(flat)
    canvas.FinishDrawing()
    return ElementTree.fromstring(canvas.GetDrawingText().encode("iso-8859-1"))


def numbers(path: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path)]


def absolute(path: str) -> list[float]:
    """The points of a path that goes from point to point, or of one with curves."""
    found: list[float] = []
    for part in re.findall(r"M[^M]*", path):
        start, *steps = part.replace("Z", "").split("l")
        points = np.array(numbers(start)).reshape(-1, 2)
        if steps:
            moves = np.array(numbers(steps[0])).reshape(-1, 2)
            points = np.vstack([points, points[-1] + np.cumsum(moves, axis=0)])
        found += points.ravel().tolist()
    return found


def is_corner(path: str) -> bool:
    """Tell whether RDKit drew this to round a corner: two pieces of a pixel or two."""
    points = np.array(numbers(path)).reshape(-1, 2)
    steps = np.diff(points, axis=0)
    return len(points) == 3 and "C" not in path and bool((np.abs(steps) < 2.95).all())


def numbers_of(paths: list[str]) -> np.ndarray:
    return np.array([n for path in paths for n in numbers(path)])


def test_every_line_and_letter_of_rdkits_drawing_is_there(real) -> None:
    for mol in [*real, *(mol_of(smiles) for smiles in ODD.values())]:
        drawing, own = depict(mol), rdkits_own(mol)
        paths = [(p.attrib["d"], p.attrib["style"]) for p in own.iter(f"{SVG}path")]
        lines = numbers_of([d for d, style in paths if "fill:none" in style and not is_corner(d)])
        fills = numbers_of([d for d, style in paths if "fill:none" not in style])
        assert np.allclose(absolute(drawing.lines), lines, rtol=0, atol=0.051)
        assert np.allclose(absolute(drawing.fills), fills, rtol=0, atol=0.051)
        assert [label.text for label in drawing.labels] == [t.text for t in own.iter(f"{SVG}text")]
        assert f"0 0 {drawing.width} {drawing.height}" == own.attrib["viewBox"]


def test_paths_keep_their_commands(real) -> None:
    for mol in real[:10]:
        paths = [p.attrib["d"] for p in rdkits_own(mol).iter(f"{SVG}path")]
        own = "".join(path for path in paths if not is_corner(path))
        drawing = depict(mol)
        for command in "MZ":
            assert (drawing.lines + drawing.fills).count(command) == own.count(command)


def test_atoms_lie_a_bond_apart_and_inside_the_picture(real) -> None:
    for mol in real:
        drawing = depict(mol)
        assert len(drawing.atoms) == mol.GetNumAtoms()
        at = np.array(drawing.atoms)
        ends = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds()]
        lengths = [np.hypot(*(at[a] - at[b])) for a, b in ends]
        # Large rings and crowded centres are drawn a little shorter or longer.
        assert np.median(lengths) == pytest.approx(29.8, abs=0.6)
        assert at.min() >= 0
        assert (at <= [drawing.width, drawing.height]).all()


def test_each_label_stands_at_its_atom() -> None:
    mol = mol_of("OCCCCCCCCCCCCBr")
    drawing = depict(mol)
    bromine = next(label for label in drawing.labels if label.text == "B")
    distances = np.hypot(*(np.array(drawing.atoms) - [bromine.x, bromine.y]).T)
    assert distances.argmin() == mol.GetNumAtoms() - 1


def test_the_molecule_is_not_changed_and_its_coordinates_do_not_count() -> None:
    mol = mol_of("CCO |(0,0,;9,9,;-40,2,)|")
    before = mol.GetConformer().GetPositions().copy()
    assert depict(mol) == depict(mol_of("CCO"))
    draw_png(mol)
    assert np.array_equal(mol.GetConformer().GetPositions(), before)


@pytest.mark.parametrize("name", ODD)
def test_odd_molecules_are_drawn(name) -> None:
    mol = mol_of(ODD[name])
    drawing = depict(mol)
    shares = dict.fromkeys(range(mol.GetNumAtoms()), 0.5)
    root = ElementTree.fromstring(to_svg(drawing, shares=shares, title=name))
    assert len(root.findall(f"{SVG}circle")) == mol.GetNumAtoms()
    assert float(root.attrib["width"]) > 0
    assert float(root.attrib["height"]) > 0
    assert Image.open(io.BytesIO(draw_png(mol))).size == (260, 170)


def test_a_molecule_of_hundreds_of_atoms_is_drawn() -> None:
    mol = mol_of("C(N)" * 300)
    drawing = depict(mol)
    ElementTree.fromstring(to_svg(drawing, shares={599: -1.0}))
    assert len(drawing.atoms) == 600
    picture = Image.open(io.BytesIO(draw_png(mol))).convert("L")
    assert picture.size == (260, 170)
    assert picture.getextrema()[0] < 255


def test_the_svg_holds_nothing_that_acts_or_clashes(real) -> None:
    """Two in one page must not meet by id, and nothing may run or be fetched."""
    pictures = [to_svg(depict(mol), shares={0: 1.0}, title="t", caption="c") for mol in real[:2]]
    page = ElementTree.fromstring(f"<html>{''.join(pictures)}</html>")
    allowed = {f"{SVG}{name}" for name in "svg title style circle path g text".split()}
    for element in page.iter():
        assert element.tag in allowed | {"html"}
        assert not {name for name in element.attrib if name.startswith("on")}
        assert not {"id", "href", "{http://www.w3.org/1999/xlink}href"} & set(element.attrib)
        assert not re.search(r"url|import", element.text or "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text) -> None:
    svg = to_svg(depict(mol_of("CCO")), title=text, caption=text)
    root = ElementTree.fromstring(svg.encode("utf-8"))
    expected = re.sub("[\x00\x08\x1b\ufffe\ud800]", "\ufffd", text)
    assert root.find(f"{SVG}title").text == expected
    assert root.findall(f"{SVG}g/{SVG}text")[-1].text == expected
    assert not root.findall(f".//{SVG}script")
    assert set(root.attrib) <= {"role", "aria-label", "width", "height", "viewBox"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_drawing_inside_a_page_keeps_hostile_text_and_leaves_the_colours_to_the_page(
    text,
) -> None:
    drawing = depict(mol_of("CCO"))
    root = ElementTree.fromstring(inline_svg(drawing, marked=[2], colour="raise", name=text))
    (disc,) = root.findall("circle")
    assert (float(disc.attrib["cx"]), float(disc.attrib["cy"])) == drawing.atoms[2]
    assert "var(--raise)" in disc.attrib["style"]
    assert {element.tag for element in root} == {"circle", "path", "text"}
    assert set(root.attrib) <= {"class", "role", "aria-label", "width", "height", "viewBox"}


@given(st.text() | st.text(st.characters(categories=["Cc", "Cs", "Cf", "Cn"])))
def test_any_title_gives_wellformed_xml(text) -> None:
    drawing = depict(mol_of("C"))
    ElementTree.fromstring(to_svg(drawing, title=text, caption=text).encode("utf-8"))


def test_marks_that_turn_text_around_do_not_reach_the_caption() -> None:
    svg = to_svg(depict(mol_of("CCO")), caption="\u202e\u2067active: 0.12")
    root = ElementTree.fromstring(svg)
    assert root.findall(f"{SVG}g/{SVG}text")[-1].text == "active: 0.12"


def test_labels_from_a_hostile_structure_are_text_once() -> None:
    """CXSMILES may name an atom; RDKit escapes the name, and so do we: it must happen once."""
    name = "<script>a&b</script>"
    drawing = depict(mol_of(f"CC* |$;;{name}$|"))
    assert "".join(label.text for label in drawing.labels) == name
    root = ElementTree.fromstring(to_svg(drawing))
    assert "".join(text.text or "" for text in root.iter(f"{SVG}text")) == name
    assert not list(root.iter(f"{SVG}script"))


def test_a_caption_has_its_room_below_and_beside() -> None:
    drawing = depict(mol_of("C"))
    plain = ElementTree.fromstring(to_svg(drawing))
    long = ElementTree.fromstring(to_svg(drawing, caption="x" * 100, scale=2.0))
    width, height = (float(v) for v in long.attrib["viewBox"].split()[2:])
    assert width > 500
    assert height > float(plain.attrib["height"])
    assert float(long.attrib["width"]) == pytest.approx(2 * width)
    caption = long.findall(f"{SVG}g/{SVG}text")[-1]
    assert drawing.height < float(caption.attrib["y"]) < height


def test_discs_lie_behind_their_atoms_in_the_colour_of_their_sign() -> None:
    drawing = depict(mol_of("CCCCO"))
    root = ElementTree.fromstring(to_svg(drawing, shares={0: 1.0, 2: -0.5, 4: 0.25}))
    circles = root.findall(f"{SVG}circle")
    where = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in circles]
    assert where == [drawing.atoms[0], drawing.atoms[2], drawing.atoms[4]]
    blue, orange = ("#{:02x}{:02x}{:02x}".format(*rgb) for rgb in (RAISES, LOWERS))
    assert [c.attrib["fill"] for c in circles] == [blue, orange, blue]
    opacity = [float(c.attrib["fill-opacity"]) for c in circles]
    assert opacity[0] > opacity[1] > opacity[2] > 0
    order = [element.tag for element in root]
    assert max(i for i, tag in enumerate(order) if tag.endswith("circle")) < order.index(
        f"{SVG}path"
    )


def test_colour_grows_with_size_alone_and_ends_at_full() -> None:
    shares = np.linspace(0, 1, 21)
    up, down = ([diverging(sign * s) for s in shares] for sign in (1, -1))
    assert [opacity for _, opacity in up] == [opacity for _, opacity in down]
    assert all(a[1] < b[1] for a, b in pairwise(up))
    assert up[0][1] == 0
    assert diverging(7.0) == diverging(1.0) != diverging(-7.0) == diverging(-1.0)
    assert len({colour for colour, _ in up[1:]} | {colour for colour, _ in down[1:]}) == 2


def test_the_png_shows_the_molecule_in_black_on_white(real) -> None:
    for mol in real[:5]:
        picture = Image.open(io.BytesIO(draw_png(mol, 400, 300)))
        assert picture.format == "PNG"
        assert picture.size == (400, 300)
        grey = np.asarray(picture.convert("L"))
        assert grey[0].min() == grey[:, 0].min() == 255
        assert 0.002 < (grey < 128).mean() < 0.2
    assert draw_png(real[0]) == draw_png(real[0]) != draw_png(real[1])


def test_the_short_form_for_the_page_says_the_same() -> None:
    drawing = depict(mol_of("CC(=O)Nc1ccccc1"))
    width, height, lines, fills, labels, flat = drawing.to_json()
    assert (width, height, lines, fills) == drawing[:4]
    assert [tuple(label) for label in labels] == list(drawing.labels)
    assert list(zip(flat[::2], flat[1::2], strict=True)) == list(drawing.atoms)


@pytest.mark.parametrize("smiles", ["OC(C)(C)CCO", "CC(=O)Oc1ccccc1C(=O)O", "C", "N#CCCCCC"])
def test_a_disc_at_the_edge_is_whole(smiles) -> None:
    mol = mol_of(smiles)
    drawing = depict(mol)
    shares = dict.fromkeys(range(mol.GetNumAtoms()), 1.0)
    whole = to_svg(drawing, shares=shares, caption="a line below")
    marked = inline_svg(drawing, marked=range(mol.GetNumAtoms()), colour="raise", name="all")
    for root in map(ElementTree.fromstring, (whole, marked)):
        left, top, width, height = (float(n) for n in root.attrib["viewBox"].split())
        circles = [e.attrib for e in root.iter() if e.tag.endswith("circle")]
        assert len(circles) == mol.GetNumAtoms()
        for circle in circles:
            x, y, r = (float(circle[key]) for key in ("cx", "cy", "r"))
            assert left <= x - r
            assert x + r <= left + width
            assert top <= y - r
            assert y + r <= top + height

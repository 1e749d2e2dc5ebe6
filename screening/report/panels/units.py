"""The hidden units that matter most, with the substructures they respond to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from rdkit import Chem

from screening.drawing import depict, inline_svg
from screening.explain.hidden_units import HiddenUnit, Response, important_units
from screening.features import bit_atoms
from screening.model import ScreeningModel
from screening.report.panels.training_view import TrainingView

# The molecular quantum numbers in words: Nguyen et al. 2009, https://doi.org/10.1002/cmdc.200900317
_MQN = (
    "carbon atoms, fluorine atoms, chlorine atoms, bromine atoms, iodine atoms, sulphur atoms, "
    "phosphorus atoms, acyclic nitrogens, cyclic nitrogens, acyclic oxygens, cyclic oxygens, "
    "heavy atoms, acyclic single bonds, acyclic double bonds, acyclic triple bonds, "
    "cyclic single bonds, cyclic double bonds, cyclic triple bonds, rotatable bonds, "
    "H-bond acceptor sites, H-bond acceptor atoms, H-bond donor sites, H-bond donor atoms, "
    "negative charges, positive charges, acyclic atoms of one neighbour, "
    "acyclic atoms of two neighbours, acyclic atoms of three neighbours, "
    "acyclic atoms of four neighbours, ring atoms of two neighbours, ring atoms of three "
    "neighbours, ring atoms of four neighbours, rings of three, rings of four, rings of five, "
    "rings of six, rings of seven, rings of eight, rings of nine, rings of ten and more, "
    "atoms shared by rings, bonds shared by rings"
)
PLAIN_NAMES = {f"MQN{i}": words for i, words in enumerate(_MQN.split(", "), start=1)}


@dataclass(frozen=True)
class DrawnResponse:
    """A substructure that moves a unit, in the smallest training compound that has it."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class DrawnUnit:
    """A hidden unit as the page shows it."""

    title: str
    sentence: str
    drawings: list[DrawnResponse]


def units_of(model: ScreeningModel, view: TrainingView, task: int) -> list[DrawnUnit]:
    """Return the units with the largest effect on the log odds of a task, drawn."""
    if not view.mols:
        return []
    return [_drawn(model, view, unit) for unit in important_units(model, view.x, task)]


def _drawn(model: ScreeningModel, view: TrainingView, unit: HiddenUnit) -> DrawnUnit:
    word = "raises" if unit.effect > 0 else "lowers"
    numbers = ", ".join(
        f"{'more' if r.weight > 0 else 'less'} {_number_name(model, r)}" for r in unit.numbers
    )
    sentence = (
        f"When it is on, it {word} the score: {abs(unit.effect):.2f} nats of its network’s log "
        "odds for one standard deviation."
    )
    if numbers:
        sentence += f" It also follows {numbers}."
    drawings = [d for r in unit.bits if (d := _drawing(view, r)) is not None]
    return DrawnUnit(f"Network {unit.member + 1}, unit {unit.unit + 1}", sentence, drawings)


def _number_name(model: ScreeningModel, response: Response) -> str:
    (block,) = [b for b in model.features.blocks if b.name == response.block]
    name = str(block.get_feature_names_out()[response.position])
    return PLAIN_NAMES.get(name, name)


def _drawing(view: TrainingView, response: Response) -> DrawnResponse | None:
    matrix = view.raw.sparse[response.block]
    rows = np.flatnonzero(np.asarray(matrix[:, [response.position]].todense()).ravel())
    if not len(rows):
        return None
    smallest = min(rows, key=lambda row: (view.mols[row].GetNumAtoms(), row))
    mol = view.mols[smallest]
    try:
        atoms = bit_atoms(mol, response.block, matrix.shape[1])[response.position][0]
    except (ValueError, KeyError):  # a block whose atoms are not known
        return None
    verb = "switched on" if response.weight > 0 else "switched off"
    share = len(rows) / len(view.mols)
    caption = f"{verb} by this part, which {100 * share:.0f} % of the compounds have"
    colour = "raise" if response.weight > 0 else "lower"
    part = Chem.MolFragmentToSmiles(mol, atomsToUse=sorted(atoms))
    name = f"part {part} in a compound of the assay"
    svg = inline_svg(depict(mol), marked=atoms, colour=colour, name=name)
    return DrawnResponse(Markup(svg), caption)  # noqa: S704 - every text in it is escaped

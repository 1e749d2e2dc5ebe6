"""What is told of one molecule: each part is a value that may fail, and then touches no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import Alert, Failure, alerts, canonical_smiles, murcko_scaffold
from screening.chemistry.molecule import captured
from screening.chemistry.properties import Properties, properties
from screening.hits.common_part import Environments, common_atoms
from screening.model import ScreeningModel

_Value = TypeVar("_Value")


class About(NamedTuple):
    """What is told of a molecule; a part that failed is empty.

    Attributes
    ----------
    fingerprint : uint8 array of shape (n_bytes,)
        Packed Morgan bits; none is on where they failed.
    structure : str
        Canonical SMILES.
    alerts : list of Alert
        Their atoms are numbered along `structure`.
    scaffold : str
    properties : Properties or None
    missing : str
        What failed, and how; empty where nothing did.
    """

    fingerprint: NDArray[np.uint8]
    structure: str = ""
    alerts: Sequence[Alert] = ()
    scaffold: str = ""
    properties: Properties | None = None
    missing: str = ""


class AboutHit(NamedTuple):
    """What is told of a hit: `About` the molecule, and its nearest known compounds.

    `nearest_active` and `nearest_inactive` have the entries of these columns.
    """

    about: About
    nearest_active: dict[str, Any]
    nearest_inactive: dict[str, Any]


def molecule_of(structure: str) -> Chem.Mol:
    """Return the molecule of a column `structure`, its atoms in the order of the text.

    One without atoms where RDKit cannot read it at all.
    """
    with captured():
        mol = Chem.MolFromSmiles(structure)
        if mol is None:
            # What RDKit wrote and cannot read again is rare; it can still be drawn.
            mol = Chem.MolFromSmiles(structure, sanitize=False)
            if mol is None:
                return Chem.Mol()
            Chem.SanitizeMol(mol, catchErrors=True)
    return mol


def about_molecules(mols: Sequence[Chem.Mol | Failure], model: ScreeningModel) -> list[About]:
    """Tell what there is to tell of molecules, in their order.

    Parameters
    ----------
    mols
        Prepared as the model prepares them; a Failure where there is none.
    model
    """
    with captured():
        return [_about(mol, model) for mol in mols]


def about_hits(
    mols: Sequence[Chem.Mol | Failure], model: ScreeningModel, task: str
) -> list[AboutHit]:
    """Tell the same of hits, and which compounds of the assay they are near.

    Parameters
    ----------
    mols, model
        As for `about_molecules`.
    task
        Whose actives and inactives are meant.
    """
    found = about_molecules(mols, model)
    if not found:
        return []
    with captured():
        own = [_environments(about.structure) for about in found]
        active, inactive = (_neighbours(found, own, model, task, label) for label in (1, 0))
    return [AboutHit(*each) for each in zip(found, active, inactive, strict=True)]


class _Parts:
    """Has parts worked out one by one, and notes which of them failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def __call__(self, name: str, work: Callable[[], _Value], instead: _Value) -> _Value:
        try:
            return work()
        except Exception as error:  # RDKit raises what it likes
            words = " ".join(f"{type(error).__name__}: {error}".split())
            self.failed.append(f"{name} ({words[:200]})")
            return instead


def _about(mol: Chem.Mol | Failure, model: ScreeningModel) -> About:
    nothing = np.zeros(model.training.fingerprints.shape[1], dtype=np.uint8)
    if isinstance(mol, Failure):
        return About(nothing, missing=f"everything ({mol.message})")
    part = _Parts()
    structure = part("structure", lambda: canonical_smiles(mol), "")
    drawn = molecule_of(structure)
    fingerprint = part("fingerprint", lambda: model.fingerprints([mol])[0], nothing)
    found: Sequence[Alert] = part("alerts", lambda: alerts(drawn), [])
    scaffold = part("scaffold", lambda: murcko_scaffold(mol), "")
    numbers = part("properties", lambda: properties(mol), None)
    return About(fingerprint, structure, found, scaffold, numbers, ", ".join(part.failed))


def _environments(structure: str) -> Environments | None:
    return _Parts()("common part", lambda: Environments(molecule_of(structure)), None)


def _neighbours(
    found: Sequence[About],
    own: Sequence[Environments | None],
    model: ScreeningModel,
    task: str,
    label: int,
) -> list[dict[str, Any]]:
    """Return the assay's nearest compound of a label to each molecule, and what both share."""
    training = model.training
    fingerprints = np.stack([about.fingerprint for about in found])
    index, similarity = training.nearest_labelled(fingerprints, model.tasks.index(task), label)
    # Many hits have the same neighbour.
    theirs = {i: _environments(training.smiles[i]) for i in set(index.tolist())}
    neighbours = []
    for position, near, mine in zip(index.tolist(), similarity.tolist(), own, strict=True):
        other = theirs[position]
        atoms, known_atoms = common_atoms(mine, other) if mine and other else ([], [])
        neighbours.append(
            {
                "id": training.ids[position],
                "similarity": near,
                "position": position,
                "atoms": atoms,
                "known_atoms": known_atoms,
            }
        )
    return neighbours

"""What each atom contributes to the score, by exact occlusion on the network itself, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import Failure
from screening.chemistry.molecule import captured
from screening.drawing import depict, to_svg
from screening.errors import UserError
from screening.explain.occluded import occluded_rows
from screening.features import GeneratedBits, GeneratedCounts, RawFeatures, stack
from screening.model import ScreeningModel

# Molecules explained in one pass; each has as many rows as atoms.
_MOLECULES_PER_PASS = 64
# Characters of a structure that an error repeats.
_SHOWN = 120
_LONGEST_TASK = 60
# Blocks that know the atoms behind their bits.
_COVERABLE = (GeneratedCounts, GeneratedBits)


@dataclass(frozen=True)
class AtomContributions:
    """What raised and lowered one molecule's score.

    Attributes
    ----------
    mol : Mol
        The standardised molecule; contributions follow its atoms.
    task : str
    score : float
        Calibrated probability of being active.
    log_odds : float
        Its log odds in nats, before rounding.
    atoms : float64 array of shape (n_atoms,)
        Fall of the log odds when the atom is covered: positive atoms raise the score. They need
        not add up, since one substructure covers several atoms.
    descriptors : float
        Fall of the log odds when every descriptor is set to the middle of the training compounds:
        what the molecule as a whole (size, polarity, ...) contributes. 0 without descriptors.

    Examples
    --------
    >>> import numpy as np
    >>> from rdkit import Chem
    >>> from screening import AtomContributions
    >>> atoms = np.array([0.2, 0.1, -0.4])
    >>> why = AtomContributions(Chem.MolFromSmiles("CCO"), "active", 0.6, 0.41, atoms, 0.0)
    >>> why.shares()
    {0: 0.5, 1: 0.25, 2: -1.0}
    """

    mol: Chem.Mol
    task: str
    score: float
    log_odds: float
    atoms: NDArray[np.float64]
    descriptors: float

    def shares(self, full: float | None = None) -> dict[int, float]:
        """Return atom -> contribution in [-1, 1], relative to `full` or to the largest atom."""
        scale = full or float(np.abs(self.atoms).max(initial=0.0)) or 1.0
        return {i: float(np.clip(v / scale, -1, 1)) for i, v in enumerate(self.atoms)}

    def _repr_svg_(self) -> str:
        """Return the picture that a notebook shows."""
        return draw_explanation(self, scale=1.3)


def explain(model: ScreeningModel, mol: Chem.Mol, task: str | None = None) -> AtomContributions:
    """Explain the score of one prepared molecule.

    Raises
    ------
    UserError
        The model has no such task.
    """
    return contributions_of(model, [mol], task)[0]


def explain_molecule(
    model: ScreeningModel, smiles: str, task: str | None = None
) -> AtomContributions:
    """Explain the score of a structure given as SMILES.

    Raises
    ------
    UserError
        The structure cannot be read, the model has no such task, or no feature of the model can be
        traced to atoms.
    """
    if not any(isinstance(block, _COVERABLE) for block in model.features.blocks):
        raise UserError(
            f"the model's features ({', '.join(model.options.features)}) cannot be traced to "
            "atoms; train with --features morgan_counts,descriptors to have scores explained."
        )
    mol = model.prepare(smiles)
    if isinstance(mol, Failure):
        shown = smiles if len(smiles) <= _SHOWN else f"{smiles[:_SHOWN]}…"
        raise UserError(f"the structure {shown!r} cannot be used ({mol.reason}: {mol.message}).")
    with captured():
        return explain(model, mol, task)


def contributions_of(
    model: ScreeningModel, mols: Sequence[Chem.Mol], task: str | None = None
) -> list[AtomContributions]:
    """Explain several prepared molecules.

    The contribution of atom a is logit p(x) - logit p(x without a), where "without a" removes from
    every fingerprint whose bits have known atoms (Morgan, FCFP, pairs, torsions, paths) the
    substructures that hold a, and leaves all else as it is. Nothing is sampled or approximated:
    each value is a difference of two scores of the model.

    References
    ----------
    Riniker and Landrum 2013 (fingerprint bits covered atom by atom),
    https://doi.org/10.1186/1758-2946-5-43
    """
    index = _task_index(model, task)
    found: list[AtomContributions] = []
    for start in range(0, len(mols), _MOLECULES_PER_PASS):
        found.extend(_one_pass(model, mols[start : start + _MOLECULES_PER_PASS], index))
    return found


def _task_index(model: ScreeningModel, task: str | None) -> int:
    if task is None:
        return 0
    if task not in model.tasks:
        raise UserError(f"there is no task {task!r}; the model's are {', '.join(model.tasks)}.")
    return model.tasks.index(task)


def _one_pass(
    model: ScreeningModel, mols: Sequence[Chem.Mol], task: int
) -> Iterator[AtomContributions]:
    raw = model.featurise(mols)
    covered = stack([_cover(model, m, raw, i) for i, m in enumerate(mols)])
    # How much a logit is worth belongs to the whole molecule, and stays while atoms are covered.
    _, similarity = model.training.nearest(model.fingerprints(mols, raw))
    sizes = [mol.GetNumAtoms() for mol in mols]
    log_odds = _log_odds(model, raw, similarity, task)
    without = _log_odds(model, covered, np.repeat(similarity, sizes), task)
    middle = log_odds - _log_odds(model, _without_descriptors(model, raw), similarity, task)
    ends = np.cumsum([0, *sizes])
    for i, mol in enumerate(mols):
        yield AtomContributions(
            mol=mol,
            task=model.tasks[task],
            score=float(1 / (1 + np.exp(-log_odds[i]))),
            log_odds=float(log_odds[i]),
            atoms=log_odds[i] - without[ends[i] : ends[i + 1]],
            descriptors=float(middle[i]),
        )


def _cover(model: ScreeningModel, mol: Chem.Mol, raw: RawFeatures, row: int) -> RawFeatures:
    """Return one row an atom: what can be covered is, the rest is the molecule's own."""
    copies = np.full(mol.GetNumAtoms(), row)
    covered = raw.take(copies)
    for block in model.features.blocks:
        if isinstance(block, _COVERABLE):
            covered.sparse[block.name] = occluded_rows(mol, block)
    return covered


def _without_descriptors(model: ScreeningModel, raw: RawFeatures) -> RawFeatures:
    """Return the rows with every descriptor at the median of the training compounds."""
    encoders = (model.encoder, *(() if model.blend is None else model.blend.encoders()))
    middle = {name: own.median(name) for own in encoders for name in own.grids_}
    rows = {
        name: np.tile(middle[name], (len(raw), 1)) if name in middle else values
        for name, values in raw.dense.items()
    }
    return RawFeatures(raw.sparse, rows)


def _log_odds(
    model: ScreeningModel, raw: RawFeatures, similarity: NDArray[np.float32], task: int
) -> NDArray[np.float64]:
    logits = model.logits(raw, similarity)[:, :, task].mean(axis=0)
    return model.log_odds(logits, similarity, task)


def draw_explanation(
    contributions: AtomContributions, *, title: str = "", scale: float = 2.0
) -> str:
    """Return SVG text: blue atoms raise the score, orange atoms lower it.

    Parameters
    ----------
    contributions
    title
        Name of the molecule; text from files is safe here.
    scale
        Size of the picture; 1 draws bonds of about 30 pixels.

    Raises
    ------
    UserError
        RDKit cannot draw the molecule.
    """
    try:
        with captured():
            drawing = depict(contributions.mol)
    except Exception as error:  # RDKit raises what it likes
        raise UserError(f"RDKit cannot draw the structure ({type(error).__name__}).") from error
    task = contributions.task
    # A column's name may be as long as a file; the score after it must stay in sight.
    task = task if len(task) <= _LONGEST_TASK else f"{task[:_LONGEST_TASK]}…"
    caption = f"{task}: {contributions.score:.2f}; blue raises it, orange lowers it"
    return to_svg(
        drawing,
        shares=contributions.shares(),
        title=title or "Contribution of each atom to the score",
        scale=scale,
        caption=caption,
    )

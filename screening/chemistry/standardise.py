"""Standardisation: what is done to a structure before anything is computed from it.

Three levels. `none` takes the structure as parsed. `parent` cleans up (RDKit's normalisation,
metals disconnected, acids reionised), keeps the largest organic fragment and neutralises it;
isotopes and stereo stay. `tautomer` puts RDKit's canonical tautomer on top.

RDKit's pipeline costs ten times as much as the parse, and most drug-like molecules leave it as they
came. `needs_nothing` finds those by a test that is cheap and, for them, exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

from screening.chemistry.molecule import Failure, Limits, captured, read_molecule

Level = Literal["none", "parent", "tautomer"]

# No metal to disconnect and no acid that the reioniser orders by strength differs without a charge.
_PLAIN = frozenset((5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53))
# What RDKit's normaliser rewrites although it carries no charge: sulfoxides and the like, imidic
# acids ("bad amide tautomers"), chains that end in two or three nitrogens, hypervalent nitrogen and
# phosphorus.
_REWRITABLE = (
    "[#16;X3]",
    "[#16;X2]=[!#6]",
    "[#16;X1]=[!#6]",
    "[OX2H1][#6]=[#7]",
    "[SX2H1][#6]=[#7]",
    "[#7]=,#[#7]=,#[#7,#6]",
    "[#7;v4,v5]",
    "[#7]=O",
    "[#15]",
    "[#5]",
    "[#34]",
    "[#14]",
    "[#6;v2,v3]",
    "[#17,#35,#53;!X1]",
)


@lru_cache(maxsize=1)
def _rewritable() -> tuple[Chem.Mol, ...]:
    return tuple(Chem.MolFromSmarts(smarts) for smarts in _REWRITABLE)


def needs_nothing(mol: Chem.Mol) -> bool:
    """Tell whether the `parent` pipeline is known to leave this molecule as it is.

    True only for one fragment of common elements without charge, radical or explicit hydrogen that
    holds none of the groups that RDKit's normaliser can rewrite. False means: ask RDKit.
    """
    odd = False
    for atom in mol.GetAtoms():
        number = atom.GetAtomicNum()
        if number not in _PLAIN or atom.GetFormalCharge() or atom.GetNumRadicalElectrons():
            return False
        odd = odd or number not in (6, 8, 9, 17)
    if len(Chem.GetMolFrags(mol)) > 1:
        return False
    return not (odd and any(mol.HasSubstructMatch(query) for query in _rewritable()))


class Standardiser:
    """Brings a molecule into the form that features are computed from.

    Parameters
    ----------
    level
        none, parent or tautomer.
    """

    def __init__(self, level: Level = "parent") -> None:
        if level not in get_args(Level):
            raise ValueError(f"standardisation {level!r} is none of {', '.join(get_args(Level))}")
        self.level = level
        self._fragment = rdMolStandardize.LargestFragmentChooser(preferOrganic=True)
        self._uncharger = rdMolStandardize.Uncharger()
        self._tautomers = rdMolStandardize.TautomerEnumerator()
        self._tautomers.SetMaxTautomers(100)

    def __call__(self, mol: Chem.Mol) -> Chem.Mol:
        """Return the standardised molecule; the one given is not changed."""
        if self.level == "none":
            return mol
        parent = mol if needs_nothing(mol) else self.full_parent(mol)
        return self._tautomers.Canonicalize(parent) if self.level == "tautomer" else parent

    def full_parent(self, mol: Chem.Mol) -> Chem.Mol:
        """Return the result of RDKit's whole pipeline, whatever the molecule needs."""
        clean = rdMolStandardize.Cleanup(mol)
        return self._uncharger.uncharge(self._fragment.choose(clean))


def prepare_molecule(
    smiles: str, standardiser: Standardiser, limits: Limits | None = None
) -> Chem.Mol | Failure:
    """Parse and standardise one SMILES; a Failure says why there is no molecule."""
    mol = read_molecule(smiles, limits)
    if isinstance(mol, Failure):
        return mol
    with captured() as said:
        try:
            parent = standardiser(mol)
        except (ValueError, RuntimeError) as error:
            return Failure("sanitize", str(error) or said.getvalue().strip())
    if not parent.GetNumAtoms():
        return Failure("no_atoms", "nothing is left after standardisation")
    return parent

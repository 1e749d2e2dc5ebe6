"""Standardisation: what is done to a structure before anything is computed from it.

Three levels. `none` takes the structure as parsed. `parent` cleans up (RDKit's normalisation,
metals disconnected, acids reionised), keeps the largest organic fragment and neutralises it;
isotopes and stereo stay. `tautomer` puts RDKit's canonical tautomer on top.

Whatever comes out can be written as SMILES and read again. Some ions have no neutral form: a
cyclopentadienide, a tropylium, a hexafluorophosphate would get a hydrogen too many or lose one that
the ring needs. Such an ion keeps its charge, as it does in a flask.

RDKit's pipeline costs several times as much as the parse, and most drug-like molecules leave it as
they came. `needs_nothing` finds those; the proof is in its notes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

from screening.chemistry.molecule import Failure, Limits, captured, read_molecule, words_of

Level = Literal["none", "parent", "tautomer"]

# Atoms at which some step of the pipeline may act; one pass over the atoms finds the first.
_SUSPECT = (
    "[!+0,"  # charges: half of the normaliser, the reioniser, the neutraliser
    "#1,"  # hydrogens written as atoms are removed
    "#7v4,#7v5,#15X3v5,#16X3,"  # the normaliser's transforms that start without a charge
    "#17X0,"  # a lone chlorine atom is made a chloride
    # Any other element may be a metal, to be disconnected.
    "!#5!#6!#7!#8!#9!#14!#15!#16!#17!#34!#35!#53]"
)
# The same, were it not for nitro groups, whose charges every step leaves alone.
_NITRO_N = "[NX3D3+](=[OX1+0])([OX1-])-[#6,#7,#8;+0]"
_NITRO_O = "[OX1-]-[NX3D3+](=[OX1+0])-[#6,#7,#8;+0]"
_SUSPECT_BESIDE_NITRO = _SUSPECT.replace("!+0,", f"!+0!$({_NITRO_N})!$({_NITRO_O}),").replace(
    "#7v4", f"#7v4!$({_NITRO_N})"
)


# Where a step may leave what no SMILES can say: ions other than those of aliphatic N, O and S,
# whose neutral forms always exist, and elements that few structures have.
_ODD = "[!+0!N!O!S,!#1!#5!#6!#7!#8!#9!#14!#15!#16!#17!#34!#35!#53]"


@lru_cache(maxsize=1)
def _odd() -> Chem.Mol:
    return Chem.MolFromSmarts(_ODD)


@lru_cache(maxsize=1)
def _suspects() -> tuple[Chem.Mol, Chem.Mol]:
    return Chem.MolFromSmarts(_SUSPECT), Chem.MolFromSmarts(_SUSPECT_BESIDE_NITRO)


def needs_nothing(mol: Chem.Mol) -> bool:
    """Tell whether the `parent` pipeline is known to leave this molecule as it is.

    True only for one fragment of common elements without charge (nitro groups apart) or explicit
    hydrogen that holds none of the groups that the pipeline rewrites. False means: ask RDKit.

    Notes
    -----
    Why nothing can happen, step by step (RDKit, `Code/GraphMol/MolStandardize`):

    - Removing hydrogens needs a hydrogen atom; disconnecting needs a metal.
    - Of the normaliser's 22 transforms 17 need a charged atom. The others need N or P with two
      double bonds to chalcogens, N=N#N, =N#N, an aromatic N with =O (all of them nitrogen of
      valence 4 or 5, or three-connected phosphorus of valence 5), or three-connected sulfur.
    - The reioniser moves a proton only to the base of one of its acid-base pairs, each of which has
      a charged atom; its corrections of lone atoms concern metals and chlorine.
    - The neutraliser needs a charge that has no opposite charge beside it.
    - A nitro group holds no match of any of these: its N+ bears no hydrogen and has O- beside it,
      its O- is bound to N+ only, which no charge recombination and no acid-base pair has.
    """
    plainly, beside_nitro = _suspects()
    if mol.HasSubstructMatch(plainly) and mol.HasSubstructMatch(beside_nitro):
        return False
    return len(Chem.GetMolFrags(mol)) == 1


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
        """Return the standardised molecule; the one given is not changed.

        Raises
        ------
        ValueError, RuntimeError
            RDKit fails, or cannot read what it writes of the result.
        """
        if self.level == "none":
            return self._last_readable(mol) if mol.HasSubstructMatch(_odd()) else mol
        parent = mol if needs_nothing(mol) else self.full_parent(mol)
        if self.level == "parent":
            return parent
        tautomer = self._tautomers.Canonicalize(parent)
        return self._last_readable(tautomer, parent)

    def __reduce__(self) -> tuple[type[Standardiser], tuple[Level]]:
        # RDKit's parts cannot be sent to another process; they are made again there.
        return Standardiser, (self.level,)

    def full_parent(self, mol: Chem.Mol) -> Chem.Mol:
        """Return the result of RDKit's whole pipeline, whatever the molecule needs.

        An ion without a neutral form that can be written and read again stays charged.
        """
        fragment = self._fragment.choose(rdMolStandardize.Cleanup(mol))
        neutral = self._uncharger.uncharge(fragment)
        if fragment.HasSubstructMatch(_odd()):
            return self._last_readable(neutral, fragment)
        return neutral

    def _last_readable(self, *steps: Chem.Mol) -> Chem.Mol:
        for mol in steps:
            if can_be_read_again(mol):
                return mol
        raise ValueError("RDKit cannot read the SMILES that it writes of this structure")


def can_be_read_again(mol: Chem.Mol) -> bool:
    """Tell whether the SMILES that RDKit writes of a molecule can be read by it."""
    with captured():
        try:
            return Chem.MolFromSmiles(Chem.MolToSmiles(mol)) is not None
        except (ValueError, RuntimeError):
            return False


def prepare_molecule(
    smiles: str, standardiser: Standardiser, limits: Limits | None = None
) -> Chem.Mol | Failure:
    """Parse and standardise one SMILES; a Failure says why there is no molecule."""
    mol = read_molecule(smiles, limits)
    return mol if isinstance(mol, Failure) else standardise_molecule(mol, standardiser)


def standardise_molecule(mol: Chem.Mol, standardiser: Standardiser) -> Chem.Mol | Failure:
    """Standardise one molecule; a Failure says why nothing came of it."""
    with captured() as said:
        try:
            parent = standardiser(mol)
        except (ValueError, RuntimeError) as error:
            return Failure("sanitize", str(error) or words_of(said.getvalue()))
    if not parent.GetNumAtoms():
        return Failure("no_atoms", "nothing is left after standardisation")
    return parent

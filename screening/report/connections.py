"""Which atoms a drawing has and how they are bound, for a page that writes SD files itself."""

from __future__ import annotations

from rdkit import Chem

# Of an atom's line: coordinates and symbol come first.
_SYMBOL, _FIELDS = slice(31, 34), slice(34, None)
_V2000 = 999


def connections(flat: Chem.Mol) -> list[str]:
    """Return the parts of a V2000 mol block that are not coordinates.

    Atoms are numbered as in `screening.drawing.depict`, whose positions belong to the same layout,
    so wedges mean the same in both.

    Parameters
    ----------
    flat
        What `screening.drawing.laid_out` returned.

    Returns
    -------
    list of str
        Symbols, divided by blanks; bonds as `first second order stereo`, divided by commas; the
        chiral flag; then lines: `i fields` of each atom (from 0) that has any, and the block's
        property lines. Empty for a molecule too large for the format.

    References
    ----------
    CTfile Formats, BIOVIA 2020, chapter 2.
    """
    if max(flat.GetNumAtoms(), flat.GetNumBonds()) > _V2000:
        return []
    lines = Chem.MolToMolBlock(flat).splitlines()[3:]
    n_atoms, n_bonds, chiral = int(lines[0][:3]), int(lines[0][3:6]), lines[0][12:15].strip()
    atoms, bonds = lines[1 : 1 + n_atoms], lines[1 + n_atoms : 1 + n_atoms + n_bonds]
    fields = (f"{i}{line[_FIELDS]}" for i, line in enumerate(atoms) if line[_FIELDS].strip(" 0"))
    properties = (line for line in lines[1 + n_atoms + n_bonds :] if line != "M  END")
    return [
        " ".join(line[_SYMBOL].strip() for line in atoms),
        ",".join(" ".join(line[i : i + 3].strip() for i in range(0, 12, 3)) for line in bonds),
        chiral,
        *fields,
        *properties,
    ]

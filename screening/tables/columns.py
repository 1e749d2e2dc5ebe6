"""Which column holds the structures and which the names: taken as told, or guessed when clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdkit import Chem, rdBase

from screening.errors import UserError, did_you_mean

SMILES_NAMES = frozenset(
    "smiles smi structure structures canonical_smiles canonicalsmiles isomeric_smiles "
    "smiles_string std_smiles standardized_smiles mol molecule rdkit_smiles".split()
)
ID_NAMES = frozenset(
    "id ids name names compound compound_id compoundid compound_name cid cmpd_id cmpdid mol_id "
    "molid molecule_id molecule_chembl_id chembl_id zinc_id catalog catalog_id catalog_number "
    "vendor_id title identifier registry_number".split()
)

_LONGEST = 10_000


@dataclass(frozen=True)
class Columns:
    """The columns of structures and names, and every name in file order."""

    smiles: str
    id: str | None
    names: tuple[str, ...]


def looks_like_smiles(text: str, least_atoms: int = 3) -> bool:
    """Tell whether a cell parses as a structure of so many atoms, and is no plain number."""
    word = text.strip()
    if not word or any(c.isspace() for c in word) or word.replace(".", "").isdigit():
        return False
    # What could be a structure is judged by a look at a few rows; no cell of prose is that long.
    if len(word) > _LONGEST:
        return False
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(word, sanitize=False)
    return mol is not None and mol.GetNumAtoms() >= least_atoms


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the header with a name for each column and no name twice."""
    seen: set[str] = set()
    names = []
    for position, given in enumerate(header, start=1):
        base = given.strip() or f"column_{position}"
        name, copy = base, 2
        while name in seen:
            name, copy = f"{base}_{copy}", copy + 1
        seen.add(name)
        names.append(name)
    return tuple(names)


def choose_columns(
    source: str,
    names: Sequence[str],
    sample: Sequence[Sequence[str]],
    smiles_column: str | None,
    id_column: str | None,
) -> Columns:
    """Take the columns that were named, and guess the others when there is one candidate.

    Parameters
    ----------
    source
        Name of the file, for messages.
    names
        Names of all columns.
    sample
        The first rows, to look at what the cells hold.
    smiles_column, id_column
        What the user said, or None.

    Raises
    ------
    UserError
        A named column is not there, or no single column holds structures; lists the columns.
    """
    smiles = (
        _guess_smiles(source, names, sample)
        if smiles_column is None
        else named_column(source, names, smiles_column, "smiles_column, --smiles-column")
    )
    chosen = (
        _guess_id(names, smiles)
        if id_column is None
        else named_column(source, names, id_column, "id_column, --id-column")
    )
    return Columns(smiles, chosen, tuple(names))


def named_column(source: str, names: Sequence[str], wanted: str, option: str) -> str:
    """Return the name of a column as the table has it, however it was capitalised.

    Raises
    ------
    UserError
        There is none; names the option that asked for it, and the column that is most like it.
    """
    if wanted in names:
        return wanted
    alike = [name for name in names if name.lower() == wanted.lower()]
    if len(alike) == 1:
        return alike[0]
    raise UserError(
        f"{source} has no column {wanted!r} ({option}); {did_you_mean(wanted, names)}"
        f"its columns are {', '.join(names)}."
    )


def _guess_smiles(source: str, names: Sequence[str], sample: Sequence[Sequence[str]]) -> str:
    holding = [
        name
        for position, name in enumerate(names)
        if _share([row[position] for row in sample if position < len(row)]) >= 0.5
    ]
    by_name = [name for name in names if _folded(name) in SMILES_NAMES]
    for candidates in ([n for n in by_name if n in holding], holding, by_name):
        if len(candidates) == 1:
            return candidates[0]
    which = "several columns hold" if len(holding) > 1 else "no column seems to hold"
    raise UserError(
        f"{source}: {which} structures; name one with smiles_column "
        f"(--smiles-column). "
        f"The columns are {', '.join(names)}."
    )


def _share(cells: Sequence[str]) -> float:
    filled = [cell for cell in cells if cell.strip()]
    return sum(map(looks_like_smiles, filled)) / len(filled) if filled else 0.0


def _guess_id(names: Sequence[str], smiles: str) -> str | None:
    others = [name for name in names if name != smiles]
    by_name = [name for name in others if _folded(name) in ID_NAMES]
    if len(by_name) > 1:
        # Beside a name, what is called an identifier is one.
        by_name = [name for name in by_name if _folded(name).endswith(("id", "ids"))]
    if len(by_name) == 1:
        return by_name[0]
    # Without a header there is no name to go by; beside structures, one column can only be names.
    nameless = all(name.startswith("column_") for name in names)
    return others[0] if nameless and len(others) == 1 else None


def _folded(name: str) -> str:
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())

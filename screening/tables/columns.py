"""Which column holds the structures and which the names: taken as told, or guessed when clear."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdkit import Chem, rdBase

from screening.errors import UserError, did_you_mean

# A column whose name has the word `smiles` in it needs no entry.
_SMILES_NAMES = frozenset(
    "smi structure structures canonicalsmiles isomericsmiles cxsmiles mol molecule".split()
)
# The better name of two comes first: what its owner calls a compound, public registries,
# catalogues of vendors, and at last names, which may be missing or long.
_ID_NAMES = (
    "id ids compound_id compoundid cmpd_id cmpdid cpd_id mol_id molid molecule_id substance_id "
    "sample_id identifier registry_number registration_number corporate_id "
    "molecule_chembl_id compound_chembl_id mol_chembl_id chembl_id chemblid zinc_id zincid "
    "pubchem_cid cid pubchem_sid sid drugbank_id bindingdb_monomerid nsc nsc_number "
    "catalog_id catalogue_id catalog_number catalogue_number catalog_no catalogue_no cat_no "
    "catalog catalogue idnumber id_number enamine_id molport_id mcule_id chembridge_id chemdiv_id "
    "chemspace_id vendor_id supplier_id product_id product_number item_number order_number "
    "cas cas_number cas_no cas_rn cas_registry_number molregno "
    "compound compound_name molecule_name name names title preferred_name"
).split()
_ID_ORDER = {name: place for place, name in enumerate(_ID_NAMES)}

_LONGEST = 10_000
# A structure may be followed by a CXSMILES extension between bars, then by a name.
_EXTENDED = re.compile(r"(\S+\s+\|[^|]*\|)(?:\s+(.*))?", re.DOTALL)


class NoStructuresError(UserError):
    """A table in which no column seems to hold structures.

    Attributes
    ----------
    names : tuple of str
        Its columns.
    """

    def __init__(self, message: str, names: Sequence[str]) -> None:
        super().__init__(message)
        self.names = tuple(names)


@dataclass(frozen=True)
class Wanted:
    """What a user says of a table; what is None is guessed.

    Attributes
    ----------
    smiles, id : str, optional
        The columns of structures and names.
    sheet : str, optional
        Of an Excel file; its first when None.
    """

    smiles: str | None = None
    id: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of structures and names, and every name in file order."""

    smiles: str
    id: str | None
    names: tuple[str, ...]


def split_structure(text: str) -> tuple[str, str]:
    """Return the structure of a cell, CXSMILES extension included, and the name that follows it.

    Examples
    --------
    >>> split_structure("CCO ethyl alcohol")
    ('CCO', 'ethyl alcohol')
    >>> split_structure("C[C@H](O)F |&1:1| mixture")
    ('C[C@H](O)F |&1:1|', 'mixture')
    """
    words = text.split(maxsplit=1)
    if len(words) < 2:
        return (words[0], "") if words else ("", "")
    if words[1].startswith("|") and (extended := _EXTENDED.fullmatch(text.strip())):
        return extended[1], extended[2] or ""
    return words[0], words[1].rstrip()


def structures_and_names(
    cells: Sequence[str], names: Sequence[str] | None, rows: Iterable[int]
) -> tuple[list[str], list[str]]:
    """Return the structure and the name of each row.

    Parameters
    ----------
    cells
        Of the column of structures. Where there is no column of names, a name may follow the
        structure, as in a SMILES file.
    names
        Cells of the column of names, or None.
    rows
        Numbers of the rows: one without a name is called `row-<number>`.
    """
    if names is None:
        pairs = list(map(split_structure, cells))
        structures, names = [structure for structure, _ in pairs], [name for _, name in pairs]
    else:
        structures = [cell.strip() for cell in cells]
    return structures, [n.strip() or f"row-{row}" for n, row in zip(names, rows, strict=True)]


def looks_like_smiles(text: str, least_atoms: int = 3) -> bool:
    """Tell whether a cell parses as a structure of so many atoms, and is no plain number.

    Of several words the first one is the structure; it must make chemical sense then, as few words
    of a sentence do.
    """
    words = text.split(maxsplit=1)
    # What could be a structure is judged by a look at a few rows; no cell of prose is that long.
    if not words or len(words[0]) > _LONGEST or words[0].replace(".", "").isdigit():
        return False
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(words[0], sanitize=len(words) > 1)
    return mol is not None and mol.GetNumAtoms() >= least_atoms


def names_structures(name: str) -> bool:
    """Tell whether a column is called as those of structures are."""
    folded = _folded(name)
    return folded in _SMILES_NAMES or "smiles" in folded.split("_")


def names_compounds(name: str) -> bool:
    """Tell whether a column is called as those of compounds' names are."""
    return _folded(name) in _ID_ORDER


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
    wanted: Wanted,
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
    wanted
        What the user said.

    Raises
    ------
    UserError
        A named column is not there, or no single column holds structures; lists the columns.
    """
    smiles = (
        _guess_smiles(source, names, sample)
        if wanted.smiles is None
        else named_column(source, names, wanted.smiles, "smiles_column, --smiles-column")
    )
    chosen = (
        _guess_id(names, smiles, sample)
        if wanted.id is None
        else named_column(source, names, wanted.id, "id_column, --id-column")
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
    by_name = [name for name in names if names_structures(name)]
    for candidates in ([n for n in by_name if n in holding], holding, by_name):
        if len(candidates) == 1:
            return candidates[0]
    which = "several columns hold" if len(holding) > 1 else "no column seems to hold"
    message = (
        f"{source}: {which} structures; name one with smiles_column "
        f"(--smiles-column). "
        f"The columns are {', '.join(names)}."
    )
    raise UserError(message) if holding or by_name else NoStructuresError(message, names)


def _share(cells: Sequence[str]) -> float:
    filled = [cell for cell in cells if cell.strip()]
    return sum(map(looks_like_smiles, filled)) / len(filled) if filled else 0.0


def names_column(names: Sequence[str]) -> str | None:
    """Return the column that is called as those of compounds' names are; of several the likeliest.

    Examples
    --------
    >>> names_column(["Price", "Name", "Compound ID"])
    'Compound ID'
    """
    named = [name for name in names if names_compounds(name)]
    return min(named, key=lambda name: _ID_ORDER[_folded(name)]) if named else None


def _guess_id(names: Sequence[str], smiles: str, sample: Sequence[Sequence[str]]) -> str | None:
    others = [name for name in names if name != smiles]
    by_name = [name for name in others if names_compounds(name)]
    if by_name:
        places = {name: place for place, name in enumerate(names)}

        def mostly_empty(name: str) -> bool:
            cells = [row[places[name]] for row in sample if places[name] < len(row)]
            return 2 * sum(map(bool, map(str.strip, cells))) < len(sample)

        return min(by_name, key=lambda name: (mostly_empty(name), _ID_ORDER[_folded(name)]))
    # Without a header there is no name to go by; beside structures, one column can only be names.
    nameless = all(name.startswith("column_") for name in names)
    return others[0] if nameless and len(others) == 1 else None


def _folded(name: str) -> str:
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())

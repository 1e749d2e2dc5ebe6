"""What a caller may hand over as compounds: sequences of SMILES, or of RDKit molecules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from rdkit import Chem

from screening.chemistry.molecule import Failure, Limits, read_molecule

_SHOWN = 60
# The caller has molecules in memory already: none is too large to be taken.
_ANY_SIZE = Limits(max_atoms=1_000_000)


def smiles_of(X: Any) -> list[str]:
    """Return the SMILES of each compound, in the order given.

    Parameters
    ----------
    X : sequence of n str or Mol
        A list, an array, a Series, or a table of one column. None and NaN stand for a compound
        without a structure.

    Returns
    -------
    list of str
        n texts; empty where there is no structure.

    Raises
    ------
    ValueError
        X is a table of several columns.
    TypeError
        X is no sequence, or one text, or holds something that is neither a text nor a molecule.

    Examples
    --------
    >>> from rdkit import Chem
    >>> smiles_of(["CCO", None, Chem.MolFromSmiles("OCC")])
    ['CCO', '', 'CCO']
    """
    return [_text(value, position) for position, value in enumerate(_values(X))]


def molecules_of(X: Any) -> list[Chem.Mol]:
    """Return the molecule of each compound, in the order given; texts are parsed as they stand.

    Parameters
    ----------
    X : sequence of n str or Mol
        See `smiles_of`.

    Raises
    ------
    ValueError
        A structure cannot be read; the message says which.
    TypeError
        See `smiles_of`.
    """
    found = []
    for position, value in enumerate(_values(X)):
        if isinstance(value, Chem.Mol):
            found.append(value)
            continue
        text = _text(value, position)
        mol = read_molecule(text, _ANY_SIZE)
        if isinstance(mol, Failure):
            raise ValueError(  # noqa: TRY004 - the type is right, what it says is not
                f"compound {position}, {shortened(text)!r}, cannot be read ({mol.reason}: "
                f"{mol.message}); leave it out, and its label with it."
            )
        found.append(mol)
    return found


def shortened(text: str) -> str:
    """Return what an error message shows of a text that may be long."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _values(X: Any) -> list[Any]:
    if isinstance(X, str | Chem.Mol):
        raise TypeError("expected a sequence of SMILES or molecules; put the one into a list.")
    if hasattr(X, "__array__"):
        array = np.asarray(X, dtype=object)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise ValueError(
                f"expected a sequence of SMILES or molecules, got an array of shape {array.shape}."
            )
        return array.tolist()
    if not isinstance(X, Iterable):
        raise TypeError(f"expected a sequence of SMILES or molecules, got {type(X).__name__}.")
    return list(X)


def _text(value: Any, position: int) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Chem.Mol):
        return str(Chem.MolToSmiles(value))
    if is_missing(value):
        return ""
    raise TypeError(
        f"compound {position} is {shortened(repr(value))}, neither a SMILES nor an RDKit molecule."
    )


def is_missing(value: Any) -> bool:
    """Tell whether a value is None, NaN or pandas' NA."""
    # Nothing else differs from itself, but for NA, which has no truth.
    return value is None or type(value).__name__ == "NAType" or value != value

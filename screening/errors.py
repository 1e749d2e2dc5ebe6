"""The one kind of error that is meant to be read by the user."""

from collections.abc import Sequence
from difflib import get_close_matches


class UserError(Exception):
    """One clear sentence: what is wrong, where, and what to do next.

    The command line prints it on stderr and exits with status 1.

    Examples
    --------
    >>> from screening import UserError, load_model
    >>> try:
    ...     load_model("nowhere.ebm")
    ... except UserError as error:
    ...     print(error)
    nowhere.ebm: there is no such model file.
    """


def is_text(word: str) -> bool:
    """Tell whether a word can be written as UTF-8; the name of a file may be any bytes.

    Examples
    --------
    >>> is_text("naïve.csv"), is_text(chr(0xDCFF) + ".csv")
    (True, False)
    """
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return half a sentence that suggests the known word most like this one, or nothing.

    Examples
    --------
    >>> did_you_mean("pIC5O", ["smiles", "pIC50"])
    "did you mean 'pIC50'? "
    >>> did_you_mean("price", ["smiles", "pIC50"])
    ''
    """
    by_folded = {name.lower(): name for name in reversed(known)}
    alike = get_close_matches(word.lower(), list(by_folded), n=1, cutoff=0.7)
    return f"did you mean {by_folded[alike[0]]!r}? " if alike else ""

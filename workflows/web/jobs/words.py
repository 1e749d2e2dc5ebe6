"""The words of a command, from what a form holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def option_words(options: Mapping[str, object]) -> Iterator[str]:
    """Yield one word an option, as `--name=value`, so that no value is taken for an option.

    Parameters
    ----------
    options
        By long name without dashes. None, empty texts and False are left out; True is a flag; of a
        tuple every item is a word.

    Examples
    --------
    >>> list(option_words({"force": True, "title": "", "exclude": ("[Br]", "-C"), "top": 5}))
    ['--force', '--exclude=[Br]', '--exclude=-C', '--top=5']
    """
    for name, value in options.items():
        for item in value if isinstance(value, tuple) else (value,):
            if item is True:
                yield f"--{name}"
            elif item is not None and item is not False and item != "":
                yield f"--{name}={item}"


def file_word(name: str) -> str:
    """Return a file of the folder as a word that is no option, no stdin and no pattern of names.

    Examples
    --------
    >>> file_word("assay.csv"), file_word("-rf.csv")
    ('assay.csv', './-rf.csv')
    """
    return f"./{name}" if name.startswith("-") else name

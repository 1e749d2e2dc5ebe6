"""The one kind of error that is meant to be read by the user."""


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

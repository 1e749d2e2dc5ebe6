"""Errors of the engine that are not plain ValueErrors."""


class StorageError(Exception):
    """A file cannot be read as what it should be. The message names the file and what to do."""

"""Prepared libraries as input of a screen: opened, checked against the model, read part by part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from screening.chemistry import Limits
from screening.errors import UserError
from screening.library.packed.format import PACKED, PACKED_VERSION, PackedPart, packed_files
from screening.library.prepared.format import (
    DESCRIPTION,
    SCHEMA_VERSION,
    PreparedPart,
    description_hash,
    files_of,
)
from screening.model import ScreeningModel, versions


@dataclass(frozen=True)
class PreparedLibrary:
    """A prepared library that is complete.

    Attributes
    ----------
    folder : Path
    description : dict
        Parameters, counts, parts, sources, versions and command.
    digest : str
        Hash of the description, which has the hash of every part.
    """

    folder: Path
    description: dict[str, Any]
    digest: str

    @property
    def limits(self) -> Limits:
        """What a molecule was allowed to cost."""
        return Limits(**self.description["options"]["limits"])

    @property
    def packed(self) -> bool:
        """Whether it holds rows as text, with bits for a first pass, and nothing for a model."""
        return self.description["parameters"].get("kind") == PACKED

    @property
    def parts(self) -> list[PreparedPart]:
        """The parts, in order."""
        kind = PackedPart if self.packed else PreparedPart
        return [kind(self.folder, n, h) for n, h in enumerate(self.description["parts"])]


def is_prepared(source: str) -> bool:
    """Tell whether a path is the folder of a prepared library, complete or not."""
    folder = Path(source)
    return folder.is_dir() and ((folder / DESCRIPTION).is_file() or (folder / "_parts").is_dir())


def open_prepared(source: str) -> PreparedLibrary:
    """Read the description of a prepared library.

    Raises
    ------
    UserError
        It is not finished, damaged, or of another version.
    """
    folder = Path(source)
    path = folder / DESCRIPTION
    if not path.is_file():
        raise UserError(
            f"{folder} is a prepared library that is not finished; repeat the `ebmscreen prepare` "
            "command that began it."
        )
    try:
        text = path.read_text(encoding="utf-8")
        description = json.loads(text)
        version = description["parameters"]["schema_version"]
        packed = description["parameters"].get("kind") == PACKED
        parts = description["parts"]
        whole = description.get("sha256") == description_hash(description)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({error}); prepare the library anew.") from error
    known = PACKED_VERSION if packed else SCHEMA_VERSION
    if version == known and not whole:
        raise UserError(f"{path} was changed since it was written; prepare the library anew.")
    if version != known:
        raise UserError(
            f"{folder} is of version {version}, and this ebmscreen reads version "
            f"{known}; prepare the library anew."
        )
    files = packed_files(folder) if packed else files_of(folder)
    for number in range(len(parts)):
        if not files.there(number):
            raise UserError(
                f"{folder} lacks {files.scores(number).name} or what belongs to it; "
                "repeat the `ebmscreen prepare` command to mend it."
            )
    return PreparedLibrary(folder, description, sha256(text.encode()).hexdigest())


class PreparedStream:
    """The parts of prepared libraries, in order; workers read them themselves.

    Parameters
    ----------
    libraries : sequence of PreparedLibrary

    Attributes
    ----------
    sources : list of str
        The folders.
    """

    def __init__(self, libraries: Sequence[PreparedLibrary]) -> None:
        self.libraries = list(libraries)
        self.sources = [str(library.folder) for library in libraries]
        self._given = 0

    def __iter__(self) -> Iterator[PreparedPart]:
        for library in self.libraries:
            for part in library.parts:
                self._given += 1
                yield part

    @property
    def packed(self) -> bool:
        """Whether molecules have yet to be read: they are held to the limits of the screen then."""
        return any(library.packed for library in self.libraries)

    def share_read(self) -> float | None:
        """Return the share of the parts that were given away."""
        return self._given / max(1, sum(len(library.parts) for library in self.libraries))

    def identity(self) -> dict[str, Any]:
        """Return what tells these libraries from others: names and digests."""
        digests = {str(library.folder): library.digest for library in self.libraries}
        return {"sources": self.sources, "bytes": digests}


def check_prepared(library: PreparedLibrary, model: ScreeningModel) -> list[str]:
    """Make sure that a model can score a prepared library; a packed one is scored by any model.

    Returns
    -------
    list of str
        What is worth a warning: tighter limits than the model's, another version of RDKit.

    Raises
    ------
    UserError
        It was standardised in another way, or lacks a feature block of the model.
    """
    if not library.packed:
        _check_features(library, model)
    return _worth_a_warning(library, model)


def _check_features(library: PreparedLibrary, model: ScreeningModel) -> None:
    parameters = library.description["parameters"]
    level = model.options.standardize
    if parameters["standardize"] != level:
        raise UserError(
            f"{library.folder} was prepared with --standardize {parameters['standardize']}, and "
            f"the model wants {level}; prepare it with --standardize {level}."
        )
    there = {_frozen(block) for block in parameters["features"]["blocks"]}
    for block in model.features.to_config()["blocks"]:
        if _frozen(block) not in there:
            names = ",".join(model.features.names)
            raise UserError(
                f"{library.folder} was prepared without the model's feature block "
                f"{block['name']!r} (or with other settings of it); prepare it with "
                f"--features {names}."
            )


def _worth_a_warning(library: PreparedLibrary, model: ScreeningModel) -> list[str]:
    warnings = []
    limits, own = library.limits, model.options.limits
    for option, value, wanted in (
        ("--max-atoms", limits.max_atoms, own.max_atoms),
        ("--timeout", limits.timeout_seconds, own.timeout_seconds),
    ):
        if value < wanted:
            warnings.append(
                f"{library.folder} was prepared with {option} {value:g}, and the model was trained "
                f"with {wanted:g}: what lies between is missing. Prepare it with {option} "
                f"{wanted:g}."
            )
    was, now = library.description["versions"].get("rdkit"), versions()["rdkit"]
    if was != now:
        warnings.append(
            f"{library.folder} was prepared with RDKit {was}, this is {now}: features may differ."
        )
    return warnings


def _frozen(block: dict[str, Any]) -> str:
    return json.dumps(block, sort_keys=True)

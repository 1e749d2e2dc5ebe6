"""Paths of the served folder: whatever a page asks for, nothing outside is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from screening.errors import UserError, is_text

# What the server keeps for itself.
OWN = ".ebmscreen"


class OutsideError(UserError):
    """A path leads out of the folder, or to what the server keeps for itself."""


@dataclass(frozen=True)
class Folder:
    """The served folder.

    Attributes
    ----------
    root : Path
        Absolute, without symbolic links.
    """

    root: Path

    @classmethod
    def of(cls, path: Path) -> Folder:
        """Return the folder at a path, which is there."""
        return cls(path.resolve(strict=True))

    @property
    def own(self) -> Path:
        """Where the server keeps jobs and files on their way."""
        return self.root / OWN

    def inside(self, name: str) -> Path:
        """Return the path that a name means, links followed; it need not be there.

        Parameters
        ----------
        name
            With `/` between its parts, relative to the folder.

        Raises
        ------
        OutsideError
            It is absolute, has parts such as `..`, is hidden, or a link leads out of the folder.

        Examples
        --------
        >>> from pathlib import Path
        >>> folder = Folder.of(Path.cwd())
        >>> folder.inside("runs/first") == folder.root / "runs" / "first"
        True
        >>> folder.inside("../secret")
        Traceback (most recent call last):
        ...
        workflows.web.folder.paths.OutsideError: '../secret' is no name of a file in this folder.
        """
        if not _is_plain(name):
            raise OutsideError(f"{name[:200]!r} is no name of a file in this folder.")
        try:
            path = (self.root / name).resolve()
        except (OSError, RuntimeError) as error:  # a circle of links
            raise OutsideError(f"{name[:200]!r} cannot be followed.") from error
        if not path.is_relative_to(self.root):
            raise OutsideError(f"{name[:200]!r} leads out of this folder.")
        return path

    def existing(self, name: str) -> Path:
        """Return the path of a file or folder that is there.

        Raises
        ------
        OutsideError
            See `inside`.
        UserError
            Nothing is there.
        """
        path = self.inside(name)
        if not path.exists():
            raise UserError(f"there is no {name[:200]!r} in this folder.")
        return path

    def name(self, path: Path) -> str:
        """Return the name of a path in the folder, with `/` between its parts."""
        return path.relative_to(self.root).as_posix()

    def fresh(self, name: str) -> str:
        """Return the name, or that with a number, under which nothing is there yet.

        `assay.csv.gz` becomes `assay-2.csv.gz`.
        """
        stem, dot, ending = name.partition(".")
        found, number = name, 2
        while (self.root / found).exists() or (self.root / found).is_symlink():
            found, number = f"{stem}-{number}{dot}{ending}", number + 1
        return found


def _is_plain(name: str) -> bool:
    """Tell whether a name has only parts that name something, and none is hidden."""
    parts = name.split("/")
    return (
        is_text(name)
        and name.isprintable()
        and len(name) <= 1000
        and not PurePosixPath(name).is_absolute()
        and not PureWindowsPath(name).drive
        and "\\" not in name
        and all(part and not part.startswith(".") for part in parts)
    )

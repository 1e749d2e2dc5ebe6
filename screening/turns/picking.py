"""From the folder of a run to the next plate, and what to say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.errors import UserError
from screening.hits import read_hits
from screening.model import ScreeningModel
from screening.plate import Mode, Plate, PlateOptions, make_plate, write_plate
from screening.plate.pick import nearest_before
from screening.report import model_of

if TYPE_CHECKING:
    import pandas as pd

DEFAULT: Mode = PlateOptions.mode
# Columns of a printed plate, and how each is written.
_SHOWN = {
    "pick": "{}",
    "plate": "{}",
    "well": "{}",
    "kind": "{}",
    "id": "{}",
    "rank": "{}",
    "score": "{:.3f}",
    "nearest_similarity": "{:.2f}",
    "cluster": "{}",
}
_LONGEST = 28


@dataclass(frozen=True)
class Picked:
    """A plate that was picked from a run.

    Attributes
    ----------
    plate : Plate
    files : list of Path
        plate.csv, plate.sdf and plate.xlsx.
    """

    plate: Plate
    files: list[Path]

    @property
    def table(self) -> pd.DataFrame:
        """A row for every filled well: the content of plate.csv."""
        return self.plate.filled()[0]

    def sentences(self) -> Iterator[str]:
        """Say what was picked, how alike it is, and what to expect of it."""
        picked, hits, wells = self.plate.picked(), self.plate.hits, self.plate.wells
        options = self.plate.options
        n, plates = len(picked), int(wells["plate"].max()) if len(wells) else 0
        beside = f" with {len(wells) - n} controls" if len(wells) > n else ""
        rule = f"{options.mode}: {self.plate.rule}"
        yield (
            f"{n} compounds picked from {len(hits):,} hits ({rule}), on {plates} "
            f"plate{'' if plates == 1 else 's'} of {options.layout.wells} wells{beside}."
        )
        if not n:
            return
        alike = [s for s in nearest_before(hits.fingerprints, list(picked.index)) if s is not None]
        median = f"median similarity to the nearest earlier pick {np.median(alike):.2f}; "
        yield (
            f"{picked['cluster'].nunique()} clusters, {picked['scaffold'].nunique()} scaffolds; "
            f"{median if alike else ''}ranks {picked['rank'].min()} to {picked['rank'].max()}."
        )
        rate = hits.ranked.prevalence or hits.ranked.base_rate
        of_whom = "prevalence given" if hits.ranked.prevalence else "assay's base rate"
        yield (
            f"The scores add up to {picked[hits.column('score')].sum():.1f} actives, at the "
            f"{of_whom} ({rate:.2g})."
        )


def pick(
    run: str | Path,
    n: int = 96,
    mode: Mode = DEFAULT,
    *,
    model: ScreeningModel | str | Path | None = None,
    **options: Any,
) -> Picked:
    """Pick the next plate from the hits of a finished screen, and write it into its folder.

    Parameters
    ----------
    run
        Folder that `screen` finished.
    n
        Compounds to buy.
    mode
        `exploit` takes the best scores; `balance` high ranks that are unlike each other; `explore`
        what teaches most; `qpo` what most likely holds the best.
    model
        That made the run, or its file; the one that run.json names when None.
    **options
        Further settings of `screening.plate.PlateOptions`, such as `per_cluster`, `windows`,
        `seed` and `layout` (a `screening.plate.LayoutOptions`).

    Returns
    -------
    Picked
        The plate. plate.csv, plate.sdf and plate.xlsx of an earlier one are replaced.

    Raises
    ------
    UserError
        The folder holds no finished run or fewer hits than asked for, or the model is not there.

    Examples
    --------
    >>> from screening import ScreeningClassifier, pick, screen
    >>> acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    >>> amines = ["C" * n + "CN" for n in range(1, 16)]
    >>> model = ScreeningClassifier(
    ...     hidden=(8,), ensemble_size=2, blend="none", folds=2, progress=False
    ... ).fit(acids + amines, [1] * 15 + [0] * 15)
    >>> with open("vendor.csv", "w") as file:
    ...     rows = ["A,CCC(C)CN", "B,CCC(C)C(=O)O", "C,CC(C)CC(=O)O"]
    ...     print("name,smiles", *rows, sep=chr(10), file=file)
    >>> run = screen("vendor.csv", model, "turn-1", report=False, progress=False)
    >>> picked = pick(run.folder, 2, "exploit")
    >>> sorted(picked.table["id"])
    ['B', 'C']
    """
    return pick_plate_of(run, PlateOptions(budget=n, mode=mode, **options), model)


def pick_plate_of(
    run: str | Path, options: PlateOptions, model: ScreeningModel | str | Path | None = None
) -> Picked:
    """Pick the plate that options describe; see `pick`."""
    folder = Path(run)
    loaded = model_of(folder, Path(model) if isinstance(model, str) else model)
    hits = read_hits(folder)
    if options.budget > len(hits):
        raise UserError(
            f"{folder} has {len(hits):,} hits and {options.budget:,} are to be picked; ask for "
            f"fewer, or list more with `ebmscreen screen ... -o {folder} --top N` (no row is "
            "scored again)."
        )
    plate = make_plate(hits, options, loaded)
    return Picked(plate, write_plate(plate, folder))


def plate_text(picked: Picked) -> str:
    """Return the plate as text to read: a row a well, and below it what to expect."""
    own = {"score": picked.plate.hits.column("score")}
    lines = [list(_SHOWN)]
    for row in picked.table.to_dict("records"):
        lines.append([_cell(form, row[own.get(name, name)]) for name, form in _SHOWN.items()])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    return "\n".join([*rows, "", *picked.sentences()])


def _cell(form: str, value: object) -> str:
    if value == "" or value is None:
        return ""
    text = " ".join(form.format(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

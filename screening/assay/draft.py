"""An assay whose threshold is still being chosen: structures are read once, labels again and again.

For whoever looks at a column of values and moves the threshold: every look is curated as the assay
will be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from screening.assay.histogram import Histogram, histogram_of
from screening.assay.labels import Threshold, decide, make_threshold, read_label
from screening.assay.reading import read_assay
from screening.assay.structures import Structure, read_structures
from screening.assay.values.beside import Beside, columns_beside
from screening.assay.values.column import ValueColumn, read_values
from screening.assay.values.units import P_VALUE, names_p_value, names_quantity
from screening.chemistry import Failure, Level, Limits, Standardiser
from screening.errors import UserError
from screening.tables import AssayTable

Kind = Literal["labels", "values"]
# Of a column that holds values: so many of them, and not all alike.
_FEWEST = 5


@dataclass(frozen=True)
class Counts:
    """What a threshold makes of an assay.

    Attributes
    ----------
    rows : int
        Of the file.
    active, inactive : int
        Compounds after curation; rows as long as structures are being read, and where curation
        fails.
    of_compounds : bool
        Which of the two they count.
    censored : int
        Rows that are limits (`<` or `>`).
    undecided : int
        Of these, the rows that do not tell on which side of the threshold they are.
    repeated, contradicting : int
        Rows that repeat a structure; structures whose rows contradict each other.
    rejected : int
        Rows whose structure or value cannot be used.
    problem : str
        Why no model could be trained so; empty when one could.
    sentences, warnings : tuple of str
        As `Ledger` says them.
    """

    rows: int
    active: int
    inactive: int
    of_compounds: bool = False
    censored: int = 0
    undecided: int = 0
    repeated: int = 0
    contradicting: int = 0
    rejected: int = 0
    problem: str = ""
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class Draft:
    """A table of tested compounds, before it is decided what is active.

    Attributes
    ----------
    table : AssayTable
    standardize : str
        none, parent or tautomer.
    limits : Limits, optional
        How large a molecule may be; the default limits when None.

    Examples
    --------
    >>> from screening.assay import Draft
    >>> from screening.tables import read_table
    >>> rows = ["smiles,pIC50", "CCO,7.5", "OCC,7.7", "CCN,4.1", "CCCl,<5", "CCBr,6", "C1C,6"]
    >>> with open("assay.csv", "w") as file:
    ...     print(*rows, sep=chr(10), file=file)
    >>> draft = Draft(read_table("assay.csv"))
    >>> draft.kinds()
    {'pIC50': 'values'}
    >>> counts = draft.counts("pIC50", active_above=7)
    >>> counts.active, counts.inactive, counts.of_compounds
    (2, 4, False)
    >>> draft.read_structures()
    >>> counts = draft.counts("pIC50", active_above=7)
    >>> counts.active, counts.inactive, counts.of_compounds
    (1, 3, True)
    >>> counts.censored, counts.undecided, counts.repeated, counts.rejected
    (1, 0, 1, 1)
    """

    table: AssayTable
    standardize: Level = "parent"
    limits: Limits | None = None
    _structures: list[Structure | Failure] = field(default_factory=list, repr=False)
    _columns: dict[tuple[str, str | None, str | None], ValueColumn] = field(
        default_factory=dict, repr=False
    )

    @property
    def ready(self) -> bool:
        """Whether all structures were read."""
        return len(self._structures) == len(self.table.cells)

    @property
    def structures_read(self) -> int:
        """How many were."""
        return len(self._structures)

    def read_structures(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Read and standardise all structures.

        Parameters
        ----------
        goes_on
            Asked before each; False ends it early, and the draft is not ready.
        """
        standardiser = Standardiser(self.standardize)
        rest = self.table.smiles[len(self._structures) :]
        for structure in read_structures(rest, standardiser, self.limits, workers=1):
            self._structures.append(structure)
            if not goes_on():
                return

    def kinds(self) -> dict[str, Kind]:
        """Return which columns could be learned from, likeliest first, and what they hold."""
        taken = {self.table.columns.smiles, self.table.columns.id}
        found = {
            name: kind
            for name in self.table.columns.names
            if name not in taken and (kind := self._kind(name))
        }
        return dict(sorted(found.items(), key=lambda item: _likelihood(*item)))

    def _kind(self, name: str) -> Kind | None:
        cells = list(self.table.cells[name])
        try:
            if {read_label(cell) for cell in cells} >= {0.0, 1.0}:
                return "labels"
        except ValueError:
            pass
        try:
            values = {r.value for r in self.column(name).readings if r.usable}
        except (ValueError, UserError):
            return None
        return "values" if len(values) >= min(_FEWEST, len(cells)) else None

    def beside(
        self, target: str, relation_column: str | None = None, units_column: str | None = None
    ) -> Beside:
        """Return the columns beside a column of values, as told or found.

        Raises
        ------
        UserError
            A named column is not there, or several could be meant.
        """
        return columns_beside(self.table, target, (target,), relation_column, units_column)

    def shown(
        self, target: str, relation_column: str | None = None, units_column: str | None = None
    ) -> list[str]:
        """Return each row's value as it was understood, with relation and unit; empty for none."""
        column = self.column(target, relation_column, units_column)
        unit = column.scale.unit
        behind = f" {unit.name}" if unit and unit != P_VALUE else ""
        return [
            f"{'' if r.relation == '=' else r.relation}{_plain(r.value)}{behind}"
            if r.usable
            else ""
            for r in column.readings
        ]

    def column(
        self, target: str, relation_column: str | None = None, units_column: str | None = None
    ) -> ValueColumn:
        """Return the readings of a column of values, in its own unit.

        Raises
        ------
        ValueError
            A cell is no value.
        UserError
            A named column is not there.
        """
        target = self.table.column(target, "targets, --target-column")
        key = (target, relation_column, units_column)
        if key not in self._columns:
            beside = self.beside(target, relation_column, units_column)

            def cells(name: str | None) -> list[str] | None:
                return None if name is None else list(self.table.cells[name])

            self._columns[key] = read_values(
                target,
                list(self.table.cells[target]),
                relations=cells(beside.relation),
                turned=beside.turned,
                units=cells(beside.units),
                types=cells(beside.types),
                commas_apart=self.table.commas_apart,
            )
        return self._columns[key]

    def histogram(
        self, target: str, relation_column: str | None = None, units_column: str | None = None
    ) -> Histogram:
        """Return how the values of a column are spread, and a threshold to begin with.

        Raises
        ------
        ValueError
            A cell is no value.
        UserError
            A named column is not there, or no row has a value.
        """
        column = self.column(target, relation_column, units_column)
        if not any(reading.usable for reading in column.readings):
            raise UserError(f"{self.table.source}: no row of {target!r} has a value.")
        return histogram_of(column)

    def counts(
        self,
        target: str,
        *,
        active_above: float | str | None = None,
        active_below: float | str | None = None,
        relation_column: str | None = None,
        units_column: str | None = None,
    ) -> Counts:
        """Return what a threshold makes of the assay; of labels, what they are.

        Parameters
        ----------
        target, active_above, active_below, relation_column, units_column
            See `read_assay`; no threshold for a column of labels.

        Raises
        ------
        ValueError
            A cell is neither value nor label.
        UserError
            A named column is not there, or both thresholds are given.
        """
        threshold = make_threshold(active_above, active_below)
        rows = self._rows(target, threshold, relation_column, units_column)
        if not self.ready:
            return rows
        try:
            assay = read_assay(
                self.table,
                targets=target,
                active_above=active_above,
                active_below=active_below,
                relation_column=relation_column if threshold else None,
                units_column=units_column if threshold else None,
                standardize=self.standardize,
                structures=self._structures,
            )
        except UserError as error:
            return Counts(**{**vars(rows), "problem": str(error)})
        ledger, labels = assay.ledger, assay.labels[:, 0]
        return Counts(
            rows=rows.rows,
            active=int((labels == 1).sum()),
            inactive=int((labels == 0).sum()),
            of_compounds=True,
            censored=rows.censored,
            undecided=rows.undecided,
            repeated=sum(len(merge.rows) - 1 for merge in ledger.merges),
            contradicting=len(ledger.conflicts),
            rejected=len(ledger.rejects),
            sentences=tuple(ledger.sentences()[1:]),
            warnings=tuple(ledger.warnings),
        )

    def _rows(
        self,
        target: str,
        threshold: Threshold | None,
        relation_column: str | None,
        units_column: str | None,
    ) -> Counts:
        """Count rows, whatever their structures are."""
        total = len(self.table.cells)
        if threshold is None:
            cells = self.table.cells[self.table.column(target, "targets, --target-column")]
            labels = [read_label(cell) for cell in cells]
            return Counts(total, labels.count(1.0), labels.count(0.0))
        column = self.column(target, relation_column, units_column)
        here = threshold.on(column.scale)
        usable = [r for r in column.readings if r.usable]
        sides = [decide(r.relation, r.value, here) for r in usable]
        return Counts(
            total,
            sides.count(1.0),
            sides.count(0.0),
            censored=sum(r.relation != "=" for r in usable),
            undecided=sum(map(math.isnan, sides)),
        )


def _plain(value: float) -> str:
    """Return a number of four digits without powers of ten, as far as it can be read so."""
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.10g}"


def _likelihood(name: str, kind: Kind) -> tuple[int, int]:
    """Return a place: measured quantities before labels, and these before any other numbers."""
    folded = name.lower().replace(" ", "_")
    measured = names_quantity(name) or names_p_value(name) or folded.endswith("standard_value")
    if kind == "values" and measured:
        # A p-value is of what stands beside it, which has relations and units.
        return 0, int(names_p_value(name) and not names_quantity(name))
    return (1, 0) if kind == "labels" else (2, int(folded not in ("value", "activity")))

"""The table of hits: kept with its types, written for people, read by all that follows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import Sought, Substructures
from screening.errors import UserError
from screening.hits.about import molecule_of
from screening.hits.describe import typed, unpacked
from screening.hits.schema import LOG_ODDS, VALUE, columns_for, free_names, named
from screening.tables import write_atomically, write_csv

if TYPE_CHECKING:
    import pandas as pd

CSV, PARQUET = "hits.csv", "hits.parquet"
_METADATA = b"ebmscreen"

Wanted = Literal["active", "inactive"]
By = Literal["score", "value"]


@dataclass(frozen=True)
class Ranked:
    """How hits were ranked; kept with them.

    Attributes
    ----------
    tasks : tuple of str
        Of the model.
    task : str
        That decides the rank.
    risk : float
        Of the prediction sets.
    base_rate : float
        Share of actives in the assay, for that task.
    prevalence : float or None
        Share of actives that scores are restated for; None for the assay's.
    wanted : {'active', 'inactive'}
        What the best are: likely to be active, or likely to be inactive.
    title : str
        Of the report; empty where none was given.
    required, excluded : tuple of Sought
        Each hit has all of the former and none of the latter.
    looked_at : int
        Rows that were searched for these, best first, until there were enough hits.
    by : {'score', 'value'}
        What decides: the probability of being active, or the predicted value.
    low_is_active : bool
        Whether low values are those of actives, as an IC50's are; of scores never.
    """

    tasks: tuple[str, ...]
    task: str
    risk: float
    base_rate: float
    prevalence: float | None
    wanted: Wanted = "active"
    title: str = ""
    required: tuple[Sought, ...] = ()
    excluded: tuple[Sought, ...] = ()
    looked_at: int = 0
    by: By = "score"
    low_is_active: bool = False

    @property
    def lowest_first(self) -> bool:
        """Whether the best have the lowest score or value."""
        return (self.wanted == "inactive") != self.low_is_active

    @property
    def column(self) -> str:
        """The name of the column of `scores/` that decides."""
        return named(LOG_ODDS if self.by == "score" else VALUE, self.task, self.tasks)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Ranked:
        """Return what `to_json` wrote."""
        sought = {
            name: tuple(Sought(**pattern) for pattern in stored.get(name, ()))
            for name in ("required", "excluded")
        }
        return cls(**{**stored, "tasks": tuple(stored["tasks"]), **sought})


@dataclass(frozen=True)
class Hits:
    """Described hits, best first.

    Attributes
    ----------
    described : Table
        The columns of `screening.hits.schema`.
    inputs : DataFrame
        Every other column of the library, as text, under its own name.
    ranked : Ranked
    """

    described: pa.Table
    inputs: pd.DataFrame
    ranked: Ranked

    def __len__(self) -> int:
        return int(self.described.num_rows)

    def column(self, name: str) -> str:
        """Return the name of a column per task for the ranked task."""
        return named(name, self.ranked.task, self.ranked.tasks)

    @cached_property
    def mols(self) -> list[Chem.Mol]:
        """Return the standardised molecules, their atoms in the order of `structure`."""
        return [molecule_of(structure) for structure in self.described["structure"].to_pylist()]

    @cached_property
    def fingerprints(self) -> NDArray[np.uint8]:
        """Return packed Morgan bits, of shape (n, n_bytes)."""
        return unpacked(self.described)

    def input_names(self, beside: Iterable[str] = ()) -> dict[str, str]:
        """Return what each column of the library is called beside those of hits.csv, and others."""
        own = csv_names(self.described, self.ranked.tasks)
        return free_names(self.inputs.columns, (*own, *beside))

    def frame(self, beside: Iterable[str] = ()) -> pd.DataFrame:
        """Return the columns of hits.csv.

        Parameters
        ----------
        beside
            Names of further columns that will be added: a column of the library that has one of
            them, or one of hits.csv, is called `input_<name>`.
        """
        import pandas as pd

        inputs = self.inputs.rename(columns=self.input_names(beside))
        return pd.concat([csv_columns(self.described, self.ranked.tasks), inputs], axis=1)

    def narrowed(self, choice: Substructures) -> Hits:
        """Return those hits that a choice takes; ranks stay."""
        taken = np.array([choice.takes(mol) for mol in self.mols], dtype=bool)
        ranked = replace(
            self.ranked,
            required=(*self.ranked.required, *choice.required),
            excluded=(*self.ranked.excluded, *choice.excluded),
        )
        return replace(self.taken(taken), ranked=ranked)

    def taken(self, which: NDArray[np.bool_]) -> Hits:
        """Return the hits at which an array of shape (n,) is true; ranks stay."""
        inputs = self.inputs[which].reset_index(drop=True)
        return Hits(self.described.filter(which), inputs, self.ranked)


def csv_columns(described: pa.Table, tasks: Sequence[str]) -> pd.DataFrame:
    """Return those columns of a described table that hits.csv has, as they stand there."""
    table: pd.DataFrame = csv_table(described, tasks).to_pandas()
    return table


def csv_names(described: pa.Table, tasks: Sequence[str]) -> list[str]:
    """Return the names of those columns of a described table that hits.csv has."""
    own = columns_for(tasks, csv=True, valued=tasks)
    return [name for name in own if name in described.column_names]


def csv_table(described: pa.Table, tasks: Sequence[str]) -> pa.Table:
    """Return the same as a table of Arrow."""
    own = csv_names(described, tasks)
    table = described.select(own)
    alerts = [
        "; ".join(f"{alert['catalog']}: {alert['name']}" for alert in found)
        for found in described["alerts"].to_pylist()
    ]
    return table.set_column(own.index("alerts"), "alerts", pa.array(alerts, pa.string()))


def make_hits(described: pa.Table, inputs: Sequence[str], ranked: Ranked) -> Hits:
    """Put hits together.

    Parameters
    ----------
    described
        By `describe_hits`.
    inputs
        The other columns of each row, as JSON.
    ranked
    """
    import pandas as pd

    cells: list[dict[str, str]] = [json.loads(row) for row in inputs]
    names = dict.fromkeys(name for row in cells for name in row)
    columns = {name: [row.get(name, "") for row in cells] for name in names}
    return Hits(described, pd.DataFrame(columns, index=range(len(cells)), dtype=object), ranked)


def write_hits(hits: Hits, folder: Path) -> None:
    """Write hits.csv for people and programs, and hits.parquet with types, into a run's folder.

    In hits.parquet a column of the library that has the name of one of ours is `input_<name>`.
    """
    names = free_names(hits.inputs.columns, hits.described.column_names)
    table = hits.described
    for name, own in names.items():
        table = table.append_column(own, pa.array(hits.inputs[name], pa.string()))
    about = {**hits.ranked.to_json(), "inputs": names}
    table = table.replace_schema_metadata({_METADATA: json.dumps(about).encode()})
    with write_atomically(folder / PARQUET) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    write_csv(hits.frame(), folder / CSV)


def read_hits(folder: Path) -> Hits:
    """Read the hits of a run.

    Raises
    ------
    UserError
        They are not there, or damaged.
    """
    path = folder / PARQUET
    again = "repeat the `ebmscreen screen` command that made it: no row is scored again"
    if not path.is_file():
        raise UserError(f"{folder} has no {PARQUET}; {again}.")
    try:
        table = pq.read_table(path)
        about: dict[str, Any] = json.loads(table.schema.metadata[_METADATA])
        names: dict[str, str] = about.pop("inputs")
        ranked = Ranked.from_json(about)
        # A column of the library may have one of our names where the model predicts no values.
        made = set(table.column_names) - set(names.values())
        valued = [task for task in ranked.tasks if named(VALUE, task, ranked.tasks) in made]
        own = columns_for(ranked.tasks, valued=valued)
        made |= {name for name, column in own.items() if not column.of_values}
        described = typed({name: table[name] for name in own if name in made}, ranked.tasks)
        inputs = table.select(list(names.values())).to_pandas()
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is damaged ({words}); {again}.") from error
    return Hits(described, inputs.set_axis(list(names), axis=1).astype(object), ranked)

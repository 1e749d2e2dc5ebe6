"""The compounds a model was trained on: for neighbours, duplicates and the report."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.chemistry import has_isotopes, skeleton_smiles, structure_key
from screening.tables import Origin
from screening.trust import NeighbourIndex, OnSimilarities, Packed

# Names in `held_out`: the model itself, and the first of those beside it.
SHIPPED = "ebmscreen"
FOREST = "Random forest"


@dataclass(frozen=True, eq=False)
class Near:
    """What the training compounds nearest to molecules are, and what was found on the way.

    Attributes
    ----------
    index : int64 array of shape (n,)
        Place of the most similar training compound of each molecule.
    similarity : float32 array of shape (n,)
        Its Tanimoto similarity.
    by_kernel : float64 array of shape (n, n_tasks), optional
        Logits of a kernel machine that knows the same compounds.
    """

    index: NDArray[np.int64]
    similarity: NDArray[np.float32]
    by_kernel: NDArray[np.float64] | None = None

    def take(self, rows: slice) -> Near:
        """Return some of the molecules."""
        by_kernel = None if self.by_kernel is None else self.by_kernel[rows]
        return Near(self.index[rows], self.similarity[rows], by_kernel)


@dataclass
class TrainingTable:
    """Training compounds by column.

    Attributes
    ----------
    tasks : tuple of str
    ids, smiles : list of str
        Names, and standardised canonical structures.
    rows : int64 array
        Line of the assay file.
    keys : int64 array
        Hash of each structure.
    skeletons : int64 array
        Hash of each structure without stereo and isotopes, see `skeleton_keys`.
    fingerprints : uint8 array of shape (n, 256)
        Packed Morgan bits.
    labels : float32 array of shape (n, n_tasks)
        1, 0, or NaN where missing.
    values : float64 array of shape (n, n_tasks)
        Measured values, NaN where there is none.
    folds : int64 array
        Fold of the cross-validation that held the compound out.
    held_out : dict of str to float64 array of shape (n, n_tasks)
        Probability that each model gave the compound while it was held out.
    origins : list of Origin
        File and date of each compound's measurements.
    relations : str array of shape (n, n_tasks)
        `=`, or `<` and `>` where the value is a limit.
    held_out_values : dict of str to float64 array of shape (n, n_tasks)
        Value that each model predicted while the compound was held out, in the unit of `values`.
    """

    tasks: tuple[str, ...]
    ids: list[str]
    smiles: list[str]
    rows: NDArray[np.int64]
    keys: NDArray[np.int64]
    skeletons: NDArray[np.int64]
    fingerprints: Packed
    labels: NDArray[np.float32]
    values: NDArray[np.float64]
    folds: NDArray[np.int64]
    held_out: dict[str, NDArray[np.float64]]
    origins: list[Origin]
    relations: NDArray[np.str_]
    held_out_values: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(
        self, fingerprints: Packed, *, on_similarities: OnSimilarities | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return index and Tanimoto similarity of each query's most similar training compound."""
        return self._known.nearest(fingerprints, on_similarities=on_similarities)

    @cached_property
    def _known(self) -> NeighbourIndex:
        return NeighbourIndex(self.fingerprints)

    def same_skeleton(
        self, keys: NDArray[np.int64], smiles: Sequence[str], similarity: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Tell which structures were tested in another stereo or isotopic form, and only so.

        Parameters
        ----------
        keys : int64 array of shape (n,)
        smiles : sequence of n str
            Standardised canonical structures, and their hashes in `keys`.
        similarity : float32 array of shape (n,)
            Tanimoto similarity to the nearest training compound, by the bits of `fingerprints`.
        """
        found = np.isin(keys, self.skeletons)
        # Stereo does not show in the bits, so that two forms of one skeleton have the same; an
        # isotope does. To look at few structures is what makes this cheap.
        looked_at = (similarity == 1) | self._isotopes
        if not self._isotopes:
            looked_at |= np.array([has_isotopes(text) for text in smiles], dtype=np.bool_)
        places = np.flatnonzero(looked_at & ~found).tolist()
        found[places] = np.isin(skeleton_keys([smiles[i] for i in places]), self.skeletons)
        return found & ~np.isin(keys, self.keys)

    @cached_property
    def _isotopes(self) -> bool:
        return any(has_isotopes(text) for text in self.smiles)

    def nearest_labelled(
        self, fingerprints: Packed, task: int, label: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the same among the compounds of one label (1 active, 0 inactive) of a task."""
        members, known = self._labelled(task, label)
        index, similarity = known.nearest(fingerprints)
        return members[index], similarity

    def _labelled(self, task: int, label: int) -> tuple[NDArray[np.int64], NeighbourIndex]:
        """Return the compounds of a label, laid out once: hits are told of one after the other."""
        if (task, label) not in self._laid_out:
            members = np.flatnonzero(self.labels[:, task] == label)
            self._laid_out[task, label] = members, NeighbourIndex(self.fingerprints[members])
        return self._laid_out[task, label]

    @cached_property
    def _laid_out(self) -> dict[tuple[int, int], tuple[NDArray[np.int64], NeighbourIndex]]:
        return {}

    def to_parquet(self) -> bytes:
        """Return the table as the bytes of a Parquet file."""
        columns: dict[str, pa.Array] = {
            "id": pa.array(self.ids),
            "smiles": pa.array(self.smiles),
            "row": pa.array(self.rows),
            "key": pa.array(self.keys),
            "skeleton": pa.array(self.skeletons),
            "fold": pa.array(self.folds),
            "source": pa.array([origin.source for origin in self.origins], pa.string()),
            "date": pa.array([origin.date for origin in self.origins], pa.string()),
            "turn": pa.array([origin.turn for origin in self.origins], pa.int64()),
            "fingerprint": pa.array(
                [row.tobytes() for row in self.fingerprints], pa.binary(self.fingerprints.shape[1])
            ),
        }
        for index, task in enumerate(self.tasks):
            columns[f"label:{task}"] = pa.array(self.labels[:, index])
            columns[f"value:{task}"] = pa.array(self.values[:, index])
            columns[f"relation:{task}"] = pa.array(self.relations[:, index].tolist(), pa.string())
            for model, scores in self.held_out.items():
                columns[f"held_out:{model}:{task}"] = pa.array(scores[:, index])
            for model, said in self.held_out_values.items():
                columns[f"held_out_value:{model}:{task}"] = pa.array(said[:, index])
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer, compression="zstd", use_dictionary=False)
        return buffer.getvalue()

    @classmethod
    def from_parquet(cls, data: bytes, tasks: tuple[str, ...]) -> TrainingTable:
        """Read what `to_parquet` wrote.

        Raises
        ------
        ValueError
            The table is no table of compounds, or would take far more memory than its bytes.
        """
        _require_modest(data)
        # `pq.read_table` loads what reads data sets: slow for one small table.
        table = pq.ParquetFile(io.BytesIO(data)).read()

        def column(name: str) -> NDArray[np.generic]:
            return np.asarray(table[name].to_numpy())

        def by_task(prefix: str) -> NDArray[np.generic]:
            return np.column_stack([column(f"{prefix}:{task}") for task in tasks])

        def models(prefix: str) -> list[str]:
            own = (name.split(":") for name in table.column_names if name.startswith(prefix))
            return list(dict.fromkeys(parts[1] for parts in own))

        def by_model(prefix: str) -> dict[str, NDArray[np.float64]]:
            return {m: by_task(f"{prefix}{m}").astype(np.float64) for m in models(prefix)}

        smiles = table["smiles"].to_pylist()
        # Files of earlier versions lack them.
        stored = "skeleton" in table.column_names
        origins = [Origin("")] * table.num_rows
        relations = np.full((table.num_rows, len(tasks)), "=", dtype="<U1")
        if "turn" in table.column_names:
            relations = by_task("relation").astype("<U1")
            columns = [table[name].to_pylist() for name in Origin._fields]
            origins = [Origin(*origin) for origin in zip(*columns, strict=True)]
        packed = np.frombuffer(b"".join(table["fingerprint"].to_pylist()), dtype=np.uint8)
        return cls(
            tasks=tasks,
            ids=table["id"].to_pylist(),
            smiles=smiles,
            rows=column("row").astype(np.int64),
            keys=column("key").astype(np.int64),
            skeletons=column("skeleton").astype(np.int64) if stored else skeleton_keys(smiles),
            fingerprints=packed.reshape(table.num_rows, -1),
            labels=by_task("label").astype(np.float32),
            values=by_task("value").astype(np.float64),
            folds=column("fold").astype(np.int64),
            held_out=by_model("held_out:"),
            origins=origins,
            relations=relations,
            held_out_values=by_model("held_out_value:"),
        )


# Names, structures and sparse bits shrink to a fifth or a tenth.
_MOST_SHRUNK = 100


def _require_modest(data: bytes) -> None:
    """Refuse a table that says little and unpacks to much; its own tables have no dictionaries."""
    about = pq.read_metadata(io.BytesIO(data))
    chunks = [
        about.row_group(group).column(column)
        for group in range(about.num_row_groups)
        for column in range(about.num_columns)
    ]
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    if unpacked > _MOST_SHRUNK * len(data) or about.num_rows > len(data):
        raise ValueError(f"its training compounds unpack to {unpacked:,} bytes")
    if any(kind not in _ENCODINGS for chunk in chunks for kind in chunk.encodings):
        raise ValueError("its training compounds are written in another way")


_ENCODINGS = ("PLAIN", "RLE", "BIT_PACKED")


def skeleton_keys(smiles: Sequence[str]) -> NDArray[np.int64]:
    """Return the hash of each canonical structure without stereo and isotopes."""
    return np.array([structure_key(skeleton_smiles(text)) for text in smiles], dtype=np.int64)

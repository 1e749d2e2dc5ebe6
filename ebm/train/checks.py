"""Checks of what a training is given: data, weights and settings, each looked at once."""

from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

SLACK = 1e-4  # what rounding may add to a probability


def require(condition: bool, message: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(message)


def require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError, naming the choices, unless the value is one of them."""
    require(value in choices, f"{name} must be one of {', '.join(choices)}, not {value!r}")


def check_block(block: Any) -> Any:
    """Return a block of rows, or raise ValueError saying what is wrong with it."""
    if sp.issparse(block):
        block = block.tocsr()
        values = block.data
    else:
        block = block if isinstance(block, Tensor) else np.asarray(block)
        values = block
    if len(block.shape) != 2 or 0 in block.shape:
        raise ValueError(
            f"data must be a matrix with rows and columns, not of shape {tuple(block.shape)}"
        )
    finite = values.isfinite() if isinstance(values, Tensor) else np.isfinite(values)
    if not finite.all():
        row, column = _first_bad(block)
        raise ValueError(
            f"data has a value that is not finite at row {row}, column {column}: "
            "fill in missing values before training"
        )
    return block


def check_weights(weights: Any, rows: int) -> Tensor:
    """Return sample weights scaled to a mean of one, or raise ValueError."""
    tensor = torch.as_tensor(weights, dtype=torch.float64)
    if tensor.shape != (rows,):
        raise ValueError(f"sample_weight has shape {tuple(tensor.shape)} for {rows} rows of data")
    if not (tensor.isfinite().all() and (tensor >= 0).all() and tensor.sum() > 0):
        raise ValueError("sample_weight must be finite, not negative, and not zero everywhere")
    return tensor / tensor.mean()


def _first_bad(block: Any) -> tuple[int, int]:
    if sp.issparse(block):
        matrix = block.tocoo()
        position = int(np.flatnonzero(~np.isfinite(matrix.data))[0])
        return int(matrix.row[position]), int(matrix.col[position])
    bad = ~block.isfinite().cpu().numpy() if isinstance(block, Tensor) else ~np.isfinite(block)
    row, column = np.argwhere(bad)[0]
    return int(row), int(column)


def check_support(visible: Tensor, low: Tensor, high: Tensor, first_row: int) -> None:
    """Compare a batch with the values its columns may have; absent entries are zero and fine."""
    if visible.shape[1] != len(low):
        raise ValueError(
            f"data has {visible.shape[1]} columns, but the machine has {len(low)} visible units"
        )
    dense = visible.layout == torch.strided
    values = visible if dense else visible.values()
    lowest, highest = (x if dense else x[visible.col_indices()] for x in (low, high))
    outside = ((values < lowest - SLACK) | (values > highest + SLACK)).nonzero()
    if len(outside) == 0:
        return
    place = (
        outside[0]
        if dense
        else visible.to_sparse(layout=torch.sparse_coo).indices()[:, outside[0, 0]]
    )
    row, column = place.tolist()
    raise ValueError(
        f"data has the value {float(values[tuple(outside[0])]):g} at row {first_row + row}, column "
        f"{column}, where the visible units take values from {float(low[column]):g} to "
        f"{float(high[column]):g}"
    )

"""From scipy's sparse matrices to torch's."""

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor


def to_torch_csr(matrix: Any, dtype: torch.dtype, device: torch.device | str) -> Tensor:
    """Copy a scipy sparse matrix (n, m) into a torch sparse CSR tensor of the same shape."""
    csr = matrix.tocsr()
    # Copies: torch must not share (and warn about) memory that may be read-only.
    pointers, columns = (torch.from_numpy(np.array(part)) for part in (csr.indptr, csr.indices))
    values = torch.from_numpy(np.array(csr.data)).to(dtype)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        tensor = torch.sparse_csr_tensor(
            pointers, columns, values, size=csr.shape, check_invariants=False
        )
    return tensor.to(device)

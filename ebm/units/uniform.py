"""Uniform random numbers for a layer of bits, at about half the price of `torch.rand`.

On the CPU torch's generator makes one number after the other, whatever the number of threads, and
a number of 24 bits costs it twice as much as the sigmoid that it is compared with. A bit asks
little of its number: nearly always the first digits decide. So each number here is

    u = r / 2^16 + b / 2^24

with r of 16 random bits of its own, four of them cut from one 64-bit word, and b of 8 more bits
that all rows of a column share. Every u is uniform on the grid of 2^-24, that of `torch.rand` in
float32, so a bit `u < p` has its exact probability, and the columns of a row are independent. Two
rows of a column differ in r alone: the covariance of their bits is the variance of P(bit | b), at
most 2^-34.
"""

import torch
from torch import Tensor

_LOWEST_WORD = -(2**63)
_DTYPES = (torch.float32, torch.float64)


def uniform_rows(
    rows: int,
    columns: int,
    generator: torch.Generator,
    *,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """Draw numbers in [0, 1), shape (rows, columns), for a decision `u < p` in each column.

    Parameters
    ----------
    rows, columns : int
    generator : torch.Generator
        On the same device.
    dtype : torch.dtype
        float32 and float64 take the short way on the CPU, others that of `torch.rand`.
    device : torch.device
    """
    if device.type != "cpu" or dtype not in _DTYPES:
        return torch.rand(rows, columns, generator=generator, dtype=dtype, device=device)
    count = rows * columns
    words = torch.empty(-(-(2 * count + columns) // 8), dtype=torch.int64)
    words.random_(_LOWEST_WORD, None, generator=generator)
    own = words.view(torch.int16)[:count].view(rows, columns).to(dtype)  # from -2^15: r - 2^15
    shared = words.view(torch.uint8)[2 * count : 2 * count + columns].to(dtype)
    return torch.add(shared.mul_(2.0**-24).add_(0.5), own, alpha=2.0**-16, out=own)

"""From `SamplerOptions` to a sampler whose chains start from data."""

import torch
from torch import Tensor

from ebm.sampling import ContrastiveDivergence, ParallelTempering, PersistentChains, Sampler
from ebm.train.batches import DataSource
from ebm.train.options import SamplerOptions


def make_sampler(
    options: SamplerOptions, source: DataSource, visible_mean: Tensor, seed: int
) -> Sampler:
    """Sampler of the negative phase; lasting chains begin at `options.chains` random data rows."""
    if options.kind == "cd":
        return ContrastiveDivergence(options.steps)
    start = source.first_rows(options.chains, seed)
    if options.kind == "pcd":
        return PersistentChains(start, options.steps)
    betas = torch.linspace(0, 1, options.temperatures)
    return ParallelTempering(start, betas, options.steps, visible_mean)

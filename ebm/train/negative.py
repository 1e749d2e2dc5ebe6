"""From `SamplerOptions` to a sampler whose chains start from data."""

from ebm.rbm import RBM
from ebm.sampling import ContrastiveDivergence, PersistentChains, Sampler
from ebm.train.batches import DataSource
from ebm.train.options import SamplerOptions


def make_sampler(options: SamplerOptions, rbm: RBM, source: DataSource, seed: int) -> Sampler:
    """Sampler of the negative phase; persistent chains begin at `options.chains` random data rows."""
    if options.kind == "cd":
        return ContrastiveDivergence(options.steps)
    if options.kind == "pcd":
        return PersistentChains(source.first_rows(options.chains, seed), options.steps)
    raise NotImplementedError

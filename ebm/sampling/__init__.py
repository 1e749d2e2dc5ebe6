"""Samplers of an RBM's states. Start with `gibbs`; the others are built on it."""

from ebm.sampling.contrastive import ContrastiveDivergence, PersistentChains, Sampler
from ebm.sampling.diagnostics import autocorrelation, autocorrelation_time, effective_sample_size
from ebm.sampling.gibbs import gibbs, gibbs_clamped, gibbs_step
from ebm.sampling.tempering import ParallelTempering, TemperedPath

__all__ = [
    "ContrastiveDivergence",
    "ParallelTempering",
    "PersistentChains",
    "Sampler",
    "TemperedPath",
    "autocorrelation",
    "autocorrelation_time",
    "effective_sample_size",
    "gibbs",
    "gibbs_clamped",
    "gibbs_step",
]

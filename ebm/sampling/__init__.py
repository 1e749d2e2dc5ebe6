"""Samplers of an RBM's states. Start with `gibbs`; the others are built on it."""

from ebm.sampling.base import Sampler
from ebm.sampling.contrastive import ContrastiveDivergence, PersistentChains
from ebm.sampling.gibbs import gibbs, gibbs_step

__all__ = ["ContrastiveDivergence", "PersistentChains", "Sampler", "gibbs", "gibbs_step"]

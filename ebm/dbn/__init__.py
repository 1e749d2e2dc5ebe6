"""Deep belief networks. Read `stack` for what one is, then `greedy` for how it is trained."""

from ebm.dbn.greedy import GreedyPretrainer, pretrain_greedily
from ebm.dbn.stack import DBN

__all__ = ["DBN", "GreedyPretrainer", "pretrain_greedily"]

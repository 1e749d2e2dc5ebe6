"""Deep belief networks. Read `stack` for what one is, then `greedy` for how it is trained."""

from ebm.dbn.generation import class_states, generate, generate_class, top_states
from ebm.dbn.greedy import GreedyPretrainer, continue_greedily, pretrain_greedily
from ebm.dbn.labels import class_log_probabilities
from ebm.dbn.likelihood import (
    LikelihoodBound,
    exact_log_likelihood_nats,
    log_likelihood_bound,
)
from ebm.dbn.stack import DBN, select_visible
from ebm.dbn.up_down import UpDownTrainer, train_up_down
from ebm.dbn.up_down_options import UpDownHistory, UpDownOptions, UpDownRecord

__all__ = [
    "DBN",
    "GreedyPretrainer",
    "LikelihoodBound",
    "UpDownHistory",
    "UpDownOptions",
    "UpDownRecord",
    "UpDownTrainer",
    "class_log_probabilities",
    "class_states",
    "continue_greedily",
    "exact_log_likelihood_nats",
    "generate",
    "generate_class",
    "log_likelihood_bound",
    "pretrain_greedily",
    "select_visible",
    "top_states",
    "train_up_down",
]

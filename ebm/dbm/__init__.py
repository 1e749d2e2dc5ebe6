"""Deep Boltzmann machines. Read `machine` for what one is, then `training` for how it learns."""

from ebm.dbm.features import augmented_inputs, hidden_means, network_from_dbm
from ebm.dbm.gibbs import PersistentChains, gibbs, gibbs_step
from ebm.dbm.likelihood import (
    bracket_log_partition,
    exact_log_likelihood_nats,
    exact_log_partition,
    variational_bound_nats,
)
from ebm.dbm.machine import DBM
from ebm.dbm.mean_field import Posterior, mean_field
from ebm.dbm.options import JointOptions
from ebm.dbm.pretraining import DBMPretrainer, machine_from_rbms, pretrain_dbm
from ebm.dbm.training import JointHistory, JointRecord, JointTrainer, fit_dbm

__all__ = [
    "DBM",
    "DBMPretrainer",
    "JointHistory",
    "JointOptions",
    "JointRecord",
    "JointTrainer",
    "PersistentChains",
    "Posterior",
    "augmented_inputs",
    "bracket_log_partition",
    "exact_log_likelihood_nats",
    "exact_log_partition",
    "fit_dbm",
    "gibbs",
    "gibbs_step",
    "hidden_means",
    "machine_from_rbms",
    "mean_field",
    "network_from_dbm",
    "pretrain_dbm",
    "variational_bound_nats",
]

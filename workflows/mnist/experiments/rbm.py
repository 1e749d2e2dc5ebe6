"""`mnist rbm`: 784-2500, trained on labels without and with pretraining."""

from __future__ import annotations

from workflows.mnist.experiments.with_and_without_pretraining import (
    DocumentedNetwork,
    compare_starts,
)
from workflows.mnist.inputs import ExperimentInputs
from workflows.mnist.results import documented
from workflows.mnist.training.protocols import SupervisedProtocol

RBM_2500 = DocumentedNetwork(
    name="rbm",
    title="Restricted Boltzmann Machine",
    layers=(2500,),
    used_layers=1,
    reconstructions=(documented.RBM_RECONSTRUCTION,),
    train_without=documented.RBM_TRAIN_WITHOUT,
    train_with=documented.RBM_TRAIN_WITH,
    test_without=documented.RBM_TEST_WITHOUT,
    test_with=documented.RBM_TEST_WITH,
)


def run(inputs: ExperimentInputs, protocol: SupervisedProtocol) -> None:
    """Pretrain an RBM, and train its network without and with that."""
    compare_starts(inputs, RBM_2500, protocol)

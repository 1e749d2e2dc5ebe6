"""`mnist dbn`: 784-512-128-64-10, trained on labels without and with pretraining.

The document trains a fourth machine, 64-10, that its network never uses; so it is here, for its
reconstruction error.
"""

from __future__ import annotations

from workflows.mnist.experiments.with_and_without_pretraining import (
    DocumentedNetwork,
    compare_starts,
)
from workflows.mnist.inputs import ExperimentInputs
from workflows.mnist.results import documented
from workflows.mnist.training.protocols import SupervisedProtocol

DBN_512_128_64 = DocumentedNetwork(
    name="dbn",
    title="Deep Belief Network",
    layers=(512, 128, 64, 10),
    used_layers=3,
    reconstructions=documented.DBN_RECONSTRUCTIONS,
    train_without=documented.DBN_TRAIN_WITHOUT,
    train_with=documented.DBN_TRAIN_WITH,
    test_without=documented.DBN_TEST_WITHOUT,
    test_with=documented.DBN_TEST_WITH,
)


def run(inputs: ExperimentInputs, protocol: SupervisedProtocol) -> None:
    """Pretrain a stack greedily, and train its network without and with that."""
    compare_starts(inputs, DBN_512_128_64, protocol)

"""`mnist all`: every experiment, and the page of their tables and figures."""

from __future__ import annotations

from pathlib import Path

from workflows.mnist.experiments import (
    dbm,
    dbn,
    generative,
    labels,
    likelihood,
    rbm,
    tutorial_and_best,
)
from workflows.mnist.inputs import ExperimentInputs
from workflows.mnist.results.page import write_page
from workflows.mnist.training.protocols import PROTOCOLS


def run(inputs: ExperimentInputs, command: str) -> Path:
    """Run all of them; return the path of the page.

    Parameters
    ----------
    inputs : ExperimentInputs
    command : str
        That repeats it, shown on the page.
    """
    for protocol in PROTOCOLS:
        rbm.run(inputs, protocol)
        dbn.run(inputs, protocol)
    for name in tutorial_and_best.DEEP_NETWORKS:
        tutorial_and_best.run(inputs, name)
    dbm.run(inputs)
    generative.run(inputs)
    likelihood.run(inputs)
    labels.run(inputs)
    return write_page(inputs.folder, command)

"""All MNIST workflows with --quick, run once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workflows.cli import main
from workflows.mnist import inputs
from workflows.mnist.experiments import generative, likelihood
from workflows.mnist.results import images


@contextmanager
def few_sweeps() -> Iterator[None]:
    """Pretrain for few epochs, and make chains of few sweeps behind the pictures.

    Nothing is measured on the chains, and a quick look learns enough in fewer epochs.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inputs, "QUICK_PRETRAINING_EPOCHS", 6)
        patched.setattr(images, "CHAIN_SWEEPS", (1, 10))
        patched.setattr(images, "CLASS_SWEEPS", 10)
        patched.setattr(images, "STRIP_SWEEPS", (0, 1, 10))
        patched.setattr(generative, "STRIP_SWEEPS", (0, 1, 10))
        patched.setattr(likelihood, "CHAIN_SWEEPS", 10)
        yield


@pytest.fixture(scope="module", autouse=True)
def _few_sweeps():
    with few_sweeps():
        yield


@pytest.fixture(scope="session")
def folder(make_once) -> Path:
    """What the workflows leave; whoever changes it must copy it first."""

    def run_all(path: Path) -> None:
        with few_sweeps():
            assert main(["mnist", "all", "--quick", "-n", "1", "-q", "-o", str(path)]) == 0

    return make_once("mnist", run_all)

"""All MNIST workflows with --quick, run once: on few digits, and as many as a user gives them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from workflows.cli import main
from workflows.mnist import digits, inputs
from workflows.mnist.experiments import everything, generative, likelihood
from workflows.mnist.experiments.likelihood_estimates import Annealing
from workflows.mnist.results import images

read_once = cache(digits.load_digits)


@contextmanager
def few_sweeps() -> Iterator[None]:
    """Pretrain for few epochs, and make chains of few sweeps behind the pictures.

    Nothing is measured on the chains, and a quick look learns enough in fewer epochs.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(digits, "load_digits", read_once)
        patched.setattr(inputs, "QUICK_PRETRAINING_EPOCHS", 6)
        patched.setattr(images, "CHAIN_SWEEPS", (1, 10))
        patched.setattr(images, "CLASS_SWEEPS", 10)
        patched.setattr(images, "STRIP_SWEEPS", (0, 1, 10))
        patched.setattr(generative, "STRIP_SWEEPS", (0, 1, 10))
        patched.setattr(likelihood, "CHAIN_SWEEPS", 10)
        yield


@contextmanager
def few_digits() -> Iterator[None]:
    """Also learn from fewer digits: for files, tables and resuming it matters little what."""
    with few_sweeps(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(inputs, "QUICK_TRAIN", 1200)
        patched.setattr(inputs, "QUICK_TEST", 200)
        patched.setattr(everything, "PROTOCOLS", ("document", "sound"))
        patched.setattr(likelihood, "QUICK_ANNEALING", Annealing(betas=50, chains=10, burn_in=10))
        yield


def run_all(path: Path) -> None:
    assert main(["mnist", "all", "--quick", "-n", "1", "-q", "-o", str(path)]) == 0


@pytest.fixture
def _few_digits() -> Iterator[None]:
    with few_digits():
        yield


@pytest.fixture(scope="session")
def folder(make_once) -> Path:
    """What the workflows leave of few digits; whoever changes it must copy it first."""

    def make(path: Path) -> None:
        with few_digits():
            run_all(path)

    return make_once("mnist", make)


@pytest.fixture(scope="session")
def learned(make_once) -> Path:
    """What they leave of as many digits as a quick look has."""

    def make(path: Path) -> None:
        with few_sweeps():
            run_all(path)

    return make_once("mnist-learned", make)

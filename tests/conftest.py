"""Fixtures that every room shares."""

from pathlib import Path

import hypothesis
import pytest
import torch

# A busy machine is slow now and then; time is measured by benchmarks, not by tests.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_per_process():
    """Test processes run beside each other; torch threads on top would only fight."""
    torch.set_num_threads(1)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20061)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data for benchmarks, beside the checkout on a founder's machine; absent elsewhere."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared benchmark data is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    return REPOSITORY / "data" / "samples"

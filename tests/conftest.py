"""What every test may use: sample data, things made once for all processes, a summary of skips."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
import torch
from filelock import FileLock

from screening.processes import SCREENING, TRAINING, begin_loading

# A busy machine is slow now and then; time is measured by benchmarks, not by tests.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

REPOSITORY = Path(__file__).resolve().parents[1]
# What the workers of some tests need beside what those of the commands need.
OTHER_WORKERS = ("screening.library.predict", "screening.report.explained", "pytest")
NO_BROWSER = "no Chromium or Chrome was found on this machine"

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_per_process():
    """Test processes run beside each other; torch threads on top would only fight."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _loaded_server():
    """Begin the server of worker processes with all that they need in any test.

    One that a test began would hold that test's modules alone, and each later worker load the rest.
    """
    begin_loading((*SCREENING, *TRAINING, *OTHER_WORKERS))


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Return a function that makes a file or folder once for all test processes.

    The first process that asks for a name calls the maker with the path to write; others wait for
    it, and get the same path. A maker that fails leaves nothing, and the next one begins again.
    Whoever changes what was made must copy it first.
    """
    base = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder of its own in the one that all of them share.
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once"
    shared.mkdir(exist_ok=True)

    def make(name: str, maker: Callable[[Path], object]) -> Path:
        folder = shared / name
        finished = shared / f"{name}.finished"
        # Runs know their own path: they are made where they stay, and marked when they are whole.
        with FileLock(shared / f"{name}.lock"):
            if not finished.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                maker(folder / name)
                finished.touch()
        return folder / name

    return make


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20061)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data for benchmarks, in `../shared/data` where that exists."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the benchmark data is not in ../shared/data")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    return REPOSITORY / "data" / "samples"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(NO_BROWSER)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly when the pages that people read were not tested in a browser."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    count = sum(NO_BROWSER in reason for reason in skipped)
    if not count:
        return
    terminalreporter.section("REPORTS WERE NOT TESTED IN A BROWSER", yellow=True, bold=True)
    terminalreporter.line(
        f"{count} browser tests did not run: {NO_BROWSER}.\n"
        "Install one and run the tests again: `apt install chromium` (Debian), `dnf install "
        "chromium` (Fedora),\n`brew install --cask chromium` (macOS), or Google Chrome.",
        yellow=True,
    )

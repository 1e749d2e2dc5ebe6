"""Stopped by a signal and continued; any number of workers, any size of shards: the same bytes."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

from screening.library import ScreenOptions, screen
from tests.same_bytes import same_bytes
from workflows.cli import main

ROWS = 400


@pytest.fixture(scope="module")
def library(samples, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("library") / "library.csv"
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        path.write_text("smiles,id\n" + "".join(islice(file, ROWS)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def expected(library, model_file, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("expected") / "run"
    screen([str(library)], model_file, run, ScreenOptions(shard_size=20, top=100))
    return run


@pytest.mark.parametrize(
    ("workers", "shard_size"),
    [(2, 33), *(pytest.param(*some, marks=pytest.mark.thorough) for some in ((4, 20), (1, 399)))],
)
def test_workers_and_shards_do_not_matter(
    library, model_file, expected, tmp_path, workers, shard_size
):
    options = ScreenOptions(shard_size=shard_size, workers=workers, top=100)
    screen([str(library)], model_file, tmp_path / "run", options)
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(tmp_path / "run" / name, expected / name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_the_same_command_continues(
    library, model_file, expected, tmp_path, capfd, number
):
    run = tmp_path / "run"
    words = ["screen", str(library), "-m", str(model_file), "-o", str(run), "--no-report"]
    words += ["--shard-size", "20", "--top", "100", "-n", "1"]
    command = [sys.executable, "-m", "workflows", *words]
    # Tests that a shell started in the background inherit that SIGINT is ignored.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stderr=pipe, stdout=pipe, text=True)
    finally:
        signal.signal(number, before)
    deadline = time.monotonic() + 120
    while len(list(run.glob("shards/0*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.fail("it was done before it could be stopped")
    assert process.returncode == 130, said
    assert "the same command continues" in said
    assert not (run / "hits.csv").exists()
    assert main(words) == 0
    assert "continuing the run that is there" in capfd.readouterr().err
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(run / name, expected / name)

"""Processes are started as shards come: no more than there are shards."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from screening.chemistry import Limits
from screening.library.engines.workers import Workers

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_scorers as faulty  # noqa: E402 - workers find it on the same path


@pytest.mark.parametrize(("shards", "processes"), [(1, 1), (5, 2)])
def test_no_more_processes_than_shards(shards, processes):
    task = SimpleNamespace(limits=Limits())
    with Workers(task, 2, faulty.only_numbers) as workers:
        found = sorted(workers.run((number, ["C"]) for number in range(shards)))
        started = len(workers._workers)
    assert found == list(range(shards))
    assert started == processes

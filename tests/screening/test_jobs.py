"""Jobs in processes: in order, the same as here, and never a wait for a worker that is gone."""

import os
import signal
import time
from itertools import count, islice

import numpy as np
import pytest

from screening.assay import curate, structures
from screening.chemistry import Failure, Standardiser
from screening.errors import UserError
from screening.jobs import in_processes
from screening.learners import Compounds, ModelOptions, compounds
from screening.systems import start_method
from screening.tables import read_table


def slowest_first(number: int, of: int) -> int:
    time.sleep(0.02 * (of - number))
    return number


def refuse(number: int) -> int:
    if number == 3:
        raise ValueError(f"not {number}")
    return number


def die(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process_of(number: int) -> int:
    del number
    time.sleep(0.05)
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_jobs(workers):
    found = list(in_processes(slowest_first, ((n, 8) for n in range(8)), workers))
    assert found == list(range(8))


def test_one_worker_is_this_process_and_two_are_others():
    assert set(in_processes(process_of, [(0,), (1,)], 1)) == {os.getpid()}
    others = set(in_processes(process_of, ((n,) for n in range(8)), 2))
    assert len(others) == 2
    assert os.getpid() not in others


@pytest.mark.skipif(start_method() == "spawn", reason="each worker loads what it needs")
@pytest.mark.parametrize("module", ["torch", "sklearn.linear_model", "screening.learners.networks"])
def test_workers_that_train_begin_with_what_they_need(module):
    """Each would load it again otherwise, which takes longer than many a training."""
    held = in_processes(eval, [(f"{module!r} in __import__('sys').modules",)], 2)
    assert list(held) == [True]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_through_after_the_results_before_it(workers):
    results = in_processes(refuse, ((n,) for n in range(6)), workers)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="not 3"):
        next(results)


def test_jobs_without_end_are_taken_as_workers_are_free():
    taken = []

    def jobs():
        for number in count():
            taken.append(number)
            yield (number,)

    results = in_processes(refuse, jobs(), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()
    assert len(taken) <= 7


def test_a_killed_worker_ends_the_work_in_a_sentence():
    with pytest.raises(UserError, match="is there enough memory"):
        list(in_processes(die, ((n,) for n in range(20)), 2))


@pytest.fixture
def ugly(samples, tmp_path):
    """Four hundred compounds, and among them what cannot be read, salts and a duplicate."""
    table = read_table(str(samples / "bace.csv"))
    rows = [f"{smiles},{n % 2}" for n, smiles in enumerate(table.smiles[:400])]
    rows[7] = "not a molecule,1"
    rows[300] = ",0"
    rows[301] = "C1CC1C(=O)[O-].[Na+],1"
    rows[302] = "C" * 300 + ",1"
    rows[303] = rows[305]
    path = tmp_path / "ugly.csv"
    path.write_text("smiles,active\n" + "\n".join(rows) + "\n")
    return read_table(str(path), smiles_column="smiles")


def test_curation_is_the_same_in_processes(ugly, monkeypatch):
    monkeypatch.setattr(structures, "_FEW", 0)
    monkeypatch.setattr(structures, "_TOGETHER", 60)
    serial, parallel = (curate(ugly, ("active",), workers=workers) for workers in (1, 2))
    assert len(serial.ledger.rejects) == 3
    assert parallel.ledger == serial.ledger
    assert (parallel.smiles, parallel.ids) == (serial.smiles, serial.ids)
    np.testing.assert_array_equal(parallel.rows, serial.rows)
    np.testing.assert_array_equal(parallel.labels, serial.labels)


def test_structures_of_every_level_keep_their_order_and_failures(ugly, monkeypatch):
    monkeypatch.setattr(structures, "_FEW", 0)
    for level in ("none", "tautomer"):
        texts = ugly.smiles[295:310]
        one, two = (
            list(structures.read_structures(texts, Standardiser(level), None, workers))
            for workers in (1, 2)
        )
        assert [isinstance(found, Failure) for found in one].count(True) == 2
        assert [str(f) if isinstance(f, Failure) else f.smiles for f in two] == [
            str(f) if isinstance(f, Failure) else f.smiles for f in one
        ]


def test_features_and_scaffolds_are_the_same_in_processes(bace, monkeypatch):
    monkeypatch.setattr(compounds, "_FEW", 0)
    monkeypatch.setattr(compounds, "_TOGETHER", 70)
    names = (*ModelOptions().blocks, "maccs")
    few = bace.take(np.arange(300))
    serial, parallel = (Compounds(few, workers) for workers in (1, 2))
    one, two = serial.raw(names), parallel.raw(names)
    assert parallel.scaffolds == serial.scaffolds
    assert list(two.sparse) == list(one.sparse)
    for name, block in one.sparse.items():
        other = two.sparse[name]
        assert other.dtype == block.dtype
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(other, part), getattr(block, part), name)
    for name, values in one.dense.items():
        np.testing.assert_array_equal(two.dense[name], values, name)

"""The dask engine: the same bytes as the local one, also when a worker is killed."""

from __future__ import annotations

import builtins
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from screening.errors import UserError
from screening.library import PrepareOptions, ScreenOptions, prepare_library, screen
from screening.tables import read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_scorers as faulty  # noqa: E402 - workers find it on the same path

from tests.same_bytes import same_bytes  # noqa: E402

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
RESULTS = ("hits.csv", "rejects.csv")


@pytest.fixture(scope="module")
def library(samples, tmp_path_factory) -> list[str]:
    """Two files, one packed, with quoted line breaks and rows that cannot be used."""
    table = read_table(str(samples / "wehi.csv.gz"))
    rows = [f'{s},{i},"two\nlines"' for s, i in zip(table.smiles, table.ids, strict=True)]
    folder = tmp_path_factory.mktemp("library")
    first, second = folder / "a.csv", folder / "b.csv"
    first.write_text("\n".join(["smiles,id,note", *rows[:90], "nonsense,bad,x"]) + "\n")
    second.write_text("\n".join(["smiles,id,note", *rows[90:150]]) + "\n")
    return [str(first), str(second)]


@pytest.fixture(scope="module")
def expected(library, model_file, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "run"
    screen(library, model_file, folder, ScreenOptions(shard_size=20))
    return folder


@pytest.fixture(scope="module")
def cluster():
    with small_cluster(1) as cluster:
        yield cluster


def small_cluster(workers: int):
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1"
    )


def on(cluster, **changes) -> ScreenOptions:
    settings = {"shard_size": 20, "engine": "dask", "scheduler": cluster.scheduler_address}
    return ScreenOptions(**{**settings, **changes})


def same(run: Path, expected: Path) -> None:
    for name in RESULTS:
        assert same_bytes(run / name, expected / name)
    parts = sorted(path.name for path in (expected / "scores").iterdir())
    assert sorted(path.name for path in (run / "scores").iterdir()) == parts
    for name in parts:
        assert same_bytes(run / "scores" / name, expected / "scores" / name)


@pytest.mark.parametrize(
    "own", [False, pytest.param(True, marks=pytest.mark.thorough)], ids=["given", "own cluster"]
)
def test_the_result_is_that_of_the_local_engine(
    library, model_file, expected, cluster, tmp_path, own
):
    options = ScreenOptions(shard_size=20, engine="dask", workers=1) if own else on(cluster)
    done = screen(library, model_file, tmp_path / "run", options)
    assert (done.counts.read, done.counts.scored) == (151, 150)
    same(tmp_path / "run", expected)


class StoppedError(Exception):
    pass


def stop_after(shards: int):
    seen = []

    def stop(counts, share):
        seen.append(counts)
        if len(seen) == shards:
            raise StoppedError

    return stop


@pytest.mark.parametrize(("first", "second"), [("local", "dask"), ("dask", "local")])
def test_one_engine_finishes_what_the_other_began(
    library, model_file, expected, cluster, tmp_path, first, second
):
    both = {"local": ScreenOptions(shard_size=20), "dask": on(cluster)}
    with pytest.raises(StoppedError):
        screen(library, model_file, tmp_path / "run", both[first], on_progress=stop_after(3))
    done = screen(library, model_file, tmp_path / "run", both[second])
    assert done.continued >= 3
    same(tmp_path / "run", expected)


@pytest.mark.thorough  # a cluster of its own
def test_a_killed_worker_changes_nothing(library, model_file, expected, tmp_path):
    with small_cluster(2) as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killed = threading.Event()

        def kill(counts, share):
            if not killed.is_set():
                os.kill(victim, signal.SIGKILL)
                killed.set()

        screen(
            library,
            model_file,
            tmp_path / "run",
            on(cluster),
            on_progress=kill,
            make_scorer=faulty.slow,
        )
        assert killed.is_set()
    same(tmp_path / "run", expected)


@pytest.mark.thorough  # the same guards as without dask, in processes that begin slowly
def test_molecules_that_hang_or_crash_cost_themselves_only(samples, model_file, cluster, tmp_path):
    good = read_table(str(samples / "wehi.csv.gz")).smiles[:20]
    rows = [*good[:5], faulty.CRASHES, *good[5:15], faulty.HANGS, *good[15:]]
    path = tmp_path / "library.csv"
    path.write_text("smiles,id\n" + "".join(f"{s},c{i}\n" for i, s in enumerate(rows)))
    options = on(cluster, timeout_seconds=2.0)
    done = screen([str(path)], model_file, tmp_path / "run", options, make_scorer=faulty.make)
    assert (done.counts.scored, done.counts.rejected) == (20, 2)
    assert set(cluster.scheduler.workers), "the workers themselves are still there"


def test_prepared_libraries(library, model_file, expected, cluster, tmp_path):
    folder = tmp_path / "library.parquet"
    options = PrepareOptions(("morgan_counts", "descriptors"), part_size=20)
    prepare_library(library, folder, options)
    screen([str(folder)], model_file, tmp_path / "run", on(cluster))
    for name in RESULTS:
        assert same_bytes(tmp_path / "run" / name, expected / name)


def test_stdin_is_refused(model_file, cluster, tmp_path, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"smiles\nCCO\n")))
    with pytest.raises(UserError, match="cannot read stdin"):
        screen(["-"], model_file, tmp_path / "run", on(cluster))


def test_a_scheduler_that_is_not_there(library, model_file, tmp_path, monkeypatch):
    from screening.library.engines import cluster as dask_cluster

    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 1)
    options = ScreenOptions(engine="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(UserError, match=r"tcp://127\.0\.0\.1:9 cannot be reached"):
        screen(library, model_file, tmp_path / "run", options)


def test_without_dask_it_says_how_to_get_it(library, model_file, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.split(".")[0] == "distributed":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'ebmscreen\[dask\]'"):
        screen(library, model_file, tmp_path / "run", ScreenOptions(engine="dask"))


def test_the_command_takes_a_scheduler_only_with_dask(capsys, tmp_path, library, model_file):
    from workflows.cli import main

    words = ["screen", *library, "-m", str(model_file), "-o", str(tmp_path / "run")]
    assert main([*words, "--scheduler", "tcp://x:1"]) == 2
    assert "--engine dask" in capsys.readouterr().err

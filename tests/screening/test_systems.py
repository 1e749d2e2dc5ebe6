"""What differs between systems: workers that are spawned, and what Windows and macOS do otherwise.

A name of another system is put in place of this one's where its own calls are not needed.
"""

from __future__ import annotations

import io
import math
import multiprocessing
import sys
import time
from pathlib import Path

import psutil
import pytest

from screening import systems
from screening.errors import UserError
from screening.jobs import in_processes
from screening.library import ScreenOptions, screen
from screening.processes import worker_context
from screening.tables import read_csv, read_table, write_atomically

CRASHER = "N#CC#N"


@pytest.fixture
def spawned(monkeypatch):
    monkeypatch.setenv(systems.START, "spawn")


@pytest.fixture
def windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")


def test_a_library_is_screened_the_same_by_spawned_workers(
    samples, model_file, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "library"))
    import faulty_scorers

    smiles = read_table(str(samples / "wehi.csv.gz")).smiles[:12]
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    good.write_text("\n".join(["smiles", *smiles]), encoding="utf-8")
    bad.write_text("\n".join(["smiles", *smiles, CRASHER]), encoding="utf-8")
    screen([str(good)], model_file, tmp_path / "as-here")
    monkeypatch.setenv(systems.START, "spawn")
    options = ScreenOptions(workers=1)
    screen([str(bad)], model_file, tmp_path / "run", options, make_scorer=faulty_scorers.make)
    rejects = read_csv(tmp_path / "run" / "rejects.csv")
    assert rejects[["smiles", "reason"]].to_numpy().tolist() == [[CRASHER, "crash"]]
    one, other = (read_csv(tmp_path / name / "hits.csv") for name in ("run", "as-here"))
    assert one.drop(columns="source").equals(other.drop(columns="source"))


def test_jobs_are_done_by_spawned_workers(spawned):
    assert type(worker_context()).__name__ == "SpawnContext"
    jobs = [(3.0, 4.0 * n) for n in range(4)]
    assert list(in_processes(math.hypot, jobs, 2)) == [math.hypot(*job) for job in jobs]


def test_a_start_that_there_is_not_is_refused(monkeypatch):
    monkeypatch.setenv(systems.START, "fork")
    with pytest.raises(UserError, match="EBMSCREEN_START is 'fork'; on this system it may be"):
        systems.start_method()


def test_where_there_is_no_server_workers_are_spawned(monkeypatch):
    monkeypatch.delenv(systems.START, raising=False)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert systems.start_method() == "spawn"


def live_on_a_leash(leash, ready) -> None:
    sys.platform = "darwin"
    systems.end_with(leash)
    ready.send(True)
    time.sleep(60)


def test_a_process_ends_with_its_parent_where_the_kernel_does_not_help():
    context = worker_context()
    leash, held = context.Pipe(duplex=False)
    ready, theirs = context.Pipe(duplex=False)
    process = context.Process(target=live_on_a_leash, args=(leash, theirs), daemon=True)
    process.start()
    assert ready.poll(60)
    assert process.is_alive()
    held.close()
    process.join(20)
    assert process.exitcode == 1


def open_elsewhere(monkeypatch, times: int) -> list[str]:
    """Have a file be open in another program, as Windows tells it, for so many tries."""
    tries: list[str] = []
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        tries.append(self.name)
        if len(tries) <= times:
            raise PermissionError(13, "Access is denied", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(systems.time, "sleep", lambda seconds: None)
    return tries


def test_a_file_that_is_open_elsewhere_is_replaced_a_little_later(tmp_path, monkeypatch, windows):
    tries = open_elsewhere(monkeypatch, times=3)
    path = tmp_path / "hits.csv"
    path.write_text("old", encoding="utf-8")
    with write_atomically(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "new"
    assert len(tries) == 4


def test_a_file_that_stays_open_is_an_error_with_its_name(tmp_path, monkeypatch, windows):
    tries = open_elsewhere(monkeypatch, times=99)
    path = tmp_path / "hits.csv"
    with pytest.raises(PermissionError, match=r"hits\.csv"), write_atomically(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert len(tries) == 6
    assert not list(tmp_path.iterdir())


def test_nobody_waits_for_a_folder_without_permission(tmp_path, monkeypatch):
    tries = open_elsewhere(monkeypatch, times=1)
    with pytest.raises(PermissionError), write_atomically(tmp_path / "hits.csv"):
        pass
    assert len(tries) == 1


def test_where_sleep_is_not_told_a_process_may_sleep(monkeypatch):
    me = psutil.Process()
    assert not systems.may_sleep(me)
    monkeypatch.setattr(sys, "platform", "win32")
    assert systems.may_sleep(me)


@pytest.mark.parametrize(
    ("platform", "encoding", "asked", "expected"),
    [
        ("linux", "ascii", None, b"10 \\xb5M"),
        ("linux", "utf-8", None, "10 µM".encode()),
        ("win32", "cp1250", None, "10 µM".encode()),
        ("win32", "ascii", "ascii", b"10 \\xb5M"),
    ],
)
def test_no_letter_ends_the_program(monkeypatch, platform, encoding, asked, expected):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "platform", platform)
    if asked is None:
        monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    else:
        monkeypatch.setenv("PYTHONIOENCODING", asked)
    systems.speak_plainly()
    print("10 µM", end="", flush=True)
    assert stream.buffer.getvalue() == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        "CON",
        "nul.csv",
        "Com1.tar.gz",
        "aux .txt",
        "a:b",
        "a\\b",
        "a/b",
        "x?",
        "end.",
        "end ",
        "\t",
    ],
)
def test_names_that_some_system_refuses(name):
    assert not systems.fits_everywhere(name)


@pytest.mark.parametrize("name", ["hits.csv", "console.csv", "COM10", ".hidden", "π (2).smi"])
def test_names_that_every_system_takes(name):
    assert systems.fits_everywhere(name)

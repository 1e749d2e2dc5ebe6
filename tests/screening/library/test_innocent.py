"""Pauses, kills from outside and raised errors: a molecule that is not at fault is not lost."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from screening.chemistry import Limits
from screening.errors import UserError
from screening.library import screen
from screening.library.engines.guard import BATCH, Guard, SharedWatch
from screening.tables import read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_scorers as faulty  # noqa: E402 - workers find it on the same path


@pytest.fixture(scope="module")
def good(samples) -> list[str]:
    return read_table(str(samples / "wehi.csv.gz")).smiles[:20]


def write(path: Path, smiles: list[str]) -> Path:
    path.write_text("smiles,id\n" + "".join(f"{s},c{i}\n" for i, s in enumerate(smiles)))
    return path


def rejects(run: Path) -> list[dict[str, str]]:
    with (run / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_molecule_whose_process_was_killed_from_outside_is_scored(good, model_file, tmp_path):
    library = write(tmp_path / "library.csv", [*good[:7], faulty.KILLED_ONCE, *good[7:]])
    run = tmp_path / "run"
    summary = screen([str(library)], model_file, run, make_scorer=faulty.killed_once)
    assert (tmp_path / "was killed").exists()
    assert (summary.counts.scored, summary.counts.rejected) == (21, 0)


def test_what_rdkit_raises_costs_the_molecule_and_is_said(good, model_file, tmp_path, capfd):
    library = write(tmp_path / "library.csv", [*good[:7], faulty.RAISES, *good[7:]])
    run = tmp_path / "run"
    summary = screen([str(library)], model_file, run, make_scorer=faulty.raises)
    assert (summary.counts.scored, summary.counts.rejected) == (20, 1)
    (reject,) = rejects(run)
    assert (reject["smiles"], reject["reason"]) == (faulty.RAISES, "crash")
    assert reject["message"].startswith("RuntimeError: Pre-condition Violation ring info, also")
    assert "Traceback" not in capfd.readouterr().err


def test_a_shard_that_never_gets_done_is_one_sentence(good, model_file, tmp_path):
    library = write(tmp_path / "library.csv", good)
    with pytest.raises(UserError, match=r"shard 0 stopped 8 workers.*RuntimeError: out of luck"):
        screen(
            [str(library)], model_file, tmp_path / "run", make_scorer=faulty.never_between_molecules
        )


def test_a_pause_rejects_nothing(good, model_file, tmp_path):
    library, run = write(tmp_path / "library.csv", good * 30), tmp_path / "run"
    words = ["screen", str(library), "-m", str(model_file), "-o", str(run), "--no-report"]
    words += ["--shard-size", "20", "--timeout", "0.5", "-n", "1", "-q"]
    process = subprocess.Popen([sys.executable, "-m", "workflows", *words], start_new_session=True)
    deadline = time.monotonic() + 200
    pauses = done = 0
    while process.poll() is None and time.monotonic() < deadline:
        before, done = done, len(list(run.glob("shards/0*.json")))
        if done > before and pauses < 6:
            # Somewhere in the middle of a shard.
            time.sleep(0.003 * pauses)
            os.killpg(process.pid, signal.SIGSTOP)
            time.sleep(1)
            os.killpg(process.pid, signal.SIGCONT)
            pauses += 1
        time.sleep(0.005)
    assert process.wait() == 0
    assert pauses > 2
    assert rejects(run) == []


class _Sleeper:
    """A child that the guard watches, at a molecule that it came to when it began."""

    def __init__(self, code: str, position: int = 3) -> None:
        self.process = subprocess.Popen([sys.executable, "-I", "-S", "-c", code])
        self.state = [float(position), 0.0, 0.0]
        self.guard = Guard(self.process.pid, self.state, Limits(timeout_seconds=0.5))

    def spent(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def late_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.guard.is_late():
                return True
            time.sleep(0.05)
        return False


def test_the_guard_counts_time_that_the_worker_spent(monkeypatch):
    busy, idle = _Sleeper("while True: pass"), _Sleeper("import time; time.sleep(60)")
    try:
        assert busy.late_within(30)
        assert busy.guard.seconds > 0.5
        assert busy.guard.megabytes > 1
        assert not idle.late_within(1.5)
        # Ten times the limit, as the guard sees it, is too long for one that sleeps.
        assert idle.late_within(60)
        # One that is paused is not at fault, however long it takes.
        busy.process.send_signal(signal.SIGSTOP)
        busy.state[1] = busy.spent()
        busy.guard.is_late()
        monotonic = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: 1000 * monotonic())
        assert not any(busy.guard.is_late() for _ in range(100))
    finally:
        busy.process.kill()
        idle.process.kill()


def test_a_guard_that_was_away_has_seen_no_time(monkeypatch):
    idle = _Sleeper("import time; time.sleep(60)")
    try:
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now)
        assert not idle.guard.is_late()
        now += 3600
        assert not idle.guard.is_late()
        assert not idle.guard.is_late()
    finally:
        idle.process.kill()


def test_a_batch_may_take_longer_and_a_process_that_is_gone_is_not_late():
    state = [0.0, 0.0, 0.0]
    watch = SharedWatch(state)
    watch.batch(100)
    assert (state[0], state[2]) == (BATCH, 100)
    watch.molecule(7)
    assert state[0] == 7
    assert state[1] == pytest.approx(time.process_time(), abs=1)
    gone = _Sleeper("")
    gone.process.wait()
    assert not psutil.pid_exists(gone.process.pid)
    assert not gone.guard.is_late()
    assert not gone.guard.is_late()


def ended(process: psutil.Process) -> bool:
    """Tell whether a process is gone, or waits only for somebody to ask how it ended."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere compiled code is not interrupted")
def test_a_worker_that_hangs_ends_with_its_parent(good, model_file, tmp_path):
    library, run = write(tmp_path / "library.csv", good), tmp_path / "run"
    script = tmp_path / "go.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from pathlib import Path\n"
        "import faulty_scorers\n"
        "from screening.library import screen\n"
        "if __name__ == '__main__':\n"
        f"    screen([{str(library)!r}], Path({str(model_file)!r}), Path({str(run)!r}),"
        " make_scorer=faulty_scorers.hangs_in_compiled_code)\n"
    )
    process = subprocess.Popen([sys.executable, str(script)])
    pid = run / "worker.pid"
    deadline = time.monotonic() + 300
    while not (pid.is_file() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    worker = psutil.Process(int(pid.read_text()))
    time.sleep(0.5)
    assert worker.is_running()
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while not ended(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ended(worker)

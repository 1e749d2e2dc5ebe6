"""Jobs: the very commands as processes; what a killed server, or a killed job, leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest

from tests.workflows.web.served import end_all, until
from workflows.web.folder import Folder
from workflows.web.jobs import Job, Queue, State, child, progress_of
from workflows.web.jobs.job import STOPPED

# A command that is over at once.
QUICK = ("train", "nothing.csv", "--output=x.ebm")


@pytest.fixture
def queue(folder) -> Queue:
    return Queue(Folder.of(folder), cores=2)


def waiting(queue: Queue, output: str, workers: int = 1) -> Job:
    return Job.new(queue.served, "train", QUICK, output, workers)


def running(job: Job, process: subprocess.Popen[bytes]) -> None:
    """Make a job's files as its process would."""
    started = psutil.Process(process.pid).create_time()
    content = {"pid": process.pid, "started": started}
    (job.folder / "process.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_command_that_fails_says_so_on_its_page(serve, folder) -> None:
    client = serve(folder)
    queue = client.app.state.serving.queue
    job = queue.add("train", QUICK, "x.ebm", workers=1)
    assert job.words == (*QUICK, "--num-workers=1")
    until(lambda: job.state is State.FAILED)
    assert job.status == 1
    assert "there is no such file" in job.said()[-1]
    assert job.said()[0] == f"$ {job.command}"
    page = client.get(f"/job/{job.id}").text
    assert "Failed. ebmscreen: nothing.csv: there is no such file." in page
    assert f"/job/{job.id}/continue" in page
    assert "failed" in client.get("/").text
    assert client.post(f"/job/{job.id}/forget").status == 303
    assert not job.folder.exists()
    assert client.get(f"/job/{job.id}").status == 400


def test_a_second_job_waits_for_the_cores_of_the_first(queue, sleeper, monkeypatch) -> None:
    first, second, third = (waiting(queue, f"{k}.ebm", workers=k) for k in (1, 2, 1))
    running(first, sleeper)
    begun: list[str] = []
    monkeypatch.setattr(queue, "_begin", lambda job: begun.append(job.output))
    queue.turn()
    # The third would fit, and does not overtake.
    assert begun == []
    assert queue.state(first) is State.RUNNING
    sleeper.kill()
    sleeper.wait()
    first.finish(0)
    queue.turn()
    assert begun == ["2.ebm"]
    del second, third


def test_two_jobs_do_not_write_the_same(queue, sleeper) -> None:
    running(waiting(queue, "a.ebm"), sleeper)
    with pytest.raises(Exception, match=r"a job that is running writes a\.ebm already"):
        queue.add("train", QUICK, "a.ebm", 1)


def test_a_number_that_another_process_has_now_is_not_the_job(queue, sleeper) -> None:
    job = waiting(queue, "a.ebm")
    content = {"pid": sleeper.pid, "started": 12345.0}
    (job.folder / "process.json").write_text(json.dumps(content), encoding="utf-8")
    assert job.state is State.INTERRUPTED
    queue.stop(job)
    assert sleeper.poll() is None


def test_a_job_is_stopped_and_goes_on(queue, sleeper) -> None:
    job = waiting(queue, "a.ebm")
    running(job, sleeper)
    queue.stop(job)
    assert sleeper.wait(10) == -signal.SIGTERM
    queue.turn()
    # It did not say how it ended; it was asked to.
    assert (job.state, job.status) == (State.STOPPED, STOPPED)
    assert queue.take_over() == []
    again = queue.go_on(job)
    assert queue.state(again) is State.RUNNING
    until(lambda: again.state is State.FAILED)


def test_a_process_that_leaves_late_does_not_end_what_goes_on(queue, sleeper, monkeypatch) -> None:
    job = waiting(queue, "a.ebm")
    running(job, sleeper)
    queue._begun[job.id] = sleeper
    queue.stop(job)
    job.finish(STOPPED)
    sleeper.wait(10)
    begun: list[str] = []
    monkeypatch.setattr(queue, "_begin", lambda job: begun.append(job.id))
    again = queue.go_on(job)
    queue.turn()
    assert begun[0] == job.id
    assert again.state is State.WAITING


def test_what_was_interrupted_waits_again_and_what_was_stopped_does_not(queue) -> None:
    broken, stopped = waiting(queue, "a.ebm"), waiting(queue, "b.ebm")
    for job in (broken, stopped):
        (job.folder / "process.json").write_text('{"pid": 1, "started": 5.0}', encoding="utf-8")
    stopped.finish(STOPPED)
    assert [job.id for job in queue.take_over()] == [broken.id]
    assert broken.state is State.WAITING
    assert stopped.state is State.STOPPED


@pytest.mark.parametrize("text", ["", "{", "[]", '{"done": 1}', '{"done": "x"}', "null"])
def test_damaged_files_of_a_job_are_no_error(queue, text) -> None:
    job = waiting(queue, "a.ebm")
    for name in ("progress.json", "process.json", "status.json"):
        (job.folder / name).write_text(text, encoding="utf-8")
    assert progress_of(job).done == 0
    assert job.state is State.INTERRUPTED
    (job.folder / "job.json").write_text(text, encoding="utf-8")
    assert queue.jobs() == []


def test_rate_and_time_left_are_those_since_the_stage_began(queue) -> None:
    job = waiting(queue, "a.ebm")
    told = {
        "stage": "screening", "done": 6000, "total": None, "share": 0.6, "rejects": 7,
        "began": 100.0, "at": 110.0, "first": 2000, "first_share": 0.2,
    }  # fmt: skip
    (job.folder / "progress.json").write_text(json.dumps(told), encoding="utf-8")
    found = progress_of(job)
    assert (found.rate, found.left, found.rejects) == (400.0, pytest.approx(10.0), 7)


def test_a_job_is_claimed_once_and_waits_until_its_process_is_known(queue, monkeypatch) -> None:
    job, states = waiting(queue, "a.ebm"), []
    write = child.write_atomically

    @contextmanager
    def watched(path):
        with write(path) as temporary:
            yield temporary
            states.append(job.state)

    monkeypatch.setattr(child, "write_atomically", watched)
    assert child._claim(job.folder)
    assert not child._claim(job.folder)
    assert (states, job.state) == ([State.WAITING], State.RUNNING)
    assert child._claim(job.again().folder)


def test_nothing_of_the_served_folder_is_run(queue, folder) -> None:
    (folder / "json.py").write_text("raise SystemExit(99)", encoding="utf-8")
    (folder / "workflows").mkdir()
    (folder / "workflows" / "__init__.py").write_text("raise SystemExit(98)", encoding="utf-8")
    job = queue.add("train", QUICK, "x.ebm", workers=1)
    until(lambda: job.state not in (State.WAITING, State.RUNNING))
    assert job.status == 1
    assert "there is no such file" in job.said()[-1]


def test_a_folder_is_served_once(folder, sleeper, run) -> None:
    own = folder / ".ebmscreen"
    own.mkdir()
    started = psutil.Process(sleeper.pid).create_time()
    content = {"pid": sleeper.pid, "started": started}
    (own / "server.json").write_text(json.dumps(content), encoding="utf-8")
    done = run("serve", folder, "--port", "0", "--no-browser")
    assert done.status == 1
    assert "is served already, by process" in done.err


def test_elsewhere_means_a_password(folder, run, tmp_path) -> None:
    done = run("serve", folder, "--host", "0.0.0.0", "--port", "0")
    assert done.status == 1
    assert "needs a password" in done.err
    short = tmp_path / "short"
    short.write_text("1234\n", encoding="utf-8")
    done = run("serve", folder, "--host", "0.0.0.0", "--port", "0", "--password-file", short)
    assert done.status == 1
    assert "at least 8 characters" in done.err


def test_what_a_test_starts_ends_with_it(queue, folder) -> None:
    job = queue.add("train", QUICK, "x.ebm", workers=1)
    begun = queue._begun[job.id]
    end_all(folder)
    assert begun.wait(10) == -signal.SIGKILL

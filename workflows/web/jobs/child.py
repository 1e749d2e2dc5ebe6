"""The process of a job: `python -m workflows.web.jobs.child JOB COMMAND ...`.

It runs the command as `ebmscreen` would, after it has noted who it is, and notes at its end how the
command ended. It needs no server.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import psutil

from screening.progress import FOLLOWED
from screening.systems import give_way
from screening.tables import write_atomically
from workflows.web.jobs.job import CLAIM, Job


def run(folder: Path, words: list[str]) -> int:
    """Do the command of a job, and return its exit status."""
    if not _claim(folder):
        return 0
    os.environ[FOLLOWED] = str(folder / "progress.json")
    # Pages are answered at once while a job takes all the cores there are.
    give_way()
    # The model and the run keep the command that made them.
    sys.argv = ["ebmscreen", *words]
    from workflows.cli import main

    status = 1
    try:
        status = main(words)
    except Exception:  # whatever it was: the page shows it
        traceback.print_exc()
    finally:
        Job.read(folder).finish(status)
    return status


def _claim(folder: Path) -> bool:
    """Note that this process does the job; False when another one does."""
    me = psutil.Process()
    content = json.dumps({"pid": me.pid, "started": me.create_time()})
    try:
        (folder / CLAIM).touch(exist_ok=False)
    except FileExistsError:
        return False
    # Whole or not at all: a file that is still empty would tell of a process that has ended.
    with write_atomically(folder / "process.json") as temporary:
        temporary.write_text(content, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))

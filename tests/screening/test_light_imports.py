"""Neither commands that score, show and report, nor their workers, load what only trains."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# The worker's Python notes what it holds when it has done a shard.
NOTING = """
import json, sys
from screening.library.scoring import model_scorer

# Each takes a quarter of a second or more, and memory of every worker.
HEAVY = ("torch", "sklearn", "scipy.stats", "scipy.optimize")

def make(task):
    score = model_scorer(task)
    def noting(assignment, watch):
        record = score(assignment, watch)
        held = [name for name in HEAVY if name in sys.modules]
        open("worker.json", "w").write(json.dumps(held))
        return record
    return noting
"""
PROGRAM = """
import json, sys
import noting
from screening.library import run
from workflows.cli import main

if __name__ == "__main__":
    run.screen.__kwdefaults__["make_scorer"] = noting.make
    model = sys.argv[1]
    held = {}
    for words in (
        ["inspect", model],
        ["predict", "CCO", "-m", model],
        ["screen", "library.csv", "-m", model, "-o", "run", "-n", "1", "-q", "--no-report"],
        ["report", "run"],
    ):
        assert main(words) == 0, words
        held[words[0]] = [name for name in noting.HEAVY if name in sys.modules]
    held["worker"] = json.loads(open("worker.json").read())
    open("held.json", "w").write(json.dumps(held))
"""


def test_neither_commands_nor_workers_load_what_trains(model_file, tmp_path):
    (tmp_path / "library.csv").write_text("smiles\nCCO\nCCN\nc1ccccc1O\n")
    (tmp_path / "noting.py").write_text(NOTING)
    (tmp_path / "program.py").write_text(PROGRAM)
    paths = os.pathsep.join([str(tmp_path), str(Path.cwd()), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "program.py", str(model_file)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    held = json.loads((tmp_path / "held.json").read_text())
    assert held == {"inspect": [], "predict": [], "screen": [], "report": [], "worker": []}

"""Runs with a first pass: the same bytes for any workers and engine, and after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.dataset as pds
import pytest

from screening.library import PackOptions, ScreenOptions, prepare_library, screen
from screening.library.first_pass import parts, rounds
from screening.model import save_model, train_model
from screening.tables import read_table
from tests.few_trees import few_trees
from tests.same_bytes import same_bytes

FAULTY = Path(__file__).parents[1]
ROWS = 240
# Of so few rows a scout learns next to nothing; it is to pass rows over all the same.
FEWEST, DECAY = 120, (0.3, 0.5)
# Rows of a piece of work: pieces have rows of several parts, and rounds have several pieces.
PIECE = 10
ASKED = {
    "first_pass": "on",
    "top": 50,
    "recall": 0.2,
    "shard_size": 16,
    "rank_by": "second",
    "workers": 1,
}
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from pathlib import Path
import faulty_scorers
from screening.library import PackOptions, ScreenOptions, prepare_library, screen
from screening.library.first_pass import parts, rounds

if __name__ == "__main__":
    rounds._FEWEST_SAMPLED, rounds._DECAY, parts._FEWEST = {few}, {decay}, {piece}
    options = ScreenOptions(**{asked})
    screen([{library!r}], Path({model!r}), Path({run!r}), options, make_scorer=faulty_scorers.slow)
"""


@pytest.fixture(scope="module", autouse=True)
def _small_samples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "_FEWEST_SAMPLED", FEWEST)
        patch.setattr(rounds, "_DECAY", DECAY)
        patch.setattr(parts, "_FEWEST", PIECE)
        yield


@pytest.fixture(scope="module")
def several(two_tasks, tiny_options, make_once) -> Path:
    """A model of two tasks, of few features."""
    options = replace(tiny_options, features=("morgan_counts",))

    def make(path: Path) -> None:
        with few_trees():
            save_model(train_model(two_tasks.assay, options), path)

    return make_once("two-tasks.ebm", make)


@pytest.fixture(scope="module")
def library(samples, tmp_path_factory) -> Path:
    """Two files: a piece of a round has rows of both, of the same numbers and other columns."""
    rows = read_table(str(samples / "wehi.csv.gz")).smiles[:ROWS]
    rows[7] = rows[ROWS // 2 + 7] = "C(C"
    folder = tmp_path_factory.mktemp("library")
    for name, own in (("first", rows[: ROWS // 2]), ("second", rows[ROWS // 2 :])):
        lines = [f"{text},{name}{place},{place}\n" for place, text in enumerate(own)]
        (folder / f"{name}.csv").write_text(f"smiles,id,{name} place\n" + "".join(lines))
    return folder / "*.csv"


@pytest.fixture(scope="module")
def finished(library, several, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    screen([str(library)], several, run, ScreenOptions(**ASKED))
    return run


def same(run: Path, other: Path) -> None:
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(run / name, other / name)
    parts = sorted(path.name for path in (other / "scores").iterdir())
    assert sorted(path.name for path in (run / "scores").iterdir()) == parts
    for name in parts:
        assert same_bytes(run / "scores" / name, other / "scores" / name)
    counts, promise = (
        [json.loads((folder / "run.json").read_text())[what] for folder in (run, other)]
        for what in ("counts", "first_pass")
    )
    assert counts[0] == counts[1]
    assert promise[0] == promise[1]


def test_rows_are_passed_over_and_both_tasks_are_told(finished):
    counts = json.loads((finished / "run.json").read_text())["counts"]
    assert counts["read"] == ROWS
    assert counts["scored"] + counts["passed_over"] + counts["rejected"] == ROWS
    assert counts["passed_over"] > 0
    table = pds.dataset(sorted((finished / "scores").glob("part-*.parquet"))).to_table()
    for task in ("first", "second"):
        assert table[f"log_odds_{task}"].null_count == counts["passed_over"]


def test_every_row_is_what_it_is_in_a_run_that_scores_all(library, several, tmp_path):
    packed, runs = tmp_path / "library.packed", (tmp_path / "on", tmp_path / "off")
    prepare_library([str(library)], packed, PackOptions(part_size=80))
    for run in runs:
        # Less than what was packed: some rows are rejected by the round that scores them.
        asked = {**ASKED, "first_pass": run.name, "max_atoms": 24}
        screen([str(packed)], several, run, ScreenOptions(**asked))
    passed, whole = (
        pds.dataset(sorted((run / "scores").glob("part-*.parquet"))).to_table() for run in runs
    )
    full = {(row["source"], row["row"]): row for row in whole.to_pylist()}
    scored = [row for row in passed.to_pylist() if row["log_odds_first"] is not None]
    assert 0 < len(scored) < len(full)
    assert len({row["source"] for row in scored}) == 2
    for row in scored:
        del row["scout_score"]
        assert row == full[row["source"], row["row"]]
    rejects, all_rejects = ((run / "rejects.csv").read_text().splitlines() for run in runs)
    assert any("too_large" in line for line in rejects)
    assert len(set(rejects)) == len(rejects) < len(all_rejects)
    assert set(rejects) <= set(all_rejects)
    assert passed.num_rows + len(rejects) - 1 == ROWS


def test_two_workers_give_the_same_bytes(finished, library, several, tmp_path):
    screen([str(library)], several, tmp_path / "run", ScreenOptions(**{**ASKED, "workers": 2}))
    same(tmp_path / "run", finished)


@pytest.mark.thorough  # a cluster takes long to begin; `test_dask.py` has one for whole runs
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dask_gives_the_same_bytes(finished, library, several, tmp_path):
    pytest.importorskip("distributed")
    screen([str(library)], several, tmp_path / "run", ScreenOptions(**{**ASKED, "engine": "dask"}))
    same(tmp_path / "run", finished)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_a_kill_within_a_round_changes_nothing(finished, library, several, tmp_path):
    run, script = tmp_path / "run", tmp_path / "go.py"
    names = {"library": str(library), "model": str(several), "run": str(run)}
    program = PROGRAM.format(
        folder=str(FAULTY), few=FEWEST, decay=DECAY, piece=PIECE, asked=ASKED, **names
    )
    script.write_text(program)
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    # The sample is done, and the round after it has begun.
    within = run / "first_pass" / "round-001"
    deadline = time.monotonic() + 120
    records = within / "shards"
    while not any(records.glob("0*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # A record is written last: what has one is done.
    done = [within / f"part-{record.stem}.parquet" for record in records.glob("0*.json")]
    assert done
    assert not (run / "first_pass" / "outcome.json").exists()
    kept = {path: path.stat().st_mtime_ns for path in done}
    screen([str(library)], several, run, ScreenOptions(**ASKED))
    same(run, finished)
    # What was scored before the kill was not scored again.
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())

"""A first pass through the command line: what is scored, passed over, promised, and continued."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pyarrow.dataset as pds
import pytest

from screening.library.first_pass import rounds
from tests.same_bytes import same_bytes
from tests.workflows.conftest import SAMPLES, Run
from workflows.cli import main

ROWS = 500
ASKED = ["--first-pass", "on", "--top", "100", "--recall", "0.2", "--shard-size", "40"]


@pytest.fixture(scope="module", autouse=True)
def _small_samples():
    with pytest.MonkeyPatch.context() as patch:
        # Of so few rows a scout learns next to nothing; it is to pass rows over all the same.
        patch.setattr(rounds, "_FEWEST_SAMPLED", 250)
        patch.setattr(rounds, "_DECAY", (0.3, 0.5))
        yield


@pytest.fixture(scope="module")
def finished(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with library.csv and its run; whoever changes it must copy it first."""
    folder = tmp_path_factory.mktemp("first")
    path = SAMPLES / "wehi.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        structures = [line.split(",")[0].strip('"\n') for line in file][1 : ROWS + 1]
    lines = [f"c{place},{text},{place}" for place, text in enumerate(structures)]
    lines[7] = "bad,C(C,7"
    (folder / "library.csv").write_text("name,smiles,price\n" + "\n".join(lines) + "\n")
    words = [str(folder / "library.csv"), "-m", str(model), "-o", str(folder / "run")]
    assert main(["screen", *words, *ASKED, "-n", "1", "-q"]) == 0
    return folder


def test_every_row_is_there_once_in_its_order(finished: Path) -> None:
    run = finished / "run"
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    counts = info["counts"]
    assert counts["read"] == ROWS
    assert counts["scored"] + counts["passed_over"] + counts["rejected"] == ROWS
    assert counts["passed_over"] > 0
    assert info["first_pass"]["recall"]["at_least"] >= 0.2
    parts = sorted((run / "scores").glob("part-*.parquet"))
    table = pds.dataset(parts).to_table()
    assert table["row"].to_pylist() == [row for row in range(2, ROWS + 2) if row != 9]
    assert table["scout_score"].null_count == 0
    for column in ("score", "log_odds", "structure", "structure_key"):
        assert table[column].null_count == counts["passed_over"]
    assert "passed over" in (run / "report.html").read_text(encoding="utf-8")


def test_taken_away_shards_are_done_again_and_hits_are_the_same(
    finished: Path, model: Path, tmp_path: Path, run: Run
) -> None:
    folder = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    (folder / "first_pass" / "outcome.json").unlink()
    (folder / "first_pass" / "round-001" / "part-00000.parquet").unlink()
    last = sorted((folder / "first_pass").glob("round-*.npz"))[-1]
    last.unlink()
    (folder / "hits.csv").unlink()
    words = [finished / "library.csv", "-m", model, "-o", folder]
    done = run("screen", *words, *ASKED, "-n", "2", "-q", "--no-report")
    assert done.status == 0, done.err
    assert same_bytes(folder / "hits.csv", finished / "run" / "hits.csv")


def test_larger_top_goes_on_and_smaller_scores_nothing(
    finished: Path, model: Path, tmp_path: Path, run: Run
) -> None:
    folder = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    words = [finished / "library.csv", "-m", model, "-o", folder, "-n", "1", "-q", "--no-report"]

    def scored(*more: object) -> int:
        done = run("screen", *words, *more)
        assert done.status == 0, done.err
        return json.loads((folder / "run.json").read_text(encoding="utf-8"))["counts"]["scored"]

    before = json.loads((folder / "run.json").read_text(encoding="utf-8"))["counts"]["scored"]
    assert scored("--top", "50", "--recall", "0.2") == before
    assert scored("--top", "100", "--recall", "0.7") > before
    refused = run("screen", *words, "--first-pass", "off")
    assert refused.status == 1
    assert "begun with a first pass" in refused.err

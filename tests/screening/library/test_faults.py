"""Whatever a molecule, a worker or the machine does: it costs what it must, and no more."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from screening.errors import UserError
from screening.library import PrepareOptions, ScreenOptions, prepare_library, screen
from screening.tables import read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_scorers as faulty  # noqa: E402 - spawned workers find it on the same path

from tests.same_bytes import same_bytes  # noqa: E402

QUICKLY = 2.0  # seconds for one molecule


@pytest.fixture(scope="module")
def good(samples) -> list[str]:
    return read_table(str(samples / "wehi.csv.gz")).smiles[:40]


def write(path: Path, smiles: list[str]) -> Path:
    path.write_text("smiles,id\n" + "".join(f"{s},c{i}\n" for i, s in enumerate(smiles)))
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_only_the_culprits_are_lost(good, model_file, tmp_path):
    bad = {
        5: (faulty.HANGS, "timeout"),
        17: (faulty.CRASHES, "crash"),
        18: (faulty.IS_KILLED, "crash"),
        33: (faulty.STOPS_FEATURES, "crash"),
    }
    smiles = [bad[i][0] if i in bad else text for i, text in enumerate(good)]
    library = write(tmp_path / "library.csv", smiles)
    options = ScreenOptions(shard_size=20, timeout_seconds=QUICKLY, workers=2)
    summary = screen([str(library)], model_file, tmp_path / "run", options, make_scorer=faulty.make)
    assert (summary.counts.read, summary.counts.scored, summary.counts.rejected) == (40, 36, 4)
    rejects = rows(tmp_path / "run" / "rejects.csv")
    assert [(int(r["row"]) - 2, r["smiles"], r["reason"]) for r in rejects] == [
        (place, text, reason) for place, (text, reason) in bad.items()
    ]
    assert "longer than 2 s, also alone in a fresh process (" in rejects[0]["message"]
    for reject in rejects:
        assert re.search(r"\(\d+\.\d s of processor time, \d+ MB\)", reject["message"])
    clean = write(tmp_path / "clean.csv", [t for i, t in enumerate(smiles) if i not in bad])
    screen([str(clean)], model_file, tmp_path / "clean", ScreenOptions(timeout_seconds=QUICKLY))
    scores = {h["smiles"]: h["score"] for h in rows(tmp_path / "run" / "hits.csv")}
    assert scores == {h["smiles"]: h["score"] for h in rows(tmp_path / "clean" / "hits.csv")}


def test_a_run_killed_in_the_middle_is_continued_to_the_same_bytes(good, model_file, tmp_path):
    library = write(tmp_path / "library.csv", good)
    options = "ScreenOptions(shard_size=5)"
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from pathlib import Path\n"
        "import faulty_scorers\n"
        "from screening.library import ScreenOptions, screen\n"
        "if __name__ == '__main__':\n"
        f"    run = Path({str(tmp_path / 'run')!r})\n"
        f"    screen([{str(library)!r}], Path({str(model_file)!r}), run, {options},"
        " make_scorer=faulty_scorers.slow)\n"
    )
    script = tmp_path / "go.py"
    script.write_text(code)
    shards = tmp_path / "run" / "shards"
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(shards.glob("0*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = sorted(path.name for path in shards.glob("0*.json"))
    assert 2 <= len(done) < 8
    assert not (tmp_path / "run" / "hits.csv").exists()
    said: list[str] = []
    again = ScreenOptions(shard_size=5)
    summary = screen([str(library)], model_file, tmp_path / "run", again, announce=said.append)
    assert summary.continued == len(done)
    assert any("continuing" in sentence for sentence in said)
    screen([str(library)], model_file, tmp_path / "whole", ScreenOptions(shard_size=40))
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(tmp_path / "run" / name, tmp_path / "whole" / name)


def test_a_shard_that_was_damaged_is_done_again(good, model_file, tmp_path):
    library, run = write(tmp_path / "library.csv", good), tmp_path / "run"
    options = ScreenOptions(shard_size=20)
    screen([str(library)], model_file, run, options)
    before = (run / "hits.csv").read_bytes()
    part = run / "scores" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-20])
    assert screen([str(library)], model_file, run, options).continued == 1
    assert same_bytes(run / "hits.csv", before)
    (run / "shards" / "00000.json").unlink()
    assert screen([str(library)], model_file, run, options).continued == 1
    assert same_bytes(run / "hits.csv", before)


def test_other_input_is_refused(good, model_file, tmp_path):
    library, run = write(tmp_path / "library.csv", good[:10]), tmp_path / "run"
    screen([str(library)], model_file, run)
    write(library, good[:11])
    with pytest.raises(UserError, match=r"library\.csv has \d+ bytes more than when the run began"):
        screen([str(library)], model_file, run)


def test_a_full_disk_is_told_and_can_be_continued(good, model_file, tmp_path):
    library, run = write(tmp_path / "library.csv", good[:10]), tmp_path / "run"
    with pytest.raises(UserError, match="No space left"):
        screen([str(library)], model_file, run, make_scorer=faulty.full_disk)
    assert screen([str(library)], model_file, run).counts.scored == 10


def test_workers_that_never_start_are_told(good, model_file, tmp_path):
    library = write(tmp_path / "library.csv", good[:10])
    with pytest.raises(UserError, match="before it could begin"):
        screen([str(library)], model_file, tmp_path / "run", make_scorer=faulty.never_starts)


def test_a_library_without_rows_and_one_of_rejects_only(model_file, tmp_path):
    empty = write(tmp_path / "empty.csv", [])
    summary = screen(
        [str(empty)], model_file, tmp_path / "a", ScreenOptions(smiles_column="smiles")
    )
    assert (summary.counts.read, len(summary.hits)) == (0, 0)
    broken = write(tmp_path / "broken.csv", ["x", "", "C1CC"])
    options = ScreenOptions(smiles_column="smiles")
    summary = screen([str(broken)], model_file, tmp_path / "b", options)
    assert (summary.counts.read, summary.counts.rejected) == (3, 3)
    header = (tmp_path / "b" / "hits.csv").read_text().splitlines()
    assert len(header) == 1
    assert header[0].startswith("rank,id,smiles,score")


def test_duplicates_and_known_compounds_are_marked(model_file, samples, tmp_path):
    known = read_table(str(samples / "bace.csv"), smiles_column="mol", id_column="CID").smiles[0]
    library = write(tmp_path / "library.csv", ["CCO", known, "OCC", "CCO.Cl"])
    screen([str(library)], model_file, tmp_path / "run")
    found = {hit["id"]: hit for hit in rows(tmp_path / "run" / "hits.csv")}
    assert [found[f"c{i}"]["duplicate_of"] for i in range(4)] == ["", "", "c0", "c0"]
    assert [found[f"c{i}"]["in_training"] for i in range(4)] == ["False", "True", "False", "False"]
    assert {hit["same_skeleton"] for hit in found.values()} == {"False"}
    assert float(found["c1"]["nearest_similarity"]) == 1.0
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["counts"]["read"] == 4


def test_another_form_of_a_known_compound_is_marked(model_file, small_assay, tmp_path):
    chiral = next(text for text in small_assay.smiles if "@" in text and "/" not in text)
    mirrored = chiral.replace("@@", "!").replace("@", "@@").replace("!", "@")
    flat = chiral.replace("@@H", "H").replace("@H", "H").replace("@", "")
    texts = [chiral, mirrored, flat, f"{flat}.Cl", "CCO"]
    library = write(tmp_path / "library.csv", texts)
    screen([str(library)], model_file, tmp_path / "run")
    found = {hit["id"]: hit for hit in rows(tmp_path / "run" / "hits.csv")}
    marks = [(found[f"c{i}"]["in_training"], found[f"c{i}"]["same_skeleton"]) for i in range(5)]
    other = ("False", "True")
    assert marks == [("True", "False"), other, other, other, ("False", "False")]
    # A mirror image of what is not a hit's own structure is no duplicate of it.
    assert [found[f"c{i}"]["duplicate_of"] for i in range(4)] == ["", "", "", "c2"]
    prepared = tmp_path / "prepared"
    prepare_library([str(library)], prepared, PrepareOptions(("morgan_counts", "descriptors")))
    screen([str(prepared)], model_file, tmp_path / "again")
    assert same_bytes(tmp_path / "again" / "hits.csv", tmp_path / "run" / "hits.csv")


def test_a_run_whose_scores_have_other_columns_is_not_continued(good, model_file, tmp_path):
    library, run = write(tmp_path / "library.csv", good[:3]), tmp_path / "run"
    screen([str(library)], model_file, run)
    manifest = run / "shards" / "manifest.json"
    older = json.loads(manifest.read_text())
    del older["scores_version"]
    manifest.write_text(json.dumps(older))
    with pytest.raises(UserError, match="its scores have other columns, by another version"):
        screen([str(library)], model_file, run)

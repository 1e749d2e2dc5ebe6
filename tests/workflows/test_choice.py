"""Which scored rows become hits, through the command line: rank, substructures, what is wanted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screening.chemistry import Sought
from screening.hits import read_hits
from screening.library import run as library_run
from tests.same_bytes import same_bytes
from workflows.cli import main

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
ROWS = 60
PHENYL, AMIDE = "c1ccccc1", "C(=O)[NX3]"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def in_rank_order(run: Path, sign: int = -1) -> list[dict]:
    """Every scored row, sorted in the slow way."""
    parts = sorted((run / "scores").iterdir())
    rows = [row for part in parts for row in pq.read_table(part).to_pylist()]
    return sorted(rows, key=lambda row: sign * row["log_odds"])


def has(row: dict, smarts: str) -> bool:
    return Chem.MolFromSmiles(row["structure"]).HasSubstructMatch(Chem.MolFromSmarts(smarts))


@pytest.fixture(scope="module")
def folder(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with library.csv and a run of it, whose hits tests write again and again."""
    folder = tmp_path_factory.mktemp("choice")
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[5 :: 1513 // ROWS][:ROWS]
    with (folder / "library.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "smiles"])
        # A salt, so that what is scored is not what the file has.
        writer.writerows([row["CID"], row["mol"] + ".[Na+].[Cl-]"] for row in rows)
    words = ["-m", model, "-o", folder / "run", "-n", "1", "-q", "--no-report", "--shard-size", "7"]
    assert main(["screen", str(folder / "library.csv"), *map(str, words)]) == 0
    return folder


@pytest.fixture
def again(run, model, folder, monkeypatch):
    monkeypatch.setattr(library_run, "Workers", None)  # nothing is scored again

    def call(*words: object):
        return run("screen", folder / "library.csv", "-m", model, "-o", folder / "run", *words)

    return call


def test_hits_are_the_best_that_have_some_substructures_and_lack_others(again, folder, run) -> None:
    words = ("--require", f"{PHENYL} phenyl", "--exclude", AMIDE, "--top", "5")
    done = again(*words, "--no-report")
    assert done.status == 0, done.err
    order = in_rank_order(folder / "run")
    expected = [row for row in order if has(row, PHENYL) and not has(row, AMIDE)][:5]
    assert len(expected) > 2
    hits = rows_of(folder / "run" / "hits.csv")
    assert [hit["id"] for hit in hits] == [row["id"] for row in expected]
    looked_at = order[: order.index(expected[-1]) + 1] if len(expected) == 5 else order
    lack = sum(not has(row, PHENYL) for row in looked_at)
    have = sum(has(row, PHENYL) and has(row, AMIDE) for row in looked_at)
    about = json.loads((folder / "run" / "run.json").read_text())
    assert about["looked_at"] == len(looked_at) == lack + have + len(expected)
    assert about["required"] == [
        {"smarts": PHENYL, "name": "phenyl", "passed_over": lack, "given_up": 0}
    ]
    assert about["excluded"] == [
        {"smarts": AMIDE, "name": AMIDE, "passed_over": have, "given_up": 0}
    ]
    ranked = read_hits(folder / "run").ranked
    assert ranked.required == (Sought(PHENYL, "phenyl", lack),)
    assert ranked.excluded == (Sought(AMIDE, AMIDE, have),)
    assert (
        f"{len(looked_at)} scored rows were searched for substructures, best first, for "
        f"{len(expected)} hits: {lack} lack{'s' * (lack == 1)} phenyl ({PHENYL}), "
        f"{have} ha{'s' if have == 1 else 've'} {AMIDE}."
    ) in done.err


def test_a_pattern_that_nothing_has_leaves_no_hits_and_a_report(again, folder) -> None:
    done = again("--require", "[U]")
    assert done.status == 0, done.err
    assert rows_of(folder / "run" / "hits.csv") == []
    assert json.loads((folder / "run" / "run.json").read_text())["looked_at"] == ROWS


def test_a_report_shows_and_plates_some_of_the_hits(again, folder, run) -> None:
    assert again("--no-report").status == 0
    patterns = folder / "patterns.txt"
    patterns.write_text(f"# rings\n{PHENYL} phenyl\n")
    before = (folder / "run" / "hits.csv").read_bytes()
    words = ("--require", f"@{patterns}", "--exclude", AMIDE, "--budget", "4")
    done = run("report", folder / "run", *words, "--title", "Aryls")
    assert done.status == 0, done.err
    order = in_rank_order(folder / "run")
    expected = {row["id"] for row in order if has(row, PHENYL) and not has(row, AMIDE)}
    picked = {row["id"] for row in rows_of(folder / "run" / "plate.csv")}
    assert picked
    assert picked <= expected
    assert f"{len(expected)} of {ROWS} hits are shown: " in done.err
    assert (folder / "run" / "hits.csv").read_bytes() == before


def test_inactive_compounds_may_be_the_wanted_ones(again, folder) -> None:
    done = again("--wanted", "inactive", "--title", "hERG, least likely first", "--budget", "3")
    assert done.status == 0, done.err
    hits = rows_of(folder / "run" / "hits.csv")
    order = in_rank_order(folder / "run", sign=1)
    assert [hit["id"] for hit in hits] == [row["id"] for row in order]
    assert [float(hit["score"]) for hit in hits] == [row["score"] for row in order]
    assert f"{ROWS} hits, those likely to be inactive first, in " in done.err
    ranked = read_hits(folder / "run").ranked
    assert (ranked.wanted, ranked.title) == ("inactive", "hERG, least likely first")
    first = rows_of(folder / "run" / "plate.csv")[0]
    scores = [float(hit["score"]) for hit in hits]
    assert float(first["score"]) < scores[ROWS // 4]
    assert again("--no-report").status == 0
    assert [hit["id"] for hit in rows_of(folder / "run" / "hits.csv")] == [
        row["id"] for row in in_rank_order(folder / "run")
    ]


@pytest.mark.parametrize("prevalence", ["0.999999", "0.000001"])
def test_scores_that_are_rounded_to_one_value_keep_their_order(again, folder, prevalence) -> None:
    assert again("--prevalence", prevalence, "--no-report").status == 0
    hits = rows_of(folder / "run" / "hits.csv")
    assert len({hit["score"] for hit in hits}) < ROWS
    assert [hit["id"] for hit in hits] == [row["id"] for row in in_rank_order(folder / "run")]


def test_hits_are_the_same_for_other_shards_and_from_a_prepared_or_packed_library(
    again, run, model, folder, monkeypatch
) -> None:
    words = ("--prevalence", "0.9999", "--require", PHENYL, "--top", "9", "--no-report")
    assert again(*words).status == 0
    monkeypatch.undo()
    library, prepared = folder / "library.csv", folder / "library.parquet"
    asked = ("-m", model, "-n", "1", *words)
    assert run("screen", library, "-o", folder / "one", *asked).status == 0
    assert same_bytes(folder / "run" / "hits.parquet", folder / "one" / "hits.parquet")
    assert run("prepare", library, "-m", model, "-o", prepared, "-n", "1").status == 0
    assert run("screen", prepared, "-o", folder / "two", *asked).status == 0
    assert same_bytes(folder / "run" / "hits.csv", folder / "two" / "hits.csv")
    packed = folder / "library.packed"
    assert run("prepare", library, "--packed", "-o", packed, "-n", "1").status == 0
    assert f"packed library of {library}" in run("inspect", packed).out
    assert run("screen", packed, "-o", folder / "three", *asked).status == 0
    assert same_bytes(folder / "run" / "hits.csv", folder / "three" / "hits.csv")


def test_a_packed_library_is_made_for_no_model(run, model, folder) -> None:
    words = ("prepare", folder / "library.csv", "--packed", "-o", folder / "other.packed")
    done = run(*words, "-m", model)
    assert done.status == 2
    assert "--packed takes neither --features nor --model" in done.err


@pytest.mark.parametrize("option", ["--require", "--exclude"])
def test_a_text_that_is_no_smarts_is_told_before_anything_is_scored(
    run, model, library, tmp_path, option
) -> None:
    words = ("-m", model, "-o", tmp_path / "run", "-n", "1")
    done = run("screen", library, *words, option, "c1ccc")
    assert done.status == 1
    assert f"{option} 'c1ccc' is no SMARTS: unclosed ring." in done.err
    assert not (tmp_path / "run" / "shards").exists()


def test_patterns_belong_to_the_report_of_a_run(run, model) -> None:
    for words in (("--require", PHENYL), ("--exclude", PHENYL), ("--title", "x")):
        done = run("report", model, *words)
        assert done.status == 2
        assert f"{words[0]} belongs to the report of a run" in done.err

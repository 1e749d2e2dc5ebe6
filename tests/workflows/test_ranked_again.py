"""What a run depends on, through the command line: what may change is not scored again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from screening.library import run as library_run
from tests.same_bytes import same_bytes
from tests.workflows.conftest import CHEAP
from workflows.cli import main

SMILES = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CCOc1ccccc1N",
    "not a molecule",
    "c1ccccc1.Cl",
    "CC(=O)Nc1ccc(O)cc1",
    "OC(=O)c1ccccc1O",
)
LARGE = "N" + "CC(=O)N" * 60


def write(path: Path, smiles: tuple[str, ...] = SMILES) -> Path:
    path.write_text("name,drawn\n" + "".join(f"c{i},{s}\n" for i, s in enumerate(smiles)))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with library.csv and its run; whoever changes it must copy it first."""
    folder = tmp_path_factory.mktemp("again")
    words = ["-m", str(model), "-o", str(folder / "run"), "-n", "1", "-q", "--no-report"]
    write(folder / "library.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["screen", "library.csv", *words, "--shard-size", "3"]) == 0
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(finished, tmp_path / "copy"))
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the shards that an engine was given."""
    given: list[int] = []

    class Counting(library_run.Workers):
        def run(self, shards):
            def counted():
                for number, piece in shards:
                    given.append(number)
                    yield number, piece

            return super().run(counted())

    monkeypatch.setattr(library_run, "Workers", Counting)
    return given


@pytest.fixture
def again(run, model, folder):
    def call(*words: object):
        return run("screen", "library.csv", "-m", model, "-o", folder / "run", "-n", "1", *words)

    return call


@pytest.mark.parametrize(
    "words",
    [
        ("--top", "2"),
        ("--risk", "0.4"),
        ("--rank-by", "hit?"),
        ("--prevalence", "0.02"),
        ("--budget", "3", "--window", "mw=100:300", "--per-cluster", "1"),
        ("--shard-size", "1000"),
        ("-s", "drawn", "--id-column", "name"),
        ("--max-atoms", "200", "--timeout", "10"),
    ],
)
def test_what_ranks_describes_or_picks_may_change(again, folder, scored, words) -> None:
    before = [p.read_bytes() for p in sorted((folder / "run" / "scores").iterdir())]
    done = again(*words, *([] if "--budget" in words else ["--no-report"]))
    assert done.status == 0, done.err
    assert scored == []
    assert "shards of 3 rows" in done.err
    assert [p.read_bytes() for p in sorted((folder / "run" / "scores").iterdir())] == before
    about = json.loads((folder / "run" / "run.json").read_text())
    assert about["counts"] == {"read": 8, "scored": 7, "rejected": 1, "passed_over": 0}
    assert about["shards_continued"] == 3
    if "--budget" in words:
        assert 0 < len(rows_of(folder / "run" / "plate.csv")) <= 3


def test_it_is_what_a_run_with_these_options_gives(again, folder, scored, run, model) -> None:
    words = ("--top", "5", "--risk", "0.3", "--prevalence", "0.02", "--no-report")
    assert again(*words).status == 0
    assert scored == []
    fresh = run("screen", "library.csv", "-m", model, "-o", folder / "new", "-n", "1", *words)
    assert fresh.status == 0, fresh.err
    for name in ("hits.csv", "hits.parquet"):
        assert same_bytes(folder / "run" / name, folder / "new" / name)
    plain = pq.read_table(folder / "new" / "scores" / "part-00000.parquet").to_pylist()
    restated = {hit["id"]: float(hit["score"]) for hit in rows_of(folder / "new" / "hits.csv")}
    both = [(row["score"], restated[row["id"]]) for row in plain if row["id"] in restated]
    assert len(both) == 5
    assert all(after < before for before, after in both)


def test_a_half_finished_run_is_finished_and_ranked_as_asked(again, folder, scored) -> None:
    (folder / "run" / "shards" / "00001.json").unlink()
    for name in ("hits.csv", "hits.parquet", "run.json"):
        (folder / "run" / name).unlink()
    assert again("--top", "4", "--no-report").status == 0
    assert scored == [1]
    assert len(rows_of(folder / "run" / "hits.csv")) == 4


def test_a_report_of_other_hits_is_not_left_without_a_word(again, folder) -> None:
    assert again("--budget", "2").status == 0
    done = again("--top", "2", "--no-report", "-q")
    assert done.status == 0
    assert "report.html, plate.csv, plate.sdf, plate.xlsx" in done.err
    assert "may show earlier hits" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--max-atoms", "500"),
            "it was begun with max_atoms (--max-atoms) 200, and this command's is 500",
        ),
        (
            ("--timeout", "3"),
            "it was begun with timeout_seconds (--timeout) 10, and this command's is 3",
        ),
        (("-s", "name"), "this command takes them from the column 'name'"),
        (("--id-column", "drawn"), "names were taken from the column 'name'"),
    ],
)
def test_what_scores_depend_on_is_refused_in_plain_words(again, scored, words, said) -> None:
    done = again(*words, "--no-report")
    assert done.status == 1
    assert said in done.err
    assert "cannot be continued" in done.err
    assert "None" not in done.err
    assert scored == []


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ((*SMILES, "CCO"), "the library library.csv has 7 bytes more than when the run began"),
        (SMILES[:-1], "the library library.csv has 19 bytes fewer than when the run began"),
    ],
)
def test_a_library_that_was_changed_is_refused(again, folder, smiles, said) -> None:
    write(folder / "library.csv", smiles)
    done = again("--no-report")
    assert done.status == 1
    assert said in done.err


def test_another_library_is_refused(run, model, folder) -> None:
    write(folder / "other.csv")
    done = run("screen", "other.csv", "-m", model, "-o", folder / "run", "-n", "1", "--no-report")
    assert done.status == 1
    assert "it was begun with the library library.csv, and this command names other.csv" in done.err


def test_another_model_is_refused(run, assay, model, folder) -> None:
    other = folder / "other.ebm"
    words = ("-t", "hit?", "--ensemble-size", "1", "--epochs", "2", "-n", "1", "--seed", "5")
    assert run("train", assay, "-o", other, *words).status == 0
    done = run("screen", "library.csv", "-m", other, "-o", folder / "run", "-n", "1")
    assert done.status == 1
    assert f"the run was made with another model ({model.name}, SHA-256 " in done.err


def test_a_run_of_an_earlier_version_needs_its_command_again_and_no_scoring(
    again, run, model, folder, scored
) -> None:
    manifest = folder / "run" / "shards" / "manifest.json"
    about = json.loads(manifest.read_text())
    older = {"top": 1000, "rank_by": None, "risk": 0.1, "prevalence": None}
    about["options"] |= older
    for name in ("model", "columns"):
        del about[name]
    manifest.write_text(json.dumps(about))
    (folder / "run" / "hits.parquet").unlink()
    done = run("report", folder / "run", "-m", model)
    assert done.status == 1
    assert "has no hits.parquet; repeat the `ebmscreen screen` command" in done.err
    assert "no row is scored again" in done.err
    assert again("--top", "3").status == 0
    assert scored == []
    assert run("report", folder / "run", "-m", model).status == 0
    # Its scores are at another base rate than is thought now.
    about["options"] |= {"prevalence": 0.02}
    manifest.write_text(json.dumps(about))
    done = again("--top", "3")
    assert done.status == 1
    assert (
        "its scores were stored for a prevalence (--prevalence), by an earlier version" in done.err
    )


def test_a_prepared_library_that_was_made_anew_is_refused(run, model, folder) -> None:
    prepared, here = folder / "library.parquet", folder / "prepared"
    assert run("prepare", "library.csv", "-m", model, "-o", prepared, "-n", "1").status == 0
    words = ("screen", "library.parquet", "-m", model, "-o", here, "-n", "1", "--no-report")
    assert run(*words).status == 0
    # Limits are those of the preparation.
    assert run(*words, "--max-atoms", "300", "--top", "2").status == 0
    shutil.rmtree(prepared)
    write(folder / "library.csv", SMILES[:-1])
    assert run("prepare", "library.csv", "-m", model, "-o", prepared, "-n", "1").status == 0
    done = run(*words)
    assert done.status == 1
    assert "the library library.parquet was prepared anew since the run began" in done.err


def test_limits_are_those_that_the_model_was_trained_with(run, assay, folder) -> None:
    large = folder / "large.ebm"
    words = ("-t", "hit?", *CHEAP, "--max-atoms", "400")
    assert run("train", assay, "-o", large, *words).status == 0
    write(folder / "peptides.csv", (*SMILES, LARGE))
    words = ("screen", "peptides.csv", "-m", large, "-n", "1", "--no-report")
    done = run(*words, "-o", folder / "peptides")
    assert done.status == 0
    assert LARGE in {hit["smiles"] for hit in rows_of(folder / "peptides" / "hits.csv")}
    assert "--max-atoms" not in done.err
    assert json.loads((folder / "peptides" / "run.json").read_text())["options"]["max_atoms"] == 400
    done = run(*words, "-o", folder / "small", "--max-atoms", "200", "-q")
    assert done.status == 0
    assert (
        "1 of 9 rows (11.1 %) have too many heavy atoms and were rejected; max_atoms "
        "(--max-atoms) 241 takes them all, into another folder." in done.err
    )
    done = run("prepare", "peptides.csv", "-m", large, "-o", folder / "p.parquet", "-n", "1", "-q")
    assert "--max-atoms 241 takes them all" in done.err
    assert "limits: 200 heavy atoms, 10 s a molecule" in run("inspect", folder / "p.parquet").out
    done = run("screen", "p.parquet", "-m", large, "-o", folder / "r", "-n", "1", "--no-report")
    assert "p.parquet was prepared with --max-atoms 200, and the model was trained with 400" in (
        done.err
    )
    assert "prepare the library with --max-atoms 241 to take them all" in done.err


def test_a_few_large_molecules_need_no_advice(run, model, folder) -> None:
    write(folder / "many.csv", ("CCO",) * 99 + (LARGE,))
    done = run("screen", "many.csv", "-m", model, "-o", folder / "many", "-n", "1", "--no-report")
    assert done.status == 0
    assert "--max-atoms" not in done.err


def test_inspect_tells_the_columns(run, folder) -> None:
    assert (
        "in_domain: whether it lies in the applicability domain"
        in run("inspect", folder / "run").out
    )
    about = json.loads(run("inspect", folder / "run", "--json").out)
    assert about["columns"]["alerts"]["in_csv"]
    assert not about["columns"]["fingerprint"]["in_csv"]
    assert about["columns"]["in_training"]["type"] == "bool"

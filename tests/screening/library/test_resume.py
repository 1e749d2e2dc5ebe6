"""A run is continued with the rows and the model that it began with, or refused in a sentence."""

from __future__ import annotations

import io
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from screening.errors import UserError
from screening.library import PrepareOptions, ScreenOptions, prepare_library, screen
from screening.model import load_model, save_model
from screening.tables import open_library, read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_scorers as faulty  # noqa: E402 - workers find it on the same path

from tests.same_bytes import same_bytes  # noqa: E402
from workflows.cli import main  # noqa: E402

FIVE = ScreenOptions(shard_size=5)


@pytest.fixture(scope="module")
def good(samples) -> list[str]:
    return read_table(str(samples / "wehi.csv.gz")).smiles[:20]


def text_of(smiles: list[str]) -> str:
    return "smiles,id\n" + "".join(f"{s},c{i:02}\n" for i, s in enumerate(smiles))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("resume")


@pytest.fixture
def library(good, folder) -> Path:
    path = folder / "library.csv"
    path.write_text(text_of(good))
    return path


@pytest.fixture(scope="module")
def kept(good, folder, model_file) -> Path:
    """A copy of a finished run, which knows where it was made."""
    (folder / "library.csv").write_text(text_of(good))
    screen([str(folder / "library.csv")], model_file, folder / "whole", FIVE)
    return shutil.copytree(folder / "whole", folder / "kept")


@pytest.fixture
def whole(library, kept, folder) -> Path:
    """The finished run, as it was made, where it was made."""
    shutil.rmtree(folder / "whole")
    return shutil.copytree(kept, folder / "whole")


def lose(run: Path, *numbers: int) -> None:
    """Leave the run as a kill would: some shards are not done, and nothing is ranked."""
    for number in numbers:
        (run / "shards" / f"{number:05d}.json").unlink()
    (run / "hits.csv").unlink(missing_ok=True)


def shuffled(library: Path) -> str:
    """The same rows in another order: the same size."""
    header, *rows = library.read_text().splitlines()
    return "\n".join([header, *rows[10:], *rows[:10], ""])


def test_a_file_with_its_rows_shuffled_is_refused_and_nothing_is_changed(
    library, whole, model_file
):
    before = library.read_text()
    lose(whole, 0)
    library.write_text(shuffled(library))
    assert len(library.read_text()) == len(before)
    # Shard 0 is scored before shard 1 shows that the rows are others: it is not kept.
    with pytest.raises(
        UserError, match=r"library\.csv, from row 7 on, are not those that it began"
    ):
        screen([str(library)], model_file, whole, FIVE)
    assert not (whole / "shards" / "00000.json").exists()
    library.write_text(before)
    assert screen([str(library)], model_file, whole, FIVE).continued == 3


def test_stdin_is_continued_when_its_rows_are_the_same(
    library, whole, model_file, tmp_path, monkeypatch
):
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    run = tmp_path / "run"
    give(library.read_text())
    screen(["-"], model_file, run, FIVE)
    lose(run, 2)
    give(library.read_text())
    assert screen(["-"], model_file, run, FIVE).continued == 3
    assert (run / "hits.csv").read_text().count("\n") == 21
    give(shuffled(library))
    with pytest.raises(UserError, match="the rows of -, from row 2 on, are not those"):
        screen(["-"], model_file, run, FIVE)
    give("".join(library.read_text().splitlines(keepends=True)[:11]))
    with pytest.raises(UserError, match="ends after 10 rows, and the run has more"):
        screen(["-"], model_file, run, FIVE)


def test_a_preparation_knows_its_rows_too(library, model_file, tmp_path):
    prepared = tmp_path / "library.parquet"
    options = PrepareOptions(load_model(model_file).features.names, part_size=5)
    prepare_library([str(library)], prepared, options)
    (prepared / "_parts" / "00000.json").unlink()
    library.write_text(shuffled(library))
    with pytest.raises(UserError, match="are not those that it began with"):
        prepare_library([str(library)], prepared, options)


def test_a_part_that_was_changed_is_not_scored(library, model_file, tmp_path):
    prepared = tmp_path / "library.parquet"
    options = PrepareOptions(load_model(model_file).features.names, part_size=5)
    prepare_library([str(library)], prepared, options)
    shutil.copyfile(prepared / "part-00001.parquet", prepared / "part-00000.parquet")
    with pytest.raises(UserError, match=r"part-00000\.parquet is not what was prepared"):
        screen([str(prepared)], model_file, tmp_path / "run")


def test_cells_of_other_columns_count(library, good, model_file, tmp_path):
    def digests(text: str) -> list[str]:
        library.write_text(text)
        return [chunk.digest() for chunk in open_library([str(library)], chunk_size=7)]

    plain = digests(text_of(good))
    assert digests(text_of(good)) == plain
    assert len(set(plain)) == 3
    priced = text_of(good).replace("c03", "c33")
    assert [a == b for a, b in zip(digests(priced), plain, strict=True)] == [False, True, True]
    one, other = "smiles,id,a,b\nC,x,12,3\n", "smiles,id,a,b\nC,x,1,23\n"
    assert digests(one) != digests(other)


def test_a_model_that_is_replaced_during_the_run_is_refused_by_its_workers(
    library, model_file, small_model, tmp_path
):
    model = tmp_path / "model.ebm"
    shutil.copyfile(model_file, model)
    other = replace(small_model, provenance={**small_model.provenance, "seed": "other"})
    save_model(other, tmp_path / "other.ebm")
    with pytest.raises(UserError, match=r"model\.ebm was replaced while the run went on"):
        screen([str(library)], model, tmp_path / "run", FIVE, make_scorer=faulty.replaces_the_model)
    shutil.copyfile(model_file, model)
    assert screen([str(library)], model, tmp_path / "run", FIVE).counts.scored == 20


def test_shards_of_another_model_are_done_again(library, whole, model_file):
    before = (whole / "hits.csv").read_bytes()
    record = whole / "shards" / "00002.json"
    made_by = record.read_text().split('"made_by": "')[1][:32]
    record.write_text(record.read_text().replace(made_by, "0" * 32))
    assert screen([str(library)], model_file, whole, FIVE).continued == 3
    assert same_bytes(whole / "hits.csv", before)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"sources": 1}', "\0" * 90, '{"options": {}}'])
def test_a_manifest_that_is_empty_or_foreign_is_one_sentence(
    library, whole, model_file, text, capsys
):
    before = (whole / "hits.csv").read_bytes()
    manifest = whole / "shards" / "manifest.json"
    manifest.write_text(text)
    words = ["screen", str(library), "-m", str(model_file), "-o", str(whole), "--no-report", "-q"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "does not say how the run began" in said
    assert "Traceback" not in said
    # What it says to do helps: shards know themselves what they are of.
    manifest.unlink()
    assert screen([str(library)], model_file, whole, FIVE).continued == 4
    assert same_bytes(whole / "hits.csv", before)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"counts": 1, "tasks": []}'])
def test_a_foreign_run_json_is_one_sentence(whole, text, capsys):
    (whole / "run.json").write_text(text)
    for command in ("inspect", "report"):
        assert main([command, str(whole)]) == 1
        said = capsys.readouterr().err
        assert said.startswith("ebmscreen: ")
        assert "Traceback" not in said


def test_a_run_that_is_deleted_midway_is_told_and_can_be_continued(
    library, whole, model_file, tmp_path
):
    run = tmp_path / "run"
    with pytest.raises(UserError, match="taken away while the run went on"):
        screen([str(library)], model_file, run, FIVE, make_scorer=faulty.takes_the_run_away)
    assert screen([str(library)], model_file, run, FIVE).continued == 1
    for name in ("hits.csv", "rejects.csv"):
        assert same_bytes(run / name, whole / name)


@pytest.mark.parametrize("part", ["scores", "shards", "scores/part-00001.parquet", "hits.csv"])
def test_a_part_that_is_deleted_is_made_again_or_refused(library, whole, model_file, part):
    before = (whole / "hits.csv").read_bytes()
    gone = whole / part
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    if part == "shards":
        with pytest.raises(UserError, match="not empty and holds no run"):
            screen([str(library)], model_file, whole, FIVE)
        return
    screen([str(library)], model_file, whole, FIVE)
    assert same_bytes(whole / "hits.csv", before)

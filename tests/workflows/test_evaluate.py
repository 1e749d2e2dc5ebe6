"""`evaluate` as a user meets it: printed, written, continued, refused."""

from __future__ import annotations

import csv
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

QUICK = ["--ensemble-size", "1", "--epochs", "1", "-n", "1", "--splits", "2"]
CHEAP = ["--models", "neighbour,logistic", "-n", "1"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def dated(assay, tmp_path_factory) -> Path:
    """The assay with the month and the part of each compound, and one compound measured twice."""
    rows = rows_of(assay)
    path = tmp_path_factory.mktemp("dated") / "dated.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "smiles", "hit?", "measured", "part", "number"])
        for i, row in enumerate(rows):
            part = "test" if i % 6 == 0 else "val" if i % 6 == 1 else "train"
            # A stride prime to the number of rows mixes the classes along the time.
            month = i * 37 % len(rows)
            date = f"{2010 + month // 12}-{month % 12 + 1:02d}-15"
            writer.writerow([f"C{i}", row["Drawn structure"], row["hit?"], date, part, month])
        last = rows[2]
        writer.writerow(["again", last["Drawn structure"], last["hit?"], "2025-01-01", "test", 999])
    return path


def test_a_study_from_start_to_refusal(run, assay, tmp_path):
    words = ("evaluate", assay, "-t", "hit?", "-o", tmp_path / "s", *QUICK)
    models = (
        "--models",
        "dbn,dbn-alone,dbn-unpretrained,forest,neighbour",
        "--calibration",
        "validation",
    )
    done = run(*words, *models, "--gap")
    assert done.status == 0, done.err
    titles = ("ebmscreen", "DBN ensemble alone", "DBN, not pretrained", "1-nearest neighbour")
    for word in (*titles, "ROC-AUC", "hits"):
        assert word in done.out
    assert "less Random forest, Morgan" in done.out
    assert "random split less scaffold split" in done.out
    assert "2 scaffold splits" in done.out
    assert "models on splits: 20 of 20" in done.err
    assert len(rows_of(tmp_path / "s" / "figures.csv")) == 2 * 2 * 5
    assert (tmp_path / "s" / "gap.png").is_file()
    printed = done.out

    again = run(*words, *models, "--gap")
    assert again.status == 0
    assert again.out == printed
    from_config = run(
        "evaluate", assay, "-o", tmp_path / "s", "--config", tmp_path / "s/evaluate.toml"
    )
    assert from_config.out == printed

    refused = run(*words, *models, "--epochs", "2")
    assert refused.status == 1
    assert "options.epochs was 1 and is 2" in refused.err
    assert refused.out == ""


def test_the_default_names_every_model_that_is_here(run):
    done = run("evaluate", "--help")
    assert "[default: folds]" in done.out
    from screening.learners import DEFAULT_MODELS

    assert {"dbn", "dbn-unpretrained", "forest", "forest-features"} <= set(DEFAULT_MODELS)
    assert {"logistic", "boosting", "neighbour"} <= set(DEFAULT_MODELS)


@pytest.mark.parametrize("column", ["measured", "number"])
def test_a_time_split_is_judged_by_the_newest(run, dated, tmp_path, column):
    words = ("-t", "hit?", "--split", "time", "--time-column", column)
    done = run("evaluate", dated, "-o", tmp_path / "s", *words, *CHEAP)
    assert done.status == 0, done.err
    months = {row["id"]: int(row["number"]) for row in rows_of(dated)}
    parts: dict[str, list[int]] = {"train": [], "valid": [], "test": []}
    for row in rows_of(tmp_path / "s" / "parts.csv"):
        parts[row["time-00"]].append(months[row["id"]])
    # What was measured twice counts from the first time.
    assert max(parts["train"]) < min(parts["valid"]) <= max(parts["valid"]) < min(parts["test"])
    assert len(parts["test"]) == round(0.1 * len(months))
    assert "1 time split " in done.out


def test_a_split_column_is_followed_and_a_torn_compound_is_told(run, dated, tmp_path):
    words = ("-t", "hit?", "--split-column", "part")
    done = run("evaluate", dated, "-o", tmp_path / "s", *words, *CHEAP)
    assert done.status == 0, done.err
    assert "1 compounds have rows in several parts of 'part'" in done.err
    wanted = {row["id"]: row["part"].replace("val", "valid") for row in rows_of(dated)}
    for row in rows_of(tmp_path / "s" / "parts.csv"):
        assert row["column-00"] == wanted[row["id"]]


def test_several_tasks_are_printed_one_by_one(run, dated, tmp_path):
    rows = rows_of(dated)
    path = tmp_path / "two.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "smiles", "one", "two"])
        for i, row in enumerate(rows[:-1]):
            writer.writerow([row["id"], row["smiles"], row["hit?"], "" if i % 9 == 0 else i % 2])
    words = ("-t", "one", "-t", "two", "--split", "random", "--splits", "2")
    done = run("evaluate", path, "-o", tmp_path / "s", *words, *CHEAP)
    assert done.status == 0, done.err
    assert "2 tasks, mean" in done.out
    assert "ROC-AUC of every task" in done.out
    tasks = [row["task"] for row in rows_of(tmp_path / "s" / "summary.csv")]
    assert sorted(set(tasks)) == ["(mean of the tasks)", "one", "two"]


def test_predicted_values_are_compared_like_classes(run, assay, tmp_path):
    words = ("evaluate", assay, "-t", "pIC50", "--active-above", "7", "-o", tmp_path / "s")
    quick = ("--features", "morgan_counts", "--calibration", "validation")
    models = ("--models", "dbn,forest,neighbour,logistic")
    done = run(*words, *QUICK, *quick, *models)
    assert done.status == 0, done.err
    assert "Predicted values of the test parts, in log units" in done.out
    potency = {str(line): float(row["pIC50"]) for line, row in enumerate(rows_of(assay), start=2)}
    parts = rows_of(tmp_path / "s" / "parts.csv")
    figures = {(row["model"], row["number"]): row for row in rows_of(tmp_path / "s/figures.csv")}
    for number in range(2):
        test = [potency[r["row"]] for r in parts if r[f"scaffold-{number:02d}"] == "test"]
        for model in ("dbn", "forest", "neighbour"):
            stored = np.load(tmp_path / "s/results" / f"scaffold-{number:02d}" / f"{model}.npz")
            said, reach = stored["values"][:, :, 0]
            row = figures[model, str(number)]
            off = said - np.array(test)
            assert float(row["rmse"]) == pytest.approx(np.sqrt(np.mean(off**2)), rel=1e-4)
            if model == "neighbour":
                assert row["coverage"] == row["reach"] == ""
            else:
                held = np.mean(np.abs(off) <= reach)
                assert float(row["coverage"]) == pytest.approx(held, rel=1e-4)
        assert figures["logistic", str(number)]["rmse"] == ""
    pairs = [r for r in rows_of(tmp_path / "s" / "paired.csv") if r["metric"] == "rmse"]
    assert [row["model"] for row in pairs] == ["dbn", "neighbour"]
    off = [float(figures["dbn", n]["rmse"]) - float(figures["forest", n]["rmse"]) for n in "01"]
    assert float(pairs[0]["mean"]) == pytest.approx(np.mean(off), abs=1e-5)
    assert int(pairs[0]["splits_better"]) == sum(d < 0 for d in off)
    assert (tmp_path / "s" / "values.svg").is_file()
    assert run(*words, *QUICK, *quick, *models).out == done.out
    assert run("report", tmp_path / "s").status == 0
    page = (tmp_path / "s" / "report.html").read_text(encoding="utf-8")
    assert "redicted values" in page[page.index("<h1") : page.index("<table")]


def test_wrong_usage(run, assay, tmp_path):
    out = ("-o", tmp_path / "s", "-t", "hit?")
    for words in (
        ("--split", "time"),
        ("--time-column", "x"),
        ("--split", "random", "--split-column", "x"),
        ("--splits", "0"),
        ("--prevalence", "0"),
        ("--seed", "-1"),
    ):
        assert run("evaluate", assay, *out, *words).status == 2
    for words, said in (
        (("--models", "dbn,oracle"), "each of dbn, "),
        (("--models", "dbn,dbn"), "may be named once"),
        (("--models", "forest", "--split-column", "part"), "no column 'part'"),
        (("--models", "forest", "--split", "time", "--time-column", "pIC"), "no column 'pIC'"),
    ):
        done = run("evaluate", assay, *out, *words)
        assert done.status == 1
        assert said in done.err
        assert "Traceback" not in done.err


def test_cells_that_are_no_time_and_no_part_are_named_by_line(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("smiles,hit,when,part\nCCO,1,2020,train\nCCN,0,soon,both\nCCC,1,2021,test\n")
    out = ("-o", tmp_path / "s", "-t", "hit", *CHEAP)
    done = run("evaluate", path, *out, "--split", "time", "--time-column", "when")
    assert done.status == 1
    assert "line 3, column 'when': 'soon' is no time" in done.err
    done = run("evaluate", path, *out, "--split-column", "part")
    assert "line 3, column 'part': 'both' is none of train, valid, test" in done.err


def test_one_class_only_and_a_class_too_small_to_split(run, assay, tmp_path):
    rows = rows_of(assay)
    path = tmp_path / "a.csv"
    out = ("-o", tmp_path / "s", "-t", "hit", *CHEAP)
    header = "smiles,hit\n"
    path.write_text(header + "".join(f"{row['Drawn structure']},1\n" for row in rows[:40]))
    done = run("evaluate", path, *out)
    assert done.status == 1
    assert "40 active and 0 inactive" in done.err
    cells = [f"{row['Drawn structure']},{int(i == 0)}\n" for i, row in enumerate(rows[:40])]
    path.write_text(header + "".join(cells))
    done = run("evaluate", path, *out)
    assert done.status == 1
    assert "1000 draws of scaffold split 1 left a class out of a part" in done.err
    assert "no active compound of 'hit'" in done.err
    assert not (tmp_path / "s" / "study.json").exists()


def test_what_was_asked_is_written_beside_the_results(run, assay, tmp_path):
    words = ("-t", "hit?", "--split", "cluster", "--splits", "1", "--seed", "3")
    assert run("evaluate", assay, "-o", tmp_path / "s", *words, *CHEAP).status == 0
    about = json.loads((tmp_path / "s" / "study.json").read_text())
    assert about["split"] == "cluster"
    assert about["options"]["seed"] == 3
    config = (tmp_path / "s" / "evaluate.toml").read_text()
    assert 'split = "cluster"' in config


def test_the_buying_is_replayed(run, dated, tmp_path):
    quick = ("--ensemble-size", 1, "--epochs", 1, "-n", 1, "--features", "morgan_counts")
    words = ("evaluate", dated, "-t", "hit?", "-o", tmp_path / "r", *quick)
    small = ("--start", 40, "--batch", 5, "--turns", 1, "--splits", 1)
    done = run(*words, "--rolling", "measured", *small)
    assert done.status == 0, done.err
    assert "The start is the oldest compounds" in done.out
    assert {row["buyer"] for row in rows_of(tmp_path / "r" / "curves.csv")} == {
        *("exploit", "balance", "explore", "qpo", "forest", "chance")
    }
    assert (tmp_path / "r" / "rolling.svg").is_file()
    assert "report.html" in done.err
    assert "nan" not in done.out
    assert run(*words, "--rolling", "measured", *small).out == done.out
    the_page_of_replays_says_what_the_tables_say(run, tmp_path / "r")
    refused = run(*words, "--rolling", "when")
    assert refused.status == 1
    assert "when" in refused.err
    no_dates = run(*words[:4], "-o", tmp_path / "other", "--rolling", "part", *quick)
    assert no_dates.status == 1
    assert "is no time" in no_dates.err
    assert run(*words, "--rolling", "measured", "--gap").status == 2
    assert run(*words, "--turns", 3).status == 2


def the_page_of_replays_says_what_the_tables_say(run, folder):
    about = json.loads((folder / "study.json").read_text())
    hostile = "<script>alert(1)</script>"
    (folder / "study.json").write_text(json.dumps({**about, "tasks": [hostile]}))
    (folder / "report.html").unlink()
    done = run("report", folder)
    assert done.status == 0, done.err
    assert done.out.strip() == str(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert html.escape(hostile) in page
    assert hostile not in page
    # Nothing is fetched; the SVG in the page names the namespaces of its format.
    assert not re.search(r"(?:src|href)=.?https?:", page)
    assert "One replay cannot tell the rules apart" in page
    summary = rows_of(folder / "summary.csv")
    for row in summary:
        share, times = (float(row[f"{name}_mean"]) for name in ("hit_rate", "over_chance"))
        assert (
            f"{row['buyer']}</th><td>{float(row['actives_mean']):.1f}</td><td>{share:.3f}" in page
        )
        assert f"<td>{times:.3f}</td>" in page
    for row in rows_of(folder / "paired.csv"):
        if row["against"] in ("exploit", "chance"):
            assert f"<td>{float(row['mean']):+.3f}</td>" in page
    expected = {row["by_chance"] for row in rows_of(folder / "curves.csv")}
    assert all(f"<td>{float(value):.1f}</td>" in page for value in expected)
    (folder / "summary.csv").unlink()
    lost = run("report", folder)
    assert lost.status == 1
    assert "holds no finished replays" in lost.err

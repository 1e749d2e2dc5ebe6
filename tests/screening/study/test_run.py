"""A study that stops goes on; the same splits for all; tables against literal computations."""

import html
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import matthews_corrcoef, roc_auc_score

from screening.errors import UserError
from screening.evaluation import best_threshold
from screening.learners import MODELS, Compounds
from screening.report import write_study_report
from screening.study import MEAN, METRICS, StudyOptions, overall_task, run_study, write_study
from screening.study.folder import read_result, result_path

QUICK = StudyOptions(n_splits=2, models=("dbn-alone", "dbn-unpretrained", "forest", "neighbour"))


@pytest.fixture(scope="module")
def run(tiny_options):
    """Run a study with the tiny networks, calibrated on the validation part if not told."""

    def call(compounds, folder, options=QUICK, models=tiny_options, **given):
        given = {"calibrated_on": "validation", "on_step": lambda *_: None, **given}
        return run_study(compounds, models, options, folder, **given)

    return call


@pytest.fixture(scope="module")
def done(run, compounds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return run(compounds, folder), folder


@pytest.fixture(scope="module")
def written(done):
    study, folder = done
    return write_study(study, folder), pd.read_csv(folder / "figures.csv")


def timeless(folder) -> dict[str, bytes]:
    """Every table but its clock, and every figure."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    table = pd.read_csv(folder / "figures.csv").drop(columns="seconds")
    return {**found, "figures.csv": table.to_csv().encode()}


def test_a_study_that_was_stopped_and_continued_equals_one_that_was_not(
    run, compounds, done, written, tmp_path
):
    said = []

    def stop_after_three(sentence):
        said.append(sentence)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(compounds, tmp_path / "b", on_result=stop_after_three)
    run_again = []
    study = run(compounds, tmp_path / "b", on_result=run_again.append)
    write_study(study, tmp_path / "b")
    assert len(run_again) == 8 - 3
    assert timeless(tmp_path / "b") == timeless(done[1])


def test_a_finished_study_trains_nothing_and_a_damaged_result_is_done_again(
    run, compounds, done, tmp_path
):
    few = replace(QUICK, models=("forest", "neighbour"))
    first = run(compounds, tmp_path, few)
    trained = []
    run(compounds, tmp_path, few, on_result=trained.append)
    assert trained == []
    path = result_path(tmp_path, "scaffold-01", "forest", None)
    path.write_bytes(path.read_bytes()[:100])
    again = run(compounds, tmp_path, few, on_result=trained.append)
    assert [sentence.split(":")[0] for sentence in trained] == [
        "Random forest, Morgan on scaffold-01"
    ]
    for a, b in zip(first.entries, again.entries, strict=True):
        assert np.array_equal(a.result.test, b.result.test)


def test_models_splits_and_a_curve_can_be_added(run, compounds, tmp_path):
    few = StudyOptions(n_splits=1, models=("neighbour",))
    run(compounds, tmp_path, few)
    trained = []
    more = StudyOptions(n_splits=2, models=("neighbour", "forest"), label_counts=(25,))
    run(compounds, tmp_path, more, on_result=trained.append)
    assert [sentence.split(":")[0] for sentence in trained] == [
        "Random forest, Morgan on scaffold-00",
        "Random forest, Morgan on scaffold-00, 25 labels",
        "1-nearest neighbour on scaffold-01",
        "Random forest, Morgan on scaffold-01",
        "Random forest, Morgan on scaffold-01, 25 labels",
    ]


def test_other_settings_or_data_are_refused(run, compounds, eighty, tiny_options, tmp_path):
    few = StudyOptions(n_splits=1, models=("neighbour",))
    run(compounds, tmp_path / "a", few)
    with pytest.raises(UserError, match=r"options\.epochs was 2 and is 3"):
        run(compounds, tmp_path / "a", few, models=replace(tiny_options, epochs=3))
    with pytest.raises(UserError, match="split was 'scaffold' and is 'random'"):
        run(compounds, tmp_path / "a", replace(few, kind="random"))
    with pytest.raises(UserError, match="calibration was 'validation' and is 'folds'"):
        run(compounds, tmp_path / "a", few, calibrated_on="folds")
    with pytest.raises(UserError, match="assay was"):
        run(Compounds(eighty.take(np.arange(79))), tmp_path / "a", few)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds no study"):
        run(compounds, tmp_path / "b", few)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.txt"]


def test_every_model_is_judged_on_the_same_compounds(done):
    study, folder = done
    for split in study.splits:
        entries = [entry for entry in study.entries if entry.split is split]
        assert [entry.model for entry in entries] == list(QUICK.models)
        for entry in entries:
            stored = read_result(
                result_path(folder, split.name, entry.model, None),
                len(split.parts.valid),
                len(split.parts.test),
                1,
            )
            assert np.array_equal(stored.test, entry.result.test)


def test_the_figures_are_those_of_the_stored_probabilities(done, written):
    study, _ = done
    _, table = written
    assert len(table) == 2 * 4
    for entry, row in zip(study.entries, table.itertuples(), strict=True):
        parts, labels = entry.split.parts, study.compounds.labels[:, 0]
        truth, scores = labels[parts.test], entry.result.test[:, 0]
        threshold = best_threshold(labels[parts.valid], entry.result.valid[:, 0])
        assert row.model == entry.model
        assert row.roc_auc == pytest.approx(roc_auc_score(truth, scores), abs=1e-5)
        assert row.mcc == pytest.approx(matthews_corrcoef(truth, scores >= threshold), abs=1e-5)
        assert row.brier == pytest.approx(np.mean((truth - scores) ** 2), abs=1e-5)
        assert (row.n, row.n_active) == (len(truth), truth.sum())


def test_summary_and_differences_are_those_of_the_figures(written, done):
    outcome, table = written
    by_model = {name: part["brier"].to_numpy() for name, part in table.groupby("model")}
    row = outcome.summary.set_index("model").loc["neighbour"]
    assert row["brier_mean"] == pytest.approx(by_model["neighbour"].mean(), abs=1e-5)
    assert row["brier_sd"] == pytest.approx(by_model["neighbour"].std(ddof=1), abs=1e-4)
    pairs = outcome.paired.set_index(["model", "against", "metric"])
    assert set(zip(outcome.paired.model, outcome.paired.against, strict=True)) == {
        ("dbn-alone", "forest"),
        ("dbn-unpretrained", "forest"),
        ("neighbour", "forest"),
        ("dbn-alone", "dbn-unpretrained"),
    }
    d = by_model["neighbour"] - by_model["forest"]
    parts = [split.parts for split in done[0].splits]
    ratio = sum(len(p.test) for p in parts) / sum(len(p.train) for p in parts)
    # 12.706205 is the 97.5 % point of Student's t with 1 degree of freedom.
    half = 12.706205 * np.sqrt((1 / 2 + ratio) * d.var(ddof=1))
    found = pairs.loc["neighbour", "forest", "brier"]
    assert found["mean"] == pytest.approx(d.mean(), abs=1e-5)
    assert found["high"] - found["mean"] == pytest.approx(half, abs=1e-3)
    # A lower Brier score is the better one.
    assert found["splits_better"] == (d < 0).sum()
    assert found["splits_worse"] == (d > 0).sum()


def test_the_files_of_a_study(done, written):
    _, folder = done
    assert {path.name for path in folder.iterdir()} == {
        "study.json",
        "results",
        "figures.csv",
        "summary.csv",
        "paired.csv",
        "splits.csv",
        "parts.csv",
        *(f"{name}.png" for name in ("comparison", "calibration", "differences")),
        *(f"{name}.svg" for name in ("comparison", "calibration", "differences")),
    }
    parts = pd.read_csv(folder / "parts.csv")
    counts = parts["scaffold-00"].value_counts()
    sizes = pd.read_csv(folder / "splits.csv").iloc[0]
    assert (counts["train"], counts["valid"], counts["test"]) == (
        sizes["train"],
        sizes["valid"],
        sizes["test"],
    )
    for name in ("comparison.png", "calibration.png", "differences.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        svg = (folder / name).with_suffix(".svg").read_text(encoding="utf-8")
        ElementTree.fromstring(svg.encode("utf-8"))
        assert "currentColor" in svg
        assert "prefers-color-scheme" in svg
        assert "#000000" not in svg
        assert "#010101" not in svg


def test_the_report_says_what_the_study_found_with_the_names_of_the_figures(done, written):
    _, folder = done
    page = write_study_report(folder).read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    text = html.unescape(re.sub(r"<[^>]*>", " ", page[page.index("<body>") :]))
    assert re.search(r"has the highest mean ROC-AUC, [01]\.\d{3}\.", text)
    for model in ("neighbour", "forest", "dbn-alone"):
        assert MODELS[model].title in text
        assert f"<td>{model}</td>" not in page
    assert page.count("data:image/svg+xml;base64,") == 3
    assert page.count("<figcaption>") == 3
    assert " ± 0." in text
    assert not re.search(r"\d\.\d{4}", text[: text.index("What was done")])


def test_several_tasks_have_a_row_each_and_their_mean(run, two_tasks, tmp_path):
    options = StudyOptions(n_splits=1, models=("dbn", "forest"), gap=True, label_counts=(30,))
    study = run(two_tasks, tmp_path, options)
    outcome = write_study(study, tmp_path)
    assert overall_task(study) == MEAN
    table = pd.read_csv(tmp_path / "figures.csv", dtype={"labels": str})
    chosen = table[(table.split == "scaffold") & (table.labels == "all") & (table.model == "dbn")]
    figures = chosen.set_index("task")
    assert list(figures.index) == ["first", "second", MEAN]
    for metric in METRICS:
        mean = (figures.loc["first", metric] + figures.loc["second", metric]) / 2
        assert figures.loc[MEAN, metric] == pytest.approx(mean, rel=1e-4, abs=1e-5)
    assert figures.loc["second", "n"] < figures.loc["first", "n"]
    assert set(table.labels) == {"all", "30"}
    gap = outcome.gap.set_index(["task", "model", "metric"]).loc[MEAN, "forest", "roc_auc"]
    assert gap["difference"] == pytest.approx(gap["random"] - gap["scaffold"])
    assert (tmp_path / "gap.png").is_file()
    assert (tmp_path / "label_curve.png").is_file()


def test_two_actives_are_enough_to_learn_from(run, eighty, tmp_path):
    """The smallest point of the curve of a rare activity."""
    rare = np.zeros_like(eighty.labels)
    rare[::8] = 1
    few = Compounds(replace(eighty, labels=rare))
    options = StudyOptions("random", 1, models=("dbn", "forest"), label_counts=(25,))
    study = run(few, tmp_path, options, calibrated_on="folds")
    for entry in study.entries:
        assert np.isfinite(entry.result.test).all()

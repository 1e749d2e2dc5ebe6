"""Chemical space, hidden units, learning curves; the reports of a model and of a study."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.decomposition import PCA

from screening.errors import UserError
from screening.report import write_model_report, write_study_report
from screening.report.panels.figures import learning_plots
from screening.report.panels.space import hidden_means, library_sample, space_map
from screening.report.panels.training_view import view_training
from screening.report.panels.units import units_of


@pytest.fixture(scope="module")
def view(small_model):
    return view_training(small_model)


def test_the_view_is_the_training_set_spread_evenly(small_model):
    assert list(view_training(small_model).index) == list(range(len(small_model.training)))
    few = view_training(small_model, most=5)
    assert few.index[0] == 0
    assert few.index[-1] == len(small_model.training) - 1
    assert len(few.mols) == few.x.shape[0] == 5


def test_hidden_means_are_those_of_the_rbm(small_model, view):
    rbm = small_model.novelty.rbm
    dense = view.x[:4].toarray().astype(np.float64)
    weights = rbm.weights.astype(np.float64)
    bias = rbm.hidden_bias
    # A rectified unit is the sum of eight bits whose biases fall by one.
    fields = [dense @ weights + bias + 0.5 - i for i in range(1, 9)]
    expected = sum(1 / (1 + np.exp(-field)) for field in fields)
    np.testing.assert_allclose(hidden_means(small_model, view.x[:4]), expected, atol=1e-5)


def test_the_map_has_everyone_and_the_axes_of_the_assay(small_model, view, finished_run):
    hits = view.mols[:7]
    plot = space_map(small_model, view, 0, hits, finished_run / "scores")
    labels = small_model.training.labels[:, 0]
    assert f"{int((labels == 1).sum()):,} assay, active" in plot.summary
    assert "7 hits" in plot.summary
    share = PCA(2, svd_solver="full").fit(hidden_means(small_model, view.x))
    assert f"({100 * share.explained_variance_ratio_[0]:.0f} % of the variance)" in plot.svg
    assert plot.svg.startswith("<svg viewBox")


def test_the_library_sample_takes_every_so_many_th_row(small_model, finished_run):
    parts = sorted((finished_run / "scores").glob("*.parquet"))
    total = sum(pq.ParquetFile(part).metadata.num_rows for part in parts)
    assert len(library_sample(small_model, finished_run / "scores")) == total
    assert len(library_sample(small_model, finished_run / "scores", most=10)) == -(
        -total // -(-total // 10)
    )


def test_units_are_drawn_with_parts_that_are_there(small_model, view):
    units = units_of(small_model, view, 0)
    assert 0 < len(units) <= 6
    for unit in units:
        assert re.search(r"it (raises|lowers) the score: \d", unit.sentence)
        for drawing in unit.drawings:
            picture = ElementTree.fromstring(str(drawing.svg))
            assert picture.findall("circle"), "no atom is marked"
            assert re.match(r"switched (on|off) by this part, which \d+ %", drawing.caption)


def test_pretraining_is_shown_by_its_free_energy_gap(small_model):
    gaps = small_model.provenance["learning_curves"]["free_energy_gap_nats"]
    assert len(gaps) == small_model.options.pretrain_epochs
    (plot,) = (p for p in learning_plots(small_model) if p.title == "Pretraining")
    assert f"to {gaps[-1]:.2f} nats" in plot.summary


def test_the_report_of_a_model(model_file, tmp_path, browser):
    path = write_model_report(model_file, tmp_path / "model.html")
    browser.open(path)
    assert browser.complaints == []
    assert browser.requests == [path.resolve().as_uri()]
    assert browser.js("document.querySelectorAll('#appendix details[open]').length") == 0
    assert browser.js("document.querySelector('#quality figure svg').checkVisibility()")
    browser.js("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    text = browser.js("document.body.innerText")
    for words in ("Predicts Class", "Chemical space", "hidden units", "QMRF", "Pretraining"):
        assert words in text
    ids = browser.js("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(ids) == len(set(ids))
    assert browser.js("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_report_of_a_study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    with pytest.raises(UserError, match="holds no finished study"):
        write_study_report(folder)
    (folder / "study.json").write_text(json.dumps({"seed": 0, "assay": {"name": "<b>x</b>"}}))
    (folder / "summary.csv").write_text("model,roc_auc_mean\nforest,0.9\n<i>dbn</i>,0.91\n")
    page = write_study_report(folder).read_text(encoding="utf-8")
    assert "2 models on the same splits" in page
    assert "&lt;i&gt;dbn&lt;/i&gt;" in page
    assert "<b>x</b>" not in page


def test_the_command_writes_all_three(model_file, finished_run, tmp_path, capsys):
    from workflows.cli import main

    out = tmp_path / "m.html"
    qmrf = tmp_path / "m.md"
    assert main(["report", str(model_file), "-o", str(out), "--qmrf", str(qmrf)]) == 0
    assert out.is_file()
    assert qmrf.read_text(encoding="utf-8").startswith("# QMRF")
    assert main(["report", str(model_file), "--budget", "5"]) == 2
    assert main(["report", str(finished_run), "-o", str(out)]) == 2
    capsys.readouterr()
    beside = Path(model_file).with_suffix(".report.html")
    assert main(["report", str(model_file)]) == 0
    assert capsys.readouterr().out.strip() == str(beside)

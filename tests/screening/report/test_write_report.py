"""The report as a file: it holds what the run holds, needs nothing else, and text stays text."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from screening.assay import Assay
from screening.errors import UserError
from screening.hits import tag_of
from screening.library import ScreenOptions, screen
from screening.model import save_model, train_model
from screening.plate import PlateOptions
from screening.report import read_run, write_report
from screening.report.page import LONGEST_TEXT
from screening.runs import screen as screen_files
from screening.tables import read_csv
from tests.same_bytes import same_bytes


class Page(HTMLParser):
    """Elements, attributes and texts as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)

    @property
    def data(self):
        return json.loads(self.scripts[0])


@pytest.fixture(scope="module")
def page(report) -> Page:
    return Page(report.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hits(finished_run) -> pd.DataFrame:
    return read_csv(finished_run / "hits.csv")


def test_every_hit_is_there_with_its_numbers(page, hits) -> None:
    assert [hit["rank"] for hit in page.data["hits"]] == list(range(1, len(hits) + 1))
    for shown, row in zip(page.data["hits"], hits.to_dict("records"), strict=True):
        assert shown["smiles"] == row["smiles"]
        assert shown["score"] == float(row["score"])
        assert shown["set"] == row["prediction_set"]
        assert shown["inside"] == (row["in_domain"] == "True")
        # A hit is outside for a reason, and for none when it is inside.
        assert bool(shown["why"]) != shown["inside"]


def test_atoms_of_drawings_contributions_and_highlights_belong_together(page) -> None:
    data = page.data
    atoms = [len(drawing[5]) // 2 for drawing in data["drawings"]]
    for hit in data["hits"]:
        n = atoms[hit["drawing"]]
        assert len(hit["atoms"]) == n
        for label in ("active", "inactive"):
            place, _, own, theirs = hit[label]
            assert max(own, default=0) < n
            assert max(theirs, default=0) < atoms[data["known"][place]["drawing"]]
        for _, _, matched in hit["alerts"]:
            assert max(matched, default=0) < n


def test_nearest_known_compounds_are_what_a_plain_search_finds(page, small_model) -> None:
    mols = [small_model.prepare(hit["smiles"]) for hit in page.data["hits"]]
    queries = small_model.fingerprints(mols, small_model.featurise(mols))
    queries = np.unpackbits(queries, axis=1).astype(bool)
    known = np.unpackbits(small_model.training.fingerprints, axis=1).astype(bool)
    for label, name in ((1, "active"), (0, "inactive")):
        of_label = known[small_model.training.labels[:, 0] == label]
        for hit, query in zip(page.data["hits"], queries, strict=True):
            shared = (of_label & query).sum(axis=1)
            best = (shared / (of_label | query).sum(axis=1)).max()
            assert hit[name][1] == pytest.approx(best, abs=0.006)


def test_counts_add_up_on_the_page(page, finished_run) -> None:
    counts = json.loads((finished_run / "run.json").read_text(encoding="utf-8"))["counts"]
    texts = [text.strip() for text in page.texts if text.strip()]
    shown = {
        label: int(texts[texts.index(label) + 1].replace(",", ""))
        for label in ("rows read", "could not be used", "scored")
    }
    assert shown["rows read"] == shown["could not be used"] + shown["scored"] == counts["read"]
    assert shown["could not be used"] == 3


def test_rejects_are_listed_with_their_reasons(page) -> None:
    assert {"<b>broken</b>", "five bonds", "nothing"} <= {text.strip() for text in page.texts}


def test_names_stay_text(page, hits) -> None:
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 2
    assert not {"img", "iframe", "link", "object", "embed", "base"} & set(tags)
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
    shown = [hit["id"] for hit in page.data["hits"]]
    for cut, whole in zip(shown, hits["id"], strict=True):
        assert cut == whole or cut.startswith(whole[:LONGEST_TEXT])
    assert "{{ 7 * 7 }}" in shown


def test_the_page_refers_to_nothing_outside(page, report) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "action", "data", "poster", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    text = report.read_text(encoding="utf-8")
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "@import" not in styles
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))


def test_the_browser_is_told_to_run_no_other_script(page) -> None:
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_ids_are_unique_and_images_have_names(page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        if attributes.get("role") == "img":
            assert attributes["aria-label"]


def test_the_same_run_gives_the_same_bytes(report, finished_run, tmp_path) -> None:
    (again,) = write_report(Path(shutil.copytree(finished_run, tmp_path / "run")))
    assert same_bytes(again, report)


def test_the_plate_keeps_to_the_budget_and_marks_the_picks(run_copy) -> None:
    data = Page(write_report(run_copy, plate=PlateOptions(budget=7))[0].read_text("utf-8")).data
    picks = sorted(hit["pick"] for hit in data["hits"] if hit["pick"])
    assert picks == list(range(1, 8))
    assert not [hit for hit in data["hits"] if hit["pick"] and (hit["tested"] or hit["twin"])]


def test_the_demo_is_shown_beside_the_forest(run_copy, hits) -> None:
    curve = [[0.0, 0.5, 1.0], [0.0, 0.9, 1.0]]
    model = {
        "roc_auc": 0.987654,
        "ef_1": 31.25,
        "hits_in_top_100": 87.0,
        "roc_curve": curve,
        "enrichment_curve": curve,
    }
    demo = {
        "protocol": "3 actives hidden",
        "models": [{"name": "DBN ensemble", **model}, {"name": "Random forest", **model}],
        "known": {hits["id"][0]: 1},
    }
    (run_copy / "demo.json").write_text(json.dumps(demo), encoding="utf-8")
    page = Page(write_report(run_copy)[0].read_text(encoding="utf-8"))
    assert [hit["truth"] for hit in page.data["hits"][:2]] == [1, None]
    assert page.texts.count("0.988") == 2
    assert page.texts.count("31.2") == 2
    # A count of compounds has no decimals, an enrichment factor has its maximum.
    assert page.texts.count("87") == 2
    assert page.texts.count(f"EF 1 % (at most {len(hits):.1f})") == 1


def test_a_run_without_hits_still_has_a_report(model_file, tmp_path) -> None:
    library = tmp_path / "broken.smi"
    library.write_text("C1CC( a\nnothing b\n")
    screen([str(library)], model_file, tmp_path / "run", ScreenOptions())
    text = write_report(tmp_path / "run")[0].read_text(encoding="utf-8")
    assert "Nothing to buy" in text
    assert 'id="data"' not in text


def test_several_tasks_are_reported_by_the_ranked_one(
    small_assay, small_options, samples, tmp_path
) -> None:
    labels = np.column_stack([small_assay.labels[:, 0], 1 - small_assay.labels[:, 0]])
    values = np.full(labels.shape, np.nan)
    assay = Assay(
        **{**vars(small_assay), "tasks": ("one", "two"), "labels": labels, "values": values}
    )
    model = train_model(assay, replace(small_options, epochs=3))
    save_model(model, tmp_path / "two.ebm")
    library = tmp_path / "library.smi"
    rows = list(csv.DictReader((samples / "bace.csv").open(encoding="utf-8")))[-6:]
    library.write_text("".join(f"{row['mol']} {row['CID']}\n" for row in rows))
    screen([str(library)], tmp_path / "two.ebm", tmp_path / "run", ScreenOptions(rank_by="two"))
    data = Page(write_report(tmp_path / "run")[0].read_text(encoding="utf-8")).data
    assert data["task"] == "two"
    scores = [hit["score"] for hit in data["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert [hit["tasks"][1] for hit in data["hits"]] == scores


@pytest.mark.parametrize("name", ["run.json", "hits.parquet", "rejects.csv"])
def test_a_missing_file_is_told_in_one_sentence(run_copy, name) -> None:
    (run_copy / name).unlink()
    with pytest.raises(UserError, match=r"screen again|finish the run|no row is scored again"):
        write_report(run_copy)


@pytest.mark.parametrize("content", [b"", b"rank,id\n1,x\n", b"PAR1 PAR1"])
def test_a_damaged_hit_list_is_told_in_one_sentence(run_copy, content) -> None:
    (run_copy / "hits.parquet").write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        write_report(run_copy)
    assert not (run_copy / "report.html").exists() or "hits" in (
        run_copy / "report.html"
    ).read_text("utf-8")


def test_another_model_is_refused(run_copy, small_model, tmp_path) -> None:
    other = replace(small_model, thresholds=[0.123])
    save_model(other, tmp_path / "other.ebm")
    with pytest.raises(UserError, match="not the model"):
        write_report(run_copy, tmp_path / "other.ebm")


def test_a_model_that_moved_with_its_run_is_found(run_copy, model_file, tmp_path) -> None:
    info = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    info["model"] = "/nowhere/moved.ebm"
    (run_copy / "run.json").write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(UserError, match="--model"):
        write_report(run_copy)
    shutil.copy(model_file, tmp_path / "moved.ebm")
    assert write_report(run_copy)[0].is_file()


def test_library_counts_agree_with_the_rows(finished_run, small_model) -> None:
    run = read_run(finished_run, small_model.domain)
    assert run.library.histogram.sum() == run.info["counts"]["scored"]
    assert run.library.repeated >= 1
    assert run.library.in_training == 5
    assert run.library.scored == len(run.hits)
    assert run.library.outside == run.hits.described["in_domain"].to_pylist().count(False)


def test_progress_is_told_to_the_end(run_copy) -> None:
    steps = []
    write_report(run_copy, on_step=lambda *step: steps.append(step))
    stages = dict.fromkeys(stage for stage, *_ in steps)
    assert list(stages) == ["drawing and explaining", "writing the report"]
    for stage in stages:
        done = [(n, total) for name, n, total in steps if name == stage]
        assert [n for n, _ in done] == sorted(n for n, _ in done)
        assert done[-1][0] == done[-1][1]


def test_the_time_of_the_report_counts(model_file, tmp_path) -> None:
    library = tmp_path / "library.smi"
    library.write_text("CCO ethanol\nCCCN propylamine\n")
    run = screen_files(library, model_file, tmp_path / "run", progress=False)
    seconds = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["seconds"]
    assert seconds == run.seconds
    assert seconds["report"] > 0
    assert seconds["total"] > seconds["report"] + seconds["hits"]
    run.write_report(progress=False)
    again = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["seconds"]
    assert again["total"] - again["report"] == pytest.approx(seconds["total"] - seconds["report"])


def test_every_hit_has_one_plain_tag(page, hits) -> None:
    for shown, row in zip(page.data["hits"], hits.to_dict("records"), strict=True):
        assert shown["tag"] == tag_of(row["prediction_set"], row["in_domain"] == "True")

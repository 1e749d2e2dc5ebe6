"""Hits of a run on a page: what is marked, picked and laid beside, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from screening.hits import read_marks, structure_named
from tests.workflows.web.served import NAMES
from workflows.web.pages.scatter import scatter


@pytest.fixture
def client(serve, folder, screened):
    shutil.copytree(screened, folder, dirs_exist_ok=True)
    return serve(folder)


def data_of(page) -> dict:
    found = re.search(r'<div id="data" hidden>(.*?)</div>', page.text, re.DOTALL)
    assert found, page.text[:500]
    return json.loads(found[1])


def mark(client, hit, **change):
    changes = json.dumps([[hit["source"], hit["row"], change]])
    return client.post("/marks/first", {"changes": changes}, Accept="application/json")


def test_the_page_has_the_hits_of_the_report_and_no_text_becomes_html(client) -> None:
    assert client.get("/run/first").headers["location"] == "/hits/first"
    page = client.get("/hits/first")
    assert page.status == 200
    assert {hit["id"] for hit in data_of(page)["hits"]} >= {"alpha", *NAMES}
    assert "<img" not in page.text
    assert "<script>alert" not in page.text
    assert not re.search(r"<script(?![^>]* src=\")", page.text)
    assert not re.search(r"<[^>]* (on\w+|style)=", page.text)


def test_marks_are_kept_and_a_foreign_report_is_replaced_by_one_that_shows_them(
    client, folder
) -> None:
    first, second = data_of(client.get("/hits/first"))["hits"][:2]
    assert mark(client, first, starred=True).status == 200
    assert mark(client, first, note="<b>ask</b> =1+1").status == 200
    assert mark(client, second, starred=True).status == 200
    assert mark(client, second, starred=False).status == 200
    (kept,) = read_marks(folder / "first").values()
    assert (kept.starred, kept.note, kept.id) == (True, "<b>ask</b> =1+1", first["id"])
    expected = [[1, False, True, "<b>ask</b> =1+1"]]
    assert client.get("/marks/first").json["marks"] == expected
    report = folder / "first" / "report.html"
    foreign = '<script type="application/json" id="data">{"hits": "anything"}</script>'
    report.write_text(foreign, encoding="utf-8")
    assert data_of(client.get("/hits/first"))["marks"] == expected
    html = report.read_text(encoding="utf-8")
    assert '"marks":[[1,false,true,' in html
    assert "<b>ask" not in html


def test_tabs_that_mark_at_once_lose_nothing(client, folder) -> None:
    hits = data_of(client.get("/hits/first"))["hits"]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda hit: mark(client, hit, starred=True), hits))
        done += pool.map(lambda hit: mark(client, hit, note=f"note {hit['rank']}"), hits)
    assert {answer.status for answer in done} == {200}
    kept = read_marks(folder / "first").values()
    assert len(kept) == len(hits)
    assert all(mark.starred and mark.note for mark in kept)


@pytest.mark.parametrize(
    "changes",
    ["", "{}", "[1]", '[["lib.csv", 2, {"starred": true}]]', "[" * 100_000,
     '[[null, "x", {}]]', '[["a", 1, 5]]'],
)  # fmt: skip
def test_what_is_no_mark_of_a_hit_is_refused(client, folder, changes) -> None:
    answer = client.post("/marks/first", {"changes": changes}, Accept="application/json")
    if changes == "{}":
        assert (answer.status, answer.json) == (200, {"kept": 0})
    else:
        assert answer.status == 400
        assert answer.json["error"]
    assert not read_marks(folder / "first")


def test_marks_of_other_kinds_and_damaged_files_are_refused(client, folder) -> None:
    hit = data_of(client.get("/hits/first"))["hits"][0]
    for change in ({"starred": "yes"}, {"note": 5}, {"rank": 1}, {"note": "x" * 6000}):
        assert mark(client, hit, **change).status == 400
    (folder / "first" / "marks.json").write_text('{"marks": [{"source": 1}]}', encoding="utf-8")
    answer = client.get("/hits/first", Accept="application/json")
    assert answer.status == 400
    assert "marks.json cannot be read" in answer.json["error"]


def test_a_plate_is_picked_and_written_also_from_the_starred(client, folder) -> None:
    answer = client.post("/plate/first", {"budget": "3", "pains": "1"})
    assert answer.status == 200
    assert sorted(pick for _, pick, _ in answer.json["picks"]) == [0, 0, 0, 1, 2, 3]
    for ending in ("csv", "sdf", "xlsx"):
        assert client.get(f"/file/first/plate.{ending}").status == 200
    hits = data_of(client.get("/hits/first"))["hits"]
    assert [hit["pick"] for hit in hits] == [pick for _, pick, _ in answer.json["picks"]]
    assert client.post("/plate/first", {"budget": "3", "from": "starred"}).status == 400
    assert mark(client, hits[4], starred=True).status == 200
    starred = client.post("/plate/first", {"budget": "3", "from": "starred"})
    assert [(rank, pick) for rank, pick, _ in starred.json["picks"]] == [(5, 1)]
    assert [hit["pick"] for hit in data_of(client.get("/hits/first"))["hits"]] == [0, 0, 0, 0, 1, 0]
    for wrong in ("0", "x", "1e9", "2.5"):
        assert client.post("/plate/first", {"budget": wrong}).status == 400


def test_another_run_is_laid_beside_by_structure(client, folder) -> None:
    page = client.get("/hits/first?beside=second")
    assert page.status == 200
    data = data_of(page)
    assert data["inputs"][-2:] == ["score in second", "this score less that in second"]
    for hit in data["hits"]:
        if hit["id"] == "alpha":  # not among the rows of the other
            assert (hit["beside"], hit["inputs"][-2:]) == (None, ["", ""])
        else:
            assert hit["beside"] == pytest.approx(hit["score"] / 2)
            assert float(hit["inputs"][-1]) == pytest.approx(hit["beside"], abs=1e-3)
    assert len(data["places"]) == page.text.count("<circle") == 6
    assert client.get("/hits/first?beside=../second").status == 404
    assert client.get("/hits/first?beside=m.ebm").status == 400


def test_a_name_is_looked_up_among_all_rows_that_were_scored(screened) -> None:
    assert structure_named(screened / "first", "alpha") == "c1ccncc1CC"
    assert structure_named(screened / "first", NAMES[0]) == "c1ccccc1CN"
    assert structure_named(screened / "second", "alpha") is None
    assert structure_named(screened, "alpha") is None


def test_a_hit_that_the_other_run_has_not_scored_stands_below_the_plot() -> None:
    plot = scatter([(0.5, 0.25), (0.75, None), (1.0, 0.0)])
    assert plot.missing == 1
    assert [point.found for point in plot.points] == [True, False, True]
    assert plot.points[1].y > plot.top + plot.side > plot.points[0].y
    assert plot.points[0].x < plot.points[1].x < plot.points[2].x
    lonely = scatter([(0.4, None)])
    assert lonely.across[0][0] < lonely.across[-1][0]


def test_a_drawn_substructure_becomes_a_pattern_or_a_sentence(client) -> None:
    assert client.get("/pattern?smiles=C1%3DCC%3DCN1").json == {"smarts": "c1ccnc1"}
    for wrong in ("", "C1CC", "%3Cimg%20src%3Dx%3E", "C" * 5000 + "("):
        answer = client.get(f"/pattern?smiles={wrong}", Accept="application/json")
        assert answer.status == 400
        assert "cannot be read" in answer.json["error"]
    assert client.get("/pattern?smiles=" + "C" * 100_000).status == 414


def test_only_finished_runs_without_links_are_shown(client, folder) -> None:
    (folder / "half" / "shards").mkdir(parents=True)
    assert "not finished" in client.get("/hits/half").text
    assert client.get("/hits/nothing").status == 400
    assert client.get("/hits/..%2fsecret.csv").status == 404
    secret = folder.parent / "secret.json"
    secret.write_text('{"marks": []}', encoding="utf-8")
    (folder / "first" / "marks.json").symlink_to(secret)
    assert client.get("/marks/first").status == 400

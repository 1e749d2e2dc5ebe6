"""Screen: the command that a form becomes, and the best as they come."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workflows.web.jobs import Job, Queue
from workflows.web.pages.best import best_html


@pytest.fixture
def client(serve, folder, model, monkeypatch):
    monkeypatch.setattr(Queue, "turn", lambda self: None)
    shutil.copyfile(model, folder / "a.ebm")
    shutil.copyfile(model, folder / "-b.ebm")
    (folder / "lib.csv").write_text("smiles,id\nCCO,one\n", encoding="utf-8")
    (folder / "-lib.csv").write_text("smiles,id\nCCO,one\n", encoding="utf-8")
    return serve(folder)


def jobs(client) -> list[Job]:
    return client.app.state.serving.queue.jobs()


FORM = {"model": "a.ebm", "library": "lib.csv", "name": "run"}


def test_the_page_offers_models_and_libraries(client) -> None:
    page = client.get("/screen?model=a.ebm&library=lib.csv").text
    assert 'value="a.ebm" checked' in page
    assert 'value="lib.csv" required checked' in page
    assert "2 rows" in page


def test_a_form_becomes_a_command(client) -> None:
    answer = client.post("/screen", {
        **FORM, "top": "50", "budget": "8", "prevalence": "0,5", "title": "-x <b>",
        "require": "c1ccncc1 pyridine\n\n[OX2H]", "exclude": "[Br]", "wanted": "inactive",
    })  # fmt: skip
    assert answer.status == 303
    (job,) = jobs(client)
    assert job.words == (
        "screen", "lib.csv", "--model=a.ebm", "--output=run", "--top=50", "--budget=8",
        "--prevalence=0.005", "--wanted=inactive", "--require=c1ccncc1 pyridine",
        "--require=[OX2H]", "--exclude=[Br]", "--title=-x <b>", "--num-workers=1",
    )  # fmt: skip
    page = client.get(f"/job/{job.id}").text
    assert "<b>'" not in page
    assert "&lt;b&gt;" in page


def test_several_models_make_a_run_each_and_names_are_no_options(client) -> None:
    fields = [("model", "a.ebm"), ("model", "-b.ebm"), ("library", "-lib.csv"), ("name", "r")]
    assert client.post("/screen", fields).headers["location"] == "/"
    words = sorted(job.words[:4] for job in jobs(client))
    assert words == [
        ("screen", "./-lib.csv", "--model=./-b.ebm", "--output=r--b"),
        ("screen", "./-lib.csv", "--model=a.ebm", "--output=r-a"),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", ""), ("model", "../a.ebm"), ("library", ""), ("library", "/etc/passwd"),
        ("library", "*.csv"), ("name", "../run"), ("name", "lib.csv"), ("top", "0"),
        ("prevalence", "0"), ("prevalence", "100"), ("require", "@/etc/passwd"),
        ("require", "/etc/passwd"), ("exclude", "lib.csv"), ("require", "C1CC"),
        ("require", "-[OH]"),
        ("require", "<script>"), ("wanted", "both"), ("workers", "0"),
    ],
)  # fmt: skip
def test_what_is_no_screen_becomes_none(client, field, value) -> None:
    answer = client.post("/screen", {**FORM, field: value})
    assert answer.status in (400, 404)
    assert "smiles,id" not in answer.text
    assert "root:" not in answer.text
    assert "<script>" not in answer.text
    assert jobs(client) == []


def test_the_best_so_far_are_those_of_all_shards_and_plain_text(tmp_path) -> None:
    (tmp_path / "scores").mkdir()
    assert best_html(tmp_path) == ""
    for part, scores in enumerate(([0.1, 0.9, 0.3], [0.5, 0.9, 0.2])):
        table = pa.table({
            "id": [f"<b>{part}-{row}</b>" for row in range(3)],
            "smiles": ["CCO", "not one", "C" * 300],
            "score": scores,
        })  # fmt: skip
        pq.write_table(table, tmp_path / "scores" / f"part-{part:05d}.parquet")
    (tmp_path / "scores" / "part-00002.parquet").write_bytes(b"cut")
    html = best_html(tmp_path)
    assert "<b>0-1" not in html
    order = [html.index(f"&lt;b&gt;{name}&lt;") for name in ("0-1", "1-1", "1-0", "0-2", "1-2")]
    assert order == sorted(order)
    assert html.count("<figure") == 6

"""Home: what lies in the folder, also where it lies there for harm."""

from __future__ import annotations

import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workflows.web import app

HOSTILE = "<script>alert(1)</script>'\"&.csv"


def test_an_empty_folder_leads_to_the_first_screen(serve, folder) -> None:
    client = serve(folder)
    page = client.get("/")
    assert page.status == 200
    assert "Begin with your assay" in page.text
    assert 'action="/samples"' in page.text
    done = client.post("/samples")
    assert (done.status, done.headers["location"]) == (303, "/assay?file=bace.csv")
    assert {path.name for path in folder.iterdir()} >= {"bace.csv", "library.csv.gz"}
    again = client.get("/").text
    assert "1,514 rows" in again
    assert "Begin with your assay" not in again


def test_a_folder_made_by_hand_is_shown(serve, folder, model) -> None:
    (folder / "models").mkdir()
    shutil.copyfile(model, folder / "models" / "first.ebm")
    (folder / "broken.ebm").write_bytes(b"no model")
    (folder / HOSTILE.replace("/", "")).write_text("smiles\nCCO\n", encoding="utf-8")
    run = folder / "runs" / "old run"
    run.mkdir(parents=True)
    counts = {"read": 1234, "scored": 1200, "rejected": 34}
    content = {"counts": counts, "hits": 50, "model": "first.ebm"}
    (run / "run.json").write_text(json.dumps(content), encoding="utf-8")
    (run / "hits.csv").write_text("rank\n", encoding="utf-8")
    (folder / "half" / "shards").mkdir(parents=True)
    begun = {"options": {"shard_size": 2000}, "model": "first.ebm"}
    (folder / "half" / "shards" / "manifest.json").write_text(json.dumps(begun), encoding="utf-8")
    (folder / "half" / "shards" / "00000.json").write_text("{}", encoding="utf-8")
    (folder / "lib.parquet").mkdir()
    (folder / "lib.parquet" / "_library.json").write_text(
        json.dumps({"counts": {"scored": 777}}), encoding="utf-8"
    )
    page = serve(folder).get("/").text
    assert 'href="/model/models/first.ebm"' in page
    assert "hit? · 126 compounds" in page or "hit? · " in page
    assert "model ranks the active first in" in page
    assert "broken.ebm" in page
    assert "is not a whole model file" in page
    assert 'href="/run/runs/old%20run"' in page
    assert "1,234 rows: 1,200 scored, 34 rejected" in page
    assert "Not finished: about 2,000 rows so far" in page
    assert "777 rows" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.skipif(os.name != "posix", reason="names of files are text elsewhere")
def test_names_that_are_no_text_are_counted_and_links_are_not_followed(serve, folder) -> None:
    Path(os.fsdecode(bytes(folder / "x") + b"\xff.csv")).write_text("smiles\nC\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "loop").symlink_to(folder)
    page = serve(folder).get("/").text
    assert "link.csv" not in page
    assert "1 files are not shown" in page or "Begin with your assay" in page


def test_pages_wait_until_what_they_import_is_loaded(serve, folder, monkeypatch) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(app, "import_module", lambda _: goes_on.wait(60))
    client = serve(folder)
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(client.get, "/")
        assert client.get("/static/x/none.css").status == 404
        assert not page.done()
        goes_on.set()
        assert page.result(60).status == 200

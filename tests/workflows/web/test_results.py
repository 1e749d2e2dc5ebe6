"""Reports as they are, under rules of their own; files of a run to be saved."""

from __future__ import annotations

import json
import shutil

import pytest

from screening.report.page import assemble


def page_of(data) -> str:
    return assemble("page.html", title="t", data=data)


@pytest.fixture
def run_folder(folder):
    run = folder / "runs" / "first one"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}", encoding="utf-8")
    (run / "hits.csv").write_text("rank,id\n1,=cmd()\n", encoding="utf-8")
    return run


def test_the_script_of_this_version_is_trusted_and_no_other(serve, folder, run_folder) -> None:
    client = serve(folder)
    report = run_folder / "report.html"
    target = "/report/runs/first%20one"
    assert client.get("/run/runs/first%20one").headers["location"] == "/hits/runs/first%20one"
    assert client.get(target).status == 400  # there is none yet
    for data in ({"x": "</script>"}, None):
        report.write_text(page_of(data), encoding="utf-8")
        answer = client.get(target)
        policy = answer.headers["content-security-policy"]
        assert "sandbox" not in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2]
        assert "default-src 'none'" in policy
        assert '<a href="/">Home</a>' in answer.text
    hostile = "<html><body><script>fetch('/samples')</script></body></html>"
    for html in (hostile, page_of({}).replace("</body>", f"{hostile}</body>")):
        report.write_text(html, encoding="utf-8")
        policy = client.get(target).headers["content-security-policy"]
        assert "sandbox allow-scripts allow-downloads" in policy
        assert "default-src 'none'" in policy
    for tag in ("<SCRIPT>", "<script >", "<script\n>", "<img onerror="):
        report.write_text(f"<html><body>{tag}alert(1)</script>", encoding="utf-8")
        policy = client.get(target).headers["content-security-policy"]
        assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_only_the_files_of_a_run_are_sent(serve, folder, run_folder) -> None:
    client = serve(folder)
    answer = client.get("/file/runs/first%20one/hits.csv")
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    for name in ("run.json", "x.csv", "rejects.csv", "../hits.csv", "shards/manifest.json"):
        assert client.get(f"/file/runs/first%20one/{name}").status in (303, 400, 404), name
    (run_folder / "rejects.csv").symlink_to(folder.parent / "secret.csv")
    (run_folder / "report.html").symlink_to(folder.parent / "secret.csv")
    assert client.get("/file/runs/first%20one/rejects.csv").status == 400
    assert client.get("/report/runs/first%20one").status == 400


def test_a_model_opens_with_its_verdict(serve, folder, model) -> None:
    shutil.copyfile(model, folder / "first.ebm")
    client = serve(folder)
    answer = client.get("/model/first.ebm")
    assert answer.status == 200
    assert "learned from" in answer.text
    assert 'href="/screen?model=first.ebm"' in answer.text
    assert (folder / "first.report.html").is_file()
    (folder / "broken.ebm").write_bytes(b"x")
    broken = client.get("/model/broken.ebm", Accept="application/json")
    assert broken.status == 400
    assert "broken.ebm is not a whole model file" in json.loads(broken.body)["error"]

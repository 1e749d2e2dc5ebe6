"""New model: what is recognised, what a threshold makes of it, and the command that trains."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

from tests.workflows.web.served import HOSTILE, write_export
from workflows.web.jobs import Queue


@pytest.fixture
def client(serve, folder, samples):
    write_export(folder / "export.csv", samples)
    return serve(folder)


@pytest.fixture
def queued(monkeypatch):
    """Jobs wait for good."""
    monkeypatch.setattr(Queue, "turn", lambda self: None)


def counts(client, **query: str):
    """Ask until structures are read."""
    while True:
        target = "/assay/counts?" + urlencode({"file": "export.csv", **query})
        answer = client.get(target, Accept="application/json")
        if answer.status != 200 or answer.json["ready"]:
            return answer
        time.sleep(0.05)


def test_a_chembl_export_is_recognised(client) -> None:
    page = client.get("/assay?file=export.csv").text
    assert "123 rows: table separated by semicolons" in page
    for chosen in ("<option selected>Smiles", "<option selected>Molecule ChEMBL ID"):
        assert chosen in page
    assert '<option value="Standard Value" selected>' in page
    assert "as recognised: Standard Relation" in page
    assert "as recognised: Standard Units" in page
    assert page.count('<svg class="drawing"') == 6
    assert ", nM" in page
    assert '<option value="below" selected>' in page


def test_the_threshold_is_answered_from_curation(client) -> None:
    target = "Standard Value"
    found = counts(client, target=target, threshold="100", side="below").json
    assert found["what"] == "compounds"
    details = " ".join(found["details"])
    assert "12 rows are limits" in details
    assert "1 row repeats a structure" in details
    assert "1 structure contradicts itself" in details
    assert "1 row has no usable structure" in details
    active = int(found["active"].split()[0])
    wider = counts(client, target=target, threshold="1000", side="below").json
    assert int(wider["active"].split()[0]) > active
    turned = counts(client, target=target, threshold="100", side="above").json
    assert any("--active-below is probably meant" in warning for warning in turned["warnings"])
    none = counts(client, target=target, threshold="1e-9", side="below").json
    assert any("a model needs both classes" in warning for warning in none["warnings"])


@pytest.mark.parametrize("threshold", ["abc", "nan", "inf", "-5", "1e999", ""])
def test_a_threshold_that_is_none_gets_a_sentence(client, threshold) -> None:
    answer = counts(client, target="Standard Value", threshold=threshold, side="below")
    assert answer.status == 400
    assert answer.json["error"]


def test_a_change_is_looked_at_without_the_token_in_the_address(client) -> None:
    fields = {"file": "export.csv", "target": "Standard Value", "target_before": "Standard Value"}
    answer = client.post("/assay/look", {**fields, "units": "none", "threshold": "5"})
    address = answer.headers["location"]
    assert "token" not in address
    page = client.get(address).text
    assert "<option selected>none</option>" in page
    assert 'value="5"' in page
    other = client.post("/assay/look", {**fields, "target_before": "x", "threshold": "5"})
    assert "threshold" not in other.headers["location"]


def test_unclear_columns_are_asked_for(client, folder) -> None:
    rows = ["left,right,y", "CCOCC,CCNCC,1", "CCCCO,CCCCN,0", "CCCCl,CCCBr,1"]
    (folder / "two.csv").write_text("\n".join(rows), encoding="utf-8")
    page = client.get("/assay?file=two.csv")
    assert page.status == 400
    assert "several columns hold structures" in page.text
    assert client.get("/assay?file=two.csv&smiles=left").status == 200


@pytest.mark.usefixtures("queued")
def test_training_is_the_command_that_the_page_shows(client) -> None:
    counts(client, target="Standard Value", threshold="100", side="below")
    fields = {
        "file": "export.csv", "target": "Standard Value", "threshold": "100", "side": "below",
        "name": "first model", "networks": "1", "epochs": "2", "blend": "none",
    }  # fmt: skip
    answer = client.post("/assay/train", fields)
    assert answer.status == 303
    (job,) = client.app.state.serving.queue.jobs()
    assert answer.headers["location"] == f"/job/{job.id}"
    assert job.words == (
        "train", "export.csv", "--output=first model.ebm", "--smiles-column=Smiles",
        "--id-column=Molecule ChEMBL ID", "--target-column=Standard Value", "--active-below=100nM",
        "--ensemble-size=1", "--epochs=2", "--blend=none", "--num-workers=1",
    )  # fmt: skip
    page = client.get(f"/job/{job.id}").text
    assert "--active-below=100nM" in page
    assert "Waiting until other jobs have left it cores." in page
    again = client.post("/assay/train", fields)
    assert again.status == 400
    assert "writes first model.ebm already" in again.text


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../out"), ("name", ""), ("name", ".hidden"), ("name", "a/b"), ("name", "-o"),
        ("networks", "0"), ("networks", "1.5"), ("epochs", "many"), ("workers", "99"),
        ("target", "no such"), ("target", ""), ("file", "../secret.csv"), ("file", ""),
        ("threshold", "x"), ("smiles", "no such"),
    ],
)  # fmt: skip
def test_a_form_with_something_else_in_it_does_nothing(client, field, value) -> None:
    fields = {
        "file": "export.csv", "target": "Standard Value", "threshold": "100", "side": "below",
        "name": "m", field: value,
    }  # fmt: skip
    assert client.post("/assay/train", fields).status in (400, 404)
    assert client.app.state.serving.queue.jobs() == []


def test_hostile_cells_and_columns_stay_text(client, folder) -> None:
    rows = [f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",smiles,y']
    structures = [HOSTILE, "C" * 200, "not a molecule", "[U]", "CCO", "{{7*7}}", "C" * 20_000]
    rows += [f'"{HOSTILE.replace(chr(34), chr(34) * 2)}","{s.replace(chr(34), "")}",{k % 2}'
             for k, s in enumerate(structures)]  # fmt: skip
    (folder / "bad.csv").write_text("\n".join(rows), encoding="utf-8")
    page = client.get("/assay?file=bad.csv&smiles=smiles")
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "{{7*7}}" in page.text
    for query in ("file=bad.csv&smiles=%3Cscript%3E", "file=%3Cscript%3E.csv"):
        assert "<script>" not in client.get(f"/assay?{query}").text

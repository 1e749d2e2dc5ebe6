"""Structures that are scored while they are drawn: the answers, and what is kept."""

from __future__ import annotations

import shutil

import pytest

from screening.model import load_model
from screening.predictions import read_kept
from workflows.web.pages import draw

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
CALL = "<img src=x onerror=alert(1)>"


class DeskHere:
    """Answers in this process, as the desk's worker does."""

    def __init__(self) -> None:
        self.answer = None

    def ask(self, model, text, task="", *, card=False):
        from screening.library.engines.workers import Assignment
        from screening.library.shards import Watch
        from screening.report.drawn import DrawnTask, Question, drawer

        if self.answer is None:
            self.answer = drawer(DrawnTask(model))
        return self.answer(Assignment(0, [Question(text, task, card)]), Watch())

    def prepare(self, model) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def desk() -> DeskHere:
    return DeskHere()


@pytest.fixture
def client(serve, folder, model, desk):
    shutil.copyfile(model, folder / "m.ebm")
    found = serve(folder)
    found.app.state.serving.desk = desk
    return found


def ask(client, kind: str, given: str, **more: str):
    fields = {"model": "m.ebm", "text": given, **more}
    return client.post(f"/draw/{kind}", fields, Accept="application/json")


def test_a_score_is_that_of_the_model_and_the_card_that_of_a_hit(client, model) -> None:
    loaded = load_model(model)
    expected = loaded.score_molecules([loaded.prepare(ASPIRIN)])
    number = ask(client, "number", ASPIRIN).json
    assert number["score"] == expected.score[0, 0]
    assert number["std"] == expected.score_std[0, 0]
    assert number["tag"]
    assert number["meaning"]
    card = ask(client, "card", "OC(=O)c1ccccc1OC(C)=O").json
    hit = card["hit"]
    assert (hit["score"], hit["tag"], hit["structure"]) == (
        number["score"], number["tag"], number["structure"],
    )  # fmt: skip
    drawn = card["drawings"][hit["drawing"]]
    assert len(hit["atoms"]) == len(drawn[5]) // 2 == 13
    assert any(hit["atoms"])
    assert len(hit["props"]) == 9
    for near in (hit["active"], hit["inactive"]):
        assert card["known"][near[0]]["drawing"] is not None
    assert not hit["pick"]


def test_a_name_of_the_assay_or_of_a_screened_library_is_a_structure(
    client, model, monkeypatch
) -> None:
    loaded = load_model(model)
    name = loaded.training.ids[3]
    assert ask(client, "number", name).json["structure"] == loaded.training.smiles[3]
    monkeypatch.setattr(draw, "_structure_named", lambda folder, name: {"Z-1": ASPIRIN}.get(name))
    assert ask(client, "number", "Z-1").json["smiles"] == ASPIRIN
    assert ask(client, "number", "Z-2").status == 400


@pytest.mark.parametrize(
    "given",
    ["", "nonsense", CALL, "C1CC", "CN(C)(C)(C)C", "C" * 1999, "C" * 100_000, "\x00", "C\ud800"],
)
def test_what_is_no_structure_is_answered_by_a_sentence(client, given) -> None:
    for kind in ("number", "card"):
        answer = ask(client, kind, given.encode("utf-8", "replace").decode())
        assert answer.status == 400
        assert 0 < len(answer.json["error"]) <= 600
        assert answer.headers["content-type"] == "application/json"


def test_another_model_or_task_is_refused_by_name(client, folder) -> None:
    assert ask(client, "number", "CCO", task="nobody").status == 400
    for name in ("../m.ebm", "nothing.ebm", "m.csv", ""):
        answer = client.post("/draw/number", {"model": name, "text": "CCO"})
        assert answer.status in (400, 404)


def test_what_is_kept_lies_in_the_folder_as_a_table(client, folder) -> None:
    for name in ("", CALL, "=1+1"):
        assert ask(client, "keep", ASPIRIN, name=name).status == 200
    kept = read_kept(folder / "ideas.csv")
    assert kept["id"].tolist() == ["idea-1", CALL, "=1+1"]
    assert set(kept["smiles"]) == {ASPIRIN}
    assert "'=1+1" in client.get("/draw/ideas.csv").text
    sdf = client.get("/draw/ideas.sdf").text
    assert sdf.count("$$$$") == 3
    assert ">  <score>" in sdf
    page = client.get(f"/draw?smiles=%22%3E{CALL.replace(' ', '%20')}").text
    assert "<img" not in page
    assert "idea-1" in page
    answer = client.post("/draw/forget", {"name": CALL, "smiles": ASPIRIN})
    assert [row["id"] for row in answer.json["kept"]] == ["idea-1", "=1+1"]


def test_a_table_of_somebody_else_is_left_alone(client, folder) -> None:
    (folder / "ideas.csv").write_text("smiles,y\nCCO,1\n", encoding="utf-8")
    answer = ask(client, "keep", ASPIRIN)
    assert answer.status == 400
    assert "another table" in answer.json["error"]
    assert client.get("/draw").status == 200
    assert (folder / "ideas.csv").read_text(encoding="utf-8") == "smiles,y\nCCO,1\n"

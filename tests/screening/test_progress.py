"""How far work is, for whoever follows it from another process."""

from __future__ import annotations

import json

from screening.progress import FOLLOWED, Rows, Stages


def test_it_is_written_to_the_file_that_the_environment_names(tmp_path, monkeypatch) -> None:
    path = tmp_path / "progress.json"
    monkeypatch.setenv(FOLLOWED, str(path))
    with Stages(shown=False) as stages:
        stages.step("networks", 1, 6)
        stages.step("networks", 6, 6)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["stage"], told["done"], told["total"], told["first"]) == ("networks", 6, 6, 1)
    with Rows(shown=False) as rows:
        rows.show(2000, 7, 0.25)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["stage"], told["done"], told["total"]) == ("screening", 2000, None)
    assert (told["share"], told["rejects"], told["first_share"]) == (0.25, 7, 0.25)
    assert [p.name for p in tmp_path.iterdir()] == ["progress.json"]


def test_work_goes_on_where_nothing_can_be_written(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(FOLLOWED, str(tmp_path / "nowhere" / "progress.json"))
    with Stages(shown=False) as stages:
        stages.step("networks", 1, 6)
    monkeypatch.delenv(FOLLOWED)
    with Stages(shown=False) as stages:
        stages.step("networks", 1, 6)
    assert list(tmp_path.iterdir()) == []

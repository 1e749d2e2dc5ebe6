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


def test_each_pass_over_a_library_has_a_rate_of_its_own(tmp_path, monkeypatch, capsys) -> None:
    path = tmp_path / "progress.json"
    monkeypatch.setenv(FOLLOWED, str(path))
    clock = [0.0]
    monkeypatch.setattr("screening.progress.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("screening.progress.time.time", lambda: clock[0])
    with Rows() as rows:
        for seconds, done, share in ((100, 9000, 1.0), (120, 100, 0.1), (150, 500, 0.5)):
            clock[0] = float(seconds)
            rows.show(done, 0, share)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "9000 rows, 0 rejected, 90 a second, about 0 s left"
    assert lines[-1] == "500 rows, 0 rejected, 10 a second, about 50 s left"
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["began"], told["at"], told["first"]) == (120.0, 150.0, 100)

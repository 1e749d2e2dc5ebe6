"""`import screening` has every name it lists, costs nothing, and works from a plain script."""

import subprocess
import sys

import pytest

import screening
from screening import progress


def test_every_listed_name_is_there_and_documented_with_an_example():
    assert dir(screening) == screening.__all__ == sorted(screening.__all__, key=_order)
    for name in screening.__all__:
        assert ">>> " in getattr(screening, name).__doc__, name
    with pytest.raises(AttributeError, match="magic"):
        _ = screening.magic


def _order(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def test_importing_it_loads_nothing_heavy():
    check = (
        "import sys, screening; sys.exit(bool({'torch', 'rdkit', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_script_needs_no_guard(tmp_path, model_file):
    """Workers do not run the script again, though it starts them at its top level."""
    (tmp_path / "library.csv").write_text("smiles\nCCO\nCCN\nC1CC\n")
    script = tmp_path / "script.py"
    script.write_text(
        "from screening import screen\n"
        "print('once')\n"
        f"run = screen('library.csv', {str(model_file)!r}, 'run', workers=2, report=False)\n"
        "print(run)\n"
        "print(*run.rejects['reason'])\n"
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "once",
        "3 rows read: 2 scored, 1 rejected; 2 hits in run/hits.csv",
        "parse",
    ]


def test_a_fitted_model_is_kept_in_the_folder_of_its_run(small_model, tmp_path):
    (tmp_path / "library.csv").write_text("smiles\nCCO\nCCN\n")
    run = screening.screen(
        tmp_path / "library.csv", small_model, tmp_path / "run", report=False, workers=1
    )
    assert run.counts.scored == len(run.hits) == 2
    assert "CCO" in run._repr_html_()
    again = screening.load_model(tmp_path / "run" / "model.ebm")
    assert again.predict_table(["CCO"])["score"][0] == small_model.score_molecules(
        [small_model.prepare("CCO")]
    ).score.item(0)
    # The same call continues the run; another model is refused.
    screening.screen(
        tmp_path / "library.csv", small_model, tmp_path / "run", report=False, workers=1
    )
    other = screening.ScreeningClassifier(
        hidden=(4,), ensemble_size=1, epochs=1, folds=2, blend="none", progress=False
    ).fit(["CCO", "CCN", "CCC", "CCCN", "CCCO", "CCCC"], [1, 0, 1, 0, 1, 0])
    with pytest.raises(screening.UserError, match="another model"):
        screening.screen(tmp_path / "library.csv", other, tmp_path / "run")


def test_progress_is_a_line_elsewhere_and_a_bar_in_a_terminal(capsys, monkeypatch):
    with progress.Stages() as stages:
        for done in range(1, 4):
            stages.step("folds", done, 3)
    assert capsys.readouterr().err == "folds: 3 of 3\n"
    with progress.Stages(False) as stages, progress.Rows(False) as rows:
        stages.step("folds", 3, 3)
        rows.show(5, 1, 1.0)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "_SECONDS_BEFORE_BAR", 0)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    with progress.Stages() as stages, progress.Rows() as rows:
        stages.step("folds", 1, 2)
        rows.show(500, 7, 0.5)
    said = capsys.readouterr().err
    assert "folds:  50%" in said
    assert "screening:  50%" in said
    assert "rejects=7" in said

"""Whatever targets, compounds and files are called, every system takes the names in a run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from screening.systems import fits_everywhere
from tests.workflows.conftest import CHEAP

HOSTILE = ["CON", "a:b", "ends with.", 'NUL.csv "x" <?>|*']


@pytest.fixture
def hostile(assay: Path, tmp_path: Path) -> Path:
    """The assay with a target and compounds that no file could be called after."""
    with assay.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path / "assay.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ID", "smiles", *HOSTILE[:2]])
        for k, row in enumerate(rows):
            name = f"{HOSTILE[k % len(HOSTILE)]}{k or ''}"
            writer.writerow([name, row["Drawn structure"], row["hit?"], row["hit?"]])
    return path


def test_every_system_takes_the_names_in_a_run(hostile, tmp_path, run) -> None:
    library = tmp_path / "a:b.csv"
    library.write_text(hostile.read_text(encoding="utf-8"), encoding="utf-8")
    targets = [word for target in HOSTILE[:2] for word in ("-t", target)]
    model = tmp_path / "model.ebm"
    done = run("train", hostile, *targets, "--id-column", "ID", "-o", model, *CHEAP, "--force")
    assert done.status == 0, done.err
    folder = tmp_path / "run"
    given = ("--title", "a:b?", "--budget", "5", "--top", "10", "-n", "1")
    done = run("screen", library, "-m", model, "-o", folder, *given)
    assert done.status == 0, done.err
    names = [path.name for path in folder.rglob("*")]
    assert {"hits.csv", "report.html", "run.json"} <= set(names)
    assert [name for name in names if not fits_everywhere(name)] == []
    # Nor do two of them differ in capitals only.
    paths = [str(path.relative_to(folder)).lower() for path in folder.rglob("*")]
    assert len(set(paths)) == len(paths)

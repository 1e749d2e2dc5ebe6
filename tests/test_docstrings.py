"""The examples in docstrings, documents and notebooks run."""

import doctest
import gzip
import importlib
import os
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from screening import ScreeningClassifier
from tests.few_trees import few_trees

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> list[str]:
    found = []
    for package in ("ebm", "screening", "workflows"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if re.search(r"^ +>>> ", path.read_text(encoding="utf-8"), re.MULTILINE):
                parts = path.relative_to(ROOT).with_suffix("").parts
                found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


@pytest.mark.parametrize("name", modules())
def test_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert not found.failed


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def quick(monkeypatch):
    """Smaller models than the documents train, for time's sake."""
    small = {"hidden": (16,), "ensemble_size": 1, "epochs": 3, "folds": 2, "blend": "none"}
    for name, value in small.items():
        monkeypatch.setitem(ScreeningClassifier.__init__.__kwdefaults__, name, value)
    with few_trees():
        yield


@pytest.mark.usefixtures("quick")
def test_the_page_for_python(tmp_path, monkeypatch):
    """Every block runs, one after the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for number, block in enumerate(blocks(ROOT / "docs" / "python.md"), start=1):
        exec(compile(block, f"block {number} of docs/python.md", "exec"), names)
    assert names["hits"]["score"].notna().all()
    assert (tmp_path / "run" / "report.html").is_file()
    assert len(names["run"].hits) == 10
    assert names["again"].predict(["CCO"]) == names["model"].predict(["CCO"])


@pytest.mark.usefixtures("quick")
def test_the_example_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = pd.read_csv(ROOT / "data" / "samples" / "bace.csv")[::25]
    (tmp_path / "vendor.csv.gz").write_bytes(gzip.compress(b"smiles\nCCO\nCCN\nC1CC\n"))
    names = {"smiles": table["mol"], "y": table["Class"], "other_smiles": ["CCO", "C1CC"]}
    (example,) = blocks(ROOT / "README.md")
    exec(compile(example, "the example of README.md", "exec"), names)
    assert names["table"]["reason"].tolist() == ["", "parse"]
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    assert sorted(hits["smiles"]) == ["CCN", "CCO"]


# What a cell says, and what it says for time's sake: that a plot is drawn hangs on none of it.
SHORTER = {
    "rbm_and_dbn": {
        "epochs=10, ": "epochs=2, ",
        "epochs=30, ": "epochs=3, ",
        "(1, 9, 90, 900)": "(1, 9, 30)",
        "betas=500": "betas=100",
        "[200, 100]": "[50, 30]",
        "[784, 200, 100]": "[784, 50, 30]",
    },
    "features_and_learners": {"range(5)": "range(2)"},
}


@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_notebooks(path, short, tmp_path, monkeypatch):
    """In an empty folder every cell runs, and every plot is drawn."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    book = nbformat.read(path, as_version=4)
    if short:
        shorten(book, SHORTER.get(path.stem, {}))
    client = NotebookClient(book, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    drawn = [cell for cell in book.cells if any(map(is_image, cell.get("outputs", [])))]
    assert len(drawn) >= 3
    assert [cell for cell in book.cells if "plt.show()" in cell.source and cell not in drawn] == []


def shorten(book, shorter) -> None:
    """Have the models be small, and the trainings short."""
    for said, instead in shorter.items():
        cells = [cell for cell in book.cells if cell.cell_type == "code" and said in cell.source]
        assert cells, f"no cell says {said}"
        for cell in cells:
            cell.source = cell.source.replace(said, instead)
    small = "from tests.quick import small_models; small = small_models(); small.__enter__()"
    book.cells.insert(0, nbformat.v4.new_code_cell(small))


def is_image(output) -> bool:
    return bool({"image/png", "image/svg+xml"} & set(output.get("data", {})))

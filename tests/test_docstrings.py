"""The examples in docstrings and documents run, and print what they say."""

import doctest
import gzip
import importlib
import re
from pathlib import Path

import pandas as pd
import pytest

from screening import ScreeningClassifier

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

"""The notebooks as files: they open in Jupyter and Colab, and hang on nothing of this machine.

`test_docstrings.py` runs them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "notebooks"
# A folder above or of a user, an absolute path, a link to a file, or the folder of the data.
LOCAL = re.compile(r"""\.\./|~/|[A-Za-z]:\\|["'(\s]/\w|file://|\]\((?!https://)|\bdata/""")


@pytest.fixture(params=sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def book(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def test_jupyter_and_colab_know_what_it_is(path, book) -> None:
    nbformat.validate(book)
    assert book.metadata == {
        "colab": {"name": path.name, "provenance": []},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_no_output_is_kept(book) -> None:
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.parametrize("in_colab", [True, False])
def test_its_first_cell_installs_in_colab_only(book, in_colab, monkeypatch) -> None:
    first = next(cell for cell in book.cells if cell.cell_type == "code")
    run: list[tuple[str, str]] = []
    kernel = SimpleNamespace(run_line_magic=lambda name, words: run.append((name, words)))
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    if in_colab:
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    exec(TransformerManager().transform_cell(first.source), {"get_ipython": lambda: kernel})
    assert run == ([("pip", "install -q ebmscreen")] if in_colab else [])


def test_it_names_no_local_path(book) -> None:
    lines = [line for cell in book.cells for line in cell.source.splitlines()]
    assert [line for line in lines if LOCAL.search(line)] == []


@pytest.mark.parametrize(
    "line",
    ['Path("../../data/mnist")', "open('/home/me/x')", "[engine](../engine.md)", r'"C:\x.csv"'],
)
def test_what_counts_as_a_local_path(line) -> None:
    assert LOCAL.search(line)


def test_the_tutorials_link_to_it(path) -> None:
    page = (ROOT / "docs" / "tutorials" / "index.md").read_text(encoding="utf-8")
    assert f"](../notebooks/{path.name})" in page

"""Every block of code in tutorials, how-to pages and the pages for Python runs; the site builds."""

from __future__ import annotations

import csv
import gzip
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest

from tests.pages import ROOT, blocks_of, in_folder, run_page
from tests.quick import small_models

DOCS = ROOT / "docs"
SAMPLES = ROOT / "data" / "samples"
TUTORIALS = sorted((DOCS / "tutorials").glob("[!i]*.md"))
_FIRST = DOCS / "how-to" / "index.md"  # makes the tables that the others use
HOW_TO = [_FIRST, *(page for page in sorted((DOCS / "how-to").glob("*.md")) if page != _FIRST)]
# Blocks that no test runs as they stand, and how many a page may have.
LEFT_OUT = {"manual.md": 1}
# Every n-th compound is enough to run a page.
THINNED = 8


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    """Small models, and no windows."""
    with mpl.rc_context({"backend": "agg"}), small_models():
        yield


@pytest.fixture
def _thinned(make_once, monkeypatch) -> None:
    """Let the bundled tables be short."""
    folder = make_once("thinned", _write_thinned)
    samples = importlib.import_module("screening.samples")
    screening = importlib.import_module("screening")
    for module in (samples, screening):
        monkeypatch.setattr(module, "sample", lambda name: folder / name, raising=False)


def _write_thinned(folder: Path) -> None:
    folder.mkdir()
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with (folder / "bace.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows[::THINNED]])
    lines = gzip.decompress((SAMPLES / "wehi.csv.gz").read_bytes()).splitlines(keepends=True)
    (folder / "wehi.csv.gz").write_bytes(gzip.compress(b"".join(lines[:60])))


@pytest.mark.usefixtures("_thinned")
@pytest.mark.parametrize("page", [*TUTORIALS, DOCS / "engine.md"], ids=lambda page: page.stem)
def test_a_page_runs(page: Path, tmp_path) -> None:
    with in_folder(tmp_path):
        run_page(page)


@pytest.mark.thorough
def test_the_how_to_pages_run(tmp_path) -> None:
    """In one folder: what two pages say alike is done once."""
    done: set[str] = set()
    with in_folder(tmp_path):
        for page in HOW_TO:
            run_page(page, done)
    hits = (tmp_path / "run-aromatic" / "hits.csv").read_text(encoding="utf-8")
    assert "[N+](=O)[O-]" not in hits
    first, second = ((tmp_path / f"{name}.ebm").stat().st_size for name in ("first", "second"))
    assert first == second


def test_few_blocks_are_left_out() -> None:
    left = {
        page.name: sum(block.kind == "left out" for block in blocks_of(page))
        for page in sorted(DOCS.rglob("*.md"))
    }
    assert {name: count for name, count in left.items() if count} == LEFT_OUT


def test_what_looks_like_a_command_runs_as_one() -> None:
    shown = [
        str(block)
        for page in sorted(DOCS.rglob("*.md"))
        for block in blocks_of(page)
        if block.kind == "shown" and block.text.startswith(("ebmscreen ", "$ "))
    ]
    assert shown == []


def test_the_site_builds_without_a_warning_and_asks_no_network(tmp_path) -> None:
    """Links and anchors resolve (mkdocs is strict), and nothing is loaded from elsewhere."""
    pytest.importorskip("material")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "s")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    pages = sorted((tmp_path / "s").rglob("*.html"))
    assert len(pages) > 20
    loaded = [
        f"{page.name}: {tag}"
        for page in pages
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", page.read_text("utf-8"))
        if re.search(r"(?:src|href)=.?(?:https?:)?//", tag)
    ]
    assert loaded == []

"""The pictures of docs/serve.md: New model, Hits and Draw as a reader sees them.

    python benchmarks/served_pictures.py demo -o docs

The folder has a model and a run, as `ebmscreen demo -o demo` leaves them. Needs Chromium
(Playwright). The pictures are light, 1280 wide, and of few colours, so that each has less than
200 kB; prints their sizes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from served import Served

from screening.samples import sample
from workflows.web.folder import Folder, look

WIDTH = 1280
BEFORE = "Cc1ccccc1-c1ccc2nc(N)c(C[C@@H](C)C(=O)N[C@@H]3CCOC(C)(C)C3)cc2c1"
AFTER = BEFORE.replace("Cc1ccccc1-", "Clc1ccccc1-")


def new_model(page: Page, base: str, assay: str) -> None:
    """Have the threshold dragged, and show histogram and counts."""
    page.goto(f"{base}/assay?{urlencode({'file': assay, 'target': 'pIC50'})}")
    page.wait_for_function("() => document.getElementById('n-what').textContent === 'compounds'")
    page.focus("#line")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(2000)
    page.evaluate("() => document.querySelector('[aria-labelledby=rows-title]').scrollIntoView()")


def hits(page: Page, base: str, run: str) -> None:
    """Show the first hits, with what can be done with them."""
    page.goto(f"{base}/hits/{quote(run)}")
    page.wait_for_selector(".tile svg")


def draw(page: Page, base: str, model: str) -> None:
    """Change one atom of a structure, and show what that changes."""
    page.goto(f"{base}/draw?{urlencode({'model': model})}")
    page.wait_for_selector("#canvas[data-ready]")
    for structure in (BEFORE, AFTER):
        page.fill("#text", structure)
        page.wait_for_function(
            "(n) => document.querySelectorAll('#tried li').length === n",
            arg=1 + (structure == AFTER),
        )
    page.wait_for_timeout(2000)


def shrink(path: Path) -> None:
    """Write a picture again with few colours."""
    Image.open(path).convert("RGB").quantize(
        256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    ).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    parser.add_argument("--browser", default="chromium", help="Chromium or Chrome")
    given = parser.parse_args()
    assay = given.folder / "bace.csv"
    shutil.copyfile(sample("bace.csv"), assay)
    found = look(Folder.of(given.folder))
    run, model = next(card.name for card in found.runs if card.finished), found.models[0].name
    with Served(given.folder) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(given.browser), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 860}, color_scheme="light")
        page.set_default_timeout(300_000)
        page.goto(served.address)
        for name, show, what in (
            ("model", new_model, assay.name),
            ("hits", hits, run),
            ("draw", draw, model),
        ):
            show(page, served.base, what)
            path = given.output / f"serve-{name}.png"
            page.screenshot(path=path)
            shrink(path)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

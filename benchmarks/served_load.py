"""How soon `ebmscreen serve` answers many readers while it screens, and a stroke of a drawing.

    python benchmarks/served_load.py demo [--readers 20] [--pages 12] [--pause 0.5] [--strokes 20]

The folder has a model, a finished run and a library, as `ebmscreen demo -o demo` leaves them. A
screen of the library begins; meanwhile each reader loads pages of the server one after the other:
Home, the hits, the job, the report. Prints how many answers were errors, median and 95th percentile
of the time to the whole page, and the server's processor time. Then, in Chromium (Playwright), the
time from each stroke on the canvas of Draw to the picture with the new score. What the screen wrote
is removed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
from served import Served

from workflows.web.folder import Folder, look

# An inhibitor of BACE-1; bonds are drawn onto the canvas around it.
STRUCTURE = "CC1(C)CC(NC(=O)c2ccc(F)cn2)C(c2cc(NC(=O)c3ccc(Cl)cn3)ccc2F)N=C1N"


def read_pages(served: Served, targets: list[str], given: argparse.Namespace) -> bool:
    """Print what readers wait for, and return whether every page came."""
    seconds: dict[str, list[float]] = defaultdict(list)
    errors = []

    def read(reader: int) -> None:
        for number in range(given.pages):
            target = targets[(reader + number) % len(targets)]
            status, took = served.page(target)
            seconds[target].append(took)
            if status != 200:
                errors.append(f"{target}: {status}")
            time.sleep(given.pause)

    for target in targets:  # what is loaded with the first of them is loaded
        served.page(target)
    before = served.processor_seconds()
    with ThreadPoolExecutor(given.readers) as pool:
        list(pool.map(read, range(given.readers)))
    each = (served.processor_seconds() - before) / (given.readers * given.pages)
    for target in targets:
        print_times(target, seconds[target])
    print_times("all pages", [took for each in seconds.values() for took in each])
    print(f"the server takes {1000 * each:.0f} ms of processor time a page")
    print(f"errors: {len(errors)} {' '.join(sorted(set(errors)))}")
    return not errors


def print_times(what: str, seconds: list[float]) -> None:
    """Print median and 95th percentile in milliseconds."""
    middle, high = 1000 * statistics.median(seconds), 1000 * np.percentile(seconds, 95)
    print(f"{what}: {len(seconds)} times, median {middle:.0f} ms, 95 % within {high:.0f} ms")


def draw(served: Served, model: str, given: argparse.Namespace) -> None:
    """Print the time from a stroke to its score."""
    from playwright.sync_api import TimeoutError as NoScore
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(given.browser), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(served.address)
        page.goto(f"{served.base}/draw?{urlencode({'model': model})}")
        page.wait_for_selector("#canvas[data-ready]")
        page.fill("#text", STRUCTURE)
        page.wait_for_selector("#score[data-milliseconds]")
        box = page.locator("#canvas").bounding_box()
        assert box is not None
        seconds = []
        for stroke in range(given.strokes):
            page.evaluate("() => { delete document.getElementById('score').dataset.milliseconds }")
            across, down = 200 + stroke % 10 * 35, 150 + stroke // 10 % 3 * 120
            page.mouse.click(box["x"] + across, box["y"] + down)
            try:
                found = page.wait_for_selector("#score[data-milliseconds]", timeout=10_000)
            except NoScore:  # a stroke that gives no structure, as a fifth bond of a carbon
                continue
            assert found is not None
            seconds.append(int(found.get_attribute("data-milliseconds") or 0) / 1000)
            time.sleep(given.pause)
        browser.close()
    print_times("a stroke to its score", seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--pages", type=int, default=12, help="of each reader")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two pages")
    parser.add_argument("--strokes", type=int, default=20, help="0 needs no browser")
    parser.add_argument("--browser", default="chromium", help="Chromium or Chrome")
    given = parser.parse_args()
    found = look(Folder.of(given.folder))
    run = next(card for card in found.runs if card.finished)
    model = found.models[0].name
    library = max(found.tables, key=lambda card: card.path.stat().st_size).name
    with Served(given.folder) as served:
        job = served.post("/screen", "/screen", model=model, library=library, name="served-load")
        if not job.startswith("/job/"):
            print("no screen could begin; is there a folder served-load?")
            return 1
        name = quote(run.name)
        fine = read_pages(served, ["/", f"/hits/{name}", job, f"/report/{name}"], given)
        running = "Stop</button>" in served.text(job)
        print(
            "the screen went on all the time" if running else "the screen ended before the readers"
        )
        if running:
            served.post(job, f"{job}/stop")
        while "Stop</button>" in served.text(job):
            time.sleep(0.5)
        served.post(job, f"{job}/forget")
        shutil.rmtree(given.folder / "served-load", ignore_errors=True)
        if given.strokes:
            draw(served, model, given)
    return not fine


if __name__ == "__main__":
    sys.exit(main())

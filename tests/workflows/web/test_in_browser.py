"""The way from an assay to hits in a browser, with the server and the jobs killed on the way."""

from __future__ import annotations

import csv
import gzip
import os
from itertools import islice
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page

from tests.workflows.web.served import Server, looks_well, until, write_export
from workflows.web.folder import Folder
from workflows.web.jobs import Queue, State

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
PAGES = ("/", "/assay", "/screen", "/assay?file=export.csv")


def drag_to(tab: Page, share: float) -> None:
    """Drag the threshold to a place of the axis, with the mouse."""
    line = tab.locator("#line")
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    assert box is not None

    def x(place: float) -> float:
        return box["x"] + 12 + (box["width"] - 24) * place

    tab.mouse.move(x(float(line.input_value()) / 1000), box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(x(share), box["y"] + box["height"] / 2, steps=4)
    tab.mouse.up()


def active(tab: Page) -> int:
    # Asked again and again: to wait for a function is to evaluate text, which the page forbids.
    until(lambda: tab.inner_text("#n-what") == "compounds")
    return int(tab.inner_text("#n-active").split()[0])


def kill_all(server: Server, queue: Queue) -> None:
    """Take the power from the machine: the server and the processes of its jobs."""
    process = queue.jobs()[0].process()
    assert process is not None
    server.kill()
    for one in [*process.children(recursive=True), process]:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    until(lambda: queue.jobs()[0].state is State.INTERRUPTED)


def library(path: Path, samples: Path, rows: int) -> None:
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        compounds = list(islice(csv.reader(file), rows))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["smiles", "id"], *compounds, ["C1CC(", "broken"]])


def test_the_whole_way(tab: Page, folder: Path, samples: Path) -> None:
    export = folder.parent / "export.csv"
    write_export(export, samples)
    library(folder / "library.csv", samples, 4500)
    queue = Queue(Folder.of(folder), 1)
    server = Server(folder)
    tab.goto(server.address)

    # The assay is chosen, looked at, and its threshold dragged; arrows move it too.
    tab.goto(f"{server.base}/assay")
    tab.set_input_files("input[type=file]", export)
    tab.wait_for_url("**/assay?file=export.csv")
    before, threshold = active(tab), float(tab.input_value("[name=threshold]"))
    drag_to(tab, 0.8)
    dragged = float(tab.input_value("[name=threshold]"))
    assert dragged > threshold
    until(lambda: active(tab) > before)
    tab.focus("#line")
    tab.keyboard.press("ArrowLeft")
    assert float(tab.input_value("[name=threshold]")) < dragged
    assert "active below" in (tab.get_attribute("#line", "aria-valuetext") or "")
    drag_to(tab, 0.4)

    # While it trains, everything is killed; the next server begins it again.
    tab.click("summary")
    for name, value in {"networks": "1", "epochs": "3", "features": "morgan_counts"}.items():
        tab.fill(f"[name={name}]", value)
    tab.select_option("[name=blend]", "none")
    tab.fill("[name=name]", "first")
    tab.click("text=Train the model")
    tab.wait_for_url("**/job/**")
    until(queue.jobs()[0].process)
    kill_all(server, queue)
    server = Server(folder)
    tab.goto(server.address)
    assert "running" in tab.inner_text("main")
    tab.click("text=train first.ebm")
    tab.wait_for_url("**/model/first.ebm", timeout=120_000)
    assert "learned from" in tab.inner_text("h1")
    assert "held-out active" in tab.inner_text("main")

    # A screen is stopped, goes on where it was, and outlives its server.
    tab.click("text=Screen a library with it")
    tab.check("input[value='library.csv']")
    tab.fill("[name=top]", "20")
    tab.click("button:has-text('Screen the library')")
    tab.wait_for_selector("#best figure svg", timeout=120_000)
    tab.click("text=Stop")
    tab.wait_for_selector("button:has-text('Continue')")
    assert "Stopped." in tab.inner_text("#state")
    assert list((folder / "run" / "scores").glob("*.parquet"))
    tab.click("button:has-text('Continue')")
    job = queue.jobs()[0]
    until(job.process)
    server.kill()
    assert job.process() is not None
    server = Server(folder)
    tab.goto(server.address)
    # The server knows a job that outlived it; a quick one may have ended by then.
    assert "running" in tab.inner_text("main") or job.process() is None
    until(lambda: job.state is State.DONE)
    tab.goto(f"{server.base}/job/{job.id}")
    tab.click("text=See the hits")
    tab.wait_for_url("**/hits/run")
    assert "continuing the run that is there" in job.log.read_text(encoding="utf-8")
    assert (folder / "run" / "rejects.csv").read_text(encoding="utf-8").count("broken") == 1
    tab.wait_for_selector(".tile")
    assert tab.locator(".tile").count() == 20

    tab.click("text=Home")
    assert "4,501 rows: 4,500 scored, 1 rejected" in tab.inner_text("main")
    looks_well(tab, server.base, PAGES)
    server.end()
